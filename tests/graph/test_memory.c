/* Every allocation failing in turn, from the graph to the run: an error, no leak, no crash. */
#include "harness.h"

static const float rows[] = {1, 2, 3, 4, -1, 0.5f, 2, -2};

static ant_model *twin(ant_graph *g) {
    ant_node *x = ant_input(g, {4}, .name = "left"), *y = ant_input(g, {4});
    ant_model *tower = ant_sequential(g, ant_dense(g, 3, "relu", .kernel_regularizer = "l2"),
                                      ant_dense(g, 2, .activity_regularizer = "l2"));
    ant_node *h = ant_call(ant_concatenate(g), ant_call(tower, x), ant_call(tower, y));
    return ant_model_new(g, ANT_NODES(x, y), ANT_NODES(ant_call(ant_dense(g, 1), h), h));
}

/* The code of the first thing that failed. */
static int run(void *data) {
    (void)data;
    ant_graph *g = ant_graph_new(.threads = 1);
    if (!g)
        return ANT_E_MEMORY;
    ant_model *m = twin(g);
    batch b = {.x = {rows, rows}, .rows = 2};
    int code = ant_status(g);
    if (!code)
        code = batch_run(m, &b);
    ant_graph_free(g);
    return code;
}

static int show(void *data) {
    (void)data;
    ant_graph *g = ant_graph_new(.threads = 1);
    if (!g)
        return ANT_E_MEMORY;
    ant_model *m = twin(g);
    int code = ant_status(g);
    char *summary = code ? NULL : ant_summary_text(m, 0);
    char *plot = summary ? ant_plot_text(m) : NULL;
    if (!plot && !code)
        code = ANT_E_MEMORY;
    ant_free(summary);
    ant_free(plot);
    ant_graph_free(g);
    return code;
}

static int copy(void *data) {
    (void)data;
    ant_graph *g = ant_graph_new(.threads = 1);
    if (!g)
        return ANT_E_MEMORY;
    ant_model *m = twin(g);
    int code = ant_status(g);
    if (!code)
        ant_clone(m, g, true);
    code = ant_status(g);
    ant_graph_free(g);
    return code;
}

START_TEST(running) {
    memory_fail_each(run, NULL);
}
END_TEST

START_TEST(showing) {
    memory_fail_each(show, NULL);
}
END_TEST

START_TEST(copying) {
    memory_fail_each(copy, NULL);
}
END_TEST

ANT_TEST_MAIN("memory", {running}, {showing}, {copying})
