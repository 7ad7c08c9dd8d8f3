/* Graphs of float64: what is computed and kept, what files say, and what is said when they
 * cannot. */
#include "antler/antler.h"
#include "graph/graph.h"
#include "support.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 16 };
static double x[ROWS][2], y[ROWS];
#define XS ant_array(&x[0][0], ROWS, 2)
#define YS ant_array(y, ROWS, 1)

/* y = 2 a - 3 b + 0.1, whose factors no float32 holds to the last digit. */
static void data(void) {
    for (int i = 0; i < ROWS; i++) {
        x[i][0] = (i % 5 - 2) / 3.0;
        x[i][1] = (i * 7 % 11 - 5) / 7.0;
        y[i] = 2 * x[i][0] - 3 * x[i][1] + 0.1;
    }
}

static char warned[256];
static void keep_warning(void *unused, const char *text) {
    (void)unused;
    snprintf(warned, sizeof warned, "%s", text);
}

#define WELL(m, code) ck_assert_msg((code) == 0, "%s", ant_model_error(m))
#define PATH_ROOM 64
static void temporary(char path[PATH_ROOM], const char *ending) {
    snprintf(path, PATH_ROOM, "/tmp/antler-float64-%ld%s", (long)getpid(), ending);
}

static ant_model *linear(ant_graph *g) {
    ant_model *m = ant_sequential(g, ant_dense(g, 1, .input_shape = {2}));
    WELL(m, ant_compile(m, ant_sgd(g, 0.5), "mse", .metrics = {"mae"}));
    return m;
}

/* Far below what float32 could reach. */
START_TEST(learns_to_the_last_digits) {
    data();
    ant_graph *g = ant_graph_new(.threads = 1, .dtype = "float64");
    ant_model *m = linear(g);
    WELL(m, ant_fit(m, XS, YS, .epochs = 400, .batch_size = ROWS,
                    .callbacks = {ant_early_stopping(g, "loss", .patience = 400,
                                                     .restore_best_weights = true)}));
    ck_assert_double_lt(ant_log(ant_results(m), "loss"), 1e-25);
    ck_assert_double_lt(ant_log(ant_results(m), "mae"), 1e-12);
    ant_array w = ant_weight_at(m, 0);
    ck_assert_int_eq(w.dtype, ANT_FLOAT64);
    ck_assert_double_lt(fabs(((const double *)w.data)[1] + 3), 1e-12);
    double p[ROWS];
    WELL(m, ant_predict(m, XS, ant_array(p, ROWS, 1)));
    ck_assert_double_lt(fabs(p[7] - y[7]), 1e-12);
    char *summary = ant_summary_text(m, 80);
    ck_assert_ptr_nonnull(strstr(summary, "3 (24.00 B)"));
    free(summary);
    ant_graph_free(g);
}
END_TEST

/* One sample at a time takes and gives doubles. */
START_TEST(predicts_one) {
    data();
    ant_graph *g = ant_graph_new(.threads = 1, .dtype = "float64");
    ant_model *m = linear(g);
    ant_run *r = ant_run_new(m);
    double all[ROWS], one;
    WELL(m, ant_predict(m, XS, ant_array(all, ROWS, 1)));
    ck_assert_int_eq(ant_predict_one(r, (const void *const[]){x[3]}, (void *const[]){&one}), 0);
    ck_assert(one == all[3]);
    ant_run_free(r);
    ant_graph_free(g);
}
END_TEST

/* Files hold the type, and give every bit back to a graph that has none of its own. */
static void comes_back(const char *ending, const char *dtype, bool narrow) {
    char path[PATH_ROOM], weights[PATH_ROOM];
    temporary(path, ending);
    temporary(weights, ".safetensors");
    data();
    ant_graph *g = ant_graph_new(.threads = 1, .dtype = "float64");
    ant_model *m = linear(g);
    WELL(m, ant_fit(m, XS, YS, .epochs = 3));
    WELL(m, ant_save(m, path));
    *warned = 0;
    ant_graph *h = ant_graph_new(.threads = 1, .dtype = dtype, .warn = keep_warning);
    ant_model *again = ant_load(h, path);
    ck_assert_msg(!ant_status(h), "%s", ant_error(h));
    WELL(m, ant_fit(m, XS, YS));
    WELL(again, ant_fit(again, XS, YS));
    double a = ant_log(ant_results(m), "loss"), b = ant_log(ant_results(again), "loss");
    ck_assert(narrow ? a != b && fabs(a - b) < 1e-6 * a : a == b);
    ck_assert_msg(narrow == (strstr(warned, "is of type float64; the graph that it is loaded on "
                                            "computes in float32") != NULL),
                  "'%s'", warned);
    ck_assert_int_eq(ant_weight_at(again, 0).dtype, narrow ? ANT_FLOAT32 : ANT_FLOAT64);
    ant_graph_free(g);
    ant_graph_free(h);
    unlink(path);
    unlink(weights);
}

START_TEST(files_hold_the_type) {
    static const char *const endings[] = {".safetensors", ".yaml", ".keras"};
    comes_back(endings[_i], NULL, false);
    comes_back(endings[_i], "float64", false);
    comes_back(endings[_i], "float32", true);
}
END_TEST

/* What LoRA learnt goes into the kernel with all digits. */
START_TEST(merges_what_was_learnt) {
    char path[PATH_ROOM];
    temporary(path, ".keras");
    data();
    ant_graph *g = ant_graph_new(.threads = 1, .dtype = "float64"), *h = ant_graph_new();
    ant_model *m = ant_sequential(g, ant_dense(g, 4, "tanh", .lora_rank = 2, .input_shape = {2}),
                                  ant_dense(g, 1));
    WELL(m, ant_compile(m, ant_sgd(g, 0.1), "mse"));
    WELL(m, ant_fit(m, XS, YS, .epochs = 5));
    WELL(m, ant_save(m, path));
    ant_model *merged = ant_load(h, path);
    ck_assert_msg(!ant_status(h), "%s", ant_error(h));
    double want[ROWS], got[ROWS];
    WELL(m, ant_predict(m, XS, ant_array(want, ROWS, 1)));
    WELL(merged, ant_predict(merged, XS, ant_array(got, ROWS, 1)));
    for (int i = 0; i < ROWS; i++)
        ck_assert_double_lt(fabs(got[i] - want[i]), 1e-14);
    ant_graph_free(g);
    ant_graph_free(h);
    unlink(path);
}
END_TEST

/* What is there already keeps its type. */
START_TEST(graphs_in_use_stay) {
    char path[PATH_ROOM];
    temporary(path, ".safetensors");
    ant_graph *g = ant_graph_new(.threads = 1, .dtype = "float64");
    ant_model *m = linear(g);
    WELL(m, ant_save(m, path));
    ant_graph *h = ant_graph_new(.threads = 1, .warn = keep_warning);
    ant_input(h, {3});
    *warned = 0;
    ant_model *narrow = ant_load(h, path);
    ck_assert_ptr_nonnull(strstr(warned, "is of type float64"));
    WELL(narrow, ant_weights_copy(narrow, m, 1));
    ck_assert_float_eq(*(const float *)ant_weight_at(narrow, 0).data,
                       (float)*(const double *)ant_weight_at(m, 0).data);
    ant_graph_free(g);
    ant_graph_free(h);
    unlink(path);
}
END_TEST

START_TEST(other_types_are_refused) {
    ant_graph *g = ant_graph_new(.dtype = "float16");
    ck_assert_int_eq(ant_status(g), ANT_E_OPTION);
    ck_assert_str_eq(ant_error(g), "ant_graph_new: dtype is 'float16', must be float32 or float64");
    ant_graph_free(g);
    g = ant_graph_new();
    ant_dense(g, 2, .dtype = "float64");
    ck_assert_ptr_nonnull(strstr(ant_error(g), "Dense: dtype is 'float64', the graph computes in "
                                               "float32: ant_graph_new(.dtype = \"float64\")"));
    ant_graph_free(g);
}
END_TEST

static void refused(const char *yaml, const char *words) {
    char path[PATH_ROOM];
    temporary(path, ".yaml");
    FILE *f = fopen(path, "w");
    ck_assert(f && fputs(yaml, f) >= 0 && !fclose(f));
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_load(g, path);
    ck_assert_msg(strstr(ant_error(g), words) != NULL, "'%s' does not say '%s'", ant_error(g),
                  words);
    ant_graph_free(g);
    unlink(path);
}

START_TEST(words_of_files) {
    refused("model: {dtype: float16, Sequential: [Input(2), Dense(1)]}",
            "dtype: expected float32 or float64");
    refused("model: {dtype: [1], Sequential: [Input(2), Dense(1)]}",
            "dtype: expected float32 or float64");
    refused("model: {Sequential: [Input(2), {dtype: float64, Sequential: [Dense(1)]}]}", "'dtype'");
}
END_TEST

ANT_TEST_MAIN("float64", {learns_to_the_last_digits}, {predicts_one},
              ANT_LOOP(files_hold_the_type, 3), {merges_what_was_learnt}, {graphs_in_use_stay},
              {other_types_are_refused}, {words_of_files})
