// redis_foo.hpp: a foo that is kept by a Redis server.
#pragma once

#include <ostream>

#include "01_raw_struct/layout.hpp"
#include "23_beyond_one_machine/redis.hpp"
#include "common/program.hpp"

// #region load
/// The foo at `key`: a hash of two decimals, so that no byte order matters. Both fields
/// are of one moment. A key that nobody has stored holds Foo(0, 0). Throws
/// std::runtime_error if it holds something else, or if the server does not answer.
inline foo load(redis& server, const std::string& key) {
    const answer all = server.ask({"HGETALL", key});
    if (all->type != REDIS_REPLY_ARRAY)
        throw std::runtime_error("no list came for " + in_quotes(key));
    const std::vector<std::string> words = texts(all);
    if (words.empty()) return {0, 0};
    const bool in_order = words.size() == 4 && words[0] == "bar" && words[2] == "baz";
    const bool reversed = words.size() == 4 && words[0] == "baz" && words[2] == "bar";
    const auto bar =
        in_order || reversed ? parse_int(words[in_order ? 1 : 3]) : std::nullopt;
    const auto baz =
        in_order || reversed ? parse_int(words[in_order ? 3 : 1]) : std::nullopt;
    if (!bar || !baz) throw std::runtime_error(in_quotes(key) + " holds no foo");
    return {*bar, *baz};
}
// #endregion load

// #region store
/// Stores `f` at `key`, whatever is there.
inline answer store(redis& server, const std::string& key, const foo& f) {
    return server.ask(
        {"HSET", key, "bar", std::to_string(f.bar), "baz", std::to_string(f.baz)});
}
// #endregion store

// #region update
/// Has change(f) change what the foo at `key` is, and stores that; and nobody comes in
/// between: if somebody has changed the key since WATCH, EXEC does nothing and says so,
/// and all of it is done again. Throws as load() does, and after `attempts` in vain.
template <class Change>
void update(redis& server, const std::string& key, Change change,
            int attempts = 10'000) {
    for (int i = 0; i < attempts; ++i) {
        try {
            server.ask({"WATCH", key});
            foo f = load(server, key);
            change(f);
            server.ask({"MULTI"});
            store(server, key, f);
            const answer done = server.ask({"EXEC"});
            if (done->type == REDIS_REPLY_ARRAY && done->elements == 1 &&
                done->element[0]->type == REDIS_REPLY_INTEGER)
                return;
            if (done->type != REDIS_REPLY_NIL)
                throw std::runtime_error(in_quotes(key) + " could not be stored");
        } catch (...) {
            server.forget();  // what was begun there must not be ended by the next one
            throw;
        }
    }
    throw std::runtime_error(in_quotes(key) + " is changed by others all the time");
}
// #endregion update
