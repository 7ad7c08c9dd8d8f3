/* The summary, letter by letter as Keras 3.15.1 prints it (with Antler's names); plots. */
#include "harness.h"
#include <string.h>

static void prints(ant_model *m, int columns, const char *expected) {
    char *text = ant_summary_text(m, columns);
    ck_assert_msg(text != NULL, "%s", ant_model_error(m));
    ck_assert_str_eq(text, expected);
    ant_free(text);
}

START_TEST(chain) {
    ant_graph *g = ant_graph_new();
    ant_model *m = ant_sequential(
        g, ant_input_layer(g, {4}),
        ant_dense(g, 3,
                  .name = "a_rather_long_name_for_a_layer_that_wraps_around_the_column_width"),
        ant_identity(g), ant_dense(g, 1000));
    prints(
        m, 88,
        "Model: \"sequential\"\n"
        "┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┓\n"
        "┃ Layer (type)                         ┃ Output Shape                ┃         Param # ┃\n"
        "┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━┩\n"
        "│ a_rather_long_name_for_a_layer_that… │ (None, 3)                   │              15 │\n"
        "│ (Dense)                              │                             │                 │\n"
        "├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤\n"
        "│ identity (Identity)                  │ (None, 3)                   │               0 │\n"
        "├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤\n"
        "│ dense (Dense)                        │ (None, 1000)                │           4,000 │\n"
        "└──────────────────────────────────────┴─────────────────────────────┴─────────────────┘\n"
        " Total params: 4,015 (15.68 KB)\n"
        " Trainable params: 4,015 (15.68 KB)\n"
        " Non-trainable params: 0 (0.00 B)\n");
    ant_graph_free(g);
}
END_TEST

static ant_model *twin(ant_graph *g) {
    ant_node *a = ant_input(g, {40}, .name = "left"), *b = ant_input(g, {40}, .name = "right");
    ant_layer *tower = ant_dense(g, 32, "relu");
    ant_node *h = ant_call(ant_concatenate(g), ant_call(tower, a), ant_call(tower, b));
    ant_node *same = ant_call(ant_dense(g, 1, .name = "same"), h);
    ant_node *kind = ant_call(ant_dense(g, 5, .name = "kind"), h);
    return ant_model_new(g, ANT_NODES(a, b), ANT_NODES(same, kind), "twin");
}

START_TEST(branches) {
    ant_graph *g = ant_graph_new();
    prints(twin(g), 0,
           "Model: \"twin\"\n"
           "┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┳━━━━━━━━"
           "━━━━━━━━━━━━━━━━━━━━┓\n"
           "┃ Layer (type)                  ┃ Output Shape              ┃         Param # ┃ "
           "Connected to               ┃\n"
           "┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━╇━━━━━━━━"
           "━━━━━━━━━━━━━━━━━━━━┩\n"
           "│ left (InputLayer)             │ (None, 40)                │               0 │ -      "
           "                    │\n"
           "├───────────────────────────────┼───────────────────────────┼─────────────────┼────────"
           "────────────────────┤\n"
           "│ right (InputLayer)            │ (None, 40)                │               0 │ -      "
           "                    │\n"
           "├───────────────────────────────┼───────────────────────────┼─────────────────┼────────"
           "────────────────────┤\n"
           "│ dense (Dense)                 │ (None, 32)                │           1,312 │ "
           "left[0][0], right[0][0]    │\n"
           "├───────────────────────────────┼───────────────────────────┼─────────────────┼────────"
           "────────────────────┤\n"
           "│ concatenate (Concatenate)     │ (None, 64)                │               0 │ "
           "dense[0][0], dense[1][0]   │\n"
           "├───────────────────────────────┼───────────────────────────┼─────────────────┼────────"
           "────────────────────┤\n"
           "│ same (Dense)                  │ (None, 1)                 │              65 │ "
           "concatenate[0][0]          │\n"
           "├───────────────────────────────┼───────────────────────────┼─────────────────┼────────"
           "────────────────────┤\n"
           "│ kind (Dense)                  │ (None, 5)                 │             325 │ "
           "concatenate[0][0]          │\n"
           "└───────────────────────────────┴───────────────────────────┴─────────────────┴────────"
           "────────────────────┘\n"
           " Total params: 1,702 (6.65 KB)\n"
           " Trainable params: 1,702 (6.65 KB)\n"
           " Non-trainable params: 0 (0.00 B)\n");
    ant_graph_free(g);
}
END_TEST

START_TEST(narrow) {
    ant_graph *g = ant_graph_new();
    ant_model *m = twin(g);
    prints(m, 70,
           "Model: \"twin\"\n"
           "┏━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┳━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━┓\n"
           "┃ Layer (type)       ┃ Output Shape    ┃  Param # ┃ Connected to     ┃\n"
           "┡━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━╇━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━┩\n"
           "│ left (InputLayer)  │ (None, 40)      │        0 │ -                │\n"
           "├────────────────────┼─────────────────┼──────────┼──────────────────┤\n"
           "│ right (InputLayer) │ (None, 40)      │        0 │ -                │\n"
           "├────────────────────┼─────────────────┼──────────┼──────────────────┤\n"
           "│ dense (Dense)      │ (None, 32)      │    1,312 │ left[0][0],      │\n"
           "│                    │                 │          │ right[0][0]      │\n"
           "├────────────────────┼─────────────────┼──────────┼──────────────────┤\n"
           "│ concatenate        │ (None, 64)      │        0 │ dense[0][0],     │\n"
           "│ (Concatenate)      │                 │          │ dense[1][0]      │\n"
           "├────────────────────┼─────────────────┼──────────┼──────────────────┤\n"
           "│ same (Dense)       │ (None, 1)       │       65 │ concatenate[0][… │\n"
           "├────────────────────┼─────────────────┼──────────┼──────────────────┤\n"
           "│ kind (Dense)       │ (None, 5)       │      325 │ concatenate[0][… │\n"
           "└────────────────────┴─────────────────┴──────────┴──────────────────┘\n"
           " Total params: 1,702 (6.65 KB)\n"
           " Trainable params: 1,702 (6.65 KB)\n"
           " Non-trainable params: 0 (0.00 B)\n");
    ck_assert_ptr_null(ant_summary_text(m, 39));
    ck_assert_ptr_nonnull(strstr(ant_model_error(m), "39 columns"));
    ant_graph_free(g);
}
END_TEST

/* A chain with a nested, frozen model. */
START_TEST(nested) {
    ant_graph *g = ant_graph_new();
    ant_model *inner = ant_sequential(g, ant_dense(g, 3, .input_shape = {4}), ant_dense(g, 2));
    ant_node *x = ant_input(g, {4});
    ant_node *y = ant_call(ant_dense(g, 2), ant_call(inner, x));
    ant_set_trainable(inner, false);
    prints(
        ant_model_new(g, ANT_NODES(x), ANT_NODES(y)), 0,
        "Model: \"model\"\n"
        "┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┓\n"
        "┃ Layer (type)                         ┃ Output Shape                ┃         Param # ┃\n"
        "┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━┩\n"
        "│ input_layer (InputLayer)             │ (None, 4)                   │               0 │\n"
        "├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤\n"
        "│ sequential (Sequential)              │ (None, 2)                   │              23 │\n"
        "├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤\n"
        "│ dense (Dense)                        │ (None, 2)                   │               6 │\n"
        "└──────────────────────────────────────┴─────────────────────────────┴─────────────────┘\n"
        " Total params: 29 (116.00 B)\n"
        " Trainable params: 6 (24.00 B)\n"
        " Non-trainable params: 23 (92.00 B)\n");
    ant_graph_free(g);
}
END_TEST

START_TEST(plot) {
    ant_graph *g = ant_graph_new();
    ant_node *x = ant_input(g, {4}, .name = "a \"quoted\" {input}");
    ant_layer *l = ant_dense(g, 4);
    ant_model *m = ant_model_new(g, ANT_NODES(x), ANT_NODES(ant_call(l, ant_call(l, x))));
    char *text = ant_plot_text(m);
    ck_assert_str_eq(text,
                     "digraph \"model\" {\n"
                     "    node [shape=record, fontname=\"sans-serif\"];\n"
                     "    n0 [label=\"{a \\\"quoted\\\" \\{input\\} (InputLayer)|(None, 4)}\"];\n"
                     "    n1 [label=\"{dense (Dense)|(None, 4)}\"];\n"
                     "    n0 -> n1;\n"
                     "    n2 [label=\"{dense@2 (Dense)|(None, 4)}\"];\n"
                     "    n1 -> n2;\n"
                     "    o0 [shape=plaintext, label=\"dense@2\"];\n"
                     "    n2 -> o0;\n"
                     "}\n");
    ant_free(text);
    ant_graph_free(g);
}
END_TEST

START_TEST(to_a_file) {
    ant_graph *g = ant_graph_new();
    FILE *full = fopen("/dev/full", "w");
    if (full) {
        ant_model *m = twin(g);
        ck_assert_int_eq(ant_summary(m, full), ANT_E_FILE);
        fclose(full);
    }
    ant_graph_free(g);
}
END_TEST

ANT_TEST_MAIN("summary", {chain}, {branches}, {narrow}, {nested}, {plot}, {to_a_file})
