/* Users' own layer classes: the C twins of layers that were written in Python.
 *
 * A class of this kind in Keras,
 *
 *     @keras.saving.register_keras_serializable(package="my")
 *     class Residual(keras.layers.Layer):
 *         def __init__(self, units, activation="relu", **kwargs):
 *             super().__init__(**kwargs)
 *             self.units, self.activation = units, keras.activations.get(activation)
 *             self.first = layers.Dense(units)
 *             self.second = layers.Dense(units)
 *             self.scale = self.add_weight(shape=(units,), initializer="ones", name="scale")
 *         def call(self, x):
 *             return x + self.scale * self.second(self.activation(self.first(x)))
 *         def get_config(self): …
 *
 * has its options as a C struct, its layers and weights in a function `build`, and its call in a
 * function that writes ops:
 *
 *     typedef struct residual {
 *         ANT_LAYER_OPTIONS;
 *         int units;
 *         const char *activation;
 *         char ant_end;
 *     } residual;
 *     #define RESIDUAL_DEFAULTS ANT_LAYER_DEFAULTS, .units = ANT_REQUIRED, .activation = "relu"
 *     static const ant_option residual_options[] = {
 *         ANT_OPTION(residual, units, "size of the last axis", .min = 1),
 *         ANT_OPTION(residual, activation, "between both layers", .part = ANT_ACTIVATION)};
 *
 *     static int build(ant_layer *l, ant_graph *g, const void *options) {
 *         const residual *o = options;
 *         ant_inner_set(l, "first", ant_dense(g, o->units));
 *         ant_inner_set(l, "second", ant_dense(g, o->units));
 *         return ant_own_weight(l, "scale", {o->units}, .initializer = "ones");
 *     }
 *
 *     static ant_value *call(ant_layer_call *c, ant_program *p, const void *options,
 *                            ant_value *const *in) {
 *         const residual *o = options;
 *         ant_value *y = ant_call_activation(c, o->activation, ant_inner_call(c, "first", in[0]));
 *         y = ant_inner_call(c, "second", y);
 *         return ant_op_add(p, in[0], ant_op_mul(p, ant_own_read(c, "scale"), y));
 *     }
 *
 *     ant_register_layer_class(g, "my>Residual",
 *                              ANT_TWIN_OPTIONS(residual, residual_options, RESIDUAL_DEFAULTS),
 *                              .build = build, .call = call);
 *     ant_model *m = ant_load(g, "model.keras");
 *
 * From then on the class is one like any other: it is read from Keras's files, whose weights are
 * found by the attributes' names, and written to them; texts and YAML say it by its name; it
 * trains, for gradients come from the ops. A program makes such layers itself with a macro of its
 * own:
 *
 *     #define residual_layer(G, ...)                                                 \
 *         ANT_LAYER_NEW("Residual", residual, RESIDUAL_DEFAULTS, .graph = (G),       \
 *                       .units = __VA_ARGS__)
 *     ant_sequential(g, residual_layer(g, 8, .input_shape = {8}), ant_dense(g, 1));
 *
 * What is not taken: code that runs once per batch or looks at numbers (`call` writes ops, and
 * never sees a number), cells of recurrent layers, add_loss and metrics inside of layers.
 *
 * Threads: a graph's classes are registered, and its layers built, by the thread that builds the
 * graph. `call` runs on any thread that predicts or trains, and must not write to anything
 * shared. */
#ifndef ANTLER_CUSTOM_H
#define ANTLER_CUSTOM_H
#include "antler/types.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* --- options --- */
/* What an option's C type is: found by the compiler. */
typedef enum ant_field {
    ANT__INT,
    ANT__FLOAT,
    ANT__BOOL,
    ANT__STRING,
    ANT__SIZE,
    ANT__SHAPE,
    ANT__SPAN,
    ANT__INT_LIST,
    ANT__FLOAT_LIST,
    ANT__TEXT_LIST,
    ANT__PARTS,
    ANT__ONE_LAYER,
    ANT__LAYERS
} ant_field;
#define ANT__FIELD_OF(x)                                                                           \
    _Generic(&(x), int *: ANT__INT, double *: ANT__FLOAT, bool *: ANT__BOOL, \
        const char **: ANT__STRING, ant_size *: ANT__SIZE, ant_shape *: ANT__SHAPE, \
        ant_span *: ANT__SPAN, ant_ints *: ANT__INT_LIST, ant_floats *: ANT__FLOAT_LIST, \
        ant_texts *: ANT__TEXT_LIST, const char *(*)[ANT_MAX_LIST]: ANT__PARTS, \
        ant_layer **: ANT__ONE_LAYER, ant_layer *(*)[ANT_MAX_LIST]: ANT__LAYERS)

/* One option of a user's class, by the name that it has in the class's get_config. */
typedef struct ant_option {
    const char *name;
    size_t offset, size;
    ant_field field;
    const char *help;
    double min, max;   /* numbers: the range; a max not above min: no upper limit; both 0: none */
    bool above;        /* min itself is refused */
    bool none;         /* takes None though its default is not None */
    int part;          /* texts: what kind of part they name: ANT_ACTIVATION, ANT_INITIALIZER … */
    const char *words; /* texts: the words allowed, separated by spaces; NULL: any */
} ant_option;
/* ANT_OPTION(residual, units, "size of the last axis", .min = 1): a field of the struct, which is
 * an int, double, bool, const char *, ant_size, ant_shape, ant_span, ant_ints, ant_floats,
 * ant_texts or ant_layer *. A layer among the options is the user's to call: ant_inner_set in
 * `build`, under the option's own name. */
#define ANT_OPTION(T, f, ...)                                                                      \
    {                                                                                              \
        .name = #f, .offset = offsetof(T, f), .size = sizeof((T *)0)->f,                           \
        .field = ANT__FIELD_OF(((T *)0)->f), .help = __VA_ARGS__                                   \
    }

/* --- the class --- */
/* One layer while it is called; valid until `call` returns. */
typedef struct ant_layer_call ant_layer_call;
/* Declares the layers and weights of `l`, at its first call. `options` are the struct of the class,
 * checked. 0, or a code and an error told by ant_layer_error; what a function for building refused
 * need not be looked at. */
typedef int ant_build_fn(ant_layer *l, ant_graph *g, const void *options);
/* Writes ops for one call and gives its (first) result; `in` holds the inputs and ends at NULL.
 * Pure, as it is called again for every batch shape, on any thread: what it does may follow from
 * options, shapes and training only. NULL after an error. */
typedef ant_value *ant_layer_call_fn(ant_layer_call *c, ant_program *p, const void *options,
                                     ant_value *const *in);
typedef struct ant_layer_twin {
    ant_graph *graph;
    const char *name;          /* "my>Residual": Keras's package and class; or the class alone */
    size_t size;               /* these four by ANT_TWIN_OPTIONS; all 0: no options of its own */
    const void *defaults;      /* the struct with its defaults */
    const ant_option *options; /* in the order in which texts may say them by place */
    int n_options;
    ant_build_fn *build; /* NULL: neither layers nor weights */
    ant_layer_call_fn *call;
    int inputs_min, inputs_max; /* both 0: exactly one; at most 63 */
    int outputs;                /* results of a call; 0: one */
    /* Python's names for the inputs, where call takes several: "query context"; '*' behind the last
     * one says that it is a list. NULL: the first argument holds all inputs. */
    const char *arguments;
    bool supports_masking; /* Keras's self.supports_masking: input 0's mask goes on */
    char ant_end;
} ant_layer_twin;
/* ANT_TWIN_OPTIONS(residual, residual_options, RESIDUAL_DEFAULTS): the struct, its rows (an array)
 * and its defaults. The struct begins with ANT_LAYER_OPTIONS and ends with `char ant_end`. */
#define ANT_TWIN_OPTIONS(T, ROWS, ...)                                                             \
    .size = offsetof(T, ant_end), .defaults = &(const T){__VA_ARGS__}, .options = (ROWS),          \
    .n_options = (int)(sizeof(ROWS) / sizeof *(ROWS))
/* ant_register_layer_class(g, "my>Residual", …): all is copied but the texts of `options`, which
 * are borrowed for the graph's life. Files that name the class with a package find it under
 * "my>Residual", or under "Residual", which takes every package and writes back the one that was
 * read. 0, or the graph's error: ANT_E_OPTION when there is such a class already or a row does not
 * fit its struct. */
#define ant_register_layer_class(G, ...)                                                           \
    ant_register_layer_class_(&(ant_layer_twin){.graph = (G), .name = __VA_ARGS__},                \
                              offsetof(ant_layer_twin, ant_end))
ANT_API int ant_register_layer_class_(const ant_layer_twin *t, size_t size);
/* A layer of such a class; for the macro that its program defines. As ant_layer_new. */
#define ANT_LAYER_NEW(NAME, T, ...) ANT__LAYER(NAME, T, __VA_ARGS__)

/* --- in `build` --- */
/* A layer inside of this one, under the attribute that holds it in Python: self.first. Layers are
 * set in the order in which Python's __init__ and build assign them, for optimizers in Keras's
 * files count their weights so. A model, as ant_sequential gives it, is a layer too; a layer of a
 * user's class likewise. It is built by its first call. 0, or the graph's error: ANT_E_OPTION when
 * the attribute is no name of Python's, or taken, or when the layer was called elsewhere and is no
 * option; ANT_E_GRAPH for a layer that failed. */
ANT_API int ant_inner_set(ant_layer *l, const char *attribute, ant_layer *inner);
/* The next one of a list: self.blocks = [Dense(8), Dense(8)]. (Or of a dict, in its order.) In
 * weights' paths it is blocks.0, blocks.1 … 0 or the graph's error, as ant_inner_set. */
ANT_API int ant_inner_append(ant_layer *l, const char *attribute, ant_layer *inner);
typedef struct ant_own_weight_options {
    const char *name;        /* one word, unique in the layer */
    ant_shape shape;         /* ended by 0; {0}: one number */
    const char *initializer; /* as in all layers; NULL: glorot_uniform, Keras's own default */
    const char *regularizer, *constraint;
    bool trainable;
    char ant_end;
} ant_own_weight_options;
/* ant_own_weight(l, "scale", {units}, .initializer = "ones"): self.add_weight, in Python's order.
 * 0, or the graph's error: ANT_E_OPTION (name or a part), ANT_E_SHAPE (an axis below 1). */
#define ant_own_weight(L, NAME, ...)                                                               \
    ant_own_weight_(                                                                               \
        (L), &(ant_own_weight_options){.trainable = true, .name = (NAME), .shape = __VA_ARGS__},   \
        offsetof(ant_own_weight_options, ant_end))
ANT_API int ant_own_weight_(ant_layer *l, const ant_own_weight_options *o, size_t size);
/* The shape of input k, the batch first, ANT_ANY where unknown; gives the number of axes, 0 where
 * there is no such input. Only while the layer is built. */
ANT_API int ant_build_shape(const ant_layer *l, int k, int64_t shape[ANT_MAX_AXES]);
/* Refuses, in printf's manner; gives `code`. The text is put behind the layer's name. */
ANT_API int ant_layer_error(ant_layer *l, int code, const char *format, ...) ANT__FORMAT(3, 4);

/* --- in `call`: like ops, all take NULL for a value that failed, and give NULL --- */
typedef struct ant_inner_options {
    ant_layer_call *call;
    const char *name;             /* the attribute */
    ant_value *in[ANT_MAX_PORTS]; /* at most 63 */
    const void *too_many;         /* catches one input too many */
    int index;                    /* of a list: which of it */
    int training;                 /* 0 or 1; ANT_NONE: as this layer is called */
    ant_value *initial_state[ANT_MAX_PORTS];
    ant_value *mask[ANT_MAX_PORTS]; /* bool, in place of what the inputs carry */
    ant_value *attention_mask;
    bool use_causal_mask, return_attention_scores;
    ant_value **results; /* gets all results of the call, ANT_MAX_PORTS values; NULL: not wanted */
    char ant_end;
} ant_inner_options;
/* ant_inner_call(c, "second", x), ant_inner_call(c, "blocks", x, .index = k), ant_inner_call(c,
 * "att", x, y, .use_causal_mask = true): result 0 of calling a layer inside. Masks travel with the
 * values that layers give, as in Keras, and not through ops. */
#define ant_inner_call(C, ...)                                                                     \
    ant_inner_call_(                                                                               \
        &(ant_inner_options){                                                                      \
            .index = ANT_NONE, .training = ANT_NONE, .call = (C), .name = __VA_ARGS__},            \
        offsetof(ant_inner_options, ant_end))
ANT_API ant_value *ant_inner_call_(const ant_inner_options *o, size_t size);
/* An own weight as it is now, and a new value for it, which later reads give and the program's end
 * keeps: moving averages. No gradient comes back through it, as in Keras on TensorFlow. */
ANT_API ant_value *ant_own_read(ant_layer_call *c, const char *name);
ANT_API void ant_own_assign(ant_layer_call *c, const char *name, ant_value *v);
/* An activation by its text, an option of kind ANT_ACTIVATION for example; NULL: x itself. */
ANT_API ant_value *ant_call_activation(ant_layer_call *c, const char *text, ant_value *x);
/* Is the model being trained? */
ANT_API bool ant_call_training(const ant_layer_call *c);
/* The mask (bool) that an input or a layer's result carries; NULL: none. And one for a result, as
 * Keras's compute_mask gives it. */
ANT_API ant_value *ant_call_mask(const ant_layer_call *c, const ant_value *v);
ANT_API void ant_call_set_mask(ant_layer_call *c, ant_value *v, ant_value *mask);
/* Result k, from 1 on, of a class with several. */
ANT_API void ant_call_result(ant_layer_call *c, int k, ant_value *v);
/* Refuses, as ant_layer_error; gives NULL. */
ANT_API ant_value *ant_call_error(ant_layer_call *c, int code, const char *format, ...)
    ANT__FORMAT(3, 4);

#ifdef __cplusplus
}
#endif
#endif
