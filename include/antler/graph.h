/* Graphs, calls and models.
 *
 *     ant_graph *g = ant_graph_new(.seed = 1);
 *     ant_node *x = ant_input(g, {4}, .name = "x");
 *     ant_node *y = ant_call(ant_dense(g, 3, "softmax"), ant_call(ant_dense(g, 16, "relu"), x));
 *     ant_model *m = ant_model_new(g, ANT_NODES(x), ANT_NODES(y));
 *     if (ant_status(g)) fprintf(stderr, "%s\n", ant_error(g));
 *     ant_graph_free(g);
 *
 * Builders never return NULL and never abort: a failed one gives a dead object, and what is made of
 * it is dead too. The graph keeps the first error, with the caller's file and line. Names, node
 * numbers and random keys are given at the first action on a model, so that nothing depends on the
 * order in which arguments are evaluated.
 *
 * Threads: a graph is built by one thread. Two graphs, two threads: no restriction. Built models
 * may predict on many threads at once (train.h).
 */
#ifndef ANTLER_GRAPH_H
#define ANTLER_GRAPH_H
#include "antler/types.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif
#include <stdio.h>
#ifdef __cplusplus
extern "C" {
#endif

/* --- the graph --- */
typedef struct ant_graph_options {
    int64_t seed; /* of initial weights, dropout and shuffling: same seed, same numbers */
    int threads;  /* of every run; 0: one per core, 1: the caller's own only */
    void (*warn)(void *data, const char *text); /* gets one line; NULL: warnings are dropped */
    void *warn_data;                            /* borrowed for the graph's life */
    bool fast;         /* convolutions may give up digits for speed, see below */
    const char *dtype; /* of weights and all reals: "float32", "float64"; NULL: see below */
    char ant_end;
} ant_graph_options;
/* fast = true: 3 x 3 convolutions without strides, from 32 channels on, are made by Winograd's
 * F(4x4, 3x3) in place of F(2x2, 3x3), forward and in their inputs' gradients: less than half the
 * multiplications, and larger errors. For inputs of size about 1 and 64 channels, the root of the
 * mean squared error is about 2e-6 of the results', the largest error about 1e-5 of the largest
 * result; without it they are 3e-7 and 4e-7. Nothing else changes. Files do not hold it.
 * dtype: everything on the graph is computed in it, and saved so. NULL: in float32, unless the
 * first thing that is built is loaded from a file of float64. Reals in data may be of any type.
 * Errors (ant_status): ANT_E_OPTION for threads below 0 and other types. */
/* ant_graph_new(.seed = 1, .threads = 2): a graph, the owner of everything made on it. NULL only
 * when out of memory, and every builder takes NULL for dead. */
#define ant_graph_new(...)                                                                         \
    ant_graph_new_(&(ant_graph_options){.seed = 0, __VA_ARGS__},                                   \
                   offsetof(ant_graph_options, ant_end))
ANT_API ant_graph *ant_graph_new_(const ant_graph_options *o, size_t size);
/* Frees the graph with all its layers, nodes, models and texts, after the runs that were made for
 * its models (train.h) are freed. NULL is fine. */
ANT_API void ant_graph_free(ant_graph *g);
/* 0, or the code of the first building error. */
ANT_API int ant_status(const ant_graph *g);
/* Its text, "" when there is none: "demo.c:12: Dense: units is -3, must be at least 1". The
 * graph's; stays as it is, for the first error is kept. */
ANT_API const char *ant_error(const ant_graph *g);
/* The text of the last failed action on a model, "" when it went well. The model's, until its next
 * action. */
ANT_API const char *ant_model_error(const ant_model *m);

/* --- inputs --- */
typedef struct ant_input_options {
    ant_graph *graph;
    ant_shape shape;  /* of one sample, ended by 0; ANT_ANY: known with the data; {0}: one number */
    const char *name; /* unique in its model; NULL: input_layer, input_layer_1 … */
    const char *dtype; /* "float32" (NULL; the graph's reals), "int32", "int64", "bool" */
    int batch_size;    /* 0 or ANT_NONE: any */
    char ant_end;
} ant_input_options;
/* ant_input(g, {28, 28, 1}, .name = "image"): an input of functional models.
 * Errors: ANT_E_SHAPE (a size below 1), ANT_E_LIMIT (more than 7 axes), ANT_E_OPTION (dtype). */
#define ant_input(G, ...)                                                                          \
    ant_input_(&(ant_input_options){.graph = (G), .shape = __VA_ARGS__},                           \
               offsetof(ant_input_options, ant_end), __FILE__, __LINE__)
ANT_API ant_node *ant_input_(const ant_input_options *o, size_t size, const char *file, int line);

/* --- calls --- */
typedef struct ant_call_options {
    ant_layer *layer;                       /* or a model */
    ant_node *in[ANT_MAX_PORTS];            /* at most 63 */
    const void *too_many;                   /* catches one input too many */
    ant_node *initial_state[ANT_MAX_PORTS]; /* recurrent layers: their states at the start */
    ant_node *mask[ANT_MAX_PORTS]; /* bool, in place of the inputs' own masks; NULL: their own;
                                      ant_unmasked(): none */
    int training;     /* 0 or 1: always as if predicting or training; ANT_NONE: as the model runs */
    const char *name; /* of the call, in files; NULL: the layer's, then layer@2 … */
    /* Attention layers only (layers/attention.h). */
    ant_node *value, *key;        /* in place of the second and third input */
    ant_node *attention_mask;     /* which positions a query may look at: (batch, T, S) */
    bool use_causal_mask;         /* no position looks at a later one */
    bool return_attention_scores; /* a second result: what each position looked at */
    char ant_end;
} ant_call_options;
/* ant_call(layer, a, b, .training = false): result 0 of calling a layer or model on nodes. A layer
 * called again has the same weights. The first call builds the layer on the shapes it gets.
 *     ant_call(ant_multi_head_attention(g, 4, 16), q, .value = v, .use_causal_mask = true)
 * .mask = m is the first input's, .mask = {NULL, m} the second one's; .mask = ant_unmasked() takes
 * the first input as if it had no mask.
 * Errors: ANT_E_SHAPE (with both shapes), ANT_E_GRAPH (nodes of another graph, NULL), ANT_E_LIMIT,
 * ANT_E_OPTION (a keyword that the layer does not take). */
#define ant_call(...)                                                                              \
    ant_call_(&(ant_call_options){.training = ANT_NONE, .layer = __VA_ARGS__},                     \
              offsetof(ant_call_options, ant_end), __FILE__, __LINE__)
ANT_API ant_node *ant_call_(const ant_call_options *o, size_t size, const char *file, int line);
/* Stands for no mask, in .mask of ant_call only. */
ANT_API ant_node *ant_unmasked(void);
/* Result k (from 0) of the call that `node` is a result of: the states of an LSTM, for example.
 * Error: ANT_E_GRAPH when there is no such result. */
ANT_API ant_node *ant_output(ant_node *node, int k);
/* The shape of a node, the batch first, ANT_ANY where unknown. Gives the number of axes; 0 when the
 * node is dead. */
ANT_API int ant_node_shape(const ant_node *node, int64_t shape[ANT_MAX_AXES]);

/* A layer from its text, as in YAML: ant_layer_parse(g, "Dense(32, relu, name=hidden)"). */
#define ant_layer_parse(G, TEXT) ant_layer_parse_(G, TEXT, __FILE__, __LINE__)
ANT_API ant_layer *ant_layer_parse_(ant_graph *g, const char *text, const char *file, int line);

/* --- functional models --- */
#define ANT_NODES(...) ((ant_node *const[]){__VA_ARGS__, NULL})
typedef struct ant_model_options {
    ant_graph *graph;
    ant_node *const *inputs;  /* at most 63, ended by NULL; inner values may be inputs, too */
    ant_node *const *outputs; /* at most 63, ended by NULL; inputs and one node twice are fine */
    const char *name;         /* NULL: model, model_1 … at its first action */
    const char *output_names[ANT_MAX_PORTS]; /* in logs, data and files; NULL: the calls' */
    bool untrainable;                        /* training leaves all its layers alone */
    char ant_end;
} ant_model_options;
/* ant_model_new(g, ANT_NODES(a, b), ANT_NODES(y), "twin"): the calls between inputs and outputs. A
 * model is a layer: it may be called, its layers are shared with other models on the same nodes.
 * Errors: ANT_E_GRAPH when an output needs an input that is not among `inputs`, names the same node
 * twice as an input or two outputs alike. */
#define ant_model_new(...)                                                                         \
    ant_model_new_(&(ant_model_options){.graph = __VA_ARGS__},                                     \
                   offsetof(ant_model_options, ant_end), __FILE__, __LINE__)
ANT_API ant_model *ant_model_new_(const ant_model_options *o, size_t size, const char *file,
                                  int line);

/* --- Sequential --- */
/* ant_sequential(g, layer, layer, …): layers one after the other, each with one result. The shape
 * of a sample is said by an ant_input_layer in front or by the first layer's .input_shape, or comes
 * with the first data or call. Errors are told with the place of the layer that does not fit. */
#define ant_sequential(G, ...)                                                                     \
    ant_sequential_(G, (ant_layer *const[]){__VA_ARGS__, NULL}, NULL, __FILE__, __LINE__)
#define ant_sequential_named(G, NAME, ...)                                                         \
    ant_sequential_(G, (ant_layer *const[]){__VA_ARGS__, NULL}, NAME, __FILE__, __LINE__)
ANT_API ant_model *ant_sequential_(ant_graph *g, ant_layer *const *layers, const char *name,
                                   const char *file, int line);
/* Grows a Sequential at its end; a compiled one must be compiled again. 0 or the graph's error:
 * ANT_E_STATE when it is a layer of another model, ANT_E_GRAPH when it would contain itself. */
#define ant_add(M, L) ant_add_(M, L, __FILE__, __LINE__)
ANT_API int ant_add_(ant_model *m, ant_layer *layer, const char *file, int line);
/* Takes the last layer away, likewise. 0 or the model's error. */
ANT_API int ant_pop(ant_model *m);
/* Builds a Sequential for samples of this shape (ended by 0), where data has not done it. 0 or the
 * model's error. */
ANT_API int ant_build(ant_model *m, const int *shape);

/* --- reaching in: actions, which keep their error on the model --- */
/* The name of a model, or of a layer in the first model that was used with it; "" while it has
 * none. The graph's. */
ANT_API const char *ant_name(ant_layer *l);
/* How many layers a model has, inputs not counted; 0 after an error. */
ANT_API int ant_layer_count(ant_model *m);
/* The k-th layer in the order of the summary. Error: ANT_E_GRAPH, and a dead layer. */
ANT_API ant_layer *ant_layer_at(ant_model *m, int k);
/* A layer by its name; "encoder/dense" goes into a nested model or a wrapper. Error: ANT_E_OPTION,
 * with the nearest name, and a dead layer. */
ANT_API ant_layer *ant_layer_named(ant_model *m, const char *name);
/* Result 0 of the call-th call (from 0) of a layer: to make models on inner values. */
ANT_API ant_node *ant_layer_node(ant_model *m, const char *layer, int call);
/* Inputs and outputs: how many, their nodes (dead outside) and their names in data, logs and files
 * (NULL outside). */
ANT_API int ant_model_inputs(ant_model *m);
ANT_API int ant_model_outputs(ant_model *m);
ANT_API ant_node *ant_model_input(ant_model *m, int k);
ANT_API ant_node *ant_model_output(ant_model *m, int k);
ANT_API const char *ant_input_name(ant_model *m, int k);
ANT_API const char *ant_output_name(ant_model *m, int k);

/* --- weights: of a model, or of a layer that was called --- */
/* How many: each counts once. In Keras's order: own trainable ones, own others, then those of the
 * layers inside; freezing changes no order. */
ANT_API int ant_weight_count(ant_layer *l);
/* "encoder/dense/kernel" in a model, "kernel" in a layer; NULL outside. The graph's. */
ANT_API const char *ant_weight_name(ant_layer *l, int k);
/* A view of the numbers (of the graph's reals, row-major) to read, valid until the graph is freed;
 * data NULL where there is none. A layer's weights have numbers from the first action on a model
 * with it. Not while the model trains on another thread. */
ANT_API ant_array ant_weight_at(ant_layer *l, int k);
ANT_API ant_array ant_weight_named(ant_layer *l, const char *name);
/* Copies numbers in, of the weight's shape and any type. 0, or an error in the model (of a layer:
 * in the model that owns it): ANT_E_OPTION when there is no such weight, ANT_E_SHAPE. */
ANT_API int ant_weight_set(ant_layer *l, const char *name, ant_array values);
/* to = factor * from + (1 - factor) * to, weight by weight in order: 1 copies, 0.01 follows slowly.
 * All or nothing. 0 or `to`'s error: ANT_E_SHAPE when numbers or shapes of weights differ. */
ANT_API int ant_weights_copy(ant_layer *to, ant_layer *from, double factor);
/* How many numbers the weights hold. */
ANT_API int64_t ant_parameter_count(ant_layer *l, bool trainable_only);
/* Freezes or frees a layer and all layers inside it, in every model that shares them. A compiled
 * model must be compiled again. */
ANT_API int ant_set_trainable(ant_layer *l, bool trainable);
/* States of stateful layers go back to zero, in the model's own runs. */
ANT_API int ant_reset_states(ant_model *m);
/* A copy with layers of its own, on graph `to` (the same or another): with the weights, or newly
 * drawn. Users' classes must be registered there. Errors: in `to`, and a dead model. */
ANT_API ant_model *ant_clone(ant_model *m, ant_graph *to, bool with_weights);
/* A Normalization layer's statistics from data, batch first, of any type. 0 or an error as
 * ant_weight_set's: ANT_E_OPTION for a layer that learns nothing so, ANT_E_SHAPE, ANT_E_DATA. */
ANT_API int ant_adapt(ant_layer *l, ant_array x);

/* --- showing --- */
/* Keras's table of layers, output shapes, parameters and, for functional models, connections. 0 or
 * the model's error: ANT_E_FILE when it cannot be written. */
ANT_API int ant_summary(ant_model *m, FILE *out);
/* Its text; `columns` wide (0: as Keras has it, 88 or 108; at least 40). Freed with ant_free; NULL
 * after an error. */
ANT_API char *ant_summary_text(ant_model *m, int columns);
/* The graph in graphviz's language, freed with ant_free; NULL after an error. */
ANT_API char *ant_plot_text(ant_model *m);
ANT_API void ant_free(void *text);

/* --- users' own layers and parts --- */
/* What a user's layer or activation writes: ant_write_fn of ops.h. `in` ends at NULL. */
typedef ant_value *ant_node_write_fn(ant_program *p, const void *data, ant_value *const *in);
/* A layer class that is one function; custom.h has classes with options, weights and layers inside.
 * `write` gets the values of the call's inputs (one or more) and gives the result's. It is pure, as
 * it is called again for every batch shape, on any thread; `data` is borrowed for the graph's life.
 * Masks pass on. Texts and files say the class by its name, "my>Twice" with Keras's package or
 * "Twice". 0, or the graph's error when there is such a layer class already. */
ANT_API int ant_register_layer(ant_graph *g, const char *name, ant_node_write_fn *write,
                               const void *data);
typedef struct ant_custom_options {
    ANT_LAYER_OPTIONS;
    const char *layer_class; /* the name it was registered by */
    char ant_end;
} ant_custom_options;
/* ant_custom_layer(g, "my_layer", .name = "mine") */
#define ant_custom_layer(G, ...)                                                                   \
    ant_custom_layer_(                                                                             \
        &(ant_custom_options){ANT_LAYER_DEFAULTS, .graph = (G), .layer_class = __VA_ARGS__},       \
        offsetof(ant_custom_options, ant_end), __FILE__, __LINE__)
ANT_API ant_layer *ant_custom_layer_(const ant_custom_options *o, size_t size, const char *file,
                                     int line);
/* An activation that every layer of the graph takes by its name; `in` holds one value. */
ANT_API int ant_register_activation(ant_graph *g, const char *name, ant_node_write_fn *write,
                                    const void *data);

#ifdef __cplusplus
}
#endif
#endif
