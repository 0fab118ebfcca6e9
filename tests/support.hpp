// support.hpp: what the tests share: the program under test, a temporary
// directory of their own, and reasons to skip.
#pragma once

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "common/error.hpp"
#include "common/hex.hpp"
#include "common/unique_fd.hpp"
#include "common/wait_status.hpp"
#include "tests/spawn.hpp"

/// The path of the step's program `name`: in the folder that the environment variable
/// SUCHFOO_PROGRAMS names, or else in steps/, beside the folder of this test program.
std::string program_path(const std::string& name);

/// A tool that works with a program under test: where that is judged among others who
/// are not trusted, `name` is in SUCHFOO_PROGRAMS as well, and is found there.
std::string tool_path(const std::string& name);

/// An int that nobody knew before: who prints what a test expects of it has computed
/// that.
int drawn();

/// A foo that nobody knew before.
struct any_foo {
    int bar = drawn();
    int baz = drawn();
};

/// A fresh directory, removed with all that is in it.
class temporary_directory {
public:
    temporary_directory();
    temporary_directory(const temporary_directory&) = delete;
    temporary_directory& operator=(const temporary_directory&) = delete;
    ~temporary_directory();

    std::string operator/(const std::string& name) const;
    const std::string& path() const { return path_; }

    /// The names in the directory, one space after each.
    std::string names() const;

private:
    std::string path_;
};

std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& content);

/// The mode of the file at `path`, in octal: "0600".
std::string mode_of(const std::string& path);

/// Bytes are shown as a person reads them when a comparison fails.
template <std::size_t size>
struct doctest::StringMaker<std::array<std::byte, size>> {
    static String convert(const std::array<std::byte, size>& bytes) {
        return hex(bytes).c_str();
    }
};

std::string hex(const std::string& bytes);

/// How many lines `text` has.
std::size_t count_lines(const std::string& text);

/// The eight bytes of a foo, as text to write to a file or to compare with one.
std::string foo_bytes(int bar, int baz);

template <class Foo>
std::string foo_bytes(const Foo& f) {
    return foo_bytes(f.bar, f.baz);
}

/// A foo, or whatever has its two fields, as a Foo is printed.
template <class Foo>
std::string foo_text(const Foo& f) {
    return "Foo(" + std::to_string(f.bar) + ", " + std::to_string(f.baz) + ")";
}

/// A T, all zeros at first, in memory that is shared with whoever is forked.
template <class T>
class shared {
public:
    shared() : file_{check(::memfd_create("shared", MFD_CLOEXEC), "memfd_create")} {
        check(::ftruncate(file_.get(), sizeof(T)), "ftruncate");
        object_ = static_cast<T*>(map(PROT_READ | PROT_WRITE));
    }
    shared(const shared&) = delete;
    ~shared() { ::munmap(object_, sizeof(T)); }

    T& operator*() const { return *object_; }
    T* operator->() const { return object_; }
    /// Another mapping of it, for as long as the process lives.
    void* map(int protection) const {
        return check(::mmap(nullptr, sizeof(T), protection, MAP_SHARED, file_.get(), 0),
                     "mmap");
    }

private:
    unique_fd file_;
    T* object_;
};

/// Waits until done(), `patience` at most; returns whether it is.
template <class Done>
bool eventually(Done done) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!done()) {
        if (std::chrono::steady_clock::now() > end) return false;
        ::usleep(100);
    }
    return true;
}

/// How many file descriptors this process has open.
std::size_t open_descriptors();

/// Whether this process has the file at `path` mapped.
bool is_mapped(const std::string& path);

/// While one exists, malloc fails: there is no more address space, and what the
/// heap had in hand is used up. Of no use under AddressSanitizer.
class no_memory_left {
public:
    no_memory_left();
    no_memory_left(const no_memory_left&) = delete;
    no_memory_left& operator=(const no_memory_left&) = delete;
    ~no_memory_left();

private:
    struct link {
        link* next;
    };
    rlimit usual_{};
    link* first_ = nullptr;
};

/// Says why a test cannot run here. The caller then returns before any assertion,
/// and CTest counts the test as skipped.
void skip(std::string reason);

/// Whether there is a /dev/shm that we may write to. If not, says so: the test counts
/// as skipped.
bool has_shm();

/// A name of our own in /dev/shm, which goes when it ends. It has the number of our
/// session in it: if a test is killed, that tells the tools whose name it was.
struct own_name {
    std::string name;
    std::string path;
    explicit own_name(const std::string& what);
    own_name(const own_name&) = delete;
    ~own_name();
};

/// `words` as another user, 65534, who may go through folders that are only ours. For
/// root: others cannot become somebody else.
std::vector<std::string> as_another_user(const std::vector<std::string>& words);

/// Runs `script`, in which $0 is `program`, where /dev/shm has room for `size`, "64k",
/// and nobody else's things: in a mount namespace of its own. Nothing, and the reason
/// is said, if there can be none here.
std::optional<ended> run_in_small_shm(const std::string& size,
                                      const std::string& script,
                                      const std::string& program);
