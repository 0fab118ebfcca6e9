// reply.hpp: what the server answers.
#pragma once

#include "02_malloc_wrapper/foo.hpp"
#include "08_socket/wire.hpp"

/// An answer, and whether the connection ends with it.
struct reply {
    frame bytes;
    bool last = false;
};

/// Get and set are answered by the Foo as it then is. Whatever else, also what only a
/// server may say, is an error, and the last thing said.
inline reply reply_to(const frame& bytes, Foo& f) {
    const std::optional<message> request = decode(bytes);
    // TODO: answer get and set; whatever else is an error, and the last reply.
    static_cast<void>(request);
    return {encode({kind::foo, f.bar(), f.baz()})};
}
