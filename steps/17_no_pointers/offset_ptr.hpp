// offset_ptr.hpp: a pointer that says how far away something is, and not where.
#pragma once

#include <bit>
#include <cstdint>

// #region offset_ptr
/// Points to a T in the same mapping as itself, or to nothing. What it holds is the
/// distance in bytes from its own address, which is the same in every mapping.
template <class T>
class offset_ptr {
public:
    offset_ptr(T* target = nullptr) { *this = target; }
    /// A copy is elsewhere, so its distance is another one.
    offset_ptr(const offset_ptr& other) { *this = other.get(); }
    offset_ptr& operator=(const offset_ptr& other) { return *this = other.get(); }
    offset_ptr& operator=(T* target) {
        distance_ = target == nullptr ? nothing : address_of(target) - address_of(this);
        return *this;
    }

    T* get() const {
        if (distance_ == nothing) return nullptr;
        // Without a sign: whatever somebody has written there, it does not overflow.
        return std::bit_cast<T*>(static_cast<std::uintptr_t>(address_of(this)) +
                                 static_cast<std::uintptr_t>(distance_));
    }
    T& operator*() const { return *get(); }
    T* operator->() const { return get(); }
    explicit operator bool() const { return distance_ != nothing; }

private:
    static std::int64_t address_of(const void* p) {
        return static_cast<std::int64_t>(std::bit_cast<std::uintptr_t>(p));
    }
    /// A distance of 0 is to itself, where something may well be: a list of one that
    /// goes in a circle. One byte further on, inside of itself, there is nothing.
    static constexpr std::int64_t nothing = 1;

    std::int64_t distance_;  // 8 bytes in a 32-bit process, too
};
static_assert(sizeof(offset_ptr<int>) == 8);
// #endregion offset_ptr
