/* Flatten, Reshape, Permute, RepeatVector. */
#include "antler/layers/reshaping.h"
#include "layers/layer.h"
#include <string.h>

/* How many axes a shape option holds. */
static int shape_rank(const int *shape) {
    int n = 0;
    while (n < ANT_MAX_AXES && shape[n])
        n++;
    return n;
}

/* --- Flatten --- */
static ant_value *channels_last(ant_program *p, ant_value *x) {
    int order[ANT_MAX_AXES] = {0}, rank = ant_value_rank(x);
    for (int i = 1; i < rank - 1; i++)
        order[i] = i + 1;
    order[rank - 1] = 1;
    return ant_op_transpose(p, x, order);
}

static int call_flatten(ant_layer_call *c) {
    const ant_flatten_options *o = ANT__OPTIONS(flatten, c->layer);
    ant_value *x = c->in[0];
    if (o->data_format && !strcmp(o->data_format, "channels_first") && ant_value_rank(x) > 2)
        x = channels_last(c->program, x);
    int64_t batch = ant_value_size(x, 0), rest = ant__dims_span(&x->dims, 1, x->dims.rank);
    c->out[0] = ant_op_reshape(c->program, x, (const int64_t[]){batch, rest}, 2);
    return 0;
}

static int build_flatten(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    return in->rank ? 0 : ant__layer_fail(l, ANT_E_SHAPE, "takes (batch, …), got a scalar");
}

/* --- Reshape --- */
/* The size that stands for -1, or -1 itself while the input is unknown. 0: it does not come out. */
static int64_t left_over(const ant_dims *in, const int *target) {
    ant_dims sizes = {.rank = shape_rank(target)};
    for (int i = 0; i < sizes.rank; i++)
        sizes.dim[i] = target[i] == ANT_ANY ? 1 : target[i];
    int64_t have = ant__dims_span(in, 1, in->rank), said = ant__dims_count(&sizes);
    if (have < 0)
        return ANT_ANY;
    return said < 1 || have % said ? 0 : have / said;
}

static bool has_any(const int *target) {
    for (int i = 0; i < shape_rank(target); i++)
        if (target[i] == ANT_ANY)
            return true;
    return false;
}

static int check_reshape(ant_layer *l, const ant_dims *in) {
    const int *target = ANT__OPTIONS(reshape, l)->target_shape;
    char from[ANT__DIMS_TEXT], to[ANT__DIMS_TEXT];
    int64_t left = left_over(in, target);
    ant_dims said = ant__dims_of_shape(target, ANT_ANY);
    if (left == ANT_ANY || (left > 0 && (has_any(target) || left == 1)))
        return 0;
    return ant__layer_fail(l, ANT_E_SHAPE, "cannot make %s of %s", ant__dims_text(&said, to),
                           ant__dims_text(in, from));
}

static int build_reshape(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    const int *target = ANT__OPTIONS(reshape, l)->target_shape;
    int any = 0, n = shape_rank(target);
    for (int i = 0; i < n; i++) {
        any += target[i] == ANT_ANY;
        if (target[i] < ANT_ANY || any > 1)
            return ant__layer_fail(l, ANT_E_OPTION,
                                   "target_shape takes sizes above 0 and at most one -1");
    }
    if (!n || n == ANT_MAX_AXES)
        return ant__layer_fail(l, ANT_E_OPTION, "target_shape takes 1 to %d sizes, got %d",
                               ANT_MAX_AXES - 1, n);
    return check_reshape(l, in);
}

static int call_reshape(ant_layer_call *c) {
    const int *target = ANT__OPTIONS(reshape, c->layer)->target_shape;
    const ant_dims *in = &c->in[0]->dims;
    int64_t left = left_over(in, target);
    ant_dims out = ant__dims_of_shape(target, in->dim[0]);
    if (left == 0)
        return check_reshape(c->layer, in);
    for (int i = 1; i < out.rank; i++)
        if (out.dim[i] == ANT_ANY)
            out.dim[i] = left;
    c->out[0] = ant__reshape_to(c->program, c->in[0], &out);
    return 0;
}

/* --- Permute --- */
static int build_permute(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    const int *dims = ANT__OPTIONS(permute, l)->dims;
    int n = shape_rank(dims), seen = 0;
    char shape[ANT__DIMS_TEXT];
    for (int i = 0; i < n; i++)
        if (dims[i] >= 1 && dims[i] <= n)
            seen |= 1 << dims[i];
    if (seen != (1 << (n + 1)) - 2)
        return ant__layer_fail(l, ANT_E_OPTION, "dims takes every number from 1 to %d once", n);
    if (n != in->rank - 1)
        return ant__layer_fail(l, ANT_E_SHAPE, "dims orders %d axes behind the batch, got %s", n,
                               ant__dims_text(in, shape));
    return 0;
}

static int call_permute(ant_layer_call *c) {
    const int *dims = ANT__OPTIONS(permute, c->layer)->dims;
    int order[ANT_MAX_AXES] = {0}, rank = ant_value_rank(c->in[0]);
    if (shape_rank(dims) != rank - 1)
        return ant__call_fail(c, ANT_E_SHAPE, "dims orders %d axes behind the batch, got %d",
                              shape_rank(dims), rank - 1);
    for (int i = 1; i < rank; i++)
        order[i] = dims[i - 1];
    c->out[0] = ant_op_transpose(c->program, c->in[0], order);
    return 0;
}

/* --- RepeatVector --- */
static int build_repeat(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    char shape[ANT__DIMS_TEXT];
    if (in->rank == 2)
        return 0;
    return ant__layer_fail(l, ANT_E_SHAPE, "takes (batch, features), got %s",
                           ant__dims_text(in, shape));
}

static int call_repeat(ant_layer_call *c) {
    int n = ANT__OPTIONS(repeat_vector, c->layer)->n;
    ant_value *x = ant_op_expand(c->program, c->in[0], 1);
    c->out[0] = ant_op_repeat(c->program, x, 1, n);
    return 0;
}

/* --- the table --- */
static const ant_layer_class flatten = {.build = build_flatten, .call = call_flatten};
static const ant_layer_class reshape = {.build = build_reshape, .call = call_reshape};
static const ant_layer_class permute = {.build = build_permute, .call = call_permute};
static const ant_layer_class repeat_vector = {.build = build_repeat, .call = call_repeat};

static const ant_row flatten_rows[] = {
    ANT__ROW(flatten, data_format, "where channels stand", .words = "channels_last channels_first"),
    ANT__LAYER_ROWS(flatten),
};
static const ant_row reshape_rows[] = {
    ANT__ROW(reshape, target_shape, "of one sample; -1: what is left"),
    ANT__LAYER_ROWS(reshape),
};
static const ant_row permute_rows[] = {
    ANT__ROW(permute, dims, "the new order of the axes behind the batch, from 1"),
    ANT__LAYER_ROWS(permute),
};
static const ant_row repeat_vector_rows[] = {
    ANT__ROW(repeat_vector, n, "times", ANT__AT_LEAST(1)),
    ANT__LAYER_ROWS(repeat_vector),
};

static const ant_class classes[] = {
    ANT__CLASS(Flatten, flatten, FLATTEN, ANT_LAYER, &flatten),
    ANT__CLASS(Reshape, reshape, RESHAPE, ANT_LAYER, &reshape),
    ANT__CLASS(Permute, permute, PERMUTE, ANT_LAYER, &permute),
    ANT__CLASS(RepeatVector, repeat_vector, REPEAT_VECTOR, ANT_LAYER, &repeat_vector),
};

const ant_family ant__reshaping_family = ANT__FAMILY("reshaping", classes);
