// memory.hpp: memory that stays shared when a process parts in two.
#pragma once

#include <sys/mman.h>

#include <cassert>
#include <memory>

#include "common/error.hpp"

/// A T in anonymous shared memory, mmap(2) with MAP_SHARED | MAP_ANONYMOUS: no file, no
/// name, no descriptor; a process that parts from this one has it mapped too. The T
/// is not destroyed: which of the processes should?
template <class T>
class shared_memory {
public:
    /// Throws std::system_error if mmap(2) fails.
    shared_memory() {
        void* address = check(::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE,
                                     MAP_SHARED | MAP_ANONYMOUS, -1, 0),
                              "mmap");
        object_.reset(::new (address) T{});
    }
    T* operator->() const { return object_.get(); }
    T& operator*() const { return *object_; }

private:
    struct unmap {
        void operator()(T* object) const {
            [[maybe_unused]] const int result = ::munmap(object, sizeof(T));
            assert(result == 0);
        }
    };
    std::unique_ptr<T, unmap> object_;
};
