// threads.cpp: two that add to one foo, for ThreadSanitizer, which sees threads that
// use one mapping, and neither processes nor a second mapping of the same memory.
//
//     threads plain|volatile|atomic  threads|mappings|processes
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <string>
#include <thread>

#include "11_lost_updates/plain.hpp"
#include "common/error.hpp"
#include "common/unique_fd.hpp"

namespace {

/// Says that one of the two is done; relaxed, so that it orders nothing else.
std::atomic<bool>* done = nullptr;

void add(const std::string& how, foo* f) {
    if (how == "atomic") {
        std::atomic_ref(f->bar).fetch_add(1, std::memory_order_relaxed);
    } else if (how == "volatile") {
        volatile int* bar = &f->bar;
        *bar = *bar + 1;
    } else {
        Foo borrowed(Foo::storage(f, [](foo*) {}));
        add_plainly(borrowed, 1);
    }
}

void add_second(const std::string& how, foo* f) {
    while (!done->load(std::memory_order_relaxed)) std::this_thread::yield();
    add(how, f);
}

}  // namespace

int main(int, char** argv) {
    const std::string how = argv[1], who = argv[2];
    const unique_fd file(check(::memfd_create("foo", MFD_CLOEXEC), "memfd_create"));
    check(::ftruncate(file.get(), 64), "ftruncate");
    const auto map = [&] {
        return check(
            ::mmap(nullptr, 64, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0),
            "mmap");
    };
    auto* first = static_cast<foo*>(map());
    auto* second = who == "mappings" ? static_cast<foo*>(map()) : first;
    done = static_cast<std::atomic<bool>*>(static_cast<void*>(first + 4));
    if (who == "processes") {
        const pid_t pid = check(::fork(), "fork");
        if (pid == 0) {
            add_second(how, second);
            ::_exit(0);
        }
        add(how, first);
        done->store(true, std::memory_order_relaxed);
        ::waitpid(pid, nullptr, 0);
    } else {
        std::thread other([&] { add_second(how, second); });
        add(how, first);
        done->store(true, std::memory_order_relaxed);
        other.join();
    }
    std::printf("bar is %d\n", first->bar);
}
