/* The DAG of layer calls inside: nodes, calls, models, and lowering them into programs. */
#ifndef ANT_GRAPH_GRAPH_H
#define ANT_GRAPH_GRAPH_H
#include "antler/graph.h"
#include "core/pool.h"
#include "layers/layer.h"
#include <pthread.h>

typedef struct ant_layer_use ant_layer_use;
/* A set of inputs or results: bit k stands for the k-th. */
typedef uint64_t ant_ports;

/* --- things and their names, in order; both ways are found by hash --- */
typedef struct ant_name_entry {
    const void *of;
    const char *name; /* NULL: not named yet */
} ant_name_entry;

typedef struct ant_names {
    ant_name_entry *at;
    int n, room;
    int *by_thing, *by_name; /* places + 1 in `at`; 0: free */
    int slots;               /* of each table: a power of two */
    ant_arena *payer;        /* the memory comes out of its budget; NULL: out of none */
} ant_names;

/* Appends; the name is borrowed and may be NULL. false when out of memory. */
bool ant__names_add(ant_names *s, const void *of, const char *name);
void ant__names_set(ant_names *s, int place, const char *name); /* one that had none */
int ant__names_place(const ant_names *s, const void *of);       /* -1: not there */
const char *ant__name_of(const ant_names *s, const void *of);   /* NULL: not there */
const void *ant__named(const ant_names *s, const char *name);   /* the first; NULL: none */
void ant__names_clear(ant_names *s);                            /* keeps the memory */
void ant__names_free(ant_names *s);

/* --- graphs, nodes, calls --- */
struct ant_graph {
    ant_context context;  /* first: all that layers see */
    pthread_mutex_t lock; /* around settling models and their lists of idle runs */
    int threads;
    bool fast;       /* convolutions may give up digits */
    bool typed;      /* the type of its reals was said, or is in use: files do not change it */
    int models;      /* numbers for names of models */
    ant_names roots; /* models that no model owns, by name */
};

struct ant_node {
    ant_graph *graph;   /* NULL: dead */
    ant_layer_use *use; /* the call it is a result of; NULL: an input */
    int result;         /* which */
    int dtype;
    ant_dims dims;        /* batch first, -1 where unknown */
    const ant_dims *mask; /* of the mask that it carries; NULL: none */
    const char *said;     /* an input's name */
    bool from_file;       /* … said by a file: gives way on a clash */
    const char *file;
    int line;
};

/* One call of a layer on nodes. Lists are as long as they must be: most calls have one input. */
struct ant_layer_use {
    ant_layer *layer;
    int n_in, n_states, n_out;
    ant_node **in, **state, **out;
    ant_node **mask;    /* n_in of them, by input; NULL: its own … */
    ant_ports unmasked; /* … or none, by bits of the inputs */
    ant_node *attention_mask;
    int training; /* ANT_NONE, 0, 1 */
    bool use_causal_mask, return_attention_scores;
    const char *said;
    const char *file;
    int line;
};

/* Is the mask that input i carries left out of the call? */
static inline bool ant__use_unmasks(const ant_layer_use *u, int i) {
    return u->unmasked >> i & 1;
}
/* Leaves out these masks too: the call's results have other masks from then on, or none. 0 or an
 * error in the graph. */
int ant__use_unmask(ant_layer_use *u, ant_ports inputs);
/* Finds the masks of the results anew, after those of the inputs changed. Likewise. */
int ant__use_remask(ant_layer_use *u);
/* A call's operands in order: inputs, initial states, masks, attention mask; NULL behind the
 * last. */
typedef enum ant_role { ANT__IN, ANT__STATE, ANT__MASK, ANT__ATTENTION_MASK } ant_role;
int ant__use_operands(const ant_layer_use *u);
ant_node *ant__use_operand(const ant_layer_use *u, int k);
/* What operand k is, and the how manieth of its kind: *at is the input that a mask is of. */
ant_role ant__use_role(const ant_layer_use *u, int k, int *at);
/* What of a call is no operand: how many there are, and its flags. */
void ant__use_flags(ant_layer_call *c, const ant_layer_use *u);
/* A call without the caller's place before its error; NULL after one, or when something is dead. */
ant_layer_use *ant__use_new(ant_graph *g, const ant_call_options *o);
/* An input, likewise. */
ant_node *ant__input_new(ant_graph *g, const ant_input_options *o);
/* Reals become float64, as a file says that is about to be built; with a warning, they do not where
 * the graph is typed. `path` begins it. */
void ant__graph_widen(ant_graph *g, const char *path);
/* A context of its own for work that must not touch the graph's. */
ant_context ant__context_fork(const ant_graph *g);

ant_node *ant__dead_node(void);         /* one for all graphs, never written to */
bool ant__node_dead(const ant_node *n); /* or NULL */
ant_graph *ant__layer_graph(const ant_layer *l);

/* A layer from what it is written as, and back; NULL after an error (src/graph/layer_text.c).
 * `inner` reads the layers among its options; NULL: as this reads it. */
ant_layer *ant__layer_read(ant_graph *g, ant_tree *t, const ant_layer_texts *inner);
ant_tree *ant__layer_tree(const ant_layer *l);

/* --- models --- */
/* A call in the order of running, with its values' places among all values of the model: the inputs
 * come first, then the results of each step. */
typedef struct ant_step {
    ant_layer_use *use;
    uint64_t key;  /* of its name in this model */
    int from;      /* where its operands' places begin in the body's list: inputs, states, mask */
    int first_out; /* place of result 0 */
} ant_step;

/* An input or a layer in Keras's order: by decreasing distance from the outputs, then by the first
 * visit of a walk from the outputs. It is the order of weights and of the summary. */
typedef struct ant_rank {
    ant_node *input;  /* or NULL */
    ant_layer *layer; /* or NULL */
    int depth, visit;
} ant_rank;

/* The body of a model: ant_layer.extra where its class is Functional or Sequential. */
typedef struct ant_model_body {
    ant_node **in, **out; /* of a Sequential that has no shape yet: none */
    int n_in, n_out;
    const char **out_names;          /* said; entries may be NULL */
    ANT__LIST(ant_layer *) sequence; /* of a Sequential, without its InputLayer */
    ant_layer *input_layer;          /* of a Sequential that was given one */
    bool sequential;
    bool called;       /* it is a layer of another model: it cannot grow any more */
    int changes;       /* how often its layers changed: a compiled state is for one of them */
    bool settled;      /* names are there */
    bool started;      /* … and initial weights */
    ant_names layers;  /* in Keras's order: the deepest first */
    ant_names nodes;   /* inputs (ant_node) and calls (ant_layer_use): "dense", "dense@2" */
    ant_names outs;    /* outputs (their places in `out`) */
    ant_names weights; /* by path: "encoder/dense/kernel" */
    bool ordered;      /* the next six are there */
    ANT__LIST(ant_step) steps; /* calls in the order of running */
    ANT__LIST(int) from;       /* places of the steps' operands */
    int values;                /* how many places there are */
    int depth;                 /* models inside each other, itself counted */
    int out_place[ANT_MAX_PORTS];
    ANT__LIST(ant_rank) ranks; /* inputs and layers in Keras's order */
    ant_names wished;          /* names a file gives to layers, in this model only */
    ant_fault error;           /* of the last action */
    ant_run *idle;             /* runs between two actions */
    void *train;               /* the slot that the train floor fills */
    void (*train_free)(void *train);
    /* Numbers in its optimizer's variables, once it trained; before, -1. */
    int64_t (*train_numbers)(const void *train);
    /* Kept for the io floor, or NULL: how Keras nests its inputs and outputs (src/io/structure.h),
     * and the `data:` section of its file, as YAML. */
    ant_tree *in_structure, *out_structure;
    const char *data;
} ant_model_body;

ant_model_body *ant__body(const ant_model *m); /* NULL when it is no model */
/* An empty model; NULL after an error. */
ant_model *ant__model_alloc(ant_graph *g, bool sequential, const char *name, const char *file,
                            int line);
enum { ANT__MODEL_DEPTH = 64 };
/* The order of its calls, once; 0, or an error in the graph: an input is missing. */
int ant__model_order(ant_model *m);
/* Wires a Sequential for inputs of this shape; 0 or an error in the graph. */
int ant__sequential_wire(ant_model *m, const ant_input_options *input);
void ant__bodies_free(ant_graph *g);
/* Names, the order of calls, random keys and initial weights, once. 0 or an error in the body. Any
 * thread: every action begins with it. */
int ant__settle(ant_model *m);
/* Adds the weights of a layer and of the layers inside it in Keras's order, named by `path` (NULL:
 * by none) and their own path. */
int ant__collect_weights(ant_context *c, const ant_layer *l, const char *path, ant_names *out);
/* The weights of a layer or model by path, settled where that can be; NULL after an error. */
const ant_names *ant__weights_of(ant_layer *l);
/* The layer by its path in a model ("encoder/dense") and the model it is called in; NULL. */
ant_layer *ant__layer_find(ant_model *m, const char *path, ant_model **in);
/* The calls change: the next action settles anew. Idle runs go. */
void ant__unsettle(ant_model *m);
/* Forgets the last action's error; the body's error from then on tells of this one. */
int ant__action_begin(ant_model *m);
/* An error of an action: "'digits' (Sequential): …". */
int ant__model_fail(ant_model *m, int code, const char *format, ...) ANT__FORMAT(3, 4);
/* The same for any layer: kept by the model that owns it, else by the graph. */
int ant__layer_action_begin(ant_layer *l);
int ant__layer_action_fail(ant_layer *l, int code, const char *format, ...) ANT__FORMAT(3, 4);
int ant__layer_take_error(ant_layer *l, const ant_fault *e);
int ant__model_take_error(ant_model *m, const ant_fault *e); /* … that a run had */
const char *ant__model_name(const ant_model *m);             /* of a settled one */
/* Names of inputs and outputs in data, logs and files, once settled. */
const char *ant__in_name(const ant_model *m, int k);
const char *ant__out_name(const ant_model *m, int k);

/* Lowering: the values of a model's outputs for these input values (and masks, may be NULL). */
typedef struct ant_model_values {
    ant_program *program;
    ant_context *context; /* of this lowering */
    ant_lowering *lowering;
    ant_value **in, **in_mask; /* n_in of the model; in_mask may be NULL, and its entries */
    bool training;
    uint64_t key; /* of the path so far; 0 for the model that runs */
    ant_value *out[ANT_MAX_PORTS], *out_mask[ANT_MAX_PORTS];
} ant_model_values;
int ant__model_write(ant_model *m, ant_model_values *v);
/* The same for any nodes that lie between the model's inputs and outputs. */
int ant__nodes_write(ant_model *m, ant_node *const *nodes, int n, ant_model_values *v);

/* --- runs: a thread's arena, program cache, states and error --- */
/* Writes a program for one shape of the inputs; told apart in the cache by `id`. */
typedef int ant_program_writer(ant_run *r, ant_program *p, ant_lowering *l, const void *data);
/* The program for this writer and these shapes, from the cache or newly lowered; it may be run
 * until the next one is asked for. NULL: r's error. The random counter is set: ant__run_counter. */
ant_program *ant__run_program(ant_run *r, uint64_t id, const ant_dims *dims, int n,
                              ant_program_writer *write, const void *data);
int ant__run_execute(ant_run *r, ant_program *p); /* inputs are bound */
ant_fault *ant__run_error(ant_run *r);
ant_context *ant__run_context(ant_run *r); /* cleared after every lowering */
ant_pool *ant__run_pool(ant_run *r);       /* NULL: the caller's thread only */
/* The step that random numbers of the next execution are drawn at; execution adds 1. */
int64_t *ant__run_counter(ant_run *r);
void ant__run_reset_states(ant_run *r);
/* A run of the model's own, for one action; put back when it ends. NULL: the model's error. */
ant_run *ant__run_take(ant_model *m);
void ant__run_put(ant_model *m, ant_run *r);
/* A run of a user's own. NULL when out of memory. */
ant_run *ant__run_new(ant_model *m);
ant_model *ant__run_model(const ant_run *r);
/* Numbers of the run's own, aligned and with slack: buffer k grows to `size` bytes, and stays until
 * it is asked for more. NULL when out of memory. */
enum { ANT__RUN_BUFFERS = 6 * ANT_MAX_PORTS };
void *ant__run_buffer(ant_run *r, int k, size_t size);
ant_run *ant__run_next(const ant_run *r); /* in a list of idle runs */
void ant__run_free(ant_run *r);

/* Where the time of executions goes. From ant__run_measure on, those of r are timed instruction by
 * instruction; NULL: no longer. The measure is the caller's, zeros at first. */
enum { ANT__MEASURED_RUNS = 101 };
typedef struct ant_measure {
    ant_program *program; /* the last one; `seconds` and `runs` begin anew with each other one */
    double *seconds;      /* of each of its n instructions, in the last ANT__MEASURED_RUNS runs */
    int n, room, runs;
} ant_measure;
/* Of instruction k: the median, as a run that was interrupted says nothing. */
double ant__measure_seconds(const ant_measure *m, int k);
void ant__run_measure(ant_run *r, ant_measure *m);
void ant__measure_free(ant_measure *m);
/* Where the next run of p notes its instructions' times. NULL when out of memory. */
double *ant__measure_next(ant_measure *m, ant_program *p);
#endif
