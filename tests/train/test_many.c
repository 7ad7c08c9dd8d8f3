/* Models with more inputs and outputs than a list in options has places: ant_several. */
#include "trainer.h"

enum { INS = 39, OUTS = 20, ROWS = 6 };
static float columns[INS][ROWS], targets[OUTS][ROWS];
static ant_array ins[INS], outs[OUTS];

static void make_arrays(void) {
    for (int k = 0; k < INS; k++) {
        ramp(columns[k], ROWS, 0.005 * (k + 1));
        ins[k] = ant_array(columns[k], ROWS);
    }
    for (int k = 0; k < OUTS; k++) {
        ramp(targets[k], ROWS, 0.05 * (k + 1));
        outs[k] = ant_array(targets[k], ROWS);
    }
}

static ant_model *towers(ant_graph *g) {
    ant_call_options join = {.training = ANT_NONE, .layer = ant_concatenate(g)};
    ant_node *in[INS + 1] = {NULL}, *out[OUTS + 1] = {NULL};
    for (int k = 0; k < INS; k++)
        in[k] = join.in[k] = ant_input(g, {1});
    ant_node *all = ant_call_(&join, offsetof(ant_call_options, ant_end), __FILE__, __LINE__);
    for (int k = 0; k < OUTS; k++)
        out[k] = ant_call(ant_dense(g, 1), all);
    ant_model *m = ant_model_new(g, in, out);
    ck_assert_msg(!ant_status(g), "%s", ant_error(g));
    ramp_weights(m, 0.1);
    return m;
}

/* The sum of all outputs' mean squared errors, in plain C. */
static double expected_loss(float got[OUTS][ROWS]) {
    double sum = 0;
    for (int k = 0; k < OUTS; k++)
        for (int i = 0; i < ROWS; i++)
            sum += pow((double)got[k][i] - (double)targets[k][i], 2) / ROWS;
    return sum;
}

START_TEST(arrays) {
    ant_graph *g = ant_graph_new(.threads = 2);
    ant_model *m = towers(g);
    static float got[OUTS][ROWS], again[ROWS];
    ant_array to[OUTS];
    make_arrays();
    for (int k = 0; k < OUTS; k++)
        to[k] = ant_array(got[k], ROWS);
    went_well(m, ant_predict(m, ant_several(ins, INS), ant_several(to, OUTS)));
    went_well(m, ant_compile(m, "sgd", "mse"));
    went_well(m, ant_evaluate(m, ant_several(ins, INS), ant_several(outs, OUTS)));
    ck_assert(near(ant_log(ant_results(m), "loss"), expected_loss(got), 1e-5));
    went_well(m, ant_fit(m, ant_several(ins, INS), ant_several(outs, OUTS), .epochs = 3,
                         .validation_x = ant_several(ins, INS),
                         .validation_y = ant_several(outs, OUTS)));
    const ant_history *h = ant_history_of(m);
    ck_assert(ant_history_value(h, 2, "val_loss") < ant_history_value(h, 0, "val_loss"));
    /* One output alone, by its name: the last. */
    went_well(m, ant_predict(m, ant_several(ins, INS), ant_several(to, OUTS)));
    went_well(m, ant_predict(m, ant_several(ins, INS),
                             ant_named(ant_output_name(m, OUTS - 1), again, ROWS)));
    ck_assert_mem_eq(again, got[OUTS - 1], sizeof again);
    ant_graph_free(g);
}
END_TEST

START_TEST(errors) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = towers(g);
    float got[ROWS];
    make_arrays();
    went_well(m, ant_compile(m, "sgd", "mse"));
    fails_with(m, ant_predict(m, ant_several(ins, INS - 1), ant_array(got, ROWS)), ANT_E_DATA,
               "38 input arrays given, needs 39");
    fails_with(m, ant_predict(m, ant_several(ins, -1), ant_array(got, ROWS)), ANT_E_DATA,
               "-1 input arrays given");
    fails_with(m, ant_predict(m, ant_several(NULL, INS), ant_array(got, ROWS)), ANT_E_DATA,
               "ant_several has NULL");
    fails_with(m, ant_predict(m, ANT_LIST(ant_several(ins, INS), ins[0]), ant_array(got, ROWS)),
               ANT_E_DATA, "ant_several stands beside another array");
    fails_with(m, ant_fit(m, ant_several(ins, INS), ant_several(outs, OUTS - 1)), ANT_E_DATA,
               "19 target arrays given, needs 20");
    fails_with(m, ant_predict(m, ant_several(ins, INS), ant_several(ins, INS)), ANT_E_DATA,
               "39 output arrays given, it has 20");
    ins[7] = (ant_array){0};
    fails_with(m, ant_predict(m, ant_several(ins, INS), ant_array(got, ROWS)), ANT_E_DATA,
               "input array 7 of ant_several is none");
    ant_array inner = ant_several(ins, 1);
    ins[7] = inner;
    fails_with(m, ant_predict(m, ant_several(ins, INS), ant_array(got, ROWS)), ANT_E_DATA,
               "unknown type");
    ant_graph_free(g);
}
END_TEST

ANT_TEST_MAIN("many", {arrays}, {errors})
