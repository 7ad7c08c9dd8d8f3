/* ZeroPadding1D, ZeroPadding2D, Cropping1D, Cropping2D: more or less at the ends of spatial
 * axes. */
#include "antler/layers/reshaping.h"
#include "layers/spatial.h"

/* The first spatial axis. */
static int first_axis(const char *data_format) {
    return ant__channels_first(data_format) ? 2 : 1;
}

/* --- what is said: one number for all ends, one per axis, or one per end --- */
static int check(ant_layer *l, const ant_dims *in, int axes, const char *name, ant_size said) {
    int n = ant__size_count(said), code = ant__spatial_check(l, in, axes);
    if (code || n <= 1 || n == 2 || (axes == 2 && n == 4))
        return code;
    return ant__layer_fail(l, ANT_E_OPTION, "%s has %d numbers, must have 1, 2%s", name, n,
                           axes == 2 ? " or 4" : "");
}

/* end 0: before, 1: after */
static int at_end(ant_size said, int axes, int axis, int end) {
    int n = ant__size_count(said);
    if (n == 2 * axes)
        return ant__size_at(said, 2 * axis + end);
    return ant__size_at(said, n == 2 ? axis : 0);
}

/* --- ZeroPadding --- */
static int pad(ant_layer_call *c, int axes, ant_size said, const char *data_format) {
    int code = ant__spatial_check_call(c, axes);
    ant_value *x = c->in[0];
    for (int k = 0; k < axes && !code; k++)
        x = ant_op_pad(c->program, x, first_axis(data_format) + k, at_end(said, axes, k, 0),
                       at_end(said, axes, k, 1), 0);
    c->out[0] = x;
    return code;
}

static int build_zero_padding1d(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    return check(l, in, 1, "padding", ANT__OPTIONS(zero_padding1d, l)->padding);
}

static int call_zero_padding1d(ant_layer_call *c) {
    const ant_zero_padding1d_options *o = ANT__OPTIONS(zero_padding1d, c->layer);
    return pad(c, 1, o->padding, o->data_format);
}

static int build_zero_padding2d(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    return check(l, in, 2, "padding", ANT__OPTIONS(zero_padding2d, l)->padding);
}

static int call_zero_padding2d(ant_layer_call *c) {
    const ant_zero_padding2d_options *o = ANT__OPTIONS(zero_padding2d, c->layer);
    return pad(c, 2, o->padding, o->data_format);
}

/* --- Cropping --- */
static int crop_axis(ant_layer_call *c, ant_value **x, int axis, int before, int after) {
    char shape[ANT__DIMS_TEXT];
    int64_t size = ant_value_size(*x, axis), left = size - before - after;
    if (size >= 0 && left <= 0)
        return ant__call_fail(c, ANT_E_SHAPE, "crops %d and %d from axis %d of %s: nothing is left",
                              before, after, axis, ant__dims_text(&c->in[0]->dims, shape));
    *x = ant_op_slice(c->program, *x, axis, before, size < 0 ? ANT_ANY : left, 1);
    return 0;
}

static int crop(ant_layer_call *c, int axes, ant_size said, const char *data_format) {
    int code = ant__spatial_check_call(c, axes);
    ant_value *x = c->in[0];
    for (int k = 0; k < axes && !code; k++)
        code = crop_axis(c, &x, first_axis(data_format) + k, at_end(said, axes, k, 0),
                         at_end(said, axes, k, 1));
    c->out[0] = x;
    return code;
}

static int build_cropping1d(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    return check(l, in, 1, "cropping", ANT__OPTIONS(cropping1d, l)->cropping);
}

static int call_cropping1d(ant_layer_call *c) {
    return crop(c, 1, ANT__OPTIONS(cropping1d, c->layer)->cropping, NULL);
}

static int build_cropping2d(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    return check(l, in, 2, "cropping", ANT__OPTIONS(cropping2d, l)->cropping);
}

static int call_cropping2d(ant_layer_call *c) {
    const ant_cropping2d_options *o = ANT__OPTIONS(cropping2d, c->layer);
    return crop(c, 2, o->cropping, o->data_format);
}

/* --- the tables --- */
#define ENDS_ROW(T, f) ANT__ROW(T, f, "at all ends, on each axis, or at each end", ANT__AT_LEAST(0))
#define FORMAT_ROW(T)                                                                              \
    ANT__ROW(T, data_format, "where the channels are", .words = "channels_last channels_first")

static const ant_row zero_padding1d_rows[] = {
    ENDS_ROW(zero_padding1d, padding),
    FORMAT_ROW(zero_padding1d),
    ANT__LAYER_ROWS(zero_padding1d),
};
static const ant_row zero_padding2d_rows[] = {
    ENDS_ROW(zero_padding2d, padding),
    FORMAT_ROW(zero_padding2d),
    ANT__LAYER_ROWS(zero_padding2d),
};
static const ant_row cropping1d_rows[] = {
    ENDS_ROW(cropping1d, cropping),
    ANT__LAYER_ROWS(cropping1d),
};
static const ant_row cropping2d_rows[] = {
    ENDS_ROW(cropping2d, cropping),
    FORMAT_ROW(cropping2d),
    ANT__LAYER_ROWS(cropping2d),
};

#define LAYER(Name, T, U)                                                                          \
    ANT__CLASS(Name, T, U, ANT_LAYER,                                                              \
               &(const ant_layer_class){.build = build_##T, .call = call_##T})

static const ant_class classes[] = {
    LAYER(ZeroPadding1D, zero_padding1d, ZERO_PADDING1D),
    LAYER(ZeroPadding2D, zero_padding2d, ZERO_PADDING2D),
    LAYER(Cropping1D, cropping1d, CROPPING1D),
    LAYER(Cropping2D, cropping2d, CROPPING2D),
};

const ant_family ant__edges_family = ANT__FAMILY("reshaping", classes);
