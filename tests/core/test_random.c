/* Counter-based random numbers. */
#include "core/memory.h"
#include "core/random.h"
#include "support.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Known answers of the Random123 distribution. */
static const struct {
    uint64_t key, counter, index;
    uint32_t out[4];
} known[] = {
    {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {UINT64_MAX, UINT64_MAX, UINT64_MAX, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {0x299f31d0a4093822,
     0x0370734413198a2e,
     0x85a308d3243f6a88,
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

START_TEST(philox_known_answers) {
    uint32_t out[4];
    ant__philox(known[_i].key, known[_i].counter, known[_i].index, out);
    for (int k = 0; k < 4; k++)
        ck_assert_uint_eq(out[k], known[_i].out[k]);
}
END_TEST

START_TEST(keys_tell_paths_apart) {
    enum { N = 4000 };
    uint64_t *key = malloc(N * sizeof *key);
    int same = 0;
    for (int i = 0; i < N; i++) {
        char path[32];
        snprintf(path, sizeof path, "dense_%d/%s", i / 2, i % 2 ? "kernel" : "bias");
        key[i] = ant__random_key(1, path);
        for (int k = 0; k < i; k++)
            same += key[k] == key[i];
    }
    free(key);
    ck_assert_int_eq(same, 0);
    ck_assert(ant__random_key(1, "a") != ant__random_key(2, "a"));
    ck_assert(ant__random_key(1, "") != ant__random_key(1, "a"));
    ck_assert(ant__random_key(1, "12345678") != ant__random_key(1, "123456781"));
    ck_assert_uint_eq(ant__random_key(1, "dense/kernel"), ant__random_key(1, "dense/kernel"));
    ck_assert(ant__random_mix(5, 0) != ant__random_mix(5, 1));
}
END_TEST

START_TEST(uniform_moments) {
    enum { N = 100000 };
    double sum = 0, square = 0, together = 0, before = 0;
    int outside = 0;
    for (int i = 0; i < N; i++) {
        double x = _i ? ant__random_double(7, 3, i) : ant__random_float(7, 3, i);
        outside += !(x >= 0 && x < 1);
        sum += x, square += x * x, together += x * before;
        before = x;
    }
    ck_assert_int_eq(outside, 0);
    ck_assert_double_eq_tol(sum / N, 0.5, 0.004);
    ck_assert_double_eq_tol(square / N, 1.0 / 3, 0.004);
    ck_assert_double_eq_tol(together / N, 0.25, 0.004);
}
END_TEST

START_TEST(gauss_moments) {
    enum { N = 100000 };
    double m[5] = {0};
    for (int i = 0; i < N; i++) {
        double x = ant__random_gauss(11, 5, i), power = 1;
        ck_assert(isfinite(x));
        for (int k = 0; k < 5; k++, power *= x)
            m[k] += power / N;
    }
    ck_assert_double_eq_tol(m[1], 0, 0.015);
    ck_assert_double_eq_tol(m[2], 1, 0.02);
    ck_assert_double_eq_tol(m[3], 0, 0.05);
    ck_assert_double_eq_tol(m[4], 3, 0.12);
}
END_TEST

START_TEST(shuffle_is_a_fair_permutation) {
    int64_t order[5];
    int first[5] = {0};
    ant__random_shuffle(1, 1, order, 0);
    for (int draw = 0; draw < 10000; draw++) {
        unsigned seen = 0;
        ant__random_shuffle(9, (uint64_t)draw, order, 5);
        for (int i = 0; i < 5; i++)
            seen |= 1u << order[i];
        ck_assert_uint_eq(seen, 31);
        first[order[0]]++;
    }
    for (int i = 0; i < 5; i++)
        ck_assert_int_lt(abs(first[i] - 2000), 200);
}
END_TEST

ANT_TEST_MAIN("random", ANT_LOOP(philox_known_answers, 3), {keys_tell_paths_apart},
              ANT_LOOP(uniform_moments, 2), {gauss_moments}, {shuffle_is_a_fair_permutation})
