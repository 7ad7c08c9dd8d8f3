/* lstm: the walk of an LSTM over a sequence, as one op, and its gradient. */
#include "core/ops/matmul.h"
#include "core/ops/strip.h"

enum { GATES = 4 };
/* Inputs 5 and on are there or not: the mask. */
enum { INPUTS, KERNEL, PACKED, START_H, START_C, MASK };
/* The last three are there for the gradient. */
enum { SEQUENCE, LAST_H, LAST_C, ACTIVE, H_BEFORE, C_BEFORE, OUTPUTS };

static size_t workspace(const ant_op *o) {
    return ant__walk_bytes(o, ant__lstm_workspace);
}

/* --- gradient --- */
static int gradient_infer(ant_op *o) {
    const ant_dims *in = &o->in[0]->dims;
    ant_dims state = ANT__DIMS(in->dim[0], in->dim[2] / GATES);
    ant__walk_output(o, 0, in);
    ant__walk_output(o, 1, &state);
    ant__walk_output(o, 2, &state);
    return 0;
}

/* The gradient of the inputs may take the place of the gates. */
static bool gradient_inplace(const ant_op *o, int out, int in) {
    (void)o;
    return out == 0 && in == 0;
}

static const ant_op_class lstm_gradient = {
    .name = "lstm_gradient",
    .infer = gradient_infer,
    .kernel = ANT__K_lstm_gradient,
    .prep = ant__walk_prep,
    .inplace = gradient_inplace,
    .workspace = workspace,
};

static void grad(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    ant_value *in[7] = {o->out[ACTIVE], ant__pack(p, o->in[KERNEL], true), o->out[C_BEFORE]};
    ant_attrs attrs = o->attrs;
    int n = 3, has = (int)attrs.i[ANT__WALK_HAS] & ANT__WALK_MASK;
    ant__walk_add(in, &n, has ? o->in[MASK] : NULL, 0);
    has |= ant__walk_add(in, &n, dy[SEQUENCE], ANT__WALK_DY);
    has |= ant__walk_add(in, &n, dy[LAST_H], ANT__WALK_DH);
    has |= ant__walk_add(in, &n, dy[LAST_C], ANT__WALK_DC);
    attrs.i[ANT__WALK_HAS] = has;
    ant_value *d = ant__emit(p, &lstm_gradient, &attrs, in, n, 3);
    dx[INPUTS] = d;
    dx[START_H] = ant__result(d, 1);
    dx[START_C] = ant__result(d, 2);
    if (o->in[KERNEL]->needs)
        dx[KERNEL] = ant__walk_product(p, o->out[H_BEFORE], d);
}

/* --- forward --- */
static int infer(ant_op *o) {
    ant_walk_sizes s;
    int code = ant__walk_sizes(o, 2, &s);
    if (code || (code = ant__walk_check_mask(o, MASK, &s)))
        return code;
    ant_dims sequence = ANT__DIMS(s.batch, s.steps, s.units), state = ANT__DIMS(s.batch, s.units);
    ant__walk_output(o, SEQUENCE, &sequence);
    ant__walk_output(o, LAST_H, &state);
    ant__walk_output(o, LAST_C, &state);
    ant__walk_output(o, ACTIVE, &o->in[INPUTS]->dims);
    ant__walk_output(o, H_BEFORE, &sequence);
    ant__walk_output(o, C_BEFORE, &sequence);
    return 0;
}

static bool inplace(const ant_op *o, int out, int in) {
    (void)o;
    return out == ACTIVE && in == INPUTS;
}

static const ant_op_class lstm = {
    .name = "lstm",
    .infer = infer,
    .kernel = ANT__K_lstm,
    .prep = ant__walk_prep,
    .grad = grad,
    .inplace = inplace,
    .workspace = workspace,
};

ant_value *ant__lstm(ant_program *p, ant_recurrence *r) {
    if (ant__strip_fits(r))
        return ant__strip(p, ANT__STRIP_LSTM, r);
    int n = MASK, has = 0;
    ant_value *in[MASK + 1] = {ant__walk_inputs(p, r), r->recurrent, NULL, r->h, r->c};
    in[PACKED] = ant__walk_pack(p, r, GATES, &has);
    has |= ant__walk_add(in, &n, r->mask, ANT__WALK_MASK);
    ant_attrs attrs = ant__walk_attrs(r, GATES, has);
    ant_value *y = ant__emit(p, &lstm, &attrs, in, n, OUTPUTS);
    r->h = ant__result(y, LAST_H);
    r->c = ant__result(y, LAST_C);
    return y;
}
