/* pack_gates: recurrent weights as strips of samples read them (kernels/strip.h); pack_row_gates:
 * as a single sample does (kernels/row_gates.h). */
#include "core/kernels/walk_numbers.h"
#include "core/ops/strip.h"

enum { GATES, TRANSPOSED };

/* Inputs: a matrix (rows, gates * units), or its transpose; a bias (gates * units) or none. */
static int infer(ant_op *o) {
    const ant_dims *in = &o->in[0]->dims;
    const int64_t gates = o->attrs.i[GATES], turned = o->attrs.i[TRANSPOSED];
    char shape[ANT__DIMS_TEXT];
    if (in->rank != 2 || !ant__dims_known(in) || in->dim[!turned] % gates != 0)
        return ant__op_fail(o, "takes a matrix for %lld gates, got shape %s", (long long)gates,
                            ant__dims_text(in, shape));
    const int64_t rows = in->dim[turned], units = in->dim[!turned] / gates;
    o->out[0]->dtype = o->in[0]->dtype;
    o->out[0]->dims = ANT__DIMS((rows + 1) * gates * ant__strip_units(units, gates));
    return 0;
}

static int64_t prep(const ant_op *o, ant_nums *n) {
    const ant_dims *in = &o->in[0]->dims;
    const int64_t gates = o->attrs.i[GATES], turned = o->attrs.i[TRANSPOSED];
    ant__num_int(n, in->dim[turned]);
    ant__num_int(n, in->dim[!turned] / gates);
    ant__num_int(n, gates);
    ant__num_int(n, turned ? 1 : in->dim[1]);
    ant__num_int(n, turned ? in->dim[1] : 1);
    ant__num_int(n, o->n_in > 1);
    return 1;
}

static const ant_op_class pack_gates = {.name = "pack_gates",
                                        .infer = infer,
                                        .kernel = ANT__K_pack_gates,
                                        .prep = prep,
                                        .constant = true};

ant_value *ant__pack_gates(ant_program *p, ant_value *matrix, ant_value *bias, int gates,
                           bool transposed) {
    const ant_attrs attrs = {.i = {[GATES] = gates, [TRANSPOSED] = transposed}};
    return ant__emit(p, &pack_gates, &attrs, (ant_value *[]){matrix, bias}, bias ? 2 : 1, 1);
}

/* --- for a single sample: a matrix (units, gates * units) --- */
static int row_infer(ant_op *o) {
    enum { WIDEST = 16 }; /* lanes, of any set */
    const ant_dims *in = &o->in[0]->dims;
    const int64_t gates = o->attrs.i[GATES];
    char shape[ANT__DIMS_TEXT];
    if (in->rank != 2 || !ant__dims_known(in) || in->dim[1] != gates * in->dim[0])
        return ant__op_fail(o, "takes a recurrent kernel for %lld gates, got shape %s",
                            (long long)gates, ant__dims_text(in, shape));
    o->out[0]->dtype = o->in[0]->dtype;
    o->out[0]->dims = ANT__DIMS(in->dim[1] * ((in->dim[0] + WIDEST - 1) / WIDEST * WIDEST));
    return 0;
}

static int64_t row_prep(const ant_op *o, ant_nums *n) {
    ant__num_int(n, o->in[0]->dims.dim[0]);
    ant__num_int(n, o->attrs.i[GATES]);
    return 1;
}

static const ant_op_class pack_row_gates = {.name = "pack_row_gates",
                                            .infer = row_infer,
                                            .kernel = ANT__K_pack_row_gates,
                                            .prep = row_prep,
                                            .constant = true};

ant_value *ant__pack_row_gates(ant_program *p, ant_value *matrix, int gates) {
    const ant_attrs attrs = {.i = {[GATES] = gates}};
    return ant__emit(p, &pack_row_gates, &attrs, &matrix, 1, 1);
}
