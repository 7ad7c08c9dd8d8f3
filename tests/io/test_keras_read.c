/* Keras's files as an enemy would write them, and as older and newer versions do: what is refused,
 * with which words, within which time and memory. */
#include "antler/antler.h"
#include "graph/graph.h"
#include "hostile.h"
#include "io/zip.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- archives --- */
typedef struct part {
    const char *name, *text;
    size_t size; /* 0: of the text */
} part;

static const char metadata[] = "{\"keras_version\": \"3.15.1\", \"date_saved\": \"x\"}";

static const char *archive(const part *parts, int n) {
    const char *path = scratch_path("m.keras");
    ant_fault e = {0};
    ant_replacement file;
    ck_assert(!ant__replace_begin(&e, &file, path));
    ant_zip_writer w = {.error = &e, .file = &file};
    for (int k = 0; k < n; k++) {
        size_t size = parts[k].size ? parts[k].size : strlen(parts[k].text);
        ck_assert(!ant__zip_add(&w, parts[k].name, parts[k].text, size, NULL, 0));
    }
    ck_assert(!ant__zip_end(&w));
    ck_assert(!ant__replace_commit(&e, &file));
    return path;
}

/* A text in which ' stands for ". The caller's to free. */
static char *quoted(const char *text) {
    char *copy = malloc(strlen(text) + 1), *to = copy;
    ck_assert(copy);
    while ((*to = *text++))
        if (*to++ == '\'')
            to[-1] = '"';
    return copy;
}

static const char *with_config(const char *config) {
    const part parts[] = {{"metadata.json", metadata, 0},
                          {"config.json", config, 0},
                          {"model.weights.h5", "nothing", 0}};
    return archive(parts, 3);
}

static char warning[1024];

static void note_warning(void *data, const char *text) {
    (void)data;
    snprintf(warning, sizeof warning, "%s", text);
}

/* The error of loading a file; "" when it went well. */
static const char *error_of(const char *path) {
    static char text[2048];
    ant_graph *g = ant_graph_new(.threads = 1, .warn = note_warning);
    *warning = 0;
    ant_load(g, path);
    snprintf(text, sizeof text, "%s", ant_error(g));
    ck_assert(!strchr(text, '\n'));
    ant_graph_free(g);
    return text;
}

static void refused(const char *path, const char *because) {
    clock_t from = clock();
    const char *text = error_of(path);
    ck_assert_msg(*text, "it was read; expected '%s'", because);
    ck_assert_msg(strstr(text, because) != NULL, "'%s' does not say '%s'", text, because);
    ck_assert_msg(clock() - from < 2 * CLOCKS_PER_SEC, "%s", because);
}

/* --- configs --- */
#define X                                                                                          \
    "{'module': 'keras.layers', 'class_name': 'InputLayer', 'config': {'batch_shape': [null, 4], " \
    "'dtype': 'float32', 'name': 'x'}, 'name': 'x', 'inbound_nodes': []}"
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
    {OTHER("Conv1D", ", 'filters': 2, 'kernel_size': 9"), "'d' (Conv1D)"},
    {OTHER("TimeDistributed", ", 'layer': 3"),
     "layer 'd' (TimeDistributed): layer: expected a layer"},
    {OTHER("TimeDistributed", ""), "layer"},
    {OTHER("Nothing", ""), "layer 'd' (Nothing): no layer 'Nothing'"},
    {OTHER("Adam", ""), "'Adam' is an optimizer, not a layer"},
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

int main(void) {
    const test_entry entries[] = {ANT_LOOP(configs_are_refused, CONFIGS)};
    return test_run("keras_read", entries, (int)(sizeof entries / sizeof *entries));
}
