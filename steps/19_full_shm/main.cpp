// 19_full_shm: no room behind the mapping, and how to live on.
//
// Run:     build/steps/19_full_shm /suchfoo.demo 64               64 MiB, if there is
// room
//          build/steps/19_full_shm /suchfoo.demo 64 --reserve
//          build/steps/05_primed_file /tmp/suchfoo 42 98
//          build/steps/19_full_shm /tmp/suchfoo --survive
//          truncate --size=0 /tmp/suchfoo                         in another terminal
// Expect:  where /dev/shm is smaller than that, a death by SIGBUS, and with --reserve
//          one line; and a session that goes on when its file is cut.
// Next:    20_why_sigbus: the cause of a bus error in any program.
#include "04_empty_file_sigbus/explain_sigbus.hpp"
#include "05_primed_file/primed_file.hpp"
#include "06_two_processes/where_mapped.hpp"
#include "07_shm_open/shm_name.hpp"
#include "19_full_shm/careful_foo.hpp"
#include "19_full_shm/full_object.hpp"
#include "common/program.hpp"
#include "common/session.hpp"

namespace {

const char* const name = "19_full_shm";
constexpr std::size_t MiB = 1 << 20;

void fill(const std::string& object_name, int size, bool reserves) {
    if (size < 1) throw usage_error{"MIB is 1 or more"};
    const std::size_t bytes = static_cast<std::size_t>(size) * MiB;
    const unique_fd object = new_object(object_name, bytes, reserves);
    void* const address = check(
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, object.get(), 0),
        "mmap", object_name);
    std::cout << "it has its size, and is mapped" << std::endl;
    explain_sigbus(address, "/proc/self/fd/" + std::to_string(object.get()));
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    auto* const all = static_cast<volatile char*>(address);
    for (std::size_t i = 0; i < bytes; i += page) all[i] = 1;
    std::cout << "every page of it has been written" << std::endl;
}

void survive(const std::string& path) {
    survive_sigbus();
    careful_foo f(map_primed<foo>(path, "a foo"));
    run_session(name, f, where_mapped);
}

void fill_or_survive(const arguments& args) {
    const bool reserves = args.size() == 3 && args[2] == "--reserve";
    if (args.size() == 2 && args[1] == "--survive") {
        survive(args[0]);
    } else if (args.size() == 2 || reserves) {
        fill(shm_name(args[0]), int_argument(args[1]), reserves);
    } else {
        throw usage_error{};
    }
}

}  // namespace

int main(int argc, char** argv) {
    return run_program(name, "NAME MIB [--reserve]\nPATH --survive", argc, argv,
                       fill_or_survive);
}
