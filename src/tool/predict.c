/* antler predict. */
#include "core/array.h"
#include "core/convert.h"
#include "graph/graph.h"
#include "tool/tool.h"
#include "train/train.h"
#include <stdlib.h>
#include <string.h>

/* A model's predictions for all rows: one array per output, row-major of the output's own type. */
typedef struct predictions {
    ant_experiment *e;
    ant_model *model; /* the experiment's, or one that ends at an inner layer */
    ant_array out[ANT_MAX_PORTS];
    int n;
} predictions;

/* --- the model --- */
/* NULL after an error, which is the experiment's model's. */
static ant_model *model_of(const tool_args *a, ant_experiment *e) {
    ant_node *in[ANT_MAX_PORTS] = {NULL};
    if (!a->layer)
        return e->model;
    for (int k = 0; k < ant_model_inputs(e->model); k++)
        in[k] = ant_model_input(e->model, k);
    ant_node *out = ant_layer_node(e->model, a->layer, 0);
    if (ant__node_dead(out))
        return NULL;
    return ant_model_new(e->graph, in, ANT_NODES(out));
}

/* --- memory for the outputs --- */
static int reserve(predictions *p, int k, int64_t rows, ant_dims *dims) {
    ant_node *node = ant_model_output(p->model, k);
    ant_array *a = &p->out[k];
    *a = (ant_array){.dtype = node->dtype, .axes = dims->rank};
    a->name = ant_output_name(p->model, k);
    for (int i = 0; i < dims->rank; i++) /* no rows tell no sizes */
        if (dims->dim[i] < 0 && rows == 0)
            dims->dim[i] = 0;
    memcpy(a->shape, dims->dim, sizeof dims->dim);
    size_t bytes;
    if (!ant__dims_bytes(dims, a->dtype, &bytes) ||
        !(a->data = ant__arena_alloc(&p->e->graph->context.arena, bytes + 1)))
        return tool_fail("out of memory");
    return 0;
}

static const ant_port *port_of(const predictions *p, int k) {
    const ant_recipe *r = p->e->recipe;
    for (int i = 0; r && p->model == p->e->model && i < r->n_y; i++)
        if (r->n_y == 1 || (r->y[i].name && !strcmp(r->y[i].name, p->out[k].name)))
            return &r->y[i];
    return NULL;
}

static int64_t width_of(const ant_array *a) {
    int64_t n = 1;
    for (int i = 1; i < a->axes; i++)
        n *= a->shape[i];
    return n;
}

static void unscale(predictions *p) {
    for (int k = 0; k < p->n; k++) {
        const ant_port *port = port_of(p, k);
        if (port && ant__dtype_real(p->out[k].dtype))
            ant__port_unscale(port, &p->out[k], width_of(&p->out[k]));
    }
}

static int run(const tool_args *a, predictions *p, const ant_rowset *rows) {
    ant_predict_options o = {ANT_PREDICT_DEFAULTS, .model = p->model};
    ant_dims dims[ANT_MAX_PORTS];
    int code = 0;
    p->n = ant_model_outputs(p->model);
    o.x[0] = ant__arrays_all(rows->x);
    o.batch_size = a->batch_size;
    if (ant__predict_dims(&o, dims))
        return tool_model_failed(p->e->graph, p->model);
    for (int k = 0; k < p->n && !code; k++)
        code = reserve(p, k, rows->rows, &dims[k]);
    if (code)
        return code;
    o.out[0] = ant__arrays_all(p->out);
    if (ant_predict_(&o, offsetof(ant_predict_options, ant_end)))
        return tool_model_failed(p->e->graph, p->model);
    unscale(p);
    return 0;
}

/* --- csv --- */
static const ant_texts *classes_of(const predictions *p, int k) {
    const ant_port *port = port_of(p, k);
    return port && port->classes && port->classes[0].count ? &port->classes[0] : NULL;
}

static void put_cell(ant_buffer *b, const char *text) {
    if (!strpbrk(text, ",\"\n\r")) {
        ant__put(b, text);
        return;
    }
    ant__put(b, "\"");
    for (; *text; text++)
        ant__put_format(b, *text == '"' ? "\"\"" : "%c", *text);
    ant__put(b, "\"");
}

static void put_header(ant_buffer *b, const predictions *p) {
    const char *comma = "";
    for (int k = 0; k < p->n; k++) {
        int64_t width = width_of(&p->out[k]);
        if (classes_of(p, k)) {
            ant__put(b, comma);
            put_cell(b, p->out[k].name);
            ant__put(b, ",probability");
        }
        for (int64_t i = 0; !classes_of(p, k) && i < width; i++) {
            ant__put(b, comma);
            put_cell(b, p->out[k].name);
            if (width > 1)
                ant__put_format(b, "_%lld", (long long)i);
            comma = ",";
        }
        comma = ",";
    }
    ant__put(b, "\n");
}

static double number_at(const ant_array *a, int64_t i) {
    switch (a->dtype) {
    case ANT_FLOAT32:
    case ANT_FLOAT64:
        return ant__real_at(a->data, a->dtype, i);
    case ANT_INT32:
        return ((const int32_t *)a->data)[i];
    case ANT_INT64:
        return (double)((const int64_t *)a->data)[i];
    default:
        return ((const bool *)a->data)[i];
    }
}

/* The likeliest class and its probability; a single number is the probability of class 1. */
static void put_class(ant_buffer *b, const ant_array *a, int64_t row, const ant_texts *classes) {
    int64_t width = width_of(a), best = 0;
    double p = number_at(a, row * width);
    for (int64_t k = 1; k < width; k++)
        if (number_at(a, row * width + k) > p)
            p = number_at(a, row * width + (best = k));
    if (width == 1) {
        best = p > 0.5;
        p = best ? p : 1 - p;
    }
    put_cell(b, best < classes->count ? classes->data[best] : "");
    ant__put_format(b, ",%.6g", p);
}

static void put_row(ant_buffer *b, const predictions *p, int64_t row) {
    const char *comma = "";
    for (int k = 0; k < p->n; k++) {
        const ant_array *a = &p->out[k];
        if (classes_of(p, k)) {
            ant__put(b, comma);
            put_class(b, a, row, classes_of(p, k));
        }
        for (int64_t i = 0; !classes_of(p, k) && i < width_of(a); i++) {
            ant__put_format(b, "%s%.7g", i ? "," : comma, number_at(a, row * width_of(a) + i));
        }
        comma = ",";
    }
    ant__put(b, "\n");
}

static int write_csv(const predictions *p, const char *path, int64_t rows) {
    ant_buffer b = {0};
    put_header(&b, p);
    for (int64_t i = 0; i < rows; i++)
        put_row(&b, p, i);
    int code = b.failed ? tool_fail("out of memory") : tool_write_text(path, b.at);
    ant__buffer_free(&b);
    return code;
}

/* --- npy and npz --- */
static int write_arrays(const predictions *p, const char *path) {
    ant_arrays *d = ant_arrays_new();
    int code = d ? 0 : tool_fail("out of memory");
    for (int k = 0; !code && k < p->n; k++)
        if (ant_arrays_add(d, p->out[k].name, p->out[k]))
            code = tool_fail("%s", ant_arrays_error(d));
    if (!code && ant_arrays_write(d, path))
        code = tool_fail("%s", ant_arrays_error(d));
    ant_arrays_free(d);
    return code;
}

static int write(const tool_args *a, const predictions *p, int64_t rows) {
    const char *path = a->output ? a->output : "-";
    if (!strcmp(path, "-") || ant__file_ends(path, ".csv"))
        return write_csv(p, path, rows);
    if (ant__file_ends(path, ".npy") || ant__file_ends(path, ".npz"))
        return write_arrays(p, path);
    return tool_usage("--output is '%s', expected a name that ends in .csv, .npy or .npz", path);
}

/* --- the command --- */
static int predict(const tool_args *a, ant_experiment *e) {
    ant_rowset rows;
    if (ant__experiment_rows(e, a->input, NULL, ANT__ALL_ROWS, false, &rows))
        return tool_model_failed(e->graph, e->model);
    int code = tool_need_weights(e);
    predictions p = {.e = e, .model = code ? NULL : model_of(a, e)};
    if (code)
        return code;
    if (!p.model || ant_status(e->graph))
        return tool_model_failed(e->graph, e->model);
    code = run(a, &p, &rows);
    return code ? code : write(a, &p, rows.rows);
}

int tool_predict(const tool_args *a) {
    if (!a->input)
        return tool_usage("predict: --input FILE is missing");
    return tool_with_model(a, ANT__COMPILE_OR_WARN, predict);
}
