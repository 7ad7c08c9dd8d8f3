/* Batch normalization: y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with the moments of
 * each channel over all rows of x (rows…, C).
 *
 *     parts                = batch_moments(x)         of chunks of rows: means, sums of squares
 *     mean, variance, rstd = batch_join(parts, x)     rstd = 1 / sqrt(variance + epsilon)
 *     y                    = normalize(x, mean, rstd, gamma, beta)
 *
 * The variance (biased) is taken in two passes, where Keras on TensorFlow does so too. With
 * h = (x - mean) rstd: dbeta = sum of dy, dgamma = sum of dy h, which normalize_sums gives, and
 * where the moments are those of x itself, dx = gamma rstd (dy - dbeta / N - h dgamma / N), which
 * normalize_back gives. Both take in a gate that dy went through: the gradient of relu. Where that
 * is the relu of y itself, they find it from x once more, which costs less than reading y.
 */
#include "core/kernels/batch_norm.h"
#include "core/ops/batch_norm.h"
#include "core/ops/fine.h"
#include "core/ops/ops.h"
#include <math.h>

enum { CUT, GATED };     /* attrs.i */
enum { LIMIT, EPSILON }; /* attrs.f */
enum { X, MEAN, RSTD, GAMMA, BETA, INPUTS };

static int64_t channels_of(const ant_dims *x) {
    return x->dim[x->rank - 1];
}

static int64_t rows_of(const ant_dims *x) {
    return ant__dims_span(x, 0, x->rank - 1);
}

/* Chunks whose sums are joined later: enough for many threads, each of some rows at least. */
static int64_t sum_chunks(const ant_dims *x) {
    enum { MOST = 32, ROWS_AT_LEAST = 128 };
    int64_t chunks = rows_of(x) / ROWS_AT_LEAST;
    return chunks < 1 ? 1 : chunks < MOST ? chunks : MOST;
}

/* Chunks that give a row each: about 8192 entries. */
static int64_t row_chunks(const ant_dims *x) {
    int64_t rows = rows_of(x), chunks = ant__cells(ant__dims_count(x), 8192);
    return chunks < rows ? chunks : rows > 0 ? rows : 1;
}

static int64_t push(ant_nums *n, const ant_op *o, const ant_dims *x, int64_t chunks,
                    int64_t repeat) {
    ant__num_int(n, rows_of(x));
    ant__num_int(n, channels_of(x));
    ant__num_int(n, chunks);
    ant__num_real(n, o->attrs.f[EPSILON]);
    ant__num_int(n, o->attrs.i[CUT]);
    ant__num_int(n, o->attrs.i[GATED]);
    ant__num_real(n, o->attrs.f[LIMIT]);
    ant__num_int(n, repeat);
    return chunks;
}

static void like(ant_value *out, const ant_value *in) {
    out->dtype = in->dtype;
    out->dims = in->dims;
}

/* --- the moments --- */

static int moments_infer(ant_op *o) {
    const ant_dims *x = &o->in[0]->dims;
    char text[ANT__DIMS_TEXT];
    if (x->rank < 1)
        return ant__op_fail(o, "the input is %s, must have channels", ant__dims_text(x, text));
    o->out[0]->dtype = o->in[0]->dtype;
    o->out[0]->dims = ANT__DIMS(ant__dims_known(x) ? sum_chunks(x) : -1, 2, channels_of(x));
    return 0;
}

static int64_t moments_prep(const ant_op *o, ant_nums *n) {
    const ant_dims *x = &o->in[0]->dims;
    return push(n, o, x, sum_chunks(x), 1);
}

/* What comes back goes by batch_join, which knows x too. */
static const ant_op_class batch_moments = {.name = "batch_moments",
                                           .infer = moments_infer,
                                           .kernel = ANT__K_batch_moments,
                                           .prep = moments_prep,
                                           .constant = true};

static int join_infer(ant_op *o) {
    for (int k = 0; k < 3; k++) {
        o->out[k]->dtype = o->in[0]->dtype;
        o->out[k]->dims = ANT__DIMS(o->in[0]->dims.dim[2]);
    }
    return 0;
}

static int64_t join_prep(const ant_op *o, ant_nums *n) {
    push(n, o, &o->in[1]->dims, o->in[0]->dims.dim[0], 1);
    return 1;
}

/* Of x: dmean / N + dvariance 2 (x - mean) / N, with what comes back by rstd in dvariance. */
static void join_grad(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    ant_value *x = o->in[1], *dvariance = dy[1];
    const double part = 1 / (double)rows_of(&x->dims);
    if (!x->needs)
        return;
    if (dy[2]) {
        ant_value *cube = ant_op_mul(p, ant_op_square(p, o->out[2]), o->out[2]);
        ant_value *more = ant_op_mul(p, dy[2], ant_op_scale(p, cube, -0.5));
        dvariance = dvariance ? ant_op_add(p, dvariance, more) : more;
    }
    if (dy[0])
        dx[1] = ant__broadcast_to(p, ant_op_scale(p, dy[0], part), &x->dims);
    if (dvariance) {
        ant_value *away = ant_op_sub(p, x, o->out[0]);
        ant_value *more = ant_op_mul(p, away, ant_op_scale(p, dvariance, 2 * part));
        dx[1] = dx[1] ? ant_op_add(p, dx[1], more) : more;
    }
}

static const ant_op_class batch_join = {.name = "batch_join",
                                        .infer = join_infer,
                                        .kernel = ANT__K_batch_join,
                                        .prep = join_prep,
                                        .grad = join_grad};

/* --- normalize --- */

static int normalize_infer(ant_op *o) {
    static const char *const names[] = {"x", "mean", "rstd", "gamma", "beta"};
    char a[ANT__DIMS_TEXT], b[ANT__DIMS_TEXT];
    const ant_dims *x = &o->in[X]->dims;
    for (int k = MEAN; k < INPUTS; k++) {
        const ant_dims *part = &o->in[k]->dims;
        if (part->rank != 1 ||
            (channels_of(x) >= 0 && part->dim[0] >= 0 && part->dim[0] != channels_of(x)))
            return ant__op_fail(o, "%s is %s, must have the last axis of the input %s", names[k],
                                ant__dims_text(part, a), ant__dims_text(x, b));
    }
    return ant__infer_like(o);
}

static int64_t normalize_prep(const ant_op *o, ant_nums *n) {
    const ant_dims *x = &o->in[X]->dims;
    return push(n, o, x, row_chunks(x), 1);
}

/* Row by row, and within a row from the front. */
static bool normalize_inplace(const ant_op *o, int out, int in) {
    (void)o;
    return out == 0 && in == X;
}

static ant_value *row_of_sums(ant_program *p, ant_value *sums, int k) {
    return ant_op_squeeze(p, ant_op_slice(p, sums, 0, k, 1, 1), 0);
}

static ant_value *sums_of(ant_program *p, ant_op *o, ant_value *dy);
static ant_value *back(ant_program *p, ant_op *o, ant_value *dy, ant_value *sums);

/* Are the moments those of x, so that dx has to take their way too? */
static bool own_moments(const ant_op *o) {
    const ant_op *join = o->in[MEAN]->from;
    return join && join->cls == &batch_join && join == o->in[RSTD]->from && join->in[1] == o->in[X];
}

static void normalize_grad(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    ant_value *sums = sums_of(p, o, dy[0]), *rstd = o->in[RSTD];
    ant_value *plain = row_of_sums(p, sums, 0), *along = row_of_sums(p, sums, 1);
    ant_value *scale = ant_op_mul(p, o->in[GAMMA], rstd);
    dx[GAMMA] = along;
    dx[BETA] = plain;
    if (own_moments(o)) {
        dx[X] = o->in[X]->needs ? back(p, o, dy[0], sums) : NULL;
        return;
    }
    if (o->in[X]->needs)
        dx[X] = ant_op_mul(p, dy[0], scale);
    if (o->in[MEAN]->needs)
        dx[MEAN] = ant_op_neg(p, ant_op_mul(p, plain, scale));
    if (rstd->needs)
        dx[RSTD] = ant_op_div(p, ant_op_mul(p, along, o->in[GAMMA]), rstd);
}

const ant_op_class ant__normalize_class = {.name = "normalize",
                                           .relu = CUT + 1,
                                           .limit = LIMIT + 1,
                                           .infer = normalize_infer,
                                           .kernel = ANT__K_normalize,
                                           .prep = normalize_prep,
                                           .inplace = normalize_inplace,
                                           .grad = normalize_grad};

/* As many chunks as the result has rows. */
static int64_t spans_prep(const ant_op *o, ant_nums *n) {
    const ant_dims *x = &o->in[X]->dims;
    return push(n, o, x, ant__dims_count(&o->out[0]->dims) / channels_of(x), 1);
}

const ant_op_class ant__normalize_spans_class = {
    .name = "normalize_spans", .kernel = ANT__K_normalize_spans, .prep = spans_prep};

ant_value *ant__op_normalize(ant_program *p, ant_value *x, ant_value *mean, ant_value *rstd,
                             ant_value *gamma, ant_value *beta) {
    ant_attrs attrs = {.f = {[LIMIT] = INFINITY}};
    return ant__emit(p, &ant__normalize_class, &attrs, (ant_value *[]){x, mean, rstd, gamma, beta},
                     INPUTS, 1);
}

ant_value *ant__op_batch_norm(ant_program *p, ant_value *x, ant_value *gamma, ant_value *beta,
                              double epsilon, ant_value **mean, ant_value **variance) {
    ant_attrs attrs = {.f = {[LIMIT] = INFINITY, [EPSILON] = epsilon}};
    ant_value *parts = ant__emit(p, &batch_moments, &attrs, &x, 1, 1);
    *mean = ant__emit(p, &batch_join, &attrs, (ant_value *[]){parts, x}, 2, 3);
    *variance = ant__result(*mean, 1);
    return ant__op_normalize(p, x, *mean, ant__result(*mean, 2), gamma, beta);
}

/* --- its gradient: x, dy, mean, rstd …, and what gates dy --- */

/* Rows of x for each row of dy, whose axes before the last are as x's up to one, then 1; 0: it is
 * not like that. */
static int64_t repeat_of(const ant_dims *x, const ant_dims *dy) {
    int64_t repeat = 1;
    if (dy->rank != x->rank || channels_of(x) != channels_of(dy))
        return 0;
    for (int k = 0; k < x->rank - 1; k++) {
        if (repeat == 1 && dy->dim[k] == x->dim[k])
            continue;
        if (dy->dim[k] != 1)
            return 0;
        repeat *= x->dim[k];
    }
    return repeat;
}

bool ant__normalize_takes(const ant_op *o, const ant_dims *dy) {
    return repeat_of(&o->in[0]->dims, dy) > 0;
}

static int sums_infer(ant_op *o) {
    const ant_dims *x = &o->in[0]->dims;
    o->out[0]->dtype = o->in[0]->dtype;
    o->out[0]->dims = ANT__DIMS(ant__dims_known(x) ? sum_chunks(x) : -1, 2, channels_of(x));
    return 0;
}

static int64_t sums_prep(const ant_op *o, ant_nums *n) {
    const ant_dims *x = &o->in[0]->dims;
    return push(n, o, x, sum_chunks(x), repeat_of(x, &o->in[1]->dims));
}

const ant_op_class ant__normalize_sums_class = {.name = "normalize_sums",
                                                .infer = sums_infer,
                                                .kernel = ANT__K_normalize_sums,
                                                .prep = sums_prep};

static ant_value *sums_of(ant_program *p, ant_op *o, ant_value *dy) {
    ant_attrs attrs = {.f = {[LIMIT] = INFINITY}};
    ant_value *in[] = {o->in[X], dy, o->in[MEAN], o->in[RSTD]};
    ant_value *parts = ant__emit(p, &ant__normalize_sums_class, &attrs, in, 4, 1);
    return ant_op_sum(p, parts, ANT_AXIS(0), false);
}

static int back_infer(ant_op *o) {
    like(o->out[0], o->in[0]);
    return 0;
}

static int64_t back_prep(const ant_op *o, ant_nums *n) {
    const ant_dims *x = &o->in[0]->dims;
    return push(n, o, x, row_chunks(x), repeat_of(x, &o->in[1]->dims));
}

/* Over x, the gate, or a dy that has a row for each of x's. */
static bool back_inplace(const ant_op *o, int out, int in) {
    bool whole = ant__dims_equal(&o->in[in]->dims, &o->out[0]->dims);
    bool gate = in == 6 && o->attrs.i[GATED] == ANT__GATE_GIVEN;
    return out == 0 && whole && (in == 0 || in == 1 || gate);
}

const ant_op_class ant__normalize_back_class = {.name = "normalize_back",
                                                .infer = back_infer,
                                                .kernel = ANT__K_normalize_back,
                                                .prep = back_prep,
                                                .inplace = back_inplace};

static ant_value *back(ant_program *p, ant_op *o, ant_value *dy, ant_value *sums) {
    ant_attrs attrs = {.f = {[LIMIT] = INFINITY}};
    ant_value *in[] = {o->in[X], dy, o->in[MEAN], o->in[RSTD], o->in[GAMMA], sums};
    return ant__emit(p, &ant__normalize_back_class, &attrs, in, 6, 1);
}

/* Is it x normalized as the op has it, and cut at the same limit? Only what was cut is lost. */
static bool is_own_gate(const ant_op *o, const ant_value *gate, double limit) {
    const ant_op *norm = gate->from;
    return norm && norm->cls == &ant__normalize_class && norm->attrs.i[CUT] &&
           norm->attrs.f[LIMIT] == limit && norm->in[X] == o->in[0] && norm->in[MEAN] == o->in[2] &&
           norm->in[RSTD] == o->in[3] &&
           (o->cls != &ant__normalize_back_class || norm->in[GAMMA] == o->in[4]);
}

/* The inputs that a gate adds, in `more`; gives how many. */
static int gate_inputs(ant_value **more, const ant_op *o, ant_value *gate, bool own) {
    int n = 0;
    if (own && o->cls == &ant__normalize_sums_class)
        more[n++] = gate->from->in[GAMMA];
    if (gate)
        more[n++] = own ? gate->from->in[BETA] : gate;
    return n;
}

ant_op *ant__normalize_from(const ant_op *o, ant_value *before, ant_value *gate, double limit) {
    ant_value *more[2];
    const bool own = gate && is_own_gate(o, gate, limit);
    const int n = gate_inputs(more, o, gate, own);
    ant_attrs attrs = o->attrs;
    if (gate) {
        attrs.i[GATED] = own ? ANT__GATE_OWN : ANT__GATE_GIVEN;
        attrs.f[LIMIT] = limit;
    }
    ant_op *made = ant__op_bare(o->program, o->cls, &attrs, o->n_in + n, 1);
    if (!made)
        return NULL;
    for (int k = 0; k < o->n_in; k++)
        made->in[k] = o->in[k];
    made->in[1] = before;
    for (int k = 0; k < n; k++)
        made->in[o->n_in + k] = more[k];
    return made;
}
