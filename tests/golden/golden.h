/* Reads the files in tests/golden/data, which tests/golden/generate.py writes from real Keras.
 *
 * A file is a list of cases. A case is a list of entries: words (`layer Dense(3)`), and arrays
 * (`out float32 2 4 3`, then the numbers). Keys repeat: the k-th `out` is result k.
 */
#ifndef ANT_TESTS_GOLDEN_H
#define ANT_TESTS_GOLDEN_H
#include "core/shape.h"

typedef struct golden_entry {
    char *key;
    char *text; /* of a word; of an array what stands between key and type, "" when nothing */
    int dtype;  /* of an array; 0: a word */
    ant_dims dims;
    int64_t count;
    double *at;
} golden_entry;

typedef struct golden_case {
    char *name;
    golden_entry *entries;
    int n;
} golden_case;

typedef struct golden_file {
    char *text, *next; /* the whole file, and how far it was read */
} golden_file;

/* Aborts the test with a message when the file is missing or damaged. */
golden_file golden_open(const char *family);
/* The next case; false at the end. Frees the one before. */
bool golden_next(golden_file *f, golden_case *c);
void golden_close(golden_file *f);

/* The k-th entry with this key; NULL when there are fewer. */
const golden_entry *golden_get(const golden_case *c, const char *key, int k);
int golden_count(const golden_case *c, const char *key);
const char *golden_word(const golden_case *c, const char *key, const char *otherwise);
/* A fresh array of the entry's type and shape; its data is freed with free(). */
ant_array golden_array(const golden_entry *e, const char *name);

/* The same of this type, in memory that ends where the numbers do: whoever reads behind them
 * crashes. */
ant_array golden_guarded(const golden_entry *e, int dtype);
void golden_guarded_free(const ant_array *a);

/* |a - b| <= rtol * (|b| + the largest of b) for all entries; prints the first that differs. */
bool golden_close_to(const char *what, const golden_entry *want, const float *got, double rtol);
/* The same of any real type, with atol more. */
bool golden_within(const char *what, const golden_entry *want, const void *got, int dtype,
                   double rtol, double atol);
#endif
