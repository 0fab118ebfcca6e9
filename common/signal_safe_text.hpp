// signal_safe_text.hpp: text put together without malloc, locks or locale, as a signal
// handler must (signal-safety(7)).
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>

/// At most 512 bytes; what does not fit is left out.
class signal_safe_text {
public:
    signal_safe_text& add(const char* text) {
        for (; *text != '\0' && used_ < sizeof text_; ++text) text_[used_++] = *text;
        return *this;
    }
    signal_safe_text& add_number(std::intmax_t value) {
        if (value >= 0) return add_digits(static_cast<std::uintmax_t>(value), 10);
        return add("-").add_digits(-static_cast<std::uintmax_t>(value), 10);
    }
    signal_safe_text& add_hex(std::intptr_t value) {
        return add("0x").add_digits(static_cast<std::uintptr_t>(value), 16);
    }

    /// One write(2): on a terminal or a pipe, the text arrives in one piece.
    void write_to(int fd) const {
        [[maybe_unused]] const ssize_t written = ::write(fd, text_, used_);
    }

private:
    signal_safe_text& add_digits(std::uintmax_t value, unsigned base) {
        char digits[3 * sizeof value + 1] = {};
        char* first = digits + sizeof digits - 1;
        do {
            *--first = "0123456789abcdef"[value % base];
        } while ((value /= base) != 0);
        return add(first);
    }

    char text_[512];
    std::size_t used_ = 0;
};
