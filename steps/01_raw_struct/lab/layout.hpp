// layout.hpp: the struct that all later steps share, and where its bytes are.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

struct foo {
    int bar;
    int baz;
};

// What another process relies on when it finds a foo in shared memory.
static_assert(std::is_trivially_copyable_v<foo>, "a foo is its bytes, and no more");
static_assert(std::is_standard_layout_v<foo>, "C would lay it out the same way");
static_assert(std::has_unique_object_representations_v<foo>, "every byte counts");
static_assert(sizeof(foo) == 8 && alignof(foo) == 4, "the layout that the notes show");

struct padded {  // six bytes of fields, and still twelve bytes long
    char kind;
    int bar;
    char last;
};

struct field {  // offset and size in bytes
    std::string_view name;
    std::size_t offset;
    std::size_t size;
};

inline constexpr std::array foo_fields{
    // TODO: where bar and baz are, and how large. The compiler knows: ask it, rather
    // than counting bytes.
    field{"bar", 0, 0},
    field{"baz", 0, 0},
};
inline constexpr std::array padded_fields{
    field{"kind", 0, 0},  // TODO
    field{"bar", 0, 0},   // TODO
    field{"last", 0, 0},  // TODO
};

/// The offsets, ascending, of the bytes of a struct of `size` bytes that belong to no
/// field: their values mean nothing ([basic.types]).
inline std::vector<std::size_t> padding(std::size_t size,
                                        std::span<const field> fields) {
    // TODO: a byte is padding if no field covers it.
    static_cast<void>(fields);
    return {size};
}

/// What is its bytes and no more: a copy of them is a copy of the object, and each has
/// a value. The bytes of padding have none ([bit.cast]).
template <class T>
concept plain_bytes =
    std::is_trivially_copyable_v<T> && std::has_unique_object_representations_v<T>;

/// The sizeof(T) bytes of `object`, in memory order ([bit.cast]).
template <plain_bytes T>
std::array<std::byte, sizeof(T)> bytes_of(const T& object) {
    // TODO: the bytes of `object` as they are in memory.
    static_cast<void>(object);
    return {};
}
