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
    OPERATION(ant_node_slice(l, 1, -1, 1), 2, 2, 1);
    OPERATION(ant_node_get(l, ":, ::-2"), 4, 2, 0.5f, 1, 3);
    OPERATION(ant_node_get(l, "..., 1"), 2, -1.5f, -0.25f);
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

/* Arrays in the text, activations, several results. */
START_TEST(other_forms) {
    OPERATION(ant_apply("add", l, .constants = ANT_TEXTS("x2=[1, 2, 3]")), N, 1.5f, 0.5f, 5, 4,
              1.75f, 4);
    OPERATION(ant_apply("leaky_relu(negative_slope=0.5)", l), N, 0.5f, -0.75f, 2, 3, -0.125f, 1);
    OPERATION(ant_output(ant_apply("split", l, .indices = ANT_INTS(1), .axis = ANT_INTS(1)), 1), 4,
              -1.5f, 2, -0.25f, 1);
    OPERATION(ant_output(ant_apply("top_k", l, .count = 2), 1), 4, 2, 0, 0, 2);
    OPERATION(ant_apply("einsum", l, r, .subscripts = "bi,bi->b"), 2, -2.5f, 2.5f);
    OPERATION(ant_apply("where", ant_apply("less", l, r), .x1 = 1, .x2 = 2), N, 1, 1, 2, 2, 1, 1);
}
END_TEST

START_TEST(refusals) {
    REFUSED(ant_apply("ad", l, l), "no operation 'ad', did you mean 'add'?");
    REFUSED(ant_apply("add", l), "add takes 2 values (x1 x2), got 1");
    REFUSED(ant_apply("add", l, l, .x1 = 2), "add takes 2 values (x1 x2), got 3");
    REFUSED(ant_apply("add", l, l, .axis = ANT_INTS(1)), "add takes no option axis");
    REFUSED(ant_apply("exp", l, .x2 = 1), "exp takes no option x2");
    REFUSED(ant_apply("expand_dims", l), "expand_dims: axis is missing");
    REFUSED(ant_apply("sum", l, .axis = ANT_INTS(2)), "sum: axis 2 is outside of shape (None, 3)");
    REFUSED(ant_apply("clip", l, .x_min = 0), "clip: x_max is missing");
    REFUSED(ant_apply("argmax", l, .axis = ANT_INTS(0, 1)), "axis is one number");
    REFUSED(ant_apply("swapaxes", l, .axis = ANT_INTS(0)), "axis has 1 entries, must have 2");
    REFUSED(ant_apply("transpose", l, .axis = ANT_INTS(0, 0)), "transpose");
    REFUSED(ant_apply("transpose", l, .axis = ANT_INTS(0, 3)), "transpose");
    REFUSED(ant_apply(NULL, l), "op is missing");
    REFUSED(ant_apply("get_item", l, .key = ":, 1, 2"),
            "key ':, 1, 2' has more axes than (None, 3)");
    REFUSED(ant_apply("get_item", l, .key = ":, 3"), "index 3 is outside of axis 1 of (None, 3)");
    REFUSED(ant_apply("get_item", l, .key = "1:2:0"), "'1:2:0' is no key");
    REFUSED(ant_apply("get_item", l, .key = "..., ..."), "is no key");
    REFUSED(ant_apply("split", l, .count = 2, .axis = ANT_INTS(1)), "3 entries in 2 equal parts");
    REFUSED(ant_apply("pad", l, .pad_width = ANT_INTS(0, 0, 3, 0), .mode = "reflect"),
            "pad: 3 entries beside 3 of axis 1");
    REFUSED(ant_apply("pad", l, .pad_width = ANT_INTS(1), .mode = "wrap"),
            "mode is 'wrap', must be one of: constant reflect symmetric edge");
    REFUSED(
        ant_apply("einsum", l, .constants = ANT_TEXTS("xs[1]=[[1, 2]]"), .subscripts = "bi,ij->bj"),
        "inner sizes differ");
    REFUSED(ant_apply("einsum", l, .subscripts = "bij->b"), "'bij->b' do not fit value 0");
    REFUSED(ant_apply("einsum", l, .subscripts = "bi->bk"), "the result of subscripts");
    REFUSED(ant_apply("add", l, .constants = ANT_TEXTS("x2=[1, 2]")), "(None, 3) and (2,)");
    REFUSED(ant_apply("add", l, .constants = ANT_TEXTS("x2=[1, [2]]")), "lists of unequal depth");
    REFUSED(ant_apply("add", l, .constants = ANT_TEXTS("x2=[[1], [2, 3]]")),
            "lists of unequal length");
    REFUSED(ant_apply("add", l, .constants = ANT_TEXTS("x2=[1, two]")), "expected a number");
    REFUSED(ant_apply("add", l, l, .constants = ANT_TEXTS("y=1")), "names no value among: x1 x2");
    REFUSED(ant_apply("elu(beta=1)", l), "no option 'beta'");
    REFUSED(ant_apply("elu", l, .axis = ANT_INTS(1)), "elu takes no option axis");
    REFUSED(ant_apply("quantile", l, l), "q must be said in constants");
    REFUSED(ant_apply("bitwise_and", l, l), "bit_and: values of type float32");
    REFUSED(ant_apply("norm", l, .order = "nuc"), "order is 'nuc'");
    REFUSED(ant_apply("norm", l, .order = "2", .axis = ANT_INTS(0, 1)), "singular values");
}
END_TEST

/* --- memory --- */
/* Operations that are written in many ops, on one value (2, 3) or two. */
static const struct {
    int values;
    const char *text;
} written[] = {
    {2, "Operation(einsum, subscripts=\"bi,bj->bij\")"},
    {2, "Operation(einsum, subscripts=\"bi,bi->b\")"},
    {1, "Operation(einsum, subscripts=\"bi->ib\")"},
    {2, "Operation(tensordot, count=0)"},
    {2, "Operation(cross)"},
    {2, "Operation(kron)"},
    {2, "Operation(cdist)"},
    {2, "Operation(vdot)"},
    {1, "Operation(matmul, constants=[\"x2=[1, 2, 3]\"])"},
    {1, "Operation(take, axis=1, constants=[\"indices=[-1, 0]\"])"},
    {1, "Operation(take_along_axis, axis=1, constants=[\"indices=[[0, 2], [1, 1]]\"])"},
    {1, "Operation(top_k, count=2)"},
    {1, "Operation(sort)"},
    {1, "Operation(quantile, axis=1, constants=[\"q=[0.2, 0.5]\"], keepdims=true)"},
    {1, "Operation(get_item, key=\"..., None, ::-1\")"},
    {1, "Operation(split, count=3, axis=1)"},
    {1, "Operation(unstack, count=3, axis=1)"},
    {1, "Operation(tile, repeats=[2, 1, 2])"},
    {1, "Operation(repeat, repeats=[2, 0, 1], axis=1)"},
    {1, "Operation(pad, pad_width=[1, 1], mode=symmetric)"},
    {1, "Operation(pad, pad_width=[1], mode=edge)"},
    {1, "Operation(roll, shift=[1, 1], axis=[0, 1])"},
    {1, "Operation(rot90)"},
    {1, "Operation(moveaxis, axis=[0], axis_2=[1])"},
    {1, "Operation(expand_dims, axis=[0, -1])"},
    {2, "Operation(dstack)"},
    {2, "Operation(append)"},
    {1, "Operation(diagonal)"},
    {1, "Operation(tril, offset=-1)"},
    {1, "Operation(diagflat)"},
    {1, "Operation(diff)"},
    {1, "Operation(cumprod)"},
    {1, "Operation(nancumsum, axis=1)"},
    {1, "Operation(argmax, keepdims=true)"},
    {1, "Operation(nanargmin, axis=1)"},
    {1, "Operation(nanvar, axis=1)"},
    {1, "Operation(average, axis=1, constants=[\"weights=[1, 2, 3]\"])"},
    {1, "Operation(moments, axis=1)"},
    {1, "Operation(norm, axis=[0, 1], order=\"1\")"},
    {1, "Operation(normalize, order=\"3\")"},
    {2, "Operation(select, constants=[\"xs[0]=[[true]]\", \"xs[1]=[[false]]\"])"},
    {1, "Operation(isin, constants=[\"x2=[1, 2]\"])"},
    {2, "Operation(hypot)"},
    {2, "Operation(logaddexp)"},
    {1, "Operation(nan_to_num)"},
    {1, "Operation(one_hot, count=3, axis=1, to=int32)"},
    {1, "Operation(layer_normalization, constants=[\"gamma=none\", \"beta=[1, 2, 3]\"])"},
    {2, "Operation(categorical_crossentropy)"},
    {1, "Operation(\"elu(alpha=0.5)\")"},
};
enum { WRITTEN = sizeof written / sizeof *written };

static int write_and_run(void *data) {
    int k = *(const int *)data;
    ant_graph *g = ant_graph_new(.threads = 1);
    if (!g)
        return ANT_E_MEMORY;
    ant_node *in[] = {ant_input(g, {COLUMNS}), ant_input(g, {COLUMNS})};
    ant_layer *l = ant_layer_parse(g, written[k].text);
    ant_node *y = written[k].values == 1 ? ant_call(l, in[0]) : ant_call(l, in[0], in[1]);
    ant_model *m = ant_model_new(g, ANT_NODES(in[0], in[1]), ANT_NODES(y));
    batch rows = {.x = {a, a}, .rows = ROWS};
    int code = ant_status(g);
    if (!code)
        code = batch_run(m, &rows);
    ant_graph_free(g);
    return code;
}

START_TEST(memory_may_fail) {
    memory_fail_each(write_and_run, &_i);
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

ANT_TEST_MAIN("operations", {arithmetic}, {reductions}, {shapes}, {other_forms}, {refusals},
              ANT_LOOP(memory_may_fail, WRITTEN), {as_layers})
