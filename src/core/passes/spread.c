/* The gradient of a pooling that notes its winners, where nobody asks for the gradient of the
 * convolution's input, as in the first layer of a network: only the kernel's gradient and the
 * bias's read it. They become one op, which spreads one image at a time and never writes the
 * gradient of all maps. */
#include "core/ops/conv_pool.h"
#include "core/ops/fine.h"
#include "core/passes/passes.h"

typedef struct readers {
    ant_op *kernel, *bias; /* bias: the sum of all rows; NULL, there is none */
} readers;

static bool note_reader(readers *r, ant_op *o, const ant_value *v) {
    if (ant__sums_rows(o) && !r->bias)
        r->bias = o;
    else if (o->cls == &ant__conv2d_kernel_class && o->in[1] == v && o->in[0] != v && !r->kernel &&
             ant__conv_kernel_is_direct(o))
        r->kernel = o;
    else
        return false;
    return true;
}

static bool find_readers(readers *r, const ant_op *spread) {
    const ant_program *p = spread->program;
    const ant_value *v = spread->out[0];
    int uses = 0;
    for (int i = spread->index + 1; i < p->ops.n; i++) {
        ant_op *o = p->ops.at[i];
        bool reads = false;
        for (int k = 0; k < o->n_in && !o->dead; k++)
            reads |= o->in[k] == v;
        if (reads && !note_reader(r, o, v))
            return false;
        uses += reads;
    }
    return r->kernel && uses == v->pass->uses;
}

static ant_attrs joint_attrs(const ant_op *kernel, const ant_op *spread) {
    ant_attrs attrs = kernel->attrs;
    for (int k = 0; k < ANT__WINDOW_ATTRS; k++)
        attrs.i[ANT__CONV_POOL + k] = spread->attrs.i[k];
    return attrs;
}

/* A sum for each chunk of the batch, which the bias's gradient adds up. */
static ant_value *bias_sums(const readers *r, const ant_op *spread) {
    const ant_dims *dw = &r->kernel->out[0]->dims;
    const ant_dims dims = ANT__DIMS(dw->dim[0], dw->dim[dw->rank - 1]);
    ant_value *v = ant__value_new(spread->program, ANT__TEMP, spread->out[0]->dtype, &dims);
    if (v && r->bias) {
        v->pass->uses = 1;
        ant__sum_from(r->bias, v, 0);
    }
    return v;
}

bool ant__join_spread(ant_op *spread) {
    readers r = {0};
    ant_program *p = spread->program;
    if (!find_readers(&r, spread))
        return true;
    const ant_attrs attrs = joint_attrs(r.kernel, spread);
    ant_op *joint = ant__op_bare(p, &ant__conv2d_pool_kernel_class, &attrs, 3, 2);
    ant_value *bias = bias_sums(&r, spread);
    if (!joint || !bias)
        return false;
    joint->in[0] = r.kernel->in[0];
    joint->in[1] = spread->in[0];
    joint->in[2] = spread->in[1];
    joint->out[0] = r.kernel->out[0];
    joint->out[1] = bias;
    joint->out[0]->from = bias->from = joint;
    joint->index = spread->index;
    p->ops.at[joint->index] = joint;
    r.kernel->dead = spread->dead = true;
    return true;
}
