// probe_02: what foo.hpp makes of bytes, and of memory.
#include <iostream>

#include "02_malloc_wrapper/foo.hpp"
#include "common/program.hpp"

namespace {

void say(const arguments& args) {
    if (args.size() == 2 && args[0] == "from_bytes") {
        std::istringstream text(args[1]);
        std::vector<std::byte> bytes;
        for (unsigned byte = 0; text >> std::hex >> byte;)
            bytes.push_back(static_cast<std::byte>(byte));
        const Foo f = Foo::from_bytes(bytes);
        bytes.assign(bytes.size(), std::byte{0});
        std::cout << f << std::endl;
    } else if (args.size() == 4 && args[0] == "make") {
        for (int i = int_argument(args[1]); i > 1; --i) {
            const Foo f(i, i);
            const Foo copy = Foo::from_bytes(f.as_bytes());
        }
        std::cout << Foo(int_argument(args[2]), int_argument(args[3])) << std::endl;
    } else {
        throw usage_error{};
    }
}

}  // namespace

int main(int argc, char** argv) {
    return run_program("probe_02", "from_bytes HEX\nmake TIMES BAR BAZ", argc, argv,
                       say);
}
