// pipe.hpp: two pipes, one for each direction.
#pragma once

#include "09_how_fast/streams.hpp"
#include "24_choosing/harness/place.hpp"

template <waiting how>
class over_pipe : public over_streams {
public:
    explicit over_pipe(const place&) : over_streams{over_pipes(how)} {}
};
