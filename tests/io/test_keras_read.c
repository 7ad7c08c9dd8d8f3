/* Keras's files as an enemy would write them, and as older and newer versions do: what is refused,
 * with which words. */
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
#include <time.h>

static void refused(const char *path, const char *because) {
    clock_t from = clock();
    const char *text = error_of(path);
    ck_assert_msg(*text, "it was read; expected '%s'", because);
    ck_assert_msg(strstr(text, because) != NULL, "'%s' does not say '%s'", text, because);
    ck_assert_msg(clock() - from < 2 * CLOCKS_PER_SEC, "%s", because);
}

/* --- configs --- */
#define X2                                                                                         \
    "{'module': 'keras.layers', 'class_name': 'InputLayer', 'config': {'batch_shape': [null, 4], " \
    "'dtype': 'float32', 'name': 'y'}, 'name': 'y', 'inbound_nodes': []}"
#define TENSOR(layer, call, result)                                                                \
    "{'class_name': '__keras_tensor__', 'config': {'shape': [null, 4], 'dtype': 'float32', "       \
    "'keras_history': ['" layer "', " call ", " result "]}}"
#define CALL(tensor) "'inbound_nodes': [{'args': [" tensor "], 'kwargs': {}}]"
#define LAYER(name, cls, options, calls)                                                           \
    "{'module': 'keras.layers', 'class_name': '" cls "', 'config': {'name': '" name "'" options    \
    "}, 'name': '" name "', " calls "}"
#define MODEL(layers, inputs, outputs)                                                             \
    "{'module': 'keras', 'class_name': 'Functional', 'config': {'name': 'm', 'layers': [" layers   \
    "], 'input_layers': " inputs ", 'output_layers': " outputs "}}"
#define SIMPLE(layer) MODEL(X ", " layer, "['x', 0, 0]", "['d', 0, 0]")
/* A Dense layer with these options, and one of another class. */
#define DENSE(options) SIMPLE(LAYER("d", "Dense", options, CALL(TENSOR("x", "0", "0"))))
#define OTHER(cls, options) SIMPLE(LAYER("d", cls, options, CALL(TENSOR("x", "0", "0"))))
#define SEQUENTIAL(layers)                                                                         \
    "{'module': 'keras', 'class_name': 'Sequential', 'config': {'name': 'm', 'layers': [" layers   \
    "]}}"
#define NAMED(name, cls, options)                                                                  \
    "{'module': 'keras.layers', 'class_name': '" cls "', 'config': {'name': '" name "'" options "}}"
/* The operation of that name, called so. */
#define ABSOLUTE(call)                                                                             \
    SIMPLE("{'module': 'keras.src.ops.numpy', 'class_name': 'Absolute', 'config': {'name': 'd'}, " \
           "'name': 'd', 'inbound_nodes': [" call "]}")

static const struct {
    const char *config, *because;
} configs[] = {
    /* no model */
    {"", "m.keras: config.json:1:1: expected a value"},
    {"[]", "no model of layers"},
    {"{'class_name': 'Adam', 'config': {}}", "a Adam is no model"},
    {"{'class_name': 'Functional', 'config': {}}", "there is no list of layers"},
    {"{'class_name': 'Sequential', 'config': {'layers': 3}}", "there is no list of layers"},
    {"{'module': 'my', 'class_name': 'Model', 'config': {'layers': []}}", "is no model of layers"},
    {"{'class_name': 'Sequential', 'config': {'layers': [3]}}", "expected a layer"},
    {"{'class_name': 'Sequential', 'config': {'layers': [{'class_name': 'Dense', 'config': {}}]}}",
     "a Dense has no name"},
    {"{'class_name': 'Functional', 'class_name': 'Functional', 'config': {}}", "stands twice"},
    /* operations: what is called with what is no list or no dict (found by fuzzing) */
    {ABSOLUTE("{'args': '', 'kwargs': [{'class_name': 'x'}]}"),
     "operation 'd' (Absolute): its call is no list and no dict of arguments"},
    {ABSOLUTE("{'args': [" TENSOR("x", "0", "0") "], 'kwargs': [3]}"), "no list and no dict"},
    {ABSOLUTE("{'args': {'x': " TENSOR("x", "0", "0") "}, 'kwargs': {}}"), "no list and no dict"},
    /* code and other files */
    {OTHER("Lambda", ", 'function': {'class_name': '__lambda__', 'config': {'value': 'x'}}"),
     "layer 'd' (Lambda): it holds code of Python, which is never run"},
    {DENSE(", 'units': 2, 'activation': {'class_name': '__lambda__', 'config': {'value': 'x'}}"),
     "layer 'd' (Dense): activation: it is code of Python"},
    {DENSE(", 'units': {'class_name': '__lambda__', 'config': {'value': 'x'}}"),
     "units: it is code of Python"},
    {OTHER("TFSMLayer", ", 'filepath': '/etc/passwd'"), "another file, which is never opened"},
    {DENSE(", 'units': 2, 'vocabulary': '/etc/passwd'"), "vocabulary: Dense has no such option"},
    {DENSE(
         ", 'units': 2, 'kernel_initializer': {'module': 'keras.utils', 'class_name': 'get_file', "
         "'config': {'origin': 'http://x'}}"),
     "kernel_initializer: no initializer 'get_file'"},
    {DENSE(", 'units': 2, 'activation': {'module': 'os', 'class_name': 'function', 'config': "
           "'system', 'registered_name': 'system'}"),
     "activation: 'system' is not of Keras itself; register one of that name by "
     "ant_register_activation"},
    {"{'module': 'keras', 'class_name': 'Sequential', 'config': {'layers': [{'module': 'os', "
     "'class_name': 'Dense', 'config': {'name': 'd', 'units': 2}}]}}",
     "'Dense' is not of Keras itself; register one of that name by ant_register_layer"},
    {"{'module': 'keras', 'class_name': 'Sequential', 'config': {'layers': [{'module': "
     "'keras.layers',"
     " 'class_name': 'Mine', 'registered_name': 'pkg>Mine', 'config': {'name': 'd'}}]}}",
     "no layer 'Mine'"},
    {"{'module': null, 'class_name': 'Sequential', 'config': {'layers': [{'module': null, "
     "'class_name': 'Mine', 'registered_name': 'pkg>Mine', 'config': {'name': 'd'}}]}}",
     "no model of layers"},
    {"{'module': 'keras', 'class_name': 'Sequential', 'config': {'layers': [{'module': null, "
     "'class_name': 'Mine', 'registered_name': 'pkg>Mine', 'config': {'name': 'd'}}]}}",
     "'pkg>Mine' is not of Keras itself; register one of that name by ant_register_layer"},
    {"{'module': 'keras', 'class_name': 'Sequential', 'config': {'layers': [{'module': "
     "'keras.src.applications.convnext', 'class_name': 'LayerScale', 'registered_name': "
     "'LayerScale', 'config': {'name': 'd'}}]}}",
     "'LayerScale' is a class inside of Keras (keras.src.applications.convnext) that Antler does "
     "not have; register one of that name by ant_register_layer"},
    {DENSE(", 'units': 2, 'activation': 'pkg>act'"), "'pkg>act' is not of Keras itself"},
    {DENSE(", 'units': 2, 'activation': 'relu(1)'"), "'relu(1)' is no name of a activation"},
    {DENSE(", 'units': 2, 'kernel_regularizer': {'module': 'keras.losses', 'class_name': "
           "'MeanSquaredError', 'config': {}}"),
     "'MeanSquaredError' is a "},
    /* options */
    {DENSE(""), "units"},
    {DENSE(", 'units': 0"), "layer 'd': Dense: units is 0, must be at least 1"},
    {DENSE(", 'units': -1"), "units is -1"},
    {DENSE(", 'units': NaN"), "units"},
    {DENSE(", 'units': 1e30"), "units"},
    {DENSE(", 'units': 2.5"), "units"},
    {DENSE(", 'units': '2'"), "units"},
    {DENSE(", 'units': true"), "units"},
    {DENSE(", 'units': [2, 3]"), "units"},
    {DENSE(", 'units': 2, 'wings': 3"), "wings: Dense has no such option here"},
    {DENSE(
         ", 'units': 2, 'quantization_config': {'class_name': 'Int8QuantizationConfig', 'config': "
         "{}}"),
     "quantization_config"},
    {DENSE(", 'units': 2, 'dtype': 'int8'"), "quantised"},
    {DENSE(", 'units': 2, 'dtype': 'complex64'"), "dtype is 'complex64'"},
    {DENSE(", 'units': 2, 'dtype': {'class_name': 'QuantizedDTypePolicy', 'config': {'mode': "
           "'int8'}}"),
     "quantised (QuantizedDTypePolicy)"},
    {DENSE(", 'units': 2000000000"), "model.weights.h5"},
    {DENSE(", 'units': 2, 'lora_rank': 2000000000"), "model.weights.h5"},
    {OTHER("Conv1D", ", 'filters': 2, 'kernel_size': 9"), "'d' (Conv1D)"},
    {OTHER("TimeDistributed", ", 'layer': 3"),
     "layer 'd' (TimeDistributed): layer: expected a layer"},
    {OTHER("TimeDistributed", ""), "layer"},
    {OTHER("Nothing", ""), "layer 'd' (Nothing): no layer 'Nothing'"},
    {OTHER("Adam", ""), "'Adam' is an optimizer, not a layer"},
    {SEQUENTIAL("{'module': 'keras.layers', 'class_name': 'InputLayer', 'config': {'name': 'x', "
                "'batch_shape': [1000000000, 1000000000, 4, 4, 3, 2]}}, " NAMED(
                    "f", "Flatten", "") ", " NAMED("p", "Permute", ", 'dims': [2]")),
     "'f' (Flatten): reshape: a value of shape (1000000000, 96000000000) is too large"},
    /* the graph */
    {SIMPLE(LAYER("d", "Dense", ", 'units': 2", "'inbound_nodes': [{'args': []}]")),
     "layer 'd': in a call of it, there is no input"},
    {SIMPLE(LAYER("d", "Dense", ", 'units': 2", "'inbound_nodes': []")), "which has no such call"},
    {SIMPLE(LAYER("d", "Dense", ", 'units': 2", "'inbound_nodes': [7]")), "there are no arguments"},
    {SIMPLE(LAYER("d", "Dense", ", 'units': 2", "'inbound_nodes': 7")), "which has no such call"},
    {SIMPLE(LAYER("d", "Dense", ", 'units': 2", CALL(TENSOR("y", "0", "0")))),
     "layer 'd' is called on a value of 'y', which is no layer of the model"},
    {SIMPLE(LAYER("d", "Dense", ", 'units': 2", CALL(TENSOR("x", "-1", "0")))), "no such call"},
    {SIMPLE(LAYER("d", "Dense", ", 'units': 2", CALL(TENSOR("x", "1000000000", "0")))),
     "no such call"},
    {SIMPLE(LAYER("d", "Dense", ", 'units': 2", CALL(TENSOR("x", "0", "1")))), "no such result"},
    {SIMPLE(LAYER("d", "Dense", ", 'units': 2", CALL(TENSOR("x", "0", "99999999999999999999")))),
     "no such result"},
    {SIMPLE(LAYER("d", "Dense", ", 'units': 2", CALL(TENSOR("d", "0", "0")))),
     "layer 'd' is called on a value that is made from its own result"},
    {SIMPLE(LAYER("d", "Dense", ", 'units': 4", CALL(TENSOR("e", "0", "0"))) ", " LAYER(
         "e", "Dense", ", 'units': 4", CALL(TENSOR("d", "0", "0")))),
     "made from its own result"},
    {SIMPLE(LAYER("d", "Dense", ", 'units': 2", CALL("3"))), "a constant stands in the place"},
    {SIMPLE(LAYER("d", "Dense", ", 'units': 2", CALL("[]"))), "a list is empty"},
    {SIMPLE(LAYER("d", "Dense", ", 'units': 2",
                  CALL("{'class_name': '__keras_tensor__', 'config': {}}"))),
     "expected [layer, call, result]"},
    {SIMPLE(
         LAYER("d", "Dense", ", 'units': 2",
               "'inbound_nodes': [{'args': [" TENSOR("x", "0", "0") "], 'kwargs': {'wings': 3}}]")),
     "the keyword 'wings' of a call of it is not read"},
    {SIMPLE(X), "two layers of a model are named 'x'"},
    {MODEL(X, "['y', 0, 0]", "['x', 0, 0]"), "an output of the model is of 'y'"},
    {MODEL(X, "['x', 0, 0]", "['x', 0, 0]"), "model.weights.h5"},
    {MODEL(X, "['x', 0, 0]", "['x', 7, 0]"), "no such call"},
    {MODEL(X, "[]", "['x', 0, 0]"), "expected [layer, call, result]"},
    {MODEL(X, "['x', 0, 0]", "[[], {}]"), "expected [layer, call, result]"},
    {MODEL(X, "['x', 0, 0]", "3"), "expected [layer, call, result]"},
    {MODEL(X, "[['x', 0, 0], ['x', 0, 0]]", "['x', 0, 0]"), "'x' is an input of the model twice"},
    {DENSE(", 'units': 2, 'name': 3"), "stands twice"},
    /* inputs */
    {"{'class_name': 'Sequential', 'config': {'layers': [{'class_name': 'InputLayer', 'config': "
     "{'name': 'x'}}]}}",
     "input 'x': it has no shape"},
    {"{'class_name': 'Sequential', 'config': {'layers': [{'class_name': 'InputLayer', 'config': "
     "{'name': 'x', 'batch_shape': [null, 3], 'dtype': 'string'}}]}}",
     "input 'x': dtype is 'string'"},
    {"{'class_name': 'Sequential', 'config': {'layers': [{'class_name': 'InputLayer', 'config': "
     "{'name': 'x', 'batch_shape': [null, 3], 'sparse': true}}]}}",
     "input 'x': sparse inputs are not read"},
    {"{'class_name': 'Sequential', 'config': {'layers': [{'class_name': 'InputLayer', 'config': "
     "{'name': 'x', 'batch_shape': [null, 0]}}]}}",
     "shape"},
    {"{'class_name': 'Sequential', 'config': {'layers': [{'class_name': 'InputLayer', 'config': "
     "{'name': 'x', 'batch_shape': [null, 2000000000, 2000000000, 2000000000]}}, {'class_name': "
     "'Flatten', 'config': {'name': 'f'}}]}}",
     "model.weights.h5"},
    {"{'class_name': 'Sequential', 'config': {'layers': [{'class_name': 'InputLayer', 'config': "
     "{'name': 'x', 'batch_shape': [null, 1, 2, 3, 4, 5, 6, 7, 8, 9]}}]}}",
     "shape"},
};
enum { CONFIGS = sizeof configs / sizeof *configs };

START_TEST(configs_are_refused) {
    scratch_begin();
    char *config = quoted(configs[_i].config);
    refused(with_config(config), configs[_i].because);
    free(config);
    scratch_end();
}
END_TEST

/* --- what newer and older versions write, and strangers may --- */
static const struct {
    const char *config;
    int weights;
    const char *warning;
} accepted[] = {
    {DENSE(", 'units': 2"), 2, ""},
    {DENSE(", 'units': 2, 'quantization_config': null, 'lora_rank': null, 'new_in_4': null, "
           "'another': false, 'third': [], 'fourth': {}"),
     2, ""},
    {DENSE(", 'units': 2, 'use_bias': false, 'activation': null, 'kernel_regularizer': null"), 1,
     ""},
    {DENSE(", 'units': 2, 'dtype': {'module': 'keras', 'class_name': 'DTypePolicy', 'config': "
           "{'name': 'mixed_bfloat16'}, 'registered_name': null}"),
     2, "layer 'd' (Dense) is of type mixed_bfloat16; all is computed in float32"},
    {DENSE(", 'units': 2, 'dtype': 'float16'"), 2, "is of type float16"},
    {DENSE(", 'units': 2, 'dtype': {'class_name': 'DTypePolicyMap', 'config': {'default_policy': "
           "'float32', 'policy_map': {}}}"),
     2, ""},
    {OTHER("BatchNormalization", ", 'axis': [1], 'synchronized': false"), 4, ""},
    {SEQUENTIAL("{'class_name': 'Dense', 'config': {'name': 'd', 'units': 2, 'batch_input_shape': "
                "[null, 4], 'implementation': 2}}"),
     2, ""},
    {"{'class_name': 'Sequential', 'config': [{'class_name': 'Dense', 'config': {'name': 'd', "
     "'units': "
     "2, 'batch_input_shape': [null, 4]}}]}",
     2, ""},
    {"{'class_name': 'Model', 'config': {'name': 'm', 'layers': [" X
     ", {'class_name': 'Dense', 'config': {'name': 'd', 'units': 2}, 'name': 'd', 'inbound_nodes': "
     "[[['x', 0, 0, {}]]]}], 'input_layers': [['x', 0, 0]], 'output_layers': [['d', 0, 0]]}}",
     2, ""},
    {MODEL(X ", " X2, "{'b': ['y', 0, 0], 'a': ['x', 0, 0]}",
           "{'out': [['x', 0, 0], ['y', 0, 0]]}"),
     0, ""},
};
enum { ACCEPTED = sizeof accepted / sizeof *accepted };

START_TEST(configs_are_read) {
    ant_graph *g = ant_graph_new(.threads = 1, .warn = note_warning);
    ant_context *c = &g->context;
    char *config = quoted(accepted[_i].config);
    *warning = 0;
    ant_tree *json = ant__json_parse(c, NULL, "config.json", config, strlen(config), NULL);
    ant_tree *t = json ? ant__keras_model_tree(c, "m.keras", json, false) : NULL;
    ant_model *m = t ? ant__model_read(g, "m.keras", t) : NULL;
    ck_assert_msg(m != NULL, "%s", ant_error(g));
    ck_assert_int_eq(ant_weight_count(m), accepted[_i].weights);
    ck_assert_msg(strstr(warning, accepted[_i].warning) != NULL, "%s", warning);
    ck_assert(*warning == 0 || *accepted[_i].warning);
    free(config);
    ant_graph_free(g);
}
END_TEST

/* --- archives --- */
static const struct {
    part parts[4];
    const char *because;
} archives[] = {
    {{{"config.json", "{}", 0}, {"model.weights.h5", "x", 0}}, "it holds no metadata.json"},
    {{{"metadata.json", metadata, 0}, {"model.weights.h5", "x", 0}}, "it holds no config.json"},
    {{{"metadata.json", "[", 0}, {"config.json", "{}", 0}}, "metadata.json:1:2: expected a value"},
    {{{"x.npy", "x", 0}}, "it holds no metadata.json"},
};
enum { ARCHIVES = sizeof archives / sizeof *archives };

START_TEST(archives_are_refused) {
    int n = 0;
    while (n < 4 && archives[_i].parts[n].name)
        n++;
    scratch_begin();
    refused(archive(archives[_i].parts, n), archives[_i].because);
    scratch_end();
}
END_TEST

static char *simple_config(void) {
    return quoted(DENSE(", 'units': 2"));
}

START_TEST(other_weights_are_refused) {
    char *config = simple_config();
    const part none[] = {{"metadata.json", metadata, 0}, {"config.json", config, 0}};
    const part npz[] = {none[0], none[1], {"model.weights.npz", "x", 0}};
    const part shards[] = {none[0], none[1], {"model.weights.json", "x", 0}};
    scratch_begin();
    refused(archive(none, 2), "it holds no model.weights.h5");
    refused(archive(npz, 3), "its weights are in model.weights.npz; only model.weights.h5 is read");
    refused(archive(shards, 3), "its weights are in model.weights.json");
    free(config);
    scratch_end();
}
END_TEST

/* A version from the future, odd members beside, a member deflated by somebody else: all is
 * well. */
START_TEST(what_else_is_there_does_not_matter) {
    static const char future[] = "{\"keras_version\": \"99.1\", \"more\": [1]}";
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = ant_sequential(g, ant_dense(g, 2, .input_shape = {4}));
    size_t size;
    scratch_begin();
    ck_assert_msg(!ant_save_weights(m, scratch_path("w.h5")), "%s", ant_model_error(m));
    char *weights = scratch_read(scratch_path("w.h5"), &size), *config = simple_config();
    const part parts[] = {{"metadata.json", future, 0},
                          {"config.json", config, 0},
                          {"assets/x/y.txt", "words", 0},
                          {"model.weights.h5", weights, size}};
    const char *text = error_of(archive(parts, 4));
    ck_assert_msg(!*text, "%s", text);
    free(weights);
    free(config);
    ant_graph_free(g);
    scratch_end();
}
END_TEST

/* Two numbers without a tensor beside them: ints where neither has a point. */
static const struct {
    const char *numbers;
    int dtype;
} typed[] = {{"1, -2", ANT_INT32}, {"1, 2.0", ANT_FLOAT32}, {"1.0, 2.0", ANT_FLOAT32}};

START_TEST(numbers_have_types) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_context *c = &g->context;
    char text[2048];
    snprintf(text, sizeof text,
             MODEL(X
                   ", {'module': 'keras.src.ops.numpy', 'class_name': 'Where', 'config': {'name': "
                   "'d'}, 'name': 'd', 'inbound_nodes': [{'args': [" TENSOR("x", "0",
                                                                            "0") ", %s],"
                                                                                 " 'kwargs': {}}]}",
                   "['x', 0, 0]", "['d', 0, 0]"),
             typed[_i].numbers);
    char *config = quoted(text);
    ant_tree *json = ant__json_parse(c, NULL, "config.json", config, strlen(config), NULL);
    ant_tree *t = json ? ant__keras_model_tree(c, "m.keras", json, false) : NULL;
    ant_model *m = t ? ant__model_read(g, "m.keras", t) : NULL;
    ck_assert_msg(m != NULL, "%s %s", c->error.text, ant_error(g));
    ck_assert_int_eq(ant__body(m)->out[0]->dtype, typed[_i].dtype);
    free(config);
    ant_graph_free(g);
}
END_TEST

/* --- memory --- */
static int load_once(void *path) {
    ant_graph *g = ant_graph_new(.threads = 1);
    if (!g)
        return ANT_E_MEMORY;
    ant_load(g, path);
    int code = ant_status(g);
    ant_graph_free(g);
    return code;
}

START_TEST(memory_may_fail) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_node *x = ant_input(g, {4}, .name = "x");
    ant_layer *d = ant_dense(g, 4, "tanh", .name = "d");
    ant_model *m =
        ant_model_new(g, ANT_NODES(x), ANT_NODES(ant_call(d, ant_call(d, x)), ant_call(d, x)));
    char path[256];
    scratch_begin();
    snprintf(path, sizeof path, "%s", scratch_path("m.keras"));
    ant_compile(m, .optimizer = "adam", .loss = {"mse", "mae"});
    ck_assert_msg(!ant_save(m, path), "%s", ant_model_error(m));
    ant_graph_free(g);
    memory_fail_each(load_once, path);
    scratch_end();
}
END_TEST

int main(void) {
    const test_entry entries[] = {
        ANT_LOOP(configs_are_refused, CONFIGS),
        ANT_LOOP(configs_are_read, ACCEPTED),
        ANT_LOOP(archives_are_refused, ARCHIVES),
        ANT_LOOP(numbers_have_types, 3),
        {other_weights_are_refused, 0},
        {what_else_is_there_does_not_matter, 0},
        {memory_may_fail, 0},
    };
    return test_run("keras_read", entries, (int)(sizeof entries / sizeof *entries));
}
