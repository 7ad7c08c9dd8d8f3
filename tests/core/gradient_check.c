/* Gradients against finite differences. */
#include "gradient_check.h"
#include "core/pool.h"
#include "core/program/inside.h"
#include "runner.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- the case's variables --- */
static void set(ant_variable *v, int64_t i, double x) {
    if (v->dtype == ANT_FLOAT32)
        ((float *)v->data)[i] = (float)x;
    else
        ((double *)v->data)[i] = x;
}

/* Numbers that differ from one another, spread over the case's range. */
static double number_at(const check_case *c, int k, int64_t i) {
    double low = c->low == 0 && c->high == 0 ? -1 : c->low, high = c->high == 0 ? 1 : c->high;
    double x = sin(1.7 * (double)i + 0.9 * (k + 1) + 0.3) * 0.5 + 0.5;
    return low + (high - low) * x;
}

void check_make(check_case *c, const ant_dims *dims, int real) {
    for (int k = 0; k < c->n; k++) {
        size_t bytes = 0;
        ck_assert(ant__dims_bytes(&dims[k], real, &bytes));
        c->variable[k] = (ant_variable){
            .name = "x", .dtype = real, .dims = dims[k], .data = ant__alloc_numbers(bytes)};
        ck_assert_ptr_nonnull(c->variable[k].data);
        for (int64_t i = 0; i < ant__dims_count(&dims[k]); i++)
            set(&c->variable[k], i, number_at(c, k, i));
    }
}

void check_free(check_case *c) {
    for (int k = 0; k < c->n; k++)
        ant__free_numbers(c->variable[k].data);
}

/* --- one program --- */
typedef struct runner {
    ant_program *p;
    void *arena;
} runner;

static void make_runner(runner *r, check_case *c, int real, int passes) {
    ant_value *x[CHECK_VARIABLES] = {0}, *dx[CHECK_VARIABLES];
    r->p = ant__program_new(real);
    ant_value *loss = c->write(r->p, c);
    for (int k = 0; k < c->n; k++)
        x[k] = ant__read(r->p, &c->variable[k]);
    ant__output(r->p, loss);
    ant_op_gradient(r->p, &loss, NULL, 1, x, dx, c->n);
    for (int k = 0; k < c->n; k++)
        ant__output(r->p, dx[k] ? dx[k] : ant__zeros(r->p, &c->variable[k].dims));
    ant__program_lower(r->p, passes);
    ck_assert_msg(!ant__program_error(r->p)->code, "%s: %s", c->name,
                  ant__program_error(r->p)->text);
    r->arena = ant__alloc_numbers(ant__program_arena(r->p));
    memset(r->arena, 0x7f, ant__program_arena(r->p)); /* whoever reads unwritten memory shows */
    ant__program_bind_arena(r->p, r->arena);
}

static void free_runner(runner *r) {
    ant__program_free(r->p);
    ant__free_numbers(r->arena);
}

static void run(runner *r, ant_pool *pool) {
    ant_report report;
    ck_assert_int_eq(ant__program_run(r->p, pool, &report), 0);
}

static double output(const runner *r, int k, int64_t i) {
    const ant_value *v = ant__program_output_value(r->p, k);
    return number_in(ant__program_output(r->p, k), v->dtype, i);
}

/* --- what is compared --- */
static void compare_differences(check_case *c, runner *r) {
    enum { ENTRIES = 23 }; /* of each variable, at most about */
    double tolerance = c->tolerance > 0 ? c->tolerance : 1e-6;
    for (int k = 0; k < c->n; k++) {
        ant_variable *v = &c->variable[k];
        int64_t count = ant__dims_count(&v->dims);
        for (int64_t i = 0; i < count; i += 1 + count / ENTRIES) {
            run(r, NULL);
            double slope = output(r, k + 1, i), x = number_in(v->data, v->dtype, i), h = 1e-5;
            set(v, i, x + h);
            run(r, NULL);
            double above = output(r, 0, 0);
            set(v, i, x - h);
            run(r, NULL);
            double want = (above - output(r, 0, 0)) / (2 * h);
            set(v, i, x);
            ck_assert_msg(fabs(slope - want) <= tolerance * (1 + fabs(want)),
                          "%s: d/dx%d[%lld] is %.12g, by differences %.12g", c->name, k,
                          (long long)i, slope, want);
        }
    }
}

/* All outputs of two runs, within a tolerance; 0: the same bits. */
static void compare_outputs(const check_case *c, const runner *a, const runner *b, double tolerance,
                            const char *what) {
    for (int k = 0; k <= c->n; k++) {
        int64_t count = ant__dims_count(&ant__program_output_value(a->p, k)->dims);
        for (int64_t i = 0; i < count; i++) {
            double x = output(a, k, i), y = output(b, k, i);
            ck_assert_msg(x == y || fabs(x - y) <= tolerance * (1 + fabs(x)),
                          "%s: output %d[%lld] is %.12g and %.12g with %s", c->name, k,
                          (long long)i, x, y, what);
        }
    }
}

static void compare_passes(check_case *c, runner *full) {
    for (int passes = 0; passes < ANT__ALL_PASSES; passes++) {
        runner r;
        make_runner(&r, c, ANT_FLOAT64, passes);
        run(&r, NULL);
        run(&r, NULL); /* the second run finds what the first one left */
        run(full, NULL);
        compare_outputs(c, full, &r, 1e-11, "fewer passes");
        free_runner(&r);
    }
}

static void compare_threads(check_case *c, runner *r, int real) {
    runner alone;
    ant_pool *pool = ant__pool_new(3);
    make_runner(&alone, c, real, ANT__ALL_PASSES);
    run(&alone, NULL);
    run(r, pool);
    compare_outputs(c, &alone, r, 0, "threads");
    ant__pool_free(pool);
    free_runner(&alone);
}

void check_gradient_of(check_case *c, const ant_dims *dims) {
    check_case single = *c;
    runner r, s;
    check_make(c, dims, ANT_FLOAT64);
    check_make(&single, dims, ANT_FLOAT32);
    make_runner(&r, c, ANT_FLOAT64, ANT__ALL_PASSES);
    make_runner(&s, &single, ANT_FLOAT32, ANT__ALL_PASSES);
    compare_differences(c, &r);
    compare_passes(c, &r);
    run(&r, NULL);
    run(&s, NULL);
    compare_outputs(c, &r, &s, c->float_tolerance > 0 ? c->float_tolerance : 1e-3, "float32");
    compare_threads(c, &r, ANT_FLOAT64);
    compare_threads(&single, &s, ANT_FLOAT32);
    free_runner(&r);
    free_runner(&s);
    check_free(c);
    check_free(&single);
}

void check_gradient(const char *name, check_writer *write, const ant_dims *dims, int n) {
    check_case c = {.name = name, .write = write, .n = n};
    check_gradient_of(&c, dims);
}

/* --- for writers --- */
ant_value *check_read(ant_program *p, check_case *c, int k) {
    return ant__read(p, &c->variable[k]);
}

ant_value *check_loss(ant_program *p, ant_value *y) {
    if (!y)
        return NULL;
    int64_t count = ant__dims_count(&y->dims);
    double *weight = malloc(sizeof *weight * (size_t)(count + 1));
    for (int64_t i = 0; i < count; i++)
        weight[i] = 0.5 + 0.4 * sin(2.3 * (double)i);
    ant_value *w = ant_op_constant(p, weight, y->dims.dim, y->dims.rank);
    free(weight);
    y = ant_op_real(p, y);
    return ant_op_sum(p, ant_op_mul(p, w, ant_op_mul(p, y, ant_op_tanh(p, y))), ANT_ALL_AXES,
                      false);
}

ant_value *check_ints(ant_program *p, const int32_t *x, const ant_dims *dims) {
    ant_value *v = ant__program_dead(p) ? NULL : ant__constant_new(p, ANT_INT32, dims);
    if (v)
        memcpy(v->data, x, (size_t)ant__dims_count(dims) * sizeof *x);
    return v;
}
