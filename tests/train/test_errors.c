/* Every wrong request is refused by a sentence that says what, where and what was expected. */
#include "trainer.h"

static float x[6][3], y[6];
static int labels[6] = {0, 1, 2, 0, 1, 2};
#define XS ant_array(&x[0][0], 6, 3)
#define YS ant_array(y, 6, 1)

START_TEST(compiling) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = mlp(g, 1, NULL);
    fails_with(m, ant_fit(m, XS, YS), ANT_E_STATE, "not compiled");
    fails_with(m, ant_compile(m, "adm", "mse"), ANT_E_OPTION, "did you mean 'Adam'");
    fails_with(m, ant_compile(m, "mse", "mse"), ANT_E_OPTION, "is a");
    fails_with(m, ant_compile(m, "adam", "msee"), ANT_E_OPTION, "msee");
    fails_with(m, ant_compile(m, "adam", "mse", .metrics = {"acuracy"}), ANT_E_OPTION,
               "'Accuracy'");
    fails_with(m, ant_compile(m, "adam", .loss = {"mse", "mae"}), ANT_E_OPTION, "2 outputs");
    fails_with(m, ant_compile(m, .outputs = {ANT_OUTPUT("dense", "mse")}), ANT_E_OPTION,
               "did you mean 'dense_1'");
    fails_with(m, ant_compile(m, .loss = "mse", .outputs = {ANT_OUTPUT("dense_1", "mse")}),
               ANT_E_OPTION, "in place of");
    fails_with(m, ant_compile(m, "Adam(clipnorm=1, clipvalue=1)", "mse"), ANT_E_OPTION,
               "only one of");
    fails_with(m, ant_compile(m, "Adam(learning_rate=-1)", "mse"), ANT_E_OPTION, "at least 0");
    fails_with(m, ant_compile(m, "Adam(ema_overwrite_frequency=2)", "mse"), ANT_E_OPTION,
               "use_ema");
    fails_with(m, ant_compile(m, "adam", "mse", .metrics = {"AUC(thresholds=[0.5, 1.5])"}),
               ANT_E_OPTION, "threshold 1.5");
    ck_assert_int_eq(ant_status(g), 0); /* no action poisons the graph */
    ck_assert(strstr(ant_model_error(m), "test_errors.c:") != NULL);
    ant_graph_free(g);
}
END_TEST

START_TEST(data) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = mlp(g, 1, NULL);
    const char *words[] = {"a", "b", "c", "d", "e", "f"};
    went_well(m, ant_compile(m, "adam", "mse"));
    fails_with(m, ant_fit(m, ant_array(&x[0][0], 9, 2), YS), ANT_E_SHAPE, "(None, 3), got (9, 2)");
    fails_with(m, ant_fit(m, ant_array(&x[0][0], 3, 3), YS), ANT_E_DATA, "6");
    fails_with(m, ant_fit(m, ANT_LIST(XS, XS), YS), ANT_E_DATA, "2 input arrays given, needs 1");
    fails_with(m, ant_fit(m, XS, {{0}}), ANT_E_DATA, "0 target arrays");
    fails_with(m, ant_fit(m, ant_named("z", &x[0][0], 6, 3), YS), ANT_E_DATA, "no input 'z'");
    fails_with(m, ant_fit(m, ant_array(words, 6, 1), YS), ANT_E_DATA, "text");
    fails_with(m, ant_fit(m, ant_array((float *)NULL, 6, 3), YS), ANT_E_DATA, "NULL");
    fails_with(m, ant_fit(m, ant_array(&x[0][0], 0, 3), ant_array(y, 0, 1)), ANT_E_DATA, "no rows");
    fails_with(m, ant_fit(m, ant_array(&x[0][0], -1, 3), YS), ANT_E_SHAPE, "-1");
    fails_with(m, ant_fit(m, XS, ant_array(&x[0][0], 6, 3)), ANT_E_SHAPE,
               "target (6, 3) does not fit output (6, 1)");
    fails_with(m, ant_fit(m, XS, YS, .sample_weight = ant_array(y, 5)), ANT_E_DATA, "5");
    fails_with(m, ant_fit(m, XS, YS, .sample_weight = ant_array(&x[0][0], 6, 3)), ANT_E_SHAPE,
               "sample weights");
    ant_array huge = XS;
    huge.shape[0] = INT64_MAX / 2;
    fails_with(m, ant_fit(m, huge, YS), ANT_E_LIMIT, "too large");
    ant_array odd = XS;
    odd.dtype = 99;
    fails_with(m, ant_fit(m, odd, YS), ANT_E_DATA, "unknown type 99");
    ant_graph_free(g);
}
END_TEST

START_TEST(classes) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = mlp(g, 3, "softmax");
    int wrong[6] = {0, 1, 2, 3, 1, 2};
    float nan[6] = {0, 1, 2, (float)NAN, 1, 2};
    went_well(m, ant_compile(m, "adam", "sparse_categorical_crossentropy"));
    fails_with(m, ant_fit(m, XS, ant_array(wrong, 6), .shuffle = false), ANT_E_DATA,
               "3 is outside [0, 3)");
    fails_with(m, ant_fit(m, XS, ant_array(nan, 6), .shuffle = false), ANT_E_DATA,
               "row 3 has a number that is no int32");
    fails_with(m, ant_fit(m, XS, ant_array(&x[0][0], 6, 3)), ANT_E_SHAPE, "one class");
    went_well(m, ant_fit(m, XS, ant_array(labels, 6, 1)));
    fails_with(m,
               ant_fit(m, XS, ant_array(labels, 6), .class_weight = ANT_FLOATS(1, 2),
                       .sample_weight = ant_array(y, 6)),
               ANT_E_OPTION, "both said");
    ant_graph_free(g);
}
END_TEST

START_TEST(options) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = mlp(g, 1, NULL);
    went_well(m, ant_compile(m, "adam", "mse"));
    fails_with(m, ant_fit(m, XS, YS, .batch_size = 0), ANT_E_OPTION, "batch_size is 0");
    fails_with(m, ant_fit(m, XS, YS, .epochs = -1), ANT_E_OPTION, "epochs");
    fails_with(m, ant_fit(m, XS, YS, .validation_split = 1.5), ANT_E_OPTION, "validation_split");
    fails_with(m, ant_fit(m, XS, YS, .validation_split = 1), ANT_E_OPTION, "nothing is left");
    fails_with(m, ant_fit(m, XS, YS, .validation_split = 0.9), ANT_E_DATA, "without rows");
    fails_with(m, ant_fit(m, XS, YS, .steps_per_epoch = 100, .batch_size = 2), ANT_E_OPTION,
               "steps_per_epoch");
    fails_with(m, ant_fit(m, XS, YS, .callbacks = {"EarlyStoping"}), ANT_E_OPTION, "did you mean");
    fails_with(m, ant_fit(m, XS, YS, .callbacks = {ant_early_stopping(g, .patience = -1)}),
               ANT_E_OPTION, "could not be made");
    fails_with(m, ant_evaluate(m, XS, YS, .batch_size = -4), ANT_E_OPTION, "batch_size");
    went_well(m, ant_compile(m, .optimizer = NULL, .loss = "mse"));
    fails_with(m, ant_fit(m, XS, YS), ANT_E_STATE, "without an optimizer");
    went_well(m, ant_evaluate(m, XS, YS));
    went_well(m, ant_compile(m, "adam"));
    fails_with(m, ant_fit(m, XS, {{0}}), ANT_E_STATE, "no loss");
    ant_graph_free(g);
}
END_TEST

START_TEST(prediction) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = mlp(g, 1, NULL);
    float out[6];
    int whole[6];
    fails_with(m, ant_predict(m, XS, ant_array(out, 5, 1)), ANT_E_SHAPE, "(6, 1)");
    fails_with(m, ant_predict(m, XS, ant_array(out, 6, 2)), ANT_E_SHAPE, "(6, 2)");
    fails_with(m, ant_predict(m, XS, ant_array(whole, 6, 1)), ANT_E_DATA, "int32");
    fails_with(m, ant_predict(m, XS, {{0}}), ANT_E_DATA, "0 output arrays");
    fails_with(m, ant_predict(m, XS, ant_named("no", out, 6, 1)), ANT_E_DATA, "no output 'no'");
    fails_with(m, ant_predict(m, XS, ant_array(out, 6, 1), .batch_size = 0), ANT_E_OPTION,
               "batch_size");
    went_well(m, ant_predict(m, XS, ant_array(out, 6)));
    ant_run *r = ant_run_new(m);
    ck_assert_int_eq(ant_predict(m, ant_array(&x[0][0], 9, 2), ant_array(out, 6, 1), .run = r),
                     ANT_E_SHAPE);
    ck_assert(strstr(ant_run_error(r), "(None, 3)") != NULL);
    ck_assert_str_eq(ant_model_error(m), "");
    ant_run_free(r);
    ant_graph_free(g);
}
END_TEST

START_TEST(changed_after_compiling) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = ant_sequential(g, ant_dense(g, 2, .input_shape = {3}));
    went_well(m, ant_compile(m, "adam", "mse"));
    ant_add(m, ant_dense(g, 1));
    fails_with(m, ant_fit(m, XS, YS), ANT_E_STATE, "compile it again");
    went_well(m, ant_compile(m, "adam", "mse"));
    went_well(m, ant_fit(m, XS, YS));
    ant_graph_free(g);
}
END_TEST

/* What is dead is refused, and nothing crashes on it. */
START_TEST(dead_models) {
    float out[6];
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = ant_sequential(g, ant_dense(g, -3, .input_shape = {3}));
    ck_assert(ant_compile(m, "adam", "mse") < 0);
    ck_assert(ant_fit(m, XS, YS) < 0);
    ck_assert(ant_evaluate(m, XS, YS) < 0);
    ck_assert(ant_predict(m, XS, ant_array(out, 6, 1)) < 0);
    ck_assert(ant_run_new(m) == NULL);
    ck_assert(ant_predict_one(NULL, NULL, NULL) < 0);
    ck_assert(isnan(ant_learning_rate(m)) && ant_iterations(m) == 0);
    ck_assert_int_eq(ant_log_count(ant_results(m)), 0);
    ck_assert_int_eq(ant_history_epochs(ant_history_of(m)), 0);
    ant_graph_free(g);
}
END_TEST

ANT_TEST_MAIN("errors", {compiling}, {data}, {classes}, {options}, {prediction},
              {changed_after_compiling}, {dead_models})
