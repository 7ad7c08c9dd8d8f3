/* antler train. */
#include "train/train.h"
#include "graph/graph.h"
#include "tool/tool.h"
#include <string.h>
#include <unistd.h>

/* --- callbacks --- */
/* Ctrl-C ends the epoch cleanly: the model is saved as it is by then. */
static int watch_interrupt(void *data, ant_model *m, int batch, const ant_logs *logs) {
    (void)data, (void)batch, (void)logs;
    if (tool_interrupted())
        ant_stop_training(m);
    return 0;
}

static int add_callback(ant_fit_options *fit, const char *text) {
    for (int k = 0; k < ANT_MAX_PORTS - 1; k++)
        if (!fit->callbacks[k]) {
            fit->callbacks[k] = text;
            return 0;
        }
    return tool_fail("more than %d callbacks", ANT_MAX_PORTS - 1);
}

static int add_callbacks(const tool_args *a, const ant_experiment *e, ant_fit_options *fit) {
    ant_graph *g = e->graph;
    int code = add_callback(fit, ant_callback(g, .on_train_batch_end = watch_interrupt));
    if (!code && a->log)
        code = add_callback(fit, ant_csv_logger(g, a->log, .append = a->resume));
    if (!code && a->checkpoint)
        code = add_callback(fit, ant_checkpoints(g, a->checkpoint));
    return code || ant_status(g) ? (code ? code : tool_model_failed(g, NULL)) : 0;
}

/* --- rows --- */
static void take_rows(ant_array *x, ant_array *y, ant_array *w, const ant_rowset *rows) {
    memcpy(x, rows->x, sizeof rows->x);
    memcpy(y, rows->y, sizeof rows->y);
    memcpy(w, rows->sample_weight, sizeof rows->sample_weight);
}

static int read_rows(const tool_args *a, ant_experiment *e, ant_fit_options *fit, int64_t *n) {
    ant_rows_of which;
    ant_rowset rows;
    if (ant__experiment_data(e, a->data, a->target, true, &which) ||
        ant__experiment_rows(e, a->data, a->target, which, true, &rows))
        return tool_model_failed(e->graph, e->model);
    take_rows(fit->x, fit->y, fit->sample_weight, &rows);
    *n = rows.rows;
    if (!a->validation_data)
        return 0;
    if (ant__experiment_rows(e, a->validation_data, a->target, ANT__ALL_ROWS, true, &rows))
        return tool_model_failed(e->graph, e->model);
    take_rows(fit->validation_x, fit->validation_y, fit->validation_sample_weight, &rows);
    return 0;
}

/* --- class weights: rows / (classes * rows of the class), so that all classes weigh the same --- */
static int labels_of(const tool_args *a, const ant_array *y, const int32_t **labels) {
    int64_t each = 1;
    for (int i = 1; i < y->axes; i++)
        each *= y->shape[i];
    if (strcmp(a->class_weight, "auto"))
        return tool_usage("--class-weight is '%s', expected auto", a->class_weight);
    if (y->dtype != ANT_INT32 || each != 1)
        return tool_fail("--class-weight auto needs one target of classes");
    *labels = y->data;
    return 0;
}

static int weigh_classes(const tool_args *a, ant_experiment *e, ant_fit_options *fit) {
    const int32_t *labels = NULL;
    int code = a->class_weight ? labels_of(a, &fit->y[0], &labels) : 0;
    if (code || !a->class_weight)
        return code;
    int64_t n = fit->y[0].shape[0];
    int classes = ant_class_count(labels, n);
    ant_arena *arena = &e->graph->context.arena;
    double *weight = ant__arena_array(arena, (size_t)classes, sizeof *weight);
    if (!weight)
        return tool_fail("out of memory");
    for (int64_t i = 0; i < n; i++)
        if (labels[i] >= 0)
            weight[labels[i]]++;
    for (int k = 0; k < classes; k++)
        weight[k] = weight[k] > 0 ? (double)n / (classes * weight[k]) : 0;
    fit->class_weight = (ant_floats){classes, weight};
    return 0;
}

/* --- training --- */
static int prepare(const tool_args *a, ant_experiment *e, ant_fit_options *fit, int64_t *rows) {
    *fit = e->fit;
    fit->model = e->model;
    fit->verbose = a->quiet ? 0 : tool_bars(a) ? 1 : 2;
    int code = read_rows(a, e, fit, rows);
    if (!code && a->learning_rate != ANT_NONE && ant_set_learning_rate(e->model, a->learning_rate))
        code = tool_model_failed(e->graph, e->model);
    if (!code)
        code = weigh_classes(a, e, fit);
    return code ? code : add_callbacks(a, e, fit);
}

static int resume(const tool_args *a, ant_experiment *e, ant_fit_options *fit) {
    if (!a->resume)
        return 0;
    if (!a->checkpoint)
        return tool_usage("--resume needs --checkpoint DIR");
    int epoch = ant_resume(e->model, a->checkpoint);
    if (epoch < 0)
        return tool_model_failed(e->graph, e->model);
    fit->initial_epoch = epoch;
    return 0;
}

static int dry_run(const tool_args *a, const ant_experiment *e, const ant_fit_options *fit,
                   int64_t rows) {
    if (!ant__compiled_ready(e->model))
        return tool_model_failed(e->graph, e->model);
    if (!a->quiet)
        printf("would train %s on %lld rows, epochs %d to %d, and save %s\n", ant_name(e->model),
               (long long)rows, fit->initial_epoch + 1, fit->epochs, tool_output(a, e));
    return 0;
}

static int train(const tool_args *a, ant_experiment *e) {
    ant_fit_options fit;
    int64_t rows = 0;
    int code = prepare(a, e, &fit, &rows);
    if (!code)
        code = resume(a, e, &fit);
    if (code || a->dry_run)
        return code ? code : dry_run(a, e, &fit, rows);
    const char *output = tool_output(a, e);
    if (!output || ant__file_writable(&e->graph->context, output))
        return tool_model_failed(e->graph, e->model);
    tool_catch_interrupt();
    if (ant_fit_(&fit, offsetof(ant_fit_options, ant_end)))
        return tool_model_failed(e->graph, e->model);
    if (ant__experiment_save(e, output))
        return tool_model_failed(e->graph, e->model);
    if (!a->quiet)
        printf("saved %s\n", output);
    return tool_interrupted() ? TOOL_INTERRUPTED : 0;
}

int tool_train(const tool_args *a) {
    return tool_with_model(a, a->loss ? ANT__COMPILE_OR_WARN : ANT__COMPILE, train);
}
