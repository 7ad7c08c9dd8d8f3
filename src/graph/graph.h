/* The DAG of layer calls inside: nodes, calls, models, and lowering them into programs. */
#ifndef ANT_GRAPH_GRAPH_H
#define ANT_GRAPH_GRAPH_H
#include "antler/graph.h"
#include "core/pool.h"
#include "layers/layer.h"

typedef struct ant_layer_use ant_layer_use;

struct ant_graph {
    ant_context context; /* first: all that layers see */
    ant_layer *dead;     /* the dead layer and node that failed builders give */
    ant_node *dead_node;
    int threads;
    int models;   /* numbers for names of models */
    bool loading; /* names come from a file */
};

struct ant_node {
    ant_graph *graph;
    ant_layer_use *use; /* the call it is a result of; NULL: an input */
    int result;         /* which */
    int dtype;
    ant_dims dims; /* batch first, -1 where unknown */
    bool masked;   /* carries a mask */
    ant_dims mask_dims;
    const char *said; /* an input's name */
    const char *file;
    int line;
};

/* One call of a layer on nodes. */
struct ant_layer_use {
    ant_layer *layer;
    ant_node *in[ANT_MAX_PORTS], *state[ANT_MAX_PORTS], *out[ANT_MAX_PORTS], *mask;
    int n_in, n_states, n_out;
    int training; /* ANT_NONE, 0, 1 */
    const char *said;
    const char *file;
    int line;
};

/* A thing and the name it has in one model. */
typedef struct ant_name_entry {
    const void *of;
    const char *name;
} ant_name_entry;
typedef ANT__LIST(ant_name_entry) ant_names;

/* The body of a model: ant_layer.extra where its class is Functional or Sequential. */
typedef struct ant_model_body {
    ant_node **in, **out;
    int n_in, n_out;
    const char **out_names;          /* said; entries may be NULL */
    ANT__LIST(ant_layer *) sequence; /* of a Sequential */
    bool sequential;
    bool settled;
    ant_names layers, uses, nodes; /* in topological order, with their names in this model */
    ant_names wished;              /* names a file gives to layers, in this model only */
    ant_fault error;               /* of the last action */
    struct ant_run_pool *runs;     /* idle runs, taken by actions */
    void *train;                   /* the slot that the train floor fills */
    void (*train_free)(void *train);
} ant_model_body;

ant_model_body *ant__body(const ant_model *m); /* NULL when it is no model */
/* Names, node numbers, random keys and initial weights, once. 0 or an error in the body. */
int ant__settle(ant_model *m);
const char *ant__name_of(const ant_names *names, const void *of);
const void *ant__named(const ant_names *names, const char *name);

/* Lowering: the values of a model's outputs for these input values (and masks, may be NULL). */
typedef struct ant_model_values {
    ant_program *program;
    ant_context *context; /* of this lowering */
    ant_lowering *lowering;
    ant_value **in, **in_mask; /* n_in of the model */
    bool training;
    ant_value *out[ANT_MAX_PORTS], *out_mask[ANT_MAX_PORTS];
} ant_model_values;
int ant__model_write(ant_model *m, ant_model_values *v);
/* The same for any nodes that lie between the model's inputs and outputs. */
int ant__nodes_write(ant_model *m, ant_node *const *nodes, int n, ant_model_values *v);

/* --- runs: a thread's arena, program cache, states and error --- */
/* Writes a program for one shape of the inputs; told apart in the cache by `id`. */
typedef int ant_program_writer(ant_run *r, ant_program *p, ant_lowering *l, const void *data);
/* The program for this writer and these shapes, from the cache or newly lowered. NULL: r's error. */
ant_program *ant__run_program(ant_run *r, uint64_t id, const ant_dims *dims, int n,
                              ant_program_writer *write, const void *data);
int ant__run_execute(ant_run *r, ant_program *p); /* inputs are bound */
ant_fault *ant__run_error(ant_run *r);
ant_context *ant__run_context(ant_run *r); /* cleared after every lowering */
ant_pool *ant__run_pool(ant_run *r);
/* A run of the model's own, for one action; put back when it ends. NULL when out of memory. */
ant_run *ant__run_take(ant_model *m);
void ant__run_put(ant_model *m, ant_run *r);
#endif
