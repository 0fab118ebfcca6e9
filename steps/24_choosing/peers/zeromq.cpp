// 24_zeromq: ZeroMQ request and reply over its ipc transport, the same way.
//
// Run:     make bench, after sh common/setup.sh bench
// Set:     ZMQ_REQ and ZMQ_REP, one I/O thread in each process, the defaults otherwise.
#include <zmq.h>

#include <filesystem>

#include "24_choosing/harness/command.hpp"
#include "24_choosing/harness/measurements.hpp"

namespace {

class over_zeromq {
public:
    explicit over_zeromq(const place& p)
        : path_{std::filesystem::temp_directory_path().string() + p.name} {}
    over_zeromq(const over_zeromq&) = delete;
    ~over_zeromq() { ::unlink(path_.c_str()); }

    void open(side s) {
        context_ = zmq_ctx_new();  // here, as a context must not be used after fork
        socket_ = zmq_socket(context_, s == side::asking ? ZMQ_REQ : ZMQ_REP);
        const std::string address = "ipc://" + path_;
        check_zeromq(s == side::asking ? zmq_connect(socket_, address.c_str())
                                       : zmq_bind(socket_, address.c_str()),
                     "zmq_connect or zmq_bind");
    }
    void close() {  // waits until what was sent has left
        zmq_close(socket_);
        zmq_ctx_term(context_);
    }
    void send(std::uint64_t word) {
        check_zeromq(zmq_send(socket_, &word, sizeof word, 0), "zmq_send");
    }
    std::uint64_t receive() {
        std::uint64_t word = 0;
        check_zeromq(zmq_recv(socket_, &word, sizeof word, 0), "zmq_recv");
        return word;
    }

private:
    static void check_zeromq(int result, const char* call) {
        if (result == -1)
            throw std::runtime_error(std::string(call) + ": " +
                                     zmq_strerror(zmq_errno()));
    }

    std::string path_;
    void* context_ = nullptr;
    void* socket_ = nullptr;
};

}  // namespace

int main(int argc, char** argv) {
    return run_worker("24_zeromq", argc, argv, {{"zeromq", round_trips<over_zeromq>}});
}
