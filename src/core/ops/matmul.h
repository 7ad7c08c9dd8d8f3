/* The op `matmul` as passes see it: attrs.i holds these. `dense` is the same product with a bias
 * (input 2, n entries) and an activation: what the epilogue pass makes of matmul, add and relu. It
 * has no gradient rule, as passes run after the gradient. */
#ifndef ANT_CORE_OPS_MATMUL_H
#define ANT_CORE_OPS_MATMUL_H
#include "core/program/program.h"

enum {
    ANT__MATMUL_TA,  /* 1: the last two axes of a are swapped */
    ANT__MATMUL_TB,  /* … of b */
    ANT__MATMUL_RELU /* dense: 1: negative entries become 0 */
};

extern const ant_op_class ant__matmul_class, ant__dense_class;
#endif
