/* One axis of a convolution, forwards or transposed in the input: which entries of the source make
 * which entries of the result. Included by kernels only. */
#ifndef ANT_CORE_KERNELS_WINDOW_LINE_H
#define ANT_CORE_KERNELS_WINDOW_LINE_H
#include "core/kernels/window.h"

/* How the entries first, first + step, … of the result (count of them) are made: number t looks at
 * source entries t * walk + shift, one for each tap, `reach` apart. */
typedef struct line {
    int64_t first, step, count;
    int64_t walk, shift;
    int64_t tap, tap_step, taps; /* of the kernel, in the order of their source entries */
    int64_t reach;
} line;

static inline line forward_line(const axis *a) {
    return (line){.step = 1,
                  .count = a->out,
                  .walk = a->stride,
                  .shift = -a->before,
                  .tap_step = 1,
                  .taps = a->size,
                  .reach = a->dilation};
}

/* Entries h of the input with (h + before) % stride == phase; tap a of theirs is map entry
 * (h + before - a * dilation) / stride, so the last tap comes first. */
static inline line transposed_line(const axis *a, int64_t phase) {
    line l = {.step = a->stride, .walk = 1, .tap = -1};
    l.first = ((phase - a->before) % a->stride + a->stride) % a->stride;
    l.count = a->in > l.first ? (a->in - l.first - 1) / a->stride + 1 : 0;
    for (int64_t k = a->size - 1; k >= 0; k--) {
        if (k * a->dilation % a->stride != phase)
            continue;
        if (l.taps == 0)
            l.tap = k;
        if (l.taps == 1)
            l.tap_step = k - l.tap;
        l.taps++;
    }
    l.reach = -l.tap_step * a->dilation / a->stride;
    l.shift = l.taps ? (l.first + a->before - l.tap * a->dilation) / a->stride : 0;
    return l;
}
#endif
