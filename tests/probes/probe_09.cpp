// probe_09: one side of mapping.hpp's transport, told what to do line by line.
#include <iostream>

#include "09_how_fast/mapping.hpp"
#include "common/program.hpp"

namespace {

void carry_out(const arguments& args) {
    if (args.size() != 2) throw usage_error{};
    const unique_fd file(check(::open(args[0].c_str(), O_RDWR | O_CLOEXEC), "open"));
    over_mapping mapping(file.get());
    mapping.open(args[1] == "asking" ? side::asking : side::answering);
    for (std::string command; std::cin >> command;) {
        if (command == "receive") {
            std::cout << mapping.receive() << std::endl;
        } else {
            std::uint64_t word = 0;
            std::cin >> word;
            mapping.send(word);
            std::cout << "done" << std::endl;
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    return run_program("probe_09", "PATH asking|answering", argc, argv, carry_out);
}
