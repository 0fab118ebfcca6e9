// layout.hpp: the struct that all later steps share, and where its bytes are.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

// #region foo
struct foo {
    int bar;
    int baz;
};

// What another process relies on when it finds a foo in shared memory.
static_assert(std::is_trivially_copyable_v<foo>, "a foo is its bytes, and no more");
static_assert(std::is_standard_layout_v<foo>, "C would lay it out the same way");
static_assert(std::has_unique_object_representations_v<foo>, "every byte counts");
static_assert(sizeof(foo) == 8 && alignof(foo) == 4, "the layout that the notes show");
// #endregion foo

// #region padded
struct padded {  // six bytes of fields, and still twelve bytes long
    char kind;
    int bar;
    char last;
};
// #endregion padded

// #region fields
struct field {  // offset and size in bytes
    std::string_view name;
    std::size_t offset;
    std::size_t size;
};

inline constexpr std::array foo_fields{
    field{"bar", offsetof(foo, bar), sizeof(foo::bar)},
    field{"baz", offsetof(foo, baz), sizeof(foo::baz)},
};
inline constexpr std::array padded_fields{
    field{"kind", offsetof(padded, kind), sizeof(padded::kind)},
    field{"bar", offsetof(padded, bar), sizeof(padded::bar)},
    field{"last", offsetof(padded, last), sizeof(padded::last)},
};
// #endregion fields

// #region padding
/// The offsets, ascending, of the bytes of a struct of `size` bytes that belong to no
/// field: their values mean nothing ([basic.types]).
inline std::vector<std::size_t> padding(std::size_t size,
                                        std::span<const field> fields) {
    std::vector<bool> covered(size);
    for (const field& f : fields) {
        for (std::size_t i = f.offset; i < f.offset + f.size; ++i) covered.at(i) = true;
    }
    std::vector<std::size_t> gaps;
    for (std::size_t i = 0; i < size; ++i) {
        if (!covered[i]) gaps.push_back(i);
    }
    return gaps;
}
// #endregion padding

// #region bytes_of
/// What is its bytes and no more: a copy of them is a copy of the object, and each has
/// a value. The bytes of padding have none ([bit.cast]).
template <class T>
concept plain_bytes =
    std::is_trivially_copyable_v<T> && std::has_unique_object_representations_v<T>;

/// The sizeof(T) bytes of `object`, in memory order ([bit.cast]).
template <plain_bytes T>
std::array<std::byte, sizeof(T)> bytes_of(const T& object) {
    return std::bit_cast<std::array<std::byte, sizeof(T)>>(object);
}
// #endregion bytes_of
