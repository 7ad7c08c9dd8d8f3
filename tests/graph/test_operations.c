/* Operations on nodes against plain C, and what they refuse. */
#include "harness.h"
#include <math.h>
#include <string.h>

enum { ROWS = 2, COLUMNS = 3, N = ROWS * COLUMNS };
static const float a[N] = {0.5f, -1.5f, 2, 3, -0.25f, 1}, b[N] = {2, 1, -1, 0.5f, 4, 2};

/* What y = op(left, right) gives for a and b. */
static void values(ant_graph *g, ant_node *left, ant_node *right, ant_node *y, float *out, int n) {
    ant_model *m = ant_model_new(g, ANT_NODES(left, right), ANT_NODES(y));
    batch k = {.x = {a, b}, .rows = ROWS};
    ck_assert_str_eq(ant_error(g), "");
    ck_assert_msg(!batch_run(m, &k), "%s%s", ant_model_error(m), k.error);
    memcpy(out, k.out[0], sizeof *out * (size_t)n);
    ant_graph_free(g);
}

static void check(ant_graph *g, ant_node *l, ant_node *r, ant_node *y, const float *want, int n) {
    float got[N];
    values(g, l, r, y, got, n);
    for (int i = 0; i < n; i++)
        ck_assert_msg(fabsf(got[i] - want[i]) < 1e-5f, "entry %d: %g, not %g", i, (double)got[i],
                      (double)want[i]);
}

#define OPERATION(Y, COUNT, ...)                                                                   \
    do {                                                                                           \
        ant_graph *g = ant_graph_new(.threads = 1);                                                \
        ant_node *l = ant_input(g, {COLUMNS}), *r = ant_input(g, {COLUMNS});                       \
        check(g, l, r, Y, (const float[]){__VA_ARGS__}, COUNT);                                    \
    } while (0)

START_TEST(arithmetic) {
    OPERATION(ant_node_add(l, r), N, 2.5f, -0.5f, 1, 3.5f, 3.75f, 3);
    OPERATION(ant_node_subtract(l, r), N, -1.5f, -2.5f, 3, 2.5f, -4.25f, -1);
    OPERATION(ant_node_subtract(l, .x1 = 1), N, 0.5f, 2.5f, -1, -2, 1.25f, 0);
    OPERATION(ant_node_subtract(l, .x2 = 1), N, -0.5f, -2.5f, 1, 2, -1.25f, 0);
    OPERATION(ant_node_multiply(l, .x2 = 2), N, 1, -3, 4, 6, -0.5f, 2);
    OPERATION(ant_node_divide(l, r), N, 0.25f, -1.5f, -2, 6, -0.0625f, 0.5f);
    OPERATION(ant_apply("power", r, .x2 = 2), N, 4, 1, 1, 0.25f, 16, 4);
    OPERATION(ant_apply("maximum", l, .x2 = 0), N, 0.5f, 0, 2, 3, 0, 1);
    OPERATION(ant_apply("negative", l), N, -0.5f, 1.5f, -2, -3, 0.25f, -1);
    OPERATION(ant_apply("clip", l, .x_min = -1, .x_max = 1), N, 0.5f, -1, 1, 1, -0.25f, 1);
    OPERATION(ant_apply("where", ant_apply("greater", l, r), l, .x2 = 7), N, 7, 7, 2, 3, 7, 7);
    OPERATION(ant_apply("cast", ant_apply("less", l, .x2 = 1), .to = "float32"), N, 1, 1, 0, 0, 1,
              0);
}
END_TEST

START_TEST(reductions) {
    OPERATION(ant_node_sum(l, .axis = ANT_INTS(-1)), 2, 1, 3.75f);
    OPERATION(ant_node_mean(l, .axis = ANT_INTS(1), .keepdims = true), 2, 1 / 3.0f, 1.25f);
    OPERATION(ant_node_max(l), 1, 3);
    OPERATION(ant_apply("argmax", l, .axis = ANT_INTS(1)), 2, 2, 0);
    OPERATION(ant_apply("var", l, .axis = ANT_INTS(0, 1)), 1, 2.1336806f);
    OPERATION(ant_apply("logsumexp", l, .axis = ANT_INTS(1)), 2, 2.225802f, 3.16051f);
    OPERATION(ant_apply("cumsum", l, .axis = ANT_INTS(1)), N, 0.5f, -1, 1, 3, 2.75f, 3.75f);
}
END_TEST

START_TEST(shapes) {
    OPERATION(ant_node_slice(l, 1, 1, 2), 4, -1.5f, 2, -0.25f, 1);
    OPERATION(ant_apply("slice", l, .axis = ANT_INTS(1), .start = -1), 2, 2, 1);
    OPERATION(ant_apply("reshape", l, .shape = ANT_INTS(-1, 2)), N, 0.5f, -1.5f, 2, 3, -0.25f, 1);
    OPERATION(ant_apply("transpose", l), N, 0.5f, 3, -1.5f, -0.25f, 2, 1);
    OPERATION(ant_apply("flip", l, .axis = ANT_INTS(1)), N, 2, -1.5f, 0.5f, 1, -0.25f, 3);
    OPERATION(ant_node_matmul(l, ant_apply("transpose", r)), 4, -2.5f, -1.75f, 4.75f, 2.5f);
    OPERATION(ant_apply("stack", l, r, .axis = ANT_INTS(1)), 6, 0.5f, -1.5f, 2, 2, 1, -1);
    OPERATION(
        ant_apply("squeeze", ant_apply("expand_dims", l, .axis = ANT_INTS(1)), .axis = ANT_INTS(1)),
        N, 0.5f, -1.5f, 2, 3, -0.25f, 1);
}
END_TEST

static void refuses(ant_node *y, ant_graph *g, const char *words) {
    int64_t shape[ANT_MAX_AXES];
    ck_assert_int_eq(ant_node_shape(y, shape), 0);
    ck_assert_msg(strstr(ant_error(g), words) != NULL, "'%s' holds no '%s'", ant_error(g), words);
    ant_graph_free(g);
}

#define REFUSED(Y, WORDS)                                                                          \
    do {                                                                                           \
        ant_graph *g = ant_graph_new(.threads = 1);                                                \
        ant_node *l = ant_input(g, {COLUMNS});                                                     \
        refuses(Y, g, WORDS);                                                                      \
    } while (0)

START_TEST(refusals) {
    REFUSED(ant_apply("ad", l, l), "no operation 'ad', did you mean 'add'?");
    REFUSED(ant_apply("add", l), "add takes 2 values, got 1");
    REFUSED(ant_apply("add", l, l, .x1 = 2), "add takes 2 values, got 3");
    REFUSED(ant_apply("add", l, l, .axis = ANT_INTS(1)), "add takes no option axis");
    REFUSED(ant_apply("argmax", l), "argmax: axis is missing");
    REFUSED(ant_apply("sum", l, .axis = ANT_INTS(2)), "axis 2 is outside of 2 axes");
    REFUSED(ant_apply("clip", l, .x_min = 0), "x_min and x_max are both needed");
    REFUSED(ant_apply("argmax", l, .axis = ANT_INTS(0, 1)), "axis is one number");
    REFUSED(ant_apply("transpose", l, .axis = ANT_INTS(0, 0)), "transpose");
    REFUSED(ant_apply("transpose", l, .axis = ANT_INTS(0, 3)), "transpose");
    REFUSED(ant_apply(NULL, l), "op is missing");
}
END_TEST

/* Operations are layers: named, shown and told from each other. */
START_TEST(as_layers) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_node *x = ant_input(g, {3});
    ant_node *y = ant_node_add(ant_node_add(x, .x2 = 1), x, .name = "mine");
    ant_model *m = ant_model_new(g, ANT_NODES(x), ANT_NODES(y));
    ck_assert_str_eq(ant_name(ant_layer_at(m, 0)), "add");
    ck_assert_str_eq(ant_name(ant_layer_at(m, 1)), "mine");
    ant_model *copy = ant_clone(m, g, true);
    ck_assert_int_eq(ant_layer_count(copy), 2);
    ant_layer *parsed = ant_layer_parse(g, "Operation(add, x2=1)");
    ck_assert_str_eq(ant_error(g), "");
    ck_assert_int_eq(ant_weight_count(parsed), 0);
    ant_graph_free(g);
}
END_TEST

ANT_TEST_MAIN("operations", {arithmetic}, {reductions}, {shapes}, {refusals}, {as_layers})
