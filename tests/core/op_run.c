#include "op_run.h"
#include "naive.h"
#include "support.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

int64_t op_run_count(const ant_value *v) {
    return ant__dims_count(&v->dims);
}

static void *add(op_run *r, size_t size) {
    ck_assert_int_lt(r->n, OP_RUN_ARRAYS);
    void *block = guarded_new(size);
    ck_assert_ptr_nonnull(block);
    memset(block, 0x7f, size); /* whoever reads unwritten memory shows */
    r->size[r->n] = size;
    r->at[r->n++] = block;
    return block;
}

static size_t number_size(const op_run *r) {
    return r->real ? sizeof(double) : sizeof(float);
}

static size_t bytes_of(const op_run *r, const ant_value *v) {
    return (size_t)op_run_count(v) * number_size(r);
}

/* The op may be one of the other real type. */
static size_t workspace_of(const op_run *r) {
    return r->op->cls->workspace(r->op) / ant__dtype_size(r->op->out[0]->dtype) * number_size(r);
}

static double *as_doubles(const op_run *r, const void *from, int64_t count) {
    double *out = malloc((size_t)count * sizeof *out + 1);
    for (int64_t i = 0; i < count; i++)
        out[i] = naive_get(from, r->real, i);
    return out;
}

void op_run_start(op_run *r, const ant_value *made, const ant_kernel_set *set, int real) {
    ck_assert_ptr_nonnull(made);
    *r = (op_run){.op = made->from, .set = set, .real = real};
    const ant_op *o = r->op;
    for (int k = 0; k < o->n_in; k++) {
        void *block = add(r, bytes_of(r, o->in[k]));
        naive_fill(block, real, (uint64_t)k + 1, op_run_count(o->in[k]));
        r->in[k] = as_doubles(r, block, op_run_count(o->in[k]));
    }
    for (int k = 0; k < o->n_out; k++)
        add(r, bytes_of(r, o->out[k]));
    if (o->cls->workspace)
        add(r, workspace_of(r));
    r->cells = o->cls->prep(o, &r->numbers);
}

void op_run_cells(op_run *r, bool apart) {
    ant_kernel *kernel = r->set->real[r->real][r->op->cls->kernel];
    int64_t step = apart ? 1 : r->cells;
    for (int64_t cell = 0; cell < r->cells; cell += step)
        kernel(r->at, r->numbers.at, cell, cell + step);
}

const double *op_run_output(op_run *r, int k) {
    int place = r->op->n_in + k;
    free(r->in[place]);
    r->in[place] = as_doubles(r, r->at[place], op_run_count(r->op->out[k]));
    return r->in[place];
}

void op_run_end(op_run *r) {
    for (int k = 0; k < r->n; k++) {
        guarded_free(r->at[k], r->size[k]);
        free(r->in[k]);
    }
    ant__free(r->numbers.at);
}

void op_run_compare(const op_run *r, const char *name, const double *got, const double *want,
                    int64_t count, double tolerance) {
    for (int64_t i = 0; i < count; i++)
        if (!(fabs(got[i] - want[i]) <= tolerance * (1 + fabs(want[i]))))
            ck_abort_msg("%s of %s (%s, %d bytes): entry %lld is %.10g, must be %.10g", name,
                         r->op->cls->name, r->set->name, r->real ? 8 : 4, (long long)i, got[i],
                         want[i]);
}

static void check_one(op_run *r, const ant_value *made, op_run_twin *twin, const void *data,
                      int64_t depth) {
    const int64_t count = op_run_count(made);
    int k = 0;
    while (r->op->out[k] != made)
        k++;
    double *want = calloc((size_t)count, sizeof *want);
    double *together = malloc((size_t)count * sizeof *together);
    twin(data, r->in, want);
    op_run_cells(r, false);
    memcpy(together, op_run_output(r, k), (size_t)count * sizeof *together);
    op_run_compare(r, "the result", together, want, count, naive_tolerance(r->real, depth));
    op_run_cells(r, true);
    op_run_compare(r, "cells one by one", op_run_output(r, k), together, count, 0);
    free(want);
    free(together);
}

void op_run_check(const ant_value *made, op_run_twin *twin, const void *data, int64_t depth) {
    for (const ant_kernel_set *const *set = ant__kernel_sets(); *set; set++)
        for (int real = 0; real < 2; real++) {
            op_run r;
            op_run_start(&r, made, *set, real);
            check_one(&r, made, twin, data, depth);
            op_run_end(&r);
        }
}
