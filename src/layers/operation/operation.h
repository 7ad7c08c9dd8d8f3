/* One row per operation on nodes: what it is called, what it takes, and how it is written. */
#ifndef ANT_LAYERS_OPERATION_H
#define ANT_LAYERS_OPERATION_H
#include "antler/operations.h"
#include "layers/layer.h"

/* Options that an operation takes; with `must`, one that it cannot do without. */
enum {
    ANT__OP_AXIS = 1,
    ANT__OP_KEEPDIMS = 2,
    ANT__OP_NUMBERS = 4, /* x1, x2 */
    ANT__OP_LIMITS = 8,  /* x_min, x_max */
    ANT__OP_SHAPE = 16,
    ANT__OP_START = 32,
    ANT__OP_COUNT = 64,
    ANT__OP_STEP = 128,
    ANT__OP_AROUND = 256, /* before, after, value */
    ANT__OP_TO = 512,
};

/* Values with numbers among them already put in their places. */
typedef struct ant_operands {
    ant_program *program;
    ant_layer_call *call; /* for messages */
    const ant_operation_options *options;
    ant_value *in[ANT_MAX_PORTS];
    int n;
} ant_operands;

typedef struct ant_operation {
    const char *name;
    int min, max;         /* values, numbers counted in; both 0: as the writer wants */
    unsigned takes, must; /* options */
    /* one of these */
    ant_value *(*unary)(ant_program *p, ant_value *a);
    ant_value *(*binary)(ant_program *p, ant_value *a, ant_value *b);
    ant_value *(*reduce)(ant_program *p, ant_value *a, unsigned axes, bool keep);
    ant_value *(*along)(ant_program *p, ant_value *a, int axis);
    ant_value *(*write)(ant_operands *o);
} ant_operation;

extern const ant_operation ant__operations[];
extern const int ant__operations_n;
#endif
