// redis.hpp: commands to a Redis server, and its answers; nothing waits for ever.
#pragma once

#include <hiredis/hiredis.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

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
    redis(std::string host, int port, timeval limit)
        : host_{std::move(host)}, port_{port}, limit_{limit} {}

    /// Sends a command, each word as it is, and waits for its answer, `limit` at most.
    /// Throws std::runtime_error if none comes, or if it is an error. Then nobody knows
    /// whether the command was carried out, unless the server has said that it was not.
    answer ask(const std::vector<std::string>& words) {
        if (!connection_) connect();
        std::vector<const char*> starts;
        std::vector<std::size_t> sizes;
        for (const std::string& word : words) {
            starts.push_back(word.data());
            sizes.push_back(word.size());
        }
        answer got(static_cast<redisReply*>(::redisCommandArgv(
                       connection_.get(), static_cast<int>(words.size()), starts.data(),
                       sizes.data())),
                   ::freeReplyObject);
        // After a time-out the answer may still come, to the next question.
        if (!got) give_up(connection_->errstr);
        if (got->type == REDIS_REPLY_ERROR) give_up(std::string(got->str, got->len));
        return got;
    }

    /// The next command begins with a new connection, of which the server knows
    /// nothing.
    void forget() { connection_.reset(); }

private:
    void connect() {
        connection_.reset(::redisConnectWithTimeout(host_.c_str(), port_, limit_));
        if (!connection_) throw std::bad_alloc();
        if (connection_->err != 0) give_up(connection_->errstr);
        ::redisSetTimeout(connection_.get(), limit_);
    }
    [[noreturn]] void give_up(const std::string& why) {
        forget();
        throw std::runtime_error(host_ + ":" + std::to_string(port_) + ": " + why);
    }

    std::string host_;
    int port_;
    timeval limit_;  // for connecting, and for each answer
    std::unique_ptr<redisContext, void (*)(redisContext*)> connection_{nullptr,
                                                                       ::redisFree};
};
// #endregion redis
