/* Numbers of one type into numbers of another. */
#ifndef ANT_CORE_CONVERT_H
#define ANT_CORE_CONVERT_H
#include "antler/types.h"
#include <stdbool.h>
#include <stdint.h>

/* n numbers of type `from`, `step` bytes apart and perhaps of the other byte order, into packed
 * ones of type `to` (float32, float64, int32, int64 or bool; or `from` itself). False when one has
 * no value in `to`: NaN or too large for an int. */
bool ant__convert(void *y, int to, const void *x, int64_t step, int from, bool swapped, int64_t n);
/* n packed numbers of type `from` (one of those five) into ones of type `to`, any numeric type but
 * float16, `step` bytes apart. */
bool ant__spread(void *y, int64_t step, int to, const void *x, int from, int64_t n);
/* Number i of an array of float32 or float64. */
static inline double ant__real_at(const void *x, int dtype, int64_t i) {
    return dtype == ANT_FLOAT64 ? ((const double *)x)[i] : (double)((const float *)x)[i];
}
static inline void ant__real_put(void *x, int dtype, int64_t i, double value) {
    if (dtype == ANT_FLOAT64)
        ((double *)x)[i] = value;
    else
        ((float *)x)[i] = (float)value;
}
/* IEEE half precision. */
float ant__half(uint16_t bits);
#endif
