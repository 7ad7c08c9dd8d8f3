/* What the elementwise kernel reads: a chain of steps over values that all have the chain's dims,
 * run tile by tile so that what lies between stays in the first-level cache.
 *
 * A register is one tile of numbers of type R. Registers [0, n_in) are the inputs, register
 * n_in + s is what step s gives. Bools are 0 and 1 in registers; int32 and int64 are exact in them,
 * as such chains are computed in double. */
#ifndef ANT_CORE_KERNELS_ELEMENTWISE_H
#define ANT_CORE_KERNELS_ELEMENTWISE_H
#include "antler/ops.h"

enum {
    ANT__E_INPUTS = 12, /* of one chain at most */
    ANT__E_STEPS = 24,
    ANT__E_BUFFERS = ANT__E_INPUTS + ANT__E_STEPS,
    ANT__E_TILE_BYTES = 2048, /* of one register */
    ANT__E_CELL = 8192,       /* entries of one cell: what a thread gets at least */
};

/* Codes: a, b, c are registers, f and g numbers of the step. */
#define ANT__E_CODES(X)                                                                            \
    X(identity)  /* a */                                                                           \
    X(truth)     /* a != 0 */                                                                      \
    X(scale)     /* a * f */                                                                       \
    X(shift)     /* a + f */                                                                       \
    X(clip)      /* a within [f, g] */                                                             \
    X(where)     /* a ? b : c */                                                                   \
    X(gate)      /* a > 0 ? b : 0 */                                                               \
    X(bound)     /* a within [0, f] */                                                             \
    X(within)    /* 0 < a < f ? b : 0 */                                                           \
    X(gelu)      /* a P(a), P the normal distribution (ops/gelu.c) */                              \
    X(gelu_back) /* b times its slope at a */                                                      \
    X(gelu_tanh) /* the same with P by a sigmoid */                                                \
    X(gelu_tanh_back)
/* Two steps or three in one pass (passes/pairs.c); each is rounded as it was alone. */
#define ANT__E_PAIRS(X)                                                                            \
    X(sub_scale)        /* (a - b) f */                                                            \
    X(lerp)             /* (a - b) f + c */                                                        \
    X(square_sub)       /* a a - b */                                                              \
    X(square_sub_scale) /* (a a - b) f */                                                          \
    X(square_lerp)      /* (a a - b) f + c */                                                      \
    X(sqrt_shift)       /* sqrt(a) + f */                                                          \
    X(scale_add)        /* a f + b */                                                              \
    X(scale_from)       /* b - a f */                                                              \
    X(mul_add)          /* a b + c */                                                              \
    X(mul_from)         /* c - a b */                                                              \
    X(mul_mul)          /* a b c */                                                                \
    X(div_from)         /* c - a / b */
enum ant_elementwise_code {
    ANT__E_none = 0, /* not an elementwise op */
#define X(name) ANT__E_##name,
    ANT__E_CODES(X) ANT__E_PAIRS(X) ANT_BINARY_OPS(X) ANT_UNARY_OPS(X)
#undef X
        ANT__E_ALL
};

enum ant_fused_mode {
    ANT__E_DIRECT, /* of type R and of the chain's dims: read where it is */
    ANT__E_SCALAR, /* one entry */
    ANT__E_STRIDED /* broadcast or converted */
};
typedef struct ant_fused_input {
    int mode, dtype;
    int buffer;                   /* unless direct */
    unsigned replaced;            /* bit k: output k may lie in this input's memory */
    int64_t stride[ANT_MAX_AXES]; /* in entries; 0 where it is broadcast */
} ant_fused_input;

typedef struct ant_fused_step {
    int code;
    int a, b, c; /* registers */
    int buffer;  /* where the result goes; -1: straight to the output */
    int output;  /* which output it is; -1: none */
    int dtype;   /* of the output */
    double f, g;
} ant_fused_step;

/* One chain, or several that take the same steps (passes/alike.c): all inputs of the first come
 * first, then those of the next; so do the outputs. A scalar is the same for all of them. */
typedef struct ant_fused {
    const char *name; /* for profiles: of the op, or of the last one of a chain */
    int64_t total;    /* entries, of all chains together */
    int chains;
    const int64_t *count; /* entries of each */
    int rank;             /* axes that no input can tell apart are one */
    int64_t dim[ANT_MAX_AXES];
    int n_in, n_steps, n_out;
    ant_fused_input *in;
    ant_fused_step *step;
} ant_fused;
#endif
