/* Chains of elementwise steps, tile by tile (elementwise.h). */
#include "core/kernels/elementwise.h"
#include "core/kernels/gelu.h"

/* --- steps: y[i] from a[i], b[i], c[i] and two numbers --- */
typedef void step_fn(R *y, const R *a, const R *b, const R *c, R f, R g, int64_t n);

#define STEP(name, formula)                                                                        \
    static void do_##name(R *y, const R *a, const R *b, const R *c, R f, R g, int64_t n) {         \
        (void)b, (void)c, (void)f, (void)g;                                                        \
        EACH_ALONE                                                                                 \
        for (int64_t i = 0; i < n; i++)                                                            \
            y[i] = (R)(formula);                                                                   \
    }

/* The same by one of math.h's array functions. */
#define MATH(name)                                                                                 \
    static void do_##name(R *y, const R *a, const R *b, const R *c, R f, R g, int64_t n) {         \
        (void)b, (void)c, (void)f, (void)g;                                                        \
        K(name##_n)(y, a, n);                                                                      \
    }

/* By vectors, of x and what comes back, dy. */
#define VECTORS(name, formula)                                                                     \
    static void do_##name(R *y, const R *a, const R *b, const R *c, R f, R g, int64_t n) {         \
        (void)c, (void)f, (void)g;                                                                 \
        for (int64_t i = 0; i < n; i += LANES) {                                                   \
            const vec x = vec_load_some(a + i, n - i), dy = vec_load_some(b + i, n - i);           \
            (void)dy;                                                                              \
            vec_store_some(y + i, formula, n - i);                                                 \
        }                                                                                          \
    }

/* Rounds down; the remainder has b's sign, as Python's. */
static R floor_of(R x) {
    return (R)floor((double)x);
}

static R mod_of(R a, R b) {
    R r = (R)fmod((double)a, (double)b);
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

/* --- whole numbers --- */
/* Cut to what the type holds: [-limit, limit), the largest of which is `most`. */
static int64_t whole(R x, double limit, int64_t most) {
    if (x != x)
        return 0;
    return (double)x < -limit ? -most - 1 : (double)x >= limit ? most : (int64_t)x;
}

static int64_t whole_of(R x) {
    return whole(x, 0x1p63, INT64_MAX);
}

static int64_t shifted(int64_t a, int64_t places) {
    if (places <= -64 || places >= 64)
        return places > 0 || a >= 0 ? 0 : -1;
    if (places >= 0)
        return (int64_t)((uint64_t)a << places);
    return a >= 0 ? a >> -places : ~(~a >> -places);
}

static uint64_t size_of(int64_t a) {
    return a < 0 ? 0 - (uint64_t)a : (uint64_t)a;
}

static uint64_t gcd_of(uint64_t a, uint64_t b) {
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* The y with erf(y) = x: Giles' approximation, then Newton's method on erfc, which keeps
 * its digits where erf is near 1. */
static double erfinv_of(double x) {
    const double size = fabs(x), w = -log((1 - size) * (1 + size));
    if (!(size < 1))
        return size == 1 ? copysign(INFINITY, x) : NAN;
    double v = w < 5 ? w - 2.5 : sqrt(w) - 3;
    double y = w < 5 ? 1.50140941 + v * (0.246640727 + v * (-0.00417768164 + v * -0.00125372503))
                     : 2.83297682 + v * (1.00167406 + v * (0.00943887047 + v * -0.0076224613));
    y *= size;
    for (int k = 0; k < 3; k++)
        y += (erfc(y) - (1 - size)) * 0.88622692545275801365 * exp(y * y);
    return copysign(y, x);
}

STEP(identity, a[i])
STEP(stop_gradient, a[i])
STEP(truth, a[i] != 0)
STEP(scale, a[i] * f)
STEP(shift, a[i] + f)
STEP(clip, a[i]<f ? f : a[i]> g ? g : a[i])
STEP(where, a[i] != 0 ? b[i] : c[i])
STEP(gate, a[i] > 0 ? b[i] : 0)
STEP(bound, a[i]<0 ? 0 : a[i]> f ? f : a[i])
STEP(within, a[i] > 0 && a[i] < f ? b[i] : 0)
VECTORS(gelu, vec_gelu(x))
VECTORS(gelu_back, dy *vec_gelu_slope(x))
VECTORS(gelu_tanh, vec_gelu_tanh(x))
VECTORS(gelu_tanh_back, dy *vec_gelu_tanh_slope(x))

STEP(sub_scale, (a[i] - b[i]) * f)
STEP(lerp, (a[i] - b[i]) * f + c[i])
STEP(square_sub, a[i] * a[i] - b[i])
STEP(square_sub_scale, (a[i] * a[i] - b[i]) * f)
STEP(square_lerp, (a[i] * a[i] - b[i]) * f + c[i])
STEP(sqrt_shift, (R)sqrt((double)a[i]) + f)
STEP(scale_add, a[i] * f + b[i])
STEP(scale_from, b[i] - a[i] * f)
STEP(mul_add, a[i] * b[i] + c[i])
STEP(mul_from, c[i] - a[i] * b[i])
STEP(mul_mul, a[i] * b[i] * c[i])
STEP(div_from, c[i] - a[i] / b[i])

STEP(add, a[i] + b[i])
STEP(sub, a[i] - b[i])
STEP(mul, a[i] * b[i])
STEP(div, a[i] / b[i])
STEP(floor_div, floor_of(a[i] / b[i]))
STEP(mod, mod_of(a[i], b[i]))
STEP(pow, pow((double)a[i], (double)b[i]))
STEP(maximum, a[i] > b[i] || a[i] != a[i] ? a[i] : b[i])
STEP(minimum, a[i] < b[i] || a[i] != a[i] ? a[i] : b[i])
STEP(atan2, atan2((double)a[i], (double)b[i]))
STEP(less, a[i] < b[i])
STEP(less_equal, a[i] <= b[i])
STEP(greater, a[i] > b[i])
STEP(greater_equal, a[i] >= b[i])
STEP(equal, a[i] == b[i])
STEP(not_equal, a[i] != b[i])
STEP(logical_and, a[i] * b[i])
STEP(logical_or, a[i] > b[i] ? a[i] : b[i])
STEP(bit_and, whole_of(a[i]) & whole_of(b[i]))
STEP(bit_or, whole_of(a[i]) | whole_of(b[i]))
STEP(bit_xor, whole_of(a[i]) ^ whole_of(b[i]))
STEP(shift_left, shifted(whole_of(a[i]), whole_of(b[i])))
STEP(shift_right, shifted(whole_of(a[i]), -whole_of(b[i])))
STEP(gcd, gcd_of(size_of(whole_of(a[i])), size_of(whole_of(b[i]))))

STEP(neg, -a[i])
STEP(abs, a[i] < 0 ? -a[i] : a[i] + 0)
STEP(sign, a[i] > 0 ? 1 : a[i] < 0 ? -1 : a[i])
STEP(square, a[i] * a[i])
STEP(sqrt, sqrt((double)a[i]))
STEP(rsqrt, 1 / (R)sqrt((double)a[i]))
STEP(reciprocal, 1 / a[i])
MATH(exp)
MATH(expm1)
MATH(log)
MATH(log1p)
STEP(sin, sin((double)a[i]))
STEP(cos, cos((double)a[i]))
STEP(tan, tan((double)a[i]))
STEP(asin, asin((double)a[i]))
STEP(acos, acos((double)a[i]))
STEP(atan, atan((double)a[i]))
STEP(sinh, sinh((double)a[i]))
STEP(cosh, cosh((double)a[i]))
MATH(tanh)
STEP(asinh, asinh((double)a[i]))
STEP(acosh, acosh((double)a[i]))
STEP(atanh, atanh((double)a[i]))
MATH(sigmoid)
MATH(softplus)
MATH(erf)
STEP(erfc, erfc((double)a[i]))
STEP(erfinv, erfinv_of((double)a[i]))
STEP(relu, a[i] > 0 || a[i] != a[i] ? a[i] : 0)
STEP(floor, floor((double)a[i]))
STEP(ceil, ceil((double)a[i]))
STEP(round, rint((double)a[i]))
STEP(trunc, trunc((double)a[i]))
STEP(logical_not, a[i] == 0)
STEP(is_nan, a[i] != a[i])
STEP(is_finite, a[i] - a[i] == 0)

static step_fn *const steps[ANT__E_ALL] = {NULL,
#define X(name) do_##name,
                                           ANT__E_CODES(X) ANT__E_PAIRS(X) ANT_BINARY_OPS(X)
                                               ANT_UNARY_OPS(X)
#undef X
};

/* --- reading an input into a buffer --- */
static void load_run(R *to, const void *from, int dtype, int64_t at, int64_t stride, int64_t n) {
    switch (dtype) {
    case ANT_BOOL:
        for (int64_t i = 0; i < n; i++)
            to[i] = (R)((const uint8_t *)from)[at + i * stride];
        break;
    case ANT_INT32:
        for (int64_t i = 0; i < n; i++)
            to[i] = (R)((const int32_t *)from)[at + i * stride];
        break;
    case ANT_INT64:
        for (int64_t i = 0; i < n; i++)
            to[i] = (R)((const int64_t *)from)[at + i * stride];
        break;
    case ANT_FLOAT32:
        for (int64_t i = 0; i < n; i++)
            to[i] = (R)((const float *)from)[at + i * stride];
        break;
    default:
        for (int64_t i = 0; i < n; i++)
            to[i] = (R)((const double *)from)[at + i * stride];
    }
}

/* A line of type R without gaps is copied. */
static void load_line(R *to, const void *from, int dtype, int64_t at, int64_t stride, int64_t n) {
    bool same = dtype == (sizeof(R) == sizeof(float) ? ANT_FLOAT32 : ANT_FLOAT64);
    if (same && stride == 1)
        memcpy(to, (const R *)from + at, (size_t)n * sizeof *to);
    else
        load_run(to, from, dtype, at, stride, n);
}

/* The place of an entry of the chain among its axes, and in one input. */
typedef struct walk {
    int64_t index[ANT_MAX_AXES], at;
} walk;

static walk walk_to(const ant_fused *f, const ant_fused_input *in, int64_t entry) {
    walk w = {.at = 0};
    for (int r = f->rank - 1; r >= 0; r--) {
        w.index[r] = entry % f->dim[r];
        entry /= f->dim[r];
        w.at += w.index[r] * in->stride[r];
    }
    return w;
}

/* Goes n entries on along the last axis, and to the next line when it is over. */
static void walk_on(walk *w, const ant_fused *f, const ant_fused_input *in, int64_t n) {
    int r = f->rank - 1;
    w->index[r] += n;
    w->at += n * in->stride[r];
    for (; r > 0 && w->index[r] == f->dim[r]; r--) {
        w->at += in->stride[r - 1] - w->index[r] * in->stride[r];
        w->index[r] = 0;
        w->index[r - 1]++;
    }
}

static void load_strided(const ant_fused *f, const ant_fused_input *in, const void *from, R *to,
                         int64_t entry, int64_t n) {
    int last = f->rank - 1;
    walk w = walk_to(f, in, entry);
    for (int64_t done = 0; done < n;) {
        int64_t run = f->dim[last] - w.index[last];
        if (run > n - done)
            run = n - done;
        load_line(to + done, from, in->dtype, w.at, in->stride[last], run);
        done += run;
        walk_on(&w, f, in, run);
    }
}

/* --- writing a register into an output that is not of type R --- */
static void store(void *to, int dtype, const R *x, int64_t at, int64_t n) {
    if (dtype == ANT_BOOL)
        for (int64_t i = 0; i < n; i++)
            ((uint8_t *)to)[at + i] = x[i] != 0;
    else if (dtype == ANT_INT32)
        for (int64_t i = 0; i < n; i++)
            ((int32_t *)to)[at + i] = (int32_t)whole(x[i], 0x1p31, INT32_MAX);
    else if (dtype == ANT_INT64)
        for (int64_t i = 0; i < n; i++)
            ((int64_t *)to)[at + i] = whole(x[i], 0x1p63, INT64_MAX);
    else if (dtype == ANT_FLOAT32)
        for (int64_t i = 0; i < n; i++)
            ((float *)to)[at + i] = (float)x[i];
    else
        for (int64_t i = 0; i < n; i++)
            ((double *)to)[at + i] = (double)x[i];
}

/* --- the kernel --- */
enum { TILE = ANT__E_TILE_BYTES / (int)sizeof(R) }; /* entries */
typedef struct frame {
    R buffer[ANT__E_BUFFERS][TILE];
    const R *reg[ANT__E_INPUTS + ANT__E_STEPS];
} frame;

static void fill_scalar(R *to, const void *from, int dtype, int64_t n) {
    R x;
    load_run(&x, from, dtype, 0, 1, 1);
    for (int64_t i = 0; i < n; i++)
        to[i] = x;
}

/* Scalars are the same in all tiles of a call: the first fills what is wanted of them, the others
 * none. */
static void load_inputs(const ant_fused *f, frame *t, void *const *at, int64_t entry, int64_t n,
                        int64_t scalars) {
    for (int k = 0; k < f->n_in; k++) {
        const ant_fused_input *in = &f->in[k];
        if (in->mode == ANT__E_DIRECT) {
            t->reg[k] = (const R *)at[k] + entry;
            continue;
        }
        R *buffer = t->buffer[in->buffer];
        t->reg[k] = buffer;
        if (in->mode == ANT__E_STRIDED)
            load_strided(f, in, at[k], buffer, entry, n);
        else if (scalars)
            fill_scalar(buffer, at[k], in->dtype, scalars);
    }
}

static void run_steps(const ant_fused *f, frame *t, void *const *out, int64_t entry, int64_t n) {
    for (int s = 0; s < f->n_steps; s++) {
        const ant_fused_step *step = &f->step[s];
        R *y = step->buffer >= 0 ? t->buffer[step->buffer] : (R *)out[step->output] + entry;
        steps[step->code](y, t->reg[step->a], t->reg[step->b], t->reg[step->c], (R)step->f,
                          (R)step->g, n);
        t->reg[f->n_in + s] = y;
        if (step->output >= 0 && step->buffer >= 0)
            store(out[step->output], step->dtype, y, entry, n);
    }
}

static int64_t shorter(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* Entries of all chains, one after the other. */
void K(elementwise)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    const ant_fused *f = n[0].p;
    void *const *in = at, *const *out = at + (ptrdiff_t)f->chains * f->n_in;
    int64_t first = from * ANT__E_CELL, end = shorter(to * ANT__E_CELL, f->total);
    int64_t scalars = shorter(end - first, TILE);
    frame t;
    for (int k = 0; first < end; k++, in += f->n_in, out += f->n_out) {
        const int64_t stop = shorter(end, f->count[k]);
        for (int64_t entry = first; entry < stop; entry += TILE, scalars = 0) {
            const int64_t count = shorter(stop - entry, TILE);
            load_inputs(f, &t, in, entry, count, scalars);
            run_steps(f, &t, out, entry, count);
        }
        first = first > f->count[k] ? first - f->count[k] : 0;
        end -= f->count[k];
    }
}
