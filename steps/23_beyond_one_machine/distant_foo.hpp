// distant_foo.hpp: what the session needs of a Foo, for one that is elsewhere.
#pragma once

#include <limits>

#include "23_beyond_one_machine/redis_foo.hpp"

// #region distant_foo
/// Each access asks the server, and throws std::runtime_error if that does not answer.
class distant_foo {
public:
    distant_foo(redis server, std::string key)
        : server_{std::move(server)}, key_{std::move(key)} {}

    foo get() const { return load(server_, key_); }
    int bar() const { return get().bar; }
    int baz() const { return get().baz; }
    void set_bar(int value) {
        update(server_, key_, [&](foo& f) { f.bar = value; });
    }
    void set_baz(int value) {
        update(server_, key_, [&](foo& f) { f.baz = value; });
    }
    /// Adds 1 to bar `times` times, by load and store: others may come in between.
    void add_unsafely(int times) {
        for (int i = 0; i < times; ++i) {
            foo f = get();
            add_one(f);
            store(server_, key_, f);
        }
    }
    /// The same, and nobody does.
    void add(int times) {
        for (int i = 0; i < times; ++i) update(server_, key_, add_one);
    }

    static constexpr std::size_t size() { return sizeof(foo); }
    auto as_bytes() const { return bytes_of(get()); }
    const foo* address() const { return nullptr; }

private:
    static void add_one(foo& f) {
        if (f.bar == std::numeric_limits<int>::max())
            throw std::runtime_error("bar is as large as an int can be");
        ++f.bar;
    }
    mutable redis server_;
    std::string key_;
};

inline std::ostream& operator<<(std::ostream& out, const distant_foo& f) {
    const foo now = f.get();
    return out << "Foo(" << now.bar << ", " << now.baz << ")";
}
// #endregion distant_foo
