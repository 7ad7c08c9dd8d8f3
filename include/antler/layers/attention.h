/* Attention layers: MultiHeadAttention, GroupQueryAttention, Attention, AdditiveAttention.
 *
 *     ant_node *x = ant_input(g, {128, 256});
 *     ant_node *h = ant_call(ant_multi_head_attention(g, 4, 64), x, x, .use_causal_mask = true);
 *
 * A position of the query looks at all positions of the key and gets a mean of the value, weighted
 * by how well they match. Shapes are written with the batch first: query (batch, T, d), value
 * (batch, S, e), key (batch, S, k). Every layer also takes the options common to all
 * (ANT_LAYER_OPTIONS in types.h) by keyword.
 *
 * Calls: ant_call(layer, query, value, key), the key being the value where it is left out, or
 * ant_call(layer, query, .value = v, .key = k). Keywords of the call:
 *   attention_mask: of any type, (batch, T, S), (batch, heads, T, S) or what broadcasts to them;
 *     true (not 0): may look. Not of Attention and AdditiveAttention.
 *   use_causal_mask: position t looks at no later one than t.
 *   return_attention_scores: a second result, the weights: (batch, heads, T, S); (batch, T, S) of
 *     Attention and AdditiveAttention.
 * Masks that inputs carry, or .mask = {of the query, of the value, of the key}, count too: masked
 * positions of the value and the key are looked at by none. The query's mask goes on.
 */
#ifndef ANTLER_LAYERS_ATTENTION_H
#define ANTLER_LAYERS_ATTENTION_H
#include "antler/types.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* --- MultiHeadAttention ---
 * For each head: q = query · Wq + bq, k = key · Wk + bk, v = value · Wv + bv,
 * head = dropout(softmax(q kᵀ / sqrt(key_dim), where the masks allow)) v,
 * result = all heads side by side · Wo + bo. use_gate multiplies the heads by
 * sigmoid(query · Wg + bg) before.
 *
 * In: query (batch, …, d), value (batch, …, e), key (batch, …, k), all of the same rank, 3 or more;
 * value and key of the same sizes but the last. attention_axes says which axes positions are of;
 * the others are batches. Without it, all axes between the batch and the features.
 * Out: the query's shape, its last axis replaced by output_shape where that is said. Scores:
 * batches, heads, the query's positions, the key's.
 * Weights, of the layers inside, H heads: query/kernel (d, H, key_dim), query/bias (H, key_dim);
 * key/kernel, key/bias likewise; with use_gate gate/kernel (d, H, value_dim), gate/bias;
 * value/kernel (e, H, value_dim), value/bias; attention_output/kernel (H, value_dim,
 * output_shape…), attention_output/bias (output_shape…).
 * Masks: the query's, value's and key's, of all axes but the last; the query's own rows where it is
 * masked may look at nothing. A position that may look at nothing gets the mean of all values, and
 * zeros where scores are asked for, dropout is above 0 or the rank is above 3: as in Keras.
 * use_causal_mask and sliding_window need one axis of positions.
 * flash_attention changes no number here: without dropout and scores, no T x S scores are kept.
 * activity_regularizer counts for the results of the layers inside.
 * Errors: ANT_E_SHAPE for inputs or masks that do not fit; ANT_E_OPTION for attention_axes that are
 * outside or said twice, for flash_attention with dropout or with scores.
 * Source: keras/src/layers/attention/multi_head_attention.py; Vaswani et al., 2017. */
typedef struct ant_multi_head_attention_options {
    ANT_LAYER_OPTIONS;
    int num_heads;           /* at least 1 */
    int key_dim;             /* of each head's query and key; at least 1 */
    int value_dim;           /* of each head's value; ANT_NONE: key_dim */
    double dropout;          /* share of the weights that is dropped in training */
    bool use_bias;           /* in all layers inside */
    ant_shape output_shape;  /* of the last axes of the result; none: the query's last */
    ant_size attention_axes; /* axes of positions; ANT_NONE: all between batch and features */
    int sliding_window;      /* only positions less than so far away; ANT_NONE: all */
    bool flash_attention;    /* refuse what would need all scores at once */
    const char *kernel_initializer, *bias_initializer;
    const char *kernel_regularizer, *bias_regularizer; /* NULL: none */
    const char *kernel_constraint, *bias_constraint;   /* NULL: none */
    bool use_gate;
    int seed; /* of the dropout; ANT_NONE: the graph's */
    char ant_end;
} ant_multi_head_attention_options;
#define ANT_MULTI_HEAD_ATTENTION_DEFAULTS                                                          \
    ANT_LAYER_DEFAULTS, .num_heads = ANT_REQUIRED, .key_dim = ANT_REQUIRED, .value_dim = ANT_NONE, \
                        .use_bias = true, .attention_axes = ANT_NONE, .sliding_window = ANT_NONE,  \
                        .kernel_initializer = "glorot_uniform", .bias_initializer = "zeros",       \
                        .seed = ANT_NONE
#define ant_multi_head_attention(...)                                                              \
    ANT__LAYER("MultiHeadAttention", ant_multi_head_attention_options,                             \
               ANT_MULTI_HEAD_ATTENTION_DEFAULTS, .graph = __VA_ARGS__)

/* --- GroupQueryAttention ---
 * MultiHeadAttention in which several heads of the query share one head of key and value: head h of
 * the query looks with head h / (num_query_heads / num_key_value_heads) of them.
 *
 * In: query (batch, T, d), value (batch, S, d), key (batch, S, k). Out: (batch, T, d).
 * Weights, of the layers inside: query/kernel (d, num_query_heads, head_dim), key/kernel (k,
 * num_key_value_heads, head_dim), with use_gate gate/kernel as the query's, value/kernel as the
 * key's, attention_output/kernel (num_query_heads, head_dim, d); each with its bias.
 * Masks, errors and the rest as MultiHeadAttention's; ANT_E_OPTION when num_key_value_heads does
 * not divide num_query_heads.
 * Source: keras/src/layers/attention/grouped_query_attention.py; Ainslie et al., 2023. */
typedef struct ant_group_query_attention_options {
    ANT_LAYER_OPTIONS;
    int head_dim;            /* of each head; at least 1 */
    int num_query_heads;     /* at least 1 */
    int num_key_value_heads; /* at least 1 */
    double dropout;          /* share of the weights that is dropped in training */
    bool use_bias;           /* in all layers inside */
    int sliding_window;      /* only positions less than so far away; ANT_NONE: all */
    bool flash_attention;    /* refuse what would need all scores at once */
    const char *kernel_initializer, *bias_initializer;
    const char *kernel_regularizer, *bias_regularizer; /* NULL: none */
    const char *kernel_constraint, *bias_constraint;   /* NULL: none */
    bool use_gate;
    int seed; /* of the dropout; ANT_NONE: the graph's */
    char ant_end;
} ant_group_query_attention_options;
#define ANT_GROUP_QUERY_ATTENTION_DEFAULTS                                                         \
    ANT_LAYER_DEFAULTS, .head_dim = ANT_REQUIRED, .num_query_heads = ANT_REQUIRED,                 \
                        .num_key_value_heads = ANT_REQUIRED, .use_bias = true,                     \
                        .sliding_window = ANT_NONE, .kernel_initializer = "glorot_uniform",        \
                        .bias_initializer = "zeros", .seed = ANT_NONE
#define ant_group_query_attention(...)                                                             \
    ANT__LAYER("GroupQueryAttention", ant_group_query_attention_options,                           \
               ANT_GROUP_QUERY_ATTENTION_DEFAULTS, .graph = __VA_ARGS__)

/* --- Attention ---
 * result = dropout(softmax(score(query, key), where the masks allow)) value, with the score
 * "dot": scale query · key, or "concat": concat_score_weight sum of tanh(scale (query + key)).
 *
 * In: query (batch, T, d), value (batch, S, e), key (batch, S, d); any number of batch axes.
 * Out: (batch, T, e); zeros where the query is masked. Scores: (batch, T, S).
 * Weights: scale (), where use_scale, from 1; concat_score_weight (), for "concat", from 1.
 * Masks: the query's and the value's (the key's own is not looked at, as in Keras).
 * Errors: ANT_E_SHAPE for inputs or masks that do not fit.
 * Source: keras/src/layers/attention/attention.py. */
typedef struct ant_attention_options {
    ANT_LAYER_OPTIONS;
    bool use_scale;
    const char *score_mode; /* "dot", "concat" */
    double dropout;         /* share of the weights that is dropped in training */
    int seed;               /* of the dropout; ANT_NONE: the graph's */
    char ant_end;
} ant_attention_options;
#define ANT_ATTENTION_DEFAULTS ANT_LAYER_DEFAULTS, .score_mode = "dot", .seed = ANT_NONE
#define ant_attention(...)                                                                         \
    ANT__LAYER("Attention", ant_attention_options, ANT_ATTENTION_DEFAULTS, .graph = __VA_ARGS__)

/* --- AdditiveAttention ---
 * As Attention, with the score: sum of scale tanh(query + key).
 *
 * In: query (batch, T, d), value (batch, S, e), key (batch, S, d), d known.
 * Weights: scale (d), where use_scale, from glorot_uniform.
 * Source: keras/src/layers/attention/additive_attention.py; Bahdanau et al., 2014. */
typedef struct ant_additive_attention_options {
    ANT_LAYER_OPTIONS;
    bool use_scale;
    double dropout; /* share of the weights that is dropped in training */
    int seed;       /* of the dropout; ANT_NONE: the graph's */
    char ant_end;
} ant_additive_attention_options;
#define ANT_ADDITIVE_ATTENTION_DEFAULTS ANT_LAYER_DEFAULTS, .use_scale = true, .seed = ANT_NONE
#define ant_additive_attention(...)                                                                \
    ANT__LAYER("AdditiveAttention", ant_additive_attention_options,                                \
               ANT_ADDITIVE_ATTENTION_DEFAULTS, .graph = __VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
