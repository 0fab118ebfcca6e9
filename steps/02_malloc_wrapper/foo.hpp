// foo.hpp: an owner for a foo: it knows where the bytes are and how to give them back.
#pragma once

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <ostream>
#include <stdexcept>
#include <string>

#include "01_raw_struct/layout.hpp"

// #region Foo
class Foo {
public:
    /// The address of a foo together with the function that releases it: free, munmap
    /// or nothing. Foo never asks which.
    using storage = std::unique_ptr<foo, void (*)(foo*)>;

    /// Takes over a foo that exists already: the post's from_foo.
    explicit Foo(storage owned) noexcept : foo_{std::move(owned)} {}

    /// A new foo on the heap, malloc(3). Throws std::bad_alloc.
    explicit Foo(int bar = 0, int baz = 0) : foo_{allocate()} {
        set_bar(bar);
        set_baz(baz);
    }

    int bar() const { return foo_->bar; }
    int baz() const { return foo_->baz; }
    void set_bar(int value) { foo_->bar = value; }
    void set_baz(int value) { foo_->baz = value; }

    /// Where the foo is, for as long as this Foo owns it.
    const foo* address() const { return foo_.get(); }
    // #endregion Foo

    // #region bytes
    static constexpr std::size_t size() { return sizeof(foo); }  // 8 bytes

    /// A copy of the foo's bytes, in this machine's byte order.
    std::array<std::byte, sizeof(foo)> as_bytes() const { return bytes_of(*foo_); }

    /// A new Foo on the heap, its value copied from `bytes`. Throws
    /// std::invalid_argument unless there are exactly size() of them.
    static Foo from_bytes(std::span<const std::byte> bytes) {
        if (bytes.size() != size()) {
            throw std::invalid_argument("from_bytes: got " +
                                        std::to_string(bytes.size()) +
                                        " bytes, a foo has " + std::to_string(size()));
        }
        Foo result;
        std::memcpy(result.foo_.get(), bytes.data(), size());
        return result;
    }
    // #endregion bytes

    // #region storage
private:
    static storage allocate() {
        void* memory = std::malloc(sizeof(foo));
        if (memory == nullptr) throw std::bad_alloc();
        return {static_cast<foo*>(memory), [](foo* owned) { std::free(owned); }};
    }

    storage foo_;
    // #endregion storage
};

// #region print
inline std::ostream& operator<<(std::ostream& out, const Foo& f) {
    return out << "Foo(" << f.bar() << ", " << f.baz() << ")";
}
// #endregion print
