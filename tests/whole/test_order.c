/* C leaves the order open in which arguments are evaluated, and compilers differ: names, weights
 * and predictions must not depend on it. Numbers below were printed once; every compiler must give
 * them. */
#include "support.h"
#include <antler/antler.h>
#include <stdio.h>
#include <string.h>

/* Everything in one expression: the compiler decides what is made first. */
static ant_model *nested(ant_graph *g) {
    ant_node *x = ant_input(g, {6});
    return ant_model_new(
        g, ANT_NODES(x),
        ANT_NODES(
            ant_call(ant_dense(g, 2),
                     ant_call(ant_concatenate(g), ant_call(ant_dense(g, 3, "relu"), x),
                              ant_call(ant_dense(g, 4, "tanh"), ant_call(ant_dense(g, 5), x))))));
}

/* The same, made from the last layer to the first. */
static ant_model *backwards(ant_graph *g) {
    ant_layer *last = ant_dense(g, 2), *join = ant_concatenate(g), *right = ant_dense(g, 4, "tanh");
    ant_layer *inner = ant_dense(g, 5), *left = ant_dense(g, 3, "relu");
    ant_node *x = ant_input(g, {6});
    ant_node *b = ant_call(right, ant_call(inner, x)), *a = ant_call(left, x);
    return ant_model_new(g, ANT_NODES(x), ANT_NODES(ant_call(last, ant_call(join, a, b))));
}

/* And from the first to the last. */
static ant_model *forwards(ant_graph *g) {
    ant_node *x = ant_input(g, {6});
    ant_node *a = ant_call(ant_dense(g, 3, "relu"), x), *h = ant_call(ant_dense(g, 5), x);
    ant_node *b = ant_call(ant_dense(g, 4, "tanh"), h);
    ant_node *both = ant_call(ant_concatenate(g), a, b);
    return ant_model_new(g, ANT_NODES(x), ANT_NODES(ant_call(ant_dense(g, 2), both)));
}

static const char expected[] = "dense_1/kernel 30 -0.348481536 0.625903845\n"
                               "dense_1/bias 5 0 0\n"
                               "dense/kernel 18 0.765236139 0.114153244\n"
                               "dense/bias 3 0 0\n"
                               "dense_2/kernel 20 -0.444927096 0.762716591\n"
                               "dense_2/bias 4 0 0\n"
                               "dense_3/kernel 14 -0.763525665 -0.127488703\n"
                               "dense_3/bias 2 0 0\n";

static ant_model *(*const makers[])(ant_graph *) = {nested, backwards, forwards};

/* Names, shapes and the first and last number of every weight. */
static void describe(ant_model *m, char *out, size_t room) {
    size_t n = 0;
    out[0] = 0;
    for (int k = 0; k < ant_weight_count(m) && n < room; k++) {
        ant_array a = ant_weight_at(m, k);
        const float *x = a.data;
        int64_t count = 1;
        for (int i = 0; i < a.axes; i++)
            count *= a.shape[i];
        n += (size_t)snprintf(out + n, room - n, "%s %lld %.9g %.9g\n", ant_weight_name(m, k),
                              (long long)count, (double)x[0], (double)x[count - 1]);
    }
}

static void describe_new(ant_model *(*make)(ant_graph *), char *out, size_t room) {
    ant_graph *g = ant_graph_new(.seed = 42);
    float x[6] = {1, 2, 3, 4, 5, 6}, y[2];
    ant_model *m = make(g);
    ck_assert_msg(!ant_predict(m, ant_array(x, 1, 6), ant_array(y, 1, 2)), "%s", ant_error(g));
    describe(m, out, room);
    ant_graph_free(g);
}

START_TEST(construction_order_changes_nothing) {
    char first[2048], other[2048];
    describe_new(makers[0], first, sizeof first);
    describe_new(makers[_i], other, sizeof other);
    ck_assert_str_eq(first, other);
}
END_TEST

START_TEST(every_compiler_gives_these_weights) {
    char text[2048];
    describe_new(nested, text, sizeof text);
    ck_assert_str_eq(text, expected);
}
END_TEST

ANT_TEST_MAIN("order", ANT_LOOP(construction_order_changes_nothing, 3),
              every_compiler_gives_these_weights)
