/* What the recurrent ops share: shapes, numbers for the kernels, products over all steps. */
#include "core/ops/matmul.h"
#include "core/ops/recurrent.h"

/* attrs.i holds, where the kernel's numbers stand later, what is known when the op is written; the
 * place of the batch holds how many gates there are. */
ant_attrs ant__walk_attrs(const ant_recurrence *r, int gates, int has) {
    ant_attrs a = {.i = {[ANT__WALK_BATCH] = gates}};
    a.i[ANT__WALK_ACTIVATION] = r->activation;
    a.i[ANT__WALK_GATE] = r->gate;
    a.i[ANT__WALK_REVERSE] = r->reverse;
    a.i[ANT__WALK_HAS] = has;
    return a;
}

ant_value *ant__walk_pack(ant_program *p, const ant_recurrence *r, int gates, int *has) {
    if (!r->x || ant_value_size(r->x, 0) != 1)
        return ant__pack(p, r->recurrent, false);
    *has |= ANT__WALK_ALONE;
    return ant__pack_row_gates(p, r->recurrent, gates);
}

/* --- shapes --- */
static bool fits(int64_t a, int64_t b) {
    return a < 0 || b < 0 || a == b;
}

static int64_t known(int64_t a, int64_t b) {
    return a < 0 ? b : a;
}

static int misfit(const ant_op *o, const char *what, const ant_dims *a, const ant_dims *b) {
    char at[ANT__DIMS_TEXT], bt[ANT__DIMS_TEXT];
    return ant__op_fail(o, "%s of shape %s does not fit inputs of shape %s", what,
                        ant__dims_text(a, at), ant__dims_text(b, bt));
}

static int check_state(const ant_op *o, const ant_dims *state, ant_walk_sizes *s) {
    const ant_dims *in = &o->in[0]->dims;
    if (state->rank != 2 || !fits(state->dim[0], s->batch) || !fits(state->dim[1], s->units))
        return misfit(o, "a state", state, in);
    s->batch = known(s->batch, state->dim[0]);
    return 0;
}

int ant__walk_sizes(const ant_op *o, int states, ant_walk_sizes *s) {
    const ant_dims *in = &o->in[0]->dims, *kernel = &o->in[1]->dims;
    int64_t gates = o->attrs.i[ANT__WALK_BATCH];
    bool square = kernel->rank == 2 && kernel->dim[1] == gates * kernel->dim[0];
    if (in->rank != 3 || !square || !fits(in->dim[2], kernel->dim[1]))
        return misfit(o, "a recurrent kernel", kernel, in);
    *s = (ant_walk_sizes){in->dim[0], in->dim[1], kernel->dim[0]};
    int code = 0;
    for (int k = 0; k < states && !code; k++)
        code = check_state(o, &o->in[3 + k]->dims, s);
    return code;
}

int ant__walk_check_mask(const ant_op *o, int k, ant_walk_sizes *s) {
    if (!(o->attrs.i[ANT__WALK_HAS] & ANT__WALK_MASK))
        return 0;
    const ant_dims *mask = &o->in[k]->dims;
    if (o->in[k]->dtype != ANT_BOOL)
        return ant__op_fail(o, "a mask is of type bool, not %s", ant__dtype_name(o->in[k]->dtype));
    if (mask->rank != 2 || !fits(mask->dim[0], s->batch) || !fits(mask->dim[1], s->steps))
        return misfit(o, "a mask", mask, &o->in[0]->dims);
    return 0;
}

void ant__walk_output(ant_op *o, int k, const ant_dims *dims) {
    o->out[k]->dtype = o->in[0]->dtype;
    o->out[k]->dims = *dims;
}

/* --- for the kernels --- */
int64_t ant__walk_prep(const ant_op *o, ant_nums *n) {
    const ant_dims *in = &o->in[0]->dims;
    ant__num_int(n, in->dim[0]);
    ant__num_int(n, in->dim[1]);
    ant__num_int(n, in->dim[2] / o->attrs.i[ANT__WALK_BATCH]);
    for (int k = ANT__WALK_ACTIVATION; k < ANT__WALK_NUMBERS; k++)
        ant__num_int(n, o->attrs.i[k]);
    return ant__walk_cells(o);
}

int64_t ant__walk_cells(const ant_op *o) {
    int64_t batch = o->in[0]->dims.dim[0];
    return batch <= ANT__WALK_ROWS ? 1 : (batch + ANT__WALK_ROWS - 1) / ANT__WALK_ROWS;
}

size_t ant__walk_bytes(const ant_op *o, int64_t (*entries)(int64_t units)) {
    int64_t units = o->in[0]->dims.dim[2] / o->attrs.i[ANT__WALK_BATCH];
    return (size_t)(ant__walk_cells(o) * entries(units)) * ant__dtype_size(o->in[0]->dtype);
}

/* --- writing --- */
int ant__walk_add(ant_value **in, int *n, ant_value *v, int bit) {
    if (!v)
        return 0;
    in[(*n)++] = v;
    return bit;
}

ant_value *ant__walk_inputs(ant_program *p, const ant_recurrence *r) {
    ant_value *z = ant_op_matmul(p, r->x, r->kernel, false, false);
    return r->bias ? ant_op_add(p, z, r->bias) : z;
}

static ant_value *flat(ant_program *p, ant_value *v) {
    if (!v)
        return NULL;
    int64_t rows = ant__dims_span(&v->dims, 0, 2);
    return ant__reshape_to(p, v, &ANT__DIMS(rows, v->dims.dim[2]));
}

ant_value *ant__walk_product(ant_program *p, ant_value *a, ant_value *b) {
    return ant_op_matmul(p, flat(p, a), flat(p, b), true, false);
}
