/* Conversion goes through small packed blocks: gather (strides, byte order), widen to double or
 * int64, narrow to the type wanted. The common cases have loops of their own that vectorise. */
#include "core/convert.h"
#include "core/shape.h"
#include <math.h>
#include <string.h>

enum { BLOCK = 256 };
typedef union block {
    double real[BLOCK];
    int64_t whole[BLOCK];
    float f32[BLOCK];
    int32_t i32[BLOCK];
    int16_t i16[BLOCK];
    int8_t i8[BLOCK];
    bool truth[BLOCK];
    uint64_t u64[BLOCK];
    uint32_t u32[BLOCK];
    uint16_t u16[BLOCK];
    uint8_t u8[BLOCK];
} block;

/* --- bytes --- */
static void swap_bytes(char *x, int64_t size, int64_t n) {
    for (int64_t i = 0; i < n; i++, x += size)
        for (int64_t a = 0, b = size - 1; a < b; a++, b--) {
            char t = x[a];
            x[a] = x[b];
            x[b] = t;
        }
}

static void gather(char *y, const char *x, int64_t step, size_t size, int64_t n) {
    if (step == (int64_t)size)
        memcpy(y, x, size * (size_t)n);
    else
        for (int64_t i = 0; i < n; i++)
            memcpy(y + (size_t)i * size, x + i * step, size);
}

static void scatter(char *y, int64_t step, const char *x, size_t size, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        memcpy(y + i * step, x + (size_t)i * size, size);
}

float ant__half(uint16_t bits) {
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double size = exponent == 31  ? (fraction ? (double)NAN : (double)INFINITY)
                  : exponent == 0 ? ldexp(fraction, -24)
                                  : ldexp(1024 + fraction, exponent - 25);
    return (float)(bits >> 15 ? -size : size);
}

/* --- widening --- */
static bool is_whole(int dtype) {
    return dtype != ANT_FLOAT16 && dtype != ANT_FLOAT32 && dtype != ANT_FLOAT64;
}

static void widen_real(double *y, const block *x, int from, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        y[i] = from == ANT_FLOAT64   ? x->real[i]
               : from == ANT_FLOAT32 ? (double)x->f32[i]
                                     : (double)ant__half(x->u16[i]);
}

/* uint64 above the range of int64 is refused. */
static bool widen_whole(int64_t *y, const block *x, int from, int64_t n) {
    bool good = true;
    for (int64_t i = 0; i < n; i++) {
        switch (from) {
        case ANT_INT8:
            y[i] = x->i8[i];
            break;
        case ANT_UINT8:
            y[i] = x->u8[i];
            break;
        case ANT_INT16:
            y[i] = x->i16[i];
            break;
        case ANT_UINT16:
            y[i] = x->u16[i];
            break;
        case ANT_INT32:
            y[i] = x->i32[i];
            break;
        case ANT_UINT32:
            y[i] = x->u32[i];
            break;
        case ANT_BOOL:
            y[i] = x->u8[i] != 0;
            break;
        default:
            y[i] = x->whole[i];
            break;
        }
        good &= from != ANT_UINT64 || y[i] >= 0;
    }
    return good;
}

/* --- narrowing --- */
static bool whole_of_real(int64_t *y, const double *x, int64_t n) {
    bool good = true;
    for (int64_t i = 0; i < n; i++) {
        bool fits = x[i] >= -0x1p63 && x[i] < 0x1p63;
        y[i] = fits ? (int64_t)x[i] : 0;
        good &= fits;
    }
    return good;
}

static bool within(const int64_t *x, int64_t n, int64_t low, int64_t high) {
    bool good = true;
    for (int64_t i = 0; i < n; i++)
        good &= x[i] >= low && x[i] <= high;
    return good;
}

static bool narrow_whole(void *y, int to, const int64_t *x, int64_t n) {
    static const struct {
        int dtype;
        int64_t low, high;
    } limits[] = {{ANT_INT8, INT8_MIN, INT8_MAX},    {ANT_UINT8, 0, UINT8_MAX},
                  {ANT_INT16, INT16_MIN, INT16_MAX}, {ANT_UINT16, 0, UINT16_MAX},
                  {ANT_INT32, INT32_MIN, INT32_MAX}, {ANT_UINT32, 0, UINT32_MAX},
                  {ANT_UINT64, 0, INT64_MAX}};
    for (size_t k = 0; k < sizeof limits / sizeof *limits; k++)
        if (limits[k].dtype == to && !within(x, n, limits[k].low, limits[k].high))
            return false;
    for (int64_t i = 0; i < n; i++)
        switch (to) {
        case ANT_FLOAT32:
            ((float *)y)[i] = (float)x[i];
            break;
        case ANT_FLOAT64:
            ((double *)y)[i] = (double)x[i];
            break;
        case ANT_BOOL:
            ((bool *)y)[i] = x[i] != 0;
            break;
        case ANT_INT8:
        case ANT_UINT8:
            ((uint8_t *)y)[i] = (uint8_t)x[i];
            break;
        case ANT_INT16:
        case ANT_UINT16:
            ((uint16_t *)y)[i] = (uint16_t)x[i];
            break;
        case ANT_INT32:
        case ANT_UINT32:
            ((uint32_t *)y)[i] = (uint32_t)x[i];
            break;
        default:
            ((int64_t *)y)[i] = x[i];
            break;
        }
    return true;
}

static bool narrow_real(void *y, int to, const double *x, int64_t n) {
    int64_t whole[BLOCK];
    if (to == ANT_FLOAT32)
        for (int64_t i = 0; i < n; i++)
            ((float *)y)[i] = (float)x[i];
    else if (to == ANT_FLOAT64)
        memcpy(y, x, sizeof *x * (size_t)n);
    else if (to == ANT_BOOL)
        for (int64_t i = 0; i < n; i++)
            ((bool *)y)[i] = x[i] != 0;
    else
        return whole_of_real(whole, x, n) && narrow_whole(y, to, whole, n);
    return true;
}

/* One packed block of the machine's byte order. */
static bool convert_block(void *y, int to, const block *x, int from, int64_t n) {
    double real[BLOCK];
    int64_t whole[BLOCK];
    if (!is_whole(from)) {
        widen_real(real, x, from, n);
        return narrow_real(y, to, real, n);
    }
    if (from == ANT_UINT64 && (to == ANT_FLOAT32 || to == ANT_FLOAT64)) {
        for (int64_t i = 0; i < n; i++)
            real[i] = (double)x->u64[i];
        return narrow_real(y, to, real, n);
    }
    return widen_whole(whole, x, from, n) && narrow_whole(y, to, whole, n);
}

/* Pixels: bytes into floats, without blocks. */
static void bytes_to_floats(float *y, const uint8_t *x, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i];
}

bool ant__convert(void *y, int to, const void *x, int64_t step, int from, bool swapped, int64_t n) {
    size_t in = ant__dtype_size(from), out = ant__dtype_size(to);
    if (from == to && from != ANT_BOOL) {
        gather(y, x, step, in, n);
        if (swapped)
            swap_bytes(y, (int64_t)in, n);
        return true;
    }
    if (from == ANT_UINT8 && to == ANT_FLOAT32 && step == 1) {
        bytes_to_floats(y, x, n);
        return true;
    }
    for (int64_t i = 0; i < n; i += BLOCK) {
        int64_t part = n - i < BLOCK ? n - i : BLOCK;
        block b;
        gather((char *)&b, (const char *)x + i * step, step, in, part);
        if (swapped)
            swap_bytes((char *)&b, (int64_t)in, part);
        if (!convert_block((char *)y + (size_t)i * out, to, &b, from, part))
            return false;
    }
    return true;
}

bool ant__spread(void *y, int64_t step, int to, const void *x, int from, int64_t n) {
    size_t in = ant__dtype_size(from), out = ant__dtype_size(to);
    if (from == to && step == (int64_t)out) {
        memcpy(y, x, out * (size_t)n);
        return true;
    }
    for (int64_t i = 0; i < n; i += BLOCK) {
        int64_t part = n - i < BLOCK ? n - i : BLOCK;
        block b, c;
        memcpy(&b, (const char *)x + (size_t)i * in, in * (size_t)part);
        if (!convert_block(&c, to, &b, from, part))
            return false;
        scatter((char *)y + i * step, step, (const char *)&c, out, part);
    }
    return true;
}
