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

    // TODO: these four read and write the foo that foo_ points to.
    int bar() const { return 0; }
    int baz() const { return 0; }
    void set_bar(int) {}
    void set_baz(int) {}

    /// Where the foo is, for as long as this Foo owns it.
    const foo* address() const { return foo_.get(); }

    static constexpr std::size_t size() { return sizeof(foo); }  // 8 bytes

    /// A copy of the foo's bytes, in this machine's byte order.
    std::array<std::byte, sizeof(foo)> as_bytes() const {
        return {};  // TODO: step 01 has a function for it
    }

    /// A new Foo on the heap, its value copied from `bytes`. Throws
    /// std::invalid_argument unless there are exactly size() of them.
    static Foo from_bytes(std::span<const std::byte> bytes) {
        // TODO: refuse another length than size(), with the message
        //     from_bytes: got 3 bytes, a foo has 8
        // and copy the bytes into a Foo of its own.
        static_cast<void>(bytes);
        return Foo();
    }

private:
    static storage allocate() {
        // TODO: malloc room for a foo, see whether it succeeded, and return the address
        // together with the function that releases it.
        static foo nobodys;
        return {&nobodys, [](foo*) {}};
    }

    storage foo_;
};

inline std::ostream& operator<<(std::ostream& out, const Foo& f) {
    return out << "Foo(" << f.bar() << ", " << f.baz() << ")";
}
