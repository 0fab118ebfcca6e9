// pause.hpp: a word to the processor that changes no result.
#pragma once

#if defined(__x86_64__) || defined(__i386__)
#include <emmintrin.h>
#endif

/// That this is a loop that waits, so that it does not fill its queues with loads that
/// all say the same. Where it stands in a loop, and whether, moves a round trip by a
/// factor of two: here every loop that spins on memory has it once, between two looks.
inline void pause_a_moment() {
#if defined(__x86_64__) || defined(__i386__)
    _mm_pause();
#elif defined(__aarch64__)
    asm volatile("yield");  // GCC 12 has no function for it
#endif
}
