/* The `data:` section: how the rows of a table become a model's inputs and targets. What it takes
 * from the training rows (classes, words, means …) is fitted once, kept in the model file, and used
 * again on every later table: raw csv in, right answer out.
 *
 *     file: digits.csv
 *     x: {columns: "pixel*"}             or one such map per input: {past: {…}, calendar: {…}}
 *     y: {column: digit}
 *     test: {every: 5, from: 4}          rows with i % 5 == 4; or {last: 0.2}, {from: 1096}
 *
 * Or arrays, a file for each input and target, which says nothing about rows to come and is not
 * kept:
 *
 *     x: {file: train-images.idx.gz, test: t10k-images.idx.gz}
 *     y: {file: train-labels.idx.gz, test: t10k-labels.idx.gz}
 *
 * A sample belongs to one row, its target's. With `window: n` and `ahead: k` an input is the n rows
 * that end k rows before it. */
#ifndef ANT_IO_RECIPE_H
#define ANT_IO_RECIPE_H
#include "core/options/option.h"
#include "io/csv.h"

/* Columns of one input or output. */
typedef struct ant_port_options {
    const char *column; /* one */
    ant_texts columns;  /* or several: names, or patterns with * and ?; names once it is fitted */
    int window;         /* rows; ANT_NONE: the sample's own row only */
    int ahead;          /* rows from the end of the window to the target's */
    const char *scale;  /* "standard", "range"; NULL: none */
    ant_floats mean, deviation; /* fitted, one per column: standard */
    ant_floats low, high;       /* … range */
    const char *file, *test;    /* of one array each, in place of columns */
    char ant_end;
} ant_port_options;

/* Texts as rows of whole numbers from 1; 0 pads at the end, and stands for what is not known. */
typedef struct ant_sequence_options {
    int length;           /* ANT_NONE: the longest of the training rows */
    int of;               /* characters or words */
    ant_texts vocabulary; /* fitted: number k is entry k - 1 */
    char ant_end;
} ant_sequence_options;
enum { ANT__OF_CHARACTERS, ANT__OF_WORDS };

typedef struct ant_port {
    const char *name; /* of the input or output; NULL: the model's only one */
    ant_port_options o;
    ant_sequence_options *sequence; /* NULL: none */
    ant_texts *classes;             /* of each column; count 0: numbers */
    const ant_tree *at;             /* its place, for messages */
} ant_port;

/* Which rows are kept for evaluation; ANT_NONE where they are not said. */
typedef struct ant_test_options {
    int every, from;
    double last;
    char ant_end;
} ant_test_options;

typedef struct ant_recipe {
    const char *path; /* of the file in which it stands, for messages */
    const char *file; /* with the rows, as it is said there; NULL: none */
    ant_port x[ANT_MAX_PORTS], y[ANT_MAX_PORTS];
    int n_x, n_y; /* n_x 0: all columns but the targets */
    ant_test_options test;
    bool has_test;
    bool arrays; /* its ports are files */
    bool fitted; /* columns by name, classes, scales are there: `fitted: true` in a kept section */
} ant_recipe;

/* Reads a `data:` map, as it is written by hand or as it was kept. 0 or the context's error. */
int ant__recipe_read(ant_context *c, const char *path, ant_tree *t, ant_recipe *out);
/* What a model file keeps: no file and no test rows. NULL after an error. */
ant_tree *ant__recipe_tree(ant_context *c, const ant_recipe *r);
/* Finds the columns and takes classes, words and scales from the training rows. */
int ant__recipe_fit(ant_context *c, ant_recipe *r, const ant_table *t);

/* --- rows --- */
typedef enum ant_rows_of { ANT__ALL_ROWS, ANT__TRAIN_ROWS, ANT__TEST_ROWS } ant_rows_of;
bool ant__recipe_tests(const ant_recipe *r, int64_t rows, int64_t row);
bool ant__recipe_wants(const ant_recipe *r, ant_rows_of which, int64_t rows, int64_t row);
/* The first row that can be a sample's: the windows before it must be there. */
int64_t ant__recipe_first(const ant_recipe *r);
/* Fills `out` (room for t->rows) with the samples' rows in order; how many. */
int64_t ant__recipe_rows(const ant_recipe *r, const ant_table *t, ant_rows_of which, int64_t *out);

/* --- arrays --- */
/* x[k] (n, columns), (n, window, columns) or (n, length), y[k] (n, columns), in the arena: float32;
 * int32 for sequences, for classes and for targets that are whole numbers and not scaled. Named as
 * the ports. y NULL: inputs only. */
int ant__recipe_arrays(ant_context *c, const ant_recipe *r, const ant_table *t, const int64_t *rows,
                       int64_t n, ant_array *x, ant_array *y);
/* Undoes a target's scale in (n, columns) predictions; columns beyond its own stay. */
void ant__port_unscale(const ant_port *p, const ant_array *values, int64_t columns);
/* What one unit of column k's scaled values is in the table: 1 without a scale. */
double ant__port_unit(const ant_port *p, int k);

/* The shape of one sample of a port whose columns are known, as layers say it: ended by a 0. */
void ant__port_shape(const ant_port *p, int shape[ANT_MAX_AXES]);

/* --- inside --- */
int ant__port_fail(ant_context *c, const ant_recipe *r, const ant_port *p, const char *format, ...)
    ANT__FORMAT(4, 5);
int ant__port_columns(const ant_port *p);
bool ant__port_has_classes(const ant_port *p);
/* A cell as text: a number in its shortest form where the column holds numbers. */
const char *ant__cell_text(const ant_column *x, int64_t row, char room[ANT__NUMBER_TEXT]);
/* The next character or word of a text into `room`, *at moves behind it; false at the end. Words
 * are letters, digits and what is not ASCII, in lower case, cut after TOKEN_ROOM - 1 bytes. */
enum { ANT__TOKEN_ROOM = 256 };
bool ant__token_next(int of, const char **at, char room[ANT__TOKEN_ROOM]);
#endif
