// error.hpp: every system call is checked where it is made.
//
//     const int fd = check(::open(path, O_RDWR), "open", path);
//
// throws std::system_error: open "/tmp/suchfoo": No such file or directory
#pragma once

#if __has_include(<sys/mman.h>)  // Windows has none
#include <sys/mman.h>
#else
#define MAP_FAILED nullptr
#endif

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

/// `text` in double quotes, on one line whatever it holds: a control character,
/// a quote or a backslash is written as \xNN.
inline std::string in_quotes(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string result = "\"";
    for (const unsigned char c : text) {
        if (c < 0x20 || c == 0x7f || c == '"' || c == '\\') {
            result += {'\\', 'x', digits[c / 16], digits[c % 16]};
        } else {
            result += static_cast<char>(c);
        }
    }
    return result + '"';
}

/// `text` as one word to be pasted into a shell, on one line whatever it holds:
/// 'it'\''s', or $'a\012b' (for bash and zsh) if there is a control character in it.
inline std::string shell_word(std::string_view text) {
    bool plain = true;
    for (const unsigned char c : text) plain &= c >= 0x20 && c != 0x7f;
    std::string result = plain ? "'" : "$'";
    for (const unsigned char c : text) {
        if (plain) {
            result += c == '\'' ? "'\\''" : std::string(1, static_cast<char>(c));
        } else if (c < 0x20 || c == 0x7f || c == '\'' || c == '\\') {
            result +=
                {'\\', static_cast<char>('0' + c / 64),
                 static_cast<char>('0' + c / 8 % 8), static_cast<char>('0' + c % 8)};
        } else {
            result += static_cast<char>(c);
        }
    }
    return result + "'";
}

/// Throws std::system_error for the error number `error` of `call` on `argument`.
[[noreturn]] inline void fail(int error, std::string_view call,
                              std::string_view argument = {}) {
    std::string what(call);
    if (argument.data() != nullptr) what += " " + in_quotes(argument);
    throw std::system_error(error, std::generic_category(), what);
}

/// The result of a system call that reports failure as -1 (or, for mmap, as
/// MAP_FAILED) and errno: returned if it succeeded, else thrown by fail().
template <class Result>
Result check(Result result, std::string_view call, std::string_view argument = {}) {
    if constexpr (std::is_pointer_v<Result>) {
        if (result == MAP_FAILED) fail(errno, call, argument);
    } else {
        if (result == -1) fail(errno, call, argument);
    }
    return result;
}
