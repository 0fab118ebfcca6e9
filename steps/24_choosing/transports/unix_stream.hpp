// unix_stream.hpp: a pair of connected AF_UNIX stream sockets.
#pragma once

#include "09_how_fast/streams.hpp"
#include "24_choosing/harness/place.hpp"

template <waiting how>
class over_unix : public over_streams {
public:
    explicit over_unix(const place&) : over_streams{over_unix_sockets(how)} {}
};
