/* Dropout, SpatialDropout1D to 3D, AlphaDropout: numbers left out at random. */
#include "antler/layers/regularization.h"
#include "layers/layer.h"
#include <math.h>
#include <string.h>

/* --- which numbers are kept --- */
/* true with probability 1 - rate. */
static ant_value *kept(ant_layer_call *c, const ant_dims *dims, double rate, int seed) {
    ant_program *p = c->program;
    ant_value *u = ant__random_uniform(p, dims, ant__call_key(c, seed));
    return ant_op_greater_equal(p, u, ant_op_number(p, rate));
}

/* The input's shape, but where noise_shape says a size. */
static int noise_dims(ant_layer_call *c, const int *said, ant_dims *dims) {
    char wants[ANT__DIMS_TEXT], has[ANT__DIMS_TEXT];
    ant_dims in = c->in[0]->dims, noise = {.rank = 0};
    *dims = in;
    if (!said[0])
        return 0;
    for (; noise.rank < ANT_MAX_AXES && said[noise.rank]; noise.rank++) {
        int k = noise.rank;
        noise.dim[k] = said[k] == ANT_ANY && k < in.rank ? in.dim[k] : said[k];
    }
    ant_dims both = in;
    bool fits = noise.rank == in.rank && ant__dims_broadcast(&both, &noise);
    if (!fits || !ant__dims_equal(&both, &in))
        return ant__call_fail(c, ANT_E_SHAPE, "its noise_shape %s does not fit the input %s",
                              ant__dims_text(&noise, wants), ant__dims_text(&in, has));
    *dims = noise;
    return 0;
}

/* --- Dropout --- */
ant_value *ant__dropout_write(ant_layer_call *c, ant_value *x, const ant_dims *noise, double rate,
                              int seed) {
    ant_program *p = c->program;
    if (rate >= 1)
        return ant_op_scale(p, x, 0);
    ant_value *scaled = ant_op_scale(p, x, 1 / (1 - rate));
    return ant_op_where(p, kept(c, noise, rate, seed), scaled, ant_op_number(p, 0));
}

static int call_dropout(ant_layer_call *c) {
    const ant_dropout_options *o = ANT__OPTIONS(dropout, c->layer);
    ant_dims noise;
    c->out[0] = ant_op_real(c->program, c->in[0]);
    int code = noise_dims(c, o->noise_shape, &noise);
    if (!code && c->training && o->rate > 0)
        c->out[0] = ant__dropout_write(c, c->out[0], &noise, o->rate, o->seed);
    return code;
}

/* --- whole channels --- */
static int call_spatial(ant_layer_call *c, int rank, int channels, double rate, int seed) {
    char shape[ANT__DIMS_TEXT];
    ant_dims noise = c->in[0]->dims;
    if (noise.rank != rank)
        return ant__call_fail(c, ANT_E_SHAPE, "takes %d axes, got %s", rank,
                              ant__dims_text(&noise, shape));
    for (int k = 1; k < rank; k++)
        if (k != channels)
            noise.dim[k] = 1;
    c->out[0] = ant_op_real(c->program, c->in[0]);
    if (c->training && rate > 0)
        c->out[0] = ant__dropout_write(c, c->out[0], &noise, rate, seed);
    return 0;
}

static int call_spatial_dropout1d(ant_layer_call *c) {
    const ant_spatial_dropout1d_options *o = ANT__OPTIONS(spatial_dropout1d, c->layer);
    return call_spatial(c, 3, 2, o->rate, o->seed);
}

static int call_images(ant_layer_call *c, int rank) {
    const ant_spatial_dropout_options *o = ANT__OPTIONS(spatial_dropout, c->layer);
    bool first = o->data_format && !strcmp(o->data_format, "channels_first");
    return call_spatial(c, rank, first ? 1 : rank - 1, o->rate, o->seed);
}

static int call_spatial_dropout2d(ant_layer_call *c) {
    return call_images(c, 4);
}

static int call_spatial_dropout3d(ant_layer_call *c) {
    return call_images(c, 5);
}

/* --- AlphaDropout --- */
static ant_value *drop_to_alpha(ant_layer_call *c, ant_value *x, const ant_dims *noise,
                                const ant_alpha_dropout_options *o) {
    ant_program *p = c->program;
    double alpha = -1.6732632423543772 * 1.0507009873554805, rate = o->rate; /* selu(-inf) */
    double a = 1 / sqrt((1 - rate) * (1 + rate * alpha * alpha));
    ant_value *keep = kept(c, noise, rate, o->seed);
    ant_value *mixed = ant_op_where(p, keep, x, ant_op_number(p, alpha));
    return ant_op_shift(p, ant_op_scale(p, mixed, a), -a * alpha * rate);
}

static int build_alpha_dropout(ant_layer *l, const ant_dims *in, int n_in) {
    (void)in, (void)n_in;
    if (ANT__OPTIONS(alpha_dropout, l)->rate < 1)
        return 0;
    return ant__layer_fail(l, ANT_E_OPTION, "rate is 1, must be below 1");
}

static int call_alpha_dropout(ant_layer_call *c) {
    const ant_alpha_dropout_options *o = ANT__OPTIONS(alpha_dropout, c->layer);
    ant_dims noise;
    c->out[0] = ant_op_real(c->program, c->in[0]);
    int code = noise_dims(c, o->noise_shape, &noise);
    if (!code && c->training && o->rate > 0)
        c->out[0] = drop_to_alpha(c, c->out[0], &noise, o);
    return code;
}

/* --- the tables --- */
#define RATE_ROW(T) ANT__ROW(T, rate, "probability of being dropped", ANT__BETWEEN(0, 1))
#define NOISE_ROW(T)                                                                               \
    ANT__ROW(T, noise_shape, "shape of what is drawn, batch first; none: the input's")
#define SEED_ROW(T) ANT__ROW(T, seed, "in place of the graph's seed")

static const ant_row dropout_rows[] = {
    RATE_ROW(dropout),
    NOISE_ROW(dropout),
    SEED_ROW(dropout),
    ANT__LAYER_ROWS(dropout),
};
static const ant_row spatial_dropout1d_rows[] = {
    RATE_ROW(spatial_dropout1d),
    SEED_ROW(spatial_dropout1d),
    ANT__LAYER_ROWS(spatial_dropout1d),
};
static const ant_row spatial_dropout_rows[] = {
    RATE_ROW(spatial_dropout),
    ANT__ROW(spatial_dropout, data_format, "where the channels are",
             .words = "channels_last channels_first"),
    SEED_ROW(spatial_dropout),
    ANT__LAYER_ROWS(spatial_dropout),
};
static const ant_row alpha_dropout_rows[] = {
    RATE_ROW(alpha_dropout),
    NOISE_ROW(alpha_dropout),
    SEED_ROW(alpha_dropout),
    ANT__LAYER_ROWS(alpha_dropout),
};

#define LAYER(Name, T, U, call_it, build_it)                                                       \
    ANT__CLASS(                                                                                    \
        Name, T, U, ANT_LAYER,                                                                     \
        &(const ant_layer_class){.build = (build_it), .call = (call_it), .mask = ANT__MASK_PASS})

static const ant_class classes[] = {
    LAYER(Dropout, dropout, DROPOUT, call_dropout, NULL),
    LAYER(SpatialDropout1D, spatial_dropout1d, SPATIAL_DROPOUT1D, call_spatial_dropout1d, NULL),
    LAYER(SpatialDropout2D, spatial_dropout, SPATIAL_DROPOUT, call_spatial_dropout2d, NULL),
    LAYER(SpatialDropout3D, spatial_dropout, SPATIAL_DROPOUT, call_spatial_dropout3d, NULL),
    LAYER(AlphaDropout, alpha_dropout, ALPHA_DROPOUT, call_alpha_dropout, build_alpha_dropout),
};

const ant_family ant__dropout_family = ANT__FAMILY("regularization", classes);
