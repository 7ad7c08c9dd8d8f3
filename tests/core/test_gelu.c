/* gelu and its slope on every set, in both types, against the C library's. */
#include "core/kernels/elementwise.h"
#include "core/kernels/kernel.h"
#include "naive.h"
#include "support.h"
#include <math.h>

/* --- the twins --- */
static double below(double x) {
    return 0.5 * erfc(-x / sqrt(2));
}

static double gelu(double x) {
    return x * below(x);
}

static double gelu_slope(double x) {
    return below(x) + x * exp(-0.5 * x * x) / sqrt(2 * acos(-1));
}

static double below_tanh(double x) {
    return 1 / (1 + exp(-2 * sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
}

static double gelu_tanh(double x) {
    return x * below_tanh(x);
}

static double gelu_tanh_slope(double x) {
    double s = below_tanh(x), rest = below_tanh(-x);
    return s + x * s * rest * 2 * sqrt(2 / acos(-1)) * (1 + 3 * 0.044715 * x * x);
}

static const struct {
    int code;
    double (*twin)(double);
} functions[] = {
    {ANT__E_gelu, gelu},
    {ANT__E_gelu_back, gelu_slope},
    {ANT__E_gelu_tanh, gelu_tanh},
    {ANT__E_gelu_tanh_back, gelu_tanh_slope},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

static void put(double *at, int real, int64_t i, double x) {
    if (real)
        at[i] = x;
    else
        ((float *)at)[i] = (float)x;
}

/* y = the function of x (times b, where it has two operands), n numbers. */
static void run(const ant_kernel_set *set, int real, int code, void *y, const void *x,
                const void *b, int64_t n) {
    ant_fused_input in[2] = {{.mode = ANT__E_DIRECT, .dtype = real ? ANT_FLOAT64 : ANT_FLOAT32}};
    in[1] = in[0];
    ant_fused_step step = {.code = code, .a = 0, .b = 1, .c = 1, .buffer = -1, .output = 0};
    const ant_fused f = {.total = n,
                         .chains = 1,
                         .count = &n,
                         .rank = 1,
                         .dim = {n},
                         .n_in = 2,
                         .n_steps = 1,
                         .n_out = 1,
                         .in = in,
                         .step = &step};
    const ant_num number = {.p = &f};
    set->real[real][ANT__K_elementwise]((void *[]){(void *)x, (void *)b, y}, &number, 0, 1);
}

/* In float a few units of the last place of the larger of result and slope's tail. */
static void compare(const ant_kernel_set *set, int real, int k, double x, double got) {
    double want = functions[k].twin(x);
    double near = real ? 1e-15 : 4e-7, away = fabs(got - want);
    ck_assert_msg(away <= near * fmax(fabs(want), fmin(fabs(x), 1) * 0.5) || away < 1e-37,
                  "%s, function %d of %.9g: %.9g, not %.9g", set->name, k, x, got, want);
}

START_TEST(is_the_c_librarys) {
    enum { N = 4003 };
    static double x[N], ones[N], y[N];
    const int real = _i % 2, k = _i / 2;
    for (const ant_kernel_set *const *s = ant__kernel_sets(); *s; s++) {
        for (int i = 0; i < N; i++) {
            put(ones, real, i, 1);
            put(x, real, i, (i - N / 2) * 0.007123);
        }
        run(*s, real, functions[k].code, y, x, ones, N);
        for (int i = 0; i < N; i++)
            compare(*s, real, k, naive_get(x, real, i), naive_get(y, real, i));
    }
}
END_TEST

/* Far out the tails are over: x and 0, slopes 1 and 0; what is not a number stays so. */
START_TEST(ends_are_smooth) {
    const double far[] = {30, -30, 1e6, -1e6, 1e18, -1e18};
    enum { N = sizeof far / sizeof *far };
    const int real = _i % 2, k = _i / 2;
    double x[N + 1], ones[N + 1], y[N + 1];
    for (const ant_kernel_set *const *s = ant__kernel_sets(); *s; s++) {
        for (int i = 0; i <= N; i++) {
            put(ones, real, i, 1);
            put(x, real, i, i < N ? far[i] : NAN);
        }
        run(*s, real, functions[k].code, y, x, ones, N + 1);
        for (int i = 0; i < N; i++) {
            double over = far[i] < 0 ? 0 : k % 2 ? 1 : naive_get(x, real, i);
            ck_assert_msg(fabs(naive_get(y, real, i) - over) < 1e-30, "%s: function %d of %g is %g",
                          (*s)->name, k, far[i], naive_get(y, real, i));
        }
        ck_assert_msg(isnan(naive_get(y, real, N)), "%s: function %d", (*s)->name, k);
    }
}
END_TEST

/* Left of -2 all four are small: they are right to their own size, and the same wherever they
 * stand. */
START_TEST(small_results_keep_digits) {
    enum { N = 1001 };
    static double x[N], ones[N], y[N], moved[N];
    const int real = _i % 2, k = _i / 2;
    const size_t one = real ? sizeof(double) : sizeof(float);
    for (const ant_kernel_set *const *s = ant__kernel_sets(); *s; s++) {
        for (int i = 0; i < N; i++) {
            put(ones, real, i, 1);
            put(x, real, i, -2 - i * 0.007);
        }
        run(*s, real, functions[k].code, y, x, ones, N);
        run(*s, real, functions[k].code, moved, (char *)x + one, ones, N - 1);
        ck_assert_mem_eq((char *)y + one, moved, (N - 1) * one);
        for (int i = 0; i < N; i++) {
            double want = functions[k].twin(naive_get(x, real, i)), got = naive_get(y, real, i);
            ck_assert_msg(fabs(got - want) <= (real ? 1e-12 : 2e-5) * fabs(want),
                          "%s: function %d of %g is %g, not %g", (*s)->name, k,
                          naive_get(x, real, i), got, want);
        }
    }
}
END_TEST

int main(void) {
    const test_entry entries[] = {{is_the_c_librarys, 2 * FUNCTIONS},
                                  {small_results_keep_digits, 2 * FUNCTIONS},
                                  {ends_are_smooth, 2 * FUNCTIONS}};
    return test_run("gelu", entries, 3);
}
