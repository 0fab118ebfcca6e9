// probe_04: explain_sigbus.hpp in a process that touches any byte of a mapping.
#include <iostream>

#include "03_missing_file/foo_from_mmap.hpp"
#include "04_empty_file_sigbus/explain_sigbus.hpp"
#include "common/program.hpp"

namespace {

void touch(const arguments& args) {
    if (args.size() < 3) throw usage_error{};
    const unique_fd file(check(::open(args[0].c_str(), O_RDWR | O_CLOEXEC), "open"));
    const auto length = static_cast<std::size_t>(int_argument(args[1]));
    void* const start = check(
        ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0),
        "mmap");
    explain_sigbus(start, args[0]);
    if (args.size() > 3) {
        std::cout << "mapped" << std::endl;
        for (std::string line; std::getline(std::cin, line);) {
        }
    }
    volatile auto* const bytes = static_cast<std::byte*>(start);
    bytes[int_argument(args[2])] = std::byte{1};
}

}  // namespace

int main(int argc, char** argv) {
    return run_program("probe_04", "PATH LENGTH BYTE [wait]", argc, argv, touch);
}
