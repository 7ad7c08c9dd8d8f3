/* Resampling along one axis: what layers that make images larger or smaller are written in. */
#ifndef ANT_LAYERS_RESAMPLE_H
#define ANT_LAYERS_RESAMPLE_H
#include "layers/layer.h"

/* `size` values along the axis in place of those that x has there, each a weighted mean of its
 * neighbours: `kernel` is bilinear, bicubic (Keys 1981, a = -1/2), lanczos3 or lanczos5. Pixels are
 * areas, so that the middles of the first and of the last meet no edge (half-pixel centres).
 * Sources: keras/src/backend/tensorflow/image.py and the kernels of TensorFlow that it calls,
 * without antialiasing. NULL after an error in the program. */
ant_value *ant__resample(ant_program *p, ant_value *x, int axis, int64_t size, const char *kernel);
#endif
