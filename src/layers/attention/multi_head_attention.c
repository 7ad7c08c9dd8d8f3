/* MultiHeadAttention and GroupQueryAttention: projections as layers inside, and what heads do. */
#include "antler/layers/attention.h"
#include "antler/layers/core.h"
#include "layers/attention/heads.h"
#include <math.h>
#include <string.h>

/* What both classes have in common, wherever it stands among their options. */
typedef struct heads_options {
    int query_heads, key_heads, key_size, value_size;
    const int *output_shape; /* NULL: the query's last axis */
    ant_size attention_axes;
    int sliding_window;
    double dropout;
    bool use_bias, use_gate, flash_attention;
    int seed;
} heads_options;

typedef struct heads_class {
    ant_layer_class layer; /* first: what layers see */
    heads_options (*options)(const ant_layer *l);
} heads_class;

static heads_options options_of(const ant_layer *l) {
    const heads_class *cls = l->cls->impl;
    return cls->options(l);
}

static heads_options multi_head(const ant_layer *l) {
    const ant_multi_head_attention_options *o = l->options;
    return (heads_options){.query_heads = o->num_heads,
                           .key_heads = o->num_heads,
                           .key_size = o->key_dim,
                           .value_size = o->value_dim == ANT_NONE ? o->key_dim : o->value_dim,
                           .output_shape = o->output_shape[0] ? o->output_shape : NULL,
                           .attention_axes = o->attention_axes,
                           .sliding_window = o->sliding_window,
                           .dropout = o->dropout,
                           .use_bias = o->use_bias,
                           .use_gate = o->use_gate,
                           .flash_attention = o->flash_attention,
                           .seed = o->seed};
}

static heads_options group_query(const ant_layer *l) {
    const ant_group_query_attention_options *o = l->options;
    return (heads_options){.query_heads = o->num_query_heads,
                           .key_heads = o->num_key_value_heads,
                           .key_size = o->head_dim,
                           .value_size = o->head_dim,
                           .attention_axes = ANT_NONE,
                           .sliding_window = o->sliding_window,
                           .dropout = o->dropout,
                           .use_bias = o->use_bias,
                           .use_gate = o->use_gate,
                           .flash_attention = o->flash_attention,
                           .seed = o->seed};
}

/* --- layers inside --- */

/* An equation over `free` axes that stay, `bound` ones that are summed over, `made` new ones:
 * "abc,cde->abde". */
static const char *equation(ant_layer *l, int free, int bound, int made) {
    const char *all = "abcdefghijklmnopqrstuvwxyz";
    return ant__print(l->context, "%.*s,%.*s->%.*s%.*s", free + bound, all, bound + made,
                      all + free, free, all, made, all + free + bound);
}

/* An EinsumDense with this layer's initializers, regularizers and constraints, which sums over the
 * last `bound` axes and makes axes of the sizes `made`. */
static int add_projection(ant_layer *l, const char *name, const char *activation,
                          const ant_dims *in, int bound, const ant_dims *made) {
    ant_context *c = l->context;
    int free = in->rank - bound;
    ant_layer *child = ant__layer_derive(l, ant__class_find(c, ANT_LAYER, "EinsumDense"));
    const char *text = equation(l, free, bound, made->rank);
    if (!child || !text)
        return c->error.code;
    ant_einsum_dense_options *o = child->options;
    o->equation = text;
    o->activation = activation;
    o->bias_axes = options_of(l).use_bias ? text + strlen(text) - made->rank : NULL;
    memset(o->output_shape, 0, sizeof o->output_shape);
    for (int k = 1; k < free + made->rank; k++)
        o->output_shape[k - 1] = k < free ? ANT_ANY : (int)made->dim[k - free];
    int code = ant__child_add(l, child, name);
    return code ? code : ant__layer_build(child, in, 1);
}

/* From all heads to the result. */
static int add_output(ant_layer *l, const heads_options *o, const ant_dims *query) {
    ant_dims heads = *query, made = ANT__DIMS(query->dim[query->rank - 1]);
    if (o->output_shape)
        for (made.rank = 0; o->output_shape[made.rank]; made.rank++)
            made.dim[made.rank] = o->output_shape[made.rank];
    heads.dim[heads.rank - 1] = o->query_heads;
    heads.dim[heads.rank++] = o->value_size;
    if (heads.rank - 2 + made.rank > ANT_MAX_AXES)
        return ant__layer_fail(l, ANT_E_LIMIT, "its result would have %d axes, at most %d",
                               heads.rank - 2 + made.rank, ANT_MAX_AXES);
    return add_projection(l, "attention_output", NULL, &heads, 2, &made);
}

static int check_options(ant_layer *l, const heads_options *o) {
    if (o->query_heads % o->key_heads != 0)
        return ant__layer_fail(l, ANT_E_OPTION,
                               "%d query heads cannot share %d heads of key and value",
                               o->query_heads, o->key_heads);
    for (int k = 0; o->output_shape && o->output_shape[k]; k++)
        if (o->output_shape[k] < 1)
            return ant__layer_fail(l, ANT_E_OPTION, "output_shape has %d, must be at least 1",
                                   o->output_shape[k]);
    if (o->flash_attention && o->dropout > 0)
        return ant__layer_fail(l, ANT_E_OPTION, "flash_attention does not go with dropout");
    return 0;
}

static int build(ant_layer *l, const ant_dims *in, int n_in) {
    heads_options o = options_of(l);
    const ant_dims all[] = {in[ANT__QUERY], in[ANT__VALUE], in[n_in > 2 ? ANT__KEY : ANT__VALUE]};
    ant_dims query = ANT__DIMS(o.query_heads, o.key_size), key = ANT__DIMS(o.key_heads, o.key_size);
    ant_dims gate = ANT__DIMS(o.query_heads, o.value_size);
    ant_dims value = ANT__DIMS(o.key_heads, o.value_size);
    ant_layer_call first = {.layer = l, .context = l->context};
    ant_heads heads;
    int code = check_options(l, &o);
    if (!code)
        code = ant__heads_of(&first, o.attention_axes, all, &heads);
    if (!code)
        code = add_projection(l, "query", NULL, &all[ANT__QUERY], 1, &query);
    if (!code)
        code = add_projection(l, "key", NULL, &all[ANT__KEY], 1, &key);
    if (!code && o.use_gate)
        code = add_projection(l, "gate", "sigmoid", &all[ANT__QUERY], 1, &gate);
    if (!code)
        code = add_projection(l, "value", NULL, &all[ANT__VALUE], 1, &value);
    return code ? code : add_output(l, &o, &all[ANT__QUERY]);
}

static int build_group_query(ant_layer *l, const ant_dims *in, int n_in) {
    char shape[ANT__DIMS_TEXT];
    if (in->rank != 3)
        return ant__layer_fail(l, ANT_E_SHAPE, "takes a query (batch, steps, features), got %s",
                               ant__dims_text(in, shape));
    return build(l, in, n_in);
}

/* --- calling --- */

static ant_value *project(ant_layer_call *c, int *child, ant_value *x, int *code) {
    ant_layer_call inner;
    if (*code)
        return NULL;
    ant__call_inner(c, (*child)++, &inner);
    inner.in[0] = x;
    *code = ant__layer_write(&inner);
    return *code ? NULL : inner.out[0];
}

static int find_heads(ant_layer_call *c, const heads_options *o, ant_heads *h) {
    const ant_dims in[] = {c->in[ANT__QUERY]->dims, c->in[ANT__VALUE]->dims,
                           c->in[c->n_in > 2 ? ANT__KEY : ANT__VALUE]->dims};
    return ant__heads_of(c, o->attention_axes, in, h);
}

static int call(ant_layer_call *c) {
    heads_options o = options_of(c->layer);
    ant_heads h;
    ant_attend a = {.scale = 1 / sqrt(o.key_size),
                    .dropout = o.dropout,
                    .seed = o.seed,
                    .scores = c->return_attention_scores};
    int child = 0, code = find_heads(c, &o, &h);
    c->n_out = a.scores ? 2 : 1;
    if (!code && a.scores && o.flash_attention)
        code = ant__call_fail(c, ANT_E_OPTION,
                              "flash_attention does not go with return_attention_scores");
    if (!code)
        code = ant__heads_mask(c, &h, o.sliding_window, &a.mask);
    a.query = project(c, &child, c->in[ANT__QUERY], &code);
    a.key = project(c, &child, c->in[c->n_in > 2 ? ANT__KEY : ANT__VALUE], &code);
    ant_value *gate = o.use_gate ? project(c, &child, c->in[ANT__QUERY], &code) : NULL;
    a.value = project(c, &child, c->in[ANT__VALUE], &code);
    ant_value *y = code ? NULL : ant__attend(c, &h, &a, &c->out[1]);
    if (o.use_gate)
        y = ant_op_mul(c->program, y, gate);
    c->out[0] = project(c, &child, y, &code);
    return code;
}

/* Python's class has another name than Keras's. */
static const char *group_query_name(const ant_layer *l) {
    (void)l;
    return "grouped_query_attention";
}

/* Keras keeps the heads' layers of one class under public names. */
#define MULTI_HEAD_ATTRIBUTES                                                                      \
    "query=query_dense key=key_dense gate=_gate_dense value=value_dense "                          \
    "attention_output=output_dense"
#define GROUP_QUERY_ATTRIBUTES                                                                     \
    "query=_query_dense key=_key_dense gate=_gate_dense value=_value_dense "                       \
    "attention_output=_output_dense"
#define HEADS_CLASS(build_it, options_it, name_it, attributes_it)                                  \
    {                                                                                              \
        {.build = (build_it),                                                                      \
         .call = call,                                                                             \
         .mask = ANT__MASK_PASS,                                                                   \
         .inputs_min = 2,                                                                          \
         .inputs_max = 3,                                                                          \
         .attention = true,                                                                        \
         .attention_mask = true,                                                                   \
         .penalty_inside = true,                                                                   \
         .base_name = (name_it),                                                                   \
         .attributes = (attributes_it),                                                            \
         .arguments = "query value key"},                                                          \
            .options = (options_it)                                                                \
    }
static const heads_class multi_head_class =
    HEADS_CLASS(build, multi_head, NULL, MULTI_HEAD_ATTRIBUTES);
static const heads_class group_query_class =
    HEADS_CLASS(build_group_query, group_query, group_query_name, GROUP_QUERY_ATTRIBUTES);

/* --- rows --- */

#define DROPOUT_ROWS(T)                                                                            \
    ANT__ROW(T, dropout, "share of the weights that is dropped", ANT__BETWEEN(0, 1)),              \
        ANT__ROW(T, use_bias, "whether the layers inside add a bias")
#define INNER_ROWS(T)                                                                              \
    ANT__ROW(T, sliding_window, "only positions less than so far away", ANT__AT_LEAST(1)),         \
        ANT__ROW(T, flash_attention, "refuse what would need all scores at once"),                 \
        ANT__INITIALIZER_ROW(T, kernel), ANT__INITIALIZER_ROW(T, bias),                            \
        ANT__REGULARIZER_ROW(T, kernel), ANT__REGULARIZER_ROW(T, bias),                            \
        ANT__CONSTRAINT_ROW(T, kernel), ANT__CONSTRAINT_ROW(T, bias),                              \
        ANT__ROW(T, use_gate, "multiply the heads by a sigmoid of the query"),                     \
        ANT__ROW(T, seed, "of the dropout; none: the graph's")

static const ant_row multi_head_attention_rows[] = {
    ANT__ROW(multi_head_attention, num_heads, "how many heads", ANT__AT_LEAST(1)),
    ANT__ROW(multi_head_attention, key_dim, "size of a head's query and key", ANT__AT_LEAST(1)),
    ANT__ROW(multi_head_attention, value_dim, "size of a head's value; none: key_dim",
             ANT__AT_LEAST(1)),
    DROPOUT_ROWS(multi_head_attention),
    ANT__ROW(multi_head_attention, output_shape, "last axes of the result; none: the query's"),
    ANT__ROW(multi_head_attention, attention_axes, "axes of positions; none: all but batch, last"),
    INNER_ROWS(multi_head_attention),
    ANT__LAYER_ROWS(multi_head_attention),
};

static const ant_row group_query_attention_rows[] = {
    ANT__ROW(group_query_attention, head_dim, "size of a head", ANT__AT_LEAST(1)),
    ANT__ROW(group_query_attention, num_query_heads, "heads of the query", ANT__AT_LEAST(1)),
    ANT__ROW(group_query_attention, num_key_value_heads, "heads of key and value",
             ANT__AT_LEAST(1)),
    DROPOUT_ROWS(group_query_attention),
    INNER_ROWS(group_query_attention),
    ANT__LAYER_ROWS(group_query_attention),
};

static const ant_class classes[] = {
    ANT__CLASS(MultiHeadAttention, multi_head_attention, MULTI_HEAD_ATTENTION, ANT_LAYER,
               &multi_head_class),
    ANT__CLASS(GroupQueryAttention, group_query_attention, GROUP_QUERY_ATTENTION, ANT_LAYER,
               &group_query_class, .alias = "GroupedQueryAttention"),
};

const ant_family ant__multi_head_family = ANT__FAMILY("attention", classes);
