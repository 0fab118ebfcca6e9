// reply.hpp: what the server answers.
#pragma once

#include "02_malloc_wrapper/foo.hpp"
#include "08_socket/wire.hpp"

// #region reply_to
/// An answer, and whether the connection ends with it.
struct reply {
    frame bytes;
    bool last = false;
};

/// Get and set are answered by the Foo as it then is. Whatever else, also what only a
/// server may say, is an error, and the last thing said.
inline reply reply_to(const frame& bytes, Foo& f) {
    const std::optional<message> request = decode(bytes);
    if (!request) {
        return {encode({kind::error}), true};
    }
    if (request->what == kind::set) {
        f.set_bar(request->bar);
        f.set_baz(request->baz);
    }
    return {encode({kind::foo, f.bar(), f.baz()})};
}
// #endregion reply_to
