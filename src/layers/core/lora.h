/* LoRA: W + alpha / rank · A B in place of a weight W, which stays as it is while A and B are
 * trained. Hu et al., Low-rank adaptation of large language models (2021). */
#ifndef ANT_LAYERS_LORA_H
#define ANT_LAYERS_LORA_H
#include "layers/layer.h"

typedef struct ant_lora {
    int rank;     /* ANT_NONE: none, the layer has its plain weight */
    double alpha; /* ANT_NONE: rank */
    const char *a_name, *b_name, *regularizer;
} ant_lora;

/* In build, behind the layer's other weights: A (…, rank) and B (rank, n) for its weight 0 (…, n),
 * which is frozen. Refuses a constraint on weight 0, and alpha without a rank. */
int ant__lora_add(ant_layer *l, const ant_lora *o);
/* In call, where there is a rank: A, and y + alpha / rank · (x A) B for y = x W, or W + alpha /
 * rank · A B. */
ant_value *ant__lora_a(ant_layer_call *c);
ant_value *ant__lora_write(ant_layer_call *c, const ant_lora *o, ant_value *y, ant_value *xa);
/* Outside of calls, of weight 0 of a built layer that has LoRA: puts W + alpha / rank · A B into
 * `out`, which has room for as many numbers as W, of its type. */
void ant__lora_merge(const ant_layer *l, void *out);
/* W was set anew: what was learnt of it is forgotten, B is zeros again. */
void ant__lora_restart(const ant_layer *l);
#endif
