/* MaxPooling and AveragePooling over one or two spatial axes. */
#include "antler/layers/pooling.h"
#include "layers/spatial.h"

typedef ant_value *pool_op(ant_program *p, ant_value *x, const ant_window *window);

static ant_window_options window_options(const ant_pooling_options *o) {
    return (ant_window_options){
        .size = o->pool_size, .strides = o->strides, .dilation = 1, .padding = o->padding};
}

static int build(ant_layer *l, const ant_dims *in, int axes) {
    ant_window_options said = window_options(l->options);
    return ant__window_check(l, in, &said, axes, "pool_size");
}

static int build1(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    return build(l, in, 1);
}

static int build2(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    return build(l, in, 2);
}

static int call(ant_layer_call *c, int axes, pool_op *op) {
    const ant_pooling_options *o = c->layer->options;
    ant_program *p = c->program;
    ant_window_options said = window_options(o);
    ant_window window = ant__window_make(&said, axes);
    int code = ant__spatial_check_call(c, axes);
    if (code)
        return code;
    ant_value *x = ant__spatial_enter(p, ant_op_real(p, c->in[0]), axes, o->data_format);
    c->out[0] = ant__spatial_leave(p, op(p, x, &window), axes, o->data_format);
    return 0;
}

static int max1(ant_layer_call *c) {
    return call(c, 1, ant__op_max_pool);
}

static int max2(ant_layer_call *c) {
    return call(c, 2, ant__op_max_pool);
}

static int average1(ant_layer_call *c) {
    return call(c, 1, ant__op_average_pool);
}

static int average2(ant_layer_call *c) {
    return call(c, 2, ant__op_average_pool);
}

static const ant_layer_class max_pooling1d = {.build = build1, .call = max1};
static const ant_layer_class max_pooling2d = {.build = build2, .call = max2};
static const ant_layer_class average_pooling1d = {.build = build1, .call = average1};
static const ant_layer_class average_pooling2d = {.build = build2, .call = average2};

static const ant_row pooling_rows[] = {
    ANT__ROW(pooling, pool_size, "size of the window", ANT__AT_LEAST(1)),
    ANT__ROW(pooling, strides, "from window to window; none: pool_size", ANT__AT_LEAST(1)),
    ANT__ROW(pooling, padding, "same: so that size stays", .words = "valid same"),
    ANT__ROW(pooling, data_format, "where channels stand; none: last",
             .words = "channels_last channels_first"),
    ANT__LAYER_ROWS(pooling),
};

static const ant_class classes[] = {
    ANT__CLASS(MaxPooling1D, pooling, MAX_POOLING, ANT_LAYER, &max_pooling1d, .alias = "MaxPool1D"),
    ANT__CLASS(MaxPooling2D, pooling, MAX_POOLING, ANT_LAYER, &max_pooling2d, .alias = "MaxPool2D"),
    ANT__CLASS(AveragePooling1D, pooling, AVERAGE_POOLING, ANT_LAYER, &average_pooling1d,
               .alias = "AvgPool1D"),
    ANT__CLASS(AveragePooling2D, pooling, AVERAGE_POOLING, ANT_LAYER, &average_pooling2d,
               .alias = "AvgPool2D"),
};

const ant_family ant__pooling_family = ANT__FAMILY("pooling", classes);
