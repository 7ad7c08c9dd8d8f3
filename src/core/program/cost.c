/* What instructions move and do, from shapes: for profiles, and to tell what threads may share. */
#include "core/kernels/elementwise.h"
#include "core/kernels/walk_numbers.h"
#include "core/ops/conv_pool.h"
#include "core/ops/matmul.h"
#include "core/program/inside.h"
#include <string.h>

static double count(const ant_value *v) {
    return (double)ant__dims_count(&v->dims);
}

static double last_axis(const ant_value *v) {
    return (double)v->dims.dim[v->dims.rank - 1];
}

static bool named(const ant_op *o, const char *name) {
    return strcmp(o->cls->name, name) == 0;
}

static bool begins(const ant_op *o, const char *name) {
    return strncmp(o->cls->name, name, strlen(name)) == 0;
}

static bool ends(const ant_op *o, const char *end) {
    size_t n = strlen(o->cls->name), length = strlen(end);
    return n >= length && strcmp(o->cls->name + n - length, end) == 0;
}

/* --- products and convolutions --- */
/* Every number of the result is a sum over the inner axis. */
static double product(const ant_op *o) {
    const ant_dims *a = &o->in[0]->dims;
    bool transposed = o->attrs.i[0] != 0, summed = named(o, "dense_sum");
    double rows = summed ? (double)o->attrs.i[ANT__MATMUL_SUMMED] : 1; /* for one of the result */
    const double pieces = named(o, "matmul_pieces") ? (double)o->out[0]->dims.dim[0] : 1;
    return 2 * rows / pieces * count(o->out[0]) * (double)a->dim[a->rank - (transposed ? 2 : 1)];
}

/* Every number of the map is a sum over the kernel's numbers for one of its channels: in all three
 * directions. A gradient in the kernel has one result for each chunk of the batch. */
static double convolution(const ant_value *map, const ant_value *kernel, double chunks) {
    return 2 * count(map) * count(kernel) / chunks / last_axis(map);
}

/* Forward: by the window, as the kernel may be packed. Of what is pooled as much as windows see. */
static double forward(const ant_op *o) {
    const ant_window w = ant__window_of(o);
    const bool pooled = o->cls == &ant__conv2d_pool_class;
    const ant_conv_shape s =
        pooled ? ant__conv_pool_shape(o) : ant__conv_shape(o, &o->out[0]->dims);
    return 2 * (double)ant__dims_count(&s.y) * (double)(w.size[0] * w.size[1]) *
           last_axis(o->in[0]) / (double)s.groups;
}

static double any_convolution(const ant_op *o) {
    if (o->cls == &ant__conv2d_class || o->cls == &ant__conv2d_pool_class)
        return forward(o);
    if (ends(o, "_input"))
        return convolution(o->in[0], o->in[1], 1);
    if (o->cls == &ant__conv2d_pool_kernel_class) {
        const ant_value map = {.dims = ant__conv_pool_map(o)};
        return convolution(&map, o->out[0], (double)o->out[0]->dims.dim[0]);
    }
    if (ends(o, "_kernel"))
        return convolution(o->in[1], o->out[0], (double)o->out[0]->dims.dim[0]);
    return convolution(o->out[0], o->in[1], 1);
}

/* --- recurrent walks --- */
static double gates_of(const ant_op *o) {
    return begins(o, "lstm") ? 4 : begins(o, "gru") ? 3 : 1;
}

/* A product with the recurrent kernel for each step of a sample; a strip's also with the kernel. */
static ant_cost walk(const ant_op *o) {
    const double steps = count(o->in[0]) / last_axis(o->in[0]), gates = gates_of(o);
    const bool strip = ends(o, "_strip");
    const ant_value *recurrent = o->in[strip ? 2 : 1];
    const double units = last_axis(recurrent) / gates;
    const bool smooth = o->attrs.i[ANT__WALK_ACTIVATION] == ANT__GATE_TANH;
    ant_cost c = {.operations = 2 * steps * count(recurrent)};
    if (strip)
        c.operations += 2 * steps * count(o->in[1]);
    if (gates > 1)
        c.exponentials = steps * units * (gates > 3 ? 3 : 2);
    if (smooth)
        c.exponentials += steps * units * (gates > 3 ? 2 : 1);
    return c;
}

/* The gradient of h, and in strips, where they are wanted, those of both kernels and of x. An
 * LSTM's needs tanh of its state again. */
static ant_cost walk_back(const ant_op *o) {
    enum { X = 3, START = 5, DX = 2, DW, DU };
    const double gates = gates_of(o);
    const bool strip = ends(o, "_strip_gradient");
    const ant_value *x = o->in[strip ? X : 0];
    const double steps = count(x) / last_axis(x);
    const double units = strip ? last_axis(o->in[START]) : last_axis(x) / gates;
    double columns = units; /* of what is multiplied by each step's gradients */
    if (strip)
        columns += (o->out[DX]->pass->uses > 0 ? last_axis(x) : 0) +
                   (o->out[DW]->pass->uses > 0 ? last_axis(x) : 0) +
                   (o->out[DU]->pass->uses > 0 ? units : 0);
    return (ant_cost){.operations = 2 * steps * gates * units * columns,
                      .exponentials = gates > 3 ? steps * units : 0};
}

/* --- attention --- */
/* Scores and means for all pairs of positions; its gradient has the scores again, and four more. */
static ant_cost attention(const ant_op *o) {
    const bool back = ends(o, "_grad");
    const double size = last_axis(o->in[1]), value_size = last_axis(o->in[2]);
    const double pairs = count(o->in[0]) / size * (double)o->in[1]->dims.dim[1];
    return (ant_cost){.operations =
                          2 * pairs * (size + value_size + (back ? 2 * size + value_size : 0)),
                      .exponentials = pairs};
}

/* --- chains --- */
/* Steps that take about as long as an exponential. */
static bool is_exponential(int code) {
    static const int codes[] = {
        ANT__E_exp,       ANT__E_expm1,     ANT__E_log,           ANT__E_log1p, ANT__E_sin,
        ANT__E_cos,       ANT__E_sinh,      ANT__E_cosh,          ANT__E_tanh,  ANT__E_sigmoid,
        ANT__E_softplus,  ANT__E_erf,       ANT__E_erfc,          ANT__E_pow,   ANT__E_gelu,
        ANT__E_gelu_back, ANT__E_gelu_tanh, ANT__E_gelu_tanh_back};
    for (size_t k = 0; k < sizeof codes / sizeof *codes; k++)
        if (codes[k] == code)
            return true;
    return false;
}

static ant_cost chain(const ant_fused *f) {
    ant_cost c = {.operations = (double)f->total * f->n_steps};
    for (int s = 0; s < f->n_steps; s++)
        c.exponentials += is_exponential(f->step[s].code) ? (double)f->total : 0;
    return c;
}

static ant_cost body(const ant_program *p) {
    ant_cost sum = {0};
    for (int k = 0; k < p->code.n; k++) {
        ant_cost c = ant__program_cost(p, k);
        sum.bytes += (double)p->steps * c.bytes;
        sum.operations += (double)p->steps * c.operations;
        sum.exponentials += (double)p->steps * c.exponentials;
    }
    return sum;
}

/* --- all ops --- */
static ant_cost work(const ant_op *o) {
    if (o->fused)
        return chain(o->fused);
    if (begins(o, "matmul") || begins(o, "dense"))
        return (ant_cost){.operations = product(o)};
    if (begins(o, "conv2d") || begins(o, "depthwise"))
        return (ant_cost){.operations = any_convolution(o)};
    const bool recurrent = begins(o, "lstm") || begins(o, "gru") || begins(o, "rnn_strip");
    if (recurrent)
        return ends(o, "_gradient") ? walk_back(o) : walk(o);
    if (begins(o, "attention"))
        return attention(o);
    ant_cost c = {.operations = count(o->out[0])};
    if (named(o, "softmax") || named(o, "softmax_cross_entropy") ||
        named(o, "softmax_cross_entropy_train"))
        c.exponentials = count(o->in[0]);
    return c;
}

static ant_cost op_cost(const ant_op *o) {
    if (o->body)
        return body(o->body);
    ant_cost c = work(o);
    for (int k = 0; k < o->n_in; k++)
        c.bytes += (double)ant__value_bytes(o->in[k]);
    for (int k = 0; k < o->n_out; k++)
        c.bytes += o->out[k]->pass->uses > 0 ? (double)ant__value_bytes(o->out[k]) : 0;
    return c;
}

ant_cost ant__program_cost(const ant_program *p, int k) {
    for (int i = 0; i < p->ops.n; i++)
        if (!p->ops.at[i]->cls->view && k-- == 0)
            return op_cost(p->ops.at[i]);
    double bytes = (double)ant__value_bytes(p->commits.at[k].from);
    return (ant_cost){.bytes = 2 * bytes};
}

/* --- what threads may share --- */

static double seconds_of(const ant_cost *c) {
    const double operations = c->operations / 100e9, bytes = c->bytes / 50e9;
    return (operations > bytes ? operations : bytes) + c->exponentials * 0.3e-9;
}

double ant__shared_seconds(const ant_program *p) {
    double sum = 0;
    for (int i = 0, k = 0; i < p->ops.n; i++) {
        const ant_op *o = p->ops.at[i];
        if (o->cls->view)
            continue;
        const bool cut = p->code.at[k++].cells > 1;
        const ant_cost c = cut && !o->body ? op_cost(o) : (ant_cost){0};
        sum += o->body ? (double)o->body->steps * ant__shared_seconds(o->body) : seconds_of(&c);
    }
    return sum;
}
