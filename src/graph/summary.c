/* The summary: Keras's table of layers. */
#include "graph/graph.h"
#include "graph/table.h"
#include <math.h>

enum { SEQUENCE_WIDTH = 88, GRAPH_WIDTH = 108, NARROWEST = 40 };

/* A chain, in which every value goes to the next layer only, needs no column of connections. */
static bool is_chain(const ant_model_body *b) {
    if (b->sequential)
        return true;
    if (b->n_in != 1 || b->ranks.n != b->steps.n + 1)
        return false;
    for (int i = 0; i < b->steps.n; i++) {
        const ant_step *s = &b->steps.at[i];
        int before = i ? b->steps.at[i - 1].first_out : 0;
        if (ant__use_operands(s->use) != 1 || b->from.at[s->from] < before)
            return false;
    }
    return true;
}

/* --- cells --- */
static void put_shape(ant_buffer *p, const ant_node *n) {
    char text[ANT__DIMS_TEXT];
    ant__put_format(p, "%s", ant__dims_text(&n->dims, text));
}

static const ant_layer_use *last_use(const ant_model_body *b, const ant_layer *l) {
    const ant_layer_use *u = NULL;
    for (int i = 0; i < b->steps.n; i++)
        if (b->steps.at[i].use->layer == l)
            u = b->steps.at[i].use;
    return u;
}

static void put_shapes(ant_buffer *p, const ant_layer_use *u) {
    if (u->n_out == 1) {
        put_shape(p, u->out[0]);
        return;
    }
    for (int k = 0; k < u->n_out; k++) {
        ant__put_format(p, k ? ", " : "[");
        put_shape(p, u->out[k]);
    }
    ant__put_format(p, "]");
}

/* Which call of its layer, from 0. */
static int call_number(const ant_model_body *b, const ant_layer_use *u) {
    int n = 0;
    for (int i = 0; i < b->steps.n && b->steps.at[i].use != u; i++)
        n += b->steps.at[i].use->layer == u->layer;
    return n;
}

/* Keras's layer[call][result]. */
static void put_connection(ant_buffer *p, const ant_model_body *b, const ant_node *n) {
    const char *input = ant__name_of(&b->nodes, n);
    if (input)
        ant__put_format(p, "%s[0][0]", input);
    else
        ant__put_format(p, "%s[%d][%d]", ant__name_of(&b->layers, n->use->layer),
                        call_number(b, n->use), n->result);
}

static void put_connections(ant_buffer *p, const ant_model_body *b, const ant_layer *l) {
    bool any = false;
    for (int i = 0; i < b->steps.n; i++) {
        const ant_layer_use *u = b->steps.at[i].use;
        for (int k = 0; u->layer == l && k < ant__use_operands(u); k++) {
            ant__put_format(p, any ? ", " : "");
            put_connection(p, b, ant__use_operand(u, k));
            any = true;
        }
    }
}

/* --- rows --- */
static void put_row(ant_table *t, ant_buffer *cell, bool first) {
    const char *text[ANT__TABLE_COLUMNS];
    for (int k = 0; k < t->columns; k++) {
        t->paper->failed |= cell[k].failed;
        text[k] = cell[k].at ? cell[k].at : "";
    }
    ant__table_row(t, text, first);
    for (int k = 0; k < ANT__TABLE_COLUMNS; k++)
        ant__free(cell[k].at);
}

static void put_input(ant_table *t, const ant_model_body *b, const ant_node *n, bool first) {
    ant_buffer cell[ANT__TABLE_COLUMNS] = {0};
    ant__put_format(&cell[0], "%s (InputLayer)", ant__name_of(&b->nodes, n));
    put_shape(&cell[1], n);
    ant__put_format(&cell[2], "0");
    ant__put_format(&cell[3], "-");
    put_row(t, cell, first);
}

static void put_layer(ant_table *t, const ant_model_body *b, ant_layer *l, bool first) {
    ant_buffer cell[ANT__TABLE_COLUMNS] = {0};
    ant__put_format(&cell[0], "%s (%s)", ant__name_of(&b->layers, l), l->cls->name);
    put_shapes(&cell[1], last_use(b, l));
    ant__put_count(&cell[2], ant_parameter_count(l, false));
    put_connections(&cell[3], b, l);
    put_row(t, cell, first);
}

static void put_table(ant_buffer *p, const ant_model_body *b, int width) {
    static const char *const titles[] = {"Layer (type)", "Output Shape", "Param #", "Connected to"};
    static const double chain[] = {0.45, 0.80, 1.0}, graph[] = {0.3, 0.56, 0.74, 1.0};
    bool is = is_chain(b), first = true;
    ant_table t = {.paper = p, .columns = is ? 3 : 4, .right = {false, false, true, false}};
    ant__table_widths(&t, is ? chain : graph, width ? width : is ? SEQUENCE_WIDTH : GRAPH_WIDTH);
    ant__table_head(&t, titles);
    for (int i = 0; i < b->ranks.n; i++) {
        const ant_rank *r = &b->ranks.at[i];
        if (r->input && b->sequential)
            continue; /* as in Keras */
        if (r->input)
            put_input(&t, b, r->input, first);
        else
            put_layer(&t, b, r->layer, first);
        first = false;
    }
    ant__table_end(&t);
}

/* --- the lines below --- */
/* Two decimals without the caller's locale. */
static void put_bytes(ant_buffer *p, double bytes) {
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB", "PB"};
    int k = 0;
    for (; bytes >= 1024 && k < 5; k++)
        bytes /= 1024;
    long long hundredths = llround(bytes * 100);
    ant__put_format(p, "%lld.%02lld %s", hundredths / 100, hundredths % 100, units[k]);
}

static void put_total(ant_buffer *p, const char *title, int64_t n, int64_t bytes) {
    ant__put_format(p, " %s: ", title);
    ant__put_count(p, n);
    ant__put(p, " (");
    put_bytes(p, (double)bytes);
    ant__put(p, ")\n");
}

/* As in Keras, a model that was trained shows its optimizer, whose step count takes eight bytes. */
static void put_totals(ant_buffer *p, ant_model *m) {
    const ant_model_body *b = m->extra;
    const int64_t size = (int64_t)ant__dtype_size(ant__real_type(m->context));
    int64_t all = ant_parameter_count(m, false), trainable = ant_parameter_count(m, true);
    int64_t slots = b->train ? b->train_numbers(b->train) : -1, bytes = size * slots;
    bool trained = slots >= 0;
    slots = trained ? slots + 2 : 0; /* the step count and the learning rate */
    bytes = trained ? bytes + 12 : 0;
    put_total(p, "Total params", all + slots, size * all + bytes);
    put_total(p, "Trainable params", trainable, size * trainable);
    put_total(p, "Non-trainable params", all - trainable, size * (all - trainable));
    if (trained)
        put_total(p, "Optimizer params", slots, bytes);
}

char *ant_summary_text(ant_model *m, int columns) {
    if (ant__action_begin(m) || ant__settle(m))
        return NULL;
    if (columns < 0 || (columns && columns < NARROWEST)) {
        ant__model_fail(m, ANT_E_OPTION, "summary: %d columns, must be at least %d or 0", columns,
                        NARROWEST);
        return NULL;
    }
    ant_buffer p = {0};
    ant__put_format(&p, "Model: \"%s\"\n", ant__model_name(m));
    put_table(&p, m->extra, columns);
    put_totals(&p, m);
    char *text = ant__buffer_take(&p);
    if (!text)
        ant__model_fail(m, ANT_E_MEMORY, "%s", ant_code_text(ANT_E_MEMORY));
    return text;
}

int ant_summary(ant_model *m, FILE *out) {
    char *text = ant_summary_text(m, 0);
    const ant_model_body *b = m && !m->dead ? ant__body(m) : NULL;
    if (!text)
        return b ? b->error.code : ANT_E_GRAPH;
    int code = 0;
    if (fputs(text, out) < 0 || fflush(out))
        code = ant__model_fail(m, ANT_E_FILE, "summary: cannot write");
    ant_free(text);
    return code;
}
