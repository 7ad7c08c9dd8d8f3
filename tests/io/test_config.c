/* Models as YAML: short forms mean what saved forms say, and saving what was loaded gives the same
 * bytes. */
#include "hostile.h"
#include "io/config.h"
#include "io/yaml_tree.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ant_model *load(ant_graph *g, const char *text) {
    ant_tree *t = ant__yaml_parse(&g->context, "m.yaml", text, strlen(text), NULL);
    return t ? ant__model_read(g, "m.yaml", t) : NULL;
}

static ant_buffer save(ant_model *m) {
    ant_context c = {0};
    ant_buffer b = {0};
    ant_tree *t = ant__model_tree(&c, m);
    ck_assert_msg(t != NULL, "%s", c.error.text);
    ck_assert(!ant__yaml_put(&b, t));
    ant__arena_free(&c.arena);
    return b;
}

static const struct {
    const char *text, *saved;
} models[] = {
    {"Sequential: [Input(4), \"Dense(3, relu)\", Dense(1)]\nname: net",
     "name: net\n"
     "Sequential:\n"
     "- Input: {shape: [4], name: input_layer}\n"
     "- Dense: {name: dense, units: 3, activation: relu}\n"
     "- Dense: {name: dense_1, units: 1}\n"},
    {"Sequential:\n  - Dense: {units: 3, input_shape: [2], trainable: no}\n",
     "name: sequential\n"
     "Sequential:\n"
     "- Input: {shape: [2], name: input_layer}\n"
     "- Dense: {name: dense, units: 3, trainable: false}\n"},
    {"inputs: {a: [4], b: 4}\n"
     "layers: {tower: Dense(2), out: Dense(1)}\n"
     "calls: {h: tower(a), k: tower(b)}\n"
     "outputs: {y: out(h), z: out(k), w: h}\n",
     "name: model\n"
     "inputs: {a: [4], b: [4]}\n"
     "layers:\n"
     "  tower:\n"
     "    Dense: {units: 2}\n"
     "  out:\n"
     "    Dense: {units: 1}\n"
     "calls:\n"
     "  h: tower(a)\n"
     "  out: out(h)\n"
     "  k: tower(b)\n"
     "  out@2: out(k)\n"
     "outputs: {y: out, z: out@2, w: h}\n"},
    /* names that no grammar likes, in quotes */
    {"inputs: {\"a b\": [4], \"x:0\": {shape: [4], dtype: int32}}\n"
     "layers: {\"my, layer\": Dense(2), \"tr\xC3\xA4ge/1\": Dense(1)}\n"
     "calls: {\"c(1)\": '\"my, layer\"(\"a b\")'}\n"
     "outputs: {\"out = 1\": '\"tr\xC3\xA4ge/1\"(\"c(1)\")', \"y,2\": '\"my, layer\"(\"x:0\")'}\n",
     NULL},
    /* a nested model, called twice, whose layer is also used outside */
    {"inputs: {a: [4]}\n"
     "layers:\n"
     "  inner:\n"
     "    Sequential: [Input(4), {Dense: {units: 4, name: first}}, Dense(4)]\n"
     "  again: /inner/first\n"
     "calls: {h: inner(inner(a)), k: again(h)}\n"
     "outputs: {y: k}\n",
     NULL},
    {"inputs: {a: [4]}\nlayers: {f: Dense(4)}\ncalls: {h: 'f(a, training=true)'}\noutputs: [h, "
     "a]\n",
     NULL},
    /* keywords of calls */
    {"inputs: {q: [4, 3], v: [5, 3], m: {shape: [5], dtype: bool}, a: {shape: [4, 5], dtype: "
     "bool}}\n"
     "layers: {f: 'MultiHeadAttention(2, 3, output_shape=[2], attention_axes=1)', l: LSTM(2)}\n"
     "calls: {h: 'f(q, value=v, key=v, mask=[none, m], attention_mask=a)', k: 'l(v, mask=m)',\n"
     "        s: 'f(q, v, use_causal_mask=true, return_attention_scores=yes)'}\n"
     "outputs: {h: h, k: k, w: 's[1]'}\n",
     "name: model\n"
     "inputs:\n"
     "  q: [4, 3]\n"
     "  v: [5, 3]\n"
     "  m: {shape: [5], dtype: bool}\n"
     "  a: {shape: [4, 5], dtype: bool}\n"
     "layers:\n"
     "  f:\n"
     "    MultiHeadAttention: {num_heads: 2, key_dim: 3, output_shape: [2], attention_axes: 1}\n"
     "  l:\n"
     "    LSTM: {units: 2}\n"
     "calls:\n"
     "  h: f(q, v, v, mask=[none, m], attention_mask=a)\n"
     "  k: l(v, mask=m)\n"
     "  s: f(q, v, use_causal_mask=true, return_attention_scores=true)\n"
     "outputs: {h: h, k: k, w: 's[1]'}\n"},
    /* calls that leave out the masks of their inputs */
    {"inputs: {w: {shape: [5], dtype: int32}}\n"
     "layers: {e: 'Embedding(9, 2, mask_zero=true)', l: LSTM(2), a: Add}\n"
     "calls: {h: e(w), k: 'l(h, mask=[off])', s: 'a(h, h, mask=[none, off])'}\n"
     "outputs: {k: k, s: s}\n",
     "name: model\n"
     "inputs:\n"
     "  w: {shape: [5], dtype: int32}\n"
     "layers:\n"
     "  e:\n"
     "    Embedding: {input_dim: 9, output_dim: 2, mask_zero: true}\n"
     "  l:\n"
     "    LSTM: {units: 2}\n"
     "  a:\n"
     "    Add: {}\n"
     "calls:\n"
     "  h: e(w)\n"
     "  k: l(h, mask=[off])\n"
     "  s: a(h, h, mask=[none, off])\n"
     "outputs: {k: k, s: s}\n"},
    /* a frozen model freezes what is in it */
    {"name: f\ninputs: {a: [4]}\n"
     "layers: {inner: {Sequential: [Input(4), BatchNormalization], trainable: no}}\n"
     "outputs: {y: inner(a)}\n",
     "name: f\n"
     "inputs: {a: [4]}\n"
     "layers:\n"
     "  inner:\n"
     "    Sequential:\n"
     "    - Input: {shape: [4], name: input_layer}\n"
     "    - BatchNormalization: {name: batch_normalization, trainable: false}\n"
     "    trainable: false\n"
     "calls:\n"
     "  inner: inner(a)\n"
     "outputs: {y: inner}\n"},
    /* operations: names, numbers, keys, values in the text, activations, several results */
    {"inputs: {a: [4]}\n"
     "layers: {f: 'Operation(multiply, x2=2)', g: {Operation: {op: get_item, key: ':, 1:'}},\n"
     "         c: {Operation: {op: add, constants: ['x2=[[1, 0.5, 3]]']}},\n"
     "         s: 'Operation(split, axis=1, count=2)', e: 'Operation(\"elu(alpha=2)\")'}\n"
     "calls: {h: c(g(f(a))), k: s(e(a))}\n"
     "outputs: {h: h, k: 'k[1]'}\n",
     "name: model\n"
     "inputs: {a: [4]}\n"
     "layers:\n"
     "  f:\n"
     "    Operation: {op: multiply, x2: 2}\n"
     "  g:\n"
     "    Operation: {op: get_item, key: ':, 1:'}\n"
     "  e:\n"
     "    Operation: {op: elu(alpha=2)}\n"
     "  c:\n"
     "    Operation: {op: add, constants: ['x2=[[1, 0.5, 3]]']}\n"
     "  s:\n"
     "    Operation: {op: split, axis: [1], count: 2}\n"
     "calls:\n"
     "  f: f(a)\n"
     "  g: g(f)\n"
     "  h: c(g)\n"
     "  e: e(a)\n"
     "  k: s(e)\n"
     "outputs: {h: h, k: 'k[1]'}\n"},
    /* how Keras nests inputs and outputs */
    {"inputs: {a: [4], b: [4], c: [4]}\n"
     "outputs: {u: b, v: c, w: a}\n"
     "input_structure: {q: c, p: [a, [b]]}\noutput_structure: [u, {x: w, k: v}]\n",
     "name: model\n"
     "inputs: {a: [4], b: [4], c: [4]}\n"
     "layers: {}\n"
     "calls: {}\n"
     "outputs: {u: b, v: c, w: a}\n"
     "input_structure: {q: c, p: [a, [b]]}\n"
     "output_structure:\n"
     "- u\n"
     "- {x: w, k: v}\n"},
    /* an input that is a scalar per sample, one with a batch size, an unknown axis */
    {"inputs: {a: [], b: {shape: [3], batch_size: 8}, c: [none, 2]}\n"
     "layers: {f: Dense(1), g: Dense(2)}\n"
     "calls: {h: f(b), k: g(c)}\noutputs: {h: h, k: k, a: a}\n",
     NULL},
};

START_TEST(saved_loaded_saved) {
    ant_graph *g = ant_graph_new(.seed = 1), *other = ant_graph_new(.seed = 1);
    ant_model *m = load(g, models[_i].text);
    ck_assert_msg(m && !ant_status(g), "%s", ant_error(g));
    ant_buffer first = save(m);
    if (models[_i].saved)
        ck_assert_str_eq(first.at, models[_i].saved);
    ant_model *again = load(other, first.at);
    ck_assert_msg(again != NULL, "%s in\n%s", ant_error(other), first.at);
    ant_buffer second = save(again);
    ck_assert_str_eq(first.at, second.at);
    /* The same weights by the same names: keys follow names. */
    ck_assert_int_eq(ant_weight_count(m), ant_weight_count(again));
    for (int k = 0; k < ant_weight_count(m); k++) {
        ant_array a = ant_weight_at(m, k), b = ant_weight_at(again, k);
        ck_assert_str_eq(ant_weight_name(m, k), ant_weight_name(again, k));
        ck_assert(!memcmp(a.data, b.data, sizeof(float) * (size_t)a.shape[0]));
    }
    ant__buffer_free(&first);
    ant__buffer_free(&second);
    ant_graph_free(g);
    ant_graph_free(other);
}
END_TEST

static const struct {
    const char *text, *because;
} refused[] = {
    /* several layers in the place of one: what fails inside fails outside */
    {"Sequential: [{Bidirectional: {layer: LSTM(2), backward_layer: [LSTM(2)]}}]", "layer '"},
    {"a: 1", "m.yaml:1:1: model: expected 'Sequential:'"},
    {"[1]", "model: expected"},
    {"Sequential: 3", "expected a list of layers"},
    {"Sequential: [Dens(3)]", "m.yaml:1:14: no layer 'Dens', did you mean 'Dense'?"},
    {"Sequential: [Dense(unit=3)]", "no option 'unit', did you mean 'units'?"},
    {"Sequential: [Dense(0)]", "m.yaml:1:14: "},
    {"Sequential: ['Dense(3, rellu)']", "did you mean 'relu'?"},
    {"Sequential: [Input(4), Dense()]", "units"},
    {"Sequential: [\"Dense(3\"]", "expected ',' or ')'"},
    {"Sequential: [/dense]", "no layer '/dense' above"},
    {"Sequential: [Input(4), Dense(2)]\ninputs: {a: [1]}\n", "not both"},
    {"Sequential: []\nlayres: {}\n", "no key 'layres', did you mean 'layers'?"},
    {"inputs: {a: [4]}\n", "no outputs"},
    {"inputs: {a: [0]}\noutputs: {a: a}\n", "a shape"},
    {"inputs: {a: [-3]}\noutputs: {a: a}\n", "m.yaml:1"},
    {"inputs: {a: [4, x]}\noutputs: {a: a}\n", "a shape"},
    {"inputs: {a: {shap: [4]}}\noutputs: {a: a}\n", "no option 'shap', did you mean 'shape'?"},
    {"inputs: {a: [4]}\nlayers: {f: Dense(1)}\noutputs: {y: g(a)}\n", "no layer 'g' above"},
    {"inputs: {a: [4]}\nlayers: {f: Dense(1)}\noutputs: {y: f(aa)}\n",
     "m.yaml:3:16: no input or call 'aa' above, did you mean 'a'?"},
    {"inputs: {a: [4]}\nlayers: {f: Dense(1)}\noutputs: {y: 'f(a, maskk=a)'}\n",
     "no keyword 'maskk' in a call, did you mean 'mask'?"},
    {"inputs: {a: [4]}\nlayers: {f: Dense(1)}\noutputs: {y: 'f(a, use_causal_mask=true)'}\n",
     "the call of 'f' (Dense) takes no keyword 'use_causal_mask'"},
    {"inputs: {a: [4]}\nlayers: {f: Dense(1)}\noutputs: {y: 'f(a, mask=[none, b])'}\n",
     "no input or call 'b' above"},
    {"inputs: {a: [4]}\nlayers: {f: Dense(1)}\noutputs: {y: 'f(a)[1]'}\n", "has no result 1"},
    {"inputs: {a: [4]}\nlayers: {f: Dense(1)}\noutputs: {y: f()}\n", "m.yaml:3"},
    {"inputs: {a: [4]}\nlayers: {f: Dense(1)}\noutputs: {y: 'f(a, training=perhaps)'}\n",
     "expected true or false"},
    {"inputs: {a: [4]}\noutputs: {}\n", "expected {name: call}"},
    {"inputs: {a: [4]}\noutputs: {a: a}\ntrainable: maybe\n", "trainable: expected true or false"},
    {"inputs: {a: [4]}\nlayers: [Dense(1)]\noutputs: {a: a}\n", "layers: expected"},
    {"inputs: {a: [4], b: [4]}\nlayers: {f: Dense(1)}\noutputs: {y: 'f(a, b)'}\n", "m.yaml:3"},
    {"Sequential: [Functional()]", "ant_model_new"},
    {"inputs: {a: [4], b: [4]}\noutputs: {y: a}\ninput_structure: {q: a, p: b}\n",
     "m.yaml:3:28: input_structure: with its keys sorted, 'a' comes next, found 'b'"},
    {"inputs: {a: [4], b: [4]}\noutputs: {y: a}\ninput_structure: {q: a}\n", "'b' is missing"},
    {"inputs: {a: [4]}\noutputs: {y: a}\ninput_structure: [a, a]\n", "more leaves than"},
    {"inputs: {a: [4]}\noutputs: {y: a}\ninput_structure: a\n", "expected {key: name, …}"},
    {"inputs: {a: [4]}\noutputs: {y: a}\ninput_structure: [[]]\n", "expected names in {key: …}"},
    {"inputs: {a: [4]}\noutputs: [a]\noutput_structure: [a]\n", "have no names"},
};

START_TEST(refuses) {
    ant_graph *g = ant_graph_new(.seed = 1);
    ck_assert_msg(!load(g, refused[_i].text), "%s was read", refused[_i].text);
    ck_assert_msg(!strncmp(ant_error(g), "m.yaml:", 7) &&
                      strstr(ant_error(g), refused[_i].because) != NULL,
                  "%s", ant_error(g));
    ant_graph_free(g);
}
END_TEST

/* Two copies of one file on one graph keep the names that it gives. */
START_TEST(two_copies) {
    ant_graph *g = ant_graph_new(.seed = 1);
    ant_model *a = load(g, models[0].text), *b = load(g, models[0].text);
    ck_assert_msg(a && b, "%s", ant_error(g));
    ant_buffer first = save(a), second = save(b);
    ck_assert_str_eq(first.at, second.at);
    ant__buffer_free(&first);
    ant__buffer_free(&second);
    ant_graph_free(g);
}
END_TEST

static int load_and_save(void *text) {
    ant_graph *g = ant_graph_new(.seed = 1);
    ant_context c = {0};
    ant_buffer b = {0};
    if (!g)
        return ANT_E_MEMORY;
    ant_model *m = load(g, text);
    ant_tree *t = m ? ant__model_tree(&c, m) : NULL;
    int code = t ? ant__yaml_put(&b, t) : m ? c.error.code : ant_status(g);
    ant__buffer_free(&b);
    ant__arena_free(&c.arena);
    ant_graph_free(g);
    return code;
}

START_TEST(memory_may_fail) {
    memory_fail_each(load_and_save, (void *)(uintptr_t)models[_i].text);
}
END_TEST

ANT_TEST_MAIN("config", ANT_LOOP(saved_loaded_saved, (int)(sizeof models / sizeof *models)),
              ANT_LOOP(refuses, (int)(sizeof refused / sizeof *refused)), {two_copies, 0},
              ANT_LOOP(memory_may_fail, (int)(sizeof models / sizeof *models)))
