// 24_choosing: one transport, measured between two processes.
//
// Run:     build/steps/24_choosing shm_open
//          build/steps/24_choosing pipe
//          make bench: all of them, compared
// Expect:  how long 8 bytes take there and back, half the time, every byte verified.
// This is the last step.
#include "24_choosing/harness/anchor.hpp"
#include "24_choosing/harness/bare.hpp"
#include "24_choosing/harness/command.hpp"
#include "24_choosing/harness/idle.hpp"
#include "24_choosing/harness/measurements.hpp"
#include "24_choosing/transports/bulk_stream.hpp"
#include "24_choosing/transports/eventfd.hpp"
#include "24_choosing/transports/file.hpp"
#include "24_choosing/transports/memfd.hpp"
#include "24_choosing/transports/pipe.hpp"
#include "24_choosing/transports/posix_queue.hpp"
#include "24_choosing/transports/ring.hpp"
#include "24_choosing/transports/ring_pair.hpp"
#include "24_choosing/transports/semaphore.hpp"
#include "24_choosing/transports/shm.hpp"
#include "24_choosing/transports/stream_plain.hpp"
#include "24_choosing/transports/stream_ring.hpp"
#include "24_choosing/transports/tcp.hpp"
#include "24_choosing/transports/unix_stream.hpp"
#include "24_choosing/transports/values.hpp"
#include "24_choosing/transports/vm_readv.hpp"
#include "24_choosing/transports/wait_words.hpp"

using sleeping = over_wait_words<0>;
using spinning_first = over_wait_words<20'000>;

int main(int argc, char** argv) {
    using enum waiting;
    const measurement_table table{
        {"bare", bare_loops},

        {"threads", between_threads},
        {"file", round_trips<over_file>},
        {"shm_open", round_trips<over_shm>},
        {"memfd", round_trips<over_memfd>},
        {"ring", round_trips<over_ring_pair>},
        {"spin-then-sleep", round_trips<spinning_first>},

        {"pipe-polled", round_trips<over_pipe<polling>>},
        {"unix-polled", round_trips<over_unix<polling>>},
        {"tcp-polled", round_trips<over_tcp<polling>>},

        {"futex", round_trips<sleeping>},
        {"semaphore", round_trips<over_semaphore>},
        {"eventfd", round_trips<over_eventfd>},
        {"pipe", round_trips<over_pipe<blocking>>},
        {"unix", round_trips<over_unix<blocking>>},
        {"tcp", round_trips<over_tcp<blocking>>},
        {"posix-queue", round_trips<over_posix_queue>},

        {"stream-ring", streams<stream_ring<8, 1>>},
        {"stream-ring-batches", streams<stream_ring<8, 32>>},
        {"stream-ring-8", streams<stream_ring<1, 1>>},
        {"stream-plain", streams<stream_plain<8>>},

        {"atomic-quiet", reads<atomic_value, false>},
        {"seqlock-quiet", reads<seqlock_value, false>},
        {"mutex-quiet", reads<mutex_value, false>},
        {"atomic-written", reads<atomic_value, true>},
        {"seqlock-written", reads<seqlock_value, true>},
        {"mutex-written", reads<mutex_value, true>},

        {"idle-shm_open", idle<over_shm>},
        {"idle-spin-then-sleep", idle<spinning_first>},
        {"idle-futex", idle<sleeping>},

        {"memcpy", copies},
        {"bulk-in-place", messages<bulk_in_place>},
        {"bulk-copied", messages<bulk_copied>},
        {"bulk-pipe", messages<bulk_over<over_pipe<polling>>>},
        {"bulk-unix", messages<bulk_over<over_unix<polling>>>},
        {"bulk-tcp", messages<bulk_over<over_tcp<polling>>>},
        {"bulk-vm-readv", messages<bulk_vm_readv>},
    };
    if (argc > 1 && std::string_view(argv[1]) == "anchor")
        return run_anchor("24_choosing", argc, argv);
    return run_worker("24_choosing", argc, argv, table);
}
