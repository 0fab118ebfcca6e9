// memory.hpp: memory that stays shared when a process parts in two.
#pragma once

#include <new>

#include "03_missing_file/foo_from_mmap.hpp"
#include "07_shm_open/new_object.hpp"

/// A T in shared memory without a name, memfd_create(2) (step 18): a process that parts
/// from this one has it mapped too. The T is not destroyed: which of the processes
/// should?
template <class T>
class shared_memory {
public:
    /// Throws std::system_error if there is no room for it.
    shared_memory() {
        const unique_fd fd(
            check(::memfd_create("suchfoo", MFD_CLOEXEC), "memfd_create"));
        reserve(fd.get(), sizeof(T), "memfd");
        object_ = map_shared<T>(fd.get(), "memfd");
        ::new (object_.get()) T{};
    }
    T* operator->() const { return object_.get(); }
    T& operator*() const { return *object_; }

private:
    mapped<T> object_{nullptr, nullptr};
};
