/* Many threads on one model, and graphs of their own on threads of their own. */
#include "support.h"
#include <antler/antler.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 8, ROUNDS = 40, ROWS = 24, STEPS = 5, FEATURES = 3, CLASSES = 4 };

static ant_model *network(ant_graph *g) {
    ant_node *x = ant_input(g, {STEPS, FEATURES});
    ant_node *h = ant_call(ant_bidirectional(g, ant_lstm(g, 6)), x);
    h = ant_call(ant_dropout(g, 0.5), ant_call(ant_dense(g, 16, "relu"), h));
    return ant_model_new(g, ANT_NODES(x), ANT_NODES(ant_call(ant_dense(g, CLASSES, "softmax"), h)));
}

static void fill(float *x, int n) {
    for (int i = 0; i < n; i++)
        x[i] = (float)((i * 37 + 11) % 101) / 50 - 1;
}

/* One thread's work on the shared model. */
typedef struct visitor {
    ant_model *model;
    const float *want;   /* what prediction must give, to the bit */
    bool own_run, wrong; /* wrong: sends shapes that do not fit */
    int bad;
} visitor;

static int predict_once(visitor *v, ant_run *run, int rows) {
    float x[ROWS * STEPS * FEATURES], y[ROWS * CLASSES];
    fill(x, ROWS * STEPS * FEATURES);
    int features = v->wrong ? FEATURES + 1 : FEATURES;
    int code = ant_predict(v->model, ant_array(x, v->wrong ? 4 : rows, STEPS, features),
                           ant_array(y, v->wrong ? 4 : rows, CLASSES), .run = run);
    if (v->wrong)
        return code != ANT_E_SHAPE;
    return code || memcmp(y, v->want, sizeof *y * (size_t)(rows * CLASSES));
}

static void *visit(void *data) {
    visitor *v = data;
    ant_run *run = v->own_run ? ant_run_new(v->model) : NULL;
    for (int k = 0; k < ROUNDS; k++)
        v->bad += predict_once(v, run, k % 2 ? ROWS : ROWS / 2) != 0;
    ant_run_free(run);
    return NULL;
}

START_TEST(eight_threads_predict_and_one_sends_bad_shapes) {
    float x[ROWS * STEPS * FEATURES], want[ROWS * CLASSES];
    ant_graph *g = ant_graph_new(.seed = 3, .threads = 1 + _i);
    ant_model *m = network(g);
    fill(x, ROWS * STEPS * FEATURES);
    ck_assert(!ant_predict(m, ant_array(x, ROWS, STEPS, FEATURES), ant_array(want, ROWS, CLASSES)));
    pthread_t threads[THREADS];
    visitor visitors[THREADS];
    for (int k = 0; k < THREADS; k++) {
        visitors[k] = (visitor){m, want, k % 2 == 0, k == 3, 0};
        ck_assert(!pthread_create(&threads[k], NULL, visit, &visitors[k]));
    }
    for (int k = 0; k < THREADS; k++) {
        pthread_join(threads[k], NULL);
        ck_assert_msg(!visitors[k].bad, "thread %d: %d rounds went wrong", k, visitors[k].bad);
    }
    ck_assert_int_eq(ant_status(g), 0);
    ant_graph_free(g);
}
END_TEST

/* --- graphs of their own --- */
typedef struct student {
    float losses[3];
    int threads, code;
} student;

static void *learn(void *data) {
    student *s = data;
    static const float zero;
    float x[ROWS * STEPS * FEATURES];
    int y[ROWS];
    fill(x, ROWS * STEPS * FEATURES);
    for (int i = 0; i < ROWS; i++)
        y[i] = (i * 7 + (int)zero) % CLASSES;
    ant_graph *g = ant_graph_new(.seed = 5, .threads = s->threads);
    ant_model *m = network(g);
    s->code = ant_compile(m, .optimizer = "adam", .loss = {"sparse_categorical_crossentropy"});
    for (int k = 0; k < 3 && !s->code; k++) {
        s->code = ant_fit(m, ant_array(x, ROWS, STEPS, FEATURES), ant_array(y, ROWS), .epochs = 3,
                          .batch_size = 7);
        s->losses[k] = (float)ant_log(ant_results(m), "loss");
    }
    ant_graph_free(g);
    return NULL;
}

START_TEST(the_same_seed_gives_the_same_bits_on_any_thread) {
    student students[4] = {{.threads = 1}, {.threads = 2}, {.threads = 3}, {.threads = 1}};
    pthread_t threads[4];
    for (int k = 0; k < 4; k++)
        ck_assert(!pthread_create(&threads[k], NULL, learn, &students[k]));
    for (int k = 0; k < 4; k++)
        pthread_join(threads[k], NULL);
    for (int k = 0; k < 4; k++) {
        ck_assert_int_eq(students[k].code, 0);
        ck_assert_msg(!memcmp(students[k].losses, students[0].losses, sizeof students[0].losses),
                      "%d threads: losses %.9g, with one %.9g", students[k].threads,
                      (double)students[k].losses[2], (double)students[0].losses[2]);
    }
}
END_TEST

/* --- steps large enough that threads share them --- */
enum { SAMPLES = 32, SIDE = 64 };

/* Attention and a recurrent layer beside a convolution, which ends in a product in pieces. */
static ant_model *large_network(ant_graph *g) {
    ant_node *x = ant_input(g, {SIDE, SIDE}), *rows = ant_call(ant_layer_normalization(g), x);
    ant_node *h = ant_call(ant_multi_head_attention(g, 4, 16), rows, rows);
    ant_node *image = ant_call(ant_reshape(g, {SIDE, SIDE, 1}), x);
    image = ant_call(ant_conv2d(g, 16, 3, .activation = "relu"), image);
    image = ant_call(ant_max_pooling2d(g, 2), ant_call(ant_batch_normalization(g), image));
    image = ant_call(ant_dense(g, 64, "relu"), ant_call(ant_flatten(g), image));
    ant_node *both = ant_call(ant_concatenate(g), ant_call(ant_lstm(g, 48), h), image);
    return ant_model_new(g, ANT_NODES(x), ANT_NODES(ant_call(ant_dense(g, 10), both)));
}

/* The first numbers of each weight after two epochs. */
static int learn_large(float (*first)[10], int threads) {
    static float x[SAMPLES][SIDE * SIDE], y[SAMPLES][10];
    fill(&x[0][0], SAMPLES * SIDE * SIDE);
    fill(&y[0][0], SAMPLES * 10);
    ant_graph *g = ant_graph_new(.seed = 7, .threads = threads);
    ant_model *m = large_network(g);
    ant_compile(m, "adam", "mse");
    int code = ant_fit(m, ant_array(&x[0][0], SAMPLES, SIDE, SIDE),
                       ant_array(&y[0][0], SAMPLES, 10), .batch_size = 16, .epochs = 2);
    for (int k = 0; k < ant_weight_count(m); k++)
        memcpy(first[k], ant_weight_at(m, k).data, sizeof *first);
    ant_graph_free(g);
    return code;
}

START_TEST(shared_steps_give_the_same_bits) {
    enum { WEIGHTS = 32 };
    static float first[2][WEIGHTS][10];
    ck_assert_int_eq(learn_large(first[0], 1), 0);
    for (int threads = 2; threads <= 5; threads++) {
        ck_assert_int_eq(learn_large(first[1], threads), 0);
        for (int k = 0; k < WEIGHTS; k++)
            ck_assert_msg(!memcmp(first[0][k], first[1][k], sizeof first[0][k]),
                          "%d threads: weight %d differs", threads, k);
    }
}
END_TEST

ANT_TEST_MAIN("threads", ANT_LOOP(eight_threads_predict_and_one_sends_bad_shapes, 2),
              {the_same_seed_gives_the_same_bits_on_any_thread}, {shared_steps_give_the_same_bits})
