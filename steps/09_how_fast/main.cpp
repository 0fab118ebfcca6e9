// 09_how_fast: one transport, measured between two processes.
//
// Run:     build/steps/09_how_fast shm_open
//          build/steps/09_how_fast pipe
//          make bench: all of them, compared
// Expect:  how long 8 bytes take there and back, half the time, every byte verified.
// This is the last step so far.
#include "09_how_fast/anchor.hpp"
#include "09_how_fast/bare.hpp"
#include "09_how_fast/bulk_stream.hpp"
#include "09_how_fast/command.hpp"
#include "09_how_fast/eventfd.hpp"
#include "09_how_fast/file.hpp"
#include "09_how_fast/futex.hpp"
#include "09_how_fast/measurements.hpp"
#include "09_how_fast/memfd.hpp"
#include "09_how_fast/pipe.hpp"
#include "09_how_fast/posix_queue.hpp"
#include "09_how_fast/ring.hpp"
#include "09_how_fast/semaphore.hpp"
#include "09_how_fast/shm.hpp"
#include "09_how_fast/tcp.hpp"
#include "09_how_fast/unix_stream.hpp"
#include "09_how_fast/vm_readv.hpp"

int main(int argc, char** argv) {
    using enum waiting;
    const measurement_table table{
        {"bare", bare_loops},

        {"threads", between_threads},
        {"file", round_trips<over_file>},
        {"shm_open", round_trips<over_shm>},
        {"memfd", round_trips<over_memfd>},

        {"pipe-polled", round_trips<over_pipe<polling>>},
        {"unix-polled", round_trips<over_unix<polling>>},
        {"tcp-polled", round_trips<over_tcp<polling>>},

        {"futex", round_trips<over_futex>},
        {"semaphore", round_trips<over_semaphore>},
        {"eventfd", round_trips<over_eventfd>},
        {"pipe", round_trips<over_pipe<blocking>>},
        {"unix", round_trips<over_unix<blocking>>},
        {"tcp", round_trips<over_tcp<blocking>>},
        {"posix-queue", round_trips<over_posix_queue>},

        {"memcpy", copies},
        {"bulk-in-place", messages<bulk_in_place>},
        {"bulk-copied", messages<bulk_copied>},
        {"bulk-pipe", messages<bulk_over<over_pipe<polling>>>},
        {"bulk-unix", messages<bulk_over<over_unix<polling>>>},
        {"bulk-tcp", messages<bulk_over<over_tcp<polling>>>},
        {"bulk-vm-readv", messages<bulk_vm_readv>},
    };
    if (argc > 1 && std::string_view(argv[1]) == "anchor")
        return run_anchor("09_how_fast", argc, argv);
    return run_worker("09_how_fast", argc, argv, table);
}
