/* antler evaluate. */
#include "core/array.h"
#include "graph/graph.h"
#include "tool/tool.h"
#include <stdlib.h>
#include <string.h>

/* --- results in the data's own units --- */
/* The recipe's port that a log's metric belongs to: by the output's name before it, or the only
 * one. */
static const ant_port *port_of(const ant_experiment *e, const char *log) {
    const ant_recipe *r = e->recipe;
    for (int k = 0; r && k < r->n_y; k++) {
        const char *name = r->y[k].name;
        if (r->n_y == 1 || (name && !strncmp(log, name, strlen(name)) && log[strlen(name)] == '_'))
            return &r->y[k];
    }
    return NULL;
}

static bool ends(const char *text, const char *end) {
    size_t n = strlen(text), k = strlen(end);
    return n >= k && !strcmp(text + n - k, end);
}

/* An absolute error grows with the unit, a square with its square; others have no unit. */
static double unit_power(const char *log) {
    if (ends(log, "mae") || ends(log, "mean_absolute_error") || ends(log, "rmse") ||
        ends(log, "root_mean_squared_error"))
        return 1;
    return ends(log, "mse") || ends(log, "mean_squared_error") ? 2 : 0;
}

static void print_units(const tool_args *a, const ant_experiment *e, const ant_logs *logs) {
    for (int k = 0; k < ant_log_count(logs) && !a->json; k++) {
        const char *name = ant_log_name(logs, k);
        const ant_port *port = port_of(e, name);
        double unit = port ? ant__port_unit(port, 0) : 1, power = unit_power(name);
        if (unit == 1 || power == 0)
            continue;
        printf("%s_unscaled: %.6g\n", name,
               ant_log_at(logs, k) * (power == 1 ? unit : unit * unit));
    }
}

/* --- the log: one header line, one row --- */
static int write_log(const char *path, const ant_logs *logs) {
    ant_buffer text = {0};
    for (int k = 0; k < ant_log_count(logs); k++)
        ant__put_format(&text, "%s%s", k ? "," : "", ant_log_name(logs, k));
    ant__put(&text, "\n");
    for (int k = 0; k < ant_log_count(logs); k++) {
        ant__put(&text, k ? "," : "");
        ant__put_number(&text, ant_log_at(logs, k));
    }
    ant__put(&text, "\n");
    int code = text.failed ? tool_fail("out of memory") : tool_write_text(path, text.at);
    ant__buffer_free(&text);
    return code;
}

/* --- confusion: rows are true classes, columns what they were taken for --- */
static const char *class_name(const ant_experiment *e, int k, char room[16]) {
    const ant_port *port = e->recipe && e->recipe->n_y ? &e->recipe->y[0] : NULL;
    if (port && port->classes && k < port->classes[0].count)
        return port->classes[0].data[k];
    snprintf(room, 16, "%d", k);
    return room;
}

static int taken_for(const float *p, int64_t n) {
    int best = 0;
    if (n == 1)
        return p[0] > 0.5f;
    for (int k = 1; k < n; k++)
        if (p[k] > p[best])
            best = k;
    return best;
}

static void print_confusion(const ant_experiment *e, const int64_t *count, int classes) {
    char room[16];
    printf("%12s", "");
    for (int k = 0; k < classes; k++)
        printf(" %8s", class_name(e, k, room));
    printf("\n");
    for (int i = 0; i < classes; i++) {
        printf("%12s", class_name(e, i, room));
        for (int k = 0; k < classes; k++)
            printf(" %8lld", (long long)count[i * classes + k]);
        printf("\n");
    }
}

static int confusion(const ant_experiment *e, const ant_rowset *rows) {
    int64_t shape[ANT_MAX_AXES];
    int rank = ant_node_shape(ant_model_output(e->model, 0), shape);
    int64_t width = rank == 2 ? shape[1] : 0;
    int classes = width == 1 ? 2 : (int)width;
    const ant_array *y = &rows->y[0];
    if (ant_model_outputs(e->model) != 1 || width < 1 || y->dtype != ANT_INT32 ||
        (y->axes == 2 && y->shape[1] != 1))
        return tool_fail("--confusion needs one output of classes");
    float *p = calloc((size_t)(rows->rows * width) + 1, sizeof *p);
    int64_t *count = calloc((size_t)classes * (size_t)classes, sizeof *count);
    int code = !p || !count ? tool_fail("out of memory") : 0;
    ant_predict_options o = {ANT_PREDICT_DEFAULTS, .model = e->model};
    o.x[0] = ant__arrays_all(rows->x);
    if (!code) {
        o.out[0] = ant_array(p, rows->rows, width);
        code = ant_predict_(&o, offsetof(ant_predict_options, ant_end))
                   ? tool_model_failed(e->graph, e->model)
                   : 0;
    }
    for (int64_t i = 0; !code && i < rows->rows; i++) {
        int32_t is = ((const int32_t *)y->data)[i];
        if (is >= 0 && is < classes)
            count[is * classes + taken_for(p + i * width, width)]++;
    }
    if (!code)
        print_confusion(e, count, classes);
    free(p);
    free(count);
    return code;
}

/* --- the command --- */
static int evaluate(const tool_args *a, ant_experiment *e) {
    ant_evaluate_options o = {ANT_EVALUATE_DEFAULTS, .model = e->model};
    ant_rowset rows;
    ant_rows_of which;
    if (ant__experiment_data(e, a->data, a->target, false, &which) ||
        ant__experiment_rows(e, a->data, a->target, which, true, &rows))
        return tool_model_failed(e->graph, e->model);
    int code = tool_need_weights(e);
    if (code)
        return code;
    o.x[0] = ant__arrays_all(rows.x);
    o.y[0] = ant__arrays_all(rows.y);
    o.sample_weight[0] = ant__arrays_all(rows.sample_weight);
    o.batch_size = a->batch_size;
    if (ant_evaluate_(&o, offsetof(ant_evaluate_options, ant_end)))
        return tool_model_failed(e->graph, e->model);
    const ant_logs *logs = ant_results(e->model);
    tool_print_logs(a, logs);
    print_units(a, e, logs);
    code = a->log ? write_log(a->log, logs) : 0;
    return code || !a->confusion ? code : confusion(e, &rows);
}

int tool_evaluate(const tool_args *a) {
    return tool_with_model(a, a->loss ? ANT__COMPILE_OR_WARN : ANT__COMPILE, evaluate);
}
