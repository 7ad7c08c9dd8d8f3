#include "layers/resample.h"
#include "core/memory.h"
#include "core/ops/fine.h"
#include "core/ops/ops.h"
#include <math.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

/* The weight of a neighbour at distance x. */
static double bilinear(double x) {
    return x < 1 ? 1 - x : 0;
}

static double bicubic(double x) {
    const double a = -0.5;
    if (x < 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

static double lanczos(double x, double radius) {
    if (x < 1e-3)
        return 1;
    return x < radius ? radius * sin(pi * x) * sin(pi * x / radius) / (pi * pi * x * x) : 0;
}

static double weight(const char *kernel, double x) {
    return !strcmp(kernel, "bilinear")   ? bilinear(x)
           : !strcmp(kernel, "bicubic")  ? bicubic(x)
           : !strcmp(kernel, "lanczos3") ? lanczos(x, 3)
                                         : lanczos(x, 5);
}

/* Column `to` of weights (n, size); they add up to 1, also where neighbours are missing. */
static void fill_column(double *weights, int64_t n, int64_t size, int64_t to, const char *kernel) {
    const double at = ((double)to + 0.5) * (double)n / (double)size - 0.5;
    double sum = 0;
    for (int64_t k = 0; k < n; k++)
        sum += weights[k * size + to] = weight(kernel, fabs(at - (double)k));
    for (int64_t k = 0; k < n; k++)
        weights[k * size + to] /= sum;
}

static ant_value *weights_of(ant_program *p, int dtype, int64_t n, int64_t size,
                             const char *kernel) {
    if (ant__program_shapes_only(p))
        return ant__input(p, dtype, &ANT__DIMS(n, size));
    size_t count;
    bool fits = ant__mul((size_t)n, (size_t)size, &count);
    double *weights = fits ? ant__alloc_array(count, sizeof *weights) : NULL;
    if (!weights) {
        ant__fail_memory(ant__program_error(p));
        return NULL;
    }
    for (int64_t to = 0; to < size; to++)
        fill_column(weights, n, size, to, kernel);
    ant_value *v = ant__constant(p, dtype, &ANT__DIMS(n, size), weights);
    ant__free(weights);
    return v;
}

ant_value *ant__resample(ant_program *p, ant_value *x, int axis, int64_t size, const char *kernel) {
    if (!x)
        return NULL;
    const int last = x->dims.rank - 1;
    int order[ANT_MAX_AXES];
    for (int k = 0; k <= last; k++)
        order[k] = k == axis ? last : k == last ? axis : k;
    ant_value *weights = weights_of(p, x->dtype, x->dims.dim[axis], size, kernel);
    ant_value *turned = ant_op_transpose(p, x, order);
    return ant_op_transpose(p, ant_op_matmul(p, turned, weights, false, false), order);
}
