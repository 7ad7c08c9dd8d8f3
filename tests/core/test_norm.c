/* batch_norm and layer_norm: gradients against finite differences, the coarse ops against their
 * composition of fine ones; the kernel of layer_norm against its plain twin, those of batch_norm in
 * test_batch_norm.c. */
#include "core/ops/ops.h"
#include "gradient_check.h"
#include "naive.h"
#include "op_run.h"
#include "support.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double epsilon = 1e-3;

/* --- the plain twin of layer_norm: in x (lines, n), gamma, beta --- */
typedef struct lines {
    int64_t lines, n;
} lines;

static void naive_norm(const void *data, double *const *in, double *y) {
    const lines *s = data;
    for (int64_t l = 0; l < s->lines; l++) {
        const double *x = in[0] + l * s->n;
        double sum = 0, squares = 0;
        for (int64_t k = 0; k < s->n; k++)
            sum += x[k];
        double mean = sum / (double)s->n;
        for (int64_t k = 0; k < s->n; k++)
            squares += pow(x[k] - mean, 2);
        double rstd = 1 / sqrt(squares / (double)s->n + epsilon);
        for (int64_t k = 0; k < s->n; k++)
            y[l * s->n + k] = (x[k] - mean) * rstd * in[1][k] + in[2][k];
    }
}

/* --- kernels --- */

typedef struct norm_case {
    int64_t rows, n;
} norm_case;
static const norm_case cases[] = {{5, 3},    {1, 1},    {7, 16},   {200, 33}, {300, 1},  {3, 130},
                                  {2, 257},  {64, 64},  {400, 8},  {33, 200}, {1, 1000}, {9, 64},
                                  {6, 1024}, {5, 1500}, {3, 5001}, {70, 5}};
enum { CASES = sizeof cases / sizeof *cases };

START_TEST(kernels_are_right) {
    int64_t rows = cases[_i].rows, n = cases[_i].n;
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(rows, n));
    ant_value *gamma = ant__input(p, ANT_FLOAT32, &ANT__DIMS(n));
    ant_value *beta = ant__input(p, ANT_FLOAT32, &ANT__DIMS(n));
    ant_value *layer = ant__op_layer_norm(p, x, gamma, beta, epsilon);
    op_run_check(layer, naive_norm, &(lines){rows, n}, 1000);
    ant__program_free(p);
}
END_TEST

/* --- the kernel of the gradients: in x, gamma, mean, rstd, dy --- */
typedef struct back_case {
    int64_t rows, n, chunks;
    bool rms;
} back_case;

static double normalized(const back_case *s, double *const *in, int64_t row, int64_t k) {
    return (in[0][row * s->n + k] - in[2][row]) * in[3][row];
}

static void naive_dx(const void *data, double *const *in, double *dx) {
    const back_case *s = data;
    for (int64_t r = 0; r < s->rows; r++) {
        double plain = 0, along = 0;
        for (int64_t k = 0; k < s->n; k++) {
            double g = in[1][k] * in[4][r * s->n + k];
            plain += s->rms ? 0 : g / (double)s->n;
            along += g * normalized(s, in, r, k) / (double)s->n;
        }
        for (int64_t k = 0; k < s->n; k++)
            dx[r * s->n + k] = in[3][r] * (in[1][k] * in[4][r * s->n + k] - plain -
                                           normalized(s, in, r, k) * along);
    }
}

/* Per chunk of rows. */
static void naive_parameters(const back_case *s, double *const *in, double *out, bool gamma) {
    for (int64_t c = 0; c < s->chunks; c++)
        for (int64_t r = s->rows * c / s->chunks; r < s->rows * (c + 1) / s->chunks; r++)
            for (int64_t k = 0; k < s->n; k++)
                out[c * s->n + k] += in[4][r * s->n + k] * (gamma ? normalized(s, in, r, k) : 1);
}

static void naive_dgamma(const void *data, double *const *in, double *out) {
    naive_parameters(data, in, out, true);
}

static void naive_dbeta(const void *data, double *const *in, double *out) {
    naive_parameters(data, in, out, false);
}

START_TEST(gradient_kernels_are_right) {
    back_case s = {.rows = cases[_i / 2].rows, .n = cases[_i / 2].n, .rms = _i % 2};
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(s.rows, s.n)), *dx[3] = {NULL};
    ant_value *gamma = ant__input(p, ANT_FLOAT32, &ANT__DIMS(s.n));
    ant_value *y = s.rms ? ant__op_rms_norm(p, x, gamma, epsilon)
                         : ant__op_layer_norm(p, x, gamma, gamma, epsilon);
    ant_value *back[3] = {ant__input(p, ANT_FLOAT32, &x->dims)}; /* none to the moments */
    y->from->cls->grad(p, y->from, back, dx);
    s.chunks = ant__result(dx[0], 1)->dims.dim[0];
    op_run_check(dx[0], naive_dx, &s, 1000);
    op_run_check(ant__result(dx[0], 1), naive_dgamma, &s, 1000);
    op_run_check(ant__result(dx[0], 2), naive_dbeta, &s, 1000);
    ant__program_free(p);
}
END_TEST

/* A row has the bits that it has alone, whatever is under way beside it. */
START_TEST(equal_rows_have_equal_bits) {
    enum { ROWS = 7 };
    const int64_t n = (int64_t[]){3, 64, 200}[_i];
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(ROWS, n));
    ant_value *part = ant__input(p, ANT_FLOAT32, &ANT__DIMS(n));
    ant_value *y = ant__op_layer_norm(p, x, part, part, epsilon);
    for (const ant_kernel_set *const *set = ant__kernel_sets(); *set; set++)
        for (int real = 0; real < 2; real++) {
            op_run r;
            op_run_start(&r, y, *set, real);
            const size_t row = (size_t)n * (real ? sizeof(double) : sizeof(float));
            for (size_t k = 1; k < ROWS; k++)
                memcpy((char *)r.at[0] + k * row, r.at[0], row);
            op_run_cells(&r, false);
            for (size_t k = 1; k < ROWS; k++)
                ck_assert_mem_eq((char *)r.at[3] + k * row, r.at[3], row);
            op_run_end(&r);
        }
    ant__program_free(p);
}
END_TEST

/* --- gradients, and the same by fine ops --- */

static ant_value *fine_norm(ant_program *p, check_case *c, unsigned axes) {
    ant_value *x = check_read(p, c, 0);
    ant_value *mean = ant_op_mean(p, x, axes, true);
    ant_value *away = ant_op_sub(p, x, mean);
    ant_value *variance = ant_op_mean(p, ant_op_square(p, away), axes, true);
    ant_value *h = ant_op_mul(p, away, ant_op_rsqrt(p, ant_op_shift(p, variance, epsilon)));
    return ant_op_add(p, ant_op_mul(p, h, check_read(p, c, 1)), check_read(p, c, 2));
}

static ant_value *batch(ant_program *p, check_case *c) {
    ant_value *mean, *variance;
    return ant__op_batch_norm(p, check_read(p, c, 0), check_read(p, c, 1), check_read(p, c, 2),
                              epsilon, &mean, &variance);
}

static ant_value *layer(ant_program *p, check_case *c) {
    return ant__op_layer_norm(p, check_read(p, c, 0), check_read(p, c, 1), check_read(p, c, 2),
                              epsilon);
}

static ant_value *rms(ant_program *p, check_case *c) {
    ant_value *y = ant__op_rms_norm(p, check_read(p, c, 0), check_read(p, c, 1), epsilon);
    return ant_op_add(p, y, check_read(p, c, 2));
}

static ant_value *rms_loss(ant_program *p, check_case *c) {
    return check_loss(p, rms(p, c));
}

/* Squared distance to the same by fine ops. */
static ant_value *rms_apart(ant_program *p, check_case *c) {
    ant_value *x = check_read(p, c, 0), *mean = ant_op_mean(p, ant_op_square(p, x), ANT_LAST, true);
    ant_value *h = ant_op_mul(p, x, ant_op_rsqrt(p, ant_op_shift(p, mean, epsilon)));
    ant_value *fine = ant_op_mul(p, h, check_read(p, c, 1));
    fine = ant_op_add(p, fine, check_read(p, c, 2));
    return ant_op_sum(p, ant_op_square(p, ant_op_sub(p, rms(p, c), fine)), ANT_ALL_AXES, false);
}

static ant_value *batch_loss(ant_program *p, check_case *c) {
    return check_loss(p, batch(p, c));
}

static ant_value *layer_loss(ant_program *p, check_case *c) {
    return check_loss(p, layer(p, c));
}

/* The moments have gradients too: nobody need know that they come from one op. */
static ant_value *moments_loss(ant_program *p, check_case *c) {
    ant_value *mean, *variance;
    ant_value *y = ant__op_batch_norm(p, check_read(p, c, 0), check_read(p, c, 1),
                                      check_read(p, c, 2), epsilon, &mean, &variance);
    ant_value *loss = ant_op_add(p, check_loss(p, mean), check_loss(p, variance));
    return c->number ? ant_op_add(p, loss, check_loss(p, y)) : loss;
}

/* Squared distance of coarse and fine: zero, and so are its gradients. */
static ant_value *batch_apart(ant_program *p, check_case *c) {
    ant_value *fine = fine_norm(p, c, ANT_AXIS(0) | ANT_AXIS(1));
    return ant_op_sum(p, ant_op_square(p, ant_op_sub(p, batch(p, c), fine)), ANT_ALL_AXES, false);
}

static ant_value *layer_apart(ant_program *p, check_case *c) {
    ant_value *fine = fine_norm(p, c, ANT_LAST);
    return ant_op_sum(p, ant_op_square(p, ant_op_sub(p, layer(p, c), fine)), ANT_ALL_AXES, false);
}

START_TEST(gradients_are_right) {
    static const struct {
        const char *name;
        check_writer *write;
        int number;
    } rows[] = {
        {"batch_norm", batch_loss, 0},
        {"layer_norm", layer_loss, 0},
        {"rms_norm", rms_loss, 0},
        {"rms_norm and fine ops", rms_apart, 0},
        {"moments of a batch", moments_loss, 0},
        {"batch_norm and moments", moments_loss, 1},
        {"batch_norm of fine ops", batch_apart, 0},
        {"layer_norm of fine ops", layer_apart, 0},
    };
    static const ant_dims dims[][3] = {
        {{3, {4, 3, 5}}, {1, {5}}, {1, {5}}},
        {{3, {2, 3, 70}}, {1, {70}}, {1, {70}}},
        {{3, {20, 9, 2}}, {1, {2}}, {1, {2}}},
    };
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        check_case c = {.name = rows[k].name, .write = rows[k].write, .n = 3};
        c.number = rows[k].number;
        c.tolerance = 1e-5;
        c.float_tolerance = 5e-3;
        check_gradient_of(&c, dims[_i]);
    }
}
END_TEST

/* A large offset does not eat the digits of the variance. */
START_TEST(offsets_cost_no_digits) {
    ant_program *p = ant__program_new(ANT_FLOAT32);
    enum { ROWS = 1000 };
    double numbers[ROWS], mean = 0, variance = 0;
    for (int k = 0; k < ROWS; k++)
        mean += (double)(float)(numbers[k] = 4096 + sin(k)) / ROWS;
    for (int k = 0; k < ROWS; k++)
        variance += pow((double)(float)numbers[k] - mean, 2) / ROWS;
    ant_value *x = ant_op_constant(p, numbers, (int64_t[]){ROWS, 1}, 2), *m, *v;
    ant_value *one = ant_op_fill(p, (int64_t[]){1}, 1, 1);
    ant__op_batch_norm(p, x, one, one, epsilon, &m, &v);
    ant__output(p, v);
    ck_assert_int_eq(ant__program_lower(p, ANT__ALL_PASSES), 0);
    void *arena = ant__alloc_numbers(ant__program_arena(p));
    ant_report report;
    ant__program_bind_arena(p, arena);
    ck_assert_int_eq(ant__program_run(p, NULL, &report), 0);
    float got = *(const float *)ant__program_output(p, 0);
    ck_assert_msg(fabs(got - variance) < 1e-5, "%g, not %g", (double)got, variance);
    ant__free_numbers(arena);
    ant__program_free(p);
}
END_TEST

START_TEST(misfits_are_refused) {
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(-1, 5));
    ant_value *part = ant__input(p, ANT_FLOAT32, &ANT__DIMS(4));
    ck_assert_ptr_null(ant__op_layer_norm(p, x, part, part, epsilon));
    ck_assert_str_eq(ant__program_error(p)->text,
                     "layer_norm: gamma is (4,), must have the last axis of the input (None, 5)");
    ant__program_free(p);
}
END_TEST

ANT_TEST_MAIN("norm", ANT_LOOP(kernels_are_right, CASES),
              ANT_LOOP(gradient_kernels_are_right, 2 * CASES),
              ANT_LOOP(equal_rows_have_equal_bits, 3), ANT_LOOP(gradients_are_right, 3),
              {offsets_cost_no_digits}, {misfits_are_refused})
