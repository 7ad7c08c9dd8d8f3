/* One row per operation on nodes: what it is called, what it takes, and how it is written. Rows
 * stand in the files of their families; table.c lists the families. */
#ifndef ANT_LAYERS_OPERATION_H
#define ANT_LAYERS_OPERATION_H
#include "antler/operations.h"
#include "layers/layer.h"

enum {
    ANT__OPERANDS = 2 * ANT_MAX_PORTS, /* values of one call, constants counted in */
    ANT__KEY_ITEMS = 2 * ANT_MAX_AXES
};

/* --- constants.c: a value in the text, "x2=[[1, 2], [3, 4]]" --- */
typedef struct ant_constant {
    const char *of; /* the value's name; its length */
    int of_length;
    bool none; /* of=none: the value is not given */
    int dtype; /* of its numbers: real, int32, bool, or what the text says */
    bool weak; /* a number as Python has it: takes on the type of the values beside it */
    ant_dims dims;
    double *numbers;
} ant_constant;
/* In the context's arena; 0 or an error that says what is wrong with the text. */
int ant__constant_read(ant_context *c, const char *text, ant_constant *out);

/* --- key.c: what stands between the brackets of x[…]: ":, 1:, None, -1" --- */
typedef enum ant_key_kind {
    ANT__KEY_INDEX,
    ANT__KEY_SLICE,
    ANT__KEY_NEW,
    ANT__KEY_REST
} ant_key_kind;
typedef struct ant_key_item {
    ant_key_kind kind;
    int64_t start, stop, step; /* ANT__KEY_OPEN where the slice leaves it open; an index: start */
} ant_key_item;
#define ANT__KEY_OPEN INT64_MIN
/* How many, or -1 where the text is no key. */
int ant__key_read(const char *text, ant_key_item item[ANT__KEY_ITEMS]);

/* --- rows --- */
typedef struct ant_operation ant_operation;

/* The values of a call, by their places: nodes, numbers and constants. */
typedef struct ant_operands {
    ant_program *program;
    ant_layer_call *call; /* for messages and further results */
    const ant_operation *op;
    const ant_operation_options *options;
    ant_value *in[ANT__OPERANDS];                /* NULL: an optional one that is not given */
    const ant_constant *constant[ANT__OPERANDS]; /* where the value stands in the text */
    bool weak[ANT__OPERANDS];
    int n;
} ant_operands;

/* What becomes of the values' types before the writer sees them. */
typedef enum ant_operand_types {
    ANT__AS_THEY_ARE,
    ANT__TO_REAL,
    ANT__TO_NUMBERS,      /* bools become int32 */
    ANT__TO_ONE,          /* all the one that Keras promotes them to; two bools stay bools */
    ANT__TO_ONE_NUMBER,   /* the same, and bools become int32 */
    ANT__TO_ONE_BUT_FIRST /* all but the first: conditions, indices */
} ant_operand_types;

struct ant_operation {
    const char *name;
    /* Names of the values, in order: "x1 x2"; "weights?" may be missing, "xs*" stands for any
     * number of them. x1 and x2 may be said as numbers. */
    const char *values;
    const char *takes, *must; /* options; all of takes or must; NULL: none */
    const char *modes;        /* words that the option `mode` may be */
    int axes;                 /* entries of the option `axis`; 0: at most one, -1: any number */
    ant_operand_types types;
    /* one of these */
    ant_value *(*unary)(ant_program *p, ant_value *a);
    ant_value *(*binary)(ant_program *p, ant_value *a, ant_value *b);
    ant_value *(*reduce)(ant_program *p, ant_value *a, unsigned axes, bool keep);
    ant_value *(*along)(ant_program *p, ant_value *a, int axis);
    ant_value *(*write)(ant_operands *o); /* sets further results in o->call->out */
    ant_value *(*bools)(ant_program *p, ant_value *a, ant_value *b); /* `binary` for two bools */
    int (*results)(const ant_operation_options *o);                  /* NULL: one */
};

typedef struct ant_operation_family {
    const ant_operation *rows;
    int n;
} ant_operation_family;
/* NULL at the end. */
extern const ant_operation_family *const ant__operation_families[];
#define ANT__OPERATIONS(family, table)                                                             \
    const ant_operation_family family = {table, (int)(sizeof(table) / sizeof *(table))}

/* By name; NULL when there is none: it may be an activation. */
const ant_operation *ant__operation_find(const char *name);
/* "add" of "add", "elu" of "elu(alpha=2)". */
const char *ant__operation_name(const ant_layer *l);
/* The constants among a built layer's options; their number. */
int ant__operation_constants(const ant_layer *l, const ant_constant **out);

/* --- operands.c --- */
/* Puts nodes, numbers and constants in their places and gives them their types. 0 or an error. */
int ant__operands_place(ant_operands *o);
/* The number of value k of a spec ("x weights?"), -1 when there is none of this name. */
int ant__operand_index(const char *values, const char *name, int length);
/* Type to which Keras promotes values [from, to). */
int ant__operands_type(const ant_operands *o, int from, int to);

/* --- for writers --- */
/* Fails with the operation's name; NULL. */
ant_value *ant__operation_fail(ant_operands *o, int code, const char *format, ...)
    ANT__FORMAT(3, 4);
/* The option axis as a set, all where none is said; false after an error. */
bool ant__axes_set(ant_operands *o, const ant_value *v, unsigned *axes);
/* The option's first axis counted from the front, `otherwise` where none is said; -1 after an
 * error. */
int ant__axis_said(ant_operands *o, const ant_value *v, int otherwise);
int ant__axis_of(ant_operands *o, const ant_value *v, int axis);
/* x, or `otherwise` where it was not said. */
int ant__int_or(int x, int otherwise);
double ant__number_or(double x, double otherwise);
const char *ant__mode_or(const ant_operands *o, const char *otherwise);
/* All entries in one axis. */
ant_value *ant__flat(ant_program *p, ant_value *v);
/* As it is where the option axis is said, else flat. */
ant_value *ant__flat_without_axis(ant_operands *o, ant_value *v);
ant_value *ant__move_axis(ant_program *p, ant_value *v, int from, int to);
/* Axes in the set to the end, as one axis: (…, n). */
ant_value *ant__axes_last(ant_program *p, ant_value *v, unsigned axes);
/* A part of an axis whose size may still be unknown: count -1 then. */
ant_value *ant__part(ant_program *p, ant_value *v, int axis, int64_t start, int64_t count);
/* The dtype option, or `otherwise` where it was not said. */
ant_value *ant__to_type(ant_operands *o, ant_value *v);
/* Entries of an axis at index (ints of any shape, which takes the axis's place). */
ant_value *ant__take_axis(ant_program *p, ant_value *v, ant_value *index, int axis);
/* Zero, one … as a value of v's type. */
ant_value *ant__number_like(ant_program *p, double x, const ant_value *v);

/* --- contract.c: sums of products over labelled axes --- */
typedef struct ant_labelled {
    ant_value *v;
    int label[ANT_MAX_AXES]; /* below 64; axes of one label are one, or broadcast */
} ant_labelled;
/* The product of all values, summed over the labels that `out` lacks. The values' types are one;
 * ints go through reals, as in Keras. */
ant_value *ant__contract(ant_operands *o, ant_labelled *in, int n, const int *out, int n_out);
/* Entries (i, i + offset) of two axes, as the last one. */
ant_value *ant__diagonal(ant_program *p, ant_value *v, int axis1, int axis2, int64_t offset);
#endif
