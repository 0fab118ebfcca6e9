// 24_boost: Boost.Interprocess's message queue and Boost.Lockfree's spsc_queue.
//
// Run:     make bench, after sh common/setup.sh bench
// Set:     two queues of one message of 8 bytes; try_send and try_receive to poll.
#include <boost/interprocess/ipc/message_queue.hpp>
#include <boost/lockfree/spsc_queue.hpp>
#include <memory>

#include "09_how_fast/words.hpp"
#include "24_choosing/harness/command.hpp"
#include "24_choosing/harness/measurements.hpp"
#include "24_choosing/harness/stream.hpp"

namespace {

using boost::interprocess::message_queue;

template <waiting how>
class over_boost_queue {
public:
    explicit over_boost_queue(const place& p)
        : there_{p.name + ".there"}, back_{p.name + ".back"} {}
    void open(side s) {
        const bool asking = s == side::asking;
        out_ = std::make_unique<message_queue>(boost::interprocess::open_only,
                                               (asking ? there_ : back_).name());
        in_ = std::make_unique<message_queue>(boost::interprocess::open_only,
                                              (asking ? back_ : there_).name());
    }
    void send(std::uint64_t word) {
        if constexpr (how == waiting::polling) {
            while (!out_->try_send(&word, sizeof word, 0)) pause_a_moment();
        } else {
            out_->send(&word, sizeof word, 0);
        }
    }
    std::uint64_t receive() {
        std::uint64_t word = 0;
        message_queue::size_type size = 0;
        unsigned priority = 0;
        if constexpr (how == waiting::polling) {
            while (!in_->try_receive(&word, sizeof word, size, priority))
                pause_a_moment();
        } else {
            in_->receive(&word, sizeof word, size, priority);
        }
        return word;
    }

private:
    /// A queue, and its name until the end.
    class queue {
    public:
        explicit queue(const std::string& name)
            : name_{name.substr(1)},  // Boost adds the slash
              made_{boost::interprocess::create_only, name_.c_str(), 1, 8} {}
        ~queue() { message_queue::remove(name_.c_str()); }
        const char* name() const { return name_.c_str(); }

    private:
        std::string name_;
        message_queue made_;
    };
    queue there_;
    queue back_;
    std::unique_ptr<message_queue> out_;
    std::unique_ptr<message_queue> in_;
};

/// One producer, one consumer; of a fixed capacity it has no pointer inside, and may
/// live in shared memory. A message is copied in and copied out.
template <std::size_t words>
class stream_spsc {
public:
    using message = message_of<words>;

    explicit stream_spsc(const place&) {}
    void open(side) {}
    template <class Fill>
    bool give(Fill fill) {
        if (queue_->write_available() == 0) return false;
        message m;
        fill(m);
        return queue_->push(m);
    }
    template <class Look>
    bool take(Look look) {
        message m;
        if (!queue_->pop(m)) return false;
        look(m);
        return true;
    }

private:
    shared_memory<boost::lockfree::spsc_queue<
        message, boost::lockfree::capacity<stream_capacity>>>
        queue_;
};

}  // namespace

int main(int argc, char** argv) {
    return run_worker(
        "24_boost", argc, argv,
        {{"boost-queue-polled", round_trips<over_boost_queue<waiting::polling>>},
         {"boost-queue", round_trips<over_boost_queue<waiting::blocking>>},
         {"stream-spsc", streams<stream_spsc<8>>},
         {"stream-spsc-8", streams<stream_spsc<1>>}});
}
