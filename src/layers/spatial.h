/* What layers over one or two spatial axes share: convolutions, poolings. Ops know (N, H, W, C)
 * only; one axis is two of which the first has size 1. */
#ifndef ANT_LAYERS_SPATIAL_H
#define ANT_LAYERS_SPATIAL_H
#include "core/ops/ops.h"
#include "layers/layer.h"

/* "channels_first"? (NULL: no) */
bool ant__channels_first(const char *data_format);
/* The channels' axis of an input of `axes` spatial axes. */
int ant__channel_axis(int axes, const char *data_format);

/* The options of a window, as the layers have them. strides ANT_NONE: as size. */
typedef struct ant_window_options {
    ant_size size, strides, dilation;
    const char *padding;
} ant_window_options;
ant_window ant__window_make(const ant_window_options *o, int axes);
/* In build: do the rank, and the numbers said for each axis, fit the spatial axes? */
int ant__window_check(ant_layer *l, const ant_dims *in, const ant_window_options *o, int axes,
                      const char *size_name);

/* Is the rank right? In build, and in a call, which may be a later one. */
int ant__spatial_check(ant_layer *l, const ant_dims *in, int axes);
int ant__spatial_check_call(ant_layer_call *c, int axes);
/* The input as (N, H, W, C), and a result as the layer gives it. */
ant_value *ant__spatial_enter(ant_program *p, ant_value *x, int axes, const char *data_format);
ant_value *ant__spatial_leave(ant_program *p, ant_value *y, int axes, const char *data_format);
#endif
