/* The ops lstm and gru: gradients by finite differences, and the same numbers as their steps
 * written in a scan. */
#include "core/ops/recurrent.h"
#include "gradient_check.h"
#include "support.h"
#include <math.h>
#include <string.h>

/* One way of walking; a case's `number` is its place in the table. */
typedef struct way {
    bool gru;
    int batch, steps, units;
    ant_gate activation, gate;
    bool mask, reverse, only_last;
} way;

static const way ways[] = {
    {false, 3, 4, 5, ANT__GATE_TANH, ANT__GATE_SIGMOID, false, false, false},
    {false, 3, 4, 5, ANT__GATE_TANH, ANT__GATE_SIGMOID, true, true, false},
    {false, 2, 3, 4, ANT__GATE_SIGMOID, ANT__GATE_HARD_SIGMOID, true, false, true},
    {false, 1, 3, 3, ANT__GATE_LINEAR, ANT__GATE_TANH, false, true, true},
    {false, 18, 2, 17, ANT__GATE_RELU, ANT__GATE_SIGMOID, true, false, false},
    {false, 33, 1, 1, ANT__GATE_TANH, ANT__GATE_RELU, false, false, false},
    {true, 3, 4, 5, ANT__GATE_TANH, ANT__GATE_SIGMOID, false, false, false},
    {true, 3, 4, 5, ANT__GATE_TANH, ANT__GATE_SIGMOID, true, true, false},
    {true, 2, 3, 4, ANT__GATE_SIGMOID, ANT__GATE_HARD_SIGMOID, true, false, true},
    {true, 1, 3, 3, ANT__GATE_LINEAR, ANT__GATE_TANH, false, true, true},
    {true, 18, 2, 17, ANT__GATE_RELU, ANT__GATE_SIGMOID, true, false, false},
    {true, 33, 1, 1, ANT__GATE_TANH, ANT__GATE_RELU, false, false, false},
};
enum { WAYS = sizeof ways / sizeof *ways };

/* Variables: inputs, kernel, h, and c (LSTM) or the bias (GRU). */
enum { INPUTS, KERNEL, START, LAST, VARIABLES };

static void dims_of(const way *w, ant_dims *dims) {
    int64_t wide = (int64_t)(w->gru ? 3 : 4) * w->units;
    dims[INPUTS] = ANT__DIMS(w->batch, w->steps, wide);
    dims[KERNEL] = ANT__DIMS(w->units, wide);
    dims[START] = ANT__DIMS(w->batch, w->units);
    dims[LAST] = w->gru ? ANT__DIMS(wide) : ANT__DIMS(w->batch, w->units);
}

/* About a third of the steps are masked, the first of some samples among them. */
static ant_value *mask_of(ant_program *p, const way *w) {
    double x[256];
    if (!w->mask)
        return NULL;
    for (int i = 0; i < w->batch * w->steps; i++)
        x[i] = (i * 7 + 3) % 5 - 1;
    ant_value *v = ant_op_constant(p, x, (int64_t[]){w->batch, w->steps}, 2);
    return ant_op_greater(p, v, ant_op_number(p, 0));
}

static ant_recurrence recurrence_of(ant_program *p, check_case *c, const way *w) {
    ant_value *last = check_read(p, c, LAST);
    return (ant_recurrence){.inputs = check_read(p, c, INPUTS),
                            .kernel = check_read(p, c, KERNEL),
                            .bias = w->gru ? last : NULL,
                            .h = check_read(p, c, START),
                            .c = w->gru ? NULL : last,
                            .mask = mask_of(p, w),
                            .activation = w->activation,
                            .gate = w->gate,
                            .reverse = w->reverse};
}

static ant_value *loss_of(ant_program *p, const way *w, ant_value *y, const ant_recurrence *r) {
    ant_value *loss = check_loss(p, r->h);
    if (!w->only_last)
        loss = ant_op_add(p, loss, check_loss(p, y));
    return w->gru ? loss : ant_op_add(p, loss, check_loss(p, r->c));
}

static ant_value *at_once(ant_program *p, check_case *c) {
    const way *w = &ways[c->number];
    ant_recurrence r = recurrence_of(p, c, w);
    ant_value *y = w->gru ? ant__gru(p, &r) : ant__lstm(p, &r);
    return loss_of(p, w, y, &r);
}

/* --- the same in steps --- */
static ant_value *activated(ant_program *p, ant_gate code, ant_value *x) {
    switch (code) {
    case ANT__GATE_TANH:
        return ant_op_tanh(p, x);
    case ANT__GATE_SIGMOID:
        return ant_op_sigmoid(p, x);
    case ANT__GATE_RELU:
        return ant_op_relu(p, x);
    case ANT__GATE_HARD_SIGMOID:
        return ant_op_clip(p, ant_op_shift(p, ant_op_scale(p, x, 1.0 / 6), 0.5), 0, 1);
    default:
        return x;
    }
}

static ant_value *part(ant_program *p, const way *w, ant_value *z, int k) {
    return ant_op_slice(p, z, 1, (int64_t)k * w->units, w->units, 1);
}

static ant_value *gate(ant_program *p, const way *w, ant_value *z, int k) {
    return activated(p, w->gate, part(p, w, z, k));
}

static void lstm_step(ant_program *p, const way *w, ant_value *x, ant_recurrence *r) {
    ant_value *z = ant_op_add(p, x, ant_op_matmul(p, r->h, r->kernel, false, false));
    ant_value *k = activated(p, w->activation, part(p, w, z, 2));
    r->c = ant_op_add(p, ant_op_mul(p, gate(p, w, z, 1), r->c), ant_op_mul(p, gate(p, w, z, 0), k));
    r->h = ant_op_mul(p, gate(p, w, z, 3), activated(p, w->activation, r->c));
}

static void gru_step(ant_program *p, const way *w, ant_value *x, ant_recurrence *r) {
    ant_value *inner = ant_op_add(p, ant_op_matmul(p, r->h, r->kernel, false, false), r->bias);
    ant_value *sum = ant_op_add(p, x, inner), *z = gate(p, w, sum, 0);
    ant_value *reset = ant_op_mul(p, gate(p, w, sum, 1), part(p, w, inner, 2));
    ant_value *n = activated(p, w->activation, ant_op_add(p, part(p, w, x, 2), reset));
    r->h = ant_op_add(p, ant_op_mul(p, z, r->h),
                      ant_op_mul(p, ant_op_sub(p, ant_op_number(p, 1), z), n));
}

static ant_value *swapped(ant_program *p, ant_value *v) {
    return ant_op_transpose(p, v, (int[]){1, 0, 2});
}

static ant_value *kept(ant_program *p, ant_value *mask, ant_value *now, ant_value *before) {
    return mask ? ant_op_where(p, ant_op_expand(p, mask, 1), now, before) : now;
}

/* r->h, r->c become the last states; gives the sequence. */
static ant_value *scanned(ant_program *p, const way *w, ant_recurrence *r) {
    ant_program *body = ant__scan_begin(p, w->steps, w->reverse);
    ant_value *mask = r->mask;
    if (mask)
        mask = ant__scan_sequence(body, ant_op_transpose(p, mask, (int[]){1, 0}));
    ant_value *x = ant__scan_sequence(body, swapped(p, r->inputs));
    ant_value *h = ant__scan_carry(body, r->h), *c = w->gru ? NULL : ant__scan_carry(body, r->c);
    ant_recurrence step = {.kernel = r->kernel, .bias = r->bias, .h = h, .c = c};
    (w->gru ? gru_step : lstm_step)(body, w, x, &step);
    step.h = kept(body, mask, step.h, h);
    ant__scan_next(body, h, step.h);
    if (c)
        ant__scan_next(body, c, kept(body, mask, step.c, c));
    int number = ant__scan_collect(body, step.h);
    ant_op *scan = ant__scan_end(body);
    ck_assert_ptr_nonnull(scan);
    r->h = ant__scan_last(scan, 0);
    r->c = c ? ant__scan_last(scan, 1) : NULL;
    ant_value *y = ant__scan_stacked(scan, number);
    return swapped(p, w->reverse ? ant_op_reverse(p, y, 0) : y);
}

static ant_value *by_steps(ant_program *p, check_case *c) {
    const way *w = &ways[c->number];
    ant_recurrence r = recurrence_of(p, c, w);
    ant_value *y = scanned(p, w, &r);
    return loss_of(p, w, y, &r);
}

START_TEST(gradients) {
    ant_dims dims[VARIABLES];
    check_case c = {
        .name = ways[_i].gru ? "gru" : "lstm", .write = at_once, .n = VARIABLES, .number = _i};
    dims_of(&ways[_i], dims);
    check_gradient_of(&c, dims);
}
END_TEST

/* Loss and gradients of both ways side by side in one program. */
static void write_both(ant_program *p, check_case *c) {
    check_writer *const write[] = {at_once, by_steps};
    for (int k = 0; k < 2; k++) {
        ant_value *x[VARIABLES], *dx[VARIABLES], *loss = write[k](p, c);
        for (int i = 0; i < VARIABLES; i++)
            x[i] = ant__read(p, &c->variable[i]);
        ant__output(p, loss);
        ant_op_gradient(p, &loss, NULL, 1, x, dx, VARIABLES);
        for (int i = 0; i < VARIABLES; i++)
            ant__output(p, dx[i]);
    }
}

static void compare_both(const check_case *c, const ant_program *p, int real, double tolerance) {
    for (int k = 0; k <= VARIABLES; k++) {
        const void *a = ant__program_output(p, k), *b = ant__program_output(p, k + VARIABLES + 1);
        int64_t count = ant__dims_count(&ant__program_output_value(p, k)->dims);
        for (int64_t i = 0; i < count; i++) {
            double x = real == ANT_FLOAT32 ? (double)((const float *)a)[i] : ((const double *)a)[i];
            double y = real == ANT_FLOAT32 ? (double)((const float *)b)[i] : ((const double *)b)[i];
            ck_assert_msg(fabs(x - y) <= tolerance * (1 + fabs(y)),
                          "way %d: result %d[%lld] is %.15g at once, %.15g by steps", c->number, k,
                          (long long)i, x, y);
        }
    }
}

static void same_as_steps(int number, int real, double tolerance) {
    ant_dims dims[VARIABLES];
    check_case c = {.name = "walk", .n = VARIABLES, .number = number};
    dims_of(&ways[number], dims);
    check_make(&c, dims, real);
    ant_program *p = ant__program_new(real);
    write_both(p, &c);
    ck_assert_msg(!ant__program_lower(p, ANT__ALL_PASSES), "%s", ant__program_error(p)->text);
    void *arena = ant__alloc_numbers(ant__program_arena(p));
    ant_report report;
    ant__program_bind_arena(p, arena);
    ck_assert_int_eq(ant__program_run(p, NULL, &report), 0);
    compare_both(&c, p, real, tolerance);
    ant__program_free(p);
    ant__free_numbers(arena);
    check_free(&c);
}

START_TEST(same_as_steps_in_double) {
    same_as_steps(_i, ANT_FLOAT64, 1e-12);
}
END_TEST

START_TEST(same_as_steps_in_float) {
    same_as_steps(_i, ANT_FLOAT32, 2e-5);
}
END_TEST

/* --- what does not fit --- */
static ant_value *with_shapes(ant_program *p, const ant_dims *inputs, const ant_dims *kernel,
                              const ant_dims *state, const ant_dims *mask) {
    ant_recurrence r = {.inputs = ant__input(p, ANT_FLOAT32, inputs),
                        .kernel = ant__input(p, ANT_FLOAT32, kernel),
                        .h = ant__input(p, ANT_FLOAT32, state),
                        .c = ant__input(p, ANT_FLOAT32, state),
                        .mask = mask ? ant__input(p, ANT_BOOL, mask) : NULL};
    return ant__lstm(p, &r);
}

START_TEST(misfits_are_told) {
    const struct {
        ant_dims inputs, kernel, state, mask;
        const char *text;
    } cases[] = {
        {ANT__DIMS(2, 3, 8), ANT__DIMS(2, 9), ANT__DIMS(2, 2), ANT__DIMS(2, 3), "(2, 9)"},
        {ANT__DIMS(2, 3, 12), ANT__DIMS(2, 8), ANT__DIMS(2, 2), ANT__DIMS(2, 3), "(2, 3, 12)"},
        {ANT__DIMS(2, 8), ANT__DIMS(2, 8), ANT__DIMS(2, 2), ANT__DIMS(2, 3), "(2, 8)"},
        {ANT__DIMS(2, 3, 8), ANT__DIMS(2, 8), ANT__DIMS(3, 2), ANT__DIMS(2, 3), "a state"},
        {ANT__DIMS(2, 3, 8), ANT__DIMS(2, 8), ANT__DIMS(2, 2), ANT__DIMS(2, 4), "a mask"},
    };
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ck_assert_ptr_null(
        with_shapes(p, &cases[_i].inputs, &cases[_i].kernel, &cases[_i].state, &cases[_i].mask));
    ck_assert_msg(strstr(ant__program_error(p)->text, cases[_i].text), "%s",
                  ant__program_error(p)->text);
    ant__program_free(p);
}
END_TEST

START_TEST(unknown_sizes_flow) {
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *y = with_shapes(p, &ANT__DIMS(-1, -1, 8), &ANT__DIMS(2, 8), &ANT__DIMS(-1, 2),
                               &ANT__DIMS(-1, -1));
    ck_assert_ptr_nonnull(y);
    ck_assert(ant__dims_equal(&y->dims, &ANT__DIMS(-1, -1, 2)));
    ant__program_free(p);
}
END_TEST

ANT_TEST_MAIN("recurrent", ANT_LOOP(gradients, WAYS), ANT_LOOP(same_as_steps_in_double, WAYS),
              ANT_LOOP(same_as_steps_in_float, WAYS), ANT_LOOP(misfits_are_told, 5),
              {unknown_sizes_flow})
