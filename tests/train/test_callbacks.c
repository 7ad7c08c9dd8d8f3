/* Callbacks: stopping, restoring, rates, users' own, progress. */
#include "trainer.h"
#include <stdlib.h>

static float x[16][3], y[16];
#define XS ant_array(&x[0][0], 16, 3)
#define YS ant_array(y, 16, 1)

static void data(void) {
    ramp(&x[0][0], 48, 0.3);
    ramp(y, 16, 0.2);
}

static ant_model *compiled(ant_graph *g, const char *optimizer) {
    data();
    ant_model *m = mlp(g, 1, NULL);
    went_well(m, ant_compile(m, optimizer, "mse"));
    return m;
}

/* With a rate of 0 nothing gets better: the first epoch is best, then patience runs out. */
START_TEST(early_stopping) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = compiled(g, "SGD(0)");
    went_well(m, ant_fit(m, XS, YS, .epochs = 50, .shuffle = false,
                         .callbacks = {ant_early_stopping(g, "loss", .patience = 3)}));
    ck_assert_int_eq(ant_history_epochs(ant_history_of(m)), 4);
    went_well(m, ant_fit(m, XS, YS, .epochs = 50, .shuffle = false,
                         .callbacks = {
                             ant_early_stopping(g, "loss", .patience = 3, .start_from_epoch = 5)}));
    ck_assert_int_eq(ant_history_epochs(ant_history_of(m)), 9);
    went_well(m, ant_fit(m, XS, YS, .epochs = 6, .callbacks = {"early_stopping"}));
    ck_assert_int_eq(ant_history_epochs(ant_history_of(m)), 6); /* there is no val_loss */
    ant_graph_free(g);
}
END_TEST

/* A rate that is far too large: the best epoch is the first, and its weights come back. */
START_TEST(best_weights) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = compiled(g, "SGD(0.05)");
    went_well(m, ant_fit(m, XS, YS, .epochs = 1, .shuffle = false));
    uint64_t first = weight_bits(m);
    ant_model *n = compiled(g, "SGD(0.05)");
    went_well(n, ant_fit(n, XS, YS, .epochs = 5, .shuffle = false,
                         .callbacks = {ant_early_stopping(g, "loss", .mode = "max", .patience = 9,
                                                          .restore_best_weights = true)}));
    ck_assert(weight_bits(n) == first);
    ant_graph_free(g);
}
END_TEST

START_TEST(plateau) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = compiled(g, "SGD(1e-9)");
    const char *reduce =
        ant_reduce_lr_on_plateau(g, "loss", 0.5, 2, .cooldown = 1, .min_lr = 2e-10);
    went_well(m, ant_fit(m, XS, YS, .epochs = 12, .shuffle = false, .callbacks = {reduce}));
    const ant_history *h = ant_history_of(m);
    const double want[] = {1, 1, 1, .5, .5, .25, .25, .2, .2, .2, .2, .2};
    for (int k = 0; k < 12; k++)
        ck_assert(near(1e9 * ant_history_value(h, k, "learning_rate"), want[k], 1e-9));
    went_well(m, ant_compile(m, ant_sgd(g, .schedule = "ExponentialDecay(0.1, 1, 0.9)"), "mse"));
    fails_with(m, ant_fit(m, XS, YS, .callbacks = {reduce}), ANT_E_STATE, "schedule");
    ant_graph_free(g);
}
END_TEST

START_TEST(not_a_number) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = compiled(g, "SGD(1e30)");
    went_well(m,
              ant_fit(m, XS, YS, .epochs = 9, .batch_size = 4, .callbacks = {"terminate_on_nan"}));
    ck_assert_int_le(ant_history_epochs(ant_history_of(m)), 2);
    fails_with(m, ant_fit(m, XS, YS, .callbacks = {ant_terminate_on_nan(g, true)}), ANT_E_DATA,
               "the loss is");
    ant_graph_free(g);
}
END_TEST

typedef struct counts {
    int begins, epochs, batches, ends, stop_at, fail_at;
    double last;
} counts;

static int on_begin(void *p, ant_model *m) {
    (void)m;
    ((counts *)p)->begins++;
    return 0;
}

static int on_batch(void *p, ant_model *m, int batch, const ant_logs *logs) {
    counts *c = p;
    (void)m, (void)batch;
    ck_assert(isfinite(ant_log(logs, "loss")) && isfinite(ant_log(logs, "mae")));
    c->batches++;
    return c->batches == c->fail_at ? 7 : 0;
}

static int on_epoch(void *p, ant_model *m, int epoch, const ant_logs *logs) {
    counts *c = p;
    c->epochs++;
    c->last = ant_log(logs, "val_loss");
    if (epoch + 1 == c->stop_at)
        ant_stop_training(m);
    return 0;
}

static int on_end(void *p, ant_model *m, const ant_logs *logs) {
    (void)m;
    ck_assert(ant_log(logs, "val_loss") == ((counts *)p)->last);
    ((counts *)p)->ends++;
    return 0;
}

START_TEST(users_own) {
    counts c = {.stop_at = 3};
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = compiled(g, "sgd");
    went_well(m, ant_compile(m, "sgd", "mse", .metrics = {"mae"}));
    const char *mine =
        ant_callback(g, .on_train_begin = on_begin, .on_train_batch_end = on_batch,
                     .on_epoch_end = on_epoch, .on_train_end = on_end, .data = &c, .name = "mine");
    ck_assert_str_eq(mine, "mine");
    went_well(m, ant_fit(m, XS, YS, .epochs = 9, .batch_size = 4, .validation_split = 0.25,
                         .callbacks = {mine}));
    ck_assert(c.begins == 1 && c.epochs == 3 && c.batches == 9 && c.ends == 1);
    c = (counts){.fail_at = 2};
    fails_with(m, ant_fit(m, XS, YS, .batch_size = 4, .callbacks = {"mine"}), ANT_E_STOPPED,
               "'mine' stopped it with 7");
    ck_assert_int_eq(c.batches, 2);
    ant_graph_free(g);
}
END_TEST

/* What a callback does to its own model. */
static int meddle(void *p, ant_model *m, int epoch, const ant_logs *logs) {
    float out[16];
    (void)p, (void)epoch, (void)logs;
    ck_assert_int_eq(ant_compile(m, "adam", "mse"), ANT_E_STATE);
    ck_assert_int_eq(ant_fit(m, XS, YS), ANT_E_STATE);
    ck_assert_int_eq(ant_evaluate(m, XS, YS), 0);
    ck_assert_int_eq(ant_predict(m, XS, ant_array(out, 16, 1)), 0);
    return 0;
}

START_TEST(meddling) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = compiled(g, "sgd"), *n = compiled(g, "sgd");
    const char *mine = ant_callback(g, .on_epoch_end = meddle);
    went_well(m, ant_fit(m, XS, YS, .epochs = 3, .shuffle = false, .callbacks = {mine}));
    went_well(n, ant_fit(n, XS, YS, .epochs = 3, .shuffle = false));
    ck_assert(weight_bits(m) == weight_bits(n));
    ck_assert(ant_log(ant_results(m), "loss") == ant_log(ant_results(n), "loss"));
    ant_graph_free(g);
}
END_TEST

static double halve(void *p, int epoch, double now) {
    (void)p;
    return epoch == 0 ? now : now / 2;
}

START_TEST(learning_rates) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = compiled(g, "SGD(0.8)");
    went_well(m, ant_fit(m, XS, YS, .epochs = 3,
                         .callbacks = {ant_learning_rate_scheduler(g, halve, NULL)}));
    ck_assert(near(ant_history_value(ant_history_of(m), 2, "learning_rate"), 0.2, 1e-9));
    ck_assert(near(ant_learning_rate(m), 0.2, 1e-9));
    fails_with(m, ant_set_learning_rate(m, -1), ANT_E_OPTION, "at least 0");
    went_well(m, ant_set_learning_rate(m, 0.3));
    went_well(m,
              ant_compile(m, ant_sgd(g, .schedule = ant_exponential_decay(g, 0.1, 1, 0.5)), "mse"));
    went_well(m, ant_fit(m, XS, YS, .batch_size = 8));
    ck_assert(near(ant_learning_rate(m), 0.025, 1e-9));
    fails_with(m, ant_set_learning_rate(m, 0.1), ANT_E_STATE, "schedule");
    ant_graph_free(g);
}
END_TEST

/* --- progress --- */
static void collect(void *p, const char *text) {
    char *all = p;
    strncat(all, text, 8000 - strlen(all));
}

START_TEST(progress) {
    static char lines[8192], bar[8192];
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = compiled(g, "sgd");
    const char *callbacks[] = {ant_progress(g, .write = collect, .data = lines),
                               ant_progress(g, .write = collect, .data = bar, .plain = 0)};
    went_well(m, ant_fit(m, XS, YS, .epochs = 2, .batch_size = 4, .validation_split = 0.25,
                         .callbacks = {callbacks[0], callbacks[1]}));
    const char *second = strchr(lines, '\n') + 1;
    ck_assert(strncmp(lines, "Epoch 1/2 - 0s - ", 17) == 0);
    ck_assert(strncmp(second, "Epoch 2/2 - 0s - ", 17) == 0);
    ck_assert(strstr(second, "/step - loss: 0.") && strstr(second, " - val_loss: 0."));
    ck_assert_str_eq(strchr(second, '\n'), "\n");
    ck_assert(strncmp(bar, "Epoch 1/2\n\r", 11) == 0);
    ck_assert(strstr(bar, "3/3") && strstr(bar, "━━━━") && strstr(bar, "val_loss: "));
    ant_graph_free(g);
}
END_TEST

ANT_TEST_MAIN("callbacks", {early_stopping}, {best_weights}, {plateau}, {not_a_number}, {users_own},
              {meddling}, {learning_rates}, {progress})
