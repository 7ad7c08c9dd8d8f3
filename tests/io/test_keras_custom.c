/* Users' own classes in Keras's files: there and back, and what does not fit its twin. Files that
 * real Keras wrote of such classes are in tests/golden. */
#include "antler/antler.h"
#include "graph/graph.h"
#include "hostile.h"
#include "io/config.h"
#include "io/keras/keras.h"
#include "keras_make.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- a class, and its changes: what Python's has and the twin has not, or the other way round
 * --- */
enum variant { USUAL, MORE_LAYERS, LONGER_LIST, WIDER, MORE_WEIGHTS, NO_WEIGHT, UNCALLED };
static enum variant now;

typedef struct block {
    ANT_LAYER_OPTIONS;
    int units;
    bool quick;
    char ant_end;
} block;
#define BLOCK_DEFAULTS ANT_LAYER_DEFAULTS, .units = ANT_REQUIRED

static const ant_option options[] = {ANT_OPTION(block, units, "size of the last axis", .min = 1),
                                     ANT_OPTION(block, quick, "says nothing")};

static int build(ant_layer *l, ant_graph *g, const void *o) {
    const int units = ((const block *)o)->units;
    ant_inner_set(l, "first", ant_dense(g, now == WIDER ? units + 1 : units));
    for (int k = 0; k < (now == LONGER_LIST ? 3 : 2); k++)
        ant_inner_append(l, "rest", ant_dense(g, units));
    if (now == MORE_LAYERS)
        ant_inner_set(l, "third", ant_dense(g, units));
    if (now != NO_WEIGHT)
        ant_own_weight(l, "scale", {units}, .initializer = "ones");
    return now == MORE_WEIGHTS ? ant_own_weight(l, "offset", {units}) : 0;
}

static ant_value *call(ant_layer_call *c, ant_program *p, const void *o, ant_value *const *in) {
    ant_value *x = ant_inner_call(c, "first", in[0]);
    (void)o;
    for (int k = 0; k < (now == LONGER_LIST ? 3 : now == UNCALLED ? 1 : 2); k++)
        x = ant_inner_call(c, "rest", x, .index = k);
    if (now == MORE_LAYERS)
        x = ant_inner_call(c, "third", x);
    return now == NO_WEIGHT ? x : ant_op_mul(p, x, ant_own_read(c, "scale"));
}

static ant_graph *graph_with(const char *name, enum variant variant, int n) {
    ant_graph *g = ant_graph_new(.seed = 3, .threads = 1);
    now = variant;
    if (name)
        ant_register_layer_class(g, name, .size = offsetof(block, ant_end),
                                 .defaults = &(const block){BLOCK_DEFAULTS}, .options = options,
                                 .n_options = n, .build = build, .call = call);
    return g;
}

/* Compiled, it holds Adam's numbers too, which are more than any twin's. */
static void save_as(const char *path, enum variant variant, bool compiled) {
    ant_graph *g = graph_with("my>Block", variant, 2);
    ant_layer *b = ANT_LAYER_NEW("Block", block, BLOCK_DEFAULTS, .graph = g, .units = 3,
                                 .name = "b", .input_shape = {4}, .quick = true);
    ant_model *m = ant_sequential(g, b, ant_dense(g, 1, .name = "d"));
    if (compiled)
        ant_compile(m, .optimizer = "adam", .loss = "mse");
    ck_assert_msg(!ant_save(m, path), "%s %s", ant_error(g), ant_model_error(m));
    ant_graph_free(g);
}

static void save_variant(const char *path, enum variant variant) {
    save_as(path, variant, true);
}

static const char *path_of(char path[256], const char *name) {
    snprintf(path, 256, "%s", scratch_path(name));
    return path;
}

/* --- what does not fit --- */
static const struct {
    enum variant saved;
    const char *name; /* by which the class is registered; NULL: it is not */
    enum variant loaded;
    int options;
    const char *because; /* NULL: it fits */
} cases[] = {
    {USUAL, "my>Block", USUAL, 2, NULL},
    {USUAL, "Block", USUAL, 2, NULL},
    {USUAL, NULL, USUAL, 2,
     "layer 'b' (Block): 'my>Block' is not of Keras itself; register one of that name by "
     "ant_register_layer_class before the file is read"},
    {USUAL, "other>Block", USUAL, 2, "layer 'b' (Block): 'my>Block' is not of Keras itself"},
    {USUAL, "my>Block", USUAL, 1, "layer 'b' (Block): quick: Block has no such option here"},
    {MORE_LAYERS, "my>Block", USUAL, 2,
     "'layers/block/third' holds weights, but the class of 'b' as it was registered has no such"},
    {USUAL, "my>Block", MORE_LAYERS, 2, "'layers/block/third' (third) has 0 weights, the model's"},
    {LONGER_LIST, "my>Block", USUAL, 2, "'layers/block/rest/dense_2' holds weights"},
    {USUAL, "my>Block", LONGER_LIST, 2, "'layers/block/rest/dense_2' (rest.2) has 0 weights"},
    {WIDER, "my>Block", USUAL, 2,
     "the kernel of 'layers/block/first' (first) has the shape (4, 4), the model's is (4, 3)"},
    {MORE_WEIGHTS, "my>Block", USUAL, 2, "'layers/block' (b) has 2 weights, the model's has 1"},
    {USUAL, "my>Block", MORE_WEIGHTS, 2, "'layers/block' (b) has 1 weights, the model's has 2"},
    {USUAL, "my>Block", NO_WEIGHT, 2, "'layers/block' (b) has 1 weights, the model's has 0"},
    {USUAL, "my>Block", UNCALLED, 2, "'layers/block/rest/dense_1' (rest.1) has 2 weights, the"},
};
enum { CASES = sizeof cases / sizeof *cases };

START_TEST(twins_are_held_to_their_files) {
    char path[256];
    scratch_begin();
    save_variant(path_of(path, "m.keras"), cases[_i].saved);
    ant_graph *g = graph_with(cases[_i].name, cases[_i].loaded, cases[_i].options);
    ant_load(g, path);
    const char *because = cases[_i].because;
    if (because)
        ck_assert_msg(strstr(ant_error(g), because) != NULL, "'%s' does not say '%s'", ant_error(g),
                      because);
    else
        ck_assert_msg(!ant_status(g), "%s", ant_error(g));
    ant_graph_free(g);
    scratch_end();
}
END_TEST

/* Before weights get memory, the file is asked for its size. */
START_TEST(twins_are_no_larger_than_their_files) {
    char path[256];
    scratch_begin();
    save_as(path_of(path, "m.keras"), USUAL, false);
    ant_graph *g = graph_with("my>Block", LONGER_LIST, 2);
    ant_load(g, path);
    ck_assert_msg(strstr(ant_error(g), "it holds 46 numbers, the model has more weights than that; "
                                       "is Block, as it was registered, Python's class?"),
                  "%s", ant_error(g));
    ant_graph_free(g);
    scratch_end();
}
END_TEST

/* --- the package --- */
static const char *registered_name(ant_model *m) {
    ant_tree *t = ant__keras_config_write(m->context, m);
    ck_assert_msg(t != NULL, "%s", m->context->error.text);
    const ant_tree *layers = ant__tree_get(ant__tree_get(t, "config"), "layers");
    const ant_tree *b = layers->first->next;
    ck_assert_str_eq(ant__tree_get(b, "class_name")->text, "Block");
    ck_assert_str_eq(ant__tree_get(b, "module")->text, "null");
    ck_assert(!ant__tree_get(ant__tree_get(b, "config"), "registered_name"));
    return ant__tree_get(b, "registered_name")->text;
}

/* Whatever name it was registered by, and through Antler's own files, too. */
START_TEST(the_package_is_kept) {
    static const char *const names[] = {"my>Block", "Block"};
    static const char *const through[] = {"n.keras", "n.yaml", "n.safetensors"};
    char path[256], next[256];
    scratch_begin();
    save_variant(path_of(path, "m.keras"), USUAL);
    for (int k = 0; k < 6; k++) {
        ant_graph *g = graph_with(names[k % 2], USUAL, 2), *h = graph_with("Block", USUAL, 2);
        ant_model *m = ant_load(g, path);
        ck_assert_msg(!ant_status(g), "%s", ant_error(g));
        ck_assert_str_eq(registered_name(m), "my>Block");
        path_of(next, through[k / 2]);
        ck_assert_msg(!ant_save(m, next), "%s", ant_model_error(m));
        if (k % 2) { /* with another name, YAML says the class by its own alone */
            ant_model *n = ant_load(h, next);
            ck_assert_msg(!ant_status(h), "%s", ant_error(h));
            ck_assert_str_eq(registered_name(n), "my>Block");
        }
        ant_graph_free(g);
        ant_graph_free(h);
    }
    scratch_end();
}
END_TEST

/* --- numbers alone, and numbers that came back --- */
static void predict(ant_model *m, float out[2]) {
    static const float x[8] = {1, 2, 3, 4, -1, 0.5f, 2, -2};
    ck_assert_msg(!ant_predict(m, ant_array(x, 2, 4), ant_array(out, 2, 1)), "%s",
                  ant_model_error(m));
}

START_TEST(weights_go_there_and_back) {
    static const char *const ways[] = {"w.weights.h5", "w.safetensors"};
    char path[256], weights[256];
    float want[2], got[2];
    scratch_begin();
    save_variant(path_of(path, "m.keras"), USUAL);
    ant_graph *g = graph_with("my>Block", USUAL, 2), *h = graph_with("my>Block", USUAL, 2);
    ant_model *m = ant_load(g, path);
    ant_layer *b = ANT_LAYER_NEW("Block", block, BLOCK_DEFAULTS, .graph = h, .units = 3,
                                 .name = "b", .input_shape = {4});
    ant_model *n = ant_sequential(h, b, ant_dense(h, 1, .name = "d"));
    predict(m, want);
    for (int k = 0; k < 2; k++) {
        ck_assert_msg(!ant_save_weights(m, path_of(weights, ways[k])), "%s", ant_model_error(m));
        ant_weight_set(n, "b/first/bias", ant_array(((float[]){7, 7, 7}), 3));
        predict(n, got);
        ck_assert_float_ne(got[0], want[0]);
        ck_assert_msg(!ant_load_weights(n, weights), "%s", ant_model_error(n));
        predict(n, got);
        ck_assert_mem_eq(got, want, sizeof got);
    }
    ant_graph_free(g);
    ant_graph_free(h);
    scratch_end();
}
END_TEST

/* What does not fit may be left out. */
START_TEST(misfits_may_be_skipped) {
    char path[256];
    float out[2];
    scratch_begin();
    ant_graph *g = graph_with("my>Block", MORE_LAYERS, 2), *h;
    ant_layer *b = ANT_LAYER_NEW("Block", block, BLOCK_DEFAULTS, .graph = g, .units = 3,
                                 .name = "b", .input_shape = {4});
    ck_assert_int_eq(ant_save_weights(ant_sequential(g, b), path_of(path, "w.weights.h5")), 0);
    h = ant_graph_new(.threads = 1, .warn = note_warning);
    now = USUAL;
    ant_register_layer_class(h, "my>Block", ANT_TWIN_OPTIONS(block, options, BLOCK_DEFAULTS),
                             .build = build, .call = call);
    ant_layer *d = ANT_LAYER_NEW("Block", block, BLOCK_DEFAULTS, .graph = h, .units = 3,
                                 .name = "b", .input_shape = {4});
    ant_model *m = ant_sequential(h, d, ant_dense(h, 1));
    ck_assert_int_eq(ant_load_weights(m, path), ANT_E_FORMAT);
    ck_assert_msg(!ant_load_weights(m, path, .skip_mismatch = true), "%s", ant_model_error(m));
    predict(m, out);
    ant_graph_free(g);
    ant_graph_free(h);
    scratch_end();
}
END_TEST

/* --- calls --- */
#define XY                                                                                         \
    X ", {'module': 'keras.layers', 'class_name': 'InputLayer', 'config': {'batch_shape': [null, " \
      "4], 'dtype': 'float32', 'name': 'y'}, 'name': 'y', 'inbound_nodes': []}"
#define T(layer)                                                                                   \
    "{'class_name': '__keras_tensor__', 'config': {'shape': [null, 4], 'dtype': 'float32', "       \
    "'keras_history': ['" layer "', 0, 0]}}"
#define TWO(call)                                                                                  \
    "{'module': 'keras', 'class_name': 'Functional', 'config': {'name': 'm', 'layers': [" XY       \
    ", {'module': null, 'class_name': 'Two', 'registered_name': 'my>Two', 'config': {'name': "     \
    "'d'}, 'name': 'd', 'inbound_nodes': [" call "]}], 'input_layers': [['x', 0, 0], ['y', 0, "    \
    "0]], 'output_layers': ['d', 0, 0]}}"

static const struct {
    const char *config, *because; /* NULL: it is read */
} calls[] = {
    {TWO("{'args': [" T("x") ", " T("y") "], 'kwargs': {}}"), NULL},
    {TWO("{'args': [" T("x") "], 'kwargs': {'other': " T("y") ", 'training': null}}"), NULL},
    {TWO("{'args': [], 'kwargs': {'other': " T("y") ", 'x': " T("x") "}}"), NULL},
    {TWO("{'args': [" T("x") "], 'kwargs': {}}"), "takes 2 inputs, got 1"},
    {TWO("{'args': [], 'kwargs': {'other': " T("y") "}}"), "an input is missing"},
    {TWO("{'args': [], 'kwargs': {}}"), "there is no input"},
    {TWO("{'args': [" T("x") ", " T("y") "], 'kwargs': {'other': " T("y") "}}"), "said twice"},
    {TWO("{'args': [" T("x") ", 3.0], 'kwargs': {}}"), "a constant stands in the place"},
    {TWO("{'args': [" T("x") ", " T("y") "], 'kwargs': {'fast': false}}"),
     "layer 'd': the keyword 'fast' of a call of it is not read"},
    {TWO("{'args': [" T("x") ", " T("y") "], 'kwargs': {'key': " T("y") "}}"),
     "the keyword 'key' of a call of it is not read"},
};
enum { CALLS = sizeof calls / sizeof *calls };

static ant_value *two(ant_layer_call *c, ant_program *p, const void *o, ant_value *const *in) {
    (void)c, (void)o;
    return ant_op_sub(p, in[0], in[1]);
}

START_TEST(inputs_have_names) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_context *c = &g->context;
    char *config = quoted(calls[_i].config);
    ant_register_layer_class(g, "my>Two", .call = two, .inputs_min = 2, .inputs_max = 2,
                             .arguments = "first other");
    ant_tree *json = ant__json_parse(c, NULL, "config.json", config, strlen(config), NULL);
    ant_tree *t = json ? ant__keras_model_tree(c, "m.keras", json, false) : NULL;
    ant_model *m = t ? ant__model_read(g, "m.keras", t) : NULL;
    const char *because = calls[_i].because;
    if (because)
        ck_assert_msg(!m && strstr(ant_error(g), because), "'%s' does not say '%s'", ant_error(g),
                      because);
    else
        ck_assert_msg(m != NULL, "%s", ant_error(g));
    free(config);
    ant_graph_free(g);
}
END_TEST

/* --- memory --- */
static int load_once(void *path) {
    ant_graph *g = graph_with("Block", USUAL, 2);
    if (!g)
        return ANT_E_MEMORY;
    ant_model *m = ant_load(g, path);
    int code = ant_status(g);
    if (!code && !ant__keras_config_write(&g->context, m))
        code = ANT_E_MEMORY;
    ant_graph_free(g);
    return code;
}

START_TEST(memory_may_fail) {
    char path[256];
    scratch_begin();
    save_variant(path_of(path, "m.keras"), USUAL);
    memory_fail_each(load_once, path);
    scratch_end();
}
END_TEST

ANT_TEST_MAIN("keras_custom", ANT_LOOP(twins_are_held_to_their_files, CASES),
              {twins_are_no_larger_than_their_files}, {the_package_is_kept},
              {weights_go_there_and_back}, {misfits_may_be_skipped},
              ANT_LOOP(inputs_have_names, CALLS), {memory_may_fail})
