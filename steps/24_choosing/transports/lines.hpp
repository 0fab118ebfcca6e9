// lines.hpp: one of the cache lines of a page that both processes have mapped.
#pragma once

#include "07_shm_open/new_object.hpp"
#include "09_how_fast/mapping.hpp"
#include "24_choosing/harness/place.hpp"

constexpr unsigned lines_in_a_page = 64;

struct alignas(lines_in_a_page * sizeof(line)) page {
    line at[lines_in_a_page];
};

/// What is left to do for a transport over a line of a page: to have a descriptor.
class over_line {
public:
    void send(std::uint64_t word) { end_.send(word); }
    std::uint64_t receive() { return end_.receive(); }

protected:
    explicit over_line(unsigned number) : number_{number} {}
    void open_line(int fd, const std::string& name, side s) {
        page_ = map_shared<page>(fd, name);
        end_ = line_end(page_->at[number_], s);
    }

private:
    unsigned number_;
    mapped<page> page_{nullptr, nullptr};
    line_end end_;
};
