// file.hpp: a cache line of a file that both processes have mapped.
#pragma once

#include <filesystem>

#include "05_primed_file/primed_file.hpp"
#include "09_how_fast/mapping.hpp"
#include "09_how_fast/reserve.hpp"

/// A file in the folder for temporary files, $TMPDIR or /tmp. It is never synced: the
/// kernel writes it to the disk when it likes.
class over_file {
public:
    explicit over_file(const place& p)
        : path_{std::filesystem::temp_directory_path().string() + p.name},
          line_{p.line} {
        const int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
        const unique_fd file(check(::open(path_.c_str(), flags, 0600), "open", path_));
        name_ = std::make_unique<temporary_name>(path_);  // step 05: removes it
        reserve(file.get(), lines_in_a_page * sizeof(line), path_);
    }
    void open(side s) {
        const unique_fd file(
            check(::open(path_.c_str(), O_RDWR | O_CLOEXEC), "open", path_));
        lines_ = map_lines(file.get());
        end_ = line_end(lines_[line_], s);
    }
    void send(std::uint64_t word) { end_.send(word); }
    std::uint64_t receive() { return end_.receive(); }

private:
    std::string path_;
    std::unique_ptr<temporary_name> name_;
    unsigned line_;
    mapped_lines lines_{nullptr, nullptr};
    line_end end_;
};
