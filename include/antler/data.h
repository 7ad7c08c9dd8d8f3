/* Data: rows from functions, and small helpers that prepare arrays.
 *
 * All outputs are the caller's: each function says how large they must be. Functions here know no
 * graph and may be called on any thread; they return 0 or a negative ANT_E….
 */
#ifndef ANTLER_DATA_H
#define ANTLER_DATA_H
#include "antler/types.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* --- rows from functions --- */
/* One batch, as a function hands it over: arrays of n rows each, borrowed until the next call. */
typedef struct ant_rows {
    ant_array x[ANT_MAX_LIST], y[ANT_MAX_LIST], sample_weight[ANT_MAX_LIST];
} ant_rows;
typedef struct ant_data_options {
    ant_graph *graph;
    /* The number of rows; ANT_NONE: not known, `read` gives one batch after the other. */
    int64_t count;
    /* count known: fills `out` with the rows index[0 … n). Unknown: index is NULL, n is the batch
     * size wanted; `out` gets the next rows, as many as there are in one batch. Returns the number
     * of rows given, 0 at the end of an epoch, or a negative code, which ends the action. */
    int64_t (*read)(void *data, const int64_t *index, int64_t n, ant_rows *out);
    /* Before every epoch; NULL: nothing to do. 0 or a negative code. */
    int (*restart)(void *data);
    void *data; /* must live as long as the graph */
    char ant_end;
} ant_data_options;
/* Owned by the graph. With a known count rows are shuffled as arrays' are. Never NULL but when out
 * of memory; an error is the graph's. */
#define ant_data_new(...)                                                                          \
    ant_data_new_(&(ant_data_options){.count = ANT_NONE, .graph = __VA_ARGS__},                    \
                  offsetof(ant_data_options, ant_end), __FILE__, __LINE__)
ANT_API ant_data *ant_data_new_(const ant_data_options *o, size_t size, const char *file, int line);

/* --- classes --- */
/* out (n, classes): 1 at each label, 0 elsewhere. ANT_E_DATA when a label is outside [0, classes);
 * *bad, which may be NULL, is its place. */
ANT_API int ant_one_hot(float *out, const int *labels, int64_t n, int classes, int64_t *bad);
/* The number of classes that n labels need: the largest + 1; 0 for none. */
ANT_API int ant_class_count(const int *labels, int64_t n);

/* --- sequences --- */
typedef struct ant_pad_options {
    int length;         /* of every row of the output */
    bool post;          /* pad (Keras's padding='post') behind; else before */
    bool truncate_post; /* cut the end off what is too long; else its beginning */
    double value;       /* what is put in; cut to a whole number where the output is int32 */
} ant_pad_options;
/* out (n, length) from n sequences of counts[i] ints each; float32 or int32. As Keras's
 * pad_sequences: ant_pad_sequences(out, seqs, counts, n, .length = 20, .post = true) */
#define ant_pad_sequences(OUT, SEQUENCES, COUNTS, N, ...)                                          \
    ant_pad_sequences_(OUT, SEQUENCES, COUNTS, N, &(ant_pad_options){__VA_ARGS__})
ANT_API int ant_pad_sequences_(ant_array out, const int *const *sequences, const int64_t *counts,
                               int64_t n, const ant_pad_options *o);
/* The longest of n counts: what Keras's maxlen=None means; 0 for none. */
ANT_API int64_t ant_longest(const int64_t *counts, int64_t n);

/* --- windows over a series --- */
typedef struct ant_window_options {
    int64_t length; /* steps of a window; at least 1 */
    int64_t stride; /* rows between the starts of windows; 0: 1 */
    int64_t rate;   /* rows between the steps of a window; 0: 1 */
    int64_t start;  /* the first row used */
    int64_t end;    /* the row to end before; 0: all */
} ant_window_options;
/* How many windows there are in a series of `rows` rows; 0 when it is too short, negative when the
 * options make no sense. */
ANT_API int64_t ant_window_count(int64_t rows, const ant_window_options *o);
/* out (windows, length, features …) of the series (rows, features …): window k begins at row
 * start + k * stride. Any numeric type, byte order and strides; out has the series'
 * type in the machine's byte order, row-major. */
ANT_API int ant_windows(ant_array out, ant_array series, const ant_window_options *o);

/* --- splits: which rows go where; the order of rows is kept --- */
/* Each writes the rows of the first part to `train` and the others to `test`, each of which has
 * room for n, and their numbers to counts[0] and counts[1]. */
/* Rows with i % every == from are tested on. */
ANT_API int ant_split_every(int64_t *train, int64_t *test, int64_t counts[2], int64_t n,
                            int64_t every, int64_t from);
/* The last rows are tested on: n - floor(n * (1 - share)). */
ANT_API int ant_split_tail(int64_t *train, int64_t *test, int64_t counts[2], int64_t n,
                           double share);
/* A share of every class, drawn by the seed, is tested on: round(share * its rows), at least one of
 * each class that has two. */
ANT_API int ant_split_stratified(int64_t *train, int64_t *test, int64_t counts[2],
                                 const int *labels, int64_t n, double share, int64_t seed);
/* out gets the rows `index` of the array, row-major: any numeric type, byte order and strides; out
 * has the same type in the machine's byte order. */
ANT_API int ant_take(ant_array out, ant_array rows, const int64_t *index, int64_t n);

#ifdef __cplusplus
}
#endif
#endif
