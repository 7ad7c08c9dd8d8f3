/* Layers that are an activation: Activation, ReLU, LeakyReLU, ELU. */
#include "antler/layers/activation.h"
#include "layers/layer.h"

static ant_value *input(ant_layer_call *c) {
    return ant_op_real(c->program, c->in[0]);
}

static int call_activation(ant_layer_call *c) {
    const ant_activation_options *o = ANT__OPTIONS(activation, c->layer);
    c->out[0] = ant__activation_write(c, o->activation, input(c));
    return 0;
}

static int call_re_lu(ant_layer_call *c) {
    const ant_re_lu_options *o = ANT__OPTIONS(re_lu, c->layer);
    c->out[0] =
        ant__relu_write(c->program, input(c), o->negative_slope, o->max_value, o->threshold);
    return 0;
}

static int call_leaky_re_lu(ant_layer_call *c) {
    const ant_leaky_re_lu_options *o = ANT__OPTIONS(leaky_re_lu, c->layer);
    c->out[0] = ant__relu_write(c->program, input(c), o->negative_slope, ANT_NONE, 0);
    return 0;
}

static int call_elu(ant_layer_call *c) {
    const ant_elu_options *o = ANT__OPTIONS(elu, c->layer);
    c->out[0] = ant__elu_write(c->program, input(c), o->alpha);
    return 0;
}

static const ant_row activation_rows[] = {
    ANT__ROW(activation, activation, "applied to the input", .part = ANT_ACTIVATION),
    ANT__LAYER_ROWS(activation),
};
static const ant_row re_lu_rows[] = {
    ANT__ROW(re_lu, max_value, "largest value", ANT__AT_LEAST(0)),
    ANT__ROW(re_lu, negative_slope, "slope below the threshold", ANT__AT_LEAST(0)),
    ANT__ROW(re_lu, threshold, "where it begins to rise", ANT__AT_LEAST(0)),
    ANT__LAYER_ROWS(re_lu),
};
static const ant_row leaky_re_lu_rows[] = {
    ANT__ROW(leaky_re_lu, negative_slope, "slope below 0", ANT__AT_LEAST(0), .old = "alpha"),
    ANT__LAYER_ROWS(leaky_re_lu),
};
static const ant_row elu_rows[] = {
    ANT__ROW(elu, alpha, "what it tends to far below 0, negated"),
    ANT__LAYER_ROWS(elu),
};

#define LAYER(Name, T, U)                                                                          \
    ANT__CLASS(Name, T, U, ANT_LAYER,                                                              \
               &(const ant_layer_class){.call = call_##T, .mask = ANT__MASK_PASS})

static const ant_class classes[] = {
    LAYER(Activation, activation, ACTIVATION),
    LAYER(ReLU, re_lu, RE_LU),
    LAYER(LeakyReLU, leaky_re_lu, LEAKY_RE_LU),
    LAYER(ELU, elu, ELU),
};

const ant_family ant__activation_family = ANT__FAMILY("activation", classes);
