/* Core layers: Dense, EinsumDense, Identity, InputLayer, Embedding, Masking.
 *
 *     ant_node *h = ant_call(ant_dense(g, 32, "relu", .name = "hidden"), x);
 *
 * Shapes are written with the batch first: (batch, …). Every layer also takes the options common to
 * all (ANT_LAYER_OPTIONS in types.h) by keyword.
 */
#ifndef ANTLER_LAYERS_CORE_H
#define ANTLER_LAYERS_CORE_H
#include "antler/types.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* --- LoRA: lora_rank and lora_alpha of Dense, EinsumDense, Embedding, Conv1D, Conv2D ---
 * The layer's first weight W (…, n) stays as it is, and the layer works with
 *     W + lora_alpha / lora_rank · A B
 * where A (…, rank) starts as he_uniform and B (rank, n) as zeros, with W's regularizer. Only A, B
 * and the bias are trained: load W by name from a trained model, then train. They are the layer's
 * last weights, lora_kernel_a and lora_kernel_b (lora_embeddings_a, …_b).
 * Errors: ANT_E_OPTION where W has a constraint, and for lora_alpha without lora_rank.
 * Keras's Dense and Embedding (3.15) forget the constructor's lora_alpha when they are built; here
 * it holds. Keras's files have W + lora_alpha / lora_rank · A B in W's place and neither A nor B: a
 * layer that is read from one, or gets its weights from one, begins anew with B = 0. Keras zeroes A
 * as well, after which neither of them learns any more; here A stays, and they do.
 * Source: Hu et al., 2021. */

/* --- Dense ---
 * y = activation(x · kernel + bias), on the last axis.
 *
 * In: (batch, …, n), rank 2 or more, n known; whole numbers are taken as reals.
 * Out: (batch, …, units).
 * Weights: kernel (n, units); bias (units), where use_bias; LoRA's.
 * Masks pass on unchanged.
 * Errors: ANT_E_SHAPE when n is unknown at the first call, or another one at a later call.
 * Source: keras/src/layers/core/dense.py. */
typedef struct ant_dense_options {
    ANT_LAYER_OPTIONS;
    int units;              /* size of the last axis of the output; at least 1 */
    const char *activation; /* NULL: none */
    bool use_bias;
    const char *kernel_initializer, *bias_initializer;
    const char *kernel_regularizer, *bias_regularizer; /* NULL: none */
    const char *kernel_constraint, *bias_constraint;   /* NULL: none */
    int lora_rank;                                     /* ANT_NONE: none; at least 1 */
    double lora_alpha;                                 /* ANT_NONE: lora_rank */
    const char *quantization_config;                   /* not built yet: refused */
    char ant_end;
} ant_dense_options;
#define ANT_DENSE_DEFAULTS                                                                         \
    ANT_LAYER_DEFAULTS, .units = ANT_REQUIRED, .use_bias = true,                                   \
                        .kernel_initializer = "glorot_uniform", .bias_initializer = "zeros",       \
                        .lora_rank = ANT_NONE, .lora_alpha = ANT_NONE
#define ant_dense(...)                                                                             \
    ANT__LAYER("Dense", ant_dense_options, ANT_DENSE_DEFAULTS, .graph = __VA_ARGS__)

/* --- EinsumDense ---
 * y = activation(sum of x · kernel + bias), over the axes that an equation names by letters.
 *
 *     ant_einsum_dense(g, "abc,cde->abde", .output_shape = {ANT_ANY, 4, 16}, .bias_axes = "de")
 *     ant_einsum_dense(g, "...x,xy->...y", .output_shape = {64}, .bias_axes = "y")
 *
 * The equation is "input,kernel->output"; an axis that input and kernel have and the output has not
 * is summed over. "..." in front or behind of input and output stands for any number of axes.
 * output_shape has the sizes of the output's letters but the batch's; with "..." in front, of all
 * letters. ANT_ANY: as the input has it.
 *
 * In: (batch, …), the axes that the kernel shares known. Out: as the equation says.
 * Weights: kernel, with the sizes of its letters; bias, where bias_axes says letters of the output:
 * of their sizes, and 1 for the letters between and behind; LoRA's.
 * The fans of initializers are the products of the kernel's axes that the output has not (in) and
 * has (out). No mask goes on.
 * Errors: ANT_E_OPTION for an equation of another form, and letters said twice in one operand;
 * ANT_E_SHAPE for an input that does not fit.
 * Source: keras/src/layers/core/einsum_dense.py. */
typedef struct ant_einsum_dense_options {
    ANT_LAYER_OPTIONS;
    const char *equation;   /* "ab,bc->ac" */
    ant_shape output_shape; /* sizes of the output's axes behind the batch */
    const char *activation; /* NULL: none */
    const char *bias_axes;  /* letters of the output; NULL: no bias */
    const char *kernel_initializer, *bias_initializer;
    const char *kernel_regularizer, *bias_regularizer; /* NULL: none */
    const char *kernel_constraint, *bias_constraint;   /* NULL: none */
    int lora_rank;                                     /* ANT_NONE: none; at least 1 */
    double lora_alpha;                                 /* ANT_NONE: lora_rank */
    int gptq_unpacked_column_size;                     /* not built yet: refused */
    const char *quantization_config;                   /* not built yet: refused */
    char ant_end;
} ant_einsum_dense_options;
#define ANT_EINSUM_DENSE_DEFAULTS                                                                  \
    ANT_LAYER_DEFAULTS, .kernel_initializer = "glorot_uniform", .bias_initializer = "zeros",       \
                        .lora_rank = ANT_NONE, .lora_alpha = ANT_NONE,                             \
                        .gptq_unpacked_column_size = ANT_NONE
#define ant_einsum_dense(...)                                                                      \
    ANT__LAYER("EinsumDense", ant_einsum_dense_options, ANT_EINSUM_DENSE_DEFAULTS,                 \
               .graph = __VA_ARGS__)

/* --- Identity ---
 * y = x, of any shape and type. No weights; masks pass on unchanged.
 * Source: keras/src/layers/core/identity.py. */
typedef struct ant_identity_options {
    ANT_LAYER_OPTIONS;
    char ant_end;
} ant_identity_options;
#define ANT_IDENTITY_DEFAULTS ANT_LAYER_DEFAULTS
#define ant_identity(...)                                                                          \
    ANT__LAYER("Identity", ant_identity_options, ANT_IDENTITY_DEFAULTS, .graph = __VA_ARGS__)

/* --- InputLayer ---
 * What a Sequential gets: stands first in one and nowhere else (functional models use ant_input).
 *
 *     ant_sequential(g, ant_input_layer(g, {28, 28, 1}), …)
 *
 * The shape of one sample is said by `shape`, or with the batch in front by `batch_shape`; neither
 * means one number per sample. `dtype` (common option) may be float32, int32, int64 or bool.
 * Source: keras/src/layers/core/input_layer.py. */
typedef struct ant_input_layer_options {
    ANT_LAYER_OPTIONS;
    ant_shape shape;       /* of one sample, ended by 0 */
    int batch_size;        /* ANT_NONE: any */
    bool sparse, ragged;   /* not built yet: refused */
    ant_shape batch_shape; /* ANT_ANY or the batch size, then the shape */
    bool optional;         /* not built yet: refused */
    char ant_end;
} ant_input_layer_options;
#define ANT_INPUT_LAYER_DEFAULTS ANT_LAYER_DEFAULTS, .batch_size = ANT_NONE
#define ant_input_layer(G, ...)                                                                    \
    ANT__LAYER("InputLayer", ant_input_layer_options, ANT_INPUT_LAYER_DEFAULTS, .graph = (G),      \
               .shape = __VA_ARGS__)

/* --- Embedding ---
 * y[…, :] = embeddings[x[…], :]: whole numbers become vectors.
 *
 *     ant_sequential(g, ant_embedding(g, 10000, 64, .mask_zero = true, .input_shape = {200}),
 *                       ant_gru(g, 64), ant_dense(g, 1, "sigmoid"))
 *
 * In: (batch, …) whole numbers in [0, input_dim); reals are cut to whole numbers.
 * Out: (batch, …, output_dim).
 * Weights: embeddings (input_dim, output_dim); LoRA's.
 * Masks: with mask_zero the output carries the mask x != 0, and index 0 means "nothing here"; else
 * no mask goes on.
 * Errors: ANT_E_DATA when a number of the data is outside [0, input_dim).
 * Source: keras/src/layers/core/embedding.py. */
typedef struct ant_embedding_options {
    ANT_LAYER_OPTIONS;
    int input_dim, output_dim; /* how many different numbers; the length of a vector */
    const char *embeddings_initializer, *embeddings_regularizer, *embeddings_constraint;
    bool mask_zero;
    int lora_rank;                   /* ANT_NONE: none; at least 1 */
    double lora_alpha;               /* ANT_NONE: lora_rank */
    const char *quantization_config; /* not built yet: refused */
    char ant_end;
} ant_embedding_options;
#define ANT_EMBEDDING_DEFAULTS                                                                     \
    ANT_LAYER_DEFAULTS, .input_dim = ANT_REQUIRED, .output_dim = ANT_REQUIRED,                     \
                        .embeddings_initializer = "random_uniform", .lora_rank = ANT_NONE,         \
                        .lora_alpha = ANT_NONE
#define ant_embedding(...)                                                                         \
    ANT__LAYER("Embedding", ant_embedding_options, ANT_EMBEDDING_DEFAULTS, .graph = __VA_ARGS__)

/* --- Masking ---
 * Steps whose features all equal mask_value are masked for the layers behind, and set to 0.
 *
 * In: (batch, steps, …, features), rank 2 or more. Out: the same shape.
 * No weights. Mask out: (batch, steps, …), false where every feature is mask_value.
 * Source: keras/src/layers/core/masking.py. */
typedef struct ant_masking_options {
    ANT_LAYER_OPTIONS;
    double mask_value;
    char ant_end;
} ant_masking_options;
#define ANT_MASKING_DEFAULTS ANT_LAYER_DEFAULTS
#define ant_masking(...)                                                                           \
    ANT__LAYER("Masking", ant_masking_options, ANT_MASKING_DEFAULTS, .graph = __VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
