// place.hpp: where a transport that is measured may put what it makes.
#pragma once

#include "09_how_fast/transport.hpp"

struct place {
    std::string name;   // "/suchfoo.bench": nobody else has names that start like this
    unsigned line = 0;  // 0 to 63: which cache line of its page, if it has a page
};

// #region placed_transport
/// A transport of step 09 that is told its place. What is open is closed when its
/// process ends, or by close() if there is one; the destructor, in the maker, removes
/// what has a name.
template <class T>
concept placed_transport = transport<T> && std::constructible_from<T, const place&>;
// #endregion placed_transport
