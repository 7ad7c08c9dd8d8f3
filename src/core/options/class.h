/* Classes: what is registered under a name, with its option rows. Layers, losses, optimizers …
 * are all rows in their family's table; the families are listed in src/families.c. */
#ifndef ANT_CORE_CLASS_H
#define ANT_CORE_CLASS_H
#include "antler/custom.h"
#include "core/text/tree.h"
#include <math.h>

/* One option: everything but its default, which is read from an instance made by the macro. */
typedef struct ant_row {
    const char *name;
    size_t offset, size;
    ant_field field;       /* from the C type, never by hand */
    double min, max;       /* both 0: no limit */
    bool above;            /* min itself is refused */
    bool none;             /* takes None though its default is not None */
    int part;              /* text: the kind of part that it must name */
    const char *words;     /* text: the words allowed; int: words for 0, 1, …; list of numbers:
                            * the names of its entries, each of which may be None */
    const char *none_word; /* how None is written; NULL: "none" */
    size_t also;           /* offset of a text field that holds a part instead of the number */
    const char *old;       /* Keras's other names, separated by spaces */
    const char *keras;     /* how Keras's files call it; NULL: as here */
    const char *refuse;    /* not built yet: anything but the default is refused, with this text */
    const char *help;
} ant_row;

typedef struct ant_class {
    const char *name;     /* Keras's: "Dense", "Adam", "relu" */
    const char *alias;    /* other names, separated by spaces: "mse MSE" */
    int kind;             /* enum ant_kind */
    size_t size;          /* offset of ant_end */
    const void *defaults; /* an instance; NULL: no options at all */
    const ant_row *rows;
    int rows_n;
    const void *impl; /* what it does: ant_layer_class, ant_loss_class … by kind */
} ant_class;

/* A family's table: const ant_family ant__merging_family = ANT__FAMILY("merging", classes); */
typedef struct ant_family {
    const char *name;
    const ant_class *classes;
    int n;
} ant_family;
#define ANT__FAMILY(title, table)                                                                  \
    { .name = (title), .classes = (table), .n = (int)(sizeof(table) / sizeof *(table)) }

/* The central list, src/families.c, NULL at the end; each floor's tests have a shorter one. */
extern const ant_family *const ant__families[];

/* --- rows ---
 *     static const ant_row dense_rows[] = {
 *         ANT__ROW(dense, units, "size of the last axis", ANT__AT_LEAST(1)), … ,
 *         ANT__LAYER_ROWS(dense)};
 *     static const ant_class classes[] = {ANT__CLASS(Dense, dense, DENSE, ANT_LAYER, &dense)};
 *     const ant_family ant__core_family = ANT__FAMILY("core", classes); */
#define ANT__MEMBER(T, f) ((ant_##T##_options *)0)->f
#define ANT__ROW(T, f, ...)                                                                        \
    {                                                                                              \
        .name = #f, .offset = offsetof(ant_##T##_options, f), .size = sizeof ANT__MEMBER(T, f),    \
        .field = ANT__FIELD_OF(ANT__MEMBER(T, f)), .help = __VA_ARGS__                             \
    }
#define ANT__AT_LEAST(a) .min = (a), .max = INFINITY
#define ANT__ABOVE(a) .min = (a), .max = INFINITY, .above = true
#define ANT__BETWEEN(a, b) .min = (a), .max = (b)
#define ANT__ALSO(T, f) .also = offsetof(ant_##T##_options, f)
/* The implementation, then what else there is: ANT__CLASS(…, &impl, .alias = "Input"). */
#define ANT__CLASS(Name, T, U, Kind, ...)                                                          \
    {                                                                                              \
        .name = #Name, .kind = (Kind), .size = offsetof(ant_##T##_options, ant_end),               \
        .defaults = &(const ant_##T##_options){ANT_##U##_DEFAULTS}, .rows = T##_rows,              \
        .rows_n = (int)(sizeof T##_rows / sizeof *T##_rows), .impl = __VA_ARGS__                   \
    }
#define ANT__LAYER_ROWS(T)                                                                         \
    ANT__ROW(T, name, "unique in its model; none: given by the model"),                            \
        ANT__ROW(T, dtype, "type of its weights, the graph's", .words = "float32 float64"),        \
        ANT__ROW(T, activity_regularizer, "penalty on the output", .part = ANT_REGULARIZER),       \
        ANT__ROW(T, trainable, "whether training changes its weights"),                            \
        ANT__ROW(T, input_shape, "shape of one sample, first layer of a Sequential",               \
                 .old = "batch_input_shape")
#define ANT__PART_ROWS(T) ANT__ROW(T, name, "shown in logs and files")
/* The options of a weight. Rows stand in Keras's order, for texts say options by place too. */
#define ANT__INITIALIZER_ROW(T, w)                                                                 \
    ANT__ROW(T, w##_initializer, "start of the " #w, .part = ANT_INITIALIZER)
#define ANT__REGULARIZER_ROW(T, w)                                                                 \
    ANT__ROW(T, w##_regularizer, "penalty on the " #w, .part = ANT_REGULARIZER)
#define ANT__CONSTRAINT_ROW(T, w)                                                                  \
    ANT__ROW(T, w##_constraint, "limit on the " #w, .part = ANT_CONSTRAINT)

/* --- looking up --- */
const char *ant__kind_name(int kind); /* "optimizer" */
/* The call by which users bring in one of their own; NULL: there is none. */
const char *ant__kind_register(int kind);
/* kind 0: any. Layers match exactly (and by alias), parts without case and '_'. Users' classes,
 * registered in the context (which may be NULL), come first. NULL when there is none. */
const ant_class *ant__class_find(const ant_context *c, int kind, const char *name);
/* "no optimizer 'adm', did you mean 'adam'?", or that it is a loss and not an optimizer. */
int ant__class_unknown(ant_context *c, const ant_tree *at, int kind, const char *name);
/* A user's class; its name is copied, all else must live as long as the context. ANT_E_OPTION when
 * a name is taken, or is no word. */
int ant__class_register(ant_context *c, const ant_class *cls);
bool ant__class_registered(const ant_context *c, const ant_class *cls);
#endif
