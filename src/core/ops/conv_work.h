/* How convolutions are cut into cells, and the memory that each takes for itself: from shapes only,
 * so that any number of threads gives the same bits. */
#ifndef ANT_CORE_CONV_WORK_H
#define ANT_CORE_CONV_WORK_H
#include "core/ops/window.h"

/* A slot of workspace, in entries: first the right sides of the products as panels (or, for a
 * kernel's gradient by Winograd's method, its sums), then the table of runs or the planes, then a
 * piece of an image. */
typedef struct ant_conv_work {
    int64_t cells;
    int64_t packed, table, piece;
    int64_t tiles; /* Winograd's method, so many at once; 0: the direct way */
    int64_t side;  /* … of side x side results */
} ant_conv_work;

/* x: the input, y: the map, of which the window and the groups are in the op's attributes. */
typedef struct ant_conv_shape {
    ant_window window;
    int64_t groups;
    ant_dims x, y;
    bool fast;   /* speed counts more than the last digits */
    bool packed; /* the kernel comes as the right side of the products */
} ant_conv_shape;

ant_conv_work ant__conv_forward_work(const ant_conv_shape *s);
/* The packing of the kernel for conv2d, and its entries. */
ant_conv_work ant__conv_pack_work(const ant_conv_shape *s, int64_t side, int64_t *entries);
ant_conv_work ant__conv_input_work(const ant_conv_shape *s);
/* chunks of the batch are summed apart, each cut into `parts` of the kernel's rows. */
ant_conv_work ant__conv_kernel_work(const ant_conv_shape *s, int64_t chunks, int64_t parts);
/* May the direct way be left? Winograd's is for 3 x 3 kernels with enough channels. */
bool ant__conv_winograd(const ant_conv_shape *s);
/* The side of Winograd's tiles, forward; 0: the direct way. */
int64_t ant__conv_side(const ant_conv_shape *s);

/* The numbers that all kernels of convolution begin with (kernels/conv.h). */
void ant__conv_push(ant_nums *n, const ant_conv_shape *s, const ant_conv_work *w);
/* Entries of a slot. */
int64_t ant__conv_slot(const ant_conv_work *w);
/* SIZE_MAX, which no allocation gives, where the count does not fit. */
size_t ant__conv_bytes(const ant_conv_work *w, int dtype);
#endif
