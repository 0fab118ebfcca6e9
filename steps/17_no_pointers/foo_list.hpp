// foo_list.hpp: a list of foos in shared memory, linked by distances and by addresses.
#pragma once

#include <array>
#include <atomic>
#include <stdexcept>

#include "01_raw_struct/layout.hpp"
#include "13_robust_mutex/guarded_file.hpp"
#include "17_no_pointers/fingerprint.hpp"
#include "17_no_pointers/offset_ptr.hpp"

// #region foo_list
/// Two ways to the next one. alignas: both take 8 bytes in a 32-bit process as well.
struct node {
    foo value;
    offset_ptr<node> next;
    alignas(8) node* address_of_next;
};

struct foo_list {
    std::array<char, 8> magic;
    std::uint64_t layout;
    std::uint64_t used;  // how many nodes have been given away
    offset_ptr<node> first;
    alignas(8) node* address_of_first;
    std::array<node, 100> nodes;
};
inline constexpr std::array<char, 8> list_magic{'l', 'i', 's', 't', '1', '7', 0, '\n'};
inline constexpr std::uint64_t list_layout = fingerprint(
    1, {{"bar", offsetof(node, value) + offsetof(foo, bar), sizeof(foo::bar)},
        {"baz", offsetof(node, value) + offsetof(foo, baz), sizeof(foo::baz)},
        {"next", offsetof(node, next), sizeof(node::next)},
        {"address_of_next", offsetof(node, address_of_next), 8},
        {"used", offsetof(foo_list, used), sizeof(foo_list::used)},
        {"first", offsetof(foo_list, first), sizeof(foo_list::first)},
        {"nodes", offsetof(foo_list, nodes), sizeof(foo_list::nodes)},
        {"node", 0, sizeof(node)}});
// #endregion foo_list

// #region push
/// Puts `value` in front. For one process at a time. If that dies here, the list is as
/// it was before, or as it is after; a node may be lost. Throws std::runtime_error if
/// the list is full.
inline void push(foo_list& list, const foo& value) {
    // The fences keep the compiler from changing the order.
    const std::uint64_t used = std::atomic_ref(list.used).load();  // once
    if (used >= list.nodes.size()) throw std::runtime_error("the list is full");
    node& n = list.nodes[static_cast<std::size_t>(used)];
    list.used = used + 1;  // before it is linked: nobody is given it again
    std::atomic_signal_fence(std::memory_order_seq_cst);
    n.value = value;
    n.next = list.first;
    n.address_of_next = list.address_of_first;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    list.first = &n;
    list.address_of_first = &n;
}
// #endregion push

// #region by_offset
/// Calls look(value) for each foo, the newest first. Throws std::runtime_error if a
/// link leads to no node, or in a circle: others may have written anything.
template <class Look>
void by_offset(const foo_list& list, Look look) {
    std::size_t left = list.nodes.size();
    for (const node* n = list.first.get(); n != nullptr; n = n->next.get()) {
        const auto distance = std::bit_cast<std::uintptr_t>(n) -
                              std::bit_cast<std::uintptr_t>(list.nodes.data());
        if (distance >= sizeof list.nodes || distance % sizeof(node) != 0 ||
            left-- == 0)
            throw std::runtime_error("a link leads nowhere");
        look(n->value);
    }
}

/// The same by the addresses, as the process that wrote them saw them.
template <class Look>
void by_address(const foo_list& list, Look look) {
    for (const node* n = list.address_of_first; n != nullptr; n = n->address_of_next)
        look(n->value);
}
// #endregion by_offset
