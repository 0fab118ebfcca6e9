// temporary_name.hpp: a name that goes with its owner.
#pragma once

#include <unistd.h>

#include <string>
#include <utility>

/// A name that is removed when its owner goes away.
class temporary_name {
public:
    explicit temporary_name(std::string path) : path_{std::move(path)} {}
    temporary_name(const temporary_name&) = delete;
    ~temporary_name() { ::unlink(path_.c_str()); }

    const std::string& path() const { return path_; }

private:
    std::string path_;
};
