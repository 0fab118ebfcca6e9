// sealed_foo.hpp: memory without a name, whose size nobody can change any more.
#pragma once

#include <sys/stat.h>

#include "03_missing_file/foo_from_mmap.hpp"
#include "07_shm_open/new_object.hpp"

/// Neither cut nor grown, by nobody, ever; and no seal comes later (fcntl(2)).
inline constexpr int size_seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

/// Adds `seals` to what `memory` refers to. Throws std::system_error.
inline void seal(int memory, int seals) {
    check(::fcntl(memory, F_ADD_SEALS, seals), "fcntl", "F_ADD_SEALS");
}

/// Memory for a foo, zeros, with a descriptor and no name (memfd_create(2)); it is gone
/// when nobody has it open or mapped. Throws std::system_error if there is no room.
inline unique_fd new_memory() {
    unique_fd memory(check(::memfd_create("suchfoo", MFD_CLOEXEC | MFD_ALLOW_SEALING),
                           "memfd_create"));
    reserve(memory.get(), sizeof(foo), "memfd");
    return memory;
}

/// A Foo, and whether it may be changed here.
struct received_foo {
    Foo f;
    bool read_only;
};

/// The Foo in memory that a stranger has handed over, and cannot cut any more, which
/// would end us with SIGBUS: the seals are looked at first, and then the size, which
/// cannot change any more. Throws std::runtime_error if the memory is not so,
/// std::system_error if a call fails.
inline received_foo foo_from_sealed(int fd) {
    // TODO: the seals. What cannot be sealed says EINVAL ("what has come is no memory
    // that can be sealed"), and other things answer that no seal may be added. All of
    // size_seals are needed (or "what has come is not sealed: it could be cut").
    const int seals = 0;
    // TODO: and then the size (or "what has come has N bytes, not the 8 of a foo").
    const bool read_only = (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) != 0;
    const int protection = read_only ? PROT_READ : PROT_READ | PROT_WRITE;
    void* const address = check(
        ::mmap(nullptr, sizeof(foo), protection, MAP_SHARED, fd, 0), "mmap", "memfd");
    return {Foo({static_cast<foo*>(address),
                 [](foo* object) { ::munmap(object, sizeof(foo)); }}),
            read_only};
}
