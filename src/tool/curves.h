/* Learning curves: the columns of a training log as an SVG picture. */
#ifndef ANT_TOOL_CURVES_H
#define ANT_TOOL_CURVES_H
#include "antler/files.h"
#include "core/text/buffer.h"

/* One panel for each key, its validation beside it: loss and val_loss share one. 0, or told. */
int tool_curves(const ant_arrays *log, const char *path, ant_buffer *svg);
#endif
