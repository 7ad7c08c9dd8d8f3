/* The epilogue pass: a product whose sum with a bias, and whose relu after it, nobody else sees
 * becomes one op, which adds and cuts while the numbers are still in registers. */
#include "core/kernels/elementwise.h"
#include "core/ops/matmul.h"
#include "core/passes/passes.h"

/* The op of class code `code` at v's end, when v is only made for one other. */
static ant_op *only_maker(const ant_value *v) {
    return v->pass->uses == 1 && v->from && !v->from->dead ? v->from : NULL;
}

/* One entry for each column of the product, and nothing that broadcasts further. */
static bool is_bias(const ant_value *bias, const ant_value *product) {
    const int64_t columns = product->dims.dim[product->dims.rank - 1];
    return bias->dims.rank >= 1 && bias->dims.rank <= product->dims.rank &&
           bias->dims.dim[bias->dims.rank - 1] == columns &&
           ant__dims_count(&bias->dims) == columns && bias->dtype == product->dtype;
}

/* `last` takes the place of the product and of what came after it. */
static bool replace(ant_op *product, ant_op *last, ant_value *bias, bool relu) {
    ant_program *p = last->program;
    ant_attrs attrs = product->attrs;
    attrs.i[ANT__MATMUL_RELU] = relu;
    ant_op *dense = ant__op_bare(p, &ant__dense_class, &attrs, 3, 1);
    if (!dense)
        return false;
    dense->in[0] = product->in[0];
    dense->in[1] = product->in[1];
    dense->in[2] = bias;
    dense->out[0] = last->out[0];
    dense->out[0]->from = dense;
    dense->index = last->index;
    p->ops.at[last->index] = dense;
    product->dead = last->dead = true;
    return true;
}

static bool take_bias(ant_op *sum) {
    for (int k = 0; k < 2; k++) {
        ant_op *product = only_maker(sum->in[k]);
        ant_value *bias = sum->in[1 - k];
        if (product && product->cls == &ant__matmul_class && bias != sum->in[k] &&
            is_bias(bias, product->out[0]) &&
            ant__dims_equal(&sum->out[0]->dims, &product->out[0]->dims))
            return replace(product, sum, bias, false);
    }
    return true;
}

static bool take_relu(ant_op *relu) {
    ant_op *dense = only_maker(relu->in[0]);
    if (!dense || dense->cls != &ant__dense_class || dense->attrs.i[ANT__MATMUL_RELU])
        return true;
    return replace(dense, relu, dense->in[2], true);
}

static bool look_at(ant_op *o) {
    if (o->cls->elementwise == ANT__E_add)
        return take_bias(o);
    return o->cls->elementwise != ANT__E_relu || take_relu(o);
}

int ant__epilogue(ant_program *p) {
    for (int i = 0; i < p->ops.n; i++) {
        ant_op *o = p->ops.at[i];
        if (o->body && ant__epilogue(o->body))
            return p->shared->error.code;
        if (!look_at(o))
            return ant__program_fail_memory(p);
    }
    ant__drop_dead(p);
    return 0;
}
