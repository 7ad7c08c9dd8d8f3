/* Several threads predict on one model at once, each with a run of its own or without one. */
#include "trainer.h"
#include <pthread.h>

enum { THREADS = 4, ROUNDS = 50, ROWS = 7 };
static float x[ROWS][3], want[ROWS];

typedef struct worker {
    pthread_t thread;
    ant_model *model;
    bool own;
    int wrong;
} worker;

static void *work(void *p) {
    worker *w = p;
    ant_run *r = w->own ? ant_run_new(w->model) : NULL;
    for (int k = 0; k < ROUNDS; k++) {
        float out[ROWS];
        int rows = 1 + k % ROWS;
        int code =
            ant_predict(w->model, ant_array(&x[0][0], rows, 3), ant_array(out, rows, 1), .run = r);
        w->wrong += code != 0 || memcmp(out, want, (size_t)rows * sizeof *out) != 0;
    }
    ant_run_free(r);
    return NULL;
}

START_TEST(at_once) {
    worker workers[THREADS];
    ramp(&x[0][0], ROWS * 3, 0.3);
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = mlp(g, 1, NULL);
    for (int i = 0; i < ROWS; i++)
        went_well(m, ant_predict(m, ant_array(x[i], 1, 3), ant_array(&want[i], 1, 1)));
    for (int k = 0; k < THREADS; k++) {
        workers[k] = (worker){.model = m, .own = k % 2};
        ck_assert_int_eq(pthread_create(&workers[k].thread, NULL, work, &workers[k]), 0);
    }
    for (int k = 0; k < THREADS; k++) {
        pthread_join(workers[k].thread, NULL);
        ck_assert_int_eq(workers[k].wrong, 0);
    }
    ant_graph_free(g);
}
END_TEST

START_TEST(one_sample) {
    float out;
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = mlp(g, 1, NULL);
    ramp(&x[0][0], ROWS * 3, 0.3);
    went_well(m, ant_predict(m, ant_array(&x[0][0], ROWS, 3), ant_array(want, ROWS, 1)));
    ant_run *r = ant_run_new(m);
    for (int i = 0; i < ROWS; i++) {
        ck_assert_int_eq(ant_predict_one(r, (const void *const[]){x[i]}, (void *const[]){&out}), 0);
        ck_assert(near((double)out, (double)want[i], 1e-6));
    }
    ant_run_free(r);
    ant_graph_free(g);
}
END_TEST

ANT_TEST_MAIN("threads", {at_once}, {one_sample})
