/* attention: the kernel against its plain twin on every set; the op with masks and dropout against
 * its composition of fine ones, gradients among them; its gradients against finite differences. */
#include "core/ops/ops.h"
#include "gradient_check.h"
#include "naive.h"
#include "op_run.h"
#include "runner.h"
#include "support.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- the plain twin --- */
typedef struct shape {
    int64_t batch, queries, keys, heads, groups, size, value_size;
    bool causal;
    int64_t window;
} shape;

static bool allowed(const shape *s, int64_t t, int64_t k) {
    return (!s->causal || k <= t) && (!s->window || llabs(t - k) < s->window);
}

/* One query's result, from its scores; where it may look at nothing, at all alike. */
static void naive_row(const shape *s, double *scores, const double *value, int64_t t, double *y) {
    double top = -INFINITY, sum = 0;
    for (int64_t k = 0; k < s->keys; k++) {
        scores[k] = allowed(s, t, k) ? scores[k] : -1e30;
        top = fmax(top, scores[k]);
    }
    for (int64_t k = 0; k < s->keys; k++)
        sum += scores[k] = exp(scores[k] - top);
    for (int64_t k = 0; k < s->keys; k++)
        for (int64_t i = 0; i < s->value_size; i++)
            y[i] += scores[k] / sum * value[k * s->groups * s->value_size + i];
}

static const double scale = 0.7;

static void naive_attention(const void *data, double *const *in, double *y) {
    const shape *s = data;
    double *scores = calloc((size_t)s->keys, sizeof *scores);
    for (int64_t b = 0; b < s->batch; b++)
        for (int64_t t = 0; t < s->queries; t++)
            for (int64_t h = 0; h < s->heads; h++) {
                int64_t row = (b * s->queries + t) * s->heads + h, g = h * s->groups / s->heads;
                for (int64_t k = 0; k < s->keys; k++) {
                    const double *key = in[1] + ((b * s->keys + k) * s->groups + g) * s->size;
                    scores[k] = 0;
                    for (int64_t i = 0; i < s->size; i++)
                        scores[k] += scale * in[0][row * s->size + i] * key[i];
                }
                naive_row(s, scores, in[2] + (b * s->keys * s->groups + g) * s->value_size, t,
                          y + row * s->value_size);
            }
    free(scores);
}

static const shape shapes[] = {
    {1, 1, 1, 1, 1, 1, 1, false, 0},      {2, 3, 5, 4, 2, 7, 3, false, 0},
    {1, 64, 128, 2, 2, 16, 16, false, 0}, {2, 65, 129, 2, 1, 5, 33, false, 0},
    {1, 300, 40, 1, 1, 8, 8, false, 0},   {1, 1, 400, 6, 3, 4, 4, false, 0},
    {1, 140, 140, 2, 2, 3, 4, true, 0},   {1, 270, 300, 1, 1, 2, 2, true, 0},
    {1, 200, 150, 1, 1, 2, 3, true, 0},   {1, 300, 300, 1, 1, 2, 2, false, 20},
    {1, 300, 270, 1, 1, 2, 2, true, 9},   {1, 300, 100, 1, 1, 2, 2, false, 7},
    {1, 20, 9, 2, 1, 2, 2, true, 3},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

START_TEST(kernels_are_right) {
    const shape *s = &shapes[_i];
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_dims q = ANT__DIMS(s->batch, s->queries, s->heads, s->size);
    ant_dims k = ANT__DIMS(s->batch, s->keys, s->groups, s->size);
    ant_dims v = ANT__DIMS(s->batch, s->keys, s->groups, s->value_size);
    const ant_attention a = {.query = ant__input(p, ANT_FLOAT32, &q),
                             .key = ant__input(p, ANT_FLOAT32, &k),
                             .value = ant__input(p, ANT_FLOAT32, &v),
                             .causal = s->causal,
                             .window = s->window,
                             .scale = scale};
    op_run_check(ant__op_attention(p, &a), naive_attention, s, 300);
    ant__program_free(p);
}
END_TEST

/* --- the same by fine ops --- */
enum { KEYS = 1, ROWS = 2, HEADS = 4, CAUSAL = 8, WINDOW = 16, ZERO = 32, DROP = 64 };
static const int kinds[] = {
    0,
    KEYS,
    ROWS | ZERO,
    ROWS,
    HEADS | CAUSAL,
    CAUSAL,
    WINDOW,
    WINDOW | KEYS,
    DROP,
    DROP | KEYS | ROWS | ZERO,
    DROP | CAUSAL,
    KEYS | ROWS | HEADS,
    ZERO | CAUSAL | WINDOW,
};
enum { KINDS = sizeof kinds / sizeof *kinds };
static const uint64_t random_key = 77;
static const double rate = 0.3;

/* true where 5 times a number that each entry has is above the limit; about one row is all
 * false. */
static ant_value *mask_of(ant_program *p, ant_dims dims, int64_t limit) {
    ant_value *n = ant_op_cumsum(p, ant_op_fill(p, &(int64_t){ant__dims_count(&dims)}, 1, 1), 0);
    ant_value *rest = ant_op_mod(p, ant_op_scale(p, n, 5), ant_op_number(p, 7));
    return ant__reshape_to(p, ant_op_greater(p, rest, ant_op_number(p, (double)limit)), &dims);
}

static ant_value *distance(ant_program *p, int64_t rows, int64_t columns) {
    ant_value *r = ant_op_cumsum(p, ant_op_fill(p, (int64_t[]){rows, 1}, 2, 1), 0);
    ant_value *c = ant_op_cumsum(p, ant_op_fill(p, (int64_t[]){1, columns}, 2, 1), 1);
    return ant_op_sub(p, r, c);
}

static ant_value *both(ant_program *p, ant_value *a, ant_value *b) {
    return a ? ant_op_logical_and(p, a, b) : b;
}

static ant_value *joint(ant_program *p, const ant_attention *a) {
    ant_value *m = NULL, *away;
    away = distance(p, a->query->dims.dim[1], a->key->dims.dim[1]);
    for (int k = 0; k < a->n_masks; k++)
        m = both(p, m, a->mask[k]);
    if (a->causal)
        m = both(p, m, ant_op_greater_equal(p, away, ant_op_number(p, 0)));
    if (a->window)
        m = both(p, m, ant_op_less(p, ant_op_abs(p, away), ant_op_number(p, (double)a->window)));
    return m;
}

static ant_value *finely(ant_program *p, const ant_attention *a) {
    static const int swap[] = {0, 2, 1, 3};
    const int64_t shared = a->query->dims.dim[2] / a->key->dims.dim[2];
    ant_value *q = ant_op_transpose(p, ant_op_scale(p, a->query, a->scale), swap);
    ant_value *k = ant_op_repeat(p, ant_op_transpose(p, a->key, swap), 1, shared);
    ant_value *v = ant_op_repeat(p, ant_op_transpose(p, a->value, swap), 1, shared);
    ant_value *m = joint(p, a), *x = ant_op_matmul(p, q, k, false, true);
    x = m ? ant_op_where(p, m, x, ant_op_number(p, a->none_is_zero ? -1e9 : -2e38)) : x;
    ant_value *w = ant_op_softmax(p, x, -1);
    w = m && a->none_is_zero ? ant_op_where(p, m, w, ant_op_number(p, 0)) : w;
    if (a->rate > 0) {
        ant_value *u = ant__random_uniform(p, &w->dims, a->random_key);
        w = ant_op_where(p, ant_op_greater_equal(p, u, ant_op_number(p, a->rate)),
                         ant_op_scale(p, w, 1 / (1 - a->rate)), ant_op_number(p, 0));
    }
    return ant_op_transpose(p, ant_op_matmul(p, w, v, false, false), swap);
}

static ant_attention attention_of(ant_program *p, check_case *c) {
    const int kind = c->number;
    ant_attention a = {.query = check_read(p, c, 0),
                       .key = check_read(p, c, 1),
                       .value = check_read(p, c, 2),
                       .causal = kind & CAUSAL,
                       .window = kind & WINDOW ? 4 : 0,
                       .none_is_zero = kind & ZERO,
                       .rate = kind & DROP ? rate : 0,
                       .random_key = random_key,
                       .scale = scale};
    const int64_t *q = a.query->dims.dim, t = q[1], s = a.key->dims.dim[1];
    if (kind & KEYS)
        a.mask[a.n_masks++] = mask_of(p, ANT__DIMS(q[0], 1, 1, s), 2);
    if (kind & ROWS)
        a.mask[a.n_masks++] = mask_of(p, ANT__DIMS(q[0], 1, t, 1), 1);
    if (kind & HEADS)
        a.mask[a.n_masks++] = mask_of(p, ANT__DIMS(q[2], t, s), 3);
    return a;
}

static int64_t step = 5;
static ant_variable counter = {.name = "counter", .dtype = ANT_INT64, .data = &step};

static ant_value *loss(ant_program *p, check_case *c) {
    ant__set_counter(p, ant__read(p, &counter));
    ant_attention a = attention_of(p, c);
    return check_loss(p, ant__op_attention(p, &a));
}

/* The largest difference between the two ways in their results and in their gradients. */
static double difference(check_case *c, int real) {
    ant_program *p = ant__program_new(real);
    ant__set_counter(p, ant__read(p, &counter));
    ant_attention a = attention_of(p, c);
    ant_value *y[] = {ant__op_attention(p, &a), finely(p, &a)};
    ant_value *x[] = {a.query, a.key, a.value}, *dx[2][3];
    for (int k = 0; k < 2; k++) {
        ant_value *l = check_loss(p, y[k]);
        ant_op_gradient(p, &l, NULL, 1, x, dx[k], 3);
    }
    ant_value *worst = ant_op_max(p, ant_op_abs(p, ant_op_sub(p, y[0], y[1])), ANT_ALL_AXES, false);
    for (int k = 0; k < 3; k++) {
        ant_value *d = ant_op_abs(p, ant_op_sub(p, dx[0][k], dx[1][k]));
        worst = ant_op_maximum(p, worst, ant_op_max(p, d, ANT_ALL_AXES, false));
    }
    ant__output(p, worst);
    machine m = machine_of(p, ANT__ALL_PASSES);
    machine_run(&m);
    double out = machine_out(&m, 0, 0);
    machine_free(&m);
    return out;
}

START_TEST(is_its_composition) {
    static const ant_dims dims[][3] = {
        {{4, {2, 3, 2, 3}}, {4, {2, 5, 1, 3}}, {4, {2, 5, 1, 2}}},
        {{4, {2, 130, 4, 5}}, {4, {2, 140, 2, 5}}, {4, {2, 140, 2, 17}}},
    };
    for (int k = 0; k < 2; k++)
        for (int real = ANT_FLOAT32; real <= ANT_FLOAT64; real++) {
            check_case c = {.name = "attention", .n = 3, .number = kinds[_i]};
            check_make(&c, dims[k], real);
            double worst = difference(&c, real);
            ck_assert_msg(worst <= (real == ANT_FLOAT64 ? 1e-13 : 3e-5), "kind %d: %g", kinds[_i],
                          worst);
            check_free(&c);
        }
}
END_TEST

START_TEST(gradients_are_right) {
    check_case c = {.name = "attention", .write = loss, .n = 3, .number = kinds[_i]};
    if (kinds[_i] & DROP)
        c.float_tolerance = INFINITY; /* the two types draw other numbers */
    check_gradient_of(
        &c, (ant_dims[]){ANT__DIMS(2, 4, 2, 3), ANT__DIMS(2, 5, 1, 3), ANT__DIMS(2, 5, 1, 2)});
}
END_TEST

/* Several tiles in both directions. */
START_TEST(gradients_over_tiles_are_right) {
    check_case c = {.name = "attention", .write = loss, .n = 3, .number = kinds[_i]};
    check_gradient_of(
        &c, (ant_dims[]){ANT__DIMS(1, 66, 1, 1), ANT__DIMS(1, 131, 1, 1), ANT__DIMS(1, 131, 1, 1)});
}
END_TEST

START_TEST(misfits_are_refused) {
    static const ant_dims wrong[][3] = {
        {{4, {2, 3, 2, 3}}, {4, {2, 5, 2, 4}}, {4, {2, 5, 2, 3}}},
        {{4, {2, 3, 3, 3}}, {4, {2, 5, 2, 3}}, {4, {2, 5, 2, 3}}},
        {{4, {2, 3, 2, 3}}, {4, {2, 5, 2, 3}}, {4, {2, 4, 2, 3}}},
        {{3, {3, 2, 3}}, {4, {2, 5, 2, 3}}, {4, {2, 5, 2, 3}}},
    };
    ant_program *p = ant__program_new(ANT_FLOAT32);
    const ant_dims *d = wrong[_i];
    const ant_attention a = {.query = ant__input(p, ANT_FLOAT32, &d[0]),
                             .key = ant__input(p, ANT_FLOAT32, &d[1]),
                             .value = ant__input(p, ANT_FLOAT32, &d[2]),
                             .scale = 1};
    ck_assert_ptr_null(ant__op_attention(p, &a));
    ck_assert_ptr_nonnull(strstr(ant__program_error(p)->text, "do not fit"));
    ant__program_free(p);
}
END_TEST

int main(void) {
    const test_entry entries[] = {
        {kernels_are_right, SHAPES},  {is_its_composition, KINDS},
        {gradients_are_right, KINDS}, {gradients_over_tiles_are_right, 3},
        {misfits_are_refused, 4},
    };
    return test_run("attention", entries, (int)(sizeof entries / sizeof *entries));
}
