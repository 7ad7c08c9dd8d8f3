/* Each class as its program would write it, through the public header alone. */
#include "twins.h"

/* --- ResidualBlock --- */
static const ant_option residual_options[] = {
    ANT_OPTION(residual_block, filters, "size of the last axis", .min = 1),
    ANT_OPTION(residual_block, activation, "of the first convolution", .part = ANT_ACTIVATION),
    ANT_OPTION(residual_block, rate, "share that is dropped", .max = 1),
    ANT_OPTION(residual_block, sizes, "of the branches' kernels")};

static int residual_build(ant_layer *l, ant_graph *g, const void *options) {
    const residual_block *o = options;
    int64_t shape[ANT_MAX_AXES];
    int n = ant_build_shape(l, 0, shape);
    ant_inner_set(l, "second", ant_conv1d(g, o->filters, 3, .padding = "same"));
    ant_inner_set(l, "norm", ant_batch_normalization(g));
    ant_inner_set(l, "first", ant_conv1d(g, o->filters, 3, .padding = "same"));
    for (int k = 0; k < o->sizes.count; k++)
        ant_inner_append(
            l, "branches",
            ant_conv1d(g, o->filters, o->sizes.data[k], .padding = "same", .use_bias = false));
    ant_inner_append(l, "gates", ant_dense(g, o->filters));
    ant_inner_append(l, "gates", ant_dense(g, o->filters, "sigmoid"));
    ant_inner_set(l, "drop", ant_dropout(g, o->rate));
    ant_own_weight(l, "scale", {o->filters}, .initializer = "ones");
    ant_own_weight(l, "offset", {0}, .initializer = "zeros", .trainable = false);
    ant_own_weight(l, "mix", {n ? (int)shape[n - 1] : 1, o->filters}, .regularizer = "L2(0.01)");
    return 0;
}

static ant_value *residual_call(ant_layer_call *c, ant_program *p, const void *options,
                                ant_value *const *in) {
    const residual_block *o = options;
    ant_value *y = ant_inner_call(c, "norm", ant_inner_call(c, "first", in[0]));
    y = ant_call_activation(c, o->activation, y);
    for (int k = 0; k < o->sizes.count; k++)
        y = ant_op_add(p, y, ant_inner_call(c, "branches", y, .index = k));
    ant_value *gate = ant_inner_call(c, "gates", y, .index = 1);
    y = ant_op_mul(p, ant_inner_call(c, "gates", y, .index = 0), gate);
    y = ant_inner_call(c, "second", ant_inner_call(c, "drop", y));
    y = ant_op_add(p, ant_op_mul(p, y, ant_own_read(c, "scale")), ant_own_read(c, "offset"));
    return ant_op_add(p, ant_op_matmul(p, in[0], ant_own_read(c, "mix"), false, false), y);
}

/* --- TokenAndPosition --- */
typedef struct token_and_position {
    ANT_LAYER_OPTIONS;
    int maxlen, vocabulary, size;
    char ant_end;
} token_and_position;
#define TOKEN_AND_POSITION_DEFAULTS                                                                \
    ANT_LAYER_DEFAULTS, .maxlen = ANT_REQUIRED, .vocabulary = ANT_REQUIRED, .size = ANT_REQUIRED

static const ant_option token_options[] = {
    ANT_OPTION(token_and_position, maxlen, "how many positions there are", .min = 1),
    ANT_OPTION(token_and_position, vocabulary, "how many tokens there are", .min = 1),
    ANT_OPTION(token_and_position, size, "of a token's vector", .min = 1)};

static int token_build(ant_layer *l, ant_graph *g, const void *options) {
    const token_and_position *o = options;
    ant_inner_set(l, "token_emb", ant_embedding(g, o->vocabulary, o->size, .mask_zero = true));
    return ant_inner_set(l, "pos_emb", ant_embedding(g, o->maxlen, o->size));
}

static ant_value *token_call(ant_layer_call *c, ant_program *p, const void *options,
                             ant_value *const *in) {
    const token_and_position *o = options;
    double places[64];
    int64_t steps = ant_value_size(in[0], 1);
    if (o->maxlen > 64 || steps < 1 || steps > o->maxlen)
        return ant_call_error(c, ANT_E_SHAPE, "takes up to %d tokens of 64, got %lld", o->maxlen,
                              (long long)steps);
    for (int k = 0; k < steps; k++)
        places[k] = k;
    ant_value *places_all = ant_op_constant(p, places, &steps, 1);
    ant_value *tokens = ant_inner_call(c, "token_emb", in[0]);
    ant_value *y = ant_op_add(p, tokens, ant_inner_call(c, "pos_emb", places_all));
    ant_call_set_mask(c, y, ant_call_mask(c, tokens));
    return y;
}

/* --- TransformerBlock --- */
typedef struct transformer_block {
    ANT_LAYER_OPTIONS;
    int size, heads, hidden;
    double rate;
    bool causal;
    char ant_end;
} transformer_block;
#define TRANSFORMER_BLOCK_DEFAULTS                                                                 \
    ANT_LAYER_DEFAULTS, .size = ANT_REQUIRED, .heads = ANT_REQUIRED, .hidden = ANT_REQUIRED

static const ant_option transformer_options[] = {
    ANT_OPTION(transformer_block, size, "of a step", .min = 1),
    ANT_OPTION(transformer_block, heads, "of the attention", .min = 1),
    ANT_OPTION(transformer_block, hidden, "between the dense layers", .min = 1),
    ANT_OPTION(transformer_block, rate, "share that is dropped", .max = 1),
    ANT_OPTION(transformer_block, causal, "whether no step looks ahead")};

static int transformer_build(ant_layer *l, ant_graph *g, const void *options) {
    const transformer_block *o = options;
    ant_inner_set(l, "att", ant_multi_head_attention(g, o->heads, o->size));
    ant_inner_set(l, "ffn",
                  ant_sequential(g, ant_dense(g, o->hidden, "relu"), ant_dense(g, o->size)));
    ant_inner_set(l, "layernorm1", ant_layer_normalization(g, .epsilon = 1e-6));
    ant_inner_set(l, "layernorm2", ant_layer_normalization(g, .epsilon = 1e-6));
    ant_inner_set(l, "dropout1", ant_dropout(g, o->rate));
    return ant_inner_set(l, "dropout2", ant_dropout(g, o->rate));
}

static ant_value *transformer_call(ant_layer_call *c, ant_program *p, const void *options,
                                   ant_value *const *in) {
    const transformer_block *o = options;
    ant_value *x = in[0];
    ant_value *y = ant_inner_call(c, "att", x, x, .use_causal_mask = o->causal);
    y = ant_inner_call(c, "layernorm1", ant_op_add(p, x, ant_inner_call(c, "dropout1", y)));
    ant_value *z = ant_inner_call(c, "dropout2", ant_inner_call(c, "ffn", y));
    return ant_inner_call(c, "layernorm2", ant_op_add(p, y, z));
}

/* --- Averaged --- */
typedef struct averaged {
    ANT_LAYER_OPTIONS;
    int units;
    double momentum;
    char ant_end;
} averaged;
#define AVERAGED_DEFAULTS ANT_LAYER_DEFAULTS, .units = ANT_REQUIRED, .momentum = 0.75

static const ant_option averaged_options[] = {
    ANT_OPTION(averaged, units, "size of the last axis", .min = 1),
    ANT_OPTION(averaged, momentum, "what the average keeps of itself", .max = 1)};

static int averaged_build(ant_layer *l, ant_graph *g, const void *options) {
    const averaged *o = options;
    (void)g;
    return ant_own_weight(l, "average", {o->units}, .initializer = "zeros", .trainable = false);
}

static ant_value *averaged_call(ant_layer_call *c, ant_program *p, const void *options,
                                ant_value *const *in) {
    const averaged *o = options;
    unsigned axes = 0;
    for (int k = 0; k + 1 < ant_value_rank(in[0]); k++)
        axes |= ANT_AXIS(k);
    if (ant_call_training(c)) {
        ant_value *old = ant_op_scale(p, ant_own_read(c, "average"), o->momentum);
        ant_value *now = ant_op_scale(p, ant_op_mean(p, in[0], axes, false), 1 - o->momentum);
        ant_own_assign(c, "average", ant_op_add(p, old, now));
    }
    return ant_op_sub(p, in[0], ant_own_read(c, "average"));
}

/* --- Stack --- */
typedef struct stack {
    ANT_LAYER_OPTIONS;
    int filters, depth;
    char ant_end;
} stack;
#define STACK_DEFAULTS ANT_LAYER_DEFAULTS, .filters = ANT_REQUIRED, .depth = 2

static const ant_option stack_options[] = {
    ANT_OPTION(stack, filters, "size of the last axis", .min = 1),
    ANT_OPTION(stack, depth, "how many blocks", .min = 1, .max = 64)};

static int stack_build(ant_layer *l, ant_graph *g, const void *options) {
    const stack *o = options;
    for (int k = 0; k < o->depth; k++)
        ant_inner_append(l, "_blocks", residual_block_new(g, o->filters, "tanh"));
    return ant_inner_set(
        l, "head",
        ANT_LAYER_NEW("Averaged", averaged, AVERAGED_DEFAULTS, .graph = g, .units = o->filters));
}

static ant_value *stack_call(ant_layer_call *c, ant_program *p, const void *options,
                             ant_value *const *in) {
    const stack *o = options;
    ant_value *x = in[0];
    (void)p;
    for (int k = 0; k < o->depth; k++)
        x = ant_inner_call(c, "_blocks", x, .index = k);
    return ant_inner_call(c, "head", x);
}

/* --- Gate --- */
typedef struct gate {
    ANT_LAYER_OPTIONS;
    int units;
    char ant_end;
} gate;
#define GATE_DEFAULTS ANT_LAYER_DEFAULTS, .units = ANT_REQUIRED

static const ant_option gate_options[] = {
    ANT_OPTION(gate, units, "size of the last axis", .min = 1)};

static int gate_build(ant_layer *l, ant_graph *g, const void *options) {
    const gate *o = options;
    ant_inner_set(l, "query", ant_dense(g, o->units));
    return ant_inner_set(l, "key", ant_dense(g, o->units, .use_bias = false));
}

static ant_value *gate_call(ant_layer_call *c, ant_program *p, const void *options,
                            ant_value *const *in) {
    (void)options;
    ant_value *key = ant_inner_call(c, "key", in[1]);
    ant_value *g = ant_op_sigmoid(p, ant_op_add(p, ant_inner_call(c, "query", in[0]), key));
    ant_call_result(c, 1, g);
    return ant_op_mul(p, in[0], g);
}

/* --- Scaled --- */
typedef struct scaled {
    ANT_LAYER_OPTIONS;
    ant_layer *layer;
    double factor;
    char ant_end;
} scaled;
#define SCALED_DEFAULTS ANT_LAYER_DEFAULTS, .factor = 2

static const ant_option scaled_options[] = {ANT_OPTION(scaled, layer, "what is scaled"),
                                            ANT_OPTION(scaled, factor, "by which")};

static int scaled_build(ant_layer *l, ant_graph *g, const void *options) {
    const scaled *o = options;
    (void)g;
    return ant_inner_set(l, "layer", o->layer);
}

static ant_value *scaled_call(ant_layer_call *c, ant_program *p, const void *options,
                              ant_value *const *in) {
    const scaled *o = options;
    return ant_op_scale(p, ant_inner_call(c, "layer", in[0]), o->factor);
}

/* --- Plain --- */
typedef struct plain {
    ANT_LAYER_OPTIONS;
    int units;
    ant_texts names;
    char ant_end;
} plain;
#define PLAIN_DEFAULTS ANT_LAYER_DEFAULTS, .units = 3, .names = ANT_TEXTS("a", "b")

static const ant_option plain_options[] = {ANT_OPTION(plain, units, "of both layers", .min = 1),
                                           ANT_OPTION(plain, names, "say nothing")};

static int plain_build(ant_layer *l, ant_graph *g, const void *options) {
    const plain *o = options;
    ant_inner_set(l, "dense", ant_dense(g, o->units));
    return ant_inner_set(l, "lstm",
                         ant_lstm(g, o->units, .return_sequences = true, .return_state = true));
}

static ant_value *plain_call(ant_layer_call *c, ant_program *p, const void *options,
                             ant_value *const *in) {
    (void)options;
    ant_value *all[ANT_MAX_PORTS];
    ant_inner_call(c, "lstm", ant_inner_call(c, "dense", in[0]), .results = all);
    all[0] = ant_op_mean(p, all[0], ANT_AXIS(1), false);
    return ant_op_concat(p, all, 3, -1);
}

/* --- OldBlock, with the options of Gate --- */
static int old_build(ant_layer *l, ant_graph *g, const void *options) {
    const gate *o = options;
    ant_inner_set(l, "norm", ant_batch_normalization(g));
    ant_inner_append(l, "denses", ant_dense(g, o->units));
    ant_inner_append(l, "denses", ant_dense(g, o->units, "tanh"));
    ant_inner_set(l, "fixed", ant_dense(g, o->units, .trainable = false));
    ant_own_weight(l, "shift", {o->units}, .initializer = "zeros");
    return ant_own_weight(l, "factor", {0}, .initializer = "ones", .trainable = false);
}

static ant_value *old_call(ant_layer_call *c, ant_program *p, const void *options,
                           ant_value *const *in) {
    (void)options;
    ant_value *y = ant_inner_call(c, "denses", in[0], .index = 0);
    y = ant_inner_call(c, "denses", ant_inner_call(c, "norm", y), .index = 1);
    y = ant_op_add(p, y, ant_inner_call(c, "fixed", y));
    return ant_op_add(p, ant_op_mul(p, y, ant_own_read(c, "factor")), ant_own_read(c, "shift"));
}

/* --- all of them --- */
int twins_register(ant_graph *g) {
    ant_register_layer_class(
        g, "my>ResidualBlock",
        ANT_TWIN_OPTIONS(residual_block, residual_options, RESIDUAL_BLOCK_DEFAULTS),
        .build = residual_build, .call = residual_call);
    ant_register_layer_class(
        g, "my>TokenAndPosition",
        ANT_TWIN_OPTIONS(token_and_position, token_options, TOKEN_AND_POSITION_DEFAULTS),
        .build = token_build, .call = token_call);
    ant_register_layer_class(
        g, "my>TransformerBlock",
        ANT_TWIN_OPTIONS(transformer_block, transformer_options, TRANSFORMER_BLOCK_DEFAULTS),
        .build = transformer_build, .call = transformer_call, .supports_masking = true);
    ant_register_layer_class(g, "Averaged",
                             ANT_TWIN_OPTIONS(averaged, averaged_options, AVERAGED_DEFAULTS),
                             .build = averaged_build, .call = averaged_call);
    ant_register_layer_class(g, "my>Stack", ANT_TWIN_OPTIONS(stack, stack_options, STACK_DEFAULTS),
                             .build = stack_build, .call = stack_call);
    ant_register_layer_class(g, "my>Gate", ANT_TWIN_OPTIONS(gate, gate_options, GATE_DEFAULTS),
                             .build = gate_build, .call = gate_call, .inputs_min = 2,
                             .inputs_max = 2, .outputs = 2, .arguments = "x context");
    ant_register_layer_class(g, "old>OldBlock", ANT_TWIN_OPTIONS(gate, gate_options, GATE_DEFAULTS),
                             .build = old_build, .call = old_call);
    ant_register_layer_class(g, "Scaled", ANT_TWIN_OPTIONS(scaled, scaled_options, SCALED_DEFAULTS),
                             .build = scaled_build, .call = scaled_call);
    return ant_register_layer_class(g, "Plain",
                                    ANT_TWIN_OPTIONS(plain, plain_options, PLAIN_DEFAULTS),
                                    .build = plain_build, .call = plain_call);
}
