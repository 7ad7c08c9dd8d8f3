/* Conv1D and Conv2D: one op over two axes; the first of one axis has size 1. */
#include "antler/layers/convolutional.h"
#include "layers/core/lora.h"
#include "layers/spatial.h"

enum { KERNEL, BIAS };

static ant_window_options window_options(const ant_conv_options *o) {
    return (ant_window_options){.size = o->kernel_size,
                                .strides = o->strides,
                                .dilation = o->dilation_rate,
                                .padding = o->padding};
}

static int check_groups(ant_layer *l, const ant_conv_options *o, int64_t channels) {
    if (o->filters % o->groups != 0)
        return ant__layer_fail(l, ANT_E_OPTION, "%d filters cannot be cut into %d groups",
                               o->filters, o->groups);
    if (channels >= 0 && channels % o->groups != 0)
        return ant__layer_fail(l, ANT_E_SHAPE, "%lld channels cannot be cut into %d groups",
                               (long long)channels, o->groups);
    return 0;
}

static int check_strides(ant_layer *l, const ant_window *w) {
    bool strided = w->stride[0] > 1 || w->stride[1] > 1;
    if (!strided || (w->dilation[0] == 1 && w->dilation[1] == 1))
        return 0;
    return ant__layer_fail(l, ANT_E_OPTION,
                           "strides and dilation_rate cannot both be more than 1 "
                           "(strides %lldx%lld, dilation_rate %lldx%lld)",
                           (long long)w->stride[0], (long long)w->stride[1],
                           (long long)w->dilation[0], (long long)w->dilation[1]);
}

/* (kernel sizes…, channels of a group, filters) */
static ant_dims kernel_dims(const ant_conv_options *o, int axes, int64_t channels) {
    ant_dims d = {.rank = axes + 2};
    for (int k = 0; k < axes; k++)
        d.dim[k] = ant__size_at(o->kernel_size, k);
    d.dim[axes] = channels < 0 ? -1 : channels / o->groups;
    d.dim[axes + 1] = o->filters;
    return d;
}

static ant_lora lora_of(const ant_conv_options *o) {
    return (ant_lora){o->lora_rank, o->lora_alpha, "lora_kernel_a", "lora_kernel_b",
                      o->kernel_regularizer};
}

static int add_weights(ant_layer *l, const ant_conv_options *o, const ant_dims *kernel) {
    ant_weight_spec w = {.name = "kernel",
                         .dims = *kernel,
                         .initializer = o->kernel_initializer,
                         .regularizer = o->kernel_regularizer,
                         .constraint = o->kernel_constraint};
    ant_weight_spec b = {.name = "bias",
                         .dims = ANT__DIMS(o->filters),
                         .initializer = o->bias_initializer,
                         .regularizer = o->bias_regularizer,
                         .constraint = o->bias_constraint};
    const ant_lora lora = lora_of(o);
    int code = ant__weight_add(l, &w);
    if (!code && o->use_bias)
        code = ant__weight_add(l, &b);
    return code ? code : ant__lora_add(l, &lora);
}

static int build(ant_layer *l, const ant_dims *in, int axes) {
    const ant_conv_options *o = l->options;
    ant_window_options said = window_options(o);
    int code = ant__window_check(l, in, &said, axes, "kernel_size");
    if (code)
        return code;
    ant_window window = ant__window_make(&said, axes);
    int64_t channels = in->dim[ant__channel_axis(axes, o->data_format)];
    ant_dims kernel = kernel_dims(o, axes, channels);
    if ((code = check_strides(l, &window)) || (code = check_groups(l, o, channels)))
        return code;
    return add_weights(l, o, &kernel);
}

static int build1(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    return build(l, in, 1);
}

static int build2(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    return build(l, in, 2);
}

/* The kernel pins the rank and the channels; the other axes may differ from call to call. */
static int check_input(ant_layer_call *c, const ant_conv_options *o, int axes) {
    const ant_dims *kernel = &c->layer->weights.at[KERNEL]->variable.dims, *in = &c->in[0]->dims;
    int64_t channels = kernel->dim[axes] * o->groups;
    if (in->rank == axes + 2 && in->dim[ant__channel_axis(axes, o->data_format)] == channels)
        return 0;
    char shape[ANT__DIMS_TEXT];
    return ant__call_fail(c, ANT_E_SHAPE,
                          "its kernel takes %lld channels and %d axes in all, got %s",
                          (long long)channels, axes + 2, ant__dims_text(in, shape));
}

/* A window of one pixel: a product of all pixels with the kernel. */
static ant_value *pointwise(ant_program *p, ant_value *x, ant_value *kernel, ant_value *bias) {
    const int64_t shape[] = {ant_value_size(kernel, 2), ant_value_size(kernel, 3)};
    ant_value *y = ant_op_matmul(p, x, ant_op_reshape(p, kernel, shape, 2), false, false);
    return bias ? ant_op_add(p, y, bias) : y;
}

static bool is_pointwise(const ant_window *w, int64_t groups) {
    bool one = groups == 1;
    for (int axis = 0; axis < 2; axis++)
        one &= w->size[axis] == 1 && w->stride[axis] == 1;
    return one;
}

/* As many groups as channels: each channel has filters of its own. */
static ant_value *convolve(ant_program *p, ant_value *x, ant_value *kernel, ant_value *bias,
                           const ant_window *window, int64_t groups) {
    if (is_pointwise(window, groups))
        return pointwise(p, x, kernel, bias);
    if (groups == 1 || ant_value_size(kernel, 2) != 1)
        return ant__op_conv2d(p, x, kernel, bias, window, groups);
    const int64_t shape[] = {window->size[0], window->size[1], groups,
                             ant_value_size(kernel, 3) / groups};
    return ant__op_depthwise(p, x, ant_op_reshape(p, kernel, shape, 4), bias, window);
}

static ant_value *kernel_of(ant_layer_call *c, const ant_conv_options *o) {
    const ant_lora lora = lora_of(o);
    ant_value *kernel = ant__weight_read(c, KERNEL);
    return o->lora_rank == ANT_NONE ? kernel : ant__lora_write(c, &lora, kernel, ant__lora_a(c));
}

static int call(ant_layer_call *c, int axes) {
    const ant_conv_options *o = c->layer->options;
    ant_window_options said = window_options(o);
    ant_window window = ant__window_make(&said, axes);
    ant_program *p = c->program;
    int code = check_input(c, o, axes);
    if (code)
        return code;
    ant_value *x = ant__spatial_enter(p, ant_op_real(p, c->in[0]), axes, o->data_format);
    ant_value *kernel = kernel_of(c, o);
    if (axes == 1)
        kernel = ant_op_expand(p, kernel, 0);
    ant_value *bias = o->use_bias ? ant__weight_read(c, BIAS) : NULL;
    ant_value *y = convolve(p, x, kernel, bias, &window, o->groups);
    y = ant__spatial_leave(p, y, axes, o->data_format);
    c->out[0] = ant__activation_write(c, o->activation, y);
    return 0;
}

static int call1(ant_layer_call *c) {
    return call(c, 1);
}

static int call2(ant_layer_call *c) {
    return call(c, 2);
}

static const ant_layer_class conv1d = {.build = build1, .call = call1};
static const ant_layer_class conv2d = {.build = build2, .call = call2};

#define CONV_ROWS(paddings)                                                                        \
    ANT__ROW(conv, filters, "channels of the output", ANT__AT_LEAST(1)),                           \
        ANT__ROW(conv, kernel_size, "size of the window", ANT__AT_LEAST(1)),                       \
        ANT__ROW(conv, strides, "from window to window", ANT__AT_LEAST(1)),                        \
        ANT__ROW(conv, padding, "zeros around: none, or so that size stays", .words = (paddings)), \
        ANT__ROW(conv, data_format, "where channels stand; none: last",                            \
                 .words = "channels_last channels_first"),                                         \
        ANT__ROW(conv, dilation_rate, "from tap to tap of the window", ANT__AT_LEAST(1)),          \
        ANT__ROW(conv, groups, "channels and filters are cut into so many", ANT__AT_LEAST(1)),     \
        ANT__ROW(conv, activation, "applied to the output", .part = ANT_ACTIVATION),               \
        ANT__ROW(conv, use_bias, "whether a bias is added"), ANT__INITIALIZER_ROW(conv, kernel),   \
        ANT__INITIALIZER_ROW(conv, bias), ANT__REGULARIZER_ROW(conv, kernel),                      \
        ANT__REGULARIZER_ROW(conv, bias), ANT__CONSTRAINT_ROW(conv, kernel),                       \
        ANT__CONSTRAINT_ROW(conv, bias),                                                           \
        ANT__ROW(conv, lora_rank, "rank of the low-rank update", ANT__AT_LEAST(1)),                \
        ANT__ROW(conv, lora_alpha, "scale of the low-rank update, times its rank"),                \
        ANT__LAYER_ROWS(conv)

static const ant_row conv1d_rows[] = {CONV_ROWS("valid same causal")};
static const ant_row conv2d_rows[] = {CONV_ROWS("valid same")};

static const ant_class classes[] = {
    ANT__CLASS(Conv1D, conv1d, CONV1D, ANT_LAYER, &conv1d, .alias = "Convolution1D"),
    ANT__CLASS(Conv2D, conv2d, CONV2D, ANT_LAYER, &conv2d, .alias = "Convolution2D"),
};

const ant_family ant__conv_family = ANT__FAMILY("convolutional", classes);
