/* Layer normalization: y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with the moments of
 * each row of (rows…, n). By the root mean square it is the same with 0 in place of the mean.
 *
 * It saves mean and rstd = 1 / sqrt(variance + epsilon) for its gradient, and takes the variance
 * (biased) in a second pass. With h = (x - mean) rstd and g = gamma dy:
 * dx = rstd (g - mean(g) - h mean(g h)), without mean(g) where the mean is 0; dbeta = sum of dy,
 * dgamma = sum of dy h.
 */
#include "core/ops/ops.h"

enum { RMS }; /* attrs.i: the mean counts as 0 */

/* x (…, n), gamma (n), beta (n) */
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
    ant__num_int(n, o->attrs.i[RMS]);
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

ant_value *ant__op_rms_norm(ant_program *p, ant_value *x, ant_value *gamma, double epsilon) {
    ant_attrs attrs = {.i = {[RMS] = 1}, .f = {epsilon}};
    ant_value *beta = gamma ? ant_op_fill(p, gamma->dims.dim, gamma->dims.rank, 0) : NULL;
    return ant__emit(p, &layer_norm, &attrs, (ant_value *[]){x, gamma, beta}, 3, 3);
}
