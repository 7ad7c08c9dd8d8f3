/* Keras's files with much of something: they take no long time and no memory to speak of. */
#include "antler/antler.h"
#include "hostile.h"
#include "keras_make.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* n times a text with the numbers k - 1 and k in it, between two ends. */
static char *many(const char *begin, const char *each, const char *end, int n) {
    char *text = malloc(strlen(begin) + strlen(end) + (strlen(each) + 32) * (size_t)n + 1);
    ck_assert(text);
    char *at = text + sprintf(text, "%s", begin);
    for (int k = 1; k <= n; k++)
        at += sprintf(at, each, k - 1, k, k);
    strcpy(at, end);
    char *out = quoted(text);
    free(text);
    return out;
}

/* Loads it within two seconds, in twice the file's size and 16 MB. */
static void bounded(char *config) {
    scratch_begin();
    const char *path = with_config(config);
    size_t size = strlen(config) + 1000;
    clock_t from = clock();
    memory_fail_at(0);
    const char *text = error_of(path);
    int64_t peak = memory_peak();
    ck_assert_msg(clock() - from < 2 * CLOCKS_PER_SEC, "%s", text);
    ck_assert_msg(*text, "it was read");
    ck_assert_msg(peak <= 2 * (int64_t)size + (16 << 20), "%lld bytes for %zu: %s", (long long)peak,
                  size, text);
    free(config);
    scratch_end();
}

#define LINK                                                                                       \
    "{'module': 'keras.layers', 'class_name': 'Activation', 'config': {'activation': 'relu'}, "    \
    "'inbound_nodes': [[['a%d', 0, 0]]], 'name': 'a%d'},"
#define RUNG                                                                                       \
    "{'module': 'keras.layers', 'class_name': 'Add', 'config': {}, 'inbound_nodes': [[['a%1$d', "  \
    "0, "                                                                                          \
    "0], ['a%1$d', 0, 0]]], 'name': 'a%2$d'},"
#define CHAIN_BEGIN                                                                                \
    "{'module': 'keras', 'class_name': 'Functional', 'config': {'layers': [{'class_name': "        \
    "'InputLayer', 'config': {'batch_shape': [null, 4]}, 'name': 'a0', 'inbound_nodes': []},"
#define CHAIN_END(k) X "], 'input_layers': ['a0', 0, 0], 'output_layers': ['a" #k "', 0, 0]}}"

START_TEST(long_chains_take_no_long_time) {
    bounded(many(CHAIN_BEGIN, LINK, CHAIN_END(10000), 10000));
    bounded(many(CHAIN_BEGIN, RUNG, CHAIN_END(10000), 10000));
    bounded(many(CHAIN_BEGIN, LINK, CHAIN_END(100000), 100000));
}
END_TEST

/* A layer as Keras writes it. Its chains of several thousand layers take what was promised. */
#define DTYPE                                                                                      \
    "{'module': 'keras', 'class_name': 'DTypePolicy', 'config': {'name': 'float32'}, "             \
    "'registered_name': null}"
#define WHOLE_LINK                                                                                 \
    "{'module': 'keras.layers', 'class_name': 'Activation', 'config': {'name': 'a%2$d', "          \
    "'trainable': true, 'dtype': " DTYPE ", 'activation': 'relu'}, 'registered_name': null, "      \
    "'build_config': {'input_shape': [null, 4]}, 'name': 'a%2$d', 'inbound_nodes': [{'args': "     \
    "[{'class_name': '__keras_tensor__', 'config': {'shape': [null, 4], 'dtype': 'float32', "      \
    "'keras_history': ['a%1$d', 0, 0]}}], 'kwargs': {}}]},"

START_TEST(chains_of_keras_take_what_was_promised) {
    bounded(many(CHAIN_BEGIN, WHOLE_LINK, CHAIN_END(10000), 10000));
}
END_TEST

/* A whole file, of the config that Keras writes for 10,000 layers and their weights. */
enum { LAYERS = 10000 };

static const char *saved_chain(bool sequential) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_node *x = ant_input(g, {4}), *at = x;
    ant_model *m = ant_sequential(g, ant_activation(g, "relu", .input_shape = {4}));
    for (int k = 0; k < LAYERS; k++) {
        ant_layer *l = k % 2 ? ant_dense(g, 4) : ant_activation(g, "relu");
        if (sequential)
            ant_add(m, l);
        else
            at = ant_call(l, at);
    }
    const char *path = scratch_path("chain.keras");
    ck_assert_str_eq(ant_error(g), "");
    ck_assert(!ant_save(sequential ? m : ant_model_new(g, ANT_NODES(x), ANT_NODES(at)), path));
    ant_graph_free(g);
    return path;
}

START_TEST(models_take_what_was_promised) {
    scratch_begin();
    const char *path = saved_chain(_i);
    FILE *f = fopen(path, "rb");
    ck_assert(f && !fseek(f, 0, SEEK_END));
    int64_t most = 2 * (int64_t)ftell(f) + (16 << 20);
    fclose(f);
    clock_t from = clock();
    memory_fail_at(0);
    const char *text = error_of(path);
    int64_t peak = memory_peak();
    ck_assert_str_eq(text, "");
    ck_assert_msg(clock() - from < 2 * CLOCKS_PER_SEC, "too slow");
    ck_assert_msg(peak <= most, "%lld bytes, at most %lld", (long long)peak, (long long)most);
    scratch_end();
}
END_TEST

#define SHARED                                                                                     \
    "{'class_name': 'TimeDistributed', 'config': {'layer': {'class_name': 'Dense', 'config': "     \
    "{'name': 'd', 'units': %d}, 'shared_object_id': %d}}, 'name': 't%d', 'inbound_nodes': []},"
#define SAME                                                                                       \
    "{'class_name': 'TimeDistributed', 'config': {'layer': {'class_name': 'Dense', 'config': "     \
    "{'name': 'd', 'units': 2}, 'shared_object_id': 7}}, 'name': '%d t%d %d', 'inbound_nodes': "   \
    "[]},"

START_TEST(bombs_are_refused) {
    bounded(many("{'class_name': 'Sequential', 'config': {'layers': [", "[],", "[]]}}", 1000000));
    bounded(many("[", "0,", "0]", 3000000));
    bounded(many("{'a': [", "\"\\u0041 %d\",", "0]}", 1000000));
    bounded(many("{", "'name %d': %d,", "'x': 0}", 300000));
    bounded(many("", "[", "", 1000000));
    bounded(many("", "{'class_name': 'Sequential', 'config': {'layers': [", "", 100000));
    bounded(many(CHAIN_BEGIN, SHARED, CHAIN_END(0), 8000));
    bounded(many(CHAIN_BEGIN, SAME, CHAIN_END(0), 8000));
    bounded(many("{'module': 'keras', 'class_name': 'Functional', 'config': {'layers': [" X
                 "], 'input_layers': {",
                 "'%d': {},", "'x': ['x', 0, 0]}, 'output_layers': ['x', 0, 0]}}", 100000));
}
END_TEST

int main(void) {
    const test_entry entries[] = {
        {long_chains_take_no_long_time, 0},
        {chains_of_keras_take_what_was_promised, 0},
        {models_take_what_was_promised, 2},
        {bombs_are_refused, 0},
    };
    return test_run("keras_limits", entries, (int)(sizeof entries / sizeof *entries));
}
