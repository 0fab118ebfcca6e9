// settings.hpp: a worker's command line: TRANSPORT and any number of KEY=NUMBER.
#pragma once

#include <map>

#include "24_choosing/harness/worker.hpp"
#include "common/program.hpp"

inline const char* const worker_usage =
    "TRANSPORT [samples=N] [batch=N] [length=N] [asking=CPU] [answering=CPU] [line=N] "
    "[seconds=N] [stop=1] [print=1] [name=/NAME]";

class settings {
public:
    explicit settings(const arguments& words) {
        for (const std::string& word : words) {
            const std::size_t equals = word.find('=');
            if (equals == std::string::npos) throw usage_error{in_quotes(word) + "?"};
            given_[word.substr(0, equals)] = word.substr(equals + 1);
        }
    }
    std::string text(const std::string& key, const std::string& otherwise) {
        const auto node = given_.extract(key);
        return node ? node.mapped() : otherwise;
    }
    int number(const std::string& key, int otherwise, int least, int most) {
        const int value = int_argument(text(key, std::to_string(otherwise)));
        if (value < least || value > most) {
            throw usage_error{key + " has to be from " + std::to_string(least) +
                              " to " + std::to_string(most)};
        }
        return value;
    }
    /// Throws usage_error if there is a key that nobody has asked for.
    void none_left() const {
        if (given_.empty()) return;
        throw usage_error{"no setting " + in_quotes(given_.begin()->first)};
    }

private:
    std::map<std::string, std::string> given_;
};

/// The task that the words after the transport's name describe. Throws usage_error.
inline task parse_task(const arguments& words) {
    settings given(arguments(words.begin() + 1, words.end()));
    const auto number = [&](const char* key, std::size_t otherwise, int most) {
        return static_cast<std::size_t>(
            given.number(key, static_cast<int>(otherwise), 1, most));
    };
    task t;
    t.where.name =
        given.text("name", "/suchfoo.how_fast." + std::to_string(::getpid()));
    if (!t.where.name.starts_with("/suchfoo.") || t.where.name.rfind('/') != 0)
        throw usage_error{"name: /suchfoo. and more, without another slash"};
    t.where.line = static_cast<unsigned>(given.number("line", 0, 0, 63));
    t.amount.samples = number("samples", t.amount.samples, max_samples);
    t.amount.batch = number("batch", t.amount.batch, 1'000'000);
    t.length = number("length", 1, 1 << 24);
    t.cpus = {given.number("asking", any_cpu, any_cpu, CPU_SETSIZE - 1),
              given.number("answering", any_cpu, any_cpu, CPU_SETSIZE - 1)};
    t.limit = std::chrono::seconds(number("seconds", 10, 3600));
    t.stop = given.number("stop", 0, 0, 1) == 1;
    t.print_samples = given.number("print", 0, 0, 1) == 1;
    given.none_left();
    return t;
}
