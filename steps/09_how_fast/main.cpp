// 09_how_fast: how long eight bytes take to the other process and back.
//
// Run:     build/steps/09_how_fast
// Expect:  a mapping, a pipe and a socket, each with the time of a round trip; every
// word
//          verified by the side that received it. The figures are this machine's.
// Next:    10_persistence asks what of a mapping lasts; 24_choosing measures far more.
#include <algorithm>
#include <cstdio>
#include <iomanip>

#include "07_shm_open/new_object.hpp"
#include "09_how_fast/mapping.hpp"
#include "09_how_fast/streams.hpp"
#include "09_how_fast/two_processes.hpp"

namespace {

void print_row(const char* name, std::vector<double> took) {
    std::sort(took.begin(), took.end());
    std::cout << "  " << std::left << std::setw(10) << name << std::right << std::fixed
              << std::setprecision(0) << std::setw(10) << took[took.size() / 2] << " ns"
              << std::setw(15) << took[took.size() * 99 / 100] << " ns" << std::endl;
}

void compare(const arguments& args) {
    if (!args.empty()) throw usage_error{};
    // A file with a descriptor and no name; it is gone when that is closed.
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(),
                                                               std::fclose);
    if (file == nullptr) fail(errno, "tmpfile");
    reserve(::fileno(file.get()), sizeof(line), "tmpfile");

    using enum waiting;
    std::cout << "8 bytes there and back, between two processes, every byte verified\n"
              << "                  median   99th percentile\n"
              << "both sides ask again and again:\n";
    print_row("mapping", measure(over_mapping(::fileno(file.get())), 2000));
    print_row("pipe", measure(over_pipes(polling), 2000));
    print_row("AF_UNIX", measure(over_unix_sockets(polling), 2000));
    std::cout << "each side sleeps until it is woken:\n";
    print_row("pipe", measure(over_pipes(blocking), 200));
    print_row("AF_UNIX", measure(over_unix_sockets(blocking), 200));
}

}  // namespace

int main(int argc, char** argv) {
    return run_program("09_how_fast", "", argc, argv, compare);
}
