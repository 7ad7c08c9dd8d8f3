/* Plain twins of convolution and pooling, in double. x (N, H, W, C), y (N, I, J, F), kernel (rows,
 * columns, C / groups, F). */
#ifndef TESTS_NAIVE_WINDOWS_H
#define TESTS_NAIVE_WINDOWS_H
#include "core/ops/window.h"

typedef struct naive_windows {
    ant_window window;
    int64_t groups;
    ant_dims x, y;
} naive_windows;

/* Each adds to what is there; NULL outputs are left out. bias may be NULL. */
void naive_conv(const naive_windows *w, const double *x, const double *kernel, const double *bias,
                double *y);
void naive_conv_gradients(const naive_windows *w, const double *x, const double *kernel,
                          const double *dy, double *dx, double *dkernel);
void naive_max_pool(const naive_windows *w, const double *x, double *y);
/* dx gets dy, and y gets v, at the first of the largest entries. */
void naive_max_pool_gradient(const naive_windows *w, const double *x, const double *dy, double *dx);
void naive_max_pool_pick(const naive_windows *w, const double *x, const double *v, double *y);
void naive_average_pool(const naive_windows *w, const double *x, double *y);
void naive_average_pool_gradient(const naive_windows *w, const double *dy, double *dx);
#endif
