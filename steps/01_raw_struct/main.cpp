// 01_raw_struct: what a struct is in memory.
//
// Run:     build/steps/01_raw_struct
// Expect:  a struct of eight bytes, each with a meaning; and a struct with
//          padding, some of whose bytes have none.
// Next:    02_malloc_wrapper gives the eight bytes an owner.
#include <cstring>
#include <iomanip>
#include <iostream>

#include "01_raw_struct/layout.hpp"
#include "common/hex.hpp"
#include "common/program.hpp"

namespace {

void print_layout(const char* name, std::size_t size, std::size_t alignment,
                  std::span<const field> fields) {
    std::cout << "struct " << name << ": size " << size << ", alignment " << alignment
              << '\n';
    for (const field& f : fields) {
        std::cout << "  " << std::left << std::setw(4) << f.name << "  offset "
                  << f.offset << ", size " << f.size << '\n';
    }
}

void print_both_structs(const arguments& args) {
    if (!args.empty()) throw usage_error{};

    print_layout("foo", sizeof(foo), alignof(foo), foo_fields);
    std::cout << "the bytes of foo{42, 98}:\n  " << hex(bytes_of(foo{42, 98}))
              << "\n\n";

    // The memory held something before, as memory does: here, aa.
    padded p;
    std::memset(&p, 0xaa, sizeof p);
    p.kind = 'k';
    p.bar = 42;
    p.last = 'z';

    // They are looked at as memory: a bit_cast of padding has no value.
    std::array<std::byte, sizeof p> bytes;
    std::memcpy(bytes.data(), &p, sizeof p);

    std::string marks(3 * sizeof p, ' ');
    for (const std::size_t offset : padding(sizeof p, padded_fields)) {
        marks[3 * offset] = marks[3 * offset + 1] = '^';
    }
    print_layout("padded", sizeof p, alignof(padded), padded_fields);
    std::cout << "the bytes of padded{'k', 42, 'z'}, written where there was aa:\n  "
              << hex(bytes) << "\n  " << marks.substr(0, marks.rfind('^') + 1)
              << " these mean nothing\n";
}

}  // namespace

int main(int argc, char** argv) {
    return run_program("01_raw_struct", "", argc, argv, print_both_structs);
}
