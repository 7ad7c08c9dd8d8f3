/* The kernels of batch normalization, of every set, against plain twins: chunks of rows, gates,
 * rows of a gradient that serve many rows; and what the passes make of relu around them. */
#include "core/kernels/batch_norm.h"
#include "core/ops/batch_norm.h"
#include "core/ops/fine.h"
#include "core/ops/ops.h"
#include "gradient_check.h"
#include "naive.h"
#include "op_run.h"
#include "runner.h"
#include "support.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double epsilon = 1e-3, limit = 0.4;

/* x (images, pixels, channels) */
typedef struct norm_case {
    int64_t images, pixels, channels;
} norm_case;
static const norm_case cases[] = {
    {1, 5, 3},  {1, 1, 1},   {7, 2, 16},   {20, 10, 33}, {3, 100, 1},  {1, 3, 130}, {2, 1, 257},
    {8, 8, 64}, {40, 10, 8}, {3, 11, 200}, {1, 1, 1000}, {9, 400, 70}, {2, 900, 5}, {16, 300, 128}};
enum { CASES = sizeof cases / sizeof *cases };

/* What a twin knows: rows and channels of x, chunks of the rows, and how dy lies. */
typedef struct sizes {
    int64_t rows, channels, chunks, repeat;
    int gated; /* enum ant_batch_gate */
} sizes;

static int64_t first_row(const sizes *s, int64_t chunk) {
    return s->rows * chunk / s->chunks;
}

/* in: x; out: of each chunk the mean, then the squares */
static void naive_moments(const void *data, double *const *in, double *out) {
    const sizes *s = data;
    int64_t n = s->channels;
    for (int64_t k = 0; k < s->chunks; k++)
        for (int64_t c = 0; c < n; c++) {
            double sum = 0, squares = 0;
            for (int64_t r = first_row(s, k); r < first_row(s, k + 1); r++)
                sum += in[0][r * n + c];
            double mean = sum / (double)(first_row(s, k + 1) - first_row(s, k));
            for (int64_t r = first_row(s, k); r < first_row(s, k + 1); r++)
                squares += pow(in[0][r * n + c] - mean, 2);
            out[(2 * k) * n + c] = mean;
            out[(2 * k + 1) * n + c] = squares;
        }
}

/* in: parts; out: the mean of everything */
static void naive_join(const void *data, double *const *in, double *out) {
    const sizes *s = data;
    for (int64_t c = 0; c < s->channels; c++)
        for (int64_t k = 0; k < s->chunks; k++)
            out[c] += in[0][2 * k * s->channels + c] *
                      (double)(first_row(s, k + 1) - first_row(s, k)) / (double)s->rows;
}

/* in: x, mean, rstd, gamma, beta */
static void naive_normalize(const void *data, double *const *in, double *out) {
    const sizes *s = data;
    for (int64_t i = 0; i < s->rows * s->channels; i++) {
        int64_t c = i % s->channels;
        out[i] = (in[0][i] - in[1][c]) * in[2][c] * in[3][c] + in[4][c];
    }
}

static void naive_cut(const void *data, double *const *in, double *out) {
    const sizes *s = data;
    naive_normalize(s, in, out);
    for (int64_t i = 0; i < s->rows * s->channels; i++)
        out[i] = out[i] < 0 ? 0 : out[i] > limit ? limit : out[i];
}

/* The gate at entry i of x: input `gate`, or x normalized with the inputs gamma and beta. */
static double gate_of(const sizes *s, double *const *in, int gate, int gamma, int64_t i) {
    int64_t c = i % s->channels;
    if (s->gated == ANT__GATE_GIVEN)
        return in[gate][i];
    int beta = gate + (gamma == gate);
    return (in[0][i] - in[2][c]) * in[3][c] * in[gamma][c] + in[beta][c];
}

/* dy at entry i of x, through the gate. */
static double coming_back(const sizes *s, double *const *in, int gate, int gamma, int64_t i) {
    int64_t row = i / s->channels, c = i % s->channels;
    double dy = in[1][row / s->repeat * s->channels + c];
    if (s->gated == ANT__GATE_NONE)
        return dy;
    double g = gate_of(s, in, gate, gamma, i);
    return g > 0 && g < limit ? dy : 0;
}

/* in: x, dy, mean, rstd and perhaps a gate, or gamma and beta */
static void naive_sums(const void *data, double *const *in, double *out) {
    const sizes *s = data;
    int64_t n = s->channels;
    for (int64_t k = 0; k < s->chunks; k++)
        for (int64_t i = first_row(s, k) * n; i < first_row(s, k + 1) * n; i++) {
            int64_t c = i % n;
            double dy = coming_back(s, in, 4, 4, i);
            out[2 * k * n + c] += dy;
            out[(2 * k + 1) * n + c] += dy * (in[0][i] - in[2][c]) * in[3][c];
        }
}

/* in: x, dy, mean, rstd, gamma, sums and perhaps a gate, or beta */
static void naive_back(const void *data, double *const *in, double *out) {
    const sizes *s = data;
    int64_t n = s->channels;
    for (int64_t i = 0; i < s->rows * n; i++) {
        int64_t c = i % n;
        double h = (in[0][i] - in[2][c]) * in[3][c], share = 1 / (double)s->rows;
        double dy = coming_back(s, in, 6, 4, i);
        out[i] = in[4][c] * in[3][c] * (dy - in[5][c] * share - h * in[5][n + c] * share);
    }
}

/* --- one of each op --- */

typedef struct bench {
    ant_program *p;
    ant_value *x, *part[4]; /* mean, rstd, gamma, beta */
    sizes s;
} bench;

static bench bench_new(const norm_case *c) {
    bench b = {.p = ant__program_new(ANT_FLOAT32)};
    b.x = ant__input(b.p, ANT_FLOAT32, &ANT__DIMS(c->images, c->pixels, c->channels));
    for (int k = 0; k < 4; k++)
        b.part[k] = ant__input(b.p, ANT_FLOAT32, &ANT__DIMS(c->channels));
    b.s = (sizes){.rows = c->images * c->pixels, .channels = c->channels, .repeat = 1};
    return b;
}

START_TEST(moments_are_right) {
    bench b = bench_new(&cases[_i]);
    ant_value *mean, *variance;
    ant__op_batch_norm(b.p, b.x, b.part[2], b.part[3], epsilon, &mean, &variance);
    const ant_value *parts = mean->from->in[0];
    b.s.chunks = parts->dims.dim[0];
    op_run_check(parts, naive_moments, &b.s, 1000);
    op_run_check(mean, naive_join, &b.s, 1000);
    ant__program_free(b.p);
}
END_TEST

START_TEST(normalize_is_right) {
    bench b = bench_new(&cases[_i]);
    ant_value *y = ant__op_normalize(b.p, b.x, b.part[0], b.part[1], b.part[2], b.part[3]);
    op_run_check(y, naive_normalize, &b.s, 1000);
    y->from->attrs.i[y->from->cls->relu - 1] = true;
    y->from->attrs.f[y->from->cls->limit - 1] = limit;
    op_run_check(y, naive_cut, &b.s, 1000);
    ant__program_free(b.p);
}
END_TEST

/* in: x, mean, rstd, gamma, beta; out: of each image the sum */
static void naive_spans(const void *data, double *const *in, double *out) {
    const sizes *s = data;
    const int64_t n = s->rows * s->channels, span = s->rows / s->chunks * s->channels;
    double *y = malloc((size_t)n * sizeof *y);
    naive_cut(s, in, y);
    for (int64_t i = 0; i < n; i++)
        out[i / span * s->channels + i % s->channels] += y[i];
    free(y);
}

START_TEST(sums_of_images_are_right) {
    bench b = bench_new(&cases[_i]);
    ant_value *in[] = {b.x, b.part[0], b.part[1], b.part[2], b.part[3]};
    ant_value *y = ant_op_sum(b.p, b.x, ANT_AXIS(1), false);
    ant_attrs attrs = {.f = {0}};
    attrs.i[ant__normalize_class.relu - 1] = true;
    attrs.f[ant__normalize_class.limit - 1] = limit;
    ant_op *o = ant__op_bare(b.p, &ant__normalize_spans_class, &attrs, 5, 1);
    ck_assert_ptr_nonnull(o);
    memcpy(o->in, in, sizeof in);
    o->out[0] = y;
    y->from = o;
    b.s.chunks = cases[_i].images;
    op_run_check(y, naive_spans, &b.s, 1000);
    ant__program_free(b.p);
}
END_TEST

/* The op that makes dx, whose input 5 are the sums. */
static ant_value *gradient(const bench *b, ant_value *dy) {
    ant_value *mean, *variance, *dx[5] = {NULL};
    ant_value *y =
        ant__op_batch_norm(b->p, b->x, b->part[2], b->part[3], epsilon, &mean, &variance);
    b->x->needs = true;
    y->from->cls->grad(b->p, y->from, &dy, dx);
    return dx[0];
}

/* As the passes change it. */
static void change(ant_value *made, ant_value *dy, ant_value *gate) {
    ant_op *o = ant__normalize_from(made->from, dy, gate, limit);
    ck_assert_ptr_nonnull(o);
    o->out[0] = made;
    made->from = o;
}

/* What dx's relu would give, of the same factors; NULL: there is none. */
static ant_value *gate_for(const bench *b, const ant_value *dx, int gated) {
    ant_value *const *in = dx->from->in;
    if (gated == ANT__GATE_NONE)
        return NULL;
    if (gated == ANT__GATE_GIVEN)
        return ant__input(b->p, ANT_FLOAT32, &b->x->dims);
    ant_value *y = ant__op_normalize(b->p, b->x, in[2], in[3], in[4], b->part[3]);
    y->from->attrs.i[y->from->cls->relu - 1] = true;
    y->from->attrs.f[y->from->cls->limit - 1] = limit;
    return y;
}

START_TEST(gradients_are_right) {
    const norm_case *c = &cases[_i];
    for (int gated = ANT__GATE_NONE; gated <= ANT__GATE_OWN; gated++)
        for (int repeats = 0; repeats < 2; repeats++) {
            bench b = bench_new(c);
            ant_dims dims = ANT__DIMS(c->images, repeats ? 1 : c->pixels, c->channels);
            ant_value *whole = ant__input(b.p, ANT_FLOAT32, &b.x->dims);
            ant_value *dy = ant__input(b.p, ANT_FLOAT32, &dims), *dx = gradient(&b, whole);
            ant_value *sums = dx->from->in[5]->from->in[0];
            ant_value *gate = gate_for(&b, dx, gated);
            ck_assert(ant__normalize_takes(dx->from, &dims));
            change(dx, dy, gate);
            change(sums, dy, gate);
            b.s.gated = gated;
            b.s.repeat = repeats ? c->pixels : 1;
            b.s.chunks = sums->dims.dim[0];
            op_run_check(dx, naive_back, &b.s, 1000);
            op_run_check(sums, naive_sums, &b.s, 1000);
            ant__program_free(b.p);
        }
}
END_TEST

/* --- what the passes make of it: gradients with all of them and with none --- */

static ant_value *norm(ant_program *p, check_case *c) {
    ant_value *mean, *variance;
    return ant__op_batch_norm(p, check_read(p, c, 0), check_read(p, c, 1), check_read(p, c, 2),
                              epsilon, &mean, &variance);
}

static ant_value *relu(ant_program *p, check_case *c) {
    return check_loss(p, ant_op_relu(p, norm(p, c)));
}

static ant_value *bound(ant_program *p, check_case *c) {
    return check_loss(p, ant__bound(p, norm(p, c), limit));
}

/* The gradient is the same for all pixels. */
static ant_value *pooled(ant_program *p, check_case *c) {
    return check_loss(p, ant_op_mean(p, ant__bound(p, norm(p, c), limit), ANT_AXIS(1), false));
}

static ant_value *pooled_plain(ant_program *p, check_case *c) {
    return check_loss(p, ant_op_mean(p, norm(p, c), ANT_AXIS(1), false));
}

/* The gate's result goes elsewhere too. */
static ant_value *shared(ant_program *p, check_case *c) {
    ant_value *x = check_read(p, c, 0);
    return check_loss(p, ant_op_relu(p, ant_op_add(p, norm(p, c), x)));
}

static const struct {
    const char *name;
    check_writer *write;
} written[] = {{"relu", relu},
               {"bound", bound},
               {"pooled", pooled},
               {"pooled", pooled_plain},
               {"shared", shared}};

START_TEST(passes_keep_gradients) {
    const ant_dims dims[] = {ANT__DIMS(3, 4, 5), ANT__DIMS(5), ANT__DIMS(5)};
    check_case c = {.name = written[_i].name, .write = written[_i].write, .n = 3};
    c.tolerance = 1e-5;
    c.float_tolerance = 5e-3;
    check_gradient_of(&c, dims);
}
END_TEST

/* After all passes nothing is left of relu, its gate and what spreads the gradient. */
START_TEST(relu_is_taken_in) {
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(2, 3, 4)), *mean, *variance, *dx[1];
    ant_value *gamma = ant__input(p, ANT_FLOAT32, &ANT__DIMS(4));
    ant_value *y = ant__op_batch_norm(p, x, gamma, gamma, epsilon, &mean, &variance);
    y = ant_op_sum(p, ant__bound(p, y, 6), ANT_AXIS(1), false);
    ck_assert_int_eq(ant_op_gradient(p, &y, NULL, 1, &x, dx, 1), 0);
    ant__output(p, y);
    ant__output(p, dx[0]);
    ck_assert_int_eq(ant__program_lower(p, ANT__ALL_PASSES), 0);
    ck_assert(instructions_named(p, "normalize_back") && instructions_named(p, "normalize_spans"));
    ck_assert(!instructions_named(p, "bound") && !instructions_named(p, "within"));
    ck_assert(!instructions_named(p, "broadcast"));
    for (int k = 0; k < p->ops.n; k++) /* the gate is x's own, and not read */
        ck_assert(p->ops.at[k]->cls != &ant__normalize_back_class ||
                  ant__dims_equal(&p->ops.at[k]->in[6]->dims, &gamma->dims));
    ant__program_free(p);
}
END_TEST

ANT_TEST_MAIN("batch norm", ANT_LOOP(moments_are_right, CASES), ANT_LOOP(normalize_is_right, CASES),
              ANT_LOOP(sums_of_images_are_right, CASES), ANT_LOOP(gradients_are_right, CASES),
              ANT_LOOP(passes_keep_gradients, (int)(sizeof written / sizeof *written)),
              {relu_is_taken_in, 0})
