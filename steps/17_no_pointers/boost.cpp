// 17_boost: the same with Boost.Interprocess, for real use.
//
// Run:     build/steps/17_boost /suchfoo.demo push 42 98
//          build/steps/17_boost /suchfoo.demo list
//          build/steps/17_boost /suchfoo.demo fill       until there is no room
//          build/steps/17_boost /suchfoo.demo die        in the middle of a
//          construction
// Expect:  a vector of foos in shared memory, whose pointers are distances. After the
//          death everybody who opens the object waits for ever, or, with a later Boost,
//          is told that its lock is lost.
#include <signal.h>

#include <boost/container/vector.hpp>
#include <boost/interprocess/allocators/allocator.hpp>
#include <boost/interprocess/managed_shared_memory.hpp>
#include <iostream>

#include "01_raw_struct/layout.hpp"
#include "common/program.hpp"

namespace {

namespace ipc = boost::interprocess;
using segment = ipc::managed_shared_memory;
using foo_allocator = ipc::allocator<foo, segment::segment_manager>;
using foos = boost::container::vector<foo, foo_allocator>;

struct killed_while_made {
    killed_while_made() { ::raise(SIGKILL); }
};

void use_boost(const arguments& args) {
    const std::string what = args.size() > 1 ? args[1] : "";
    const bool pushes = what == "push" && args.size() == 4;
    if (!pushes &&
        !(args.size() == 2 && (what == "list" || what == "fill" || what == "die")))
        throw usage_error{};

    ipc::permissions mode;
    mode.set_permissions(0600);  // without this, everybody may read it
    segment memory(ipc::open_or_create, args[0].c_str(), 1 << 20, nullptr, mode);
    foos& list = *memory.find_or_construct<foos>("foos")(memory.get_segment_manager());
    if (pushes) list.push_back({int_argument(args[2]), int_argument(args[3])});
    if (what == "list") {
        for (const foo& f : list)
            std::cout << "Foo(" << f.bar << ", " << f.baz << ")" << std::endl;
    }
    if (what == "fill") {
        while (true) list.push_back({0, 0});
    }
    if (what == "die") memory.construct<killed_while_made>("unlucky")();
}

}  // namespace

int main(int argc, char** argv) {
    const char* const usage = "NAME push BAR BAZ\nNAME list\nNAME fill\nNAME die";
    return run_program("17_boost", usage, argc, argv, use_boost);
}
