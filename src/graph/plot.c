/* The graph of a model in graphviz's language. */
#include "graph/graph.h"
#include "graph/table.h"

/* Text inside quotes of a record: its special characters are escaped. */
static void put_escaped(ant_buffer *p, const char *s) {
    for (; *s; s++) {
        bool special = *s == '"' || *s == '\\' || *s == '{' || *s == '}' || *s == '|' ||
                       *s == '<' || *s == '>';
        ant__put_format(p, special ? "\\%c" : "%c", *s);
    }
}

static void put_box(ant_buffer *p, int place, const char *name, const char *cls,
                    const ant_node *n) {
    char shape[ANT__DIMS_TEXT];
    ant__put_format(p, "    n%d [label=\"{", place);
    put_escaped(p, name);
    ant__put_format(p, " (%s)|%s}\"];\n", cls, ant__dims_text(&n->dims, shape));
}

static void put_arrow(ant_buffer *p, int from, int to, const char *label) {
    ant__put_format(p, "    n%d -> n%d", from, to);
    if (label)
        ant__put_format(p, " [label=\"%s\"]", label);
    ant__put_format(p, ";\n");
}

/* Boxes are known by the first place of what they make; places lie in order of the steps. */
static int box_of(const ant_model_body *b, const ant_node *n) {
    int place = ant__names_place(&b->nodes, n);
    if (place >= 0)
        return place;
    return b->steps.at[ant__names_place(&b->nodes, n->use) - b->n_in].first_out;
}

static void put_step(ant_buffer *p, const ant_model_body *b, const ant_step *s) {
    const ant_layer_use *u = s->use;
    put_box(p, s->first_out, ant__name_of(&b->nodes, u), u->layer->cls->name, u->out[0]);
    for (int k = 0; k < ant__use_operands(u); k++) {
        static const char *const labels[] = {NULL, "initial_state", "mask", "attention_mask"};
        int at;
        const char *label = labels[ant__use_role(u, k, &at)];
        put_arrow(p, box_of(b, ant__use_operand(u, k)), s->first_out, label);
    }
}

char *ant_plot_text(ant_model *m) {
    if (ant__action_begin(m) || ant__settle(m))
        return NULL;
    const ant_model_body *b = m->extra;
    ant_buffer p = {0};
    ant__put_format(&p, "digraph \"");
    put_escaped(&p, ant__model_name(m));
    ant__put_format(&p, "\" {\n    node [shape=record, fontname=\"sans-serif\"];\n");
    for (int i = 0; i < b->n_in; i++)
        put_box(&p, i, b->nodes.at[i].name, "InputLayer", b->in[i]);
    for (int i = 0; i < b->steps.n; i++)
        put_step(&p, b, &b->steps.at[i]);
    for (int k = 0; k < b->n_out; k++) {
        ant__put_format(&p, "    o%d [shape=plaintext, label=\"", k);
        put_escaped(&p, ant__out_name(m, k));
        ant__put_format(&p, "\"];\n    n%d -> o%d;\n", box_of(b, b->out[k]), k);
    }
    ant__put_format(&p, "}\n");
    char *text = ant__buffer_take(&p);
    if (!text)
        ant__model_fail(m, ANT_E_MEMORY, "%s", ant_code_text(ANT_E_MEMORY));
    return text;
}
