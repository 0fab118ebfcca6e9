// program.hpp: what every main does alike: usage, errors and the exit status.
#pragma once

#include <charconv>
#include <csignal>
#include <cstring>
#include <exception>
#include <iostream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "common/error.hpp"

/// Thrown by a program's body when its arguments are not what its usage says, and why
/// not, if the usage alone does not tell.
struct usage_error {
    std::string why = {};
};

using arguments = std::vector<std::string>;

/// The whole of `text` as a decimal int, or nothing: no spaces, no '+', no rest.
inline std::optional<int> parse_int(std::string_view text) {
    int value = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stopped != end) return std::nullopt;
    return value;
}

/// An argument that has to be an int. Throws usage_error if it is none.
inline int int_argument(std::string_view text) {
    const std::optional<int> value = parse_int(text);
    if (!value) throw usage_error{in_quotes(text) + " is not an int"};
    return *value;
}

/// An argument that looks like an option but is not a word of the usage line.
inline bool is_unknown_option(const std::string& argument, std::string usage) {
    if (!argument.starts_with("--")) return false;
    for (char& c : usage) {
        if (c == '[' || c == ']' || c == '|') c = ' ';
    }
    std::istringstream words(usage);
    for (std::string word; words >> word;) {
        if (word == argument) return false;
    }
    return true;
}

/// One line on standard error: the program, what failed and, for a system call,
/// the error's symbolic name.
inline void report(const std::string& name, const std::exception& error) {
    std::cerr << name << ": " << error.what();
    if (const auto* system = dynamic_cast<const std::system_error*>(&error)) {
        // strerrorname_np(3), glibc 2.32: the name is null for a number it
        // does not know.
#ifdef __GLIBC__
        if (const char* symbol = ::strerrorname_np(system->code().value())) {
            std::cerr << " (" << symbol << ")";
        }
#else
        std::cerr << " (" << system->code().value() << ")";
#endif
    }
    std::cerr << std::endl;
}

/// Runs `body(arguments)` as the program `name` and returns its exit status:
/// 0, or 1 if it threw (or its output could not be written), or 2 if its usage
/// was wrong. `usage` is what stands behind the name, one form per line.
template <class Body>
int run_program(const std::string& name, const std::string& usage, int argc,
                char** argv, Body body) {
    std::string usage_text;
    std::istringstream forms(usage);
    for (std::string form; std::getline(forms, form);) {
        usage_text += (usage_text.empty() ? "usage: " : "       ") + name + " " + form;
        usage_text += '\n';
    }
    if (usage_text.empty()) usage_text = "usage: " + name + "\n";

#ifdef SIGXFSZ
    // A limit on file sizes (setrlimit(2)) is an error to report, and no reason to die.
    std::signal(SIGXFSZ, SIG_IGN);
#endif
    const arguments given(argv + 1, argv + argc);
    try {
        for (const std::string& argument : given) {
            if (argument == "--help") {
                std::cout << usage_text << std::flush;
                return std::cout ? 0 : 1;
            }
            if (is_unknown_option(argument, usage)) {
                throw usage_error{"no option " + in_quotes(argument)};
            }
        }
        body(given);
        if (!std::cout.flush())
            throw std::runtime_error("cannot write standard output");
        return 0;
    } catch (const usage_error& error) {
        if (!error.why.empty()) std::cerr << name << ": " << error.why << '\n';
        std::cerr << usage_text << std::flush;
        return 2;
    } catch (const std::exception& error) {
        report(name, error);
        return 1;
    }
}
