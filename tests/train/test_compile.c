/* What compile keeps: names of logs, texts, the optimizer's state for files. */
#include "train/train.h"
#include "trainer.h"

static float x[6][3], y[6];
#define XS ant_array(&x[0][0], 6, 3)
#define YS ant_array(y, 6, 1)

static const char *compile_text(ant_context *c, ant_model *m) {
    ant_tree *t = ant__compile_tree(c, m);
    ck_assert_msg(t != NULL, "%s", c->error.text);
    return ant__tree_text(c, t);
}

START_TEST(names_of_logs) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = mlp(g, 1, NULL);
    went_well(m, ant_compile(m, "sgd", "mse",
                             .metrics = {"mae", "MeanAbsoluteError", ant_auc(g), "mae",
                                         "RootMeanSquaredError(name=far)"},
                             .weighted_metrics = {"mae", "mape"}));
    went_well(m, ant_test_on_batch(m, XS, YS));
    const char *const want[] = {
        "auc", "far", "loss", "mae", "mae_1", "mape", "mean_absolute_error", "weighted_mae"};
    const ant_logs *logs = ant_results(m);
    ck_assert_int_eq(ant_log_count(logs), 8);
    for (int k = 0; k < 8; k++)
        ck_assert_str_eq(ant_log_name(logs, k), want[k]);
    ant_graph_free(g);
}
END_TEST

/* Texts read back give the same text. */
START_TEST(texts) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_context c = {0};
    ant_model *m = mlp(g, 1, NULL);
    ck_assert(ant__compile_tree(&c, m) == NULL && c.error.code == 0);
    went_well(m, ant_compile(m, ant_adam(g, 0.01, .clipnorm = 1), ant_huber(g, 0.5),
                             .metrics = {"mae", ant_auc(g, .curve = "PR")}));
    const char *text = compile_text(&c, m);
    ck_assert_str_eq(text, "[optimizer=Adam(learning_rate=0.01, clipnorm=1), "
                           "loss=Huber(delta=0.5), metrics=[mae, AUC(curve=PR)]]");
    went_well(m, ant__compile_read(m, ant__text_parse(&c, text, 0, 0)));
    ck_assert_str_eq(compile_text(&c, m), text);
    ant_node *in = ant_input(g, {3}), *a = ant_call(ant_dense(g, 1, .name = "a"), in);
    ant_model *two =
        ant_model_new(g, ANT_NODES(in), ANT_NODES(a, ant_call(ant_dense(g, 2, .name = "b"), in)));
    went_well(two, ant_compile(two, .optimizer = "sgd", .loss = {"mse", "mae"},
                               .loss_weights = {1, 0.5}, .metrics = {{"mae"}}));
    text = compile_text(&c, two);
    ck_assert_str_eq(text, "[optimizer=sgd, loss=[a=mean_squared_error, b=mean_absolute_error], "
                           "loss_weights=[b=0.5], metrics=[a=[mae]]]");
    went_well(two, ant__compile_read(two, ant__text_parse(&c, text, 0, 0)));
    ck_assert_str_eq(compile_text(&c, two), text);
    ant__arena_free(&c.arena);
    ant_graph_free(g);
}
END_TEST

static void refuses(ant_model *m, const char *text, const char *words) {
    ant_context c = {0};
    fails_with(m, ant__compile_read(m, ant__text_parse(&c, text, 3, 1)), ANT_E_OPTION, words);
    ant__arena_free(&c.arena);
}

START_TEST(hostile_texts) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = mlp(g, 1, NULL);
    refuses(m, "[optimiser=adam]", "did you mean 'optimizer'");
    refuses(m, "[loss=[dense_2=mse]]", "did you mean 'dense_1'");
    refuses(m, "[loss=[mse, mae]]", "1 outputs");
    refuses(m, "[loss_weights=heavy]", "3:15: compile: a loss weight must be a number");
    refuses(m, "[metrics=[mse, adam]]", "adam");
    refuses(m, "adam()", "must be a map");
    ant_graph_free(g);
}
END_TEST

/* What files keep is enough to go on as if nothing had happened. */
START_TEST(state_goes_on) {
    ramp(&x[0][0], 18, 0.3);
    ramp(y, 6, 0.2);
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = mlp(g, 1, NULL);
    const char *optimizer = ant_nadam(g, 0.01, .use_ema = true);
    went_well(m, ant_compile(m, optimizer, "mse"));
    for (int k = 0; k < 3; k++)
        went_well(m, ant_train_on_batch(m, XS, YS));
    ant_model *n = ant_clone(m, g, true);
    went_well(n, ant_compile(n, optimizer, "mse"));
    ant_progress_state s;
    ck_assert(ant__train_state_get(m, &s) && s.calls == 3 && ant__train_state_set(n, &s));
    int variables = ant__train_variables(m);
    ck_assert_int_eq(variables, 4 * 3);
    ck_assert_int_eq(ant__train_variables(n), variables);
    for (int k = 0; k < variables; k++) {
        ant_variable *from = ant__train_variable(m, k), *to = ant__train_variable(n, k);
        memcpy(to->data, from->data, (size_t)ant__dims_count(&to->dims) * sizeof(float));
    }
    ck_assert_str_eq(ant__train_variable(m, 0)->name, "momentum/dense/kernel");
    ck_assert_str_eq(ant__train_variable(m, 11)->name, "average/dense_1/bias");
    went_well(m, ant_train_on_batch(m, XS, YS));
    went_well(n, ant_train_on_batch(n, XS, YS));
    ck_assert(weight_bits(m) == weight_bits(n));
    ant_graph_free(g);
}
END_TEST

/* A user's loss and metric, said by name. */
static ant_value *cubes(ant_program *p, const void *data, ant_value *const *in) {
    ant_value *e = ant_op_abs(p, ant_op_sub(p, in[0], in[1]));
    return ant_op_scale(p, ant_op_mean(p, ant_op_mul(p, e, ant_op_square(p, e)), ANT_LAST, false),
                        *(const double *)data);
}

START_TEST(users_own) {
    static const double two = 2;
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = mlp(g, 1, NULL);
    double want = 0;
    float out[6];
    ramp(&x[0][0], 18, 0.3);
    ramp(y, 6, 0.2);
    ck_assert_int_eq(ant_register_loss(g, "cubes", cubes, &two), 0);
    ck_assert_int_eq(ant_register_metric(g, "cubes", cubes, &two), 0);
    went_well(m, ant_compile(m, "sgd", "cubes", .metrics = {"cubes"}));
    went_well(m, ant_predict(m, XS, ant_array(out, 6, 1)));
    for (int i = 0; i < 6; i++)
        want += 2 * pow(fabs((double)(out[i] - y[i])), 3) / 6;
    went_well(m, ant_train_on_batch(m, XS, YS));
    ck_assert(near(ant_log(ant_results(m), "loss"), want, 1e-5));
    ck_assert(near(ant_log(ant_results(m), "cubes"), want, 1e-5));
    went_well(m, ant_test_on_batch(m, XS, YS));
    ck_assert(ant_log(ant_results(m), "loss") < want);
    ck_assert(ant_register_loss(g, "cubes", cubes, &two) < 0);
    ant_graph_free(g);
}
END_TEST

/* Masked steps count for nothing, in losses and metrics. */
START_TEST(masks) {
    static float s[2][4][2], t[2][4];
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = ant_sequential(g, ant_masking(g, .input_shape = {4, 2}), ant_dense(g, 1));
    ramp(&s[0][0][0], 16, 0.3);
    ramp(&t[0][0], 8, 0.2);
    memset(s[0][2], 0, 2 * sizeof s[0][0]); /* row 0 has two steps, row 1 three */
    memset(s[1][3], 0, sizeof s[0][0]);
    s[1][2][0] = 1;
    ant_array in = ant_array(&s[0][0][0], 2, 4, 2), to = ant_array(&t[0][0], 2, 4, 1);
    float out[2][4];
    went_well(m, ant_compile(m, "sgd", "mae", .metrics = {"mse"}));
    went_well(m, ant_predict(m, in, ant_array(&out[0][0], 2, 4, 1)));
    went_well(m, ant_test_on_batch(m, in, to));
    double mae = 0, mse = 0;
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < (i == 0 ? 2 : 3); k++) {
            double e = (double)(out[i][k] - t[i][k]);
            mae += fabs(e) / 5;
            mse += e * e / 5;
        }
    ck_assert(near(ant_log(ant_results(m), "loss"), mae, 1e-5));
    ck_assert(near(ant_log(ant_results(m), "mse"), mse, 1e-5));
    ant_graph_free(g);
}
END_TEST

/* Each reduction, on errors 1 and 3 with weights 2 and 1. */
START_TEST(reductions) {
    static const struct {
        const char *reduction;
        double loss, step; /* step: what the bias moves with rate 1 */
    } rows[] = {{"sum_over_batch_size", 2.5, 1.5},
                {"mean", 2.5, 1.5},
                {"mean_with_sample_weight", 5.0 / 3, 1},
                {"sum", 5, 3},
                {"none", 2.5, 3}};
    float in[2][1] = {{0}, {0}}, to[2] = {1, 3}, w[2] = {2, 1};
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = ant_sequential(g, ant_dense(g, 1, .input_shape = {1}));
    went_well(
        m, ant_compile(m, "SGD(1)", ant_mean_absolute_error(g, .reduction = rows[_i].reduction)));
    went_well(m, ant_train_on_batch(m, ant_array(&in[0][0], 2, 1), ant_array(to, 2, 1),
                                    .sample_weight = ant_array(w, 2)));
    ck_assert(near(ant_log(ant_results(m), "loss"), rows[_i].loss, 1e-6));
    ck_assert(near((double)*(float *)ant_weight_named(m, "dense/bias").data, rows[_i].step, 1e-6));
    ant_graph_free(g);
}
END_TEST

/* Probabilities of any kind: from a softmax the logits are used, so that nothing is clipped. */
START_TEST(sure_and_wrong) {
    float in[1][1] = {{1}};
    int label = 1;
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = ant_sequential(g, ant_dense(g, 2, "softmax", .input_shape = {1}));
    ant_build(m, (int[]){1, 0});
    went_well(m, ant_compile(m, "SGD(0)", "sparse_categorical_crossentropy"));
    ((float *)ant_weight_at(m, 0).data)[0] = 200;
    ((float *)ant_weight_at(m, 0).data)[1] = 0;
    went_well(m, ant_test_on_batch(m, ant_array(&in[0][0], 1, 1), ant_array(&label, 1)));
    ck_assert(near(ant_log(ant_results(m), "loss"), 200, 1e-6));
    ant_graph_free(g);
}
END_TEST

ANT_TEST_MAIN("compile", {names_of_logs}, {texts}, {hostile_texts}, {state_goes_on}, {users_own},
              {masks}, ANT_LOOP(reductions, 5), {sure_and_wrong})
