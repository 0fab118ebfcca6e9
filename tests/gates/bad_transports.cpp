// Workers of step 24 with one defect each, for bench.py.
#include <unistd.h>

#include "03_missing_file/foo_from_mmap.hpp"
#include "24_choosing/harness/command.hpp"
#include "24_choosing/harness/measurements.hpp"
#include "24_choosing/transports/memfd.hpp"

namespace {

/// After a hundred words, one bit of each is another.
class corrupting : public over_memfd {
public:
    using over_memfd::over_memfd;
    void send(std::uint64_t word) { over_memfd::send(++sent_ > 100 ? word ^ 1 : word); }

private:
    int sent_ = 0;
};

/// After a hundred words, nothing more comes.
class silent : public over_memfd {
public:
    using over_memfd::over_memfd;
    void send(std::uint64_t word) {
        if (++sent_ <= 100) over_memfd::send(word);
    }

private:
    int sent_ = 0;
};

/// After a hundred words, step 04: the file under a mapping is empty.
class dying : public over_memfd {
public:
    using over_memfd::over_memfd;
    void send(std::uint64_t word) {
        if (++sent_ > 100) {
            const int empty =
                check(::memfd_create("empty", MFD_CLOEXEC), "memfd_create");
            word = static_cast<std::uint64_t>(map_shared<foo>(empty, "empty")->bar);
        }
        over_memfd::send(word);
    }

private:
    int sent_ = 0;
};

/// Its second side cannot be opened.
class half_open : public over_memfd {
public:
    using over_memfd::over_memfd;
    void open(side s) {
        if (s == side::answering) fail(ECONNREFUSED, "connect", "nowhere");
        over_memfd::open(s);
    }
};

}  // namespace

int main(int argc, char** argv) {
    return run_worker("bad_transports", argc, argv,
                      {{"good", round_trips<over_memfd>},
                       {"corrupting", round_trips<corrupting>},
                       {"silent", round_trips<silent>},
                       {"dying", round_trips<dying>},
                       {"half-open", round_trips<half_open>}});
}
