/* Counter-based random numbers. */
#include "core/random.h"
#include "core/philox.h"
#include <math.h>
#include <string.h>

static const uint64_t golden = 0x9E3779B97F4A7C15u; /* 2^64 / golden ratio, as in SplitMix64 */

void ant__philox(uint64_t key, uint64_t counter, uint64_t index, uint32_t out[4]) {
    ant__philox_block(key, counter, index, out);
}

/* A bijection in which every bit of the result depends on every bit of x (Stafford's mix 13). */
static uint64_t mix(uint64_t x) {
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

uint64_t ant__random_mix(uint64_t key, uint64_t ordinal) {
    return mix(mix(ordinal + golden) ^ mix(key));
}

/* Eight bytes of the path at a time, put together by value: the same on every byte order. */
uint64_t ant__random_key(uint64_t seed, const char *path) {
    size_t n = strlen(path);
    uint64_t key = mix(seed + golden);
    for (size_t i = 0; i < n; i += 8) {
        uint64_t word = 0;
        for (size_t k = i; k < n && k < i + 8; k++)
            word |= (uint64_t)(unsigned char)path[k] << 8 * (k - i);
        key = ant__random_mix(key, word);
    }
    return ant__random_mix(key, n);
}

float ant__random_float(uint64_t key, uint64_t counter, uint64_t index) {
    uint32_t w[4];
    ant__philox_block(key, counter, index / 4, w);
    return ant__word_float(w[index % 4]);
}

double ant__random_double(uint64_t key, uint64_t counter, uint64_t index) {
    uint32_t w[4];
    ant__philox_block(key, counter, index / 2, w);
    return index % 2 ? ant__words_double(w[2], w[3]) : ant__words_double(w[0], w[1]);
}

/* Box-Muller: a block gives a radius and an angle, these two normal numbers. */
double ant__random_gauss(uint64_t key, uint64_t counter, uint64_t index) {
    static const double turn = 6.283185307179586476925;
    uint32_t w[4];
    ant__philox_block(key, counter, index / 2, w);
    double radius = sqrt(-2 * log1p(-ant__words_double(w[0], w[1])));
    double angle = turn * ant__words_double(w[2], w[3]);
    return radius * (index % 2 ? sin(angle) : cos(angle));
}

/* floor(x * n / 2^64): x shared out over [0, n). */
static uint64_t below(uint64_t x, uint64_t n) {
    uint64_t low = (x & UINT32_MAX) * (n & UINT32_MAX);
    uint64_t a = (x >> 32) * (n & UINT32_MAX) + (low >> 32);
    uint64_t b = (x & UINT32_MAX) * (n >> 32) + (a & UINT32_MAX);
    return (x >> 32) * (n >> 32) + (a >> 32) + (b >> 32);
}

/* Fisher and Yates, from the end. */
void ant__random_shuffle(uint64_t key, uint64_t counter, int64_t *order, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        order[i] = i;
    for (int64_t i = n - 1; i > 0; i--) {
        uint32_t w[4];
        ant__philox_block(key, counter, (uint64_t)i, w);
        int64_t k = (int64_t)below((uint64_t)w[1] << 32 | w[0], (uint64_t)i + 1);
        int64_t kept = order[i];
        order[i] = order[k];
        order[k] = kept;
    }
}
