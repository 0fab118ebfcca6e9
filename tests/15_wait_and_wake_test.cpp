// Tests of 15_wait_and_wake: no wake-up is lost, at whatever instruction it comes.
//
// Options: -O1
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include "05_primed_file/primed_file.hpp"
#include "15_wait_and_wake/spin_then_sleep.hpp"
#include "tests/stepper.hpp"

namespace {

using std::chrono::milliseconds;

const std::string program = program_path("15_wait_and_wake");

/// Longer than a test waits for a child.
const milliseconds long_time{60'000};

bool has_ended(const child& process) {
    siginfo_t info{};
    check(::waitid(P_PID, static_cast<id_t>(process.pid()), &info,
                   WEXITED | WNOHANG | WNOWAIT),
          "waitid");
    return info.si_pid != 0;
}

/// A child that runs `operation`, and is not traced.
class sleeper {
public:
    explicit sleeper(const std::function<void()>& operation)
        : pid_{check(::fork(), "fork")} {
        if (pid_ != 0) return;
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        operation();
        ::_exit(0);
    }
    sleeper(const sleeper&) = delete;
    ~sleeper() { kill(); }

    /// Waits until it sleeps, or has ended.
    void settle() const {
        const auto end = std::chrono::steady_clock::now() + patience;
        while (state() != 'S' && state() != 'Z' &&
               std::chrono::steady_clock::now() < end)
            ::usleep(50);
    }
    bool asleep() const {
        settle();
        return state() == 'S';
    }
    /// Whether it ends, with status 0, within `time`.
    bool ends(milliseconds time = patience) const {
        const auto end = std::chrono::steady_clock::now() + time;
        while (state() != 'Z' && std::chrono::steady_clock::now() < end) ::usleep(50);
        siginfo_t info{};
        check(::waitid(P_PID, static_cast<id_t>(pid_), &info,
                       WEXITED | WNOHANG | WNOWAIT),
              "waitid");
        return info.si_code == CLD_EXITED && info.si_status == 0;
    }
    pid_t pid() const { return pid_; }
    void send(int signal) const { ::kill(pid_, signal); }
    void kill() {
        if (pid_ == -1) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }

private:
    char state() const {
        const std::string stat = read_file("/proc/" + std::to_string(pid_) + "/stat");
        const std::size_t name_end = stat.rfind(") ");
        return name_end == stat.npos ? 'Z' : stat[name_end + 2];
    }
    pid_t pid_;
};

struct shared_file {
    temporary_directory directory;
    std::string path = directory / "foo";
    shared_file() { write_file(path, foo_bytes(0, 0)); }
};

}  // namespace

TEST_SUITE("lab") {
    TEST_CASE("header: what has changed already is not waited for") {
        alignas(8) foo word{7, 0};
        CHECK(wait_until(word, 6, within(long_time)));
        CHECK(word.baz == 0);
    }

    TEST_CASE("header: waiting has an end") {
        alignas(8) foo word{7, 0};
        CHECK_FALSE(wait_until(word, 7, within(milliseconds{1})));
        CHECK_FALSE(wait_until(word, 7, within(milliseconds{0})));
        CHECK(word.bar == 7);
    }

    TEST_CASE("header: a post adds one and asks the kernel only for sleepers") {
        if (!may_step()) return;
        const shared<foo> word;
        stepper poster([&] {
            for (int i = 0; i < 1000; ++i) post(*word);
        });
        int calls = 0;
        while (poster.step_to_call()) calls += poster.call() == SYS_futex;
        CHECK(calls == 0);
        CHECK(word->bar == 1000);
        CHECK_FALSE(post(*word));
        word->baz = 1;
        CHECK(post(*word));
    }

    TEST_CASE("header: a post wakes everybody who sleeps") {
        const shared<foo> word;
        const auto wait = [&] {
            if (!wait_until(*word, 0, within(long_time))) ::_exit(1);
        };
        const sleeper one(wait), two(wait), three(wait);
        for (const auto* each : {&one, &two, &three}) REQUIRE(each->asleep());
        CHECK(post(*word));
        for (const auto* each : {&one, &two, &three}) CHECK(each->ends());
        CHECK(word->baz == 0);
        CHECK_FALSE(post(*word));
    }

    TEST_CASE("header: a post after any instruction of a waiter is not lost") {
        if (!may_step()) return;
        const shared<foo> word;
        const time_limit limit = within(long_time);  // not stepped
        bool slept = false;
        for (long point = 0; !slept; ++point) {
            *word = {0, 0};
            stepper waiter([&] { wait_until(*word, 0, limit); });
            for (long i = 0; i < point && !waiter.asleep(); ++i) REQUIRE(waiter.step());
            slept = waiter.asleep();
            post(*word);
            CAPTURE(point);
            REQUIRE(describe_status(waiter.finish()) == "exit status 0");
        }
        CHECK(slept);
    }

    TEST_CASE("header: a file that is cut before the sleep is an error and no death") {
        if (!may_step()) return;
        const shared_file file;
        const time_limit limit = within(long_time);
        stepper waiter([&] {
            const mapped<foo> word = map_primed<foo>(file.path, "a foo");
            try {
                wait_until(*word, 0, limit);
            } catch (const std::system_error& error) {
                ::_exit(error.code().value());
            }
        });
        while (waiter.step_to_call() && waiter.call() != SYS_futex) {
        }
        check(::truncate(file.path.c_str(), 0), "truncate");
        const int bad_address = EFAULT;
        CHECK(describe_status(waiter.finish()) ==
              "exit status " + std::to_string(bad_address));
    }

    TEST_CASE("header: a sleeper is woken though the post is slow") {
        if (!may_step()) return;
        const shared<foo> word;
        const sleeper waiter([&] { wait_until(*word, 0, within(long_time)); });
        REQUIRE(waiter.asleep());
        stepper poster([&] { post(*word); });
        while (poster.step()) waiter.settle();  // it may run after each instruction
        CHECK(waiter.ends());
    }

    TEST_CASE("header: a signal does not end the wait") {
        const shared<foo> word;
        const sleeper waiter([&] {
            struct sigaction action = {};
            action.sa_handler = [](int) {};
            ::sigaction(SIGUSR1, &action, nullptr);
            if (!wait_until(*word, 0, within(long_time))) ::_exit(1);
            if (std::atomic_ref(word->bar).load() == 0) ::_exit(2);
        });
        REQUIRE(waiter.asleep());
        for (int i = 0; i < 3; ++i) {
            waiter.send(SIGUSR1);
            ::usleep(1000);
            CHECK(waiter.asleep());
        }
        post(*word);
        CHECK(waiter.ends());
    }

    // Weighs 2.
    TEST_CASE("program: whoever waits is woken and says what has changed") {
        const shared_file file;
        const int before = drawn() & 0xffff;
        write_file(file.path, foo_bytes(before, 0));
        std::vector<child> waiting;
        for (int i = 0; i < 3; ++i)
            waiting.emplace_back(std::vector<std::string>{program, file.path, "wait"});
        // They may not have begun: a post that comes too early is not waited for.
        int posts = 0;
        for (const child& one : waiting) {
            CHECK(eventually([&] {
                ++posts;
                CHECK(run({program, file.path, "post", "1"}).how == "exit status 0");
                ::usleep(10'000);
                return has_ended(one);
            }));
        }
        CHECK(read_file(file.path) == foo_bytes(before + posts, 0));
        for (child& one : waiting) {
            std::istringstream said(one.wait().out);
            std::string changed, from, to;
            int old = 0, now = 0;
            said >> changed >> from >> old >> to >> now;
            CHECK(changed + " " + from + " " + to == "changed from to");
            CHECK(before <= old);
            CHECK(old < now);
            CHECK(now <= before + posts);
        }
    }
}

TEST_CASE("header: a wake-up for nothing is no change") {
    const shared<foo> word;
    const sleeper waiter([&] { wait_until(*word, 0, within(long_time)); });
    REQUIRE(waiter.asleep());
    futex(word->bar, FUTEX_WAKE, INT_MAX);
    ::usleep(1000);
    CHECK(waiter.asleep());
    post(*word);
    CHECK(waiter.ends());
}

TEST_CASE("header: a sleeper that is killed takes no wake-up with it") {
    const shared<foo> word;
    const auto wait = [&] { wait_until(*word, 0, within(long_time)); };
    sleeper dying(wait);
    const sleeper other(wait);
    REQUIRE(dying.asleep());
    REQUIRE(other.asleep());
    dying.send(SIGSTOP);
    post(*word);
    dying.kill();
    CHECK(other.ends());
}

TEST_CASE(
    "header: after a poster that is killed at any instruction the next one wakes") {
    if (!may_step()) return;
    const shared<foo> word;
    const sleeper* waiter = nullptr;
    std::optional<sleeper> asleep;
    const auto sleep_again = [&] {
        *word = {0, 0};
        asleep.reset();
        asleep.emplace([&] { wait_until(*word, 0, within(long_time)); });
        waiter = &*asleep;
        REQUIRE(waiter->asleep());
    };
    sleep_again();
    killed_after_each([&] { post(*word); },
                      [&] {
                          post(*word);
                          REQUIRE(waiter->ends());
                          sleep_again();
                      });
}

TEST_CASE("header: spinning sees a change without the kernel and then sleeps") {
    if (!may_step()) return;
    const shared<foo> word;
    word->bar = 1;
    stepper lucky([&] { spin_then_sleep(*word, 0, within(long_time), 10); });
    int calls = 0;
    while (lucky.step_to_call()) calls += lucky.call() == SYS_futex;
    CHECK(calls == 0);
    const sleeper waiter([&] { spin_then_sleep(*word, 1, within(long_time), 10); });
    REQUIRE(waiter.asleep());
    post(*word);
    CHECK(waiter.ends());
}

TEST_CASE("fact: atomic wait is not woken by another process") {
    const shared<std::atomic<int>> value;
    const sleeper waiter([&] { value->wait(0); });
    ::usleep(100'000);  // the library spins for a while
    REQUIRE(waiter.asleep());
    value->store(1);
    value->notify_all();
    if (waiter.ends(milliseconds{300}))
        skip("this library's atomic::wait works between processes");
}

TEST_CASE("fact: a semaphore that a dead process holds is never given back") {
    const shared<sem_t> semaphore;
    check(::sem_init(&*semaphore, 1, 1), "sem_init");
    const shared<std::atomic<bool>> held;
    sleeper holder([&] {
        ::sem_wait(&*semaphore);
        *held = true;
        for (;;) ::pause();
    });
    REQUIRE(eventually([&] { return held->load(); }));
    holder.kill();
    const time_limit soon = within(milliseconds{20});
    CHECK(::sem_clockwait(&*semaphore, CLOCK_MONOTONIC, &soon.end) == -1);
    CHECK(errno == ETIMEDOUT);
}

TEST_CASE("fact: a descriptor of a process tells of its death") {
    sleeper other([] {
        for (;;) ::pause();
    });
    CHECK(other.asleep());
    const unique_fd watched(static_cast<int>(
        check(::syscall(SYS_pidfd_open, other.pid(), 0), "pidfd_open")));
    pollfd poll_it{watched.get(), POLLIN, 0};
    CHECK(::poll(&poll_it, 1, 0) == 0);
    other.send(SIGKILL);
    CHECK(::poll(&poll_it, 1, 10'000) == 1);
}

TEST_CASE("program: posts for nobody make no call and one for a sleeper does" *
          doctest::test_suite("lab")) {
    const shared_file file;
    const int posts = 100'000 + (drawn() & 0xffff);
    CHECK(run({program, file.path, "post", std::to_string(posts)}).out ==
          "posts: " + std::to_string(posts) + ", calls of the kernel: 0\n");
    CHECK(read_file(file.path) == foo_bytes(posts, 0));
    // A post that comes just before one sleeps is seen without sleeping.
    std::optional<child> waiting;
    CHECK(eventually([&] {
        if (!waiting || has_ended(*waiting))
            waiting.emplace(std::vector<std::string>{program, file.path, "wait"});
        ::usleep(10'000);
        return run({program, file.path, "post", "1"}).out ==
               "posts: 1, calls of the kernel: 1\n";
    }));
    CHECK(waiting->wait().how == "exit status 0");
}

TEST_CASE("limit: a wait says that nothing has changed" * doctest::skip()) {
    const shared_file file;
    const ended result = run({program, file.path, "wait"});
    CHECK(result.how == "exit status 1");
    CHECK(result.err == "15_wait_and_wake: nothing has changed in 2000 ms\n");
}

TEST_CASE("program: bad input is one line and changes nothing") {
    const shared_file file;
    for (const auto& words : {std::vector<std::string>{},
                              {"wait", "1"},
                              {"post"},
                              {"post", "x"},
                              {"post", "-5"},
                              {"spin"},
                              {"wake"}}) {
        std::vector<std::string> all{program, file.path};
        all.insert(all.end(), words.begin(), words.end());
        CHECK(run(all).how == "exit status 2");
    }
    CHECK(read_file(file.path) == foo_bytes(0, 0));
    write_file(file.path, "short");
    const ended result = run({program, file.path, "post", "1"});
    CHECK(result.how == "exit status 1");
    CHECK(result.err == "15_wait_and_wake: " + in_quotes(file.path) +
                            " has 5 bytes, not the 8 of a foo\n");
}
