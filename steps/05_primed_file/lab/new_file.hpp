// new_file.hpp: a file that gets its name whole, or not at all.
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>

#include "05_primed_file/temporary_name.hpp"
#include "common/error.hpp"
#include "common/unique_fd.hpp"

/// The folder that the name `path` is in.
inline std::string folder_of(const std::string& path) {
    const auto parent = std::filesystem::path(path).parent_path();
    return parent.empty() ? "." : parent.string();
}

/// Opens a folder, for openat(2) and fsync(2). Throws std::system_error.
inline unique_fd open_folder(const std::string& folder) {
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    return unique_fd(check(::open(folder.c_str(), flags), "open", folder));
}

/// A new file, mode 0600 whatever the umask, that does not have its name yet: nobody
/// else can reach it, and if we die it is gone.
class new_file {
public:
    /// Will be named `path`. Throws std::system_error if a call fails.
    explicit new_file(std::string path)
        : path_{std::move(path)},
          folder_{folder_of(path_)},
          directory_{open_folder(folder_)} {
        // TODO: in the folder, a file without a name (openat(2), O_TMPFILE), or where
        // the file system does not know that (EOPNOTSUPP), a draft; and give that mode
        // 0600 whatever the umask (fchmod(2)).
        throw std::logic_error("TODO: a new file for " + path_);
    }

    int get() const { return file_.get(); }

    /// Gives the file its name, once the disk has its bytes, and waits until the disk
    /// has the name, too. Throws std::system_error if linkat(2) finds that the path
    /// exists (EEXIST), even as a dangling link, or if another call fails.
    void publish() {
        // TODO: fsync(2) the file; give it its name with linkat(2), whose man page says
        // how that is done by way of /proc, or if there is a draft, from that (an error
        // is of "link", with the path); and fsync the folder.
        throw std::logic_error("TODO: publish " + path_);
    }

private:
    /// Where a file cannot be made without a name: a draft, which stays if we are
    /// killed, and which whoever may write to the folder may swap.
    int open_draft() {
        std::string draft = folder_ + "/.suchfoo.XXXXXX";
        const int fd = check(::mkostemp(draft.data(), O_CLOEXEC), "mkostemp", path_);
        draft_.emplace(draft);
        return fd;
    }

    std::string path_;
    std::string folder_;
    unique_fd directory_;
    unique_fd file_;
    std::optional<temporary_name> draft_;
};
