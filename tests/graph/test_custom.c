/* Users' own layer classes: how they are registered, built and called, and what is refused. */
#include "antler/custom.h"
#include "harness.h"
#include <stdio.h>
#include <string.h>

/* --- a class with layers, a list of them and a weight --- */
typedef struct block {
    ANT_LAYER_OPTIONS;
    int units;
    const char *activation;
    double rate;
    char ant_end;
} block;
#define BLOCK_DEFAULTS ANT_LAYER_DEFAULTS, .units = ANT_REQUIRED, .activation = "ReLU", .rate = 0.5
#define block_new(G, ...)                                                                          \
    ANT_LAYER_NEW("Block", block, BLOCK_DEFAULTS, .graph = (G), .units = __VA_ARGS__)

static const ant_option block_options[] = {
    ANT_OPTION(block, units, "size of the last axis", .min = 1),
    ANT_OPTION(block, activation, "between the layers", .part = ANT_ACTIVATION),
    ANT_OPTION(block, rate, "share that is dropped", .max = 1)};

static int block_build(ant_layer *l, ant_graph *g, const void *options) {
    const block *o = options;
    ant_inner_set(l, "first", ant_dense(g, o->units));
    ant_inner_append(l, "more", ant_dense(g, o->units));
    ant_inner_append(l, "more", ant_dense(g, o->units, .use_bias = false));
    ant_inner_set(l, "drop", ant_dropout(g, o->rate));
    return ant_own_weight(l, "scale", {o->units}, .initializer = "ones");
}

static ant_value *block_call(ant_layer_call *c, ant_program *p, const void *options,
                             ant_value *const *in) {
    const block *o = options;
    ant_value *y = ant_call_activation(c, o->activation, ant_inner_call(c, "first", in[0]));
    for (int k = 0; k < 2; k++)
        y = ant_inner_call(c, "more", y, .index = k);
    if (ant_call_training(c))
        y = ant_inner_call(c, "drop", y);
    return ant_op_mul(p, y, ant_own_read(c, "scale"));
}

static int block_register(ant_graph *g) {
    return ant_register_layer_class(g, "my>Block",
                                    ANT_TWIN_OPTIONS(block, block_options, BLOCK_DEFAULTS),
                                    .build = block_build, .call = block_call);
}

static const float rows[] = {1, 2, 3, 4, -1, 0.5f, 2, -2};

/* What the class says, said with layers alone. */
static ant_model *by_hand(ant_graph *g) {
    return ant_sequential(g, ant_dense(g, 3, "relu", .input_shape = {4}), ant_dense(g, 3),
                          ant_dense(g, 3, .use_bias = false));
}

START_TEST(a_class_is_what_its_layers_are) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ck_assert_int_eq(block_register(g), 0);
    ant_model *m = ant_sequential(g, block_new(g, 3, .input_shape = {4}, .name = "b"));
    ant_model *plain = by_hand(g);
    static const char *const names[] = {"b/scale",         "b/first/kernel", "b/first/bias",
                                        "b/more.0/kernel", "b/more.0/bias",  "b/more.1/kernel"};
    ck_assert_msg(!ant_status(g), "%s", ant_error(g));
    ck_assert_int_eq(ant_weight_count(m), 6);
    for (int k = 0; k < 6; k++)
        ck_assert_str_eq(ant_weight_name(m, k), names[k]);
    ck_assert_int_eq(ant_parameter_count(m, true), 3 + 15 + 12 + 9);
    weights_pattern(m);
    for (int k = 0; k < 5; k++)
        ck_assert_int_eq(ant_weight_set(plain, ant_weight_name(plain, k), ant_weight_at(m, k + 1)),
                         0);
    float *scale = weight_data(m, "b/scale");
    batch a = {.x = {rows}, .rows = 2}, b = a;
    ck_assert_msg(!batch_run(m, &a), "%s", a.error);
    ck_assert_int_eq(batch_run(plain, &b), 0);
    for (int i = 0; i < 6; i++)
        ck_assert_float_eq_tol(a.out[0][i], b.out[0][i] * scale[i % 3], 1e-5);
    ck_assert(!strcmp(ant_name(ant_layer_named(m, "b/more.1")), "b/more.1"));
    ant_graph_free(g);
}
END_TEST

/* Twice in one model, in a model inside, in TimeDistributed, in another class; and copied. */
static int wrap_build(ant_layer *l, ant_graph *g, const void *options) {
    (void)options;
    ant_inner_set(l, "inner", block_new(g, 2, .name = "said"));
    return ant_inner_set(l, "model", ant_sequential(g, ant_dense(g, 3), ant_dense(g, 2)));
}

static ant_value *wrap_call(ant_layer_call *c, ant_program *p, const void *options,
                            ant_value *const *in) {
    (void)options;
    ant_value *x = ant_inner_call(c, "inner", in[0]);
    return ant_op_add(p, ant_inner_call(c, "inner", x), ant_inner_call(c, "model", x));
}

static ant_model *everywhere(ant_graph *g) {
    ant_node *x = ant_input(g, {2});
    ant_register_layer_class(g, "Wrap", .build = wrap_build, .call = wrap_call);
    ant_layer *b = block_new(g, 2), *w = ant_layer_parse(g, "Wrap(name=w)");
    ant_node *y = ant_call(b, ant_call(b, ant_call(w, x)));
    ant_model *inside = ant_sequential(g, block_new(g, 2, "tanh", .input_shape = {2}));
    ant_node *steps = ant_call(ant_reshape(g, {2, 1}), ant_call(inside, y));
    return ant_model_new(g, ANT_NODES(x),
                         ANT_NODES(ant_call(ant_time_distributed(g, block_new(g, 1)), steps), y));
}

START_TEST(classes_stand_anywhere) {
    ant_graph *g = ant_graph_new(.threads = 1), *h = ant_graph_new(.threads = 2);
    block_register(g);
    block_register(h);
    ant_model *m = everywhere(g);
    ck_assert_msg(!ant_status(g), "%s", ant_error(g));
    ant_register_layer_class(h, "Wrap", .build = wrap_build, .call = wrap_call);
    weights_pattern(m);
    ant_model *copy = ant_clone(m, h, true);
    ck_assert_msg(!ant_status(h), "%s", ant_error(h));
    batch a = {.x = {rows}, .rows = 3}, b = a;
    ck_assert_msg(!batch_run(m, &a), "%s", a.error);
    ck_assert_msg(!batch_run(copy, &b), "%s", b.error);
    ck_assert(!memcmp(a.out, b.out, sizeof a.out));
    ck_assert_int_eq(ant_weight_count(m), 6 * 4 + 4);
    ck_assert(ant_weight_named(m, "w/inner/more.0/kernel").data != NULL);
    ck_assert(ant_weight_named(m, "w/model/dense_1/kernel").data != NULL);
    a.training = true;
    ck_assert_msg(!batch_run(m, &a), "%s", a.error);
    ant_graph_free(g);
    ant_graph_free(h);
}
END_TEST

/* A shape that does not fit leaves nothing behind. */
START_TEST(shapes_may_come_late) {
    ant_graph *g = ant_graph_new(.threads = 1);
    block_register(g);
    ant_register_layer_class(g, "Wrap", .build = wrap_build, .call = wrap_call);
    ant_model *m = ant_sequential(g, ant_layer_parse(g, "Wrap"), ant_reshape(g, {2}));
    const int bad[] = {4, 0}, good[] = {2, 0}; /* of 4, the second call gets 2 */
    ck_assert_int_eq(ant_build(m, bad), ANT_E_SHAPE);
    ck_assert_int_eq(ant_build(m, good), 0);
    batch b = {.x = {rows}, .rows = 2};
    ck_assert_msg(!batch_run(m, &b), "%s", b.error);
    ck_assert_int_eq(ant_weight_count(m), 6 + 4);
    ant_graph_free(g);
}
END_TEST

/* --- masks travel with the values of layers --- */
static int masked_build(ant_layer *l, ant_graph *g, const void *options) {
    (void)options;
    return ant_inner_set(l, "lstm", ant_lstm(g, 2));
}

static ant_value *masked_call(ant_layer_call *c, ant_program *p, const void *options,
                              ant_value *const *in) {
    (void)options, (void)p;
    return ant_inner_call(c, "lstm", in[0]);
}

/* The mask that came in, as numbers; zeros where there was none. */
static ant_value *shown_call(ant_layer_call *c, ant_program *p, const void *options,
                             ant_value *const *in) {
    ant_value *mask = ant_call_mask(c, in[0]);
    (void)options;
    return mask ? ant_op_real(p, mask) : ant_op_scale(p, ant_op_mean(p, in[0], ANT_LAST, false), 0);
}

static char warned[1024];

static void note(void *data, const char *text) {
    (void)data;
    snprintf(warned, sizeof warned, "%s", text);
}

static ant_value *same_call(ant_layer_call *c, ant_program *p, const void *options,
                            ant_value *const *in) {
    (void)c, (void)options;
    return ant_op_scale(p, in[0], 1);
}

START_TEST(masks_go_where_keras_lets_them) {
    ant_graph *g = ant_graph_new(.threads = 1, .warn = note);
    ant_register_layer_class(g, "Masked", .build = masked_build, .call = masked_call);
    ant_register_layer_class(g, "Shown", .call = shown_call);
    ant_register_layer_class(g, "Passes", .call = same_call, .supports_masking = true);
    ant_register_layer_class(g, "Drops", .call = same_call);
    ant_node *x = ant_input(g, {4}, .dtype = "int32");
    ant_node *e = ant_call(ant_embedding(g, 5, 2, .mask_zero = true), x);
    ant_node *own = ant_call(ant_layer_parse(g, "Masked"), e);
    ck_assert(strstr(warned, "does not use masks") != NULL); /* Keras warns of it, too */
    ant_node *plain = ant_call(ant_lstm(g, 2), e);
    ant_node *passed =
        ant_call(ant_layer_parse(g, "Shown"), ant_call(ant_layer_parse(g, "Passes"), e));
    ant_node *dropped =
        ant_call(ant_layer_parse(g, "Shown"), ant_call(ant_layer_parse(g, "Drops"), e));
    ant_model *m = ant_model_new(g, ANT_NODES(x), ANT_NODES(own, plain, passed, dropped));
    ck_assert_msg(!ant_status(g), "%s", ant_error(g));
    weights_pattern(m);
    ant_layer *lstm = ant_layer_named(m, "lstm");
    for (int k = 0; k < 3; k++)
        ant_weight_set(ant_layer_named(m, "masked"),
                       ant_weight_name(ant_layer_named(m, "masked"), k), ant_weight_at(lstm, k));
    batch b = {.x = {(const float[]){1, 2, 0, 0, 3, 4, 1, 0}}, .rows = 2};
    ck_assert_msg(!batch_run(m, &b), "%s", b.error);
    for (int i = 0; i < 4; i++)
        ck_assert_float_eq(b.out[0][i], b.out[1][i]);
    for (int i = 0; i < 8; i++) {
        ck_assert_float_eq(b.out[2][i], b.x[0][i] != 0);
        ck_assert_float_eq(b.out[3][i], 0);
    }
    ant_graph_free(g);
}
END_TEST

/* --- what is refused while it is built --- */
static int which; /* of the cases below, for the functions of the class */

static int bad_build(ant_layer *l, ant_graph *g, const void *options) {
    ant_layer *d = ant_dense(g, 2);
    (void)options;
    switch (which) {
    case 0:
        return ant_inner_set(l, "a b", d);
    case 1:
        return ant_inner_set(l, NULL, d);
    case 2:
        return ant_inner_set(l, "d", NULL);
    case 3:
        ant_inner_set(l, "d", d);
        return ant_inner_set(l, "e", d);
    case 4:
        ant_inner_set(l, "d", d);
        return ant_inner_set(l, "d", ant_dense(g, 2));
    case 5:
        ant_inner_append(l, "d", d);
        return ant_inner_set(l, "d", ant_dense(g, 2));
    case 6:
        ant_inner_set(l, "d", ant_dense(g, -2)); /* the first error is told, though 0 is given */
        return 0;
    case 7:
        return ant_own_weight(l, "w/x", {2});
    case 8:
        ant_own_weight(l, "w", {2});
        return ant_own_weight(l, "w", {2});
    case 9:
        return ant_own_weight(l, "w", {2, -3});
    case 10:
        return ant_own_weight(l, "w", {2}, .initializer = "once");
    case 11:
        return ant_layer_error(l, ANT_E_OPTION, "units %d is odd", 3);
    case 12:
        return ANT_E_STATE;
    case 25:
        ant_call(d, ant_input(g, {4}));
        return ant_inner_set(l, "d", d);
    default:
        ant_inner_set(l, "d", d);
        ant_inner_append(l, "list", ant_dense(g, 2));
        return ant_own_weight(l, "w", {2});
    }
}

static ant_value *bad_call(ant_layer_call *c, ant_program *p, const void *options,
                           ant_value *const *in) {
    (void)options;
    switch (which) {
    case 13:
        return ant_inner_call(c, "dd", in[0]);
    case 14:
        return ant_inner_call(c, "list", in[0], .index = 1);
    case 15:
        return ant_own_read(c, "v");
    case 16:
        return ant_inner_call(c, "d", in[0], .use_causal_mask = true);
    case 17:
        return ant_inner_call(c, "d", in[0], in[0]);
    case 18:
        return ant_inner_call(c, "d", ant_op_slice(p, in[0], 1, 2, 7, 1));
    case 19:
        return ant_call_error(c, ANT_E_SHAPE, "no more than %d", 2);
    case 20:
        ant_call_result(c, 1, in[0]);
        return in[0];
    case 21:
        return NULL;
    case 22:
        return ant_inner_call(c, "d", NULL, in[0]);
    case 23:
        return ant_inner_call(c, "d", in[0], .training = 2);
    case 26:
        return ant_inner_call(c, "d", in[0], .results = NULL, 1);
    default:
        return ant_call_activation(c, "roll", in[0]);
    }
}

static const char *const refusals[] = {
    "Bad: 'a b' is no attribute's name",
    "Bad: '' is no attribute's name",
    "Bad: its d is NULL",
    "Bad: its e is its d already: call that twice",
    "Bad: it has a layer 'd' already",
    "Bad: its 'd' is a list already",
    "Dense: units is -2, must be at least 1",
    "Bad: 'w/x' is no name of a weight",
    "Bad: it has a weight 'w' already",
    "Bad: axis 1 of its w is -3, must be at least 1",
    "no initializer 'once', did you mean 'Ones'?",
    "Bad: units 3 is odd",
    "Bad: its build failed: not possible now",
    "Bad: it has no layer 'dd', did you mean 'd'?",
    "Bad: it has no layer 'list.1', did you mean 'list.0'?",
    "Bad: it has no weight 'v' of its own",
    "Bad: the call of 'd' (Dense) takes no keyword 'use_causal_mask'",
    "takes 1 input, got 2",
    "Bad: ",
    "Bad: no more than 2",
    "Bad: result 1 was set, its class has 1",
    "Bad: its writer gave no result 0",
    "Bad: input 0 of a call inside is NULL",
    "Bad: training is 2, must be 0 or 1",
    "no activation 'roll'",
    "Bad: its d is used elsewhere: its class must make it",
    "Bad: ant_inner_call: one positional option too many",
};
enum { REFUSALS = sizeof refusals / sizeof *refusals };

START_TEST(mistakes_are_told) {
    ant_graph *g = ant_graph_new(.threads = 1);
    which = _i;
    ant_register_layer_class(g, "Bad", .build = bad_build, .call = bad_call);
    ant_node *y = ant_call(ant_layer_parse(g, "Bad"), ant_input(g, {4}));
    ck_assert_msg(strstr(ant_error(g), refusals[_i]) != NULL, "'%s' does not say '%s'",
                  ant_error(g), refusals[_i]);
    ck_assert(strstr(ant_error(g), "test_custom.c") != NULL);
    int64_t shape[ANT_MAX_AXES];
    ck_assert_int_eq(ant_node_shape(y, shape), 0);
    ant_graph_free(g);
}
END_TEST

/* Functions for building do nothing at other times. */
START_TEST(only_while_it_is_built) {
    ant_graph *g = ant_graph_new(.threads = 1);
    int64_t shape[ANT_MAX_AXES];
    block_register(g);
    ant_layer *b = block_new(g, 3), *d = ant_dense(g, 2);
    ant_call(b, ant_input(g, {4}));
    ck_assert_int_eq(ant_inner_set(b, "x", d), ANT_E_STATE);
    ck_assert_int_eq(ant_inner_append(d, "x", b), ANT_E_STATE);
    ck_assert_int_eq(ant_own_weight(b, "x", {2}), ANT_E_STATE);
    ck_assert_int_eq(ant_build_shape(b, 0, shape), 0);
    ck_assert_int_eq(ant_weight_count(b), 6);
    ck_assert_msg(!ant_status(g), "%s", ant_error(g));
    ant_graph_free(g);
}
END_TEST

/* --- classes --- */
static const ant_option bad_options[][2] = {
    {ANT_OPTION(block, units, ""), ANT_OPTION(block, units, "")},
    {{.name = "trainable", .offset = offsetof(block, rate), .size = 8, .field = ANT__FLOAT}},
    {{.name = "name2", .offset = offsetof(block, name), .size = 8, .field = ANT__STRING}},
    {{.name = "beyond", .offset = offsetof(block, ant_end), .size = 8, .field = ANT__FLOAT}},
    {{.name = "registered_name", .offset = offsetof(block, rate), .size = 8}},
    {{.name = NULL, .offset = offsetof(block, rate), .size = 8}},
};
static const char *const bad_rows[] = {"cannot be named 'units'",     "cannot be named 'trainable'",
                                       "'name2' does not lie in",     "'beyond' does not lie in",
                                       "cannot be named 'registered", "cannot be named ''"};

START_TEST(rows_must_fit) {
    ant_graph *g = ant_graph_new(.threads = 1);
    int code = ant_register_layer_class(g, "Block", .size = offsetof(block, ant_end),
                                        .defaults = &(const block){BLOCK_DEFAULTS},
                                        .options = bad_options[_i], .n_options = _i ? 1 : 2,
                                        .build = block_build, .call = block_call);
    ck_assert_int_eq(code, ANT_E_OPTION);
    ck_assert_msg(strstr(ant_error(g), bad_rows[_i]) != NULL, "%s", ant_error(g));
    ant_graph_free(g);
}
END_TEST

/* What texts say of a class; NULL: it is taken. */
static const struct {
    const char *text, *error;
} texts[] = {
    {"Block(3)", NULL},
    {"Block(3, tanh, rate=0.25)", NULL},
    {"my>Block(units=3)", NULL},
    {"Block", "Block: units is missing"},
    {"Block(0)", "Block: units is 0, must be at least 1"},
    {"Block(3, rate=2)", "Block: rate is 2, must be between 0 and 1"},
    {"Block(3, activation=thanh)", "no activation 'thanh', did you mean 'tanh'?"},
    {"Block(3, unit=3)", "no option 'unit', did you mean 'units'?"},
    {"Blok(3)", "no layer 'Blok', did you mean 'Block'?"},
    {"other>Block(3)",
     "no layer 'other>Block'; one of your own is registered by ant_register_layer_class"},
};
enum { TEXTS = sizeof texts / sizeof *texts };

START_TEST(texts_say_them) {
    ant_graph *g = ant_graph_new(.threads = 1);
    block_register(g);
    ant_layer *l = ant_layer_parse(g, texts[_i].text);
    if (texts[_i].error)
        ck_assert_msg(strstr(ant_error(g), texts[_i].error) != NULL, "%s", ant_error(g));
    else
        ck_assert_msg(!l->dead && !ant_status(g), "%s", ant_error(g));
    ant_graph_free(g);
}
END_TEST

START_TEST(names_are_taken_once) {
    static const char *const taken[] = {"my>Block", "Block", "other>Block", "Dense", "a b>C", ""};
    for (int k = 0; k < 6; k++) {
        ant_graph *g = ant_graph_new(.threads = 1);
        block_register(g);
        ck_assert_int_eq(ant_register_layer_class(g, taken[k], .call = same_call), ANT_E_OPTION);
        ant_graph_free(g);
    }
    ant_graph *g = ant_graph_new(.threads = 1);
    ck_assert_int_eq(ant_register_layer_class(g, "X", .build = block_build), ANT_E_OPTION);
    ck_assert(strstr(ant_error(g), "'X': it has no call") != NULL);
    ck_assert_int_eq(ant_register_layer_class(NULL, "X", .call = same_call), ANT_E_MEMORY);
    ant_graph_free(g);
}
END_TEST

/* --- memory --- */
static int build_and_run(void *data) {
    (void)data;
    ant_graph *g = ant_graph_new(.threads = 1);
    if (!g)
        return ANT_E_MEMORY;
    ant_model *m = block_register(g) ? NULL : everywhere(g);
    batch b = {.x = {rows}, .rows = 2, .training = true};
    int code = ant_status(g);
    if (!code)
        code = batch_run(m, &b);
    ant_graph_free(g);
    return code;
}

START_TEST(memory_may_fail) {
    memory_fail_each(build_and_run, NULL);
}
END_TEST

ANT_TEST_MAIN("custom", {a_class_is_what_its_layers_are}, {classes_stand_anywhere},
              {shapes_may_come_late}, {masks_go_where_keras_lets_them},
              ANT_LOOP(mistakes_are_told, REFUSALS), {only_while_it_is_built},
              ANT_LOOP(rows_must_fit, 6), ANT_LOOP(texts_say_them, TEXTS), {names_are_taken_once},
              {memory_may_fail})
