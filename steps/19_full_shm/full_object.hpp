// full_object.hpp: a shared-memory object with a size, and perhaps with room behind it.
#pragma once

#include "07_shm_open/new_object.hpp"

// #region new_object
/// A new object of `size` bytes, zeros. Its name is free again at once, so that nothing
/// stays if we die. If it `reserves`, there is room for all of it, or an error; if not,
/// it has a size and no more. Throws std::system_error: ENOSPC, EEXIST.
inline unique_fd new_object(const std::string& name, std::size_t size, bool reserves) {
    unique_fd object(check(::shm_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600),
                           "shm_open", name));
    unlink_own(object.get(), name);
    if (reserves) {
        reserve(object.get(), size, name);
    } else {
        check(::ftruncate(object.get(), static_cast<off_t>(size)), "ftruncate", name);
    }
    return object;
}
// #endregion new_object
