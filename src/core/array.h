/* Arrays at the border: any numeric type, byte order and strides, converted as they are read. */
#ifndef ANT_CORE_ARRAY_H
#define ANT_CORE_ARRAY_H
#include "core/error.h"
#include "core/shape.h"

/* The shape, batch first. In place and number by number: a copy of the whole, whose numbers have
 * just been written one by one, would wait for them, which a step of a tiny network feels. */
static inline void ant__array_shape(ant_dims *d, const ant_array *a) {
    d->rank = a->axes;
    for (int k = 0; k < ANT_MAX_AXES && k < a->axes; k++)
        d->dim[k] = a->shape[k];
}
/* The same where nobody is in a hurry. */
static inline ant_dims ant__array_dims(const ant_array *a) {
    ant_dims d = {0};
    ant__array_shape(&d, a);
    return d;
}
/* Entries of one row. */
int64_t ant__array_row(const ant_array *a);
/* What must hold of any array before its rows are read: a numeric type, sizes, no overflow, data
 * where there are rows. `what` begins the message: "fit: input 'x'". 0 or an error. */
int ant__array_check(const ant_array *a, const char *what, ant_fault *e);
/* Strides in bytes, for an array that leaves them out too. */
void ant__array_strides(const ant_array *a, int64_t strides[ANT_MAX_AXES]);

/* Reads rows into `out`, row-major of type `dtype` (float32, float64, int32, int64 or bool): row k
 * of the output is row order[k] of the array, or first + k where order is NULL. Numbers are cut
 * towards zero when they become ints; those that no int can hold are refused (ANT_E_DATA). `what`
 * names the array in messages. No allocation. */
typedef struct ant_rows_wanted {
    const int64_t *order;
    int64_t first, count;
} ant_rows_wanted;
int ant__array_read(const ant_array *a, const ant_rows_wanted *rows, int dtype, void *out,
                    const char *what, ant_fault *e);
/* The same rows where they lie, if what is read would be no other than what is there; else NULL. */
const void *ant__array_view(const ant_array *a, const ant_rows_wanted *rows, int dtype);
/* The other way: `count` row-major rows of type `dtype` into rows first … of the array. */
int ant__array_write(const ant_array *a, int64_t first, int64_t count, int dtype, const void *in,
                     const char *what, ant_fault *e);

/* --- lists of them in options --- */
/* The arrays that a list of options holds, and how many: they end at the first without axes, or
 * are those of its ant_several. */
const ant_array *ant__arrays_of(const ant_array *list, int *n);
/* Those of a list of ANT_MAX_PORTS entries as the first entry of options; no array where it has
 * none. */
ant_array ant__arrays_all(const ant_array *list);
#endif
