/* Updates of many weights as one op against the same rule in fine ops: the same numbers, in place,
 * weights of all sizes around vectors and cells. Adam has an op of its own; other rules become one
 * by passes. */
#include "core/ops/update.h"
#include "core/program/inside.h"
#include "runner.h"
#include "support.h"
#include <math.h>
#include <stdlib.h>

enum { WEIGHTS = 8, PARTS = 4, STEPS = 3 }; /* w, g, m, v */
static const int64_t sizes[WEIGHTS] = {1, 45, 16, 0, 24, 9000, 33, 8192};
static const double decay = 0.99, beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7;

typedef struct state {
    double *at[WEIGHTS][PARTS], rate;
    ant_variable v[WEIGHTS][PARTS], rate_variable;
} state;

static void state_fill(state *s) {
    s->rate = 0.01;
    s->rate_variable = variable_of("rate", &s->rate, ANT__SCALAR);
    for (int i = 0; i < WEIGHTS; i++)
        for (int k = 0; k < PARTS; k++) {
            double *x = s->at[i][k] = ant__alloc_numbers((size_t)sizes[i] * sizeof *x + 1);
            for (int64_t j = 0; j < sizes[i]; j++)
                x[j] = k == 3 ? 0.5 + 0.4 * sin((double)j) : cos(1.3 * (double)j + k + i);
            s->v[i][k] = variable_of("v", x, ANT__DIMS(sizes[i]));
        }
}

static ant_value *follow(ant_program *p, ant_value *x, ant_value *y, double a) {
    return ant_op_add(p, x, ant_op_scale(p, ant_op_sub(p, y, x), 1 - a));
}

static void write_fine(ant_program *p, ant_adam_item *t, ant_value *rate) {
    t->m = follow(p, t->m, t->g, beta_1);
    t->v = follow(p, t->v, ant_op_square(p, t->g), beta_2);
    ant_value *size = ant_op_shift(p, ant_op_sqrt(p, t->v), epsilon);
    t->w =
        ant_op_sub(p, ant_op_scale(p, t->w, decay), ant_op_div(p, ant_op_mul(p, t->m, rate), size));
}

static machine program_of(state *s, bool fine, int passes) {
    ant_program *p = ant__program_new(ANT_FLOAT64);
    ant_adam_item item[WEIGHTS];
    ant_value *rate = ant__read(p, &s->rate_variable);
    for (int i = 0; i < WEIGHTS; i++)
        item[i] = (ant_adam_item){ant__read(p, &s->v[i][0]), ant__read(p, &s->v[i][1]),
                                  ant__read(p, &s->v[i][2]), ant__read(p, &s->v[i][3])};
    for (int i = 0; i < WEIGHTS && fine; i++)
        write_fine(p, &item[i], rate);
    if (!fine)
        ck_assert(
            ant__adam(p, item, WEIGHTS, rate, ant_op_number(p, decay), beta_1, beta_2, epsilon));
    for (int i = 0; i < WEIGHTS; i++) {
        ant__assign(p, &s->v[i][0], item[i].w);
        ant__assign(p, &s->v[i][2], item[i].m);
        ant__assign(p, &s->v[i][3], item[i].v);
    }
    return machine_of(p, passes);
}

static void compare(const state *a, const state *b) {
    for (int i = 0; i < WEIGHTS; i++)
        for (int k = 0; k < PARTS; k++)
            for (int64_t j = 0; j < sizes[i]; j++)
                ck_assert_double_eq_tol(a->at[i][k][j], b->at[i][k][j], 1e-14);
}

static void state_free(state *s) {
    for (int i = 0; i < WEIGHTS; i++)
        for (int k = 0; k < PARTS; k++)
            ant__free_numbers(s->at[i][k]);
}

/* Some steps of both programs leave the same numbers in their states. */
static void same_steps(machine *fine, state *a, machine *one, state *b) {
    for (int k = 0; k < STEPS; k++) {
        machine_run(fine);
        machine_run(one);
    }
    compare(a, b);
    machine_free(fine);
    machine_free(one);
    state_free(a);
    state_free(b);
}

START_TEST(adam_is_its_fine_ops) {
    static state a, b;
    state_fill(&a);
    state_fill(&b);
    machine fine = program_of(&a, true, ANT__ALL_PASSES), one = program_of(&b, false, _i);
    if (_i == ANT__ALL_PASSES)
        ck_assert_int_eq(ant__program_instructions(one.p), 1); /* in place: nothing is copied */
    same_steps(&fine, &a, &one, &b);
}
END_TEST

/* One step in float32 of numbers of all sizes, zeros and squares that overflow among them, against
 * the rule in double. */
enum { SINGLES = 1003 };
typedef struct singles {
    float at[PARTS][SINGLES], rate;
} singles;

static void fill_singles(singles *x) {
    x->rate = 0.01f;
    for (int j = 0; j < SINGLES; j++) {
        const int power = j % 58 - 38;
        const double size = pow(10, power == 19 ? 24 : power); /* squares from 0 to infinity */
        x->at[0][j] = (float)cos(j);
        x->at[1][j] = j % 7 == 0 ? 0.0f : (float)(size * sin(j));
        x->at[2][j] = (float)(0.1 * size);
        x->at[3][j] = j % 11 == 0 ? 0.0f : (float)fmin(size * size, 1e38);
    }
}

static ant_variable single_variable(float *x, int64_t n) {
    ant_variable v = variable_of("x", NULL, n ? ANT__DIMS(n) : ANT__SCALAR);
    v.dtype = ANT_FLOAT32;
    v.data = x;
    return v;
}

static void step_singles(singles *x) {
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_variable v[PARTS], rate = single_variable(&x->rate, 0);
    for (int k = 0; k < PARTS; k++)
        v[k] = single_variable(x->at[k], SINGLES);
    ant_adam_item item = {ant__read(p, &v[0]), ant__read(p, &v[1]), ant__read(p, &v[2]),
                          ant__read(p, &v[3])};
    ck_assert(ant__adam(p, &item, 1, ant__read(p, &rate), ant_op_number(p, decay), beta_1, beta_2,
                        epsilon));
    ant__assign(p, &v[0], item.w);
    ant__assign(p, &v[2], item.m);
    ant__assign(p, &v[3], item.v);
    machine m = machine_of(p, ANT__ALL_PASSES);
    machine_run(&m);
    machine_free(&m);
}

static void near(double got, double want, double size) {
    if (isinf((float)want))
        ck_assert_double_eq(got, want > 0 ? INFINITY : -INFINITY);
    else
        ck_assert_double_eq_tol(got, want, 4e-7 * size + 1e-37);
}

START_TEST(adam_in_float) {
    static singles x, y;
    fill_singles(&x);
    y = x;
    step_singles(&y);
    for (int j = 0; j < SINGLES; j++) {
        const double w = (double)x.at[0][j], g = (double)x.at[1][j], m = (double)x.at[2][j],
                     v = (double)x.at[3][j];
        const double mean = m + (g - m) * (1 - beta_1), square = v + (g * g - v) * (1 - beta_2);
        const double root = isinf(y.at[3][j]) ? INFINITY : sqrt(square);
        const double step = (double)x.rate * mean / (root + epsilon);
        near((double)y.at[2][j], mean, fabs(g) + fabs(m));
        near((double)y.at[3][j], square, g * g + v);
        near((double)y.at[0][j], decay * w - step, fabs(w) + fabs(step));
    }
}
END_TEST

/* --- with the product that gives the gradient --- */
enum { DEEPEST = 1025, MOST = 40000, LAST = 20 };

/* x (depth, rows) and dy (depth, columns) give the gradient of a weight. */
static const struct gradient {
    int64_t depth, rows, columns, heads; /* the weight is (rows, heads, columns / heads) */
    bool joins;
} gradients[] = {
    {5, 301, 128, 1, true},     /* made of what lies where it is, */
    {70, 130, 300, 4, true},    /* of panels, */
    {3, 65, 600, 1, true},      /* … the last of which is cut, */
    {300, 384, 100, 2, true},   /* and of a copy of rows that fight; */
    {20, 97, 384, 1, true},     /* all columns in whole tiles, the last of which are lower, */
    {70, 133, 256, 4, true},    /* of panels, */
    {300, 256, 128, 2, true},   /* and of a copy */
    {1000, 100, 400, 1, false}, /* too many panels for a core's cache, */
    {1025, 350, 100, 1, false}, /* too many columns of a, */
    {65, 700, 50, 1, false}     /* panels that are not full */
};
enum { GRADIENTS = sizeof gradients / sizeof *gradients };

/* A weight's w, m and v follow its gradient; another one's gradient is as it is. */
typedef struct dense_state {
    double rate, x[DEEPEST * 400], dy[DEEPEST * 600], at[3][MOST], last[PARTS][LAST];
    ant_variable v[5], other[PARTS], rate_variable;
} dense_state;

static void fill_waves(double *x, int64_t n, double step, double low, double high) {
    for (int64_t j = 0; j < n; j++)
        x[j] = low + (high - low) * (0.5 + 0.5 * sin(step * (double)j));
}

static void fill_dense(dense_state *s, const struct gradient *g) {
    const int64_t entries = g->rows * g->columns;
    s->rate = 0.01;
    s->rate_variable = variable_of("rate", &s->rate, ANT__SCALAR);
    fill_waves(s->x, g->depth * g->rows, 1.1, -1, 1);
    fill_waves(s->dy, g->depth * g->columns, 1.7, -1, 1);
    s->v[0] = variable_of("x", s->x, ANT__DIMS(g->depth, g->rows));
    s->v[1] = variable_of("dy", s->dy, ANT__DIMS(g->depth, g->columns));
    for (int k = 0; k < 3; k++) {
        fill_waves(s->at[k], entries, 0.3 + k, k == 2 ? 0.1 : -1, 1);
        s->v[2 + k] =
            variable_of("w", s->at[k], ANT__DIMS(g->rows, g->heads, g->columns / g->heads));
    }
    for (int k = 0; k < PARTS; k++) {
        fill_waves(s->last[k], LAST, 0.7 + k, k == 3 ? 0.1 : -1, 1);
        s->other[k] = variable_of("b", s->last[k], ANT__DIMS(LAST));
    }
}

static machine dense_program(dense_state *s, bool others, int passes) {
    ant_program *p = ant__program_new(ANT_FLOAT64);
    ant_value *g = ant_op_matmul(p, ant__read(p, &s->v[0]), ant__read(p, &s->v[1]), true, false);
    g = ant__reshape_to(p, g, &s->v[2].dims);
    ant_adam_item item[] = {
        {ant__read(p, &s->other[0]), ant__read(p, &s->other[1]), ant__read(p, &s->other[2]),
         ant__read(p, &s->other[3])},
        {ant__read(p, &s->v[2]), g, ant__read(p, &s->v[3]), ant__read(p, &s->v[4])}};
    ck_assert(ant__adam(p, item + !others, others ? 2 : 1, ant__read(p, &s->rate_variable),
                        ant_op_number(p, decay), beta_1, beta_2, epsilon));
    ant__assign(p, &s->v[2], item[1].w);
    ant__assign(p, &s->v[3], item[1].m);
    ant__assign(p, &s->v[4], item[1].v);
    if (others) {
        ant__assign(p, &s->other[0], item[0].w);
        ant__assign(p, &s->other[2], item[0].m);
        ant__assign(p, &s->other[3], item[0].v);
    }
    return machine_of(p, passes);
}

START_TEST(product_joins_adam) {
    static dense_state a, b;
    const struct gradient *g = &gradients[_i / 2];
    const bool others = _i % 2, joins = g->joins && ant__kernels()->vector_bytes > 16;
    fill_dense(&a, g);
    fill_dense(&b, g);
    machine fine = dense_program(&a, others, 0), one = dense_program(&b, others, ANT__ALL_PASSES);
    ck_assert(instructions_named(one.p, "dense_adam") == joins);
    ck_assert(instructions_named(one.p, "adam") == (others || !joins));
    for (int k = 0; k < STEPS; k++) {
        machine_run(&fine);
        machine_run(&one);
    }
    for (int k = 0; k < 3; k++)
        for (int64_t j = 0; j < g->rows * g->columns; j++)
            ck_assert_double_eq_tol(a.at[k][j], b.at[k][j], 1e-13);
    for (int k = 0; k < PARTS; k++)
        for (int j = 0; j < LAST; j++)
            ck_assert_double_eq_tol(a.last[k][j], b.last[k][j], 1e-13);
    machine_free(&fine);
    machine_free(&one);
}
END_TEST

/* w += m, where m = 0.9 m - rate g: of each weight by itself. */
static machine momentum_of(state *s, int passes) {
    ant_program *p = ant__program_new(ANT_FLOAT64);
    ant_value *rate = ant__read(p, &s->rate_variable);
    for (int i = 0; i < WEIGHTS; i++) {
        ant_value *step = ant_op_mul(p, ant__read(p, &s->v[i][1]), rate);
        ant_value *m = ant_op_sub(p, ant_op_scale(p, ant__read(p, &s->v[i][2]), 0.9), step);
        ant__assign(p, &s->v[i][2], m);
        ant__assign(p, &s->v[i][0], ant_op_add(p, ant__read(p, &s->v[i][0]), m));
    }
    return machine_of(p, passes);
}

START_TEST(chains_alike_are_one) {
    static state a, b;
    state_fill(&a);
    state_fill(&b);
    machine fine = momentum_of(&a, 0), one = momentum_of(&b, ANT__ALL_PASSES);
    ck_assert_int_eq(ant__program_instructions(one.p), 1);
    same_steps(&fine, &a, &one, &b);
}
END_TEST

/* Another number, another scalar, or a reader in between: no joint op does what these do. */
enum { OTHER_NUMBER, OTHER_SCALAR, READ, WAYS };
START_TEST(chains_that_differ_stay) {
    static state s;
    static double second = 0.5;
    ant_variable second_rate = variable_of("second", &second, ANT__SCALAR);
    state_fill(&s);
    ant_program *p = ant__program_new(ANT_FLOAT64);
    ant_value *rate = ant__read(p, &s.rate_variable), *other = ant__read(p, &second_rate);
    ant_variable *x = &s.v[4][0], *y = &s.v[6][0];
    ant_value *w = ant_op_scale(p, ant_op_mul(p, ant__read(p, x), rate), 2);
    ant__assign(p, x, w);
    const double before = s.at[6][0][1], in_x = s.at[4][0][1];
    if (_i == READ)
        ant__output(p, ant_op_sum(p, w, ANT_ALL_AXES, false));
    ant__assign(p, y,
                ant_op_scale(p, ant_op_mul(p, ant__read(p, y), _i == OTHER_SCALAR ? other : rate),
                             _i == OTHER_NUMBER ? 3 : 2));
    machine m = machine_of(p, ANT__ALL_PASSES);
    ck_assert_int_eq(ant__program_instructions(m.p), _i == READ ? 3 : 2);
    machine_run(&m);
    ck_assert_double_eq_tol(s.at[4][0][1], in_x * 0.01 * 2, 1e-15);
    ck_assert_double_eq_tol(
        s.at[6][0][1], before * (_i == OTHER_SCALAR ? second : 0.01) * (_i == OTHER_NUMBER ? 3 : 2),
        1e-15);
    machine_free(&m);
    state_free(&s);
}
END_TEST

ANT_TEST_MAIN("updates", ANT_LOOP(adam_is_its_fine_ops, ANT__ALL_PASSES + 1), {adam_in_float},
              ANT_LOOP(product_joins_adam, 2 * GRADIENTS), {chains_alike_are_one},
              ANT_LOOP(chains_that_differ_stay, WAYS))
