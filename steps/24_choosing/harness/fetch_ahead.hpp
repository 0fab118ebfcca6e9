// fetch_ahead.hpp: a word to the processor that changes no result.
#pragma once

#include "09_how_fast/pause.hpp"

/// That the cache line at `address` will be wanted soon.
inline void fetch_ahead([[maybe_unused]] const void* address) {
#if defined(__x86_64__) || defined(__i386__)
    _mm_prefetch(static_cast<const char*>(address), _MM_HINT_T0);
#elif defined(__aarch64__)
    asm volatile("prfm pldl1keep, [%0]" ::"r"(address));
#endif
}
