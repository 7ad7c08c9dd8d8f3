/* Whole models in files: the same bits after loading, and training that goes on. */
#include "antler/antler.h"
#include "graph/graph.h"
#include "hostile.h"
#include "io/array.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 40, FEATURES = 3 };
static float x[ROWS * FEATURES], y[ROWS];

static void make_data(void) {
    for (int i = 0; i < ROWS; i++) {
        for (int k = 0; k < FEATURES; k++)
            x[i * FEATURES + k] = (float)((i * 7 + k * 5) % 11) / 11;
        y[i] = x[i * FEATURES] - 2 * x[i * FEATURES + 1];
    }
}

static ant_model *build(ant_graph *g, const char *optimizer) {
    ant_node *a = ant_input(g, {FEATURES}, .name = "a");
    ant_layer *shared = ant_dense(g, 4, "tanh", .name = "shared");
    ant_node *h = ant_call(shared, a);
    ant_node *out = ant_call(ant_dense(g, 1, .kernel_regularizer = ant_l2(g, 1e-3)), h);
    ant_model *m = ant_model_new(g, ANT_NODES(a), ANT_NODES(out), "net");
    ck_assert_msg(!ant_compile(m, .optimizer = optimizer, .loss = {"mse"}, .metrics = {{"mae"}}),
                  "%s %s", ant_error(g), ant_model_error(m));
    return m;
}

static void fit(ant_model *m, int from, int to) {
    int code = ant_fit(m, ant_array(x, ROWS, FEATURES), {ant_array(y, ROWS)}, .epochs = to,
                       .initial_epoch = from, .batch_size = 8);
    ck_assert_msg(!code, "%s", ant_model_error(m));
}

static void predict(ant_model *m, float *out) {
    int code = ant_predict(m, ant_array(x, ROWS, FEATURES), {ant_array(out, ROWS, 1)});
    ck_assert_msg(!code, "%s", ant_model_error(m));
}

static void expect_same(ant_model *a, ant_model *b) {
    float p[ROWS], q[ROWS];
    predict(a, p);
    predict(b, q);
    ck_assert(!memcmp(p, q, sizeof p));
}

static const char *const optimizers[] = {"adam", "SGD(momentum=0.9)", "rmsprop",
                                         "Adam(learning_rate=CosineDecay(0.01, 30))", "sgd"};

/* 3 + 3 epochs with a file in between are 6 epochs, to the last bit, in both formats. */
START_TEST(training_goes_on) {
    const char *name = _i % 2 ? "m.yaml" : "m.safetensors";
    scratch_begin();
    make_data();
    const char *path = scratch_path(name);
    ant_graph *g = ant_graph_new(.seed = 3), *h = ant_graph_new(.seed = 3);
    ant_model *whole = build(g, optimizers[_i / 2]), *half = build(h, optimizers[_i / 2]);
    fit(whole, 0, 6);
    fit(half, 0, 3);
    ck_assert_msg(!ant_save(half, path), "%s", ant_model_error(half));
    ant_graph *other = ant_graph_new(.seed = 3);
    ant_model *loaded = ant_load(other, path);
    ck_assert_msg(!ant_status(other), "%s", ant_error(other));
    expect_same(half, loaded);
    ck_assert_int_eq(ant_iterations(loaded), ant_iterations(half));
    fit(loaded, 3, 6);
    expect_same(whole, loaded);
    ant_graph_free(g);
    ant_graph_free(h);
    ant_graph_free(other);
    scratch_end();
}
END_TEST

/* Saved, loaded and saved again: the same bytes. */
START_TEST(files_are_the_same) {
    scratch_begin();
    make_data();
    size_t n, k;
    const char *first = scratch_path("a.safetensors"), *second = scratch_path("b.safetensors");
    ant_graph *g = ant_graph_new(.seed = 3), *h = ant_graph_new(.seed = 5);
    ant_model *m = build(g, "adam");
    fit(m, 0, 1);
    ck_assert_msg(!ant_save(m, first), "%s", ant_model_error(m));
    ant_model *again = ant_load(h, first);
    ck_assert_msg(!ant_save(again, second), "%s %s", ant_error(h), ant_model_error(again));
    char *a = scratch_read(first, &n), *b = scratch_read(second, &k);
    ck_assert_uint_eq(n, k);
    ck_assert(!memcmp(a, b, n));
    free(a);
    free(b);
    ant_graph_free(g);
    ant_graph_free(h);
    scratch_end();
}
END_TEST

/* Normalization counts its samples: a weight without axes. */
START_TEST(scalar_weights) {
    scratch_begin();
    const char *path = scratch_path("n.safetensors");
    ant_graph *g = ant_graph_new(.seed = 3), *h = ant_graph_new(.seed = 4);
    ant_layer *n = ant_normalization(g);
    ant_model *m = ant_sequential(g, ant_input_layer(g, {2}), n);
    const float rows[] = {1, 2, 3, 4, 5, 9};
    ck_assert_msg(!ant_adapt(n, ant_array(rows, 3, 2)), "%s", ant_error(g));
    ck_assert_msg(!ant_save(m, path), "%s", ant_model_error(m));
    ant_model *again = ant_load(h, path);
    ck_assert_msg(!ant_status(h), "%s", ant_error(h));
    for (int k = 0; k < 3; k++) {
        const float *a = ant_weight_at(m, k).data, *b = ant_weight_at(again, k).data;
        ck_assert_float_eq(*a, *b);
    }
    ck_assert_float_eq(*(float *)ant_weight_named(again, "normalization/count").data, 3);
    ant_graph_free(g);
    ant_graph_free(h);
    scratch_end();
}
END_TEST

START_TEST(weights_alone) {
    scratch_begin();
    make_data();
    const char *path = scratch_path("w.safetensors");
    ant_graph *g = ant_graph_new(.seed = 3), *h = ant_graph_new(.seed = 4);
    ant_model *m = build(g, "adam"), *other = build(h, "sgd");
    ck_assert(!ant_save_weights(m, path));
    ck_assert_msg(!ant_load_weights(other, path), "%s", ant_model_error(other));
    expect_same(m, other);
    /* As a model it is refused, by name. */
    ant_graph *none = ant_graph_new(.seed = 1);
    ant_model *dead = ant_load(none, path);
    ck_assert(dead && ant_status(none) == ANT_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(ant_error(none), "load them as weights"));
    ck_assert_ptr_nonnull(strstr(ant_error(none), "test_model_file.c:"));
    ant_graph_free(none);
    ant_graph_free(g);
    ant_graph_free(h);
    scratch_end();
}
END_TEST

static int warnings;

static void count_warning(void *data, const char *text) {
    (void)data, (void)text;
    warnings++;
}

START_TEST(mismatches) {
    scratch_begin();
    make_data();
    const char *path = scratch_path("w.safetensors");
    ant_graph *g = ant_graph_new(.seed = 3), *h = ant_graph_new(.seed = 4, .warn = count_warning);
    ant_model *m = build(g, "adam");
    ck_assert(!ant_save_weights(m, path));
    ant_model *other = ant_sequential(
        h, ant_dense(h, 5, .name = "shared", .input_shape = {FEATURES}), ant_dense(h, 1));
    float before = *(float *)ant_weight_at(other, 0).data;
    ck_assert_int_eq(ant_load_weights(other, path), ANT_E_FORMAT);
    ck_assert_msg(strstr(ant_model_error(other), "(3, 4), the model's is (3, 5)") != NULL, "%s",
                  ant_model_error(other));
    ck_assert_float_eq(*(float *)ant_weight_at(other, 0).data, before);
    ck_assert_msg(!ant_load_weights(other, path, .skip_mismatch = true), "%s",
                  ant_model_error(other));
    ck_assert_int_ge(warnings, 2);
    ck_assert_float_eq(*(float *)ant_weight_at(other, 0).data, before);
    ant_graph_free(g);
    ant_graph_free(h);
    scratch_end();
}
END_TEST

/* A damaged model file ends in an error or in a model, never in a crash. */
START_TEST(cuts_and_flips) {
    scratch_begin();
    make_data();
    const char *path = scratch_path("m.safetensors"), *bad = scratch_path("bad.safetensors");
    ant_graph *g = ant_graph_new(.seed = 3);
    ant_model *m = build(g, "sgd");
    size_t n;
    ck_assert(!ant_save(m, path));
    char *bytes = scratch_read(path, &n);
    for (size_t at = 0; at < n; at += 3) {
        bool cut = at % 2;
        ant_graph *h = ant_graph_new(.seed = 1);
        bytes[at] ^= cut ? 0 : 0x15;
        scratch_write(bad, bytes, cut ? at : n);
        ant_load(h, bad);
        ck_assert(!cut || ant_status(h));
        bytes[at] ^= cut ? 0 : 0x15;
        ant_graph_free(h);
    }
    free(bytes);
    ant_graph_free(g);
    scratch_end();
}
END_TEST

START_TEST(unwritable_places) {
    ant_graph *g = ant_graph_new(.seed = 3);
    make_data();
    ant_model *m = build(g, "sgd");
    ck_assert_int_eq(ant_save(m, "/nowhere/m.safetensors"), ANT_E_FILE);
    ck_assert_ptr_nonnull(strstr(ant_model_error(m), "/nowhere/m.safetensors: cannot write"));
    ck_assert_int_eq(ant_save(m, "m.onnx"), ANT_E_FORMAT);
    ck_assert_int_eq(ant_save(m, "m.h5"), ANT_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(ant_model_error(m), "are only read"));
    ck_assert_int_eq(ant_load_weights(m, "/nowhere/w.safetensors"), ANT_E_FILE);
    ant_graph_free(g);
}
END_TEST

/* Saving and loading with every allocation failing in turn: told, nothing lost, nothing left. */
static int save_and_load(void *path) {
    ant_graph *g = ant_graph_new(.seed = 1, .threads = 1);
    if (!g)
        return ANT_E_MEMORY;
    ant_model *m = ant_sequential(g, ant_dense(g, 2, .input_shape = {3}));
    int code = ant_status(g);
    if (!code)
        code = ant_save(m, path);
    if (!code) {
        ant_load(g, path);
        code = ant_status(g);
    }
    ant_graph_free(g);
    return code;
}

START_TEST(memory_may_fail) {
    scratch_begin();
    memory_fail_each(save_and_load,
                     (void *)(uintptr_t)scratch_path(_i ? "m.yaml" : "m.safetensors"));
    scratch_end();
}
END_TEST

ANT_TEST_MAIN("model_file",
              ANT_LOOP(training_goes_on, 2 * (int)(sizeof optimizers / sizeof *optimizers)),
              {files_are_the_same, 0}, {scalar_weights, 0}, {weights_alone, 0}, {mismatches, 0},
              {cuts_and_flips, 0}, {unwritable_places, 0}, ANT_LOOP(memory_may_fail, 2))
