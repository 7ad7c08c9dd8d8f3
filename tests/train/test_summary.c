/* A model that was trained shows its optimizer in the summary, with Keras 3.15.1's numbers. */
#include "antler/antler.h"
#include "support.h"
#include <string.h>

static const struct {
    const char *optimizer, *total, *slots;
} rows[] = {
    {"adam", "Total params: 71 (288.00 B)", "Optimizer params: 48 (196.00 B)"},
    {"sgd", "Total params: 25 (104.00 B)", "Optimizer params: 2 (12.00 B)"},
    {"rmsprop", "Total params: 48 (196.00 B)", "Optimizer params: 25 (104.00 B)"},
};

START_TEST(optimizers) {
    static float x[8][4], y[8][2];
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = ant_sequential(g, ant_dense(g, 3, .input_shape = {4}), ant_dense(g, 2));
    ck_assert_int_eq(ant_compile(m, .optimizer = rows[_i].optimizer, .loss = "mse"), 0);
    char *before = ant_summary_text(m, 0);
    ck_assert_ptr_null(strstr(before, "Optimizer"));
    ck_assert_int_eq(ant_fit(m, ant_array(*x, 8, 4), ant_array(*y, 8, 2)), 0);
    char *after = ant_summary_text(m, 0);
    ck_assert_ptr_nonnull(strstr(after, rows[_i].total));
    ck_assert_ptr_nonnull(strstr(after, rows[_i].slots));
    ant_free(before);
    ant_free(after);
    ant_graph_free(g);
}
END_TEST

ANT_TEST_MAIN("summary", ANT_LOOP(optimizers, 3))
