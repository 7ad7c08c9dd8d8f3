/* Random numbers by key and counter: the same bits as core/random.c gives. */
#include "core/kernels/random.h"
#include "core/kernels/math.h"
#include "core/philox.h"

static int64_t shorter(int64_t a, int64_t b) {
    return a < b ? a : b;
}

void K(random_uniform)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    int64_t first = from * ANT__RANDOM_CELL;
    int64_t end = shorter(to * ANT__RANDOM_CELL, n[ANT__RANDOM_TOTAL].i);
    uint64_t counter = (uint64_t) * (const int64_t *)at[0];
    if (end > first)
        K(uniform_n)
    ((R *)at[1] + first, (uint64_t)n[ANT__RANDOM_KEY].i, counter, (uint64_t)first, end - first);
}

/* Box-Muller: a block gives a radius and an angle, these two numbers. */
void K(random_normal)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    static const double turn = 6.283185307179586476925;
    int64_t end = shorter(to * ANT__RANDOM_CELL, n[ANT__RANDOM_TOTAL].i);
    uint64_t counter = (uint64_t) * (const int64_t *)at[0];
    for (int64_t i = from * ANT__RANDOM_CELL; i < end; i += 2) {
        uint32_t w[4];
        ant__philox_block((uint64_t)n[ANT__RANDOM_KEY].i, counter, (uint64_t)i / 2, w);
        double radius = sqrt(-2 * log1p(-ant__words_double(w[0], w[1])));
        double angle = turn * ant__words_double(w[2], w[3]);
        ((R *)at[1])[i] = (R)(radius * cos(angle));
        if (i + 1 < end)
            ((R *)at[1])[i + 1] = (R)(radius * sin(angle));
    }
}

/* A counter and a scan's step made one counter (mix 13 of Stafford). */
void K(mix_counter)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    (void)n, (void)from, (void)to;
    uint64_t counter = (uint64_t) * (const int64_t *)at[0];
    uint64_t step = (uint64_t) * (const int64_t *)at[1];
    uint64_t x = counter + 0x9E3779B97F4A7C15u * (step + 1);
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    *(int64_t *)at[2] = (int64_t)(x ^ x >> 31);
}
