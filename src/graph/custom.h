/* Users' own layer classes inside: what is registered, and what a call of one needs. */
#ifndef ANT_GRAPH_CUSTOM_H
#define ANT_GRAPH_CUSTOM_H
#include "antler/custom.h"
#include "graph/graph.h"

typedef struct ant_custom_class {
    ant_layer_class base; /* first: the class's impl */
    ant_layer_twin twin;
    ant_node_write_fn *write; /* of ant_register_layer; NULL: the twin's call */
    const void *data;
} ant_custom_class;

/* What ant_layer.extra holds while the class's `build` runs. */
typedef struct ant_own_building {
    const ant_dims *in;
    int n_in, code; /* code: of the first function that refused */
} ant_own_building;

/* Results of layers and the masks that they carry. */
typedef struct ant_carried {
    const ant_value *value;
    ant_value *mask;
} ant_carried;

/* What ant_layer_call.own points to while the class's `call` runs. */
typedef struct ant_own_call {
    ANT__LIST(ant_carried) carried;
    bool started; /* a layer inside was built by this call */
} ant_own_call;

/* Which of the layer's own weights has this name; -1: none. */
int ant__own_weight(const ant_layer *l, const char *name);
/* The class's functions by the twin. */
int ant__own_outputs(const ant_layer *l);
int ant__own_build(ant_layer *l, const ant_dims *in, int n_in);
int ant__own_write(ant_layer_call *c);
#endif
