/* KANN as a benchmark worker, for the networks that it can be built from: W1, W2, W9.
 *
 *     cc -O3 -march=native [-DHAVE_CBLAS] kann_worker.c kann/kann.c kann/kautodiff.c [-lblis] -lm
 *
 * kann/ is a checkout of https://github.com/attractivechaos/kann. It has no Adam; RMSprop is less
 * work. */
#define _GNU_SOURCE
#include "kann/kann.h"
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct net {
    kann_t *model;
    float *x, *y, *squares;
    int batch;
} net;

static volatile float sink; /* what is computed is used */

static float *numbers(int rows, int columns) {
    float *x = malloc(sizeof *x * (size_t)rows * (size_t)columns);
    for (int i = 0; i < rows * columns; i++)
        x[i] = (float)kad_drand_normal(NULL);
    return x;
}

static float *classes(int rows, int columns) {
    float *y = calloc((size_t)rows * (size_t)columns, sizeof *y);
    for (int i = 0; i < rows; i++)
        y[i * columns + i % columns] = 1;
    return y;
}

static net build(int in, const int *hidden, int out, int cost, int batch) {
    kad_node_t *t = kann_layer_input(in);
    for (; *hidden; hidden++)
        t = kad_relu(kann_layer_dense(t, *hidden));
    net w = {.model = kann_new(kann_layer_cost(t, out, cost), 0), .batch = batch};
    w.x = numbers(batch, in);
    w.y = cost == KANN_C_CEM ? classes(batch, out) : numbers(batch, out);
    w.squares = calloc((size_t)kann_size_var(w.model), sizeof *w.squares);
    return w;
}

static void bind(net *w, const char *mode) {
    kann_switch(w->model, !strcmp(mode, "train"));
    kann_set_batch_size(w->model, !strcmp(mode, "infer1") ? 1 : w->batch);
    kann_feed_bind(w->model, KANN_F_IN, 0, &w->x);
    kann_feed_bind(w->model, KANN_F_TRUTH, 0, &w->y);
}

static void step(net *w, const char *mode) {
    kann_t *m = w->model;
    if (!strcmp(mode, "train")) {
        sink = kann_cost(m, 0, 1);
        kann_RMSprop(kann_size_var(m), 0.001f, 0, 0.9f, m->g, m->x, w->squares);
    } else if (!strcmp(mode, "infer")) {
        int k = kann_find(m, KANN_F_OUT, 0);
        kad_eval_at(m->n, m->v, k);
        sink = m->v[k]->x[0];
    } else {
        sink = kann_apply1(m, w->x)[0];
    }
}

static long long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void answer(net *w, const char *id, const char *mode, long steps) {
    if (!w) {
        printf("%s %s - not built\n", id, mode);
        return;
    }
    bind(w, mode);
    step(w, mode);
    long long start = now();
    for (long k = 0; k < steps; k++)
        step(w, mode);
    printf("%s %s %ld %lld\n", id, mode, steps, now() - start);
}

int main(void) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    sched_setaffinity(0, sizeof one, &one);
    struct {
        const char *id;
        net net;
    } nets[] = {{"W1", build(4, (int[]){16, 16, 0}, 3, KANN_C_CEM, 32)},
                {"W2", build(784, (int[]){128, 0}, 10, KANN_C_CEM, 32)},
                {"W9", build(1024, (int[]){1024, 1024, 0}, 1024, KANN_C_MSE, 256)}};
    char line[256], id[32], mode[32];
    long steps;
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "%31s %31s %ld", id, mode, &steps) != 3)
            continue;
        net *w = NULL;
        for (size_t k = 0; k < sizeof nets / sizeof *nets; k++)
            if (!strcmp(id, nets[k].id))
                w = &nets[k].net;
        answer(w, id, mode, steps);
        fflush(stdout);
    }
    return 0;
}
