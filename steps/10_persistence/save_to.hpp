// save_to.hpp: saving to a file that is there, to an old one, and to none.
#pragma once

#include <cstdio>
#include <filesystem>
#include <string>

#include "05_primed_file/new_file.hpp"
#include "05_primed_file/temporary_name.hpp"
#include "05_primed_file/write_all.hpp"
#include "10_persistence/versions.hpp"

// #region convert
/// Creates the file at `path`, whole and on the disk, as step 05 does. Throws
/// std::system_error if it exists.
inline void create(const std::string& path, const foo& value) {
    const saved_foo first{saved_magic, 1, sizeof first, {filled(1, value), slot{}}};
    new_file file(path);
    write_all(file.get(), bytes_of(first), path);
    file.publish();
}

/// Puts a file of version 1 with `value` in the place of the one at `path`: before
/// rename(2) the old one is there, and after it the new one. Whoever has the old one
/// mapped keeps it, and shares no longer. If we are killed, `path`.new may be left.
/// Throws std::system_error.
inline void convert(const std::string& path, const foo& value) {
    const std::string file = std::filesystem::canonical(path);  // not a link to it
    const std::string draft = file + ".new";
    create(draft, value);
    const temporary_name cleanup(draft);
    check(::rename(draft.c_str(), file.c_str()), "rename", draft);
    const std::string folder = folder_of(file);
    check(::fsync(open_folder(folder).get()), "fsync", folder);
}
// #endregion convert

// #region save_to
/// Saves `value` to the file at `path`, which need not exist, and may be of version 0.
/// Throws as look() does, and changes nothing then.
inline void save_to(const std::string& path, const foo& value) {
    if (!std::filesystem::exists(std::filesystem::symlink_status(path))) {
        return create(path, value);
    }
    const trusted_file file = open_trusted(path);
    if (look(file, path).version == 0) return convert(path, value);
    save(*map_shared<saved_foo>(file.fd.get(), path), value);
}
// #endregion save_to
