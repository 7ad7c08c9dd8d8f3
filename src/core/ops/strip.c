/* The walks of LSTM, GRU and SimpleRNN by strips of samples, and their gradients. */
#include "core/ops/strip.h"
#include "core/ops/ops.h"

/* What the three kinds of walks differ in. */
typedef struct kind {
    int gates, states;
    int saved; /* rows for each unit that the gradient reads … */
    int back;  /* … and that its products read */
    const ant_op_class *forward, *backward;
} kind;
static const kind kinds[ANT__STRIP_KINDS];

/* The kind stands where the kernel's number of samples will. */
static const kind *kind_of(const ant_op *o) {
    return &kinds[o->attrs.i[ANT__WALK_BATCH]];
}

/* W, U and the biases are there for the gradient: the kernels read them packed. Behind START, for
 * LSTM: c; then what may be missing: mask, bias, bias of the recurrent product. */
enum { X, KERNEL, RECURRENT, PACKED_X, PACKED_H, START };
/* Behind the last states: what is saved for the gradient. */
enum { SEQUENCE, LAST };

static int64_t has(const ant_op *o, int what) {
    return o->attrs.i[ANT__WALK_HAS] & what;
}

/* Where an input stands that is there. */
static int optional(const ant_op *o, int what) {
    int at = START + kind_of(o)->states;
    for (int bit = 1; bit < what; bit *= 2)
        at += has(o, bit) != 0;
    return at;
}

static int64_t units_of(const ant_op *o) {
    return o->in[RECURRENT]->dims.dim[0];
}

static int64_t cells_of(int64_t batch) {
    return batch < 0 ? -1 : (batch + ANT__WALK_ROWS - 1) / ANT__WALK_ROWS;
}

static void push(const ant_op *o, ant_nums *n, const ant_dims *sequence, int64_t units,
                 int64_t features) {
    ant__num_int(n, sequence->dim[0]);
    ant__num_int(n, sequence->dim[1]);
    ant__num_int(n, units);
    for (int k = ANT__WALK_ACTIVATION; k < ANT__WALK_NUMBERS; k++)
        ant__num_int(n, o->attrs.i[k]);
    ant__num_int(n, features);
}

/* --- shapes --- */
static bool same(int64_t a, int64_t b) {
    return a < 0 || b < 0 || a == b;
}

static int misfit(const ant_op *o, const char *what, const ant_value *v) {
    char at[ANT__DIMS_TEXT], x[ANT__DIMS_TEXT];
    return ant__op_fail(o, "%s of shape %s does not fit inputs of shape %s", what,
                        ant__dims_text(&v->dims, at), ant__dims_text(&o->in[X]->dims, x));
}

static bool is_matrix(const ant_value *v, int64_t rows, int64_t columns) {
    return v->dims.rank == 2 && same(v->dims.dim[0], rows) && same(v->dims.dim[1], columns);
}

static int check(const ant_op *o) {
    const ant_dims *x = &o->in[X]->dims;
    const int64_t units = units_of(o), wide = units * kind_of(o)->gates;
    if (!is_matrix(o->in[RECURRENT], units, wide))
        return misfit(o, "a recurrent kernel", o->in[RECURRENT]);
    if (x->rank != 3 || !is_matrix(o->in[KERNEL], x->dim[2], wide))
        return misfit(o, "a kernel", o->in[KERNEL]);
    for (int k = 0; k < kind_of(o)->states; k++)
        if (!is_matrix(o->in[START + k], x->dim[0], units))
            return misfit(o, "a state", o->in[START + k]);
    ant_walk_sizes s = {x->dim[0], x->dim[1], units};
    return ant__walk_check_mask(o, optional(o, ANT__WALK_MASK), &s);
}

static int check_bias(const ant_op *o, int what) {
    const ant_value *bias = has(o, what) ? o->in[optional(o, what)] : NULL;
    const int64_t wide = units_of(o) * kind_of(o)->gates;
    if (!bias || (bias->dims.rank == 1 && bias->dims.dim[0] == wide))
        return 0;
    return misfit(o, "a bias", bias);
}

static int infer(ant_op *o) {
    int code = check(o);
    if (code || (code = check_bias(o, ANT__WALK_BIAS)) || (code = check_bias(o, ANT__WALK_BIAS_H)))
        return code;
    const kind *k = kind_of(o);
    const ant_dims *x = &o->in[X]->dims;
    const int64_t units = units_of(o), cells = cells_of(x->dim[0]);
    const ant_dims sequence = ANT__DIMS(x->dim[0], x->dim[1], units);
    ant__walk_output(o, SEQUENCE, &sequence);
    for (int i = 0; i < k->states; i++)
        ant__walk_output(o, LAST + i, &ANT__DIMS(x->dim[0], units));
    ant__walk_output(o, LAST + k->states,
                     &ANT__DIMS(cells, x->dim[1],
                                ant__strip_units(units, k->gates) * k->saved * ANT__WALK_ROWS));
    return 0;
}

/* --- for the kernels --- */
static int64_t prep(const ant_op *o, ant_nums *n) {
    const ant_dims *x = &o->in[X]->dims;
    push(o, n, x, units_of(o), x->dim[2]);
    return x->dim[0] > 0 ? cells_of(x->dim[0]) : 1;
}

static size_t workspace(const ant_op *o) {
    const ant_dims *x = &o->in[X]->dims;
    int64_t entries = cells_of(x->dim[0]) * ant__strip_workspace(x->dim[2], units_of(o));
    return (size_t)entries * ant__dtype_size(o->in[X]->dtype);
}

/* --- gradient --- */
/* Inputs: what was saved, U and W packed, x, the sequence, h at the start, then what is there of
 * mask, gradients of the sequence and the states. */
enum { B_SAVED, B_FROM_H, B_FROM_X, B_X, B_SEQUENCE, B_START, B_OPTIONAL };
/* Gradients: of x W + b, of h U + b' where it differs, of x; for each group of samples of W, U and
 * both biases; of the states. */
enum { DZ, DINNER, DX, DW, DU, DBIAS, DBIAS_H, DH, DC, B_OUTPUTS };
/* Attributes behind those of walk_numbers.h: cells of a group. */
enum { GROUP = ANT__WALK_GROUP };

/* Groups of samples whose gradients of weights are summed apart: enough for many threads. A group
 * of several has an even number of cells, so that pairs of them never lie in two. */
static int64_t group_size(int64_t batch) {
    enum { MOST = 16 };
    const int64_t cells = cells_of(batch);
    return cells <= MOST ? 1 : ((cells + MOST - 1) / MOST + 1) / 2 * 2;
}

static int64_t groups_of(const ant_op *o) {
    const int64_t cells = cells_of(o->in[B_X]->dims.dim[0]), size = o->attrs.i[GROUP];
    return cells < 0 ? -1 : (cells + size - 1) / size;
}

static int64_t back_units(const ant_op *o) {
    return o->in[B_START]->dims.dim[1];
}

static int back_infer(ant_op *o) {
    const ant_dims *x = &o->in[B_X]->dims;
    const int64_t batch = x->dim[0], features = x->dim[2], groups = groups_of(o);
    const int64_t units = back_units(o), columns = units * kind_of(o)->gates;
    const ant_dims state = ANT__DIMS(batch, units), bias = ANT__DIMS(groups, columns);
    ant__walk_output(o, DZ, &ANT__DIMS(batch, x->dim[1], columns));
    ant__walk_output(o, DINNER, &ANT__DIMS(batch, x->dim[1], columns));
    ant__walk_output(o, DX, x);
    ant__walk_output(o, DW, &ANT__DIMS(groups, features, columns));
    ant__walk_output(o, DU, &ANT__DIMS(groups, units, columns));
    ant__walk_output(o, DBIAS, &bias);
    ant__walk_output(o, DBIAS_H, &bias);
    ant__walk_output(o, DH, &state);
    ant__walk_output(o, DC, &state);
    return 0;
}

static int64_t back_prep(const ant_op *o, ant_nums *n) {
    const ant_dims *x = &o->in[B_X]->dims;
    push(o, n, x, back_units(o), x->dim[2]);
    ant__num_int(n, o->attrs.i[GROUP]);
    return x->dim[0] > 0 ? groups_of(o) : 1;
}

static size_t back_workspace(const ant_op *o) {
    const kind *k = kind_of(o);
    const int64_t features = o->in[B_X]->dims.dim[2], units = back_units(o);
    int64_t entries = ant__strip_slots(o->attrs.i[GROUP]) *
                      ant__strip_back_workspace(features, units, k->back * units);
    entries += ant__strip_sums(features, units, k->gates * units, k->back * units);
    return (size_t)(groups_of(o) * entries) * ant__dtype_size(o->in[0]->dtype);
}

static ant_value *write_back(ant_program *p, const ant_op *o, ant_value *const *dy) {
    const kind *k = kind_of(o);
    ant_attrs attrs = o->attrs;
    ant_value *in[B_OPTIONAL + 4] = {o->out[LAST + k->states],
                                     ant__pack_gates(p, o->in[RECURRENT], NULL, 1, true),
                                     ant__pack_gates(p, o->in[KERNEL], NULL, 1, true),
                                     o->in[X],
                                     o->out[SEQUENCE],
                                     o->in[START]};
    int n = B_OPTIONAL, there = (int)has(o, ANT__WALK_MASK);
    ant__walk_add(in, &n, there ? o->in[optional(o, ANT__WALK_MASK)] : NULL, 0);
    there |= ant__walk_add(in, &n, dy[SEQUENCE], ANT__WALK_DY);
    there |= ant__walk_add(in, &n, dy[LAST], ANT__WALK_DH);
    if (k->states > 1)
        there |= ant__walk_add(in, &n, dy[LAST + 1], ANT__WALK_DC);
    attrs.i[ANT__WALK_HAS] = there;
    attrs.i[GROUP] = group_size(o->in[X]->dims.dim[0]);
    return ant__emit(p, k->backward, &attrs, in, n, B_OUTPUTS);
}

/* Sums over all steps are made in the walk while they stay in a cache; else by products of their
 * own, which more threads can share. */
static bool sums_in_walk(const ant_op *o) {
    enum { TOGETHER = 1 << 17 };
    const int64_t rows = o->in[X]->dims.dim[2] + units_of(o);
    return rows * units_of(o) * kind_of(o)->gates <= TOGETHER;
}

static void set(ant_op *o, ant_value **dx, int at, ant_value *d) {
    if (o->in[at]->needs)
        dx[at] = d;
}

static ant_value *over_groups(ant_program *p, ant_value *dz, int k) {
    return ant_op_sum(p, ant__result(dz, k), ANT_AXIS(0), false);
}

static void take_sums(ant_program *p, ant_op *o, ant_value *dz, ant_value **dx) {
    set(o, dx, X, ant__result(dz, DX));
    set(o, dx, KERNEL, over_groups(p, dz, DW));
    set(o, dx, RECURRENT, over_groups(p, dz, DU));
    if (has(o, ANT__WALK_BIAS))
        set(o, dx, optional(o, ANT__WALK_BIAS), over_groups(p, dz, DBIAS));
    if (has(o, ANT__WALK_BIAS_H))
        set(o, dx, optional(o, ANT__WALK_BIAS_H), over_groups(p, dz, DBIAS_H));
}

/* What h was when each step began, in the order of the inputs. */
static ant_value *h_before(ant_program *p, const ant_op *o) {
    ant_value *y = o->out[SEQUENCE], *start = ant_op_expand(p, o->in[START], 1);
    const int64_t steps = ant_value_size(y, 1);
    if (steps > 0)
        y = ant_op_concat(p, (ant_value *[]){start, ant_op_slice(p, y, 1, 0, steps - 1, 1)}, 2, 1);
    return o->attrs.i[ANT__WALK_REVERSE] ? ant_op_reverse(p, y, 1) : y;
}

static ant_value *over_steps(ant_program *p, ant_value *dz) {
    return ant_op_sum(p, dz, ANT_AXIS(0) | ANT_AXIS(1), false);
}

static void write_products(ant_program *p, ant_op *o, ant_value *dz, ant_value **dx) {
    const kind *k = kind_of(o);
    ant_value *inner = k->back > k->gates ? ant__result(dz, DINNER) : dz;
    set(o, dx, X, ant_op_matmul(p, dz, o->in[KERNEL], false, true));
    set(o, dx, KERNEL, ant__walk_product(p, o->in[X], dz));
    set(o, dx, RECURRENT, ant__walk_product(p, h_before(p, o), inner));
    if (has(o, ANT__WALK_BIAS))
        set(o, dx, optional(o, ANT__WALK_BIAS), over_steps(p, dz));
    if (has(o, ANT__WALK_BIAS_H))
        set(o, dx, optional(o, ANT__WALK_BIAS_H), over_steps(p, inner));
}

static void grad(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    ant_value *dz = write_back(p, o, dy);
    if (!dz)
        return;
    if (sums_in_walk(o))
        take_sums(p, o, dz, dx);
    else
        write_products(p, o, dz, dx);
    set(o, dx, START, ant__result(dz, DH));
    if (kind_of(o)->states > 1)
        set(o, dx, START + 1, ant__result(dz, DC));
}

/* --- classes --- */
#define FORWARD(kernel_name)                                                                       \
    {                                                                                              \
        .name = #kernel_name, .infer = infer, .kernel = ANT__K_##kernel_name, .prep = prep,        \
        .grad = grad, .workspace = workspace                                                       \
    }
#define BACKWARD(kernel_name)                                                                      \
    {                                                                                              \
        .name = #kernel_name, .infer = back_infer, .kernel = ANT__K_##kernel_name,                 \
        .prep = back_prep, .workspace = back_workspace                                             \
    }
static const ant_op_class forward[ANT__STRIP_KINDS] = {FORWARD(lstm_strip), FORWARD(gru_strip),
                                                       FORWARD(rnn_strip)};
static const ant_op_class backward[ANT__STRIP_KINDS] = {
    BACKWARD(lstm_strip_gradient), BACKWARD(gru_strip_gradient), BACKWARD(rnn_strip_gradient)};

static const kind kinds[ANT__STRIP_KINDS] = {
    [ANT__STRIP_LSTM] = {4, 2, 5, 4, &forward[0], &backward[0]},
    [ANT__STRIP_GRU] = {3, 1, 5, 4, &forward[1], &backward[1]},
    [ANT__STRIP_SIMPLE] = {1, 1, 1, 1, &forward[2], &backward[2]},
};

/* --- writing --- */
ant_value *ant__simple_rnn(ant_program *p, ant_recurrence *r) {
    return ant__strip(p, ANT__STRIP_SIMPLE, r);
}

/* With fewer samples most lanes would be empty. */
bool ant__strip_fits(const ant_recurrence *r) {
    return r->x && ant_value_size(r->x, 0) > ANT__WALK_ROWS / 2;
}

ant_value *ant__strip(ant_program *p, ant_strip_kind number, ant_recurrence *r) {
    const kind *k = &kinds[number];
    int n = START, there = 0;
    ant_value *in[START + 5] = {r->x, r->kernel, r->recurrent};
    in[PACKED_X] = ant__pack_gates(p, r->kernel, r->bias, k->gates, false);
    in[PACKED_H] = ant__pack_gates(p, r->recurrent, r->recurrent_bias, k->gates, false);
    ant__walk_add(in, &n, r->h, 0);
    if (k->states > 1)
        ant__walk_add(in, &n, r->c, 0);
    there |= ant__walk_add(in, &n, r->mask, ANT__WALK_MASK);
    there |= ant__walk_add(in, &n, r->bias, ANT__WALK_BIAS);
    there |= ant__walk_add(in, &n, r->recurrent_bias, ANT__WALK_BIAS_H);
    ant_attrs attrs = ant__walk_attrs(r, number, there);
    ant_value *y = ant__emit(p, k->forward, &attrs, in, n, LAST + k->states + 1);
    r->h = ant__result(y, LAST);
    if (k->states > 1)
        r->c = ant__result(y, LAST + 1);
    return y;
}
