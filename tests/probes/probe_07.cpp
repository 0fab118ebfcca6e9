// probe_07: foo_from_shm.hpp's two halves, with less patience than the step's program.
#include <iostream>

#include "07_shm_open/foo_from_shm.hpp"
#include "common/program.hpp"

namespace {

void create_or_open(const arguments& args) {
    if (args.size() != 2) throw usage_error{};
    const std::string name = shm_name(args[0]);
    std::optional<Foo> f = create_shm(name);
    if (!f) f = open_shm(name, std::chrono::milliseconds{int_argument(args[1])});
    std::cout << (f ? "a Foo" : "gone") << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
    return run_program("probe_07", "NAME MILLISECONDS", argc, argv, create_or_open);
}
