// session.hpp: a conversation about a Foo, one command per line, as the post has it
// with a Python prompt.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

#include "common/error.hpp"
#include "common/hex.hpp"
#include "common/program.hpp"

/// The commands that a step adds to a session: their names, for `help`, and what
/// carries out one of them; false if it is none.
struct more_commands {
    std::string names;
    std::function<bool(std::string_view)> carry_out;
};

/// The N of a command like "add N", if `command` is one and N an int.
inline std::optional<int> number_after(std::string_view words,
                                       std::string_view command) {
    if (!command.starts_with(words)) return std::nullopt;
    return parse_int(command.substr(words.size()));
}

namespace session_detail {

inline std::string_view trimmed(std::string_view text) {
    constexpr std::string_view space = " \t\r";
    const std::size_t first = text.find_first_not_of(space);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(space) - first + 1);
}

/// Carries out `command` on `f` and answers on standard output, or throws
/// std::invalid_argument. Returns false when the session is to end.
template <class Foo, class WhereMapped>
bool carry_out(std::string_view command, Foo& f, WhereMapped where_mapped,
               const more_commands& more) {
    if (more.carry_out && more.carry_out(command)) return true;
    if (const std::size_t equals = command.find('=');
        equals != std::string_view::npos) {
        const std::string_view field = trimmed(command.substr(0, equals));
        const std::string_view number = trimmed(command.substr(equals + 1));
        if (field == "f.bar" || field == "f.baz") {
            const auto value = parse_int(number);
            if (!value) {
                throw std::invalid_argument("not an int: " +
                                            in_quotes(number.substr(0, 40)));
            }
            field == "f.bar" ? f.set_bar(*value) : f.set_baz(*value);
            return true;
        }
    }
    if (command == "f" || command == "print(f)") {
        std::cout << f << std::endl;
    } else if (command == "f.bar") {
        std::cout << f.bar() << std::endl;
    } else if (command == "f.baz") {
        std::cout << f.baz() << std::endl;
    } else if (command == "bytes(f)") {
        std::cout << hex(f.as_bytes()) << std::endl;
    } else if (command == "len(f)") {
        std::cout << f.size() << std::endl;
    } else if (command == "maps") {
        std::cout << where_mapped(f.address()) << std::endl;
    } else if (command == "help") {
        std::cout
            << "f or print(f), f.bar, f.baz, f.bar = N, f.baz = N, bytes(f), len(f), "
               "maps, "
            << more.names << "help, quit" << std::endl;
    } else if (command == "quit") {
        return false;
    } else {
        throw std::invalid_argument(
            "not a command: " + in_quotes(command.substr(0, 40)) + " (try help)");
    }
    return true;
}

}  // namespace session_detail

/// Reads commands from standard input until `quit` or the end of it. Each answer is one
/// line on standard output, flushed; what is no command gets one line on standard
/// error. The prompt appears on a terminal only.
template <class Foo, class WhereMapped>
void run_session(const std::string& name, Foo& f, WhereMapped where_mapped,
                 const more_commands& more = {}) {
    const bool on_terminal =
        ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
    while (std::cout) {
        if (on_terminal) std::cout << ">>> " << std::flush;
        std::string line;
        if (!std::getline(std::cin, line)) {
            if (std::ferror(stdin))
                throw std::runtime_error("cannot read standard input");
            if (on_terminal) std::cout << std::endl;
            return;
        }
        const std::string_view command = session_detail::trimmed(line);
        if (command.empty()) continue;
        try {
            if (!session_detail::carry_out(command, f, where_mapped, more)) return;
        } catch (const std::exception& error) {
            report(name, error);
        }
    }
}
