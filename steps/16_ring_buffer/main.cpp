// 16_ring_buffer: a stream of messages.
//
// Run:     build/steps/16_ring_buffer /suchfoo.demo receive          in one terminal
//          build/steps/16_ring_buffer /suchfoo.demo send 1000000     in another
// Expect:  1000000 messages, each as it was sent. Kill either: the other one says after
//          how many it died, and a new one goes on from there.
// Next:    17_no_pointers: an address means nothing elsewhere.
#include <iostream>

#include "07_shm_open/shm_name.hpp"
#include "16_ring_buffer/channel.hpp"
#include "16_ring_buffer/receiver.hpp"
#include "16_ring_buffer/sender.hpp"
#include "common/program.hpp"

namespace {

constexpr std::chrono::milliseconds limit{2000};
constexpr std::uint64_t batch = 32;  // messages that are published at once

std::uint64_t word_of(std::uint64_t number, std::size_t i) {
    return (number + i) * 0x9e3779b97f4a7c15;  // no two messages are alike
}

void send(channel& c, std::uint64_t count) {
    const owner here(c.sends, within(limit));
    sender out(c.messages);
    other_side other{"receiver", c.receives, c.messages.released};
    for (std::uint64_t sent = 1; sent <= count; ++sent) {
        message* m = out.reserve();
        if (m == nullptr) {
            m = wait_for([&] { return out.reserve(); }, c.some_room, other, limit);
        }
        m->number = out.number() - 1;
        m->is_last = sent == count;
        for (std::size_t i = 0; i < m->words.size(); ++i)
            m->words[i] = word_of(m->number, i);
        if (sent % batch == 0 || sent == count) {
            out.publish();
            post(c.something_new);
        }
    }
    std::cout << "sent " << count << ", up to " << out.number() << std::endl;
}

void receive(channel& c) {
    const owner here(c.receives, within(limit));
    receiver in(c.messages);
    other_side other{"sender", c.sends, c.messages.written};
    const std::uint64_t first = in.number();
    for (bool last = false; !last;) {
        const message* m = in.front();
        if (m == nullptr) {
            m = wait_for([&] { return in.front(); }, c.something_new, other, limit);
        }
        bool whole = m->number == in.number();
        for (std::size_t i = 0; i < m->words.size(); ++i)
            whole &= m->words[i] == word_of(in.number(), i);
        if (!whole)
            throw std::runtime_error("message " + std::to_string(in.number()) +
                                     " is damaged");
        last = m->is_last != 0;
        in.release();
        if (last || in.number() % batch == 0) post(c.some_room);
    }
    std::cout << "received " << in.number() - first << ", up to " << in.number()
              << std::endl;
}

void stream(const arguments& args) {
    const bool sends = args.size() == 3 && args[1] == "send";
    const bool receives = args.size() == 2 && args[1] == "receive";
    if (!sends && !receives) throw usage_error{};
    const int count = sends ? int_argument(args[2]) : 0;
    if (sends && count < 1) throw usage_error{"TIMES is 1 or more"};

    // What shm_open(3) opens is a file there; step 05 knows how to make one whole.
    const std::string path = "/dev/shm" + shm_name(args[0]);
    if (!std::filesystem::exists(path)) {
        try {
            create_channel(path);
        } catch (const std::system_error& error) {
            if (error.code() != std::errc::file_exists) throw;  // the other was faster
        }
    }
    const mapped<channel> c = open_with<channel>(path, channel_magic, "channel");
    sends ? send(*c, static_cast<std::uint64_t>(count)) : receive(*c);
}

}  // namespace

int main(int argc, char** argv) {
    return run_program("16_ring_buffer", "NAME send TIMES\nNAME receive", argc, argv,
                       stream);
}
