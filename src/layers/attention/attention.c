/* Attention and AdditiveAttention: one head, and nothing projected. */
#include "antler/layers/attention.h"
#include "layers/attention/heads.h"
#include <string.h>

/* --- shapes --- */

static bool agree(int64_t a, int64_t b) {
    return a == b || a < 0 || b < 0;
}

/* (…, T, d), (…, S, e), (…, S, d), all of the same batches. */
static bool fit(const ant_dims *q, const ant_dims *v, const ant_dims *k) {
    int rank = q->rank;
    if (rank < 3 || v->rank != rank || k->rank != rank)
        return false;
    for (int axis = 0; axis < rank - 2; axis++)
        if (!agree(q->dim[axis], v->dim[axis]) || !agree(q->dim[axis], k->dim[axis]))
            return false;
    return agree(v->dim[rank - 2], k->dim[rank - 2]) && agree(q->dim[rank - 1], k->dim[rank - 1]);
}

static int check(ant_layer_call *c, const ant_value *key) {
    const ant_dims *query = &c->in[ANT__QUERY]->dims, *value = &c->in[ANT__VALUE]->dims;
    char q[ANT__DIMS_TEXT], v[ANT__DIMS_TEXT], k[ANT__DIMS_TEXT];
    if (fit(query, value, &key->dims))
        return 0;
    return ant__call_fail(c, ANT_E_SHAPE,
                          "takes a query (batch, …, T, d), a value (batch, …, S, e) and a key "
                          "(batch, …, S, d), got %s, %s and %s",
                          ant__dims_text(query, q), ant__dims_text(value, v),
                          ant__dims_text(&key->dims, k));
}

/* A mask of all axes but the last. */
static int check_mask(ant_layer_call *c, int input, const char *name) {
    char a[ANT__DIMS_TEXT], b[ANT__DIMS_TEXT];
    const ant_value *mask = c->mask[input];
    ant_dims rows = c->in[input]->dims;
    rows.rank--;
    if (!mask || (mask->dims.rank == rows.rank && ant__dims_broadcast(&rows, &mask->dims)))
        return 0;
    return ant__call_fail(c, ANT_E_SHAPE, "the mask %s does not fit the %s %s",
                          ant__dims_text(&mask->dims, a), name,
                          ant__dims_text(&c->in[input]->dims, b));
}

/* --- scores (…, T, S) --- */

/* tanh of the sum of each query and each key: (…, T, S, d). */
static ant_value *tanh_of_sums(ant_program *p, ant_value *query, ant_value *key, ant_value *scale) {
    ant_value *sum = ant_op_add(p, ant_op_expand(p, query, -2), ant_op_expand(p, key, -3));
    return ant_op_tanh(p, scale ? ant_op_mul(p, sum, scale) : sum);
}

static ant_value *plain_scores(ant_layer_call *c, ant_value *query, ant_value *key) {
    const ant_attention_options *o = ANT__OPTIONS(attention, c->layer);
    ant_program *p = c->program;
    ant_value *scale = o->use_scale ? ant__weight_read(c, 0) : NULL;
    if (!strcmp(o->score_mode, "concat")) {
        ant_value *sums = ant_op_sum(p, tanh_of_sums(p, query, key, scale), ANT_LAST, false);
        return ant_op_mul(p, sums, ant__weight_read(c, o->use_scale));
    }
    ant_value *dots = ant_op_matmul(p, query, key, false, true);
    return scale ? ant_op_mul(p, dots, scale) : dots;
}

static ant_value *additive_scores(ant_layer_call *c, ant_value *query, ant_value *key) {
    ant_program *p = c->program;
    ant_value *y = tanh_of_sums(p, query, key, NULL);
    if (ANT__OPTIONS(additive_attention, c->layer)->use_scale)
        y = ant_op_mul(p, y, ant__weight_read(c, 0));
    return ant_op_sum(p, y, ANT_LAST, false);
}

/* --- the call --- */

/* Masked scores are far below the others, by subtraction as in Keras: where all are masked, they
 * differ among themselves as before. */
static ant_value *masked(ant_layer_call *c, ant_value *scores) {
    ant_program *p = c->program;
    ant_value *mask = c->mask[ANT__VALUE] ? ant_op_expand(p, c->mask[ANT__VALUE], -2) : NULL;
    int64_t rows = ant_value_size(scores, -2), columns = ant_value_size(scores, -1);
    if (c->use_causal_mask && rows >= 0 && columns >= 0) {
        ant_value *early = ant__not_later(p, rows, columns);
        mask = mask ? ant_op_logical_and(p, mask, early) : early;
    }
    return mask ? ant_op_where(p, mask, scores, ant_op_shift(p, scores, -1e9)) : scores;
}

static int call(ant_layer_call *c, ant_value *(*write)(ant_layer_call *, ant_value *, ant_value *),
                double dropout, int seed) {
    ant_program *p = c->program;
    ant_value *key = c->in[c->n_in > 2 ? ANT__KEY : ANT__VALUE];
    int code = check(c, key);
    if (!code)
        code = check_mask(c, ANT__QUERY, "query");
    if (!code)
        code = check_mask(c, ANT__VALUE, "value");
    if (code)
        return code;
    ant_value *weights = ant_op_softmax(p, masked(c, write(c, c->in[ANT__QUERY], key)), -1);
    c->n_out = c->return_attention_scores ? 2 : 1;
    if (weights && c->training && dropout > 0)
        weights = ant__dropout_write(c, weights, &weights->dims, dropout, seed);
    c->out[0] = ant_op_matmul(p, weights, c->in[ANT__VALUE], false, false);
    c->out[1] = weights;
    if (c->mask[ANT__QUERY])
        c->out[0] = ant_op_where(p, ant_op_expand(p, c->mask[ANT__QUERY], -1), c->out[0],
                                 ant_op_number(p, 0));
    return 0;
}

static int call_attention(ant_layer_call *c) {
    const ant_attention_options *o = ANT__OPTIONS(attention, c->layer);
    return call(c, plain_scores, o->dropout, o->seed);
}

static int call_additive(ant_layer_call *c) {
    const ant_additive_attention_options *o = ANT__OPTIONS(additive_attention, c->layer);
    return call(c, additive_scores, o->dropout, o->seed);
}

/* --- building --- */

static int build_attention(ant_layer *l, const ant_dims *in, int n_in) {
    (void)in, (void)n_in;
    const ant_attention_options *o = ANT__OPTIONS(attention, l);
    const ant_weight_spec scale = {.name = "scale", .initializer = "ones"};
    const ant_weight_spec weight = {.name = "concat_score_weight", .initializer = "ones"};
    int code = o->use_scale ? ant__weight_add(l, &scale) : 0;
    return code || strcmp(o->score_mode, "concat") ? code : ant__weight_add(l, &weight);
}

static int build_additive(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    const ant_weight_spec scale = {.name = "scale",
                                   .dims = ANT__DIMS(in->rank ? in->dim[in->rank - 1] : -1),
                                   .initializer = "glorot_uniform"};
    return ANT__OPTIONS(additive_attention, l)->use_scale ? ant__weight_add(l, &scale) : 0;
}

#define ATTENTION_CLASS(build_it, call_it)                                                         \
    {                                                                                              \
        .build = (build_it), .call = (call_it), .mask = ANT__MASK_PASS, .inputs_min = 2,           \
        .inputs_max = 3, .attention = true                                                         \
    }
static const ant_layer_class attention = ATTENTION_CLASS(build_attention, call_attention);
static const ant_layer_class additive = ATTENTION_CLASS(build_additive, call_additive);

#define DROPOUT_ROWS(T)                                                                            \
    ANT__ROW(T, dropout, "share of the weights that is dropped", ANT__BETWEEN(0, 1)),              \
        ANT__ROW(T, seed, "of the dropout; none: the graph's")

static const ant_row attention_rows[] = {
    ANT__ROW(attention, use_scale, "whether a weight scales the scores"),
    ANT__ROW(attention, score_mode, "how query and key match", .words = "dot concat"),
    DROPOUT_ROWS(attention),
    ANT__LAYER_ROWS(attention),
};
static const ant_row additive_attention_rows[] = {
    ANT__ROW(additive_attention, use_scale, "whether weights scale the sums"),
    DROPOUT_ROWS(additive_attention),
    ANT__LAYER_ROWS(additive_attention),
};

static const ant_class classes[] = {
    ANT__CLASS(Attention, attention, ATTENTION, ANT_LAYER, &attention),
    ANT__CLASS(AdditiveAttention, additive_attention, ADDITIVE_ATTENTION, ANT_LAYER, &additive),
};

const ant_family ant__attention_family = ANT__FAMILY("attention", classes);
