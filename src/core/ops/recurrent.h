/* Recurrences over whole sequences, as one op each: what LSTM, GRU and SimpleRNN are written in
 * when their activations allow it. Same numbers as their cells in a scan, many times faster.
 *
 * Large batches walk by strips of samples (strip.h), which multiply by all weights at each step;
 * small ones are x W + b for all steps, one product, and then a walk whose vectors hold units.
 *
 * The gradient writes one walk back and products over all steps for the weights. It has no gradient
 * of its own. */
#ifndef ANT_CORE_RECURRENT_H
#define ANT_CORE_RECURRENT_H
#include "core/kernels/walk_numbers.h"
#include "core/program/program.h"

typedef struct ant_recurrence {
    ant_value *x;                          /* (batch, steps, features) */
    ant_value *kernel, *bias;              /* (features, n units), (n units) or NULL … */
    ant_value *recurrent, *recurrent_bias; /* … (units, n units), (n units) or NULL: gru's alone */
    ant_value *h, *c;                      /* at the start: (batch, units); c: lstm */
    ant_value *mask; /* bool (batch, steps); a step that is false keeps the states; or NULL */
    ant_gate activation, gate;
    bool reverse; /* from the last step to the first */
} ant_recurrence;

/* The sequence of h in the order of the walk, (batch, steps, units); *r's h and c become the last
 * states. n is 4 (gates i, f, c, o). NULL after an error. */
ant_value *ant__lstm(ant_program *p, ant_recurrence *r);
/* n is 3 (z, r, h). The reset gate acts after the product. */
ant_value *ant__gru(ant_program *p, ant_recurrence *r);
/* n is 1. */
ant_value *ant__simple_rnn(ant_program *p, ant_recurrence *r);

/* A recurrent kernel (units, gates * units) as the walk of a single sample reads it. */
ant_value *ant__pack_row_gates(ant_program *p, ant_value *matrix, int gates);

/* --- what both ops share (walk.c) --- */
/* The recurrent kernel as the walk reads it; adds ANT__WALK_ALONE to *has where the batch is one
 * sample. */
ant_value *ant__walk_pack(ant_program *p, const ant_recurrence *r, int gates, int *has);
/* The numbers of walk_numbers.h that are known from the start; `has`: the inputs that are there. */
ant_attrs ant__walk_attrs(const ant_recurrence *r, int gates, int has);
/* x W + b for all steps. */
ant_value *ant__walk_inputs(ant_program *p, const ant_recurrence *r);
/* Checks inputs 0 (batch, steps, gates * units), 1 (the kernel) and, from 3 on, `states` states
 * against each other. 0 or the error. */
typedef struct ant_walk_sizes {
    int64_t batch, steps, units;
} ant_walk_sizes;
int ant__walk_sizes(const ant_op *o, int states, ant_walk_sizes *s);
/* Input k is a mask, if there is one. */
int ant__walk_check_mask(const ant_op *o, int k, ant_walk_sizes *s);
void ant__walk_output(ant_op *o, int k, const ant_dims *dims);
/* prep of every such op; input 0 is (batch, steps, gates * units). */
int64_t ant__walk_prep(const ant_op *o, ant_nums *n);
int64_t ant__walk_cells(const ant_op *o);
/* Bytes of workspace: so many entries for each cell. */
size_t ant__walk_bytes(const ant_op *o, int64_t (*entries)(int64_t units));
/* Adds an input if it is there; returns `bit` or 0. */
int ant__walk_add(ant_value **in, int *n, ant_value *v, int bit);
/* a^T b over all samples and steps: (batch, steps, m), (batch, steps, n) -> (m, n). */
ant_value *ant__walk_product(ant_program *p, ant_value *a, ant_value *b);
#endif
