/* UpSampling1D, UpSampling2D: entries of spatial axes repeated, or new ones between them. */
#include "antler/layers/reshaping.h"
#include "core/ops/fine.h"
#include "layers/resample.h"
#include "layers/spatial.h"
#include <string.h>

static int build_up_sampling1d(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    return ant__spatial_check(l, in, 1);
}

static int call_up_sampling1d(ant_layer_call *c) {
    int code = ant__spatial_check_call(c, 1);
    c->out[0] = ant_op_repeat(c->program, c->in[0], 1, ANT__OPTIONS(up_sampling1d, c->layer)->size);
    return code;
}

static int build_up_sampling2d(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    int n = ant__size_count(ANT__OPTIONS(up_sampling2d, l)->size);
    if (n > 2)
        return ant__layer_fail(l, ANT_E_OPTION, "size has %d numbers, must have 1 or 2", n);
    return ant__spatial_check(l, in, 2);
}

/* A size that nobody knows yet (where only shapes are found) is as unknown afterwards. */
static ant_value *stretch(ant_layer_call *c, ant_value *x, int axis, int64_t times) {
    const char *kernel = ANT__OPTIONS(up_sampling2d, c->layer)->interpolation;
    const int64_t size = x ? x->dims.dim[axis] : -1;
    if (size < 0 || times == 1 || !strcmp(kernel, "nearest"))
        return ant_op_repeat(c->program, x, axis, times);
    return ant__resample(c->program, x, axis, ant__times(size, times), kernel);
}

static int call_up_sampling2d(ant_layer_call *c) {
    const ant_up_sampling2d_options *o = ANT__OPTIONS(up_sampling2d, c->layer);
    int code = ant__spatial_check_call(c, 2), first = ant__channels_first(o->data_format) ? 2 : 1;
    ant_value *x = c->in[0];
    for (int k = 0; k < 2 && !code; k++)
        x = stretch(c, x, first + k, ant__size_at(o->size, ant__size_count(o->size) > 1 ? k : 0));
    c->out[0] = x;
    return code;
}

static const ant_row up_sampling1d_rows[] = {
    ANT__ROW(up_sampling1d, size, "times each step comes", ANT__AT_LEAST(1)),
    ANT__LAYER_ROWS(up_sampling1d),
};
static const ant_row up_sampling2d_rows[] = {
    ANT__ROW(up_sampling2d, size, "times each row and column comes", ANT__AT_LEAST(1)),
    ANT__ROW(up_sampling2d, data_format, "where the channels are",
             .words = "channels_last channels_first"),
    ANT__ROW(up_sampling2d, interpolation, "how values between are found",
             .words = "nearest bilinear bicubic lanczos3 lanczos5"),
    ANT__LAYER_ROWS(up_sampling2d),
};

static const ant_layer_class up_sampling1d = {.build = build_up_sampling1d,
                                              .call = call_up_sampling1d};
static const ant_layer_class up_sampling2d = {.build = build_up_sampling2d,
                                              .call = call_up_sampling2d};

static const ant_class classes[] = {
    ANT__CLASS(UpSampling1D, up_sampling1d, UP_SAMPLING1D, ANT_LAYER, &up_sampling1d),
    ANT__CLASS(UpSampling2D, up_sampling2d, UP_SAMPLING2D, ANT_LAYER, &up_sampling2d),
};

const ant_family ant__upsampling_family = ANT__FAMILY("reshaping", classes);
