/* Coarse ops: one kernel where a composition of fine ones (antler/ops.h) would be slow. Internal:
 * layers and losses write them. Dead in, dead out, as everywhere. */
#ifndef ANT_CORE_OPS_H
#define ANT_CORE_OPS_H
#include "core/kernels/attention.h"
#include "core/ops/window.h"

/* --- convolution (ops/conv.c): x (N, H, W, C), w (rows, columns, C / groups, F) --- */
/* y (N, positions, positions, F), plus bias (F) where it is not NULL. */
ant_value *ant__op_conv2d(ant_program *p, ant_value *x, ant_value *w, ant_value *bias,
                          const ant_window *window, int64_t groups);
/* Its transpose in x, for an input of the dims x: what the gradient and Conv2DTranspose need. */
ant_value *ant__op_conv2d_input(ant_program *p, ant_value *dy, ant_value *w,
                                const ant_window *window, int64_t groups, const ant_dims *x);
/* Its transpose in w: (rows, columns, C / groups, F). */
ant_value *ant__op_conv2d_kernel(ant_program *p, ant_value *x, ant_value *dy,
                                 const ant_window *window, int64_t groups);

/* --- depthwise convolution (ops/depthwise.c): x (N, H, W, C), w (rows, columns, C, m) --- */
/* y (N, positions, positions, C m), plus bias (C m) where it is not NULL. */
ant_value *ant__op_depthwise(ant_program *p, ant_value *x, ant_value *w, ant_value *bias,
                             const ant_window *window);
/* Its transpose in x, for an input of the dims x. */
ant_value *ant__op_depthwise_input(ant_program *p, ant_value *dy, ant_value *w,
                                   const ant_window *window, const ant_dims *x);
/* Its transpose in w. */
ant_value *ant__op_depthwise_kernel(ant_program *p, ant_value *x, ant_value *dy,
                                    const ant_window *window);

/* --- pooling (ops/pool.c): the largest, the mean of the real entries of each window --- */
ant_value *ant__op_max_pool(ant_program *p, ant_value *x, const ant_window *window);
ant_value *ant__op_average_pool(ant_program *p, ant_value *x, const ant_window *window);

/* --- normalization (ops/batch_norm.c, ops/norm.c): the last axis of x has gamma's and beta's
 * length --- */
/* By the moments of each channel over all other axes, which it gives too: for moving averages. */
ant_value *ant__op_batch_norm(ant_program *p, ant_value *x, ant_value *gamma, ant_value *beta,
                              double epsilon, ant_value **mean, ant_value **variance);
/* By moments that are known: gamma (x - mean) rstd + beta. */
ant_value *ant__op_normalize(ant_program *p, ant_value *x, ant_value *mean, ant_value *rstd,
                             ant_value *gamma, ant_value *beta);
/* By the moments of each row. */
ant_value *ant__op_layer_norm(ant_program *p, ant_value *x, ant_value *gamma, ant_value *beta,
                              double epsilon);
/* By the mean of each row's squares: gamma x / sqrt(mean + epsilon). */
ant_value *ant__op_rms_norm(ant_program *p, ant_value *x, ant_value *gamma, double epsilon);

/* --- cross-entropy (ops/cross_entropy.c), from logits: log(softmax) never rounds to log(0) --- */
/* (…, classes) and int32 or int64 labels (…), or targets (…, classes) of the logits' type: loss
 * (…), one per row, minus the sum of target * log(softmax(logits)). Result 1: the probabilities. A
 * label outside [0, classes) marks the run. */
ant_value *ant__op_softmax_cross_entropy(ant_program *p, ant_value *logits, ant_value *targets);
/* Entry by entry: minus target * log(sigmoid(logit)) + (1 - target) * log(1 - sigmoid(logit)). */
ant_value *ant__op_sigmoid_cross_entropy(ant_program *p, ant_value *logits, ant_value *targets);

/* --- attention (ops/attention.c) --- */
/* query (B, T, H, d), key (B, S, G, d), value (B, S, G, e): H / G heads of the query share one of
 * the others. Masks are bool and broadcast to (B, H, T, S); keys that one of them forbids do not
 * count. */
typedef struct ant_attention {
    ant_value *query, *key, *value, *mask[ANT__ATTENTION_MASKS];
    int n_masks;
    bool causal;       /* no key counts that is later than the query */
    int64_t window;    /* only keys less than so far away; 0: any */
    bool none_is_zero; /* a query that may look at nothing gets 0; else the mean of all values */
    double scale;      /* of the scores, above 0 */
    double rate;       /* share of the weights that is left out at random; 0: none */
    uint64_t random_key;
} ant_attention;
/* softmax(scale query key^T) value: (B, T, H, e), in memory that does not grow with T times S. */
ant_value *ant__op_attention(ant_program *p, const ant_attention *a);

/* --- gelu (ops/gelu.c): x times a normal distribution's probability of less than x; approximate:
 * by a sigmoid in its place, which Keras writes with tanh --- */
ant_value *ant__op_gelu(ant_program *p, ant_value *x, bool approximate);

/* --- softmax (ops/softmax.c) --- */
/* dy taken through y = softmax(…) over these axes. */
ant_value *ant__softmax_gradient(ant_program *p, ant_value *y, ant_value *dy, unsigned axis);
/* Rows of `length` numbers that make one cell of work. */
int64_t ant__softmax_block(int64_t length);
#endif
