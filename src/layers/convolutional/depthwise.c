/* Depthwise and separable convolutions over one or two axes: each channel has kernels of its
 * own. */
#include "antler/layers/convolutional.h"
#include "layers/spatial.h"

enum { DEPTHWISE, POINTWISE };

/* --- what both kinds of layers share --- */

/* The options of a depthwise step, wherever they stand. */
typedef struct depthwise {
    ant_window_options window;
    const char *data_format;
    int multiplier;
} depthwise;

/* (kernel sizes…, channels, kernels of each) */
static ant_dims kernel_dims(const depthwise *d, int axes, int64_t channels) {
    ant_dims dims = {.rank = axes + 2};
    for (int k = 0; k < axes; k++)
        dims.dim[k] = ant__size_at(d->window.size, k);
    dims.dim[axes] = channels;
    dims.dim[axes + 1] = d->multiplier;
    return dims;
}

/* Checks the input and says the kernel's shape. */
static int check_build(ant_layer *l, const depthwise *d, const ant_dims *in, int axes,
                       ant_dims *kernel) {
    int code = ant__window_check(l, in, &d->window, axes, "kernel_size");
    if (!code)
        *kernel = kernel_dims(d, axes, in->dim[ant__channel_axis(axes, d->data_format)]);
    return code;
}

/* The kernel pins the rank and the channels; the other axes may differ from call to call. */
static int check_input(ant_layer_call *c, const depthwise *d, int axes) {
    const ant_dims *in = &c->in[0]->dims;
    int64_t channels = c->layer->weights.at[DEPTHWISE]->variable.dims.dim[axes];
    if (in->rank == axes + 2 && in->dim[ant__channel_axis(axes, d->data_format)] == channels)
        return 0;
    char shape[ANT__DIMS_TEXT];
    return ant__call_fail(c, ANT_E_SHAPE,
                          "its kernel takes %lld channels and %d axes in all, got %s",
                          (long long)channels, axes + 2, ant__dims_text(in, shape));
}

/* A weight of one spatial axis as one of two. */
static ant_value *two_axes(ant_program *p, ant_value *kernel, int axes) {
    return axes == 1 ? ant_op_expand(p, kernel, 0) : kernel;
}

static ant_value *convolve(ant_layer_call *c, const depthwise *d, int axes, ant_value *bias) {
    ant_program *p = c->program;
    ant_window window = ant__window_make(&d->window, axes);
    ant_value *x = ant__spatial_enter(p, ant_op_real(p, c->in[0]), axes, d->data_format);
    ant_value *kernel = two_axes(p, ant__weight_read(c, DEPTHWISE), axes);
    return ant__op_depthwise(p, x, kernel, bias, &window);
}

static void finish(ant_layer_call *c, const depthwise *d, int axes, const char *activation,
                   ant_value *y) {
    y = ant__spatial_leave(c->program, y, axes, d->data_format);
    c->out[0] = ant__activation_write(c, activation, y);
}

/* --- DepthwiseConv --- */

static depthwise depthwise_of(const ant_depthwise_conv_options *o) {
    return (depthwise){{.size = o->kernel_size,
                        .strides = o->strides,
                        .dilation = o->dilation_rate,
                        .padding = o->padding},
                       o->data_format,
                       o->depth_multiplier};
}

static int build(ant_layer *l, const ant_dims *in, int axes) {
    const ant_depthwise_conv_options *o = l->options;
    depthwise d = depthwise_of(o);
    ant_weight_spec kernel = {.name = "kernel",
                              .initializer = o->depthwise_initializer,
                              .regularizer = o->depthwise_regularizer,
                              .constraint = o->depthwise_constraint};
    ant_weight_spec bias = {.name = "bias",
                            .initializer = o->bias_initializer,
                            .regularizer = o->bias_regularizer,
                            .constraint = o->bias_constraint};
    int code = check_build(l, &d, in, axes, &kernel.dims);
    if (!code)
        code = ant__weight_add(l, &kernel);
    if (code || !o->use_bias)
        return code;
    bias.dims = ANT__DIMS(kernel.dims.dim[axes] * o->depth_multiplier);
    return ant__weight_add(l, &bias);
}

static int call(ant_layer_call *c, int axes) {
    const ant_depthwise_conv_options *o = c->layer->options;
    depthwise d = depthwise_of(o);
    int code = check_input(c, &d, axes);
    if (code)
        return code;
    ant_value *bias = o->use_bias ? ant__weight_read(c, DEPTHWISE + 1) : NULL;
    finish(c, &d, axes, o->activation, convolve(c, &d, axes, bias));
    return 0;
}

/* --- SeparableConv --- */

static depthwise first_of(const ant_separable_conv_options *o) {
    return (depthwise){{.size = o->kernel_size,
                        .strides = o->strides,
                        .dilation = o->dilation_rate,
                        .padding = o->padding},
                       o->data_format,
                       o->depth_multiplier};
}

/* (1…, channels · kernels of each, filters) */
static ant_dims pointwise_dims(const ant_dims *kernel, int axes, int64_t filters) {
    ant_dims dims = *kernel;
    for (int k = 0; k < axes; k++)
        dims.dim[k] = 1;
    dims.dim[axes] = kernel->dim[axes] < 0 ? -1 : kernel->dim[axes] * kernel->dim[axes + 1];
    dims.dim[axes + 1] = filters;
    return dims;
}

static int build_separable(ant_layer *l, const ant_dims *in, int axes) {
    const ant_separable_conv_options *o = l->options;
    depthwise d = first_of(o);
    ant_weight_spec first = {.name = "depthwise_kernel",
                             .initializer = o->depthwise_initializer,
                             .regularizer = o->depthwise_regularizer,
                             .constraint = o->depthwise_constraint};
    ant_weight_spec second = {.name = "pointwise_kernel",
                              .initializer = o->pointwise_initializer,
                              .regularizer = o->pointwise_regularizer,
                              .constraint = o->pointwise_constraint};
    ant_weight_spec bias = {.name = "bias",
                            .dims = ANT__DIMS(o->filters),
                            .initializer = o->bias_initializer,
                            .regularizer = o->bias_regularizer,
                            .constraint = o->bias_constraint};
    int code = check_build(l, &d, in, axes, &first.dims);
    if (code || (code = ant__weight_add(l, &first)))
        return code;
    second.dims = pointwise_dims(&first.dims, axes, o->filters);
    code = ant__weight_add(l, &second);
    return code || !o->use_bias ? code : ant__weight_add(l, &bias);
}

static int call_separable(ant_layer_call *c, int axes) {
    const ant_separable_conv_options *o = c->layer->options;
    const ant_window every = {.size = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}};
    ant_program *p = c->program;
    depthwise d = first_of(o);
    int code = check_input(c, &d, axes);
    if (code)
        return code;
    ant_value *pointwise = two_axes(p, ant__weight_read(c, POINTWISE), axes);
    ant_value *bias = o->use_bias ? ant__weight_read(c, POINTWISE + 1) : NULL;
    ant_value *y = convolve(c, &d, axes, NULL);
    finish(c, &d, axes, o->activation, ant__op_conv2d(p, y, pointwise, bias, &every, 1));
    return 0;
}

/* --- over one axis and over two --- */

static int build1(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    return build(l, in, 1);
}

static int call1(ant_layer_call *c) {
    return call(c, 1);
}

static int build_separable1(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    return build_separable(l, in, 1);
}

static int call_separable1(ant_layer_call *c) {
    return call_separable(c, 1);
}

static int build2(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    return build(l, in, 2);
}

static int call2(ant_layer_call *c) {
    return call(c, 2);
}

static int build_separable2(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    return build_separable(l, in, 2);
}

static int call_separable2(ant_layer_call *c) {
    return call_separable(c, 2);
}

static const ant_layer_class depthwise1 = {.build = build1, .call = call1};
static const ant_layer_class depthwise2 = {.build = build2, .call = call2};
static const ant_layer_class separable1 = {.build = build_separable1, .call = call_separable1};
static const ant_layer_class separable2 = {.build = build_separable2, .call = call_separable2};

/* --- rows --- */

#define WINDOW_ROWS(T)                                                                             \
    ANT__ROW(T, kernel_size, "size of the window", ANT__AT_LEAST(1)),                              \
        ANT__ROW(T, strides, "from window to window", ANT__AT_LEAST(1)),                           \
        ANT__ROW(T, padding, "zeros around: none, or so that size stays", .words = "valid same")
#define FORMAT_ROW(T)                                                                              \
    ANT__ROW(T, data_format, "where channels stand; none: last",                                   \
             .words = "channels_last channels_first")
#define DILATION_ROW(T)                                                                            \
    ANT__ROW(T, dilation_rate, "from tap to tap of the window", ANT__AT_LEAST(1))
#define MULTIPLIER_ROW(T) ANT__ROW(T, depth_multiplier, "kernels of each channel", ANT__AT_LEAST(1))
#define RESULT_ROWS(T)                                                                             \
    ANT__ROW(T, activation, "applied to the output", .part = ANT_ACTIVATION),                      \
        ANT__ROW(T, use_bias, "whether a bias is added")

static const ant_row depthwise_conv_rows[] = {
    WINDOW_ROWS(depthwise_conv),
    MULTIPLIER_ROW(depthwise_conv),
    FORMAT_ROW(depthwise_conv),
    DILATION_ROW(depthwise_conv),
    RESULT_ROWS(depthwise_conv),
    ANT__INITIALIZER_ROW(depthwise_conv, depthwise),
    ANT__INITIALIZER_ROW(depthwise_conv, bias),
    ANT__REGULARIZER_ROW(depthwise_conv, depthwise),
    ANT__REGULARIZER_ROW(depthwise_conv, bias),
    ANT__CONSTRAINT_ROW(depthwise_conv, depthwise),
    ANT__CONSTRAINT_ROW(depthwise_conv, bias),
    ANT__LAYER_ROWS(depthwise_conv),
};

static const ant_row separable_conv_rows[] = {
    ANT__ROW(separable_conv, filters, "channels of the output", ANT__AT_LEAST(1)),
    WINDOW_ROWS(separable_conv),
    FORMAT_ROW(separable_conv),
    DILATION_ROW(separable_conv),
    MULTIPLIER_ROW(separable_conv),
    RESULT_ROWS(separable_conv),
    ANT__INITIALIZER_ROW(separable_conv, depthwise),
    ANT__INITIALIZER_ROW(separable_conv, pointwise),
    ANT__INITIALIZER_ROW(separable_conv, bias),
    ANT__REGULARIZER_ROW(separable_conv, depthwise),
    ANT__REGULARIZER_ROW(separable_conv, pointwise),
    ANT__REGULARIZER_ROW(separable_conv, bias),
    ANT__CONSTRAINT_ROW(separable_conv, depthwise),
    ANT__CONSTRAINT_ROW(separable_conv, pointwise),
    ANT__CONSTRAINT_ROW(separable_conv, bias),
    ANT__LAYER_ROWS(separable_conv),
};

static const ant_class classes[] = {
    ANT__CLASS(DepthwiseConv1D, depthwise_conv, DEPTHWISE_CONV, ANT_LAYER, &depthwise1),
    ANT__CLASS(DepthwiseConv2D, depthwise_conv, DEPTHWISE_CONV, ANT_LAYER, &depthwise2),
    ANT__CLASS(SeparableConv1D, separable_conv, SEPARABLE_CONV, ANT_LAYER, &separable1,
               .alias = "SeparableConvolution1D"),
    ANT__CLASS(SeparableConv2D, separable_conv, SEPARABLE_CONV, ANT_LAYER, &separable2,
               .alias = "SeparableConvolution2D"),
};

const ant_family ant__depthwise_family = ANT__FAMILY("convolutional", classes);
