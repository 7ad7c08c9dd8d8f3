/* Types, error codes and the machinery of the constructors. Included by every other header.
 *
 * Constructors read like Python: positional options first, keywords after.
 *
 *     ant_dense(g, 32, "relu", .name = "hidden")
 *
 * Each is a macro around a plain struct: the defaults come first, the caller's words override them,
 * and a function gets the struct, its size and the caller's file and line. C++ and bindings fill
 * the same structs with ant_options_init and call the same functions.
 *
 * The header is a system header for the compiler: overriding a default is meant, not a mistake.
 */
#ifndef ANTLER_TYPES_H
#define ANTLER_TYPES_H
#ifdef __GNUC__
#pragma GCC system_header
#endif
#ifndef __cplusplus
#ifdef __clang__
#pragma clang diagnostic ignored "-Winitializer-overrides"
#pragma clang diagnostic ignored "-Wmissing-braces"
#elif defined __GNUC__
#pragma GCC diagnostic ignored "-Woverride-init"
#endif
#endif
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

#if defined _WIN32
#define ANT_API
#else
#define ANT_API __attribute__((visibility("default")))
#endif
#ifdef __GNUC__
#define ANT__FORMAT(f, a) __attribute__((format(printf, f, a)))
#else
#define ANT__FORMAT(f, a)
#endif

/* The version that a program is compiled against; ant_version gives that of the library it runs
 * with. What changes an existing program changes MAJOR (before 1.0: MINOR). */
#define ANT_VERSION "0.1.0"
/* Any thread. */
ANT_API const char *ant_version(void);

/* --- the objects; all are owned by their graph, but programs and runs --- */
typedef struct ant_graph ant_graph;     /* owns layers, nodes, models and their texts */
typedef struct ant_layer ant_layer;     /* a class, its options and its weights */
typedef struct ant_layer ant_model;     /* a model is a layer with a graph inside */
typedef struct ant_node ant_node;       /* one value: result k of one call of a layer */
typedef struct ant_run ant_run;         /* one thread's working memory and states for a model */
typedef struct ant_program ant_program; /* a straight list of ops; see ops.h */
typedef struct ant_value ant_value;     /* one value of a program */
typedef struct ant_logs ant_logs;       /* names and numbers of an epoch or batch */
typedef struct ant_history ant_history; /* the logs of every epoch of a fit */
typedef struct ant_data ant_data;       /* rows that come from a file or a function */

enum {
    ANT_MAX_AXES = 8,   /* axes of a tensor, the batch among them */
    ANT_MAX_PORTS = 64, /* inputs and results of a call or model; the last entry stays NULL */
    ANT_MAX_LIST = 16,  /* arrays, layers, callbacks … in options; the last entry stays empty */
    ANT_MAX_PARTS = 8,  /* metrics of one output */
};

/* Keras's None in every number (int, double, ant_size); texts and lists say it with NULL. */
#define ANT_NONE INT_MIN
/* Stands in the defaults of an option that must be said. */
#define ANT_REQUIRED (INT_MIN + 1)
/* A dimension that is known only when data comes. */
#define ANT_ANY (-1)

/* What actions return: 0, or one of these; ant_status gives the first of a graph. */
enum ant_code {
    ANT_OK = 0,
    ANT_E_MEMORY = -1,  /* out of memory */
    ANT_E_OPTION = -2,  /* an option, a name or a part is wrong */
    ANT_E_SHAPE = -3,   /* shapes or types do not fit */
    ANT_E_GRAPH = -4,   /* the graph does not hold together: foreign nodes, names, cycles */
    ANT_E_DATA = -5,    /* the data is wrong: rows, types, labels */
    ANT_E_FILE = -6,    /* a file cannot be opened, read or written */
    ANT_E_FORMAT = -7,  /* a file is not what it should be */
    ANT_E_LIMIT = -8,   /* more than a limit allows */
    ANT_E_STATE = -9,   /* not now: not compiled, not built, running */
    ANT_E_STOPPED = -10 /* a callback stopped it with an error */
};

/* Types. Values of programs have the first five; data may come in any of them. */
enum ant_dtype {
    ANT_FLOAT32 = 1,
    ANT_FLOAT64,
    ANT_INT32,
    ANT_INT64,
    ANT_BOOL,
    ANT_INT8,
    ANT_UINT8,
    ANT_INT16,
    ANT_UINT16,
    ANT_UINT32,
    ANT_UINT64,
    ANT_FLOAT16,
    ANT_TEXT,  /* const char * entries: labels and words, never in kernels */
    ANT_ARRAYS /* ant_array entries: ant_several */
};

/* --- kinds of options --- */
/* A shape without its batch axis, ended by the first 0; ANT_ANY where it is unknown. */
typedef int ant_shape[ANT_MAX_AXES];
/* A number per axis: 3 for every axis, or ANT_SIZE(3, 5). */
typedef int64_t ant_size;
/* Counted lists, borrowed for the call. */
typedef struct {
    int count;
    const int *data;
} ant_ints;
typedef struct {
    int count;
    const double *data;
} ant_floats;
typedef struct {
    int count;
    const char *const *data;
} ant_texts;
/* An interval: [low, high]. */
typedef struct {
    double low, high;
} ant_span;

#define ANT_INTS(...)                                                                              \
    {                                                                                              \
        sizeof((const int[]){__VA_ARGS__}) / sizeof(int), (const int[]) {                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define ANT_FLOATS(...)                                                                            \
    {                                                                                              \
        sizeof((const double[]){__VA_ARGS__}) / sizeof(double), (const double[]) {                 \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define ANT_TEXTS(...)                                                                             \
    {                                                                                              \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), (const char *const[]) {       \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

/* An ant_size of several numbers: bits 60..62 hold their count, 60/count signed bits each. */
#define ANT__E(x, n, k) (((int64_t)(x) & (((int64_t)1 << 60 / (n)) - 1)) << 60 / (n) * (k))
#define ANT__N(n) ((int64_t)(n) << 60)
#define ANT__SIZE1(a) (ANT__N(1) | ((int64_t)(a) & (ANT__N(1) - 1)))
#define ANT__SIZE2(a, b) (ANT__N(2) | ANT__E(a, 2, 0) | ANT__E(b, 2, 1))
#define ANT__SIZE3(a, b, c) (ANT__N(3) | ANT__E(a, 3, 0) | ANT__E(b, 3, 1) | ANT__E(c, 3, 2))
#define ANT__SIZE4(a, b, c, d)                                                                     \
    (ANT__N(4) | ANT__E(a, 4, 0) | ANT__E(b, 4, 1) | ANT__E(c, 4, 2) | ANT__E(d, 4, 3))
#define ANT__SIZE6(a, b, c, d, e, f)                                                               \
    (ANT__N(6) | ANT__E(a, 6, 0) | ANT__E(b, 6, 1) | ANT__E(c, 6, 2) | ANT__E(d, 6, 3) |           \
     ANT__E(e, 6, 4) | ANT__E(f, 6, 5))
#define ANT__PICK(a, b, c, d, e, f, m, ...) m
#define ANT_SIZE(...)                                                                              \
    ANT__PICK(__VA_ARGS__, ANT__SIZE6, ANT__SIZE5, ANT__SIZE4, ANT__SIZE3, ANT__SIZE2, ANT__SIZE1, \
              0)                                                                                   \
    (__VA_ARGS__)

/* --- data at the border: a borrowed view, by value --- */
typedef struct ant_array {
    void *data;
    int dtype;                     /* enum ant_dtype */
    int axes;                      /* 0: no array */
    int64_t shape[ANT_MAX_AXES];   /* the batch first */
    int64_t strides[ANT_MAX_AXES]; /* in bytes; all 0: row-major without gaps */
    const char *name;              /* of the input or output it is for; NULL: by order */
    bool swapped;                  /* of the other byte order */
} ant_array;

#define ANT__DTYPE(p)                                                                              \
    _Generic(*(p), float: ANT_FLOAT32, double: ANT_FLOAT64, bool: ANT_BOOL, \
        signed char: ANT_INT8, char: ANT_INT8, unsigned char: ANT_UINT8, short: ANT_INT16, \
        unsigned short: ANT_UINT16, int: ANT_INT32, unsigned: ANT_UINT32, \
        long: sizeof(long) == 8 ? ANT_INT64 : ANT_INT32, \
        unsigned long: sizeof(long) == 8 ? ANT_UINT64 : ANT_UINT32, long long: ANT_INT64, \
        unsigned long long: ANT_UINT64, char *: ANT_TEXT, const char *: ANT_TEXT)
#define ANT__AXES(...) ((int)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)))
/* ant_array(x, 100, 60, 3): 100 samples of 60 x 3, x points at the first number. */
#define ant_array(p, ...) ant_named(NULL, p, __VA_ARGS__)
/* The same for the input or output called n. */
#define ant_named(n, p, ...)                                                                       \
    ((ant_array){.data = (void *)(uintptr_t)(p),                                                   \
                 .dtype = ANT__DTYPE(p),                                                           \
                 .axes = ANT__AXES(__VA_ARGS__),                                                   \
                 .shape = {__VA_ARGS__},                                                           \
                 .name = (n)})
/* N arrays from `list`, borrowed for the call, where an option takes arrays: for more than its 15,
 * or as many as a program finds out when it runs: ant_fit(m, ant_several(columns, 39), y). Refused
 * (ANT_E_DATA): a list that is NULL, an array in it without axes, another entry beside it. */
#define ant_several(list, N)                                                                       \
    ((ant_array){.data = (void *)(uintptr_t)(const ant_array *){list},                             \
                 .dtype = ANT_ARRAYS,                                                              \
                 .axes = 1,                                                                        \
                 .shape = {N}})
/* Several arrays, or any list with commas, as one argument of a macro. */
#define ANT_LIST(...)                                                                              \
    { __VA_ARGS__ }

/* --- what constructors are made of --- */
/* Options common to all layers: by keyword only, in a block of fixed size that can grow. */
#define ANT_LAYER_OPTIONS                                                                          \
    union {                                                                                        \
        struct {                                                                                   \
            const char *name;                 /* unique in its model; NULL: given by the model */  \
            const char *dtype;                /* the graph's, or NULL for it */                    \
            const char *activity_regularizer; /* penalty on the output, over the batch size */     \
            bool trainable;                   /* false: training leaves its weights alone */       \
            ant_shape input_shape;            /* first layer of a Sequential: one sample */        \
        };                                                                                         \
        char ant_room[128];                                                                        \
    };                                                                                             \
    ant_graph *graph
#define ANT_LAYER_DEFAULTS .trainable = true, .graph = NULL
#define ANT_PART_OPTIONS                                                                           \
    union {                                                                                        \
        struct {                                                                                   \
            const char *name; /* shown in logs and files; NULL: the class's */                     \
        };                                                                                         \
        char ant_room[32];                                                                         \
    };                                                                                             \
    ant_graph *graph
#define ANT_PART_DEFAULTS .graph = NULL

/* Kinds of registered classes. */
enum ant_kind {
    ANT_LAYER = 1,
    ANT_ACTIVATION,
    ANT_INITIALIZER,
    ANT_REGULARIZER,
    ANT_CONSTRAINT,
    ANT_OPTIMIZER,
    ANT_SCHEDULE,
    ANT_LOSS,
    ANT_METRIC,
    ANT_CALLBACK,
    ANT_ACTION, /* compile, fit …: what a program says to a model */
    ANT_KINDS
};

/* A layer of class `cls` with `options` of `size` bytes (the offset of its member ant_end; a longer
 * struct of a newer program is refused, a shorter one of an older gets defaults for the rest).
 * Owned by options->graph. Never NULL: after an error it is dead, and so is what is made of it. */
ANT_API ant_layer *ant_layer_new(const char *cls, const void *options, size_t size,
                                 const char *file, int line);
/* The same for a part; gives its text, owned by the graph: "Adam(learning_rate=0.01)".
 * After an error it is "!", which every user of it refuses. */
ANT_API const char *ant_part_new(int kind, const char *cls, const void *options, size_t size,
                                 const char *file, int line);
/* Fills `options` with the class's defaults: for C++ and bindings, where the macros cannot be used.
 * 0, or ANT_E_OPTION where there is no such class. Any thread. */
ANT_API int ant_options_init(int kind, const char *cls, void *options, size_t size);

#define ANT__LAYER(cls, T, ...)                                                                    \
    ant_layer_new(cls, &(T){__VA_ARGS__}, offsetof(T, ant_end), __FILE__, __LINE__)
#define ANT__PART(kind, cls, T, ...)                                                               \
    ant_part_new(kind, cls, &(T){__VA_ARGS__}, offsetof(T, ant_end), __FILE__, __LINE__)

/* The name of an error code: "out of memory". Any thread. */
ANT_API const char *ant_code_text(int code);

#ifdef __cplusplus
}
#endif
#endif
