/* Windows that walk over the two spatial axes of (N, H, W, C): the geometry that convolutions and
 * poolings share. One spatial axis is two of which the first has size 1.
 *
 * Sizes follow Keras: 'valid' keeps windows that fit, 'same' gives ceil(n / stride) positions with
 * the odd zero behind, 'causal' pads before only, so that no position looks ahead.
 */
#ifndef ANT_CORE_WINDOW_H
#define ANT_CORE_WINDOW_H
#include "core/program/program.h"

typedef enum ant_padding { ANT__VALID, ANT__SAME, ANT__CAUSAL } ant_padding;

typedef struct ant_window {
    int64_t size[2], stride[2], dilation[2]; /* rows, columns; all at least 1 */
    ant_padding padding;
} ant_window;

/* Positions along an axis of n entries: -1 where n is unknown, 0 where no window fits. */
int64_t ant__window_count(const ant_window *w, int axis, int64_t n);
/* Padding before the first entry of an axis of n entries. */
int64_t ant__window_before(const ant_window *w, int axis, int64_t n);

/* A window fills the first ANT__WINDOW_ATTRS numbers of an op's attributes. */
enum { ANT__WINDOW_ATTRS = 7 };
ant_attrs ant__window_attrs(const ant_window *w);
ant_window ant__window_of(const ant_op *o);

/* The shape rule: (N, H, W, C) of input 0 -> (N, positions, positions, channels), or the error. */
int ant__window_infer(ant_op *o, int64_t channels);
/* The kernels' numbers (kernels/window.h) for an image x and the map y of its windows. */
void ant__window_push(ant_nums *n, const ant_window *w, const ant_dims *x, const ant_dims *y);
#endif
