/* Gradients of shared weights are sums: a layer called twice against two layers with equal weights,
 * for every way of sharing. */
#include "harness.h"
#include <string.h>

static const float rows[] = {1, 2, 3, 4, -1, 0.5f, 2, -2};

enum { MAX_WEIGHTS = 16 };
typedef struct gradients {
    ant_model *model;
    ant_weight *weight[MAX_WEIGHTS];
    int n;
    float of[MAX_WEIGHTS][64];
} gradients;

/* Sum of squares of the outputs, and its gradient for every weight. */
static int write_gradients(ant_run *r, ant_program *p, ant_lowering *l, const void *data) {
    const gradients *k = data;
    ant_value *in[] = {ant__input(p, ANT_FLOAT32, &ANT__DIMS(2, 4))}, *x[MAX_WEIGHTS];
    ant_value *dx[MAX_WEIGHTS], *loss = NULL;
    ant_model_values v = {.program = p, .context = ant__run_context(r), .lowering = l, .in = in};
    int code = ant__model_write(k->model, &v);
    for (int i = 0; i < ant_model_outputs(k->model); i++) {
        ant_value *sum = ant_op_sum(p, ant_op_square(p, v.out[i]), ANT_ALL_AXES, false);
        loss = loss ? ant_op_add(p, loss, sum) : sum;
    }
    for (int i = 0; i < k->n; i++)
        x[i] = ant__read(p, &k->weight[i]->variable);
    if (!code)
        code = ant_op_gradient(p, &loss, NULL, 1, x, dx, k->n);
    for (int i = 0; i < k->n && !code; i++)
        ant__output(p, dx[i]);
    return code;
}

static void differentiate(ant_model *m, gradients *k) {
    ck_assert_int_gt(ant_layer_count(m), 0);
    const ant_model_body *b = ant__body(m);
    ant_dims rows_dims = ANT__DIMS(2);
    k->model = m;
    for (k->n = 0; k->n < b->weights.n; k->n++)
        k->weight[k->n] = (ant_weight *)(uintptr_t)b->weights.at[k->n].of;
    ant_run *r = ant__run_take(m);
    ant_program *p = ant__run_program(r, 99, &rows_dims, 1, write_gradients, k);
    ck_assert_msg(p != NULL, "%s", ant__run_error(r)->text);
    ant__program_bind_input(p, 0, rows);
    ck_assert_int_eq(ant__run_execute(r, p), 0);
    for (int i = 0; i < k->n; i++) {
        int64_t n = ant__dims_count(&k->weight[i]->variable.dims);
        memcpy(k->of[i], ant__program_output(p, i), sizeof(float) * (size_t)n);
    }
    ant__run_put(m, r);
}

/* One layer called twice in a row and side by side, or two layers in its place. */
static ant_model *net(ant_graph *g, bool shared) {
    ant_node *x = ant_input(g, {4});
    ant_layer *a = ant_dense(g, 4, "tanh", .name = "a");
    ant_layer *b = shared ? a : ant_dense(g, 4, "tanh", .name = "b");
    ant_layer *c = shared ? a : ant_dense(g, 4, "tanh", .name = "c");
    ant_node *h = ant_call(b, ant_call(a, x));
    return ant_model_new(g, ANT_NODES(x), ANT_NODES(h, ant_call(c, x)), "net");
}

START_TEST(called_twice_is_the_sum) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *one = net(g, true), *three = net(g, false);
    gradients k = {0}, l = {0};
    weights_pattern(one);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(ant_weights_copy(ant_layer_at(three, i), ant_layer_at(one, 0), 1), 0);
    differentiate(one, &k);
    differentiate(three, &l);
    ck_assert_int_eq(k.n, 2);
    ck_assert_int_eq(l.n, 6);
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < (i ? 4 : 16); j++)
            ck_assert_float_eq_tol(k.of[i][j], l.of[i][j] + l.of[i + 2][j] + l.of[i + 4][j], 1e-4);
    ant_graph_free(g);
}
END_TEST

/* The same through models: a nested model called twice. */
static ant_model *nest(ant_graph *g, bool shared) {
    ant_node *x = ant_input(g, {4});
    ant_model *a = ant_sequential_named(g, "a", ant_dense(g, 4, "tanh", .input_shape = {4}));
    ant_model *b =
        shared ? a : ant_sequential_named(g, "b", ant_dense(g, 4, "tanh", .input_shape = {4}));
    return ant_model_new(g, ANT_NODES(x), ANT_NODES(ant_call(b, ant_call(a, x))), "nest");
}

START_TEST(nested_models_share_too) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *one = nest(g, true), *two = nest(g, false);
    gradients k = {0}, l = {0};
    weights_pattern(one);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(ant_weights_copy(ant_layer_at(two, i), ant_layer_at(one, 0), 1), 0);
    differentiate(one, &k);
    differentiate(two, &l);
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < (i ? 4 : 16); j++)
            ck_assert_float_eq_tol(k.of[i][j], l.of[i][j] + l.of[i + 2][j], 1e-4);
    ant_graph_free(g);
}
END_TEST

ANT_TEST_MAIN("sharing", {called_twice_is_the_sum}, {nested_models_share_too})
