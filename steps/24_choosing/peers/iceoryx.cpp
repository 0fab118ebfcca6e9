// 24_iceoryx: iceoryx publish and subscribe, the same way. Its daemon, iox-roudi, has
// to run: `make bench` starts and stops one.
//
// Run:     make bench, after sh common/setup.sh bench
// Set:     a publisher and a subscriber in each process, their queues the default.
#include <iceoryx_posh/popo/publisher.hpp>
#include <iceoryx_posh/popo/subscriber.hpp>
#include <iceoryx_posh/runtime/posh_runtime.hpp>
#include <optional>

#include "24_choosing/harness/command.hpp"
#include "24_choosing/harness/measurements.hpp"

namespace {

class over_iceoryx {
public:
    explicit over_iceoryx(const place& p) : name_{p.name.substr(1)} {}

    void open(side s) {
        const bool asking = s == side::asking;
        iox::runtime::PoshRuntime::initRuntime(
            text(name_ + (asking ? ".asking" : ".answering")));
        out_.emplace(topic(asking ? "there" : "back"));
        in_.emplace(topic(asking ? "back" : "there"));
        while (in_->getSubscriptionState() != iox::SubscribeState::SUBSCRIBED ||
               !out_->hasSubscribers()) {
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }
    }
    void send(std::uint64_t word) {
        out_->loan(word)
            .and_then([](auto& sample) { sample.publish(); })
            .or_else([](auto&) { throw std::runtime_error("iceoryx: loan failed"); });
    }
    std::uint64_t receive() {
        std::uint64_t word = 0;
        while (!in_->take().and_then([&](const auto& sample) { word = *sample; }))
            pause_a_moment();
        return word;
    }

private:
    static iox::capro::IdString_t text(const std::string& s) {
        return {iox::cxx::TruncateToCapacity, s};
    }
    iox::capro::ServiceDescription topic(const char* direction) const {
        return {"suchfoo", text(name_), text(direction)};
    }

    std::string name_;
    std::optional<iox::popo::Publisher<std::uint64_t>> out_;
    std::optional<iox::popo::Subscriber<std::uint64_t>> in_;
};

}  // namespace

int main(int argc, char** argv) {
    return run_worker("24_iceoryx", argc, argv,
                      {{"iceoryx-polled", round_trips<over_iceoryx>}});
}
