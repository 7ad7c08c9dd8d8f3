/* A Sequential that changed must be compiled again, also when it looks the same. */
#include "antler/antler.h"
#include "support.h"
#include <string.h>

static float x[8][4], y[8][2];

static int fit(ant_model *m) {
    return ant_fit(m, ant_array(*x, 8, 4), ant_array(*y, 8, 2));
}

START_TEST(growing_and_shrinking) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = ant_sequential(g, ant_dense(g, 3, .input_shape = {4}), ant_dense(g, 2));
    ck_assert_int_eq(ant_compile(m, .optimizer = "sgd", .loss = "mse"), 0);
    ck_assert_int_eq(fit(m), 0);
    ck_assert_int_eq(ant_pop(m), 0);
    ck_assert_int_eq(ant_add(m, ant_dense(g, 2)), 0);
    ck_assert_int_eq(fit(m), ANT_E_STATE);
    ck_assert_ptr_nonnull(strstr(ant_model_error(m), "compile it again"));
    ck_assert_int_eq(ant_compile(m, .optimizer = "sgd", .loss = "mse"), 0);
    ck_assert_int_eq(fit(m), 0);
    ant_graph_free(g);
}
END_TEST

ANT_TEST_MAIN("changes", {growing_and_shrinking})
