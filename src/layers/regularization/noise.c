/* GaussianDropout, GaussianNoise; ActivityRegularization. */
#include "antler/layers/regularization.h"
#include "layers/layer.h"
#include <math.h>

/* Normal numbers of mean 0, as many as x. */
static ant_value *noise(ant_layer_call *c, const ant_value *x, double stddev, int seed) {
    ant_value *n = ant__random_normal(c->program, &x->dims, ant__call_key(c, seed));
    return ant_op_scale(c->program, n, stddev);
}

/* --- GaussianDropout --- */
static int build_gaussian_dropout(ant_layer *l, const ant_dims *in, int n_in) {
    (void)in, (void)n_in;
    if (ANT__OPTIONS(gaussian_dropout, l)->rate < 1)
        return 0;
    return ant__layer_fail(l, ANT_E_OPTION, "rate is 1, must be below 1");
}

static int call_gaussian_dropout(ant_layer_call *c) {
    const ant_gaussian_dropout_options *o = ANT__OPTIONS(gaussian_dropout, c->layer);
    ant_program *p = c->program;
    ant_value *x = c->out[0] = ant_op_real(p, c->in[0]);
    if (!x || !c->training || o->rate == 0)
        return 0;
    ant_value *factor = ant_op_shift(p, noise(c, x, sqrt(o->rate / (1 - o->rate)), o->seed), 1);
    c->out[0] = ant_op_mul(p, x, factor);
    return 0;
}

/* --- GaussianNoise --- */
static int call_gaussian_noise(ant_layer_call *c) {
    const ant_gaussian_noise_options *o = ANT__OPTIONS(gaussian_noise, c->layer);
    ant_value *x = c->out[0] = ant_op_real(c->program, c->in[0]);
    if (x && c->training && o->stddev > 0)
        c->out[0] = ant_op_add(c->program, x, noise(c, x, o->stddev, o->seed));
    return 0;
}

/* --- ActivityRegularization --- */
static int call_activity_regularization(ant_layer_call *c) {
    const ant_activity_regularization_options *o = ANT__OPTIONS(activity_regularization, c->layer);
    char l1[ANT__NUMBER_TEXT], l2[ANT__NUMBER_TEXT];
    ant__number_text(o->l1, l1);
    ant__number_text(o->l2, l2);
    const char *penalty = ant__print(c->context, "L1L2(%s, %s)", l1, l2);
    c->out[0] = ant_op_real(c->program, c->in[0]);
    return penalty ? ant__penalty_add(c, penalty, c->out[0]) : ANT_E_MEMORY;
}

/* --- the tables --- */
static const ant_row gaussian_dropout_rows[] = {
    ANT__ROW(gaussian_dropout, rate, "its noise has variance rate / (1 - rate)",
             ANT__BETWEEN(0, 1)),
    ANT__ROW(gaussian_dropout, seed, "in place of the graph's seed"),
    ANT__LAYER_ROWS(gaussian_dropout),
};
static const ant_row gaussian_noise_rows[] = {
    ANT__ROW(gaussian_noise, stddev, "standard deviation", ANT__BETWEEN(0, 1)),
    ANT__ROW(gaussian_noise, seed, "in place of the graph's seed"),
    ANT__LAYER_ROWS(gaussian_noise),
};
static const ant_row activity_regularization_rows[] = {
    ANT__ROW(activity_regularization, l1, "factor of the absolute values", ANT__AT_LEAST(0)),
    ANT__ROW(activity_regularization, l2, "factor of the squares", ANT__AT_LEAST(0)),
    ANT__LAYER_ROWS(activity_regularization),
};

static const ant_layer_class gaussian_dropout = {
    .build = build_gaussian_dropout, .call = call_gaussian_dropout, .mask = ANT__MASK_PASS};
static const ant_layer_class gaussian_noise = {.call = call_gaussian_noise, .mask = ANT__MASK_PASS};
static const ant_layer_class activity_regularization = {.call = call_activity_regularization,
                                                        .mask = ANT__MASK_PASS};

static const ant_class classes[] = {
    ANT__CLASS(GaussianDropout, gaussian_dropout, GAUSSIAN_DROPOUT, ANT_LAYER, &gaussian_dropout),
    ANT__CLASS(GaussianNoise, gaussian_noise, GAUSSIAN_NOISE, ANT_LAYER, &gaussian_noise),
    ANT__CLASS(ActivityRegularization, activity_regularization, ACTIVITY_REGULARIZATION, ANT_LAYER,
               &activity_regularization),
};

const ant_family ant__noise_family = ANT__FAMILY("regularization", classes);
