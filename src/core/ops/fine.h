/* Fine ops inside: what their files, gradient rules and passes share (coarse ops: ops.h). */
#ifndef ANT_CORE_OPS_FINE_H
#define ANT_CORE_OPS_FINE_H
#include "core/program/program.h"

/* A gradient rule and a shape rule, as classes name them. */
typedef void ant_gradient_rule(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx);
typedef int ant_infer_rule(ant_op *o);

extern const ant_op_class ant__broadcast_class, ant__reshape_class, ant__transpose_class;

/* --- writing --- */
/* One op of one input, of two; `attrs` may be NULL. */
ant_value *ant__emit1(ant_program *p, const ant_op_class *cls, const ant_attrs *attrs,
                      ant_value *a);
ant_value *ant__emit2(ant_program *p, const ant_op_class *cls, const ant_attrs *attrs, ant_value *a,
                      ant_value *b);
/* b where a > 0, else 0 */
ant_value *ant__gate(ant_program *p, ant_value *a, ant_value *b);
/* a within [0, limit]; its gradient comes through inside the bounds only */
ant_value *ant__bound(ant_program *p, ant_value *a, double limit);
/* b where 0 < a < limit, else 0 */
ant_value *ant__within(ant_program *p, ant_value *a, ant_value *b, double limit);
/* (…) int, (… , rest) -> (rows, rest): zeros, to which the k-th entry is added at row index[k] */
ant_value *ant__scatter_add(ant_program *p, ant_value *index, ant_value *values, int64_t rows);
/* Both to one type: real as soon as one is, else the wider int; two bools stay bools. */
void ant__unify(ant_program *p, ant_value **a, ant_value **b);
/* Numbers of any type; a real one means the program's. */
ant_value *ant__constant(ant_program *p, int dtype, const ant_dims *dims, const double *x);
/* One int64 number. */
ant_value *ant__int_number(ant_program *p, int64_t x);
/* 0, step, 2 step, … : n int64 numbers; n -1 in scratch programs, where a length is unknown. */
ant_value *ant__counting(ant_program *p, int64_t n, int64_t step);

/* --- for class functions --- */
/* "two values of shapes (2, 3) and (4,) do not fit" */
int ant__misfit(const ant_op *o, const char *what, const ant_value *a, const ant_value *b);
/* Output 0 is like input 0. */
ant_infer_rule ant__infer_like;
/* The dims in attrs.i, from `at` on: rank, then sizes. */
void ant__put_dims(ant_attrs *attrs, int at, const ant_dims *dims);
ant_dims ant__get_dims(const ant_attrs *attrs, int at);
/* True for a constant of one entry; its number in *x. */
bool ant__scalar_of(const ant_value *v, double *x);
/* An axis counted from the end, or the error. */
int ant__op_axis(ant_program *p, const char *op, const ant_value *a, int axis);
/* Does the op add up all rows of a matrix, whose axes but the last are taken as one? */
bool ant__sums_rows(const ant_op *o);
/* Does it add up all entries of a real value? */
bool ant__sums_all(const ant_op *o);
/* Does it add up the axes between some first ones and the last one? */
bool ant__sums_middle(const ant_op *o);
/* An op that sums shall add up the axes of v from `first` on but for the last, to what it gave
 * before. */
void ant__sum_from(ant_op *o, ant_value *v, int first);
/* A size times a number; -1 stays, and what is too large is the largest number. */
int64_t ant__times(int64_t size, int64_t times);
/* Cells of about `entries` numbers each, at least 1. */
int64_t ant__cells(int64_t total, int64_t entries);
#endif
