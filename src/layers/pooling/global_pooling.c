/* GlobalMaxPooling and GlobalAveragePooling: one number of each channel. */
#include "antler/layers/pooling.h"
#include "layers/spatial.h"

static int build1(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    return ant__spatial_check(l, in, 1);
}

static int build2(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    return ant__spatial_check(l, in, 2);
}

/* The first spatial axis. */
static int first_axis(const ant_layer_call *c) {
    const ant_global_pooling_options *o = c->layer->options;
    return ant__channels_first(o->data_format) ? 2 : 1;
}

typedef ant_value *reduction(ant_program *p, ant_value *x, unsigned axes, bool keep);

static int reduce(ant_layer_call *c, int axes, reduction *op) {
    const ant_global_pooling_options *o = c->layer->options;
    int first = first_axis(c), code = ant__spatial_check_call(c, axes);
    unsigned set = ANT_AXIS(first) | (axes == 2 ? ANT_AXIS(first + 1) : 0);
    if (!code)
        c->out[0] = op(c->program, ant_op_real(c->program, c->in[0]), set, o->keepdims);
    return code;
}

static int max1(ant_layer_call *c) {
    return reduce(c, 1, ant_op_max);
}

static int max2(ant_layer_call *c) {
    return reduce(c, 2, ant_op_max);
}

static int average2(ant_layer_call *c) {
    return reduce(c, 2, ant_op_mean);
}

/* The mean of the steps that the mask keeps; not a number where it keeps none. */
static int average_masked(ant_layer_call *c) {
    const ant_global_pooling_options *o = c->layer->options;
    ant_program *p = c->program;
    int steps = first_axis(c), code = ant__spatial_check_call(c, 1);
    if (code)
        return code;
    ant_value *mask = ant_op_expand(p, c->mask[0], steps == 1 ? 2 : 1);
    ant_value *x = ant_op_where(p, mask, ant_op_real(p, c->in[0]), ant_op_number(p, 0));
    ant_value *sum = ant_op_sum(p, x, ANT_AXIS(steps), o->keepdims);
    ant_value *count = ant_op_sum(p, ant_op_real(p, mask), ANT_AXIS(steps), o->keepdims);
    c->out[0] = ant_op_div(p, sum, count);
    return 0;
}

static int average1(ant_layer_call *c) {
    return c->mask[0] ? average_masked(c) : reduce(c, 1, ant_op_mean);
}

static const ant_layer_class global_max1d = {.build = build1, .call = max1};
static const ant_layer_class global_max2d = {.build = build2, .call = max2};
/* It uses the mask up: nothing goes on, and nobody is warned. */
static const ant_layer_class global_average1d = {
    .build = build1, .call = average1, .mask = ANT__MASK_OWN};
static const ant_layer_class global_average2d = {.build = build2, .call = average2};

static const ant_row global_pooling_rows[] = {
    ANT__ROW(global_pooling, data_format, "where channels stand; none: last",
             .words = "channels_last channels_first"),
    ANT__ROW(global_pooling, keepdims, "whether spatial axes stay, with size 1"),
    ANT__LAYER_ROWS(global_pooling),
};

static const ant_class classes[] = {
    ANT__CLASS(GlobalMaxPooling1D, global_pooling, GLOBAL_POOLING, ANT_LAYER, &global_max1d,
               .alias = "GlobalMaxPool1D"),
    ANT__CLASS(GlobalMaxPooling2D, global_pooling, GLOBAL_POOLING, ANT_LAYER, &global_max2d,
               .alias = "GlobalMaxPool2D"),
    ANT__CLASS(GlobalAveragePooling1D, global_pooling, GLOBAL_POOLING, ANT_LAYER, &global_average1d,
               .alias = "GlobalAvgPool1D"),
    ANT__CLASS(GlobalAveragePooling2D, global_pooling, GLOBAL_POOLING, ANT_LAYER, &global_average2d,
               .alias = "GlobalAvgPool2D"),
};

const ant_family ant__global_pooling_family = ANT__FAMILY("global_pooling", classes);
