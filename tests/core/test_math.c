/* Vector math of every set: at most 4 ulp off, right at the edges, the same bits at any place.
 * Every 4099th float is tried; `test_math all` tries them all (suite slow). */
#include "core/kernels/kernel.h"
#include "core/random.h"
#include "support.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef void math32(float *y, const float *x, int64_t n);
typedef void math64(double *y, const double *x, int64_t n);

/* --- the functions of every build, by set --- */
#define DECLARE(f, set)                                                                            \
    void ant__kernel_##f##_n_##set##_f32(float *y, const float *x, int64_t n);                     \
    void ant__kernel_##f##_n_##set##_f64(double *y, const double *x, int64_t n);
#define STREAM(set)                                                                                \
    void ant__kernel_uniform_n_##set##_f32(float *y, uint64_t key, uint64_t counter,               \
                                           uint64_t first, int64_t n);                             \
    void ant__kernel_uniform_n_##set##_f64(double *y, uint64_t key, uint64_t counter,              \
                                           uint64_t first, int64_t n);

#define X(f) DECLARE(f, baseline)
#include "core/kernels/math_list.h"
#undef X
STREAM(baseline)
#ifdef ANT__X86_KERNELS
#define X(f) DECLARE(f, avx2) DECLARE(f, avx512)
#include "core/kernels/math_list.h"
#undef X
STREAM(avx2)
STREAM(avx512)
#endif

enum { FUNCTIONS = 8 };
typedef struct math_set {
    const char *name;
    math32 *f32[FUNCTIONS];
    math64 *f64[FUNCTIONS];
    void (*uniform32)(float *, uint64_t, uint64_t, uint64_t, int64_t);
    void (*uniform64)(double *, uint64_t, uint64_t, uint64_t, int64_t);
} math_set;

static const math_set sets[] = {
#ifdef ANT__X86_KERNELS
    {"avx512",
     {
#define X(f) ant__kernel_##f##_n_avx512_f32,
#include "core/kernels/math_list.h"
#undef X
     },
     {
#define X(f) ant__kernel_##f##_n_avx512_f64,
#include "core/kernels/math_list.h"
#undef X
     },
     ant__kernel_uniform_n_avx512_f32,
     ant__kernel_uniform_n_avx512_f64},
    {"avx2",
     {
#define X(f) ant__kernel_##f##_n_avx2_f32,
#include "core/kernels/math_list.h"
#undef X
     },
     {
#define X(f) ant__kernel_##f##_n_avx2_f64,
#include "core/kernels/math_list.h"
#undef X
     },
     ant__kernel_uniform_n_avx2_f32,
     ant__kernel_uniform_n_avx2_f64},
#endif
    {"baseline",
     {
#define X(f) ant__kernel_##f##_n_baseline_f32,
#include "core/kernels/math_list.h"
#undef X
     },
     {
#define X(f) ant__kernel_##f##_n_baseline_f64,
#include "core/kernels/math_list.h"
#undef X
     },
     ant__kernel_uniform_n_baseline_f32,
     ant__kernel_uniform_n_baseline_f64},
};
enum { SETS = sizeof sets / sizeof *sets };

/* --- the twins --- */
static double naive_sigmoid(double x) {
    return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}

static double naive_softplus(double x) {
    return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
}

static double (*const twins[])(double) = {exp,           expm1,          log, log1p, tanh,
                                          naive_sigmoid, naive_softplus, erf};
static const char *const names[] = {
#define X(f) #f,
#include "core/kernels/math_list.h"
#undef X
};
_Static_assert(sizeof twins / sizeof *twins == FUNCTIONS, "a twin for each");
_Static_assert(sizeof names / sizeof *names == FUNCTIONS, "math_list.h has changed");

static bool runnable(const math_set *set) {
    for (const ant_kernel_set *const *s = ant__kernel_sets(); *s; s++)
        if (strcmp((*s)->name, set->name) == 0)
            return true;
    return false;
}

/* Distance in units of the last place of the right answer; huge where only one is special. */
static double ulps(float got, double want) {
    float rounded = (float)want;
    if (isnan(want))
        return isnan(got) ? 0 : INFINITY;
    if (got == rounded)
        return 0;
    if (isnan(got) || (isinf(got) && fabsf(rounded) < FLT_MAX))
        return INFINITY;
    if (isinf(rounded))
        return fabsf(got) == FLT_MAX ? 1 : INFINITY;
    double unit = (double)nextafterf(fabsf(rounded), INFINITY) - (double)fabsf(rounded);
    return fabs((double)got - want) / unit;
}

static float float_at(uint64_t i) {
    uint32_t bits = (uint32_t)i;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static uint64_t stride = 4099;

static void check_all_floats(const math_set *set, int f) {
    enum { MANY = 4096 };
    static float x[MANY], y[MANY];
    for (uint64_t i = 0; i < (uint64_t)1 << 32;) {
        int n = 0;
        for (; n < MANY && i < (uint64_t)1 << 32; n++, i += stride)
            x[n] = float_at(i);
        set->f32[f](y, x, n);
        for (int k = 0; k < n; k++) {
            double want = twins[f]((double)x[k]);
            if (ulps(y[k], want) > 4) /* an assertion that passes costs a system call */
                ck_abort_msg("%s: %s(%.9g) is %.9g, not %.9g", set->name, names[f], (double)x[k],
                             (double)y[k], want);
        }
    }
}

START_TEST(within_four_ulp) {
    const math_set *set = &sets[_i / FUNCTIONS];
    if (runnable(set))
        check_all_floats(set, _i % FUNCTIONS);
}
END_TEST

/* Values where formulas like to break; those with an exact answer have it, sign of zero
 * included. */
START_TEST(edges) {
    const math_set *set = &sets[_i / FUNCTIONS];
    int f = _i % FUNCTIONS;
    const float x[] = {0,       -0.0f,    INFINITY, -INFINITY, NAN,     1e-45f,  -1e-45f,
                       FLT_MIN, -FLT_MIN, 1,        -1,        FLT_MAX, -FLT_MAX};
    float y[sizeof x / sizeof *x];
    const int n = sizeof x / sizeof *x;
    if (!runnable(set))
        return;
    set->f32[f](y, x, n);
    for (int i = 0; i < n; i++) {
        double want = twins[f]((double)x[i]);
        ck_assert_msg(ulps(y[i], want) <= 2, "%s: %s(%g) is %g, not %g", set->name, names[f],
                      (double)x[i], (double)y[i], want);
        if ((float)want == 0)
            ck_assert_msg(!signbit(y[i]) == !signbit(want), "%s: %s(%g): sign of zero", set->name,
                          names[f], (double)x[i]);
    }
}
END_TEST

START_TEST(doubles_are_the_c_librarys) {
    const math_set *set = &sets[_i / FUNCTIONS];
    int f = _i % FUNCTIONS;
    double x[101], y[101];
    if (!runnable(set))
        return;
    for (int i = 0; i < 101; i++)
        x[i] = (i - 50) * 0.37;
    set->f64[f](y, x, 101);
    for (int i = 0; i < 101; i++) {
        double want = twins[f](x[i]);
        ck_assert_msg(isnan(want) ? isnan(y[i])
                                  : y[i] == want || fabs(want - y[i]) <= 1e-15 * fabs(want),
                      "%s: %s(%g)", set->name, names[f], x[i]);
    }
}
END_TEST

START_TEST(bits_do_not_depend_on_the_place) {
    const math_set *set = &sets[_i / FUNCTIONS];
    int f = _i % FUNCTIONS;
    float x[80], y[80], alone;
    if (!runnable(set))
        return;
    for (int i = 0; i < 80; i++)
        x[i] = (float)(i - 20) * 0.173f;
    for (int n = 1; n < 80; n += 6) {
        set->f32[f](y, x, n);
        for (int i = 0; i < n; i++) {
            set->f32[f](&alone, x + i, 1);
            ck_assert_mem_eq(&alone, y + i, sizeof alone);
        }
    }
}
END_TEST

START_TEST(random_streams_have_the_bits_of_random_c) {
    const uint64_t key = 0x299f31d0a4093822, counter = 0x0370734413198a2e;
    const uint64_t late = (uint64_t)1 << 34; /* where the count of blocks has a second word */
    const math_set *set = &sets[_i];
    float f[700];
    double d[700];
    if (!runnable(set))
        return;
    for (int at = 0; at < 18; at++)
        for (int n = 0; n < 700; n = 2 * n + 1) {
            const uint64_t first = at < 9 ? (uint64_t)at : late - 130 + (uint64_t)at;
            set->uniform32(f, key, counter, first, n);
            set->uniform64(d, key, counter, first / 2, n);
            for (int i = 0; i < n; i++) {
                float want32 = ant__random_float(key, counter, first + (uint64_t)i);
                double want64 = ant__random_double(key, counter, first / 2 + (uint64_t)i);
                if (f[i] != want32 || d[i] != want64)
                    ck_abort_msg("%s: number %d of %d, place %d", set->name, i, n, at);
            }
        }
}
END_TEST

int main(int argc, char **argv) {
    const test_entry entries[] = {
        {within_four_ulp, SETS * FUNCTIONS},
        {edges, SETS * FUNCTIONS},
        {doubles_are_the_c_librarys, SETS * FUNCTIONS},
        {bits_do_not_depend_on_the_place, SETS * FUNCTIONS},
        {random_streams_have_the_bits_of_random_c, SETS},
    };
    if (argc > 1 && strcmp(argv[1], "all") == 0)
        stride = 1;
    return test_run("math", entries, stride == 1 ? 1 : (int)(sizeof entries / sizeof *entries));
}
