// 13_robust_mutex: a lock whose owner may die.
//
// Run:     build/steps/13_robust_mutex /tmp/suchfoo 60 40
//          build/steps/13_robust_mutex /tmp/suchfoo        in two terminals
// Expect:  lock and f.bar = 50 in one, then kill -9 that one; lock in the other: it
//          inherits the lock, and repairs Foo(50, 40) to Foo(50, 50).
// Next:    14_seqlock: readers that never lock.
#include <iostream>

#include "06_two_processes/where_mapped.hpp"
#include "13_robust_mutex/guarded_file.hpp"
#include "common/program.hpp"
#include "common/session.hpp"

namespace {

const char* const name = "13_robust_mutex";
constexpr std::chrono::milliseconds limit{2000};

/// What a session speaks of: the foo, as long as the lock is held.
class locked_foo {
public:
    explicit locked_foo(mapped<guarded_foo> f) : f_{std::move(f)} {}

    int bar() const { return held().bar; }
    int baz() const { return held().baz; }
    void set_bar(int value) { held().bar = value; }
    void set_baz(int value) { held().baz = value; }
    const void* address() const { return f_.get(); }
    static constexpr std::size_t size() { return sizeof(foo); }
    auto as_bytes() const { return bytes_of(foo{bar(), baz()}); }

    bool carry_out(std::string_view command) {
        if (command == "lock") {
            if (owner_) throw std::runtime_error("it is locked, by you");
            owner_.emplace(*f_, within(limit));
            if (const auto left = owner_->inherited()) {
                std::cout << "owner died; Foo(" << left->bar << ", " << left->baz
                          << ") repaired to " << *this << std::endl;
            }
        } else if (command == "unlock") {
            if (!is_whole(held())) {
                throw std::runtime_error("bar and baz must be " +
                                         std::to_string(held().total) + " together");
            }
            owner_.reset();
        } else {
            return false;
        }
        return true;
    }
    friend std::ostream& operator<<(std::ostream& out, const locked_foo& f) {
        const guarded_foo& held = f.held();
        return out << "Foo(" << held.bar << ", " << held.baz << ")";
    }

private:
    guarded_foo& held() const {
        if (!owner_) throw std::runtime_error("lock it first");
        return *f_;
    }

    mapped<guarded_foo> f_;
    std::optional<owner<guarded_foo>> owner_;
};

void hold(const arguments& args) {
    if (args.size() == 3) {
        const foo value{int_argument(args[1]), int_argument(args[2])};
        return create_guarded(args[0], value);
    }
    if (args.size() != 1) throw usage_error{};
    locked_foo f(open_guarded(args[0]));
    run_session(name, f, where_mapped,
                {"lock, unlock, ",
                 [&](std::string_view command) { return f.carry_out(command); }});
}

}  // namespace

int main(int argc, char** argv) {
    return run_program(name, "PATH BAR BAZ\nPATH", argc, argv, hold);
}
