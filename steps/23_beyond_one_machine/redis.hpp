// redis.hpp: commands to a Redis server, and its answers, each with a time limit.
#pragma once

#include <hiredis/hiredis.h>
#include <signal.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "08_socket/full_io.hpp"

// #region answer
/// What the server has answered: a tree of texts and numbers.
using answer = std::unique_ptr<redisReply, void (*)(void*)>;

/// The texts of an answer that is a list; an empty one stands for what is no text.
inline std::vector<std::string> texts(const answer& list) {
    std::vector<std::string> result;
    for (std::size_t i = 0; i < list->elements; ++i) {
        const redisReply* const one = list->element[i];
        result.emplace_back(one->str == nullptr ? "" : std::string(one->str, one->len));
    }
    return result;
}
// #endregion answer

// #region redis
/// A server that may be absent, stop, and come back: a connection is made when it is
/// needed, and given up after any error.
class redis {
public:
    /// SIGPIPE is ignored from here on: hiredis would die of a connection that was
    /// reset.
    redis(std::string host, int port, std::chrono::milliseconds limit)
        : host_{std::move(host)}, port_{port}, limit_{limit} {
        ::signal(SIGPIPE, SIG_IGN);
    }

    /// Sends a command, each word as it is, and waits for its answer, `limit` at most
    /// for all of it. Throws std::runtime_error if none comes, or if it is an error.
    /// Then nobody knows whether the command was carried out, unless the server has
    /// said that it was not.
    answer ask(const std::vector<std::string>& words) {
        if (!connection_) connect();
        std::vector<const char*> starts;
        std::vector<std::size_t> sizes;
        for (const std::string& word : words) {
            starts.push_back(word.data());
            sizes.push_back(word.size());
        }
        ::redisAppendCommandArgv(connection_.get(), static_cast<int>(words.size()),
                                 starts.data(), sizes.data());
        answer got = wait_for_answer(std::chrono::steady_clock::now() + limit_);
        if (got->type == REDIS_REPLY_ERROR) give_up(std::string(got->str, got->len));
        return got;
    }

    /// The next command begins with a new connection, of which the server knows
    /// nothing.
    void forget() { connection_.reset(); }

private:
    /// hiredis' own time limit is one for each piece of an answer.
    answer wait_for_answer(time_point end) {
        redisContext* const c = connection_.get();
        for (int written = 0; written == 0;) {
            if (::redisBufferWrite(c, &written) == REDIS_ERR) give_up(c->errstr);
        }
        for (;;) {
            void* got = nullptr;
            if (::redisGetReplyFromReader(c, &got) == REDIS_ERR) give_up(c->errstr);
            if (got != nullptr)
                return {static_cast<redisReply*>(got), ::freeReplyObject};
            // It may still come, and would be taken for the next question's.
            if (std::chrono::steady_clock::now() >= end) give_up("no answer in time");
            std::vector<pollfd> waiting{{c->fd, POLLIN, 0}};
            poll_until(waiting, end);
            if (waiting[0].revents != 0 && ::redisBufferRead(c) == REDIS_ERR)
                give_up(c->errstr);
        }
    }
    void connect() {
        const auto ms = limit_.count();
        const timeval limit{ms / 1000, ms % 1000 * 1000};
        connection_.reset(::redisConnectWithTimeout(host_.c_str(), port_, limit));
        if (!connection_) throw std::bad_alloc();
        if (connection_->err != 0) give_up(connection_->errstr);
        ::redisSetTimeout(connection_.get(), limit);  // for writing
    }
    [[noreturn]] void give_up(std::string why) {  // a copy: forget() frees errstr
        forget();
        throw std::runtime_error(host_ + ":" + std::to_string(port_) + ": " + why);
    }

    std::string host_;
    int port_;
    std::chrono::milliseconds limit_;  // for connecting, and for each answer
    std::unique_ptr<redisContext, void (*)(redisContext*)> connection_{nullptr,
                                                                       ::redisFree};
};
// #endregion redis
