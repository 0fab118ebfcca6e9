// history_model.hpp: a memory in which a reader sees all that C++ permits, and not only
// what this processor happens to do.
//
// One writer writes first, and each store leaves a message: the value, and what else is
// known to whoever acquires it. Then the reader runs again and again, and each of its
// loads takes every message that it may ([intro.races], [atomics.order]): none that is
// older than what it knows of. What holds in all of its runs holds on every processor.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

struct history_model {
    /// For each word, the number of the oldest message that may still be read.
    using view = std::vector<std::size_t>;
    struct message {
        std::uint64_t value;
        view known;
    };

    class word {
    public:
        word(std::uint64_t first = 0) : number_{memory.size()} {
            memory.push_back({{first, {}}});
        }
        void store(std::uint64_t value, std::memory_order order) {
            auto& messages = memory[number_];
            grow(known)[number_] = messages.size();
            view shared = order == std::memory_order_release ? known : released;
            grow(shared)[number_] = messages.size();
            messages.push_back({value, shared});
        }
        std::uint64_t load(std::memory_order order) const {
            const auto& messages = memory[number_];
            const std::size_t oldest = grow(known)[number_];
            const std::size_t i = oldest + choose(messages.size() - oldest);
            known[number_] = i;
            merge(order == std::memory_order_acquire ? known : not_yet_acquired,
                  messages[i].known);
            return messages[i].value;
        }

    private:
        std::size_t number_;
    };

    static void fence(std::memory_order order) {
        if (order == std::memory_order_release)
            released = known;
        else
            merge(known, not_yet_acquired);
    }

    /// From now on, another thread runs: it knows of nothing yet.
    static void next_thread() { known = not_yet_acquired = released = {}; }

    /// Forgets everything, before words are made anew.
    static void begin() {
        memory.clear();
        choices.clear();
        next_thread();
    }

    /// Runs reader() once for each way in which its loads may choose; returns how many
    /// there were.
    template <class Reader>
    static int every_way(Reader reader) {
        choices.clear();
        int ways = 0;
        do {
            next_thread();
            next_choice = 0;
            reader();
            ++ways;
            choices.resize(next_choice);
            while (!choices.empty() && choices.back().taken + 1 == choices.back().of)
                choices.pop_back();
            if (!choices.empty()) ++choices.back().taken;
        } while (!choices.empty());
        return ways;
    }

private:
    struct choice {
        std::size_t taken, of;
    };
    static view& grow(view& v) {
        v.resize(std::max(v.size(), memory.size()));
        return v;
    }
    static void merge(view& into, const view& from) {
        grow(into);
        for (std::size_t i = 0; i < from.size(); ++i)
            into[i] = std::max(into[i], from[i]);
    }
    /// Takes the same way as the last time, up to its last choice but one.
    static std::size_t choose(std::size_t of) {
        if (next_choice == choices.size()) choices.push_back({0, of});
        return choices[next_choice++].taken;
    }

    inline static std::vector<std::vector<message>> memory;
    inline static view known, not_yet_acquired, released;
    inline static std::vector<choice> choices;
    inline static std::size_t next_choice = 0;
};
