/* Keras's operations and Antler's: one row for both directions. */
#ifndef ANT_IO_KERAS_OPERATIONS_H
#define ANT_IO_KERAS_OPERATIONS_H
#include "io/keras/keras.h"

/* Names that differ are written antler:keras. */
typedef struct ant_keras_operation {
    const char *cls;    /* "TrueDivide" */
    const char *module; /* "numpy" of keras.src.ops.numpy */
    const char *op;     /* "divide", or an activation */
    /* The parameters of a call, in order: values "x x2:fill_value", "xs*" for a list of them,
     * "operands+" for any number of them; options of the operation "=key". */
    const char *values;
    /* Its config: "axis count:k". Of an activation: options of its text. */
    const char *options;
    /* What of its config is only read where it says this, for it changes nothing:
     * "sparse=false". */
    const char *fixed;
    bool activation;
} ant_keras_operation;

extern const ant_keras_operation ant__keras_operations[];
extern const int ant__keras_operations_n;

/* The next word of a list that spaces separate, as the names here and there; false at the end. */
typedef struct ant_keras_name {
    const char *ours, *theirs; /* the same where the word says only one */
    int ours_n, theirs_n;
    char mark; /* '=' before it, '*' or '+' behind it, '|' or '&' between both; else 0 */
} ant_keras_name;
bool ant__keras_name_next(const char **list, ant_keras_name *out);
/* Is a name of n letters the word? */
bool ant__keras_name_is(const char *name, int n, const char *word);
#endif
