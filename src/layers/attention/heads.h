/* What layers with several heads share: how their axes lie, what the masks allow, the weights. */
#ifndef ANT_LAYERS_HEADS_H
#define ANT_LAYERS_HEADS_H
#include "core/ops/ops.h"
#include "layers/layer.h"

enum { ANT__QUERY, ANT__VALUE, ANT__KEY };

/* The axes of query, value and key, as they came in: some are of positions, the others are batches;
 * the last is of features. Projected ones have an axis of heads before the last. */
typedef struct ant_heads {
    int rank; /* of the inputs */
    int n_axes, axis[ANT_MAX_AXES];
    int n_batch, batch[ANT_MAX_AXES];
} ant_heads;

/* From the option attention_axes (ANT_NONE: all between the batch and the features), for inputs of
 * these dims (query, value, key). 0, or an error told by ant__call_fail. */
int ant__heads_of(ant_layer_call *c, ant_size attention_axes, const ant_dims in[3], ant_heads *h);

/* What may look at what, as the call's masks and keywords say. */
typedef struct ant_heads_mask {
    /* bool, of (batch, heads, T, S) or what broadcasts to it, batches and positions each as one
     * axis */
    ant_value *given[ANT__ATTENTION_MASKS];
    int n;
    bool causal;
    int window; /* only positions less than so far away; ANT_NONE: any */
} ant_heads_mask;
/* 0, or the error told by ant__call_fail. */
int ant__heads_mask(ant_layer_call *c, const ant_heads *h, int sliding_window, ant_heads_mask *m);

/* (rows, columns), bool: no column is later than its row. */
ant_value *ant__not_later(ant_program *p, int64_t rows, int64_t columns);

typedef struct ant_attend {
    ant_value *query, *key, *value; /* (…, heads, size); fewer heads of key and value are shared */
    ant_heads_mask mask;
    double scale, dropout;
    int seed;
    bool scores; /* the weights are wanted */
} ant_attend;
/* The weighted means (…, heads, size of value); *scores (batches…, heads, T…, S…) where wanted. */
ant_value *ant__attend(ant_layer_call *c, const ant_heads *h, const ant_attend *a,
                       ant_value **scores);
#endif
