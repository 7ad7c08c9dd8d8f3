/* pack: a matrix as the panels that products read, for who multiplies by it many times. */
#include "core/kernels/pack.h"
#include "core/ops/matmul.h"
#include "core/program/inside.h"

static int infer(ant_op *o) {
    const ant_dims *in = &o->in[0]->dims;
    char shape[ANT__DIMS_TEXT];
    if (in->rank != 2 || !ant__dims_known(in))
        return ant__op_fail(o, "takes a matrix, got shape %s", ant__dims_text(in, shape));
    bool transposed = o->attrs.i[0];
    o->out[0]->dtype = o->in[0]->dtype;
    o->out[0]->dims = ANT__DIMS(ant__gemm_packed(in->dim[transposed], in->dim[!transposed]));
    return 0;
}

static int64_t prep(const ant_op *o, ant_nums *n) {
    const ant_dims *in = &o->in[0]->dims;
    bool transposed = o->attrs.i[0];
    ant__num_int(n, in->dim[transposed]);
    ant__num_int(n, in->dim[!transposed]);
    ant__num_int(n, transposed ? 1 : in->dim[1]);
    ant__num_int(n, transposed ? in->dim[1] : 1);
    const int64_t cells = (in->dim[!transposed] + ANT__PACK_COLUMNS - 1) / ANT__PACK_COLUMNS;
    return cells > 0 ? cells : 1;
}

const ant_op_class ant__pack_class = {
    .name = "pack", .infer = infer, .kernel = ANT__K_pack, .prep = prep, .constant = true};

ant_value *ant__pack(ant_program *p, ant_value *matrix, bool transposed) {
    return ant__emit(p, &ant__pack_class, &(ant_attrs){.i = {transposed}}, &matrix, 1, 1);
}
