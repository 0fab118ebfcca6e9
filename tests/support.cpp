// support.cpp: see support.hpp.
#include "tests/support.hpp"

#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <new>
#include <random>
#include <span>
#include <stdexcept>
#include <utility>

std::string program_path(const std::string& name) {
    if (const char* folder = std::getenv("SUCHFOO_PROGRAMS"))
        return std::string(folder) + "/" + name;
    const auto test = std::filesystem::read_symlink("/proc/self/exe");
    return test.parent_path().parent_path() / "steps" / name;
}

std::string tool_path(const std::string& name) {
    if (const char* folder = std::getenv("SUCHFOO_PROGRAMS")) {
        const std::string path =
            folder + ("/" + name.substr(name.find_last_of('/') + 1));
        if (std::filesystem::exists(path)) return path;
    }
    return name;
}

int drawn() {
    static std::random_device source;
    return static_cast<int>(source());
}

temporary_directory::temporary_directory() {
    // The path of a unix socket has 107 bytes at most, and TMPDIR may be long.
    auto folder = std::filesystem::temp_directory_path();
    if (folder.native().size() > 60) folder = "/tmp";
    std::string pattern = folder / "suchfoo-test-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) fail(errno, "mkdtemp", pattern);
    path_ = pattern;
}

temporary_directory::~temporary_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string temporary_directory::operator/(const std::string& name) const {
    return path_ + "/" + name;
}

std::string temporary_directory::names() const {
    std::string result;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
        result += entry.path().filename().string() + " ";
    }
    return result;
}

std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::string& path, const std::string& content) {
    std::ofstream out(path, std::ios::binary);
    out << content;
    if (!out.flush()) throw std::runtime_error("cannot write " + path);
}

std::string mode_of(const std::string& path) {
    struct stat status = {};
    check(::stat(path.c_str(), &status), "stat", path);
    char text[8];
    std::snprintf(text, sizeof text, "%04o", status.st_mode & 07777);
    return text;
}

std::string hex(const std::string& bytes) {
    return hex(std::as_bytes(std::span<const char>(bytes)));
}

std::size_t count_lines(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::string foo_bytes(int bar, int baz) {
    const int fields[] = {bar, baz};
    std::string result(sizeof fields, '\0');
    std::memcpy(result.data(), fields, sizeof fields);
    return result;
}

std::size_t open_descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

bool is_mapped(const std::string& path) {
    return read_file("/proc/self/maps").find(path) != std::string::npos;
}

no_memory_left::no_memory_left() {
    check(::getrlimit(RLIMIT_AS, &usual_), "getrlimit");
    const rlimit none{0, usual_.rlim_max};
    check(::setrlimit(RLIMIT_AS, &none), "setrlimit");
    for (const std::size_t size : {65536, 1024, 8}) {
        while (void* memory = std::malloc(size)) first_ = new (memory) link{first_};
    }
}

no_memory_left::~no_memory_left() {
    ::setrlimit(RLIMIT_AS, &usual_);
    while (first_ != nullptr) std::free(std::exchange(first_, first_->next));
}

void skip(std::string reason) {
    std::replace(reason.begin(), reason.end(), '<', '(');  // in XML it is markup
    std::cout << "SKIPPED: " << reason << "\n";
}

bool has_shm() {
    if (::access("/dev/shm", W_OK | X_OK) == 0) return true;
    skip("there is no /dev/shm here, or not for us");
    return false;
}

own_name::own_name(const std::string& what)
    : name{"/suchfoo." + std::to_string(::getsid(0)) + "." +
           std::to_string(static_cast<unsigned>(drawn())) + "." + what},
      path{"/dev/shm" + name} {}

own_name::~own_name() {
    ::unlink(path.c_str());
}

std::vector<std::string> as_another_user(const std::vector<std::string>& words) {
    std::vector<std::string> all{"setpriv",
                                 "--reuid=65534",
                                 "--regid=65534",
                                 "--clear-groups",
                                 "--inh-caps=-all,+dac_read_search",
                                 "--ambient-caps=-all,+dac_read_search"};
    all.insert(all.end(), words.begin(), words.end());
    return all;
}

std::optional<ended> run_in_small_shm(const std::string& size,
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
