// probe_01: what layout.hpp says of any foo, and of any struct.
#include <iostream>

#include "01_raw_struct/layout.hpp"
#include "common/hex.hpp"
#include "common/program.hpp"

namespace {

void say(const arguments& args) {
    std::vector<int> numbers;
    for (std::size_t i = 1; i < args.size(); ++i)
        numbers.push_back(int_argument(args[i]));
    if (numbers.empty()) throw usage_error{};
    if (args[0] == "bytes") {
        std::cout << hex(bytes_of(foo{numbers.at(0), numbers.at(1)})) << std::endl;
        return;
    }
    std::vector<field> fields;
    for (std::size_t i = 1; i + 1 < numbers.size(); i += 2) {
        fields.push_back({"", static_cast<std::size_t>(numbers[i]),
                          static_cast<std::size_t>(numbers[i + 1])});
    }
    for (const std::size_t offset :
         padding(static_cast<std::size_t>(numbers[0]), fields))
        std::cout << offset << ' ';
    std::cout << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
    return run_program("probe_01", "bytes BAR BAZ\npadding SIZE [OFFSET SIZE]...", argc,
                       argv, say);
}
