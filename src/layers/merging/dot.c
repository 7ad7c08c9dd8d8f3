/* Dot: for each sample the sum of products over one axis of each input. */
#include "antler/layers/merging.h"
#include "layers/layer.h"

/* The axis of input k, counted from the front; -1 when it is outside or the batch's. */
static int axis_of(const ant_layer *l, int k, int rank) {
    int axis = ant__axis(ant__size_at(ANT__OPTIONS(dot, l)->axes, k), rank);
    return axis > 0 ? axis : -1;
}

static int build(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    char left[ANT__DIMS_TEXT], right[ANT__DIMS_TEXT];
    int a = axis_of(l, 0, in[0].rank), b = axis_of(l, 1, in[1].rank);
    bool fit = in[0].rank >= 2 && in[1].rank >= 2 && a > 0 && b > 0 &&
               (in[0].dim[a] < 0 || in[1].dim[b] < 0 || in[0].dim[a] == in[1].dim[b]);
    if (fit)
        return 0;
    return ant__layer_fail(l, ANT_E_SHAPE, "no product over axes %d and %d of %s and %s",
                           ant__size_at(ANT__OPTIONS(dot, l)->axes, 0),
                           ant__size_at(ANT__OPTIONS(dot, l)->axes, 1),
                           ant__dims_text(&in[0], left), ant__dims_text(&in[1], right));
}

/* x / max(|x|, 1e-7). */
static ant_value *unit(ant_program *p, ant_value *x, int axis) {
    ant_value *square = ant_op_sum(p, ant_op_square(p, x), ANT_AXIS(axis), true);
    ant_value *least = ant_op_number(p, 1e-14);
    return ant_op_mul(p, x, ant_op_rsqrt(p, ant_op_maximum(p, square, least)));
}

/* Moves an axis to place `to`; the others keep their order. */
static ant_value *move_axis(ant_program *p, ant_value *x, int axis, int to) {
    int order[ANT_MAX_AXES] = {0}, n = 0, rank = ant_value_rank(x);
    for (int i = 0; i < rank; i++)
        if (i != axis)
            order[n++] = i;
    for (int i = rank - 1; i > to; i--)
        order[i] = order[i - 1];
    order[to] = axis;
    return ant_op_transpose(p, x, order);
}

/* The product of the sizes of axes [from, to); -1 when one is unknown. */
static int64_t span(const ant_value *x, int from, int to) {
    int64_t n = 1;
    for (int i = from; i < to; i++)
        n = n < 0 || ant_value_size(x, i) < 0 ? -1 : n * ant_value_size(x, i);
    return n;
}

/* (batch, rows…, n) -> (batch, rows, n) and (batch, n, columns…) -> (batch, n, columns). */
static ant_value *to_matrix(ant_program *p, ant_value *x, bool first) {
    int rank = ant_value_rank(x);
    int64_t shape[3] = {ant_value_size(x, 0), first ? span(x, 1, rank - 1) : ant_value_size(x, 1),
                        first ? ant_value_size(x, rank - 1) : span(x, 2, rank)};
    return ant_op_reshape(p, x, shape, 3);
}

static int call(ant_layer_call *c) {
    const ant_dot_options *o = ANT__OPTIONS(dot, c->layer);
    ant_program *p = c->program;
    ant_value *x = ant_op_real(p, c->in[0]), *y = ant_op_real(p, c->in[1]);
    int rank = ant_value_rank(x), a = axis_of(c->layer, 0, rank);
    int b = axis_of(c->layer, 1, ant_value_rank(y));
    if (a < 0 || b < 0)
        return ant__call_fail(c, ANT_E_SHAPE, "its axes are outside the inputs");
    if (o->normalize) {
        x = unit(p, x, a);
        y = unit(p, y, b);
    }
    x = move_axis(p, x, a, rank - 1);
    y = move_axis(p, y, b, 1);
    int64_t shape[2 * ANT_MAX_AXES];
    int n = 0;
    for (int i = 0; i < rank - 1; i++)
        shape[n++] = ant_value_size(x, i);
    for (int i = 2; i < ant_value_rank(y); i++)
        shape[n++] = ant_value_size(y, i);
    if (n == 1)
        shape[n++] = 1;
    if (n > ANT_MAX_AXES)
        return ant__call_fail(c, ANT_E_SHAPE, "the result would have %d axes, at most %d", n,
                              ANT_MAX_AXES);
    ant_value *z = ant_op_matmul(p, to_matrix(p, x, true), to_matrix(p, y, false), false, false);
    c->out[0] = ant_op_reshape(p, z, shape, n);
    return 0;
}

static const ant_layer_class dot = {.build = build,
                                    .call = call,
                                    .mask = ANT__MASK_OWN, /* and it sets none, without a warning */
                                    .inputs_min = 2,
                                    .inputs_max = 2};

static const ant_row dot_rows[] = {
    ANT__ROW(dot, axes, "over which products are summed: of both inputs, or one of each"),
    ANT__ROW(dot, normalize, "whether inputs are scaled to length 1 first"),
    ANT__LAYER_ROWS(dot),
};

static const ant_class classes[] = {ANT__CLASS(Dot, dot, DOT, ANT_LAYER, &dot)};

const ant_family ant__dot_family = ANT__FAMILY("merging", classes);
