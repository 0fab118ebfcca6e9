// Tests of 16_ring_buffer: nothing is lost, nothing is seen twice that was given back,
// and no counter is trusted.
//
// Options: -O1
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "16_ring_buffer/channel.hpp"
#include "16_ring_buffer/receiver.hpp"
#include "16_ring_buffer/sender.hpp"
#include "tests/history_model.hpp"
#include "tests/stepper.hpp"

namespace {

using std::chrono::milliseconds;

const std::string program = program_path("16_ring_buffer");

using small = ring<foo, 4>;

/// The channel in the file at `path`, unguarded: a grader's files are a student's.
mapped<channel> channel_at(const std::string& path) {
    const unique_fd file(check(::open(path.c_str(), O_RDWR | O_CLOEXEC), "open", path));
    return map_shared<channel>(file.get(), path);
}

/// Sends and publishes foos with these bars; returns how many there was room for.
int send(sender<foo, 4>& out, std::initializer_list<int> bars) {
    int sent = 0;
    for (const int bar : bars) {
        foo* slot = out.reserve();
        if (slot == nullptr) break;
        *slot = {bar, -bar};
        out.publish();
        ++sent;
    }
    return sent;
}

/// The bars of all that is there, each given back after it was looked at.
std::string receive(receiver<foo, 4>& in) {
    std::string bars;
    while (const foo* f = in.front()) {
        bars += std::to_string(f->bar) + (f->bar == -f->baz ? " " : " (torn) ");
        in.release();
    }
    return bars;
}

/// A side that has done `work`, and is killed there.
void die_after(token& side, const std::function<void()>& work) {
    holder other([&] {
        new owner<token>(side, within(milliseconds{2000}));
        work();
    });
    other.kill();
}

void fill(message& m, std::uint64_t number) {
    m.number = number;
    m.is_last = 0;
    for (std::size_t i = 0; i < m.words.size(); ++i)
        m.words[i] = (number + i) * 0x9e3779b97f4a7c15;
}

/// A memory that notes in which order it is used.
struct recording {
    inline static std::string orders;
    class word {
    public:
        word(std::uint64_t first = 0) : value_{first} {}
        void store(std::uint64_t value, std::memory_order order) {
            orders +=
                order == std::memory_order_release ? "store release, " : "store, ";
            value_ = value;
        }
        std::uint64_t load(std::memory_order order) const {
            orders += order == std::memory_order_acquire ? "load acquire, " : "load, ";
            return value_;
        }

    private:
        std::uint64_t value_;
    };
};

/// A message of the model: one word, with no order of its own.
struct modelled {
    history_model::word value{0};
};

}  // namespace

TEST_SUITE("lab") {
    TEST_CASE("header: messages come in the order in which they were sent") {
        auto r = std::make_unique<small>();
        sender out(*r);
        receiver in(*r);
        CHECK(in.front() == nullptr);
        for (int round = 0; round < 5; ++round) {
            CHECK(send(out, {1, 2, 3}) == 3);
            CHECK(receive(in) == "1 2 3 ");
        }
        CHECK(out.number() == 15);
        CHECK(in.number() == 15);
    }

    TEST_CASE("header: a full ring has no slot until one is given back") {
        auto r = std::make_unique<small>();
        sender out(*r);
        receiver in(*r);
        CHECK(send(out, {1, 2, 3, 4, 5}) == 4);
        CHECK(out.reserve() == nullptr);
        CHECK(in.front()->bar == 1);
        CHECK(out.reserve() == nullptr);  // it is being read
        in.release();
        CHECK(send(out, {5, 6}) == 1);
        CHECK(receive(in) == "2 3 4 5 ");
    }

    TEST_CASE("header: what is reserved is not seen before it is published") {
        auto r = std::make_unique<small>();
        sender out(*r);
        receiver in(*r);
        for (const int bar : {1, 2, 3}) *out.reserve() = {bar, -bar};
        CHECK(in.front() == nullptr);
        out.publish();
        CHECK(receive(in) == "1 2 3 ");
    }

    TEST_CASE(
        "header: a receiver after any instruction of a sender sees whole messages") {
        if (!may_step()) return;
        const shared<small> r;
        std::construct_at(&*r);
        receiver in(*r);
        stepper writer([&] {
            sender out(*r);
            send(out, {1, 2, 3});
        });
        std::string seen;
        while (writer.step()) seen += receive(in);
        seen += receive(in);
        CHECK(seen == "1 2 3 ");
    }

    TEST_CASE(
        "header: a sender after any instruction of a receiver overwrites nothing") {
        if (!may_step()) return;
        const shared<small> r;
        std::construct_at(&*r);
        const shared<std::array<int, 8>> seen;
        sender out(*r);
        CHECK(send(out, {1, 2, 3, 4}) == 4);
        stepper reader([&] {
            receiver in(*r);
            for (std::size_t i = 0; i < seen->size();) {
                if (const foo* f = in.front()) {
                    (*seen)[i++] = f->bar == -f->baz ? f->bar : -1;
                    in.release();
                }
            }
        });
        int next = 5;
        while (reader.step())
            if (next < 9) next += send(out, {next});
        CHECK(*seen == std::array<int, 8>{1, 2, 3, 4, 5, 6, 7, 8});
    }

    TEST_CASE("header: in every way that C++ permits a message is whole") {
        history_model::begin();
        ring<modelled, 2, history_model> r;
        {
            sender out(r);
            out.reserve()->value.store(7, std::memory_order_relaxed);
            out.publish();
            out.reserve()->value.store(8, std::memory_order_relaxed);
            out.publish();
        }
        std::set<std::string> found;
        history_model::every_way([&] {
            receiver in(r);
            std::string seen;
            while (const modelled* m = in.front()) {
                seen += std::to_string(m->value.load(std::memory_order_relaxed)) + " ";
                in.release();
                if (in.number() == 2) break;
            }
            found.insert(seen);
        });
        CHECK(found == std::set<std::string>{"", "7 ", "7 8 "});
    }

    TEST_CASE("header: counters come round") {
        auto r = std::make_unique<small>();
        r->written.store(std::numeric_limits<std::uint64_t>::max() - 1);
        r->released.store(std::numeric_limits<std::uint64_t>::max() - 1);
        sender out(*r);
        receiver in(*r);
        for (int round = 0; round < 3; ++round) {
            CHECK(send(out, {1, 2, 3, 4, 5}) == 4);
            CHECK(receive(in) == "1 2 3 4 ");
        }
        CHECK(in.number() == 10);
    }

    TEST_CASE("header: a counter that cannot be is refused and nothing is read") {
        auto r = std::make_unique<small>();
        sender out(*r);
        receiver in(*r);
        for (const std::uint64_t wrong :
             {std::uint64_t{5}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
            r->written.store(wrong);
            CHECK_THROWS_AS(in.front(), std::runtime_error);
            CHECK_THROWS_AS((receiver<foo, 4>(*r)), std::runtime_error);
            r->written.store(0);
        }
        CHECK(send(out, {1, 2, 3, 4}) == 4);
        r->released.store(5);
        CHECK_THROWS_AS(out.reserve(), std::runtime_error);
        CHECK_THROWS_AS((sender<foo, 4>(*r)), std::runtime_error);
    }

    // Weighs 3.
    TEST_CASE("program: a stream arrives as it was sent") {
        if (!has_shm()) return;
        const own_name ring("ring");
        child in({program, ring.name, "receive"});
        const std::string count = std::to_string(5000 + (drawn() & 0xfff));
        const ended out = run({program, ring.name, "send", count});
        CHECK(out.out == "sent " + count + ", up to " + count + "\n");
        CHECK(in.read_line() == "received " + count + ", up to " + count);
        CHECK(in.wait().how == "exit status 0");
    }
}

TEST_CASE("header: a receiver that died has its last message seen again") {
    const shared<small> r;
    std::construct_at(&*r);
    sender out(*r);
    send(out, {1, 2, 3});
    {
        receiver in(*r);
        CHECK(in.front()->bar == 1);
        in.release();
        CHECK(in.front()->bar == 2);  // and never given back
    }
    receiver heir(*r);
    CHECK(receive(heir) == "2 3 ");
}

TEST_CASE("header: a sender that died loses what it had not published and no more") {
    const shared<small> r;
    std::construct_at(&*r);
    {
        sender out(*r);
        send(out, {1, 2});
        *out.reserve() = {3, -3};
    }
    sender heir(*r);
    receiver in(*r);
    CHECK(send(heir, {4}) == 1);
    CHECK(receive(in) == "1 2 4 ");
}

TEST_CASE("header: who is dead is told from who is absent or alive") {
    const shared<token> side;
    init(side->mutex);
    const hardware::word none{0};
    other_side other{"other", *side, none};
    CHECK_FALSE(has_died(other));
    die_after(*side, [] {});
    CHECK(has_died(other));
    CHECK(has_died(other));  // it is told once, and remembered
    const owner alive(*side, within(milliseconds{2000}));
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) ::_exit(has_died(other) ? 1 : 0);  // a new one has come
    int status = 0;
    check(::waitpid(pid, &status, 0), "waitpid");
    CHECK(describe_status(status) == "exit status 0");
}

TEST_CASE("header: a death is not forgotten for the messages that came before it") {
    const shared<channel> c;
    init(c->sends.mutex);
    receiver in(c->messages);
    other_side other{"sender", c->sends, c->messages.written};
    int looks = 0;
    const auto dies_after_the_first_look = [&]() -> const message* {
        if (looks++ > 0) return in.front();
        die_after(c->sends, [&] {
            sender out(c->messages);
            fill(*out.reserve(), 0);
            out.publish();
        });
        return nullptr;
    };
    CHECK(wait_for(dies_after_the_first_look, c->something_new, other,
                   milliseconds{200}) != nullptr);
    in.release();
    try {
        wait_for([&] { return in.front(); }, c->something_new, other,
                 milliseconds{200});
        FAIL("nothing was thrown");
    } catch (const std::runtime_error& error) {
        CHECK(std::string(error.what()) == "the sender died after 1");
    }
}

TEST_CASE("header: each counter is stored with release and looked at with acquire") {
    // The model plays the sender first: of the way back it does not show the order.
    auto r = std::make_unique<ring<foo, 2, recording>>();
    sender out(*r);
    receiver in(*r);
    recording::orders.clear();
    out.reserve();
    out.reserve();
    out.publish();
    in.front();
    in.release();
    out.reserve();
    CHECK(recording::orders ==
          "store release, load acquire, store release, load acquire, ");
}

TEST_CASE("program: the sender hears of the receiver's death and a new one goes on" *
          doctest::test_suite("lab")) {
    if (!has_shm()) return;
    const own_name ring("ring");
    create_channel(ring.path);
    const auto c = channel_at(ring.path);
    {
        sender out(c->messages);
        for (std::uint64_t n = 0; n < 10; ++n) fill(*out.reserve(), n);
        out.publish();
    }
    const int taken = 1 + (drawn() & 7);
    die_after(c->receives, [&] {
        receiver in(c->messages);
        for (int i = 0; i < taken; ++i) {
            in.front();
            in.release();
        }
        in.front();
    });
    const ended out = run({program, ring.name, "send", "5000"});
    CHECK(out.how == "exit status 1");
    CHECK(out.err ==
          "16_ring_buffer: the receiver died after " + std::to_string(taken) + "\n");
    child in({program, ring.name, "receive"});
    CHECK(run({program, ring.name, "send", "3"}).how == "exit status 0");
    const std::string said = in.read_line();
    CHECK(said.find("received ") == 0);
    CHECK(in.wait().how == "exit status 0");
}

TEST_CASE("program: the receiver hears of the sender's death after its last message" *
          doctest::test_suite("lab")) {
    if (!has_shm()) return;
    const own_name ring("ring");
    create_channel(ring.path);
    const auto c = channel_at(ring.path);
    const auto sent = 1 + (static_cast<unsigned>(drawn()) & 31);
    die_after(c->sends, [&] {
        sender out(c->messages);
        for (std::uint64_t n = 0; n < sent; ++n) fill(*out.reserve(), n);
        out.publish();
        out.reserve();
    });
    const ended in = run({program, ring.name, "receive"});
    CHECK(in.how == "exit status 1");
    CHECK(in.err ==
          "16_ring_buffer: the sender died after " + std::to_string(sent) + "\n");
    CHECK(c->messages.released.load() == sent);
}

TEST_CASE("program: a damaged message and a foreign counter are one line" *
          doctest::test_suite("lab")) {
    if (!has_shm()) return;
    const own_name ring("ring");
    create_channel(ring.path);
    const auto c = channel_at(ring.path);
    c->messages.written.store(1);
    CHECK(run({program, ring.name, "receive"}).err ==
          "16_ring_buffer: message 0 is damaged\n");
    c->messages.written.store(std::uint64_t{1} << 40);
    for (const auto& words : {std::vector<std::string>{"receive"}, {"send", "1"}}) {
        std::vector<std::string> all{program, ring.name};
        all.insert(all.end(), words.begin(), words.end());
        const ended result = run(all);
        CHECK(result.how == "exit status 1");
        CHECK(result.err ==
              "16_ring_buffer: the other side's counter is out of range\n");
    }
}

TEST_CASE("limit: who waits in vain says for how long" * doctest::skip()) {
    if (!has_shm()) return;
    const own_name ring("ring");
    CHECK(run({program, ring.name, "receive"}).err ==
          "16_ring_buffer: no sender in 2000 ms\n");
    CHECK(run({program, ring.name, "send", "5000"}).err ==
          "16_ring_buffer: no receiver in 2000 ms\n");
}

TEST_CASE("stress: ten million messages arrive as they were sent" * doctest::skip()) {
    if (!has_shm()) return;
    const own_name ring("ring");
    child in({program, ring.name, "receive"});
    child out({program, ring.name, "send", "10000000"});
    CHECK(out.read_line() == "sent 10000000, up to 10000000");
    CHECK(in.read_line() == "received 10000000, up to 10000000");
}

TEST_CASE("program: bad input is one line and changes nothing") {
    if (!has_shm()) return;
    const own_name ring("ring");
    for (const auto& words : {std::vector<std::string>{},
                              {ring.name},
                              {ring.name, "send"},
                              {ring.name, "send", "x"},
                              {ring.name, "send", "0"},
                              {ring.name, "receive", "1"}}) {
        std::vector<std::string> all{program};
        all.insert(all.end(), words.begin(), words.end());
        CHECK(run(all).how == "exit status 2");
    }
    CHECK(run({program, "/a/b", "receive"}).how == "exit status 1");
    CHECK_FALSE(std::filesystem::exists(ring.path));
    write_file(ring.path, foo_bytes(42, 98));
    check(::chmod(ring.path.c_str(), 0600), "chmod");
    const ended result = run({program, ring.name, "send", "1"});
    CHECK(result.how == "exit status 1");
    CHECK(result.err == "16_ring_buffer: " + in_quotes(ring.path) +
                            " has 8 bytes, not the " + std::to_string(sizeof(channel)) +
                            " of a channel\n");
    CHECK(read_file(ring.path) == foo_bytes(42, 98));
}
