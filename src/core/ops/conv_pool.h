/* conv2d_pool: a convolution and the max pooling right behind it, as the epilogue pass joins them.
 * It has no gradient rule, as passes run after the gradient. */
#ifndef ANT_CORE_OPS_CONV_POOL_H
#define ANT_CORE_OPS_CONV_POOL_H
#include "core/ops/window.h"

/* Attributes of conv2d behind its window; conv2d_pool: then the pool's window. */
enum {
    ANT__CONV_GROUPS = ANT__WINDOW_ATTRS,
    ANT__CONV_RELU, /* 1: results within [0, limit] */
    ANT__CONV_REST, /* 1: the last input is like the result and added to it, before relu */
    ANT__CONV_POOL
};
enum { ANT__CONV_LIMIT }; /* attrs.f */

extern const ant_op_class ant__conv2d_class, ant__depthwise_class, ant__max_pool_class,
    ant__conv2d_pool_class;
/* conv2d's own numbers for its kernel. */
void ant__conv_push_own(ant_nums *n, const ant_op *o);
/* May the convolution take the pooling of its result in? Then *attrs is the joint op's. */
bool ant__conv_takes_pool(const ant_op *conv, const ant_op *pool, ant_attrs *attrs);
#endif
