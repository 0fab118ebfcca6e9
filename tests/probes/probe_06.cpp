// probe_06: where_mapped.hpp on one page of a file, between two pages of nothing.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <iostream>

#include "06_two_processes/where_mapped.hpp"
#include "common/program.hpp"
#include "common/unique_fd.hpp"

namespace {

/// For each line of the input, where that byte of the page is; "none": of no page.
void say(const arguments& args) {
    if (args.size() != 2) throw usage_error{};
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const unique_fd file(check(::open(args[0].c_str(), O_RDWR | O_CLOEXEC), "open"));
    auto* const around = static_cast<std::byte*>(
        check(::mmap(nullptr, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
              "mmap"));
    std::byte* const start = around + page;
    check(::mmap(start, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                 file.get(), static_cast<off_t>(page) * int_argument(args[1])),
          "mmap");
    for (std::string line; std::getline(std::cin, line);) {
        try {
            const void* const address =
                line == "none" ? nullptr : start + int_argument(line);
            std::cout << where_mapped(address) << std::endl;
        } catch (const std::runtime_error& error) {
            std::cout << error.what() << std::endl;
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    return run_program("probe_06", "PATH PAGE", argc, argv, say);
}
