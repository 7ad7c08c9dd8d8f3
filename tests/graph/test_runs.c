/* Runs: programs by shape, states, random numbers, bad data, many threads on one model. */
#include "harness.h"
#include <pthread.h>
#include <string.h>

static void run_ok(ant_model *m, batch *b) {
    ck_assert_msg(!batch_run(m, b), "%s: %s%s", ant_error(ant__layer_graph(m)), ant_model_error(m),
                  b->error);
}

static void fill(float *x, int n, int seed) {
    for (int i = 0; i < n; i++)
        x[i] = (float)((i * 31 + seed * 17) % 23 - 11) / 7;
}

/* More shapes than the cache holds, again and again: a row's result does not depend on the
 * others. */
START_TEST(many_batch_sizes) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = ant_sequential(g, ant_dense(g, 16, "tanh", .input_shape = {8}), ant_dense(g, 3));
    float x[20 * 8], first[3];
    fill(x, 20 * 8, 1);
    for (int k = 0; k < 60; k++) {
        batch b = {.x = {x}, .rows = 1 + k * 7 % 20};
        run_ok(m, &b);
        if (!k)
            memcpy(first, b.out[0], sizeof first);
        for (int i = 0; i < 3; i++)
            ck_assert_float_eq_tol(b.out[0][i], first[i], 1e-6);
    }
    ant_graph_free(g);
}
END_TEST

/* --- states --- */
static ant_model *stateful(ant_graph *g) {
    return ant_sequential(g, ant_lstm(g, 3, .stateful = true, .input_shape = {2, 2}));
}

START_TEST(states_outlive_a_batch) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = stateful(g);
    float x[8];
    fill(x, 8, 2);
    batch first = {.x = {x}, .rows = 2}, second = first, again = first;
    run_ok(m, &first);
    run_ok(m, &second);
    ck_assert(memcmp(first.out[0], second.out[0], 6 * sizeof(float)) != 0);
    ck_assert_int_eq(ant_reset_states(m), 0);
    run_ok(m, &again);
    ck_assert_mem_eq(first.out[0], again.out[0], 6 * sizeof(float));
    ant_graph_free(g);
}
END_TEST

START_TEST(states_have_a_batch_size) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = stateful(g);
    float x[8];
    fill(x, 8, 2);
    batch two = {.x = {x}, .rows = 2}, one = {.x = {x}, .rows = 1};
    run_ok(m, &two);
    ck_assert_int_eq(batch_run(m, &one), ANT_E_STATE);
    ck_assert_ptr_nonnull(strstr(one.error, "(2, 3), this batch needs (1, 3)"));
    run_ok(m, &two);
    ck_assert_int_eq(ant_reset_states(m), 0);
    run_ok(m, &one);
    ant_graph_free(g);
}
END_TEST

START_TEST(runs_have_states_of_their_own) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = stateful(g);
    float x[8];
    fill(x, 8, 2);
    batch a = {.x = {x}, .rows = 2}, b = a;
    run_ok(m, &a);
    ant_run *r = ant__run_new(m);
    ck_assert_int_eq(batch_run_in(r, m, &b), 0);
    ck_assert_mem_eq(a.out[0], b.out[0], 6 * sizeof(float));
    ant__run_free(r);
    ant_graph_free(g);
}
END_TEST

/* --- random numbers --- */
static ant_model *noisy(ant_graph *g, bool more) {
    ant_node *x = ant_input(g, {32});
    ant_node *a = ant_call(ant_dropout(g, 0.5, .name = "a"), x);
    ant_node *b = ant_call(ant_dropout(g, 0.5, .name = "b"), x);
    ant_node *c = more ? ant_call(ant_dropout(g, 0.5, .name = "c"), x) : x;
    return ant_model_new(g, ANT_NODES(x), ANT_NODES(a, b, c));
}

START_TEST(draws_go_with_path_and_step) {
    ant_graph *g = ant_graph_new(.seed = 5, .threads = 1), *h = ant_graph_new(.seed = 5);
    ant_model *m = noisy(g, false), *n = noisy(h, true);
    float x[64];
    const size_t size = sizeof x;
    for (int i = 0; i < 64; i++)
        x[i] = 1;
    batch one = {.x = {x}, .rows = 2, .training = true}, two = one, other = one, still = one;
    run_ok(m, &one);
    run_ok(m, &two);
    run_ok(n, &other);
    still.training = false;
    run_ok(m, &still);
    ck_assert_msg(memcmp(one.out[0], one.out[1], size) != 0, "equal layers drew the same");
    ck_assert_msg(memcmp(one.out[0], two.out[0], size) != 0, "two steps drew the same");
    ck_assert_mem_eq(one.out[0], other.out[0], size);
    ck_assert_mem_eq(one.out[1], other.out[1], size);
    ck_assert_mem_eq(still.out[0], x, size);
    ant_graph_free(g);
    ant_graph_free(h);
}
END_TEST

/* A layer's own seed makes its draws independent of the graph's. */
START_TEST(a_layers_own_seed) {
    batch b[2];
    float x[64];
    for (int i = 0; i < 64; i++)
        x[i] = 1;
    for (int i = 0; i < 2; i++) {
        ant_graph *g = ant_graph_new(.seed = i, .threads = 1);
        b[i] = (batch){.x = {x}, .rows = 2, .training = true};
        run_ok(ant_sequential(g, ant_dropout(g, 0.5, .seed = 3, .input_shape = {32})), &b[i]);
        ant_graph_free(g);
    }
    ck_assert_mem_eq(b[0].out[0], b[1].out[0], sizeof x);
}
END_TEST

START_TEST(training_said_in_a_call) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_layer *l = ant_dropout(g, 0.5);
    ant_node *x = ant_input(g, {32});
    ant_model *m = ant_model_new(
        g, ANT_NODES(x),
        ANT_NODES(ant_call(l, x, .training = true), ant_call(l, x, .training = false)));
    float ones[64];
    for (int i = 0; i < 64; i++)
        ones[i] = 1;
    batch on = {.x = {ones}, .rows = 2, .training = true}, off = {.x = {ones}, .rows = 2};
    run_ok(m, &on);
    run_ok(m, &off);
    ck_assert(memcmp(off.out[0], ones, sizeof ones) != 0);
    ck_assert_mem_eq(on.out[1], ones, sizeof ones);
    ant_graph_free(g);
}
END_TEST

/* --- bad data --- */
START_TEST(an_index_outside) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = ant_sequential(g, ant_embedding(g, 5, 2, .input_shape = {3}));
    const float good[] = {0, 4, 2}, bad[] = {0, 7, 2};
    batch b = {.x = {good}, .rows = 1};
    run_ok(m, &b);
    b.x[0] = bad;
    ck_assert_int_eq(batch_run(m, &b), ANT_E_DATA);
    ck_assert_msg(strstr(b.error, "7 is outside [0, 5)") != NULL, "%s", b.error);
    b.x[0] = good;
    run_ok(m, &b);
    ant_graph_free(g);
}
END_TEST

/* --- threads --- */
typedef struct worker {
    ant_model *model;
    float x[4 * 8], expected[4 * 3];
    bool same;
} worker;

static void *predict(void *data) {
    worker *w = data;
    w->same = true;
    for (int k = 0; k < 50; k++) {
        batch b = {.x = {w->x}, .rows = 4};
        if (batch_run(w->model, &b) || memcmp(b.out[0], w->expected, sizeof w->expected) != 0)
            w->same = false;
    }
    return NULL;
}

START_TEST(threads_on_one_model) {
    enum { N = 4 };
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = ant_sequential(g, ant_dense(g, 16, "tanh", .input_shape = {8}), ant_dense(g, 3));
    worker w[N];
    pthread_t thread[N];
    for (int i = 0; i < N; i++) {
        batch b = {.x = {w[i].x}, .rows = 4};
        w[i].model = m;
        fill(w[i].x, 32, i);
        run_ok(m, &b);
        memcpy(w[i].expected, b.out[0], sizeof w[i].expected);
    }
    for (int i = 0; i < N; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, predict, &w[i]), 0);
    for (int i = 0; i < N; i++)
        pthread_join(thread[i], NULL);
    for (int i = 0; i < N; i++)
        ck_assert_msg(w[i].same, "thread %d got other numbers", i);
    ant_graph_free(g);
}
END_TEST

/* A measured run's time is the median of the last ones, so that an interrupted one says nothing. */
START_TEST(times_are_medians) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = ant_sequential(g, ant_dense(g, 4, "tanh", .input_shape = {3}));
    ant_measure measure = {0};
    float x[3] = {1, 2, 3};
    batch b = {.x = {x}, .rows = 1};
    run_ok(m, &b);
    ant_run *r = ant__run_take(m);
    ant__run_measure(r, &measure);
    ant__run_put(m, r);
    for (int k = 0; k < ANT__MEASURED_RUNS + 2; k++)
        run_ok(m, &b);
    ck_assert_int_eq(measure.runs, ANT__MEASURED_RUNS + 2);
    ck_assert_int_ge(measure.n, 1);
    for (int i = 0; i < ANT__MEASURED_RUNS; i++)
        for (int k = 0; k < measure.n; k++) {
            ck_assert(measure.seconds[i * measure.n + k] >= 0);
            measure.seconds[i * measure.n + k] = i == 7 ? 1000 : i * 2 + k;
        }
    for (int k = 0; k < measure.n; k++)
        ck_assert_double_eq(ant__measure_seconds(&measure, k), ANT__MEASURED_RUNS + 1 + k);
    ant__run_measure(r, NULL);
    ant__measure_free(&measure);
    ant_graph_free(g);
}
END_TEST

ANT_TEST_MAIN("runs", {many_batch_sizes}, {states_outlive_a_batch}, {states_have_a_batch_size},
              {runs_have_states_of_their_own}, {draws_go_with_path_and_step}, {a_layers_own_seed},
              {training_said_in_a_call}, {an_index_outside}, {threads_on_one_model},
              {times_are_medians})
