/* Losses, metrics, schedules, regularizers, constraints, initializers: values of single parts
 * beside Keras's. A class without a golden case fails. */
#include "antler/layers/core.h"
#include "antler/train.h"
#include "golden.h"
#include "graph/graph.h"
#include "support.h"
#include "train/loss.h"
#include "train/schedule.h"
#include <stdlib.h>
#include <string.h>

static const double rtol = 1e-5;

static int complain(const golden_case *c, const char *text) {
    fprintf(stderr, "%s: %s\n", c->name, text);
    return 1;
}

/* --- what is written as ops: run once, compared with `out` and, where there is one, `din` --- */
typedef struct trial {
    ant_program *program;
    ant_context context;
    ant_value *in, *target, *weight, *out, *din;
} trial;

static ant_value *input(ant_program *p, const golden_entry *e) {
    return e ? ant__input(p, e->dtype, &e->dims) : NULL;
}

static void open_trial(trial *t, const golden_case *c) {
    *t = (trial){.program = ant__program_new(ANT_FLOAT32)};
    ck_assert(t->program != NULL);
    t->in = input(t->program, golden_get(c, "in", 0));
    t->target = input(t->program, golden_get(c, "target", 0));
    t->weight = input(t->program, golden_get(c, "sample_weight", 0));
}

static const char *fault(const trial *t) {
    const ant_fault *e = ant__program_error(t->program);
    return e->code ? e->text : t->context.error.text;
}

static void bind(const trial *t, int k, const golden_entry *e, ant_array *held) {
    if (!e)
        return;
    *held = golden_array(e, NULL);
    ant__program_bind_input(t->program, k, held->data);
}

static int run_trial(trial *t, const golden_case *c) {
    ant_program *p = t->program;
    const golden_entry *in = golden_get(c, "in", 0), *target = golden_get(c, "target", 0);
    const golden_entry *weight = golden_get(c, "sample_weight", 0), *din = golden_get(c, "din", 0);
    ant_array held[3] = {{0}};
    if (!t->out)
        return complain(c, fault(t));
    if (din && ant_op_gradient(p, &t->out, NULL, 1, &t->in, &t->din, 1))
        return complain(c, fault(t));
    int out = ant__output(p, t->out), dx = t->din ? ant__output(p, t->din) : -1;
    if (ant__program_lower(p, ANT__ALL_PASSES))
        return complain(c, fault(t));
    void *arena = ant__alloc_numbers(ant__program_arena(p));
    ant__program_bind_arena(p, arena);
    bind(t, 0, in, &held[0]);
    bind(t, 1, target, &held[1]);
    bind(t, target ? 2 : 1, weight, &held[2]);
    int bad = ant__program_run(p, NULL, NULL) != 0;
    bad += !golden_close_to(c->name, golden_get(c, "out", 0), ant__program_output(p, out), rtol);
    if (din && dx >= 0)
        bad += !golden_close_to(c->name, din, ant__program_output(p, dx), rtol);
    bad += din && dx < 0 ? complain(c, "no gradient") : 0;
    for (int k = 0; k < 3; k++)
        free(held[k].data);
    ant__free_numbers(arena);
    return bad;
}

static void close_trial(trial *t) {
    ant__program_free(t->program);
    ant__arena_free(&t->context.arena);
}

static int loss_case(const golden_case *c, const char *part) {
    trial t;
    ant_loss loss;
    open_trial(&t, c);
    if (!ant__loss_read(&t.context, part, &loss))
        t.out = ant__loss_write(t.program, &loss, t.target, t.in, t.weight, NULL).total;
    int bad = run_trial(&t, c);
    close_trial(&t);
    return bad;
}

static int regularizer_case(const golden_case *c, const char *part) {
    trial t;
    open_trial(&t, c);
    t.out = ant__regularizer_write(&t.context, t.program, part, t.in);
    int bad = run_trial(&t, c);
    close_trial(&t);
    return bad;
}

static int constraint_case(const golden_case *c, const char *part) {
    trial t;
    open_trial(&t, c);
    t.out = ant__constraint_write(&t.context, t.program, part, t.in);
    int bad = run_trial(&t, c);
    close_trial(&t);
    return bad;
}

static int initializer_case(const golden_case *c, const char *part) {
    ant_context context = {0};
    const golden_entry *e = golden_get(c, "out", 0);
    float *got = calloc((size_t)e->count, sizeof *got);
    ant_variable out = {.dtype = ANT_FLOAT32, .dims = e->dims, .data = got};
    int bad = ant__initializer_fill(&context, part, 1, &out) != 0;
    bad += !golden_close_to(c->name, e, got, rtol);
    free(got);
    ant__arena_free(&context.arena);
    return bad;
}

/* Both halves of a case's arrays as one. */
static ant_array joined(const golden_case *c, const char *key) {
    const golden_entry *e = golden_get(c, key, 0);
    if (!e)
        return (ant_array){0};
    ant_array a = golden_array(e, NULL), b = golden_array(golden_get(c, key, 1), NULL);
    size_t bytes = ant__dtype_size(e->dtype) * (size_t)e->count;
    a.data = realloc(a.data, 2 * bytes);
    ck_assert(a.data != NULL);
    memcpy((char *)a.data + bytes, b.data, bytes);
    a.shape[0] *= 2;
    free(b.data);
    return a;
}

/* Gives its input back. */
static ant_model *identity_model(ant_graph *g, const ant_array *x) {
    ant_input_options o = {.graph = g};
    for (int i = 1; i < x->axes; i++)
        o.shape[i - 1] = (int)x->shape[i];
    ant_node *in = ant_input_(&o, offsetof(ant_input_options, ant_end), __FILE__, __LINE__);
    return ant_model_new(g, ANT_NODES(in), ANT_NODES(ant_call(ant_identity(g), in)));
}

/* The result that is not the loss. */
static double metric_of(const ant_logs *logs) {
    int k = !strcmp(ant_log_name(logs, 0), "loss");
    return ant_log_at(logs, k);
}

/* Evaluated on the two halves as two batches. */
static int metric_in(const char *dtype, const golden_case *c, const char *part) {
    ant_array x = joined(c, "in"), y = joined(c, "target"), w = joined(c, "sample_weight");
    ant_graph *g = ant_graph_new(.threads = 1, .dtype = dtype);
    ant_model *m = identity_model(g, &x);
    int code = w.axes ? ant_compile(m, .optimizer = NULL, .weighted_metrics = {{part}})
                      : ant_compile(m, .optimizer = NULL, .metrics = {{part}});
    if (!code)
        code = ant_evaluate(m, x, y, .batch_size = (int)x.shape[0] / 2, .sample_weight = {w});
    float got = code ? 0 : (float)metric_of(ant_results(m));
    int bad = code ? complain(c, *ant_error(g) ? ant_error(g) : ant_model_error(m))
                   : !golden_close_to(c->name, golden_get(c, "out", 0), &got, 2 * rtol);
    free(x.data);
    free(y.data);
    free(w.data);
    ant_graph_free(g);
    return bad;
}

static int metric_case(const golden_case *c, const char *part) {
    return metric_in("float32", c, part) + metric_in("float64", c, part);
}

static int schedule_case(const golden_case *c, const char *part) {
    ant_context context = {0};
    ant_part schedule;
    const golden_entry *steps = golden_get(c, "in", 0);
    float got[32];
    if (ant__schedule_read(&context, part, &schedule))
        return complain(c, context.error.text);
    for (int64_t i = 0; i < steps->count; i++)
        got[i] = (float)ant__schedule_rate(&schedule, (int64_t)steps->at[i]);
    int bad = !golden_close_to(c->name, golden_get(c, "out", 0), got, rtol);
    ant__arena_free(&context.arena);
    return bad;
}

static const struct {
    const char *kind;
    int number;
    int (*run)(const golden_case *c, const char *part);
} kinds[] = {
    {"loss", ANT_LOSS, loss_case},
    {"metric", ANT_METRIC, metric_case},
    {"schedule", ANT_SCHEDULE, schedule_case},
    {"regularizer", ANT_REGULARIZER, regularizer_case},
    {"constraint", ANT_CONSTRAINT, constraint_case},
    {"initializer", ANT_INITIALIZER, initializer_case},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

START_TEST(parts_give_keras_numbers) {
    golden_file f = golden_open("parts");
    golden_case c = {0};
    int bad = 0, cases = 0;
    while (golden_next(&f, &c)) {
        if (strcmp(golden_word(&c, "kind", ""), kinds[_i].kind))
            continue;
        cases++;
        bad += kinds[_i].run(&c, golden_word(&c, "part", "")) > 0;
    }
    golden_close(&f);
    ck_assert_int_gt(cases, 0);
    ck_assert_msg(!bad, "%s: %d of %d cases differ from Keras", kinds[_i].kind, bad, cases);
}
END_TEST

ANT_TEST_MAIN("golden parts", ANT_LOOP(parts_give_keras_numbers, KINDS))
