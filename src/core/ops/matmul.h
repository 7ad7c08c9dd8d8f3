/* The op `matmul` as passes see it: attrs.i holds these. `dense` is the same product with what the
 * epilogue pass joins to it: inputs after a and b, in the order of enum ant_matmul_part
 * (kernels/matmul.h), and the sums of b's columns as a second output. It has no gradient rule, as
 * passes run after the gradient. */
#ifndef ANT_CORE_OPS_MATMUL_H
#define ANT_CORE_OPS_MATMUL_H
#include "core/kernels/matmul.h"
#include "core/program/program.h"

enum {
    ANT__MATMUL_TA,     /* 1: the last two axes of a are swapped */
    ANT__MATMUL_TB,     /* … of b */
    ANT__MATMUL_RELU,   /* dense: 1: negative entries become 0 … */
    ANT__MATMUL_PARTS,  /* dense: bits of enum ant_matmul_part */
    ANT__MATMUL_SUMMED, /* dense_sum: rows of the product that are one of the result */
    ANT__MATMUL_PIECES  /* matmul_pieces: so many pieces of k are products of their own */
};
enum { ANT__MATMUL_LIMIT }; /* attrs.f: … and those above it, it */

/* dense_sum: a dense whose rows are added up in spans of equal length; with a bias at most. */
extern const ant_op_class ant__matmul_class, ant__dense_class, ant__dense_sum_class;
/* A product of two matrices (m, k) and (k, n) in equal pieces of k: a result (pieces, m, n), whose
 * sum over the first axis is the product (passes/deep.c). */
extern const ant_op_class ant__matmul_pieces_class;
/* Is it one product of two matrices, once axes are merged? Only such a one may have a rest or a
 * gate. */
bool ant__matmul_is_one(const ant_op *o);
/* Does it gain by a b that is packed beforehand? */
bool ant__matmul_wants_panels(const ant_op *o);
/* Where among the op's inputs a part stands, or would stand. */
int ant__matmul_input(const ant_op *o, int part);

/* A matrix (k, n) as the panels that gemm reads, of its transpose (n, k) when `transposed`. Without
 * gradient: who packs knows what was packed. */
extern const ant_op_class ant__pack_class; /* attrs.i[0]: transposed */
ant_value *ant__pack(ant_program *p, ant_value *matrix, bool transposed);
#endif
