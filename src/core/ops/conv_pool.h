/* conv2d_pool: a convolution and the max pooling right behind it, as the epilogue pass joins them.
 * It has no gradient rule, as passes run after the gradient. */
#ifndef ANT_CORE_OPS_CONV_POOL_H
#define ANT_CORE_OPS_CONV_POOL_H
#include "core/ops/window.h"

/* Attributes of conv2d behind its window; conv2d_pool: then the pool's window. */
enum { ANT__CONV_GROUPS = ANT__WINDOW_ATTRS, ANT__CONV_RELU, ANT__CONV_POOL };

extern const ant_op_class ant__conv2d_class, ant__max_pool_class, ant__conv2d_pool_class;
/* May the convolution take the pooling of its result in? Then *attrs is the joint op's. */
bool ant__conv_takes_pool(const ant_op *conv, const ant_op *pool, ant_attrs *attrs);
#endif
