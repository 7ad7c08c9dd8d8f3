/* Every allocation of an action failing in turn: an error each time, nothing leaks, nothing
 * crashes. */
#include "trainer.h"

static float x[10][3], y[10], out[10];

static int whole_life(void *data) {
    (void)data;
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = ant_sequential(g, ant_dense(g, 4, "tanh", .input_shape = {3}), ant_dense(g, 1));
    ant_array xs = ant_array(&x[0][0], 10, 3), ys = ant_array(y, 10, 1);
    int code = g ? ant_status(g) : ANT_E_MEMORY;
    const char *optimizer = "Adam(use_ema=true)";
    code = code ? code : ant_compile(m, optimizer, "mse", .metrics = {"mae", "AUC"});
    code = code ? code
                : ant_fit(m, xs, ys, .batch_size = 4, .epochs = 2, .validation_split = 0.2,
                          .callbacks = {"EarlyStopping(restore_best_weights=true)"});
    code = code ? code : ant_evaluate(m, xs, ys);
    code = code ? code : ant_predict(m, xs, ant_array(out, 10, 1));
    ant_graph_free(g);
    return code;
}

START_TEST(each_fails) {
    memory_fail_each(whole_life, NULL);
}
END_TEST

/* Nothing is allocated by a step once programs and buffers are there. */
static int watch(void *data, ant_model *m, int batch, const ant_logs *logs) {
    int64_t *calls = data;
    (void)m, (void)logs;
    if (batch == 4)
        calls[0] = memory_calls();
    if (batch == 20)
        calls[1] = memory_calls();
    return 0;
}

START_TEST(steps_take_no_memory) {
    static float rows[100][3], targets[100];
    int64_t calls[2] = {-1, -2};
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = mlp(g, 1, NULL);
    went_well(m, ant_compile(m, "adam", "mse", .metrics = {"mae"}));
    memory_fail_at(0);
    went_well(
        m, ant_fit(m, ant_array(&rows[0][0], 100, 3), ant_array(targets, 100, 1), .batch_size = 4,
                   .callbacks = {ant_callback(g, .on_train_batch_end = watch, .data = calls)}));
    ck_assert_int_eq(calls[0], calls[1]);
    ant_graph_free(g);
}
END_TEST

ANT_TEST_MAIN("memory", {each_fails}, {steps_take_no_memory})
