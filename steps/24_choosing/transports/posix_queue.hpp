// posix_queue.hpp: two POSIX message queues of one message each, mq_overview(7).
#pragma once

#include <mqueue.h>

#include <cstring>

#include "24_choosing/harness/place.hpp"
#include "common/error.hpp"
#include "common/unique_fd.hpp"

class over_posix_queue {
public:
    explicit over_posix_queue(const place& p)
        : there_{make(p.name + ".there")}, back_{make(p.name + ".back")} {}
    void open(side s) {
        out_ = s == side::asking ? there_.get() : back_.get();
        in_ = s == side::asking ? back_.get() : there_.get();
    }
    void send(std::uint64_t word) {
        char bytes[sizeof word];
        std::memcpy(bytes, &word, sizeof word);
        check(::mq_send(out_, bytes, sizeof bytes, 0), "mq_send");
    }
    std::uint64_t receive() {
        char bytes[sizeof(std::uint64_t)];
        check(::mq_receive(in_, bytes, sizeof bytes, nullptr), "mq_receive");
        std::uint64_t word = 0;
        std::memcpy(&word, bytes, sizeof word);
        return word;
    }

private:
    /// A queue without a name: the two processes have its descriptor, as they part
    /// after it was opened. On Linux a queue is a descriptor, and close(2) closes it.
    static unique_fd make(const std::string& name) {
        mq_attr attributes{};
        attributes.mq_maxmsg = 1;
        attributes.mq_msgsize = sizeof(std::uint64_t);
        const int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
        unique_fd queue(
            check(::mq_open(name.c_str(), flags, 0600, &attributes), "mq_open", name));
        check(::mq_unlink(name.c_str()), "mq_unlink", name);
        return queue;
    }

    unique_fd there_;
    unique_fd back_;
    int out_ = -1;
    int in_ = -1;
};
