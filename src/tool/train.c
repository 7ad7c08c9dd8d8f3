/* antler train. */
#include "train/train.h"
#include "core/array.h"
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
    for (int k = 0; k < ANT_MAX_LIST - 1; k++)
        if (!fit->callbacks[k]) {
            fit->callbacks[k] = text;
            return 0;
        }
    return tool_fail("more than %d callbacks", ANT_MAX_LIST - 1);
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
/* What fit is given: the options borrow the rows. */
typedef struct training {
    ant_fit_options fit;
    ant_rowset rows, validation;
} training;

static void hand_rows(ant_array *x, ant_array *y, ant_array *weights, const ant_rowset *rows) {
    x[0] = ant__arrays_all(rows->x);
    y[0] = ant__arrays_all(rows->y);
    weights[0] = ant__arrays_all(rows->sample_weight);
}

static int read_rows(const tool_args *a, ant_experiment *e, training *t) {
    ant_rows_of which;
    ant_fit_options *fit = &t->fit;
    if (ant__experiment_data(e, a->data, a->target, true, &which) ||
        ant__experiment_rows(e, a->data, a->target, which, true, &t->rows))
        return tool_model_failed(e->graph, e->model);
    hand_rows(fit->x, fit->y, fit->sample_weight, &t->rows);
    if (!a->validation_data)
        return 0;
    if (ant__experiment_rows(e, a->validation_data, a->target, ANT__ALL_ROWS, true, &t->validation))
        return tool_model_failed(e->graph, e->model);
    hand_rows(fit->validation_x, fit->validation_y, fit->validation_sample_weight, &t->validation);
    return 0;
}

/* --- class weights: rows / (classes * rows of the class), so that all classes weigh the same
 * --- */
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

static int weigh_classes(const tool_args *a, ant_experiment *e, training *t) {
    const int32_t *labels = NULL;
    int code = a->class_weight ? labels_of(a, &t->rows.y[0], &labels) : 0;
    if (code || !a->class_weight)
        return code;
    int64_t n = t->rows.rows;
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
    t->fit.class_weight = (ant_floats){classes, weight};
    return 0;
}

/* --- training --- */
static int prepare(const tool_args *a, ant_experiment *e, training *t) {
    t->fit = e->fit;
    t->fit.model = e->model;
    t->fit.verbose = a->quiet ? 0 : tool_bars(a) ? 1 : 2;
    int code = read_rows(a, e, t);
    if (!code && a->learning_rate != ANT_NONE && ant_set_learning_rate(e->model, a->learning_rate))
        code = tool_model_failed(e->graph, e->model);
    if (!code)
        code = weigh_classes(a, e, t);
    return code ? code : add_callbacks(a, e, &t->fit);
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

static int dry_run(const tool_args *a, const ant_experiment *e, const training *t) {
    if (!ant__compiled_ready(e->model))
        return tool_model_failed(e->graph, e->model);
    if (!a->quiet)
        printf("would train %s on %lld rows, epochs %d to %d, and save %s\n", ant_name(e->model),
               (long long)t->rows.rows, t->fit.initial_epoch + 1, t->fit.epochs, tool_output(a, e));
    return 0;
}

static int train(const tool_args *a, ant_experiment *e) {
    training t;
    int code = prepare(a, e, &t);
    if (!code)
        code = resume(a, e, &t.fit);
    if (code || a->dry_run)
        return code ? code : dry_run(a, e, &t);
    const char *output = tool_output(a, e);
    if (!output || ant__file_writable(&e->graph->context, output))
        return tool_model_failed(e->graph, e->model);
    tool_catch_interrupt();
    if (ant_fit_(&t.fit, offsetof(ant_fit_options, ant_end)))
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
