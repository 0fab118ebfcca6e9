// 04_empty_file_sigbus: a file that is there, but empty.
//
// Run:     : > /tmp/suchfoo
//          build/steps/04_empty_file_sigbus /tmp/suchfoo
//          build/steps/04_empty_file_sigbus /tmp/suchfoo --explain
// Expect:  "Bus error", status 135. open and mmap succeed; reading the first byte
//          kills. With --explain, a handler says why before it does.
// Next:    05_primed_file puts the bytes there first.
#include <filesystem>
#include <iostream>

#include "03_missing_file/foo_from_mmap.hpp"
#include "04_empty_file_sigbus/explain_sigbus.hpp"
#include "common/program.hpp"

int main(int argc, char** argv) {
    const char* const name = "04_empty_file_sigbus";
    return program(name, "PATH [--explain]", argc, argv, [&](arguments args) {
        const bool explain = std::erase(args, "--explain") > 0;
        if (args.size() != 1) throw usage_error{};
        const std::string& path = args[0];

        const Foo f = foo_from_mmap(path);
        if (explain) explain_sigbus(f.address(), path.c_str());

        const auto size = std::filesystem::file_size(path);
        if (size < Foo::size()) {
            std::cerr << name << ": " << in_quotes(path) << " has " << size
                      << " of the " << Foo::size() << " bytes of a foo: "
                      << (size == 0
                              ? "about to read the first, which is meant to kill me"
                              : "reading past its end, which does not crash")
                      << std::endl;
        }
        std::cout << f << std::endl;  // on an empty file, this process ends here
    });
}
