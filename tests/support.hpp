// support.hpp: what the tests share: the program under test, a temporary
// directory of their own, and reasons to skip.
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "common/error.hpp"
#include "common/hex.hpp"
#include "common/spawn.hpp"

/// The path of the step's program `name`: in the folder that the environment variable
/// SUCHFOO_PROGRAMS names, or else in steps/, beside the folder of this test program.
inline std::string program_path(const std::string& name) {
    if (const char* folder = std::getenv("SUCHFOO_PROGRAMS"))
        return std::string(folder) + "/" + name;
    const auto test = std::filesystem::read_symlink("/proc/self/exe");
    return test.parent_path().parent_path() / "steps" / name;
}

/// A tool that works with a program under test: where that is judged among others who
/// are not trusted, `name` is in SUCHFOO_PROGRAMS as well, and is found there.
inline std::string tool_path(const std::string& name) {
    if (const char* folder = std::getenv("SUCHFOO_PROGRAMS")) {
        const std::string path =
            folder + ("/" + name.substr(name.find_last_of('/') + 1));
        if (std::filesystem::exists(path)) return path;
    }
    return name;
}

/// An int that nobody knew before: who prints what a test expects of it has computed
/// that.
inline int drawn() {
    static std::random_device source;
    return static_cast<int>(source());
}

/// A foo that nobody knew before.
struct any_foo {
    int bar = drawn();
    int baz = drawn();
};

/// A fresh directory, removed with all that is in it.
class temporary_directory {
public:
    temporary_directory() {
        // The path of a unix socket has 107 bytes at most, and TMPDIR may be long.
        auto folder = std::filesystem::temp_directory_path();
        if (folder.native().size() > 60) folder = "/tmp";
        std::string pattern = folder / "suchfoo-test-XXXXXX";
        if (::mkdtemp(pattern.data()) == nullptr) fail(errno, "mkdtemp", pattern);
        path_ = pattern;
    }
    temporary_directory(const temporary_directory&) = delete;
    temporary_directory& operator=(const temporary_directory&) = delete;
    ~temporary_directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    const std::string& path() const { return path_; }

    /// The names in the directory, one space after each.
    std::string names() const {
        std::string result;
        for (const auto& entry : std::filesystem::directory_iterator(path_)) {
            result += entry.path().filename().string() + " ";
        }
        return result;
    }

private:
    std::string path_;
};

inline std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_file(const std::string& path, const std::string& content) {
    std::ofstream out(path, std::ios::binary);
    out << content;
    if (!out.flush()) throw std::runtime_error("cannot write " + path);
}

/// The mode of the file at `path`, in octal: "0600".
inline std::string mode_of(const std::string& path) {
    struct stat status = {};
    check(::stat(path.c_str(), &status), "stat", path);
    char text[8];
    std::snprintf(text, sizeof text, "%04o", status.st_mode & 07777);
    return text;
}

/// Bytes are shown as a person reads them when a comparison fails.
template <std::size_t size>
struct doctest::StringMaker<std::array<std::byte, size>> {
    static String convert(const std::array<std::byte, size>& bytes) {
        return hex(bytes).c_str();
    }
};

inline std::string hex(const std::string& bytes) {
    return hex(std::as_bytes(std::span<const char>(bytes)));
}

/// How many lines `text` has.
inline std::size_t count_lines(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// The eight bytes of a foo, as text to write to a file or to compare with one.
inline std::string foo_bytes(int bar, int baz) {
    const int fields[] = {bar, baz};
    std::string result(sizeof fields, '\0');
    std::memcpy(result.data(), fields, sizeof fields);
    return result;
}

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
inline std::size_t open_descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// Whether this process has the file at `path` mapped.
inline bool is_mapped(const std::string& path) {
    return read_file("/proc/self/maps").find(path) != std::string::npos;
}

/// While one exists, malloc fails: there is no more address space, and what the
/// heap had in hand is used up. Of no use under AddressSanitizer.
class no_memory_left {
public:
    no_memory_left() {
        check(::getrlimit(RLIMIT_AS, &usual_), "getrlimit");
        const rlimit none{0, usual_.rlim_max};
        check(::setrlimit(RLIMIT_AS, &none), "setrlimit");
        for (const std::size_t size : {65536, 1024, 8}) {
            while (void* memory = std::malloc(size)) first_ = new (memory) link{first_};
        }
    }
    no_memory_left(const no_memory_left&) = delete;
    no_memory_left& operator=(const no_memory_left&) = delete;
    ~no_memory_left() {
        ::setrlimit(RLIMIT_AS, &usual_);
        while (first_ != nullptr) std::free(std::exchange(first_, first_->next));
    }

private:
    struct link {
        link* next;
    };
    rlimit usual_{};
    link* first_ = nullptr;
};

/// Says why a test cannot run here. The caller then returns before any assertion,
/// and CTest counts the test as skipped.
inline void skip(std::string reason) {
    std::replace(reason.begin(), reason.end(), '<', '(');  // in XML it is markup
    std::cout << "SKIPPED: " << reason << "\n";
}

/// Whether there is a /dev/shm that we may write to. If not, says so: the test counts
/// as skipped.
inline bool has_shm() {
    if (::access("/dev/shm", W_OK | X_OK) == 0) return true;
    skip("there is no /dev/shm here, or not for us");
    return false;
}

/// A name of our own in /dev/shm, which goes when it ends.
struct own_name {
    std::string name;
    std::string path;
    explicit own_name(const std::string& what)
        : name{"/suchfoo." + std::to_string(::getpid()) + "." +
               std::to_string(static_cast<unsigned>(drawn())) + "." + what},
          path{"/dev/shm" + name} {}
    own_name(const own_name&) = delete;
    ~own_name() { ::unlink(path.c_str()); }
};

/// `words` as another user, 65534, who may go through folders that are only ours. For
/// root: others cannot become somebody else.
inline std::vector<std::string> as_another_user(const std::vector<std::string>& words) {
    std::vector<std::string> all{"setpriv",
                                 "--reuid=65534",
                                 "--regid=65534",
                                 "--clear-groups",
                                 "--inh-caps=-all,+dac_read_search",
                                 "--ambient-caps=-all,+dac_read_search"};
    all.insert(all.end(), words.begin(), words.end());
    return all;
}

/// Runs `script`, in which $0 is `program`, where /dev/shm has room for `size`, "64k",
/// and nobody else's things: in a mount namespace of its own. Nothing, and the reason
/// is said, if there can be none here.
inline std::optional<ended> run_in_small_shm(const std::string& size,
                                             const std::string& script,
                                             const std::string& program) {
    const std::string mounts =
        "mount -t tmpfs -o size=" + size + " tmpfs /dev/shm && echo mounted >&2 && ";
    const char* const options = ::geteuid() == 0 ? "-m" : "-Urm";
    ended result = run({tool_path("unshare"), options, "sh", "-c",
                        mounts + "{ " + script + "; }", program});
    const std::string mounted = "mounted\n";
    if (!result.err.starts_with(mounted)) {
        skip("no mount namespace of our own: " + result.err);
        return std::nullopt;
    }
    result.err.erase(0, mounted.size());
    return result;
}
