/* gru: the walk of a GRU over a sequence, as one op, and its gradient. */
#include "core/ops/matmul.h"
#include "core/ops/strip.h"

enum { GATES = 3 };
/* Inputs 4 and on are there or not: the mask, the bias of the recurrent product. */
enum { INPUTS, KERNEL, PACKED, START_H, MASK };
/* The last three are there for the gradient. */
enum { SEQUENCE, LAST_H, ACTIVE, H_BEFORE, INNER, OUTPUTS };

static size_t workspace(const ant_op *o) {
    return ant__walk_bytes(o, ant__gru_workspace);
}

/* --- gradient --- */
/* Of the inputs, of h U + its bias, of the start. */
static int gradient_infer(ant_op *o) {
    const ant_dims *in = &o->in[0]->dims;
    ant__walk_output(o, 0, in);
    ant__walk_output(o, 1, in);
    ant__walk_output(o, 2, &ANT__DIMS(in->dim[0], in->dim[2] / GATES));
    return 0;
}

/* The gradient of the inputs may take the place of the gates. */
static bool gradient_inplace(const ant_op *o, int out, int in) {
    (void)o;
    return out == 0 && in == 0;
}

static const ant_op_class gru_gradient = {
    .name = "gru_gradient",
    .infer = gradient_infer,
    .kernel = ANT__K_gru_gradient,
    .prep = ant__walk_prep,
    .inplace = gradient_inplace,
    .workspace = workspace,
};

static ant_value *write_gradient(ant_program *p, const ant_op *o, ant_value *const *dy) {
    ant_value *in[7] = {o->out[ACTIVE], ant__pack(p, o->in[KERNEL], true), o->out[H_BEFORE],
                        o->out[INNER]};
    ant_attrs attrs = o->attrs;
    int n = 4, has = (int)attrs.i[ANT__WALK_HAS] & ANT__WALK_MASK;
    ant__walk_add(in, &n, has ? o->in[MASK] : NULL, 0);
    has |= ant__walk_add(in, &n, dy[SEQUENCE], ANT__WALK_DY);
    has |= ant__walk_add(in, &n, dy[LAST_H], ANT__WALK_DH);
    attrs.i[ANT__WALK_HAS] = has;
    return ant__emit(p, &gru_gradient, &attrs, in, n, 3);
}

static void grad(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    ant_value *d = write_gradient(p, o, dy), *dinner = ant__result(d, 1);
    const int bias = o->n_in - 1;
    dx[INPUTS] = d;
    dx[START_H] = ant__result(d, 2);
    if (o->in[KERNEL]->needs)
        dx[KERNEL] = ant__walk_product(p, o->out[H_BEFORE], dinner);
    if (o->attrs.i[ANT__WALK_HAS] & ANT__WALK_BIAS)
        dx[bias] = ant_op_sum(p, dinner, ANT_AXIS(0) | ANT_AXIS(1), false);
}

/* --- forward --- */
static int check_bias(const ant_op *o) {
    const ant_dims *bias = &o->in[o->n_in - 1]->dims;
    char shape[ANT__DIMS_TEXT];
    if (!(o->attrs.i[ANT__WALK_HAS] & ANT__WALK_BIAS))
        return 0;
    if (bias->rank == 1 && bias->dim[0] == o->in[KERNEL]->dims.dim[1])
        return 0;
    return ant__op_fail(o, "a bias of shape %s, must be (%lld,)", ant__dims_text(bias, shape),
                        (long long)o->in[KERNEL]->dims.dim[1]);
}

static int infer(ant_op *o) {
    ant_walk_sizes s;
    int code = ant__walk_sizes(o, 1, &s);
    if (code || (code = ant__walk_check_mask(o, MASK, &s)) || (code = check_bias(o)))
        return code;
    ant_dims sequence = ANT__DIMS(s.batch, s.steps, s.units);
    ant__walk_output(o, SEQUENCE, &sequence);
    ant__walk_output(o, LAST_H, &ANT__DIMS(s.batch, s.units));
    ant__walk_output(o, ACTIVE, &o->in[INPUTS]->dims);
    ant__walk_output(o, H_BEFORE, &sequence);
    ant__walk_output(o, INNER, &sequence);
    return 0;
}

static bool inplace(const ant_op *o, int out, int in) {
    (void)o;
    return out == ACTIVE && in == INPUTS;
}

static const ant_op_class gru = {
    .name = "gru",
    .infer = infer,
    .kernel = ANT__K_gru,
    .prep = ant__walk_prep,
    .grad = grad,
    .inplace = inplace,
    .workspace = workspace,
};

ant_value *ant__gru(ant_program *p, ant_recurrence *r) {
    if (ant__strip_fits(r))
        return ant__strip(p, ANT__STRIP_GRU, r);
    int has = 0, n = MASK;
    ant_value *in[MASK + 2] = {ant__walk_inputs(p, r), r->recurrent, NULL, r->h};
    in[PACKED] = ant__walk_pack(p, r, GATES, &has);
    has |= ant__walk_add(in, &n, r->mask, ANT__WALK_MASK);
    has |= ant__walk_add(in, &n, r->recurrent_bias, ANT__WALK_BIAS);
    ant_attrs attrs = ant__walk_attrs(r, GATES, has);
    ant_value *y = ant__emit(p, &gru, &attrs, in, n, OUTPUTS);
    r->h = ant__result(y, LAST_H);
    return y;
}
