// redis_foo.hpp: a foo that is kept by a Redis server.
#pragma once

#include <ostream>

#include "01_raw_struct/layout.hpp"
#include "23_beyond_one_machine/redis.hpp"
#include "common/program.hpp"

/// The foo at `key`: a hash of two decimals, so that no byte order matters. Both fields
/// are of one moment. A key that nobody has stored holds Foo(0, 0). Throws
/// std::runtime_error if it holds something else, or if the server does not answer.
inline foo load(redis& server, const std::string& key) {
    const answer all = server.ask({"HGETALL", key});
    if (all->type != REDIS_REPLY_ARRAY)
        throw std::runtime_error("no list came for " + in_quotes(key));
    const std::vector<std::string> words = texts(all);
    // TODO: nothing there is Foo(0, 0). Otherwise there are four words: a name, its
    // value, the other name, its value, in either order; and both values are ints.
    throw std::runtime_error(in_quotes(key) + " holds no foo");
}

/// Stores `f` at `key`, whatever is there.
inline answer store(redis& server, const std::string& key, const foo& f) {
    return server.ask(
        {"HSET", key, "bar", std::to_string(f.bar), "baz", std::to_string(f.baz)});
}

/// Has change(f) change what the foo at `key` is, and stores that; and nobody comes in
/// between: if somebody has changed the key since WATCH, EXEC does nothing and says so,
/// and all of it is done again. Throws as load() does, and after `attempts` in vain.
template <class Change>
void update(redis& server, const std::string& key, Change change,
            int attempts = 10'000) {
    for (int i = 0; i < attempts; ++i) {
        // TODO: watch the key, load, change, and store in a transaction; return if that
        // was carried out. If something throws, forget the connection first.
        static_cast<void>(change);
        static_cast<void>(server);
    }
    throw std::runtime_error(in_quotes(key) + " is changed by others all the time");
}
