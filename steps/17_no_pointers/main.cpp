// 17_no_pointers: an address means nothing elsewhere.
//
// Run:     build/steps/17_no_pointers /suchfoo.demo push 42 98
//          build/steps/17_no_pointers /suchfoo.demo list
//          build/steps/17_no_pointers /suchfoo.demo crash
// Expect:  the list, found by distances; and a death by SIGSEGV, as the same list is
//          followed by the addresses that another process has written.
// Next:    18_sealed_memfd: memory that has no name.
#include <sys/file.h>

#include <iostream>

#include "07_shm_open/shm_name.hpp"
#include "17_no_pointers/foo_list.hpp"
#include "common/program.hpp"

namespace {

void print(const foo& f) {
    std::cout << "Foo(" << f.bar << ", " << f.baz << ")" << std::endl;
}

void create_list(const std::string& path) {
    try {
        create_with<foo_list>(path, [](foo_list& list) {
            std::construct_at(&list.first);  // to nothing, which is not all zeros
            for (node& n : list.nodes) std::construct_at(&n.next);
            list.layout = list_layout;
            list.magic = list_magic;
        });
    } catch (const std::system_error& error) {
        if (error.code() != std::errc::file_exists) throw;  // another was faster
    }
}

mapped<foo_list> open_list(const std::string& path) {
    mapped<foo_list> list = open_with<foo_list>(path, list_magic, "list of foos");
    if (list->layout != list_layout)
        throw std::runtime_error(in_quotes(path) + " is laid out in another way");
    return list;
}

void push_list_or_crash(const arguments& args) {
    const bool pushes = args.size() == 4 && args[1] == "push";
    const bool crashes = args.size() == 2 && args[1] == "crash";
    if (!pushes && !crashes && !(args.size() == 2 && args[1] == "list"))
        throw usage_error{};
    const foo value =
        pushes ? foo{int_argument(args[2]), int_argument(args[3])} : foo{};

    const std::string path = "/dev/shm" + shm_name(args[0]);
    if (pushes && !std::filesystem::exists(path)) create_list(path);
    const mapped<foo_list> list = open_list(path);
    // Who pushes is alone meanwhile; when we end, or die, the lock is free.
    const unique_fd lock(
        check(::open(path.c_str(), O_RDONLY | O_CLOEXEC), "open", path));
    check(::flock(lock.get(), pushes ? LOCK_EX : LOCK_SH), "flock", path);
    if (pushes) push(*list, value);
    const bool lists = !pushes && !crashes;
    const node* const first = lists ? list->first.get() : list->address_of_first;
    std::cout << "the first one is at " << first << std::endl;
    if (pushes)
        print(list->address_of_first->value);
    else if (crashes)
        by_address(*list, print);
    else
        by_offset(*list, print);
}

}  // namespace

int main(int argc, char** argv) {
    return run_program("17_no_pointers", "NAME push BAR BAZ\nNAME list\nNAME crash",
                       argc, argv, push_list_or_crash);
}
