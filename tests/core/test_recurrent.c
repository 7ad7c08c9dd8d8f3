/* The ops lstm, gru and simple_rnn: gradients by finite differences, the same numbers as their
 * steps written in a scan, the same bits however the batch is cut. */
#include "core/ops/recurrent.h"
#include "core/ops/strip.h"
#include "gradient_check.h"
#include "op_run.h"
#include "support.h"
#include <math.h>
#include <string.h>

typedef enum kind { LSTM, GRU, SIMPLE } kind;

/* One way of walking; a case's `number` is its place in the table. */
typedef struct way {
    kind kind;
    int batch, steps, features, units;
    ant_gate activation, gate;
    bool mask, reverse, only_last;
} way;

/* One sample walks alone, up to eight walk by rows, more by strips; with many units the sums over
 * all steps are products of their own, with many samples some of them share sums. Features and
 * units are chosen to fill vectors, to miss them, and to leave a few columns behind them. */
static const way ways[] = {
    {LSTM, 3, 4, 2, 5, ANT__GATE_TANH, ANT__GATE_SIGMOID, false, false, false},
    {LSTM, 3, 4, 1, 5, ANT__GATE_TANH, ANT__GATE_SIGMOID, true, true, false},
    {LSTM, 2, 3, 3, 4, ANT__GATE_SIGMOID, ANT__GATE_HARD_SIGMOID, true, false, true},
    {LSTM, 1, 3, 2, 3, ANT__GATE_LINEAR, ANT__GATE_TANH, false, true, true},
    {LSTM, 1, 3, 2, 50, ANT__GATE_TANH, ANT__GATE_SIGMOID, true, false, false},
    {LSTM, 1, 2, 3, 28, ANT__GATE_RELU, ANT__GATE_SIGMOID, false, true, false},
    {LSTM, 1, 2, 1, 22, ANT__GATE_TANH, ANT__GATE_SIGMOID, false, false, true},
    {LSTM, 1, 2, 2, 83, ANT__GATE_TANH, ANT__GATE_SIGMOID, false, false, false},
    {LSTM, 1, 3, 1, 1, ANT__GATE_RELU, ANT__GATE_SIGMOID, false, false, false},
    {LSTM, 9, 3, 2, 5, ANT__GATE_TANH, ANT__GATE_SIGMOID, true, false, false},
    {LSTM, 16, 2, 5, 3, ANT__GATE_TANH, ANT__GATE_SIGMOID, false, true, false},
    {LSTM, 18, 2, 3, 17, ANT__GATE_RELU, ANT__GATE_SIGMOID, true, false, false},
    {LSTM, 33, 1, 1, 1, ANT__GATE_TANH, ANT__GATE_RELU, false, false, false},
    {LSTM, 40, 2, 1, 2, ANT__GATE_TANH, ANT__GATE_SIGMOID, true, true, true},
    {LSTM, 300, 9, 2, 3, ANT__GATE_TANH, ANT__GATE_SIGMOID, false, true, false},
    {LSTM, 23, 11, 1, 16, ANT__GATE_TANH, ANT__GATE_SIGMOID, true, false, false},
    {LSTM, 17, 2, 1, 200, ANT__GATE_TANH, ANT__GATE_SIGMOID, false, false, false},
    {GRU, 3, 4, 2, 5, ANT__GATE_TANH, ANT__GATE_SIGMOID, false, false, false},
    {GRU, 3, 4, 1, 5, ANT__GATE_TANH, ANT__GATE_SIGMOID, true, true, false},
    {GRU, 2, 3, 3, 4, ANT__GATE_SIGMOID, ANT__GATE_HARD_SIGMOID, true, false, true},
    {GRU, 1, 3, 2, 3, ANT__GATE_LINEAR, ANT__GATE_TANH, false, true, true},
    {GRU, 1, 3, 3, 37, ANT__GATE_TANH, ANT__GATE_SIGMOID, false, false, false},
    {GRU, 1, 4, 2, 20, ANT__GATE_TANH, ANT__GATE_SIGMOID, true, true, false},
    {GRU, 1, 2, 1, 32, ANT__GATE_TANH, ANT__GATE_SIGMOID, false, false, false},
    {GRU, 1, 3, 1, 83, ANT__GATE_TANH, ANT__GATE_SIGMOID, true, false, false},
    {GRU, 1, 2, 2, 1, ANT__GATE_RELU, ANT__GATE_SIGMOID, false, true, false},
    {GRU, 9, 3, 2, 5, ANT__GATE_TANH, ANT__GATE_SIGMOID, true, false, false},
    {GRU, 18, 2, 3, 17, ANT__GATE_RELU, ANT__GATE_SIGMOID, true, false, false},
    {GRU, 33, 1, 1, 1, ANT__GATE_TANH, ANT__GATE_RELU, false, false, false},
    {GRU, 40, 2, 5, 2, ANT__GATE_TANH, ANT__GATE_SIGMOID, true, true, true},
    {GRU, 33, 9, 18, 17, ANT__GATE_TANH, ANT__GATE_SIGMOID, false, true, false},
    {GRU, 530, 2, 2, 3, ANT__GATE_TANH, ANT__GATE_SIGMOID, false, false, false},
    {GRU, 9, 3, 3, 220, ANT__GATE_TANH, ANT__GATE_SIGMOID, true, true, false},
    {SIMPLE, 1, 4, 2, 5, ANT__GATE_TANH, ANT__GATE_LINEAR, false, false, false},
    {SIMPLE, 9, 3, 2, 9, ANT__GATE_RELU, ANT__GATE_LINEAR, true, false, false},
    {SIMPLE, 17, 2, 1, 8, ANT__GATE_SIGMOID, ANT__GATE_LINEAR, false, true, true},
    {SIMPLE, 33, 11, 2, 5, ANT__GATE_TANH, ANT__GATE_LINEAR, false, false, false},
    {SIMPLE, 11, 2, 3, 400, ANT__GATE_TANH, ANT__GATE_LINEAR, true, false, false},
    {SIMPLE, 33, 3, 3, 1, ANT__GATE_TANH, ANT__GATE_LINEAR, true, true, false},
};
enum { WAYS = sizeof ways / sizeof *ways };
static const int gates_of[] = {[LSTM] = 4, [GRU] = 3, [SIMPLE] = 1};

/* Variables: x, W, b, U, h, and c (LSTM) or the bias of h U (GRU); SimpleRNN has no use for it. */
enum { INPUTS, KERNEL, BIAS, RECURRENT, START, LAST, VARIABLES };

static void dims_of(const way *w, ant_dims *dims) {
    int64_t wide = (int64_t)gates_of[w->kind] * w->units;
    dims[INPUTS] = ANT__DIMS(w->batch, w->steps, w->features);
    dims[KERNEL] = ANT__DIMS(w->features, wide);
    dims[BIAS] = ANT__DIMS(wide);
    dims[RECURRENT] = ANT__DIMS(w->units, wide);
    dims[START] = ANT__DIMS(w->batch, w->units);
    dims[LAST] = w->kind == LSTM ? ANT__DIMS(w->batch, w->units) : ANT__DIMS(wide);
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
    return (ant_recurrence){.x = check_read(p, c, INPUTS),
                            .kernel = check_read(p, c, KERNEL),
                            .bias = check_read(p, c, BIAS),
                            .recurrent = check_read(p, c, RECURRENT),
                            .recurrent_bias = w->kind == GRU ? last : NULL,
                            .h = check_read(p, c, START),
                            .c = w->kind == LSTM ? last : NULL,
                            .mask = mask_of(p, w),
                            .activation = w->activation,
                            .gate = w->gate,
                            .reverse = w->reverse};
}

static ant_value *walk(ant_program *p, const way *w, ant_recurrence *r) {
    switch (w->kind) {
    case LSTM:
        return ant__lstm(p, r);
    case GRU:
        return ant__gru(p, r);
    default:
        return ant__simple_rnn(p, r);
    }
}

static ant_value *loss_of(ant_program *p, const way *w, ant_value *y, const ant_recurrence *r) {
    ant_value *loss = check_loss(p, r->h);
    if (!w->only_last)
        loss = ant_op_add(p, loss, check_loss(p, y));
    return w->kind == LSTM ? ant_op_add(p, loss, check_loss(p, r->c)) : loss;
}

static ant_value *at_once(ant_program *p, check_case *c) {
    const way *w = &ways[c->number];
    ant_recurrence r = recurrence_of(p, c, w);
    ant_value *y = walk(p, w, &r);
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

/* x W + b */
static ant_value *from_x(ant_program *p, ant_value *x, const ant_recurrence *r) {
    return ant_op_add(p, ant_op_matmul(p, x, r->kernel, false, false), r->bias);
}

static ant_value *from_h(ant_program *p, const ant_recurrence *r) {
    return ant_op_matmul(p, r->h, r->recurrent, false, false);
}

static void lstm_step(ant_program *p, const way *w, ant_value *x, ant_recurrence *r) {
    ant_value *z = ant_op_add(p, from_x(p, x, r), from_h(p, r));
    ant_value *k = activated(p, w->activation, part(p, w, z, 2));
    r->c = ant_op_add(p, ant_op_mul(p, gate(p, w, z, 1), r->c), ant_op_mul(p, gate(p, w, z, 0), k));
    r->h = ant_op_mul(p, gate(p, w, z, 3), activated(p, w->activation, r->c));
}

static void gru_step(ant_program *p, const way *w, ant_value *x, ant_recurrence *r) {
    ant_value *inner = ant_op_add(p, from_h(p, r), r->recurrent_bias);
    x = from_x(p, x, r);
    ant_value *sum = ant_op_add(p, x, inner), *z = gate(p, w, sum, 0);
    ant_value *reset = ant_op_mul(p, gate(p, w, sum, 1), part(p, w, inner, 2));
    ant_value *n = activated(p, w->activation, ant_op_add(p, part(p, w, x, 2), reset));
    r->h = ant_op_add(p, ant_op_mul(p, z, r->h),
                      ant_op_mul(p, ant_op_sub(p, ant_op_number(p, 1), z), n));
}

static void simple_step(ant_program *p, const way *w, ant_value *x, ant_recurrence *r) {
    r->h = activated(p, w->activation, ant_op_add(p, from_x(p, x, r), from_h(p, r)));
}

static ant_value *swapped(ant_program *p, ant_value *v) {
    return ant_op_transpose(p, v, (int[]){1, 0, 2});
}

static ant_value *kept(ant_program *p, ant_value *mask, ant_value *now, ant_value *before) {
    return mask ? ant_op_where(p, ant_op_expand(p, mask, 1), now, before) : now;
}

typedef void one_step(ant_program *p, const way *w, ant_value *x, ant_recurrence *r);
static one_step *const step_of[] = {[LSTM] = lstm_step, [GRU] = gru_step, [SIMPLE] = simple_step};

/* r->h, r->c become the last states; gives the sequence. */
static ant_value *scanned(ant_program *p, const way *w, ant_recurrence *r) {
    ant_program *body = ant__scan_begin(p, w->steps, w->reverse);
    ant_value *mask = r->mask;
    if (mask)
        mask = ant__scan_sequence(body, ant_op_transpose(p, mask, (int[]){1, 0}));
    ant_value *x = ant__scan_sequence(body, swapped(p, r->x)), *h = ant__scan_carry(body, r->h);
    ant_value *c = r->c ? ant__scan_carry(body, r->c) : NULL;
    ant_recurrence now = *r;
    now.h = h;
    now.c = c;
    step_of[w->kind](body, w, x, &now);
    now.h = kept(body, mask, now.h, h);
    ant__scan_next(body, h, now.h);
    if (c)
        ant__scan_next(body, c, kept(body, mask, now.c, c));
    int number = ant__scan_collect(body, now.h);
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
    static const char *const names[] = {[LSTM] = "lstm", [GRU] = "gru", [SIMPLE] = "simple_rnn"};
    check_case c = {.name = names[ways[_i].kind], .write = at_once, .n = VARIABLES, .number = _i};
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
            ant__output(p, dx[i] ? dx[i] : x[i]);
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

/* Sums of many numbers are kept near 1: else each step would blow up what was rounded. */
static void set_range(check_case *c) {
    if (ways[c->number].units > 100)
        c->high = -(c->low = -0.1);
}

static void same_as_steps(int number, int real, double tolerance) {
    ant_dims dims[VARIABLES];
    check_case c = {.name = "walk", .n = VARIABLES, .number = number};
    set_range(&c);
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

/* --- activations: h' = f(x) for floats of all sizes, each a sample --- */
enum { FLOATS = 1 << 16, FLOAT_STRIDE = 65537 };

/* In units of the last place of the right answer. */
static double ulps(float got, double want) {
    double size = fabs(want),
           unit = (double)nextafterf((float)size, INFINITY) - (double)(float)size;
    return fabs((double)got - want) / unit;
}

static void check_activation(const float *x, const float *y, ant_gate code) {
    for (int i = 0; i < FLOATS; i++) {
        double want = code == ANT__GATE_TANH ? tanh((double)x[i]) : 1 / (1 + exp(-(double)x[i]));
        if (isnan(x[i]))
            ck_assert_msg(isnan(y[i]), "NaN gives %g", (double)y[i]);
        else if (fabs(want) < 0x1p-126 && y[i] == 0)
            continue; /* subnormal: zero where the processor can */
        else if (code == ANT__GATE_TANH || x[i] > -87)
            ck_assert_msg(ulps(y[i], want) <= 4, "gate %d of %.9g is %.9g, must be %.9g", code,
                          (double)x[i], (double)y[i], want);
        else /* where the right answer is no normal number */
            ck_assert_msg(y[i] >= 0 && y[i] < 2e-38f, "sigmoid of %g is %g", (double)x[i],
                          (double)y[i]);
    }
}

static void run_with_input(ant_program *p, const float *x, ant_gate code) {
    void *arena = ant__alloc_numbers(ant__program_arena(p));
    ant_report report;
    ant__program_bind_arena(p, arena);
    ant__program_bind_input(p, 0, x);
    ck_assert_int_eq(ant__program_run(p, NULL, &report), 0);
    check_activation(x, ant__program_output(p, 0), code);
    ant__free_numbers(arena);
}

START_TEST(activations_are_close) {
    float *x = ant__alloc_numbers(FLOATS * sizeof *x);
    for (uint32_t i = 0; i < FLOATS; i++) {
        uint32_t bits = i * FLOAT_STRIDE;
        memcpy(&x[i], &bits, sizeof bits);
    }
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *one = ant__broadcast_to(p, ant_op_number(p, 1), &ANT__DIMS(1, 1));
    ant_recurrence r = {.x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(FLOATS, 1, 1)),
                        .kernel = one,
                        .recurrent = ant__zeros(p, &ANT__DIMS(1, 1)),
                        .h = ant__zeros(p, &ANT__DIMS(FLOATS, 1)),
                        .activation = _i ? ANT__GATE_TANH : ANT__GATE_SIGMOID};
    ant__output(p, ant__simple_rnn(p, &r));
    ck_assert_int_eq(ant__program_lower(p, ANT__ALL_PASSES), 0);
    run_with_input(p, x, r.activation);
    ant__program_free(p);
    ant__free_numbers(x);
}
END_TEST

/* --- what does not fit --- */
static ant_value *with_shapes(ant_program *p, const ant_dims *inputs, const ant_dims *kernel,
                              const ant_dims *state, const ant_dims *mask) {
    int64_t wide = kernel->dim[1];
    ant_recurrence r = {.x = ant__input(p, ANT_FLOAT32, inputs),
                        .kernel = ant__input(p, ANT_FLOAT32, &ANT__DIMS(5, wide)),
                        .recurrent = ant__input(p, ANT_FLOAT32, kernel),
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
        {ANT__DIMS(2, 3, 5), ANT__DIMS(2, 9), ANT__DIMS(2, 2), ANT__DIMS(2, 3), "(2, 9)"},
        {ANT__DIMS(2, 3, 5), ANT__DIMS(3, 8), ANT__DIMS(2, 2), ANT__DIMS(2, 3), "(3, 8)"},
        {ANT__DIMS(2, 3, 5), ANT__DIMS(2, 8), ANT__DIMS(3, 2), ANT__DIMS(2, 3), "a state"},
        {ANT__DIMS(2, 3, 5), ANT__DIMS(2, 8), ANT__DIMS(2, 2), ANT__DIMS(2, 4), "a mask"},
        {ANT__DIMS(9, 3, 5), ANT__DIMS(2, 9), ANT__DIMS(9, 2), ANT__DIMS(9, 3), "(5, 9)"},
        {ANT__DIMS(9, 3, 5), ANT__DIMS(3, 8), ANT__DIMS(9, 2), ANT__DIMS(9, 3), "(3, 8)"},
        {ANT__DIMS(9, 3, 4), ANT__DIMS(2, 8), ANT__DIMS(9, 2), ANT__DIMS(9, 3), "(9, 3, 4)"},
        {ANT__DIMS(9, 8), ANT__DIMS(2, 8), ANT__DIMS(9, 2), ANT__DIMS(9, 3), "(9, 8)"},
        {ANT__DIMS(9, 3, 5), ANT__DIMS(2, 8), ANT__DIMS(8, 2), ANT__DIMS(9, 3), "a state"},
        {ANT__DIMS(9, 3, 5), ANT__DIMS(2, 8), ANT__DIMS(9, 2), ANT__DIMS(9, 4), "a mask"},
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
    ant_value *y = with_shapes(p, &ANT__DIMS(-1, -1, 5), &ANT__DIMS(2, 8), &ANT__DIMS(-1, 2),
                               &ANT__DIMS(-1, -1));
    ck_assert_ptr_nonnull(y);
    ck_assert(ant__dims_equal(&y->dims, &ANT__DIMS(-1, -1, 2)));
    ant__program_free(p);
}
END_TEST

ANT_TEST_MAIN("recurrent", ANT_LOOP(gradients, WAYS), ANT_LOOP(same_as_steps_in_double, WAYS),
              ANT_LOOP(same_as_steps_in_float, WAYS), ANT_LOOP(misfits_are_told, 10),
              ANT_LOOP(activations_are_close, 2), {unknown_sizes_flow})
