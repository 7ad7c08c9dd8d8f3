/* The epilogue pass: a product whose sum with a bias, and whose relu after it, nobody else sees
 * becomes one op, which adds and cuts while the numbers are still in registers; so does the relu
 * after a convolution. */
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

/* An op of class `cls` takes the place of the maker and of `last`, which came after it; `more` is an
 * input that the maker had not, or NULL. */
static bool replace(ant_op *maker, ant_op *last, const ant_op_class *cls, const ant_attrs *attrs,
                    ant_value *more) {
    ant_program *p = last->program;
    ant_op *joint = ant__op_bare(p, cls, attrs, maker->n_in + (more != NULL), 1);
    if (!joint)
        return false;
    for (int k = 0; k < maker->n_in; k++)
        joint->in[k] = maker->in[k];
    if (more)
        joint->in[maker->n_in] = more;
    joint->out[0] = last->out[0];
    joint->out[0]->from = joint;
    joint->index = last->index;
    p->ops.at[last->index] = joint;
    maker->dead = last->dead = true;
    return true;
}

static bool take_bias(ant_op *sum) {
    for (int k = 0; k < 2; k++) {
        ant_op *product = only_maker(sum->in[k]);
        ant_value *bias = sum->in[1 - k];
        if (product && product->cls == &ant__matmul_class && bias != sum->in[k] &&
            is_bias(bias, product->out[0]) &&
            ant__dims_equal(&sum->out[0]->dims, &product->out[0]->dims))
            return replace(product, sum, &ant__dense_class, &product->attrs, bias);
    }
    return true;
}

static bool take_relu(ant_op *relu) {
    ant_op *maker = only_maker(relu->in[0]);
    int cuts = maker ? maker->cls->relu - 1 : -1;
    if (cuts < 0 || maker->attrs.i[cuts])
        return true;
    ant_attrs attrs = maker->attrs;
    attrs.i[cuts] = true;
    return replace(maker, relu, maker->cls, &attrs, NULL);
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
