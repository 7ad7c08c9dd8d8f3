/* Recurrences by strips: samples in the lanes of vectors (kernels/strip.h), for batches that fill
 * them. recurrent.h has the ops that choose. */
#ifndef ANT_CORE_STRIP_H
#define ANT_CORE_STRIP_H
#include "core/ops/recurrent.h"

/* Is the batch large enough? */
bool ant__strip_fits(const ant_recurrence *r);
/* As ant__lstm, ant__gru and ant__simple_rnn. */
typedef enum ant_strip_kind {
    ANT__STRIP_LSTM,
    ANT__STRIP_GRU,
    ANT__STRIP_SIMPLE,
    ANT__STRIP_KINDS
} ant_strip_kind;
ant_value *ant__strip(ant_program *p, ant_strip_kind kind, ant_recurrence *r);

/* Weights (rows, gates * units), and a bias (NULL: zeros), as strips read them; of the transpose
 * when `transposed`. Without gradient: who packs knows what was packed. */
ant_value *ant__pack_gates(ant_program *p, ant_value *matrix, ant_value *bias, int gates,
                           bool transposed);
#endif
