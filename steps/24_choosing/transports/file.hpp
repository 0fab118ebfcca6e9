// file.hpp: a cache line of a file that both processes have mapped.
#pragma once

#include <filesystem>

#include "05_primed_file/temporary_name.hpp"
#include "24_choosing/transports/lines.hpp"

/// A file in the folder for temporary files, $TMPDIR or /tmp. It is never synced: the
/// kernel writes it to the disk when it likes.
class over_file : public over_line {
public:
    explicit over_file(const place& p)
        : over_line{p.line},
          path_{std::filesystem::temp_directory_path().string() + p.name} {
        const int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
        const unique_fd file(check(::open(path_.c_str(), flags, 0600), "open", path_));
        name_ = std::make_unique<temporary_name>(path_);  // step 05: removes it
        reserve(file.get(), sizeof(page), path_);
    }
    void open(side s) {
        const unique_fd file(
            check(::open(path_.c_str(), O_RDWR | O_CLOEXEC), "open", path_));
        open_line(file.get(), path_, s);
    }

private:
    std::string path_;
    std::unique_ptr<temporary_name> name_;
};
