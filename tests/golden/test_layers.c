/* Every layer against real Keras: outputs, masks, gradients of inputs, states and weights, and the
 * weights that a training call changes. A layer class without a golden case fails. */
#include "antler/graph.h"
#include "core/convert.h"
#include "golden.h"
#include "graph/graph.h"
#include "layers/operation/operation.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const files[] = {
    "activation", "attention", "convolutional", "core",           "merging",   "normalization",
    "operation",  "pooling",   "preprocessing", "regularization", "reshaping", "rnn",
};
enum { FILES = sizeof files / sizeof *files, MOST = 4 * ANT_MAX_PORTS };

/* One case under test. */
typedef struct bench {
    const golden_case *golden;
    ant_graph *graph;
    ant_layer *layer;
    ant_model *model;
    bool training, wide;             /* wide: in float64 */
    const golden_entry *input[MOST]; /* the model's inputs: in, state, mask, in this order */
    int n_in, n_x, n_states;
    ANT__LIST(ant_weight *) weights; /* of the layer and all inside, in Keras's order */
} bench;

static void collect(bench *b, ant_layer *l, bool trainable) {
    for (int i = 0; i < l->weights.n; i++)
        if (l->weights.at[i]->trainable == trainable)
            ck_assert(ANT__PUSH(&b->weights, l->weights.at[i]));
}

/* Keras's order: own trainable weights, own others, then the layers inside. */
static void collect_all(bench *b, ant_layer *l) {
    collect(b, l, true);
    collect(b, l, false);
    for (int i = 0; i < l->children.n; i++)
        collect_all(b, l->children.at[i]);
}

/* --- building the model around the layer --- */
static ant_node *input_for(bench *b, const golden_entry *e) {
    ant_input_options o = {.graph = b->graph, .dtype = ant__dtype_name(e->dtype)};
    for (int i = 1; i < e->dims.rank; i++)
        o.shape[i - 1] = (int)e->dims.dim[i];
    b->input[b->n_in++] = e;
    return ant_input_(&o, offsetof(ant_input_options, ant_end), __FILE__, __LINE__);
}

static ant_node *call_layer(bench *b, ant_node **inputs) {
    ant_call_options o = {.layer = b->layer, .training = b->training ? 1 : ANT_NONE};
    const golden_entry *e;
    int n = 0;
    for (int k = 0; (e = golden_get(b->golden, "in", k)); k++)
        inputs[n++] = o.in[b->n_x++] = input_for(b, e);
    for (int k = 0; (e = golden_get(b->golden, "state", k)); k++)
        inputs[n++] = o.initial_state[b->n_states++] = input_for(b, e);
    if ((e = golden_get(b->golden, "mask", 0)))
        inputs[n++] = o.mask[0] = input_for(b, e);
    for (int k = 0; k < b->n_x; k++) {
        const char key[] = {'m', 'a', 's', 'k', (char)('0' + k), 0};
        if ((e = golden_get(b->golden, key, 0)))
            inputs[n++] = o.mask[k] = input_for(b, e);
    }
    if ((e = golden_get(b->golden, "attention_mask", 0)))
        inputs[n++] = o.attention_mask = input_for(b, e);
    const char *flags = golden_word(b->golden, "flags", "");
    o.use_causal_mask = strstr(flags, "use_causal_mask") != NULL;
    o.return_attention_scores = strstr(flags, "return_attention_scores") != NULL;
    return ant_call_(&o, offsetof(ant_call_options, ant_end), __FILE__, __LINE__);
}

static void build(bench *b) {
    ant_node *inputs[MOST] = {NULL}, *outputs[ANT_MAX_PORTS] = {NULL};
    b->graph = ant_graph_new(.threads = 1, .dtype = b->wide ? "float64" : NULL);
    b->layer = ant_layer_parse(b->graph, golden_word(b->golden, "layer", ""));
    if (golden_get(b->golden, "adapt", 0)) {
        ant_array x = golden_array(golden_get(b->golden, "in", 0), NULL);
        ant_adapt(b->layer, x);
        free(x.data);
    }
    ant_node *y = call_layer(b, inputs);
    for (int k = 0; k < golden_count(b->golden, "out"); k++)
        outputs[k] = ant_output(y, k);
    b->model = ant_model_new(b->graph, inputs, outputs);
    ck_assert_msg(!ant_status(b->graph), "%s: %s", b->golden->name, ant_error(b->graph));
    ck_assert_msg(!ant__settle(b->model), "%s: %s", b->golden->name, ant_model_error(b->model));
}

static void set_weights(bench *b) {
    collect_all(b, b->layer);
    if (golden_get(b->golden, "adapt", 0))
        return;
    ck_assert_msg(b->weights.n == golden_count(b->golden, "weight"), "%s: %d weights, Keras has %d",
                  b->golden->name, b->weights.n, golden_count(b->golden, "weight"));
    for (int k = 0; k < b->weights.n; k++) {
        const golden_entry *e = golden_get(b->golden, "weight", k);
        ant_variable *v = &b->weights.at[k]->variable;
        ck_assert_msg(ant__dims_equal(&v->dims, &e->dims), "%s: weight %d (%s): shape differs",
                      b->golden->name, k, v->name);
        for (int64_t i = 0; i < e->count; i++)
            ant__real_put(v->data, v->dtype, i, e->at[i]);
        v->version++;
    }
}

/* --- the program: forward, sum(out * seed), gradients --- */
typedef struct results {
    int out[ANT_MAX_PORTS], dtype[ANT_MAX_PORTS], n_out;
    int mask;               /* -1: none */
    int gradient[2 * MOST]; /* -1: zero */
    int n_gradients;
} results;

typedef struct job {
    bench *bench;
    results *results;
} job;

static ant_value *constant(ant_program *p, const golden_entry *e) {
    return ant_op_constant(p, e->at, e->dims.dim, e->dims.rank);
}

static int real_of(const bench *b) {
    return b->wide ? ANT_FLOAT64 : ANT_FLOAT32;
}

/* The type that the program has an entry in. */
static int type_of(const bench *b, const golden_entry *e) {
    return ant__dtype_real(e->dtype) ? real_of(b) : e->dtype;
}

static int forward(job *j, ant_program *p, ant_lowering *l, ant_value **in, ant_model_values *v) {
    bench *b = j->bench;
    for (int k = 0; k < b->n_in; k++)
        in[k] = ant__input(p, type_of(b, b->input[k]), &b->input[k]->dims);
    *v = (ant_model_values){.program = p, .lowering = l, .in = in, .training = b->training};
    return 0;
}

static int wanted(bench *b, ant_program *p, ant_value **in, ant_value **x) {
    int n = 0;
    for (int k = 0; k < b->n_x + b->n_states; k++)
        if (ant__dtype_real(b->input[k]->dtype))
            x[n++] = in[k];
    for (int k = 0; k < b->weights.n; k++)
        if (ant__weight_trained(b->weights.at[k]))
            x[n++] = ant__read(p, &b->weights.at[k]->variable);
    return n;
}

static int write(ant_run *r, ant_program *p, ant_lowering *l, const void *data) {
    job *j = (job *)(uintptr_t)data;
    ant_value *in[MOST] = {NULL}, *x[2 * MOST], *dx[2 * MOST] = {NULL}, *total = NULL;
    ant_model_values v;
    forward(j, p, l, in, &v);
    v.context = ant__run_context(r);
    int n = wanted(j->bench, p, in, x); /* before the call: a training call assigns weights */
    int code = ant__model_write(j->bench->model, &v);
    if (code)
        return code;
    for (int k = 0; k < golden_count(j->bench->golden, "out"); k++) {
        ant_value *seed = constant(p, golden_get(j->bench->golden, "seed", k));
        ant_value *part =
            ant_op_sum(p, ant_op_mul(p, ant_op_real(p, v.out[k]), seed), ANT_ALL_AXES, false);
        total = total ? ant_op_add(p, total, part) : part;
        j->results->dtype[k] = ant_value_dtype(v.out[k]);
        j->results->out[j->results->n_out++] = ant__output(p, ant_op_real(p, v.out[k]));
    }
    j->results->mask = v.out_mask[0] ? ant__output(p, ant_op_real(p, v.out_mask[0])) : -1;
    if (n && ant_op_gradient(p, &total, NULL, 1, x, dx, n))
        return ant__program_error(p)->code;
    for (int k = 0; k < n; k++)
        j->results->gradient[j->results->n_gradients++] = dx[k] ? ant__output(p, dx[k]) : -1;
    return 0;
}

/* --- comparing --- */
/* atol: of gradients that are zero but for rounding, as attention's of the key's bias. */
static bool same(bench *b, ant_program *p, int output, const golden_entry *want, double rtol) {
    static const double zeros[8192];
    const void *got = output < 0 ? zeros : ant__program_output(p, output);
    ck_assert(output >= 0 || want->count <= 8192);
    double atol = atof(golden_word(b->golden, "atol", "1e-12"));
    return golden_within(b->golden->name, want, got, real_of(b), rtol, atol);
}

static bool same_type(bench *b, int k, int got, int want) {
    bool same = got == (ant__dtype_real(want) ? real_of(b) : want);
    if (!same)
        fprintf(stderr, "%s: output %d is %s, Keras has %s\n", b->golden->name, k,
                ant__dtype_name(got), ant__dtype_name(want));
    return same;
}

static int compare(bench *b, ant_program *p, const results *r) {
    double rtol = atof(golden_word(b->golden, "rtol", "1e-5"));
    int bad = 0, g = 0;
    const golden_entry *e;
    for (int k = 0; k < r->n_out; k++)
        bad += !same(b, p, r->out[k], golden_get(b->golden, "out", k), rtol);
    if ((e = golden_get(b->golden, "out_mask", 0)))
        bad += r->mask < 0 ? (fprintf(stderr, "%s: no mask\n", b->golden->name), 1)
                           : !same(b, p, r->mask, e, 0);
    for (int k = 0; (e = golden_get(b->golden, "out", k)); k++)
        bad += !same_type(b, k, r->dtype[k], e->dtype);
    for (int k = 0; (e = golden_get(b->golden, "din", k)); k++)
        bad += !same(b, p, r->gradient[g++], e, 3 * rtol);
    for (int k = 0; (e = golden_get(b->golden, "dstate", k)); k++)
        bad += !same(b, p, r->gradient[g++], e, 3 * rtol);
    for (int k = 0; (e = golden_get(b->golden, "dweight", k)); k++)
        bad += !same(b, p, r->gradient[g++], e, 3 * rtol);
    return bad;
}

/* A training call moves what is not trained: moving averages. */
static int compare_after(bench *b) {
    int bad = 0, k = 0;
    for (int i = 0; i < b->weights.n; i++) {
        const golden_entry *e =
            ant__weight_trained(b->weights.at[i]) ? NULL : golden_get(b->golden, "after", k);
        if (!e)
            continue;
        bad += !golden_within(b->golden->name, e, b->weights.at[i]->variable.data, real_of(b), 1e-5,
                              1e-12);
        k++;
    }
    return bad;
}

static int run_case(const golden_case *c, bool wide) {
    bench b = {
        .golden = c, .wide = wide, .training = !strcmp(golden_word(c, "training", "0"), "1")};
    results r = {.mask = -1};
    job j = {&b, &r};
    ant_dims dims[MOST];
    ant_array arrays[MOST];
    build(&b);
    set_weights(&b);
    ant_run *run = ant__run_take(b.model);
    for (int k = 0; k < b.n_in; k++)
        dims[k] = b.input[k]->dims;
    ant_program *p = ant__run_program(run, 1, dims, b.n_in, write, &j);
    ck_assert_msg(p != NULL, "%s: %s", c->name, ant__run_error(run)->text);
    for (int k = 0; k < b.n_in; k++) {
        arrays[k] = golden_guarded(b.input[k], type_of(&b, b.input[k]));
        ant__program_bind_input(p, k, arrays[k].data);
    }
    ck_assert_msg(!ant__run_execute(run, p), "%s: %s", c->name, ant__run_error(run)->text);
    int bad = compare(&b, p, &r) + (b.training ? compare_after(&b) : 0);
    for (int k = 0; k < b.n_in; k++)
        golden_guarded_free(&arrays[k]);
    ant__run_put(b.model, run);
    ant__free(b.weights.at);
    ant_graph_free(b.graph);
    return bad;
}

static void run_file(const char *family, bool wide) {
    golden_file f = golden_open(family);
    golden_case c = {0};
    int bad = 0, cases = 0;
    for (; golden_next(&f, &c); cases++)
        bad += run_case(&c, wide) > 0;
    golden_close(&f);
    ck_assert_msg(!bad, "%s: %d of %d cases differ from Keras", family, bad, cases);
}

START_TEST(layers_give_keras_numbers) {
    run_file(files[_i], false);
}
END_TEST

START_TEST(so_they_do_in_float64) {
    run_file(files[_i], true);
}
END_TEST

/* --- every class and every operation has a case --- */
/* Whether a layer's text holds these words, not as the end of a longer name. */
static bool holds(const char *text, const char *words) {
    for (const char *at = text; (at = strstr(at, words)); at++)
        if (at == text || strchr("([, ", at[-1]))
            return true;
    return false;
}

static bool has_case(const char *words) {
    bool found = false;
    for (int i = 0; i < FILES && !found; i++) {
        golden_file f = golden_open(files[i]);
        golden_case c = {0};
        while (golden_next(&f, &c))
            found |= holds(golden_word(&c, "layer", ""), words);
        golden_close(&f);
    }
    return found;
}

/* 1 and a line when there is none. */
static int lacks_case(const char *form, const char *name) {
    char words[128];
    snprintf(words, sizeof words, form, name);
    if (has_case(words))
        return 0;
    fprintf(stderr, "no golden case: %s\n", words);
    return 1;
}

/* Built by others, and compared as models: tests/golden/test_training.c. */
static bool is_structure(const char *name) {
    static const char *const structure[] = {"InputLayer", "Functional", "Sequential"};
    for (size_t i = 0; i < sizeof structure / sizeof *structure; i++)
        if (!strcmp(structure[i], name))
            return true;
    return false;
}

START_TEST(every_layer_class_has_a_case) {
    int missing = 0;
    for (const ant_family *const *f = ant__families; *f; f++)
        for (int i = 0; i < (*f)->n; i++) {
            const ant_class *cls = &(*f)->classes[i];
            if (cls->kind == ANT_LAYER && !is_structure(cls->name))
                missing += lacks_case("%s(", cls->name);
        }
    ck_assert_int_eq(missing, 0);
}
END_TEST

START_TEST(every_operation_has_a_case) {
    int missing = 0;
    for (const ant_operation_family *const *f = ant__operation_families; *f; f++)
        for (int i = 0; i < (*f)->n; i++)
            missing += lacks_case("Operation('%s'", (*f)->rows[i].name);
    ck_assert_int_eq(missing, 0);
}
END_TEST

ANT_TEST_MAIN("golden layers", ANT_LOOP(layers_give_keras_numbers, FILES),
              ANT_LOOP(so_they_do_in_float64, FILES), {every_layer_class_has_a_case},
              {every_operation_has_a_case})
