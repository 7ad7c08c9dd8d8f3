/* conv2d_pool: a convolution and the max pooling right behind it, as the epilogue pass joins them,
 * with the winners as a second output where it trains; pool_spread: its gradient from these;
 * conv2d_pool_kernel: the kernel's and the bias's gradient straight from these, in chunks of the
 * batch; and conv2d_pack: a kernel as both read it, as the keep pass puts it before them. They have
 * no gradient rules, as passes run after the gradient. */
#ifndef ANT_CORE_OPS_CONV_POOL_H
#define ANT_CORE_OPS_CONV_POOL_H
#include "core/ops/conv_work.h"

/* Attributes of conv2d behind its window; conv2d_pool: then the pool's window. */
enum {
    ANT__CONV_GROUPS = ANT__WINDOW_ATTRS,
    ANT__CONV_RELU,   /* 1: results within [0, limit] */
    ANT__CONV_REST,   /* 1: the last input is like the result and added to it, before relu */
    ANT__CONV_PACKED, /* 1: the kernel is what conv2d_pack gave */
    ANT__CONV_POOL
};
enum { ANT__CONV_LIMIT }; /* attrs.f */
/* … of conv2d_kernel, and of conv2d_pool_kernel, which has the pool's window as conv2d_pool has. */
enum { ANT__CONV_CHUNKS = ANT__CONV_GROUPS + 1 };

extern const ant_op_class ant__conv2d_class, ant__conv2d_kernel_class, ant__depthwise_class,
    ant__max_pool_class, ant__max_pool_grad_class, ant__pool_spread_class, ant__conv2d_pool_class,
    ant__conv2d_pool_kernel_class, ant__conv2d_pack_class;
/* The attributes of the conv2d_pack that packs the kernel for this conv2d or conv2d_pool. */
ant_attrs ant__conv_pack_attrs(const ant_op *conv);
/* What a conv2d works on: the part of its map that is made has the dims y. */
ant_conv_shape ant__conv_shape(const ant_op *conv, const ant_dims *y);
/* … of a conv2d_pool: the part that is pooled. */
ant_conv_shape ant__conv_pool_shape(const ant_op *o);
/* The dims of the map of a conv2d_pool_kernel, as far as windows see it. */
ant_dims ant__conv_pool_map(const ant_op *o);
/* conv2d's own numbers for its kernel. */
void ant__conv_push_own(ant_nums *n, const ant_op *o);
/* Does the op read v as a map of which it may as well have the first rows and columns only? */
bool ant__conv_reads_map(const ant_op *o, const ant_value *v);
/* Does a conv2d_kernel go the direct way, image by image? */
bool ant__conv_kernel_is_direct(const ant_op *o);
/* Can the pooling note its winners: are its windows next to each other, and small? */
bool ant__pool_has_winners(const ant_op *pool);
/* The part of such a pooling's map that windows see. */
ant_dims ant__pool_seen(const ant_op *pool);
/* May the convolution take the pooling of its result in? Then *attrs is the joint op's. */
bool ant__conv_takes_pool(const ant_op *conv, const ant_op *pool, ant_attrs *attrs);
#endif
