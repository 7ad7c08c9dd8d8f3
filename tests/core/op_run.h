/* Runs one op's kernel by hand, on one instruction set and on memory that ends where it ends: to
 * compare kernels with their plain twins.
 *
 *     op_run r;
 *     op_run_start(&r, value, set, real);    the op that made `value`, its inputs filled
 *     op_run_cells(&r, true);                its cells one by one; false: all at once
 *     … op_run_output(&r, 0)[i] …
 *     op_run_end(&r);
 */
#ifndef TESTS_OP_RUN_H
#define TESTS_OP_RUN_H
#include "core/program/program.h"

enum { OP_RUN_ARRAYS = 12 };

typedef struct op_run {
    const ant_op *op;
    const ant_kernel_set *set;
    int real; /* 0 float, 1 double */
    ant_nums numbers;
    int64_t cells;
    int n; /* inputs, outputs, workspace */
    size_t size[OP_RUN_ARRAYS];
    void *at[OP_RUN_ARRAYS];
    double *in[OP_RUN_ARRAYS]; /* the inputs as the twin sees them */
} op_run;

void op_run_start(op_run *r, const ant_value *made, const ant_kernel_set *set, int real);
void op_run_cells(op_run *r, bool apart);
/* Output k as doubles; freed by op_run_end. */
const double *op_run_output(op_run *r, int k);
void op_run_end(op_run *r);

/* Compares `count` numbers; `name` says what. */
void op_run_compare(const op_run *r, const char *name, const double *got, const double *want,
                    int64_t count, double tolerance);
/* The plain twin of an op: fills one output from the inputs. data: the test's own. */
typedef void op_run_twin(const void *data, double *const *in, double *out);
/* A value that an op makes against its twin, on every set and in both types, for sums of `depth`
 * numbers; cells one by one give the same bits. */
void op_run_check(const ant_value *made, op_run_twin *twin, const void *data, int64_t depth);
/* Entries of an input of the op. */
int64_t op_run_count(const ant_value *v);
#endif
