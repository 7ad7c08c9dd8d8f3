/* Embedding: rows of a table at whole numbers. */
#include "antler/layers/core.h"
#include "layers/core/lora.h"

static ant_lora lora_of(const ant_embedding_options *o) {
    return (ant_lora){o->lora_rank, o->lora_alpha, "lora_embeddings_a", "lora_embeddings_b",
                      o->embeddings_regularizer};
}

static int build(ant_layer *l, const ant_dims *in, int n_in) {
    (void)in, (void)n_in;
    const ant_embedding_options *o = ANT__OPTIONS(embedding, l);
    ant_weight_spec table = {
        .name = "embeddings",
        .dims = ANT__DIMS(o->input_dim, o->output_dim),
        .initializer = o->embeddings_initializer,
        .regularizer = o->embeddings_regularizer,
        .constraint = o->embeddings_constraint,
    };
    ant_lora lora = lora_of(o);
    int code = ant__weight_add(l, &table);
    return code ? code : ant__lora_add(l, &lora);
}

static int call(ant_layer_call *c) {
    const ant_embedding_options *o = ANT__OPTIONS(embedding, c->layer);
    const ant_lora lora = lora_of(o);
    ant_program *p = c->program;
    ant_value *x = c->in[0];
    int dtype = ant_value_dtype(x);
    bool whole = dtype == ANT_INT32 || dtype == ANT_INT64;
    ant_value *index = whole ? x : ant_op_cast(p, x, ANT_INT32);
    c->out[0] = ant_op_gather(p, ant__weight_read(c, 0), index);
    if (lora.rank != ANT_NONE)
        c->out[0] = ant__lora_write(c, &lora, c->out[0], ant_op_gather(p, ant__lora_a(c), index));
    if (o->mask_zero)
        c->out_mask[0] = ant_op_not_equal(p, x, ant_op_number(p, 0));
    return 0;
}

static const ant_layer_class embedding = {.build = build, .call = call, .mask = ANT__MASK_OWN};

static const ant_row embedding_rows[] = {
    ANT__ROW(embedding, input_dim, "how many different numbers", ANT__AT_LEAST(1)),
    ANT__ROW(embedding, output_dim, "length of a vector", ANT__AT_LEAST(1)),
    ANT__INITIALIZER_ROW(embedding, embeddings),
    ANT__REGULARIZER_ROW(embedding, embeddings),
    ANT__CONSTRAINT_ROW(embedding, embeddings),
    ANT__ROW(embedding, mask_zero, "whether 0 means that nothing is there"),
    ANT__ROW(embedding, lora_rank, "rank of the low-rank update", ANT__AT_LEAST(1)),
    ANT__ROW(embedding, lora_alpha, "scale of the low-rank update, times its rank"),
    ANT__ROW(embedding, quantization_config, "how weights are quantized",
             .refuse = "quantization is not built yet"),
    ANT__LAYER_ROWS(embedding),
};

static const ant_class classes[] = {
    ANT__CLASS(Embedding, embedding, EMBEDDING, ANT_LAYER, &embedding)};

const ant_family ant__embedding_family = ANT__FAMILY("embedding", classes);
