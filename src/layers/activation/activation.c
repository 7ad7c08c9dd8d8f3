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

static int call_relu(ant_layer_call *c) {
    const ant_relu_options *o = ANT__OPTIONS(relu, c->layer);
    c->out[0] =
        ant__relu_write(c->program, input(c), o->negative_slope, o->max_value, o->threshold);
    return 0;
}

static int call_leaky_relu(ant_layer_call *c) {
    const ant_leaky_relu_options *o = ANT__OPTIONS(leaky_relu, c->layer);
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
static const ant_row relu_rows[] = {
    ANT__ROW(relu, max_value, "largest value", ANT__AT_LEAST(0)),
    ANT__ROW(relu, negative_slope, "slope below the threshold", ANT__AT_LEAST(0)),
    ANT__ROW(relu, threshold, "where it begins to rise", ANT__AT_LEAST(0)),
    ANT__LAYER_ROWS(relu),
};
static const ant_row leaky_relu_rows[] = {
    ANT__ROW(leaky_relu, negative_slope, "slope below 0", ANT__AT_LEAST(0), .old = "alpha"),
    ANT__LAYER_ROWS(leaky_relu),
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
    LAYER(ReLU, relu, RELU),
    LAYER(LeakyReLU, leaky_relu, LEAKY_RELU),
    LAYER(ELU, elu, ELU),
};

const ant_family ant__activation_family = ANT__FAMILY("activation", classes);
