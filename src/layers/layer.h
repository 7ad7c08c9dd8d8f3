/* What a layer is: a class, options, weights; and what its class can do. Knows no graph.
 *
 * A layer does not compute: `call` writes ops into a program. It is called again for every batch
 * shape, so it is a pure function of options and shapes, and keeps nothing.
 */
#ifndef ANT_LAYERS_LAYER_H
#define ANT_LAYERS_LAYER_H
#include "core/options/option.h"
#include "core/program/program.h"

typedef struct ant_weight {
    ant_variable variable;   /* name: "kernel"; data once the model is settled */
    const char *initializer; /* canonical texts; NULL: none */
    const char *regularizer, *constraint;
    bool trainable;             /* false: moving averages, seeds */
    bool frozen;                /* it could be trained, but its layer keeps it: LoRA's kernel … */
    struct ant_weight *adapted; /* … which this one, LoRA's A or B, is there for; NULL: none */
    bool whole;                 /* counts something: Keras's files have whole numbers there */
    uint64_t key;               /* of its initial values: seed and the first owner's path */
    bool initialized;
    ant_layer *layer; /* whose it is */
    /* fills after the initializer: LSTM's forget bias; NULL: nothing to do */
    void (*adjust)(struct ant_weight *w);
} ant_weight;

/* Public options common to all layers, as any class's options begin. */
typedef struct ant_layer_common {
    ANT_LAYER_OPTIONS;
} ant_layer_common;

struct ant_layer {
    const ant_class *cls;
    void *options; /* the class's struct; its first part is ant_layer_common */
    ant_context *context;
    ant_layer *next;   /* in the context's list of all layers */
    const char *label; /* for messages: "'hidden' (Dense)" */
    const char *said;  /* the name said by the user or a file; NULL: given by the model */
    const char *given; /* the name it has in its owner (a path inside wrappers), once settled */
    bool from_file;    /* … by a file: gives way on a clash */
    const char *file;  /* where it was made, for messages */
    int line;
    bool dead, built;
    bool trainable;                      /* changed by ant_set_trainable; starts as the option */
    ant_dims built_dims;                 /* input 0 when it was built */
    ANT__LIST(ant_weight *) weights;     /* its own, in order of creation */
    ANT__LIST(ant_layer *) children;     /* wrapped layers, cells; a model's layers */
    ANT__LIST(const char *) child_names; /* their level in weight paths: "forward_lstm", "cell" */
    ant_layer *owner;                    /* the model that settled it first */
    void *extra;                         /* the class's own: a model's graph, adapted statistics */
    struct ant_names *paths; /* its weights by path, where they were asked for: graph/weights.c */
};

typedef struct ant_layer_call ant_layer_call;

/* A class's `impl`. */
typedef struct ant_layer_class {
    /* How many results a call has; NULL: one. */
    int (*outputs)(const ant_layer *l);
    /* Checks the inputs' shapes (batch and others may be unknown) and declares weights and
     * children. Called once, at the first call. NULL: nothing to build. */
    int (*build)(ant_layer *l, const ant_dims *in, int n_in);
    /* Writes ops; sets c->out[0 … outputs). 0 or an error told by ant__call_fail. */
    int (*call)(ant_layer_call *c);
    /* What becomes of masks when `call` sets no c->out_mask itself. */
    enum ant_mask_rule {
        ANT__MASK_DROP, /* conv, pooling, Flatten …: no mask goes on */
        ANT__MASK_PASS, /* Dense, Activation, Dropout …: input 0's mask goes on */
        ANT__MASK_OWN   /* `call` sets c->out_mask */
    } mask;
    int inputs_min, inputs_max; /* both 0: exactly one */
    /* Learns from data (row-major numbers of shape `in`); built, weights have their memory. NULL:
     * it does not. */
    int (*adapt)(ant_layer *l, const double *x, const ant_dims *in);
    const struct ant_cell_class *cell; /* layers/rnn/cell.h; NULL: not a recurrent cell */
    const char *(*base_name)(
        const ant_layer *l); /* of automatic names; NULL: the class's, in snake */
    const char *made_by;     /* what makes such layers, when ant_layer_new cannot */
    /* Keras's attributes for the layers inside, by which its files know their weights: in the order
     * of the children, "forward_layer backward_layer"; '*' behind the last one says that it is a
     * list of all that are left, "cells*". Where not all are always there, by their levels in
     * paths: "query=query_dense gate=_gate_dense". NULL: the children's levels in paths. */
    const char *attributes;
    bool attention;      /* inputs are query, value, key; its calls take attention's keywords … */
    bool attention_mask; /* … this one among them */
    bool penalty_inside; /* activity_regularizer is for the layers inside, not for the results */
    /* Keras's names for the inputs of a call, in their order: "query value key"; '*' behind the
     * last one says that it is a list of all that are left, "sequences initial_state*". NULL: the
     * first argument holds all inputs. */
    const char *arguments;
} ant_layer_class;

/* One call while its ops are written. */
struct ant_layer_call {
    ant_layer *layer;
    ant_program *program;
    ant_program *steady;  /* in a step of a walk: the program around it; NULL: `program` */
    ant_context *context; /* for texts and errors of this lowering, never the graph's own */
    ant_value *in[ANT_MAX_PORTS];
    ant_value *mask[ANT_MAX_PORTS]; /* bool; NULL: none */
    bool mask_said;                 /* input 0's by keyword; else it came with the input */
    int n_in;
    ant_value *initial_state[ANT_MAX_PORTS]; /* keyword of recurrent layers */
    int n_states;
    ant_value *attention_mask; /* keywords of attention layers */
    bool use_causal_mask, return_attention_scores;
    bool training;
    bool bare; /* Keras's call() in place of __call__(): an activity penalty is not counted */
    int n_out; /* as the class says; `call` may give more where a keyword asks for them */
    ant_value *out[ANT_MAX_PORTS];
    ant_value *out_mask[ANT_MAX_PORTS];
    uint64_t key; /* of this call's random numbers: the path in the running model */
    int draws;    /* how many were asked for so far */
    struct ant_lowering *lowering; /* what all calls of one program share */
    struct ant_own_call *own;      /* while a user's own class writes: graph/custom.h */
};

/* Shared by all calls of a program being written. */
typedef struct ant_lowering {
    ant_program *program;          /* the outermost, in which losses are summed */
    ANT__LIST(ant_value *) losses; /* scalars: activity penalties, add_loss */
    /* A state that outlives the batch (stateful recurrent layers), zeros at first: a variable of
     * the run, the k-th of this layer. NULL in scratch programs or after an error. */
    ant_variable *(*state)(void *host, const ant_layer *l, int k, int dtype, const ant_dims *dims);
    void *host;
    bool scratch; /* only shapes are wanted */
} ant_lowering;

/* --- what classes use --- */
#define ANT__OPTIONS(T, l) ((const ant_##T##_options *)(l)->options)
typedef struct ant_weight_spec {
    const char *name; /* "kernel" */
    ant_dims dims;
    const char *initializer, *regularizer, *constraint;
    bool fixed; /* not trainable */
    bool whole; /* counts something */
    void (*adjust)(ant_weight *w);
} ant_weight_spec;
/* Does training change it? Its layer must be trainable too, and all that it is in. */
static inline bool ant__weight_trained(const ant_weight *w) {
    return w->trainable && !w->frozen && w->layer->trainable;
}
/* In build: declares the next weight. 0 or an error. */
int ant__weight_add(ant_layer *l, const ant_weight_spec *spec);
/* In build: a layer inside this one, with its level in paths. */
int ant__child_add(ant_layer *l, ant_layer *child, const char *name);
/* In call: the k-th weight of the layer, read (and constrained ones are just read: constraints act
 * after an update). */
ant_value *ant__weight_read(ant_layer_call *c, int k);
void ant__weight_assign(ant_layer_call *c, int k, ant_value *v);
/* A layer inside this one, called on one value (or more: set n_in): builds nothing (build did).
 * Fills `inner` with program, training, lowering and a key of its own. Use as:
 *     ant_layer_call in;
 *     ant__call_inner(c, k, &in);
 *     in.in[0] = x;
 *     ant__layer_write(&in); */
void ant__call_inner(ant_layer_call *c, int child, ant_layer_call *inner);
/* Every call goes through here: casts inputs, calls the class, applies its mask rule, adds the
 * activity penalty. */
int ant__layer_write(ant_layer_call *c);
/* Builds on these shapes when that was not done; checks the number of inputs. */
int ant__layer_build(ant_layer *l, const ant_dims *in, int n_in);
/* Forgets weights and children: a layer whose build failed may be tried again on another shape. */
void ant__layer_unbuild(ant_layer *l);
int ant__layer_outputs(const ant_layer *l);
/* Errors that name the layer: "dense_1 (Dense): …". */
int ant__call_fail(ant_layer_call *c, int code, const char *format, ...) ANT__FORMAT(3, 4);
int ant__layer_fail(ant_layer *l, int code, const char *format, ...) ANT__FORMAT(3, 4);
const char *ant__layer_label(const ant_layer *l); /* "'hidden' (Dense)" */
int ant__layer_rename(ant_layer *l,
                      const char *name); /* the name given by its model, in the label */
/* The key of the next draw of this call; `seed` the layer's own, or ANT_NONE. */
uint64_t ant__call_key(ant_layer_call *c, int seed);

/* x without a share `rate` of its numbers, the others scaled up; `noise` broadcasts to x's dims. */
ant_value *ant__dropout_write(ant_layer_call *c, ant_value *x, const ant_dims *noise, double rate,
                              int seed);

/* --- what the graph uses --- */
/* What failed builders give; one for all graphs, never written to. */
ant_layer *ant__dead_layer(void);
/* An empty layer in the context's list; NULL when out of memory. */
ant_layer *ant__layer_alloc(ant_context *c, const ant_class *cls, void *options);
/* How many layers an option has room for: 0 where it holds none. */
int ant__row_layers(const ant_row *row);
/* The layers among a layer's options, in order; their number. */
int ant__option_layers(const ant_class *cls, const void *options, ant_layer *out[ANT_MAX_LIST]);
/* The field of an option by name, or NULL when the class has none of that name. */
void *ant__layer_option(const ant_layer *l, const char *name);
/* A new layer of class `cls` that takes over every option both classes have; layers among the
 * options are copied in turn. It has no weights yet and no name. NULL: the context's error. */
ant_layer *ant__layer_derive(const ant_layer *from, const ant_class *cls);
/* Frees what the layers of a context hold beside its arena. */
void ant__layers_free(ant_context *c);
/* Memory and initial numbers by the key, once. Errors go to `c`. */
int ant__weight_start(ant_context *c, ant_weight *w, uint64_t key);
/* Its memory alone, zeroed: for numbers that come from elsewhere. */
int ant__weight_allocate(ant_context *c, ant_weight *w);
/* The user's place before a building error that is new: `had` says whether there was one before. */
int ant__blame(ant_context *c, bool had, const char *file, int line);

/* --- parts that layers use --- */
/* Applies an activation's text (NULL: none) to a value. */
ant_value *ant__activation_write(ant_layer_call *c, const char *text, ant_value *x);
/* relu and elu with their options as numbers (max_value ANT_NONE: none), for the layers that are
 * activations. */
ant_value *ant__relu_write(ant_program *p, ant_value *x, double negative_slope, double max_value,
                           double threshold);
ant_value *ant__elu_write(ant_program *p, ant_value *x, double alpha);
/* The penalty of a regularizer's text on a value: a scalar. */
ant_value *ant__regularizer_write(ant_context *c, ant_program *p, const char *text, ant_value *x);
/* The penalty of a regularizer's text on a layer's output, over the batch size, goes into the
 * loss. */
int ant__penalty_add(ant_layer_call *c, const char *regularizer, ant_value *out);
/* The value a constraint's text makes of a weight. */
ant_value *ant__constraint_write(ant_context *c, ant_program *p, const char *text, ant_value *x);
/* Numbers by an initializer's text, into the variable's data. */
int ant__initializer_fill(ant_context *c, const char *text, uint64_t key, ant_variable *out);

/* `impl` of activations, regularizers and constraints: a pure function that writes ops. Each gets
 * the part, so that one function can serve several classes. NULL after an error in the program. */
typedef struct ant_writer_class {
    ant_value *(*write)(ant_program *p, const ant_part *part, ant_value *x);
} ant_writer_class;
/* `impl` of initializers. 0, or an error in c. */
typedef struct ant_initializer_class {
    int (*fill)(ant_context *c, const ant_part *part, uint64_t key, ant_variable *out);
} ant_initializer_class;
#define ANT__PART_OPTIONS(T, part) ((const ant_##T##_options *)(part)->options)
#endif
