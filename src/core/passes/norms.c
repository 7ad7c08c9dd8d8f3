/* The norms pass: where weights stand still, a normalization by known moments right behind a
 * convolution or a product goes into their kernel and bias:
 *
 *     s = gamma rstd     s (x w + b - mean) + beta = x (w s) + (b - mean) s + beta
 *
 * The new kernel and bias depend on weights only, so the keep pass takes them out of the program.
 * In training weights change with every run: nothing is folded there. */
#include "core/kernels/elementwise.h"
#include "core/ops/batch_norm.h"
#include "core/ops/conv_pool.h"
#include "core/ops/fine.h"
#include "core/ops/matmul.h"
#include "core/ops/ops.h"
#include "core/passes/passes.h"

enum { X, MEAN, RSTD, GAMMA, BETA }; /* of normalize */

/* What stands before a normalization: a convolution or a product, the bias added to it, and a view
 * of that which leaves the channels where they are. */
typedef struct chain {
    ant_op *maker, *view; /* view: NULL, none */
    ant_value *bias;      /* NULL: none */
} chain;

static bool writes_weights(const ant_program *p) {
    for (int i = 0; i < p->cells.n; i++)
        if (p->cells.at[i].now != p->cells.at[i].old && p->cells.at[i].variable->versioned)
            return true;
    return false;
}

/* The same in every run until a weight is written. */
static bool is_settled(const ant_program *p, ant_value *v) {
    if (v->kind != ANT__TEMP)
        return ant__is_settled(p, v);
    const ant_op *o = v->from;
    bool all = o && o->n_in > 0 && !o->body && !o->cls->impure && !o->cls->reports;
    for (int k = 0; all && k < o->n_in; k++)
        all = is_settled(p, o->in[k]);
    return all;
}

/* --- what is folded into --- */

static bool is_maker(const ant_op *o) {
    if (o->cls == &ant__matmul_class)
        return !o->attrs.i[ANT__MATMUL_TB] && o->in[1]->dims.rank == 2;
    return o->cls == &ant__conv2d_class || o->cls == &ant__depthwise_class;
}

static int64_t channels_of(const ant_value *v) {
    return v->dims.rank ? v->dims.dim[v->dims.rank - 1] : 1;
}

static void step_over_view(chain *c, int64_t channels) {
    ant_op *o = c->maker;
    if (!o || o->cls != &ant__reshape_class || channels_of(o->in[0]) != channels)
        return;
    c->view = o;
    c->maker = ant__only_maker(o->in[0]);
}

/* Over the sum of a product and one number for each channel. */
static void step_over_bias(chain *c, int64_t channels) {
    ant_op *o = c->maker;
    if (!o || o->cls->elementwise != ANT__E_add)
        return;
    for (int k = 0; k < 2; k++) {
        ant_op *product = ant__only_maker(o->in[k]);
        ant_value *bias = o->in[1 - k];
        if (!product || product->cls != &ant__matmul_class || bias->dims.rank != 1 ||
            bias->dims.dim[0] != channels || !ant__dims_equal(&o->in[k]->dims, &o->out[0]->dims))
            continue;
        c->maker = product;
        c->bias = bias;
        return;
    }
}

static bool find_chain(chain *c, const ant_op *norm) {
    const ant_program *p = norm->program;
    const int64_t channels = channels_of(norm->out[0]);
    *c = (chain){.maker = ant__only_maker(norm->in[X])};
    step_over_view(c, channels);
    step_over_bias(c, channels);
    if (!c->maker || !is_maker(c->maker) || channels_of(c->maker->out[0]) != channels)
        return false;
    if (c->maker->n_in > 2)
        c->bias = c->maker->in[2];
    bool all = is_settled(p, c->maker->in[1]) && (!c->bias || is_settled(p, c->bias));
    for (int k = MEAN; all && k < norm->n_in; k++)
        all = is_settled(p, norm->in[k]);
    return all;
}

/* --- folding --- */

/* A factor for each channel, as it meets the kernel's last axes. */
static ant_value *scaled_kernel(const chain *c, ant_value *scale) {
    ant_value *kernel = c->maker->in[1];
    ant_program *p = c->maker->program;
    if (c->maker->cls == &ant__depthwise_class)
        scale = ant_op_reshape(p, scale, &kernel->dims.dim[2], 2);
    return ant_op_mul(p, kernel, scale);
}

static ant_value *moved_bias(const chain *c, const ant_op *norm, ant_value *scale) {
    ant_program *p = norm->program;
    ant_value *mean = norm->in[MEAN], *beta = norm->in[BETA];
    if (c->bias)
        return ant_op_add(p, ant_op_mul(p, ant_op_sub(p, c->bias, mean), scale), beta);
    return ant_op_sub(p, beta, ant_op_mul(p, mean, scale));
}

/* The chain once more, over another kernel and bias. NULL after an error. */
static ant_value *write_again(const chain *c, ant_value *kernel, ant_value *bias) {
    const ant_op *maker = c->maker;
    const bool product = maker->cls == &ant__matmul_class;
    ant_value *in[] = {maker->in[0], kernel, bias};
    ant_program *p = maker->program;
    ant_value *y = ant__emit(p, maker->cls, &maker->attrs, in, product ? 2 : 3, 1);
    if (product)
        y = ant_op_add(p, y, bias);
    return c->view ? ant__emit1(p, c->view->cls, &c->view->attrs, y) : y;
}

/* The ops from `first` on, which come last, stand in for the normalization, which is op `at`. */
static bool fold_norm(ant_program *p, const chain *c, int at) {
    ant_op *norm = p->ops.at[at];
    const int first = p->ops.n;
    ant_value *scale = ant_op_mul(p, norm->in[GAMMA], norm->in[RSTD]);
    ant_value *bias = moved_bias(c, norm, scale);
    ant_value *y = write_again(c, scaled_kernel(c, scale), bias);
    return y && ant__stand_in(p, at, first, y);
}

/* The first normalization that can be folded, and what is before it; -1: none. */
static int find_norm(const ant_program *p, chain *c) {
    for (int i = 0; i < p->ops.n; i++)
        if (p->ops.at[i]->cls == &ant__normalize_class && find_chain(c, p->ops.at[i]))
            return i;
    return -1;
}

int ant__fold_norms(ant_program *p) {
    chain c;
    int at = writes_weights(p) ? -1 : find_norm(p, &c);
    for (; at >= 0; at = find_norm(p, &c)) {
        if (!fold_norm(p, &c, at))
            return p->shared->error.code;
        ant__drop_dead(p);
    }
    return 0;
}
