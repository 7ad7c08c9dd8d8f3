/* Where weights stand in Keras's HDF5 files: as h5py shows what Keras 3.15.1 wrote for the same
 * models. */
#include "io/config.h"
#include "io/keras/keras.h"
#include "io/yaml_tree.h"
#include "support.h"
#include <string.h>

/* Every group that has a `vars`: "path = the layer's name: its weights". */
static const struct {
    const char *model, *places;
} models[] = {
    /* a Sequential does not list its InputLayer */
    {"name: s\n"
     "Sequential: [Input(4), \"Dense(3)\", \"Dropout(0.1)\", {BatchNormalization: {name: norm}}, "
     "Dense(1)]\n",
     " = s:\n"
     "layers/dense = dense: kernel bias\n"
     "layers/dropout = dropout:\n"
     "layers/batch_normalization = norm: gamma beta moving_mean moving_variance\n"
     "layers/dense_1 = dense_1: kernel bias\n"},
    /* a Functional does; numbers are by class, in the order of its layers, which comes from the
     * outputs; an operation is no layer and no attribute of one */
    {"name: f\n"
     "inputs: {b: [4], a: [4]}\n"
     "layers: {x: Dense(4), sum: Add, twice: \"Operation(multiply, x2=2)\", y: Dense(1)}\n"
     "calls: {h: x(a), k: \"twice(h)\", s: \"sum(k, b)\"}\n"
     "outputs: {o: y(s), p: x(b)}\n",
     " = f:\n"
     "layers/input_layer = a:\n"
     "layers/dense = x: kernel bias\n"
     "layers/input_layer_1 = b:\n"
     "layers/add = sum:\n"
     "layers/dense_1 = y: kernel bias\n"},
    /* layers inside layers stand under Keras's attributes, in the order of their names */
    {"name: r\n"
     "Sequential:\n"
     "- Input([6, 4])\n"
     "- Bidirectional: {layer: \"GRU(3, return_sequences=true, name=in)\", name: both}\n"
     "- RNN: {cell: [GRUCell(3), LSTMCell(2), GRUCell(2)], return_sequences: true}\n"
     "- RNN: {cell: [SimpleRNNCell(2)], return_sequences: true}\n"
     "- TimeDistributed: {layer: Dense(3)}\n"
     "- LSTM(3, return_sequences=true)\n"
     "- TimeDistributed: {layer: Normalization}\n",
     " = r:\n"
     "layers/bidirectional = both:\n"
     "layers/bidirectional/backward_layer = backward_in:\n"
     "layers/bidirectional/backward_layer/cell = gru_cell: kernel recurrent_kernel bias\n"
     "layers/bidirectional/forward_layer = forward_in:\n"
     "layers/bidirectional/forward_layer/cell = gru_cell: kernel recurrent_kernel bias\n"
     "layers/rnn = rnn:\n"
     "layers/rnn/cell = stacked_rnn_cells:\n"
     "layers/rnn/cell/cells/gru_cell = gru_cell: kernel recurrent_kernel bias\n"
     "layers/rnn/cell/cells/lstm_cell = lstm_cell: kernel recurrent_kernel bias\n"
     "layers/rnn/cell/cells/gru_cell_1 = gru_cell_1: kernel recurrent_kernel bias\n"
     "layers/rnn_1 = rnn_1:\n"
     "layers/rnn_1/cell = simple_rnn_cell: kernel recurrent_kernel bias\n"
     "layers/time_distributed = time_distributed:\n"
     "layers/time_distributed/layer = dense: kernel bias\n"
     "layers/lstm = lstm:\n"
     "layers/lstm/cell = lstm_cell: kernel recurrent_kernel bias\n"
     "layers/time_distributed_1 = time_distributed_1:\n"
     "layers/time_distributed_1/layer = normalization: mean variance count\n"},
    /* some of the layers inside are not always there; a class that is called otherwise in Python */
    {"name: t\n"
     "inputs: {a: [4, 6]}\n"
     "layers:\n"
     "  heads: MultiHeadAttention(2, 3, use_gate=true)\n"
     "  group: GroupQueryAttention(3, 4, 2)\n"
     "  again: MultiHeadAttention(2, 3)\n"
     "calls: {h: \"heads(a, a)\", k: \"group(h, h)\"}\n"
     "outputs: {y: \"again(k, k)\"}\n",
     " = t:\n"
     "layers/input_layer = a:\n"
     "layers/multi_head_attention = heads:\n"
     "layers/multi_head_attention/key_dense = key: kernel bias\n"
     "layers/multi_head_attention/output_dense = attention_output: kernel bias\n"
     "layers/multi_head_attention/query_dense = query: kernel bias\n"
     "layers/multi_head_attention/value_dense = value: kernel bias\n"
     "layers/multi_head_attention/_gate_dense = gate: kernel bias\n"
     "layers/grouped_query_attention = group:\n"
     "layers/grouped_query_attention/_key_dense = key: kernel bias\n"
     "layers/grouped_query_attention/_output_dense = attention_output: kernel bias\n"
     "layers/grouped_query_attention/_query_dense = query: kernel bias\n"
     "layers/grouped_query_attention/_value_dense = value: kernel bias\n"
     "layers/multi_head_attention_1 = again:\n"
     "layers/multi_head_attention_1/key_dense = key: kernel bias\n"
     "layers/multi_head_attention_1/output_dense = attention_output: kernel bias\n"
     "layers/multi_head_attention_1/query_dense = query: kernel bias\n"
     "layers/multi_head_attention_1/value_dense = value: kernel bias\n"},
    /* what is shared stands once, at its first path, and counts wherever it is listed */
    {"name: n\n"
     "inputs: {a: [4]}\n"
     "layers:\n"
     "  inner:\n"
     "    Sequential: [Input(4), {Dense: {units: 4, name: first}}, {Dense: {units: 4, name: "
     "second}}]\n"
     "  again: /inner/first\n"
     "  last: Dense(2)\n"
     "calls: {h: inner(inner(a)), k: again(h)}\n"
     "outputs: {y: last(k)}\n",
     " = n:\n"
     "layers/input_layer = a:\n"
     "layers/sequential = inner:\n"
     "layers/sequential/layers/dense = first: kernel bias\n"
     "layers/sequential/layers/dense_1 = second: kernel bias\n"
     "layers/dense_1 = last: kernel bias\n"},
    {"name: m\n"
     "Sequential:\n"
     "- Input(4)\n"
     "- {inputs: {i: [4]}, layers: {d: Dense(4)}, outputs: {o: d(i)}, name: f}\n"
     "- {inputs: {i: [4]}, layers: {p: PReLU}, outputs: {o: p(i)}, name: g}\n",
     " = m:\n"
     "layers/functional = f:\n"
     "layers/functional/layers/input_layer = i:\n"
     "layers/functional/layers/dense = d: kernel bias\n"
     "layers/functional_1 = g:\n"
     "layers/functional_1/layers/input_layer = i:\n"
     "layers/functional_1/layers/p_re_lu = p: alpha\n"},
};

static ant_model *load(ant_graph *g, const char *text) {
    ant_tree *t = ant__yaml_parse(&g->context, "m.yaml", text, strlen(text), NULL);
    ant_model *m = t ? ant__model_read(g, "m.yaml", t) : NULL;
    ck_assert_msg(m != NULL, "%s", ant_error(g));
    return m;
}

static void put_places(ant_buffer *out, const ant_keras_places *places) {
    for (int k = 0; k < places->list.n; k++) {
        const ant_keras_place *p = &places->list.at[k];
        if (p->weight)
            ant__put_format(out, " %s", p->weight->variable.name);
        else
            ant__put_format(out, "%s%s = %s:", k ? "\n" : "", p->group, p->name);
    }
    ant__put(out, "\n");
}

START_TEST(as_keras) {
    ant_graph *g = ant_graph_new(.seed = 1);
    ant_model *m = load(g, models[_i].model);
    ant_keras_places places;
    ant_context c = {0};
    ant_buffer text = {0};
    ck_assert_msg(!ant__keras_places(&c, m, &places), "%s", c.error.text);
    put_places(&text, &places);
    ck_assert_str_eq(text.at, models[_i].places);
    ant__buffer_free(&text);
    ant__free(places.list.at);
    ant__arena_free(&c.arena);
    ant_graph_free(g);
}
END_TEST

/* Every weight of the model has one place, with an index of its own in its group. */
START_TEST(complete) {
    ant_graph *g = ant_graph_new(.seed = 1);
    ant_model *m = load(g, models[_i].model);
    ant_keras_places places;
    ant_context c = {0};
    int found = 0, expected = 0;
    ck_assert(!ant__keras_places(&c, m, &places));
    for (int k = 0; k < places.list.n; k++) {
        const ant_keras_place *p = &places.list.at[k];
        expected = p->weight ? expected : 0;
        found += p->weight != NULL;
        if (p->weight)
            ck_assert_int_eq(p->index, expected++);
    }
    ck_assert_int_eq(found, ant_weight_count(m));
    ant__free(places.list.at);
    ant__arena_free(&c.arena);
    ant_graph_free(g);
}
END_TEST

static int find_places(void *data) {
    ant_keras_places places;
    ant_context c = {0};
    int code = ant__keras_places(&c, data, &places);
    ant__free(places.list.at);
    ant__arena_free(&c.arena);
    return code;
}

START_TEST(out_of_memory) {
    ant_graph *g = ant_graph_new(.seed = 1);
    ant_model *m = load(g, models[2].model);
    ck_assert(!ant_save_weights(m, "/dev/null"));
    memory_fail_each(find_places, m);
    ant_graph_free(g);
}
END_TEST

enum { MODELS = sizeof models / sizeof *models };
ANT_TEST_MAIN("keras paths", ANT_LOOP(as_keras, MODELS), ANT_LOOP(complete, MODELS),
              {out_of_memory})
