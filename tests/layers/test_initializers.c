/* Initializers: distributions, fans, seeds, orthogonality. */
#include "antler/initializers.h"
#include "core/random.h"
#include "layers/layer.h"
#include "support.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int fill_floats(ant_context *c, const char *text, uint64_t key, const ant_dims *dims,
                       float *x) {
    ant_variable out = {.dtype = ANT_FLOAT32, .dims = *dims, .data = x};
    return ant__initializer_fill(c, text, key, &out);
}

static float *fill(const char *text, uint64_t key, const ant_dims *dims) {
    ant_context c = {.seed = 0};
    float *x = malloc(sizeof *x * (size_t)ant__dims_count(dims));
    int code = fill_floats(&c, text, key, dims, x);
    ck_assert_msg(!code, "%s: %s", text, c.error.text);
    ant__arena_free(&c.arena);
    return x;
}

typedef struct moments {
    double mean, variance, low, high;
} moments;

static moments measure(const float *x, int64_t n) {
    moments m = {0, 0, INFINITY, -INFINITY};
    for (int64_t i = 0; i < n; i++) {
        m.mean += (double)x[i] / (double)n;
        m.low = fmin(m.low, x[i]);
        m.high = fmax(m.high, x[i]);
    }
    for (int64_t i = 0; i < n; i++)
        m.variance += (x[i] - m.mean) * (x[i] - m.mean) / (double)n;
    return m;
}

/* Variance of a normal that is cut at two deviations. */
#define CUT (0.87962566103423978 * 0.87962566103423978)

/* Conv kernels (3, 3, 20, 40): fan in 180, fan out 360. */
static const struct {
    const char *text;
    ant_dims dims;
    double mean, variance, bound; /* bound: of abs(x - mean), 0: none */
} distributions[] = {
    {"random_normal", {2, {300, 200}}, 0, 0.0025, 0},
    {"normal", {2, {300, 200}}, 0, 0.0025, 0},
    {"RandomNormal(1, 0.5)", {2, {300, 200}}, 1, 0.25, 0},
    {"truncated_normal", {2, {300, 200}}, 0, 0.0025 * CUT, 0.1},
    {"TruncatedNormal(mean=-2, stddev=3)", {2, {300, 200}}, -2, 9 * CUT, 6},
    {"uniform", {2, {300, 200}}, 0, 0.01 / 12, 0.05},
    {"RandomUniform(1, 3)", {2, {300, 200}}, 2, 4.0 / 12, 1},
    {"glorot_uniform", {2, {300, 200}}, 0, 1.0 / 250, 0.1095445116},
    {"glorot_normal", {2, {300, 200}}, 0, 1.0 / 250, 0.1438},
    {"he_uniform", {2, {300, 200}}, 0, 2.0 / 300, 0.1414213563},
    {"he_normal", {2, {300, 200}}, 0, 2.0 / 300, 0.18565},
    {"lecun_uniform", {2, {300, 200}}, 0, 1.0 / 300, 0.1},
    {"lecun_normal", {2, {300, 200}}, 0, 1.0 / 300, 0.1313},
    {"he_normal", {4, {3, 3, 20, 40}}, 0, 2.0 / 180, 0},
    {"glorot_uniform", {4, {3, 3, 20, 40}}, 0, 1.0 / 270, 0},
    {"VarianceScaling(2, fan_out, uniform)", {4, {3, 3, 20, 40}}, 0, 2.0 / 360, 0},
    {"VarianceScaling(2, fan_avg, untruncated_normal)", {2, {300, 200}}, 0, 2.0 / 250, 0},
    {"VarianceScaling(3, fan_in, normal)", {1, {20000}}, 0, 3.0 / 20000, 0},
    {"GlorotUniform(input_axes=[0], output_axes=[1, 2])", {3, {100, 20, 30}}, 0, 2.0 / 700, 0},
    {"he_normal", {3, {50, 2, 200}}, 0, 2.0 / 100, 0},
};
enum { DISTRIBUTIONS = sizeof distributions / sizeof *distributions };

START_TEST(distributions_are_kerass) {
    const ant_dims *dims = &distributions[_i].dims;
    int64_t n = ant__dims_count(dims);
    float *x = fill(distributions[_i].text, 42, dims);
    moments m = measure(x, n);
    double variance = distributions[_i].variance, bound = distributions[_i].bound;
    double error = sqrt(variance / (double)n);
    ck_assert_double_eq_tol(m.mean, distributions[_i].mean, 5 * error);
    ck_assert_double_eq_tol(m.variance, variance, variance * 0.05);
    if (bound > 0) {
        ck_assert_double_le(m.high - distributions[_i].mean, bound * 1.001);
        ck_assert_double_ge(m.low - distributions[_i].mean, -bound * 1.001);
        ck_assert_double_gt(m.high - m.low, bound * 1.9);
    }
    free(x);
}
END_TEST

START_TEST(seeds_and_paths_decide) {
    const ant_dims dims = ANT__DIMS(5, 7);
    const size_t bytes = sizeof(float) * 35;
    float *a = fill("glorot_uniform", 1, &dims), *b = fill("glorot_uniform", 1, &dims);
    float *other = fill("glorot_uniform", 2, &dims);
    float *seeded = fill("GlorotUniform(seed=3)", 1, &dims);
    float *again = fill("GlorotUniform(seed=3)", 2, &dims);
    float *next = fill("GlorotUniform(seed=4)", 2, &dims);
    ck_assert(!memcmp(a, b, bytes) && memcmp(a, other, bytes) && memcmp(a, seeded, bytes));
    ck_assert(!memcmp(seeded, again, bytes) && memcmp(again, next, bytes));
    float *all[] = {a, b, other, seeded, again, next};
    for (int k = 0; k < 6; k++)
        free(all[k]);
}
END_TEST

/* Columns (rows where there are fewer) of length `gain` at right angles. */
static void check_orthogonal(const float *q, int64_t rows, int64_t columns, double gain) {
    bool wide = rows < columns;
    int64_t k = wide ? rows : columns, n = wide ? columns : rows;
    for (int64_t a = 0; a < k; a++)
        for (int64_t b = 0; b <= a; b++) {
            double sum = 0;
            for (int64_t i = 0; i < n; i++)
                sum += wide ? (double)q[a * columns + i] * q[b * columns + i]
                            : (double)q[i * columns + a] * q[i * columns + b];
            ck_assert_double_eq_tol(sum, a == b ? gain * gain : 0, 1e-6);
        }
}

static const ant_dims matrices[] = {
    {2, {1, 1}}, {2, {8, 8}},        {2, {64, 64}}, {2, {50, 200}}, {2, {200, 3}},  {2, {1, 9}},
    {2, {9, 1}}, {4, {3, 3, 4, 20}}, {2, {33, 31}}, {2, {40, 41}},  {3, {2, 3, 17}}};
enum { MATRICES = sizeof matrices / sizeof *matrices };

START_TEST(orthogonal_is_orthogonal) {
    const ant_dims *dims = &matrices[_i];
    float *q = fill("orthogonal", 7, dims), *twice = fill("Orthogonal(2)", 7, dims);
    int64_t rows = ant__dims_span(dims, 0, dims->rank - 1), columns = dims->dim[dims->rank - 1];
    check_orthogonal(q, rows, columns, 1);
    for (int64_t i = 0; i < rows * columns; i++)
        ck_assert_float_eq_tol(twice[i], 2 * q[i], 1e-6f);
    free(q);
    free(twice);
}
END_TEST

/* Over many draws no sign of an entry is preferred, as with Haar's measure. */
START_TEST(orthogonal_has_no_preferred_sign) {
    enum { DRAWS = 2000 };
    int positive[4] = {0};
    for (int k = 0; k < DRAWS; k++) {
        float *q = fill("orthogonal", ant__random_mix(5, (uint64_t)k), &ANT__DIMS(2, 2));
        for (int i = 0; i < 4; i++)
            positive[i] += q[i] > 0;
        free(q);
    }
    for (int i = 0; i < 4; i++)
        ck_assert_int_lt(abs(positive[i] - DRAWS / 2), 120);
}
END_TEST

START_TEST(empty_weights) {
    float none[1] = {5};
    ant_context c = {.seed = 0};
    static const char *const texts[] = {"zeros", "uniform", "orthogonal", "glorot_normal",
                                        "identity"};
    for (int k = 0; k < 5; k++)
        ck_assert_int_eq(fill_floats(&c, texts[k], 1, &ANT__DIMS(0, 3), none), 0);
    ck_assert_float_eq(none[0], 5);
    ant__arena_free(&c.arena);
}
END_TEST

static const struct {
    const char *text;
    ant_dims dims;
    int code;
} bad[] = {
    {"orthogonal", {1, {3}}, ANT_E_SHAPE},
    {"identity", {3, {1, 2, 3}}, ANT_E_SHAPE},
    {"HeNormal(input_axes=[2], output_axes=[0])", {2, {3, 3}}, ANT_E_SHAPE},
    {"STFT", {2, {3, 3}}, ANT_E_OPTION},
    {"VarianceScaling(0)", {2, {3, 3}}, ANT_E_OPTION},
    {"VarianceScaling(mode=fan)", {2, {3, 3}}, ANT_E_OPTION},
    {"RandomNormal(stddev=-1)", {2, {3, 3}}, ANT_E_OPTION},
    {"relu", {2, {3, 3}}, ANT_E_OPTION},
};
enum { BAD = sizeof bad / sizeof *bad };

START_TEST(what_is_refused) {
    float x[9];
    ant_context c = {.seed = 0};
    ck_assert_int_eq(fill_floats(&c, bad[_i].text, 1, &bad[_i].dims, x), bad[_i].code);
    ck_assert_int_gt((int)strlen(c.error.text), 10);
    ant__arena_free(&c.arena);
}
END_TEST

static int fill_scarce(void *data) {
    ant_context c = {.seed = 0};
    float x[12];
    (void)data;
    int code = fill_floats(&c, "Orthogonal(gain=2)", 1, &ANT__DIMS(4, 3), x);
    ant__arena_free(&c.arena);
    return code;
}

START_TEST(memory_may_fail) {
    memory_fail_each(fill_scarce, NULL);
}
END_TEST

ANT_TEST_MAIN("initializers", ANT_LOOP(distributions_are_kerass, DISTRIBUTIONS),
              {seeds_and_paths_decide}, ANT_LOOP(orthogonal_is_orthogonal, MATRICES),
              {orthogonal_has_no_preferred_sign}, {empty_weights}, ANT_LOOP(what_is_refused, BAD),
              {memory_may_fail})
