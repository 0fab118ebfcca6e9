// careful_foo.hpp: a Foo whose memory may go at any time, and whose user is told.
#pragma once

#include <ostream>

#include "03_missing_file/foo_from_mmap.hpp"
#include "19_full_shm/survive.hpp"

// #region careful_foo
/// Whatever is read or written is copied, and if that fails, an exception says so:
/// every access throws std::runtime_error if there is no memory behind the foo.
class careful_foo {
public:
    explicit careful_foo(mapped<foo> shared) : foo_{std::move(shared)} {}

    foo get() const {
        foo copy{};
        copied(copy_or_fail(&copy, foo_.get(), foo_.get(), sizeof copy));
        return copy;
    }
    int bar() const { return get().bar; }
    int baz() const { return get().baz; }
    void set_bar(int value) { set(foo_->bar, value); }
    void set_baz(int value) { set(foo_->baz, value); }

    static constexpr std::size_t size() { return sizeof(foo); }
    auto as_bytes() const { return bytes_of(get()); }
    const foo* address() const { return foo_.get(); }

private:
    static void copied(bool done) {
        if (!done) throw std::runtime_error("there is no memory behind f any more");
    }
    static void set(int& field, int value) {
        copied(copy_or_fail(&field, &value, &field, sizeof value));
    }
    mapped<foo> foo_;
};

inline std::ostream& operator<<(std::ostream& out, const careful_foo& f) {
    const foo copy = f.get();
    return out << "Foo(" << copy.bar << ", " << copy.baz << ")";
}
// #endregion careful_foo
