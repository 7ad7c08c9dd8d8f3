/* Normalization: y = gamma (x - mean) / sqrt(variance + epsilon) + beta.
 *
 * batch_norm takes the moments of each channel over all rows of (rows…, C), layer_norm those of
 * each row of (rows…, n). Both save mean and 1 / sqrt(variance + epsilon) for their gradient, and
 * take the variance (biased) in a second pass, where Keras on TensorFlow does so too.
 * With h = (x - mean) rstd and g = gamma dy: dx = rstd (g - mean(g) - h mean(g h)), the means over
 * what the moments were taken over; dbeta = sum of dy, dgamma = sum of dy h.
 */
#include "core/ops/ops.h"

/* What both ops have in common: x (…, n), gamma (n), beta (n). */
static int check_parts(const ant_op *o) {
    char a[ANT__DIMS_TEXT], b[ANT__DIMS_TEXT];
    const ant_dims *x = &o->in[0]->dims;
    for (int k = 1; k < 3; k++) {
        const ant_dims *part = &o->in[k]->dims;
        if (x->rank < 1 || part->rank != 1 ||
            (x->dim[x->rank - 1] >= 0 && part->dim[0] != x->dim[x->rank - 1]))
            return ant__op_fail(o, "%s is %s, must have the last axis of the input %s",
                                k == 1 ? "gamma" : "beta", ant__dims_text(part, a),
                                ant__dims_text(x, b));
    }
    return 0;
}

static void like(ant_value *out, const ant_value *in) {
    out->dtype = in->dtype;
    out->dims = in->dims;
}

static int64_t rows_of(const ant_dims *x) {
    return ant__dims_span(x, 0, x->rank - 1);
}

/* A cell of batch_norm is a block of channels that fills a few cache lines. */
enum { BLOCK = 32 };
static int64_t channel_numbers(ant_nums *n, const ant_op *o, const ant_dims *x) {
    int64_t channels = x->dim[x->rank - 1];
    ant__num_int(n, rows_of(x));
    ant__num_int(n, channels);
    ant__num_int(n, BLOCK);
    ant__num_real(n, o->attrs.f[0]);
    return channels > BLOCK ? (channels + BLOCK - 1) / BLOCK : 1;
}

/* --- batch_norm: x, gamma, beta -> y, mean (C), variance (C), rstd (C) --- */

static int batch_infer(ant_op *o) {
    if (check_parts(o) != 0)
        return ANT_E_SHAPE;
    like(o->out[0], o->in[0]);
    for (int k = 1; k < 4; k++)
        like(o->out[k], o->in[1]);
    return 0;
}

static int64_t batch_prep(const ant_op *o, ant_nums *n) {
    return channel_numbers(n, o, &o->in[0]->dims);
}

/* in: x, gamma, mean, rstd, dy; out: dx, dgamma, dbeta */
static int batch_grad_infer(ant_op *o) {
    like(o->out[0], o->in[0]);
    like(o->out[1], o->in[1]);
    like(o->out[2], o->in[1]);
    return 0;
}

static const ant_op_class batch_norm_grad = {.name = "batch_norm_grad",
                                             .infer = batch_grad_infer,
                                             .kernel = ANT__K_batch_norm_grad,
                                             .prep = batch_prep};

/* What the gradients of the moments themselves add to dx, where someone uses them:
 * dmean / N + dvariance 2 (x - mean) / N. */
static ant_value *through_moments(ant_program *p, const ant_op *o, ant_value *dx, ant_value *dmean,
                                  ant_value *dvariance) {
    double rows = (double)rows_of(&o->in[0]->dims);
    ant_value *sum = dx;
    if (dmean) {
        ant_value *part = ant_op_scale(p, dmean, 1 / rows);
        sum = sum ? ant_op_add(p, sum, part) : ant__broadcast_to(p, part, &o->in[0]->dims);
    }
    if (dvariance) {
        ant_value *away = ant_op_sub(p, o->in[0], o->out[1]);
        ant_value *part = ant_op_mul(p, away, ant_op_scale(p, dvariance, 2 / rows));
        sum = sum ? ant_op_add(p, sum, part) : part;
    }
    return sum;
}

static void batch_grad(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    if (dy[3]) {
        ant__op_fail(o, "no gradient of 1 / sqrt(variance + epsilon), which it saves for itself");
        return;
    }
    if (dy[0]) {
        ant_value *in[] = {o->in[0], o->in[1], o->out[1], o->out[3], dy[0]};
        ant_value *first = ant__emit(p, &batch_norm_grad, &o->attrs, in, 5, 3);
        for (int k = 0; k < 3; k++)
            dx[k] = ant__result(first, k);
    }
    if (o->in[0]->needs)
        dx[0] = through_moments(p, o, dx[0], dy[1], dy[2]);
}

static const ant_op_class batch_norm = {.name = "batch_norm",
                                        .infer = batch_infer,
                                        .kernel = ANT__K_batch_norm,
                                        .prep = batch_prep,
                                        .grad = batch_grad};

ant_value *ant__op_batch_norm(ant_program *p, ant_value *x, ant_value *gamma, ant_value *beta,
                              double epsilon, ant_value **mean, ant_value **variance) {
    ant_attrs attrs = {.f = {epsilon}};
    ant_value *y = ant__emit(p, &batch_norm, &attrs, (ant_value *[]){x, gamma, beta}, 3, 4);
    *mean = ant__result(y, 1);
    *variance = ant__result(y, 2);
    return y;
}

/* --- layer_norm: x, gamma, beta -> y, mean (rows…), rstd (rows…) --- */

static int layer_infer(ant_op *o) {
    if (check_parts(o) != 0)
        return ANT_E_SHAPE;
    like(o->out[0], o->in[0]);
    for (int k = 1; k < 3; k++) {
        like(o->out[k], o->in[0]);
        o->out[k]->dims.rank--;
    }
    return 0;
}

/* A cell is a chunk of rows, from shapes only: the sums over rows are one per chunk. */
static int64_t row_chunks(const ant_dims *x) {
    enum { MOST = 16, ROWS_AT_LEAST = 16 };
    int64_t chunks = rows_of(x) / ROWS_AT_LEAST;
    return chunks < 1 ? 1 : chunks < MOST ? chunks : MOST;
}

static int64_t layer_prep(const ant_op *o, ant_nums *n) {
    const ant_dims *x = &o->in[0]->dims;
    int64_t chunks = row_chunks(x);
    ant__num_int(n, rows_of(x));
    ant__num_int(n, x->dim[x->rank - 1]);
    ant__num_int(n, chunks);
    ant__num_real(n, o->attrs.f[0]);
    return chunks;
}

/* in: x, gamma, mean, rstd, dy; out: dx, and per chunk of rows: dgamma, dbeta (chunks, n) */
static int layer_grad_infer(ant_op *o) {
    like(o->out[0], o->in[0]);
    for (int k = 1; k < 3; k++) {
        o->out[k]->dtype = o->in[0]->dtype;
        o->out[k]->dims = ANT__DIMS(row_chunks(&o->in[0]->dims), o->in[1]->dims.dim[0]);
    }
    return 0;
}

static const ant_op_class layer_norm_grad = {.name = "layer_norm_grad",
                                             .infer = layer_grad_infer,
                                             .kernel = ANT__K_layer_norm_grad,
                                             .prep = layer_prep};

static void layer_grad(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    if (dy[1] || dy[2]) {
        ant__op_fail(o, "no gradient of the moments, which it saves for itself");
        return;
    }
    ant_value *in[] = {o->in[0], o->in[1], o->out[1], o->out[2], dy[0]};
    ant_value *first = ant__emit(p, &layer_norm_grad, &o->attrs, in, 5, 3);
    dx[0] = first;
    for (int k = 1; k < 3; k++)
        if (o->in[k]->needs)
            dx[k] = ant_op_sum(p, ant__result(first, k), ANT_AXIS(0), false);
}

static const ant_op_class layer_norm = {.name = "layer_norm",
                                        .infer = layer_infer,
                                        .kernel = ANT__K_layer_norm,
                                        .prep = layer_prep,
                                        .grad = layer_grad};

ant_value *ant__op_layer_norm(ant_program *p, ant_value *x, ant_value *gamma, ant_value *beta,
                              double epsilon) {
    ant_attrs attrs = {.f = {epsilon}};
    return ant__emit(p, &layer_norm, &attrs, (ant_value *[]){x, gamma, beta}, 3, 3);
}
