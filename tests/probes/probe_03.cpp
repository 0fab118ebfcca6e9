// probe_03: what foo_from_mmap.hpp maps, and whether it is kept.
#include <fstream>
#include <iostream>

#include "03_missing_file/foo_from_mmap.hpp"
#include "common/program.hpp"

namespace {

bool is_mapped(const std::string& path) {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);)
        if (line.ends_with(path)) return true;
    return false;
}

void map_often(const std::string& path) {
    for (int i = 0; i < 1000; ++i) {
        foo_from_mmap(path);
        try {
            foo_from_mmap(path + ".missing");
        } catch (const std::system_error& error) {
            if (error.code() != std::errc::no_such_file_or_directory) throw;
        }
    }
    if (is_mapped(path)) throw std::runtime_error("it is still mapped");
    std::cout << foo_from_mmap(path) << std::endl;
}

/// Sets the Foo; or waits for the end of the input, and says what has become of it.
void say(const arguments& args) {
    if (args.size() == 2 && args[0] == "--often") return map_often(args[1]);
    if (args.size() != 1 && args.size() != 3) throw usage_error{};
    Foo f = foo_from_mmap(args[0]);
    if (args.size() == 3) {
        f.set_bar(int_argument(args[1]));
        f.set_baz(int_argument(args[2]));
        return;
    }
    std::cout << "mapped" << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
    }
    std::cout << f << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
    return run_program("probe_03", "PATH\nPATH BAR BAZ\n--often PATH", argc, argv, say);
}
