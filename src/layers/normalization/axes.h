/* The axes that a normalization is said to go over. */
#ifndef ANT_LAYERS_NORMALIZATION_AXES_H
#define ANT_LAYERS_NORMALIZATION_AXES_H
#include "layers/layer.h"

typedef struct ant_axes {
    int n;
    int at[ANT_MAX_AXES];
} ant_axes;

/* As they were said, in rising order: the order of the weights' axes, as in Keras. */
ant_axes ant__axes_said(ant_size axis);
/* Counted from the front, in rising order; n is 0 when one of them is outside. */
ant_axes ant__axes_real(ant_size axis, int rank);
bool ant__axes_twice(const ant_axes *a);
/* ANT_AXIS of each. */
unsigned ant__axes_bits(const ant_axes *a);
#endif
