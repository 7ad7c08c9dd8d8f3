/* What instructions move and do, from shapes: for profiles. */
#include "core/kernels/elementwise.h"
#include "core/ops/conv_pool.h"
#include "core/program/inside.h"
#include <string.h>

static double count(const ant_value *v) {
    return (double)ant__dims_count(&v->dims);
}

static double last_axis(const ant_value *v) {
    return (double)v->dims.dim[v->dims.rank - 1];
}

/* Every number of the result is a sum over the inner axis. */
static double product(const ant_op *o) {
    const ant_dims *a = &o->in[0]->dims;
    bool transposed = o->attrs.i[0] != 0;
    return 2 * count(o->out[0]) * (double)a->dim[a->rank - (transposed ? 2 : 1)];
}

/* Every number of the map is a sum over the kernel's numbers for one of its channels: in all three
 * directions. A gradient in the kernel has one result for each chunk of the batch. */
static double convolution(const ant_value *map, const ant_value *kernel, double chunks) {
    return 2 * count(map) * count(kernel) / chunks / last_axis(map);
}

static double any_convolution(const ant_op *o, const char *direction) {
    if (!*direction)
        return convolution(o->out[0], o->in[1], 1);
    if (!strcmp(direction, "_input"))
        return convolution(o->in[0], o->in[1], 1);
    return convolution(o->in[1], o->out[0], (double)o->out[0]->dims.dim[0]);
}

/* One product per row with the kernel and one with the recurrent kernel. */
static double recurrent(const ant_op *o, double gates) {
    double features = last_axis(o->in[0]), rows = count(o->in[0]) / features;
    double columns = count(o->in[1]) / features;
    return 2 * rows * columns * (features + columns / gates);
}

static ant_cost body_cost(const ant_program *body) {
    ant_cost sum = {0, 0};
    for (int k = 0; k < body->code.n; k++) {
        ant_cost c = ant__program_cost(body, k);
        sum.bytes += (double)body->steps * c.bytes;
        sum.operations += (double)body->steps * c.operations;
    }
    return sum;
}

static double operations(const ant_op *o) {
    const char *name = o->cls->name;
    if (o->fused)
        return (double)o->fused->total * o->fused->n_steps;
    if (!strcmp(name, "matmul") || !strcmp(name, "dense"))
        return product(o);
    if (!strncmp(name, "conv2d", 6))
        return any_convolution(o, name + 6);
    if (!strncmp(name, "depthwise", 9))
        return any_convolution(o, name + 9);
    if (!strcmp(name, "lstm") || !strcmp(name, "lstm_strip"))
        return recurrent(o, 4);
    if (!strcmp(name, "gru") || !strcmp(name, "gru_strip"))
        return recurrent(o, 3);
    if (!strcmp(name, "rnn_strip"))
        return recurrent(o, 1);
    return count(o->out[0]);
}

static ant_cost op_cost(const ant_op *o) {
    ant_cost c = {0, 0};
    if (o->body)
        return body_cost(o->body);
    for (int k = 0; k < o->n_in; k++)
        c.bytes += (double)ant__value_bytes(o->in[k]);
    for (int k = 0; k < o->n_out; k++)
        c.bytes += o->out[k]->pass->uses > 0 ? (double)ant__value_bytes(o->out[k]) : 0;
    c.operations = operations(o);
    return c;
}

ant_cost ant__program_cost(const ant_program *p, int k) {
    for (int i = 0; i < p->ops.n; i++)
        if (!p->ops.at[i]->cls->view && k-- == 0)
            return op_cost(p->ops.at[i]);
    double bytes = (double)ant__value_bytes(p->commits.at[k].from);
    return (ant_cost){2 * bytes, 0};
}
