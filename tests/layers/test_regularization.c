/* Dropout and noise: what share is dropped, what is drawn anew and when, what stays the same. */
#include "antler/layers/regularization.h"
#include "core/random.h"
#include "layers/layer.h"
#include "support.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a graph is to this floor. */
struct ant_graph {
    ant_context context;
};

/* One layer, called once (or twice: y2) in a program of its own. */
typedef struct bench {
    ant_graph graph;
    ant_dims dims;
    bool training;
    int64_t step;
    uint64_t key; /* the call's: its path */
    float *x, *y, *y2, *dx;
} bench;

static bench bench_of(ant_dims dims) {
    bench b = {.dims = dims, .training = true, .key = ant__random_key(0, "dropout")};
    size_t n = (size_t)ant__dims_count(&dims);
    float **all[] = {&b.x, &b.y, &b.y2, &b.dx};
    for (int k = 0; k < 4; k++)
        *all[k] = calloc(n, sizeof(float));
    for (size_t i = 0; i < n; i++)
        b.x[i] = 1 + (float)(i % 7);
    return b;
}

static void bench_free(bench *b) {
    ant__layers_free(&b->graph.context);
    ant__arena_free(&b->graph.context.arena);
    free(b->x);
    free(b->y);
    free(b->y2);
    free(b->dx);
}

static ant_value *call(bench *b, ant_layer *l, ant_program *p, ant_lowering *lowering, ant_value *x,
                       uint64_t key) {
    ant_layer_call c = {.layer = l,
                        .program = p,
                        .context = &b->graph.context,
                        .in = {x},
                        .n_in = 1,
                        .training = b->training,
                        .key = key,
                        .lowering = lowering};
    return ant__layer_write(&c) ? NULL : c.out[0];
}

/* 0 or the error's code. The second call stands elsewhere in the model. */
static int run(bench *b, ant_layer *l) {
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_lowering lowering = {.program = p};
    ant_variable counter = {.name = "counter", .dtype = ANT_INT64, .data = &b->step};
    ant__set_counter(p, ant__read(p, &counter));
    ant_value *x = ant__input(p, ANT_FLOAT32, &b->dims), *dx;
    int code = ant__layer_build(l, &b->dims, 1);
    ant_value *y = code ? NULL : call(b, l, p, &lowering, x, b->key);
    ant_value *y2 = code ? NULL : call(b, l, p, &lowering, x, ant__random_key(0, "other"));
    code = b->graph.context.error.code;
    if (!code) {
        ant__output(p, y);
        ant__output(p, y2);
        ck_assert_int_eq(ant_op_gradient(p, &y, NULL, 1, &x, &dx, 1), 0);
        ant__output(p, dx);
        ck_assert_int_eq(ant__program_lower(p, ANT__ALL_PASSES), 0);
        void *arena = ant__alloc_numbers(ant__program_arena(p));
        ant_report report;
        ant__program_bind_arena(p, arena);
        ant__program_bind_input(p, 0, b->x);
        ck_assert_int_eq(ant__program_run(p, NULL, &report), 0);
        size_t bytes = sizeof(float) * (size_t)ant__dims_count(&b->dims);
        memcpy(b->y, ant__program_output(p, 0), bytes);
        memcpy(b->y2, ant__program_output(p, 1), bytes);
        memcpy(b->dx, ant__program_output(p, 2), bytes);
        ant__free_numbers(arena);
    }
    ant__free(lowering.losses.at);
    ant__program_free(p);
    return code;
}

static int64_t zeros(const float *y, int64_t n) {
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++)
        count += y[i] == 0;
    return count;
}

static bool same(const bench *b, const float *a, const float *c) {
    return !memcmp(a, c, sizeof(float) * (size_t)ant__dims_count(&b->dims));
}

/* --- Dropout --- */
START_TEST(dropped_share_and_scale) {
    static const double rates[] = {0.1, 0.5, 0.9};
    bench b = bench_of(ANT__DIMS(100, 200));
    double rate = rates[_i];
    ck_assert_int_eq(run(&b, ant_dropout(&b.graph, rate)), 0);
    ck_assert_double_eq_tol((double)zeros(b.y, 20000) / 20000, rate, 0.015);
    for (int i = 0; i < 20000; i++) {
        float want = b.y[i] == 0 ? 0 : (float)(b.x[i] / (1 - rate));
        ck_assert_float_eq_tol(b.y[i], want, 1e-5f * (1 + want));
        ck_assert_float_eq_tol(b.dx[i], want / b.x[i], 1e-5f * (1 + want));
    }
    bench_free(&b);
}
END_TEST

START_TEST(edges_of_the_rate) {
    bench b = bench_of(ANT__DIMS(3, 4));
    ck_assert_int_eq(run(&b, ant_dropout(&b.graph, 0)), 0);
    ck_assert(same(&b, b.y, b.x));
    ck_assert_int_eq(run(&b, ant_dropout(&b.graph, 1)), 0);
    ck_assert_int_eq(zeros(b.y, 12) + zeros(b.dx, 12), 24);
    b.training = false;
    ck_assert_int_eq(run(&b, ant_dropout(&b.graph, 0.5)), 0);
    ck_assert(same(&b, b.y, b.x));
    bench_free(&b);
}
END_TEST

/* Drawn anew at each step, each call and each seed; the same again for the same ones. */
START_TEST(draws) {
    bench b = bench_of(ANT__DIMS(10, 20)), other = bench_of(ANT__DIMS(10, 20));
    ck_assert_int_eq(run(&b, ant_dropout(&b.graph, 0.5)), 0);
    ck_assert(!same(&b, b.y, b.y2));
    ck_assert_int_eq(run(&other, ant_dropout(&other.graph, 0.5)), 0);
    ck_assert(same(&b, b.y, other.y));
    other.step = 1;
    ck_assert_int_eq(run(&other, ant_dropout(&other.graph, 0.5)), 0);
    ck_assert(!same(&b, b.y, other.y));
    other.step = 0;
    other.graph.context.seed = 1;
    ck_assert_int_eq(run(&other, ant_dropout(&other.graph, 0.5)), 0);
    ck_assert(!same(&b, b.y, other.y));
    ck_assert_int_eq(run(&other, ant_dropout(&other.graph, 0.5, .seed = 3)), 0);
    ck_assert_int_eq(run(&b, ant_dropout(&b.graph, 0.5, .seed = 3)), 0);
    ck_assert(same(&b, b.y, other.y)); /* its own seed, whatever the graph's is */
    bench_free(&b);
    bench_free(&other);
}
END_TEST

/* y / x is the same along an axis of (6, 5, 4). */
static bool constant_along(const bench *b, int axis) {
    int64_t stride[3];
    ant__dims_strides(&b->dims, stride);
    for (int64_t i = 0; i < ant__dims_count(&b->dims); i++) {
        int64_t first = i - i / stride[axis] % b->dims.dim[axis] * stride[axis];
        if ((b->y[i] == 0) != (b->y[first] == 0))
            return false;
    }
    return true;
}

START_TEST(noise_shapes) {
    bench b = bench_of(ANT__DIMS(6, 5, 4));
    ck_assert_int_eq(run(&b, ant_dropout(&b.graph, 0.5, {ANT_ANY, 1, ANT_ANY})), 0);
    ck_assert(constant_along(&b, 1) && !constant_along(&b, 0) && !constant_along(&b, 2));
    ck_assert_int_eq(run(&b, ant_dropout(&b.graph, 0.5, {6, 5, 1})), 0);
    ck_assert(constant_along(&b, 2) && !constant_along(&b, 0) && !constant_along(&b, 1));
    ck_assert_int_eq(run(&b, ant_spatial_dropout1d(&b.graph, 0.5)), 0);
    ck_assert(constant_along(&b, 1) && !constant_along(&b, 0) && !constant_along(&b, 2));
    ck_assert_int_eq(run(&b, ant_dropout(&b.graph, 0.5, {6, 5})), ANT_E_SHAPE);
    ck_assert_str_eq(b.graph.context.error.text,
                     "Dropout: its noise_shape (6, 5) does not fit the input (6, 5, 4)");
    ant__error_clear(&b.graph.context.error);
    ck_assert_int_eq(run(&b, ant_dropout(&b.graph, 0.5, {6, 5, 3})), ANT_E_SHAPE);
    ant__error_clear(&b.graph.context.error);
    ck_assert_int_eq(run(&b, ant_spatial_dropout2d(&b.graph, 0.5)), ANT_E_SHAPE);
    bench_free(&b);
}
END_TEST

START_TEST(channels_of_images) {
    bench b = bench_of(ANT__DIMS(8, 3, 2, 8));
    ck_assert_int_eq(run(&b, ant_spatial_dropout2d(&b.graph, 0.5)), 0);
    for (int n = 0; n < 8; n++)
        for (int i = 0; i < 6; i++)
            for (int c = 0; c < 8; c++)
                ck_assert((b.y[(n * 6 + i) * 8 + c] == 0) == (b.y[n * 48 + c] == 0));
    ck_assert_int_eq(run(&b, ant_spatial_dropout2d(&b.graph, 0.5, "channels_first")), 0);
    for (int plane = 0; plane < 24; plane++)
        for (int i = 0; i < 16; i++)
            ck_assert((b.y[plane * 16 + i] == 0) == (b.y[plane * 16] == 0));
    ck_assert_int_eq(run(&b, ant_spatial_dropout3d(&b.graph, 0.5)), ANT_E_SHAPE);
    bench_free(&b);
}
END_TEST

START_TEST(channels_of_volumes) {
    bench b = bench_of(ANT__DIMS(8, 3, 2, 2, 8));
    ck_assert_int_eq(run(&b, ant_spatial_dropout3d(&b.graph, 0.5)), 0);
    int dropped = 0;
    for (int n = 0; n < 8; n++)
        for (int c = 0; c < 8; c++) {
            dropped += b.y[n * 96 + c] == 0;
            for (int i = 0; i < 12; i++)
                ck_assert((b.y[(n * 12 + i) * 8 + c] == 0) == (b.y[n * 96 + c] == 0));
        }
    ck_assert(dropped > 16 && dropped < 48);
    ck_assert_int_eq(run(&b, ant_spatial_dropout3d(&b.graph, 0.5, "channels_first")), 0);
    for (int volume = 0; volume < 24; volume++)
        for (int i = 0; i < 32; i++)
            ck_assert((b.y[volume * 32 + i] == 0) == (b.y[volume * 32] == 0));
    bench_free(&b);
}
END_TEST

/* --- the others --- */
typedef struct moments {
    double mean, variance;
} moments;

static moments measure(const float *y, int n) {
    moments m = {0, 0};
    for (int i = 0; i < n; i++)
        m.mean += (double)y[i] / n;
    for (int i = 0; i < n; i++)
        m.variance += (y[i] - m.mean) * (y[i] - m.mean) / n;
    return m;
}

START_TEST(alpha_dropout_keeps_mean_and_variance) {
    enum { N = 40000 };
    bench b = bench_of(ANT__DIMS(200, 200));
    for (int i = 0; i < N; i++)
        b.x[i] = (float)ant__random_gauss(1, 2, (uint64_t)i);
    ck_assert_int_eq(run(&b, ant_alpha_dropout(&b.graph, 0.3)), 0);
    moments m = measure(b.y, N);
    ck_assert_double_eq_tol(m.mean, 0, 0.03);
    ck_assert_double_eq_tol(m.variance, 1, 0.05);
    ck_assert_int_eq(run(&b, ant_alpha_dropout(&b.graph, 1)), ANT_E_OPTION);
    ck_assert_str_eq(b.graph.context.error.text, "AlphaDropout: rate is 1, must be below 1");
    bench_free(&b);
}
END_TEST

START_TEST(gaussian_noises) {
    enum { N = 40000 };
    bench b = bench_of(ANT__DIMS(200, 200));
    ck_assert_int_eq(run(&b, ant_gaussian_noise(&b.graph, 0.2)), 0);
    for (int i = 0; i < N; i++)
        b.y[i] -= b.x[i];
    moments m = measure(b.y, N);
    ck_assert_double_eq_tol(m.mean, 0, 0.005);
    ck_assert_double_eq_tol(m.variance, 0.04, 0.002);
    ck_assert_int_eq(run(&b, ant_gaussian_dropout(&b.graph, 0.2)), 0);
    for (int i = 0; i < N; i++)
        b.y[i] /= b.x[i];
    m = measure(b.y, N);
    ck_assert_double_eq_tol(m.mean, 1, 0.012);
    ck_assert_double_eq_tol(m.variance, 0.25, 0.012);
    b.training = false;
    ck_assert_int_eq(run(&b, ant_gaussian_noise(&b.graph, 0.2)), 0);
    ck_assert(same(&b, b.y, b.x));
    ck_assert_int_eq(run(&b, ant_gaussian_dropout(&b.graph, 1)), ANT_E_OPTION);
    bench_free(&b);
}
END_TEST

/* The penalty goes into the losses of the lowering, over the batch size. */
START_TEST(activity_is_penalized) {
    bench b = bench_of(ANT__DIMS(2, 3));
    ant_layer *l = ant_activity_regularization(&b.graph, 0.5, 0.25);
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_lowering lowering = {.program = p};
    ant_value *x = ant__input(p, ANT_FLOAT32, &b.dims);
    ck_assert_int_eq(ant__layer_build(l, &b.dims, 1), 0);
    ant__output(p, call(&b, l, p, &lowering, x, 1));
    ck_assert_int_eq(lowering.losses.n, 1);
    ant__output(p, lowering.losses.at[0]);
    ck_assert_int_eq(ant__program_lower(p, ANT__ALL_PASSES), 0);
    void *arena = ant__alloc_numbers(ant__program_arena(p));
    ant_report report;
    ant__program_bind_arena(p, arena);
    ant__program_bind_input(p, 0, b.x);
    ck_assert_int_eq(ant__program_run(p, NULL, &report), 0);
    ck_assert(!memcmp(ant__program_output(p, 0), b.x, sizeof(float) * 6));
    /* x is 1 … 6: sums 21 and 91 */
    ck_assert_float_eq_tol(*(const float *)ant__program_output(p, 1), (10.5f + 22.75f) / 2, 1e-5f);
    ant__free_numbers(arena);
    ant__free(lowering.losses.at);
    ant__program_free(p);
    bench_free(&b);
}
END_TEST

ANT_TEST_MAIN("regularization", ANT_LOOP(dropped_share_and_scale, 3), {edges_of_the_rate}, {draws},
              {noise_shapes}, {channels_of_images}, {channels_of_volumes},
              {alpha_dropout_keeps_mean_and_variance}, {gaussian_noises}, {activity_is_penalized})
