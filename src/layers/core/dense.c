/* Dense: a matrix product, a bias and an activation on the last axis. */
#include "antler/layers/core.h"
#include "layers/core/lora.h"

enum { KERNEL, BIAS };

static ant_lora lora_of(const ant_dense_options *o) {
    return (ant_lora){o->lora_rank, o->lora_alpha, "lora_kernel_a", "lora_kernel_b",
                      o->kernel_regularizer};
}

static int build(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    const ant_dense_options *o = ANT__OPTIONS(dense, l);
    if (in->rank < 2) {
        char shape[ANT__DIMS_TEXT];
        return ant__layer_fail(l, ANT_E_SHAPE, "takes (batch, …, features), got %s",
                               ant__dims_text(in, shape));
    }
    ant_weight_spec kernel = {
        .name = "kernel",
        .dims = ANT__DIMS(in->dim[in->rank - 1], o->units),
        .initializer = o->kernel_initializer,
        .regularizer = o->kernel_regularizer,
        .constraint = o->kernel_constraint,
    };
    ant_weight_spec bias = {
        .name = "bias",
        .dims = ANT__DIMS(o->units),
        .initializer = o->bias_initializer,
        .regularizer = o->bias_regularizer,
        .constraint = o->bias_constraint,
    };
    ant_lora lora = lora_of(o);
    int code = ant__weight_add(l, &kernel);
    if (!code && o->use_bias)
        code = ant__weight_add(l, &bias);
    return code ? code : ant__lora_add(l, &lora);
}

/* The kernel pins the size of the last axis; the rest may differ from call to call. */
static int check(ant_layer_call *c) {
    int64_t size = c->layer->weights.at[KERNEL]->variable.dims.dim[0];
    const ant_dims *in = &c->in[0]->dims;
    if (in->rank >= 2 && in->dim[in->rank - 1] == size)
        return 0;
    char shape[ANT__DIMS_TEXT];
    return ant__call_fail(c, ANT_E_SHAPE, "its kernel takes (batch, …, %lld), got %s",
                          (long long)size, ant__dims_text(in, shape));
}

static int call(ant_layer_call *c) {
    const ant_dense_options *o = ANT__OPTIONS(dense, c->layer);
    const ant_lora lora = lora_of(o);
    ant_program *p = c->program;
    int code = check(c);
    if (code)
        return code;
    ant_value *x = ant_op_real(p, c->in[0]);
    ant_value *y = ant_op_matmul(p, x, ant__weight_read(c, KERNEL), false, false);
    if (lora.rank != ANT_NONE)
        y = ant__lora_write(c, &lora, y, ant_op_matmul(p, x, ant__lora_a(c), false, false));
    if (o->use_bias)
        y = ant_op_add(p, y, ant__weight_read(c, BIAS));
    c->out[0] = ant__activation_write(c, o->activation, y);
    return 0;
}

static const ant_layer_class dense = {.build = build, .call = call, .mask = ANT__MASK_PASS};

static const ant_row dense_rows[] = {
    ANT__ROW(dense, units, "size of the last axis of the output", ANT__AT_LEAST(1)),
    ANT__ROW(dense, activation, "applied to the output", .part = ANT_ACTIVATION),
    ANT__ROW(dense, use_bias, "whether a bias is added"),
    ANT__INITIALIZER_ROW(dense, kernel),
    ANT__INITIALIZER_ROW(dense, bias),
    ANT__REGULARIZER_ROW(dense, kernel),
    ANT__REGULARIZER_ROW(dense, bias),
    ANT__CONSTRAINT_ROW(dense, kernel),
    ANT__CONSTRAINT_ROW(dense, bias),
    ANT__ROW(dense, lora_rank, "rank of the low-rank update", ANT__AT_LEAST(1)),
    ANT__ROW(dense, lora_alpha, "scale of the low-rank update, times its rank"),
    ANT__ROW(dense, quantization_config, "how weights are quantized",
             .refuse = "quantization is not built yet"),
    ANT__LAYER_ROWS(dense),
};

static const ant_class classes[] = {ANT__CLASS(Dense, dense, DENSE, ANT_LAYER, &dense)};

const ant_family ant__dense_family = ANT__FAMILY("dense", classes);
