/* Recurrent layers in models: states that outlive a batch, dropout, names, what is refused. Their
 * numbers are compared with Keras's in tests/golden. */
#include "harness.h"
#include <math.h>
#include <string.h>

static ant_graph *graph(void) {
    return ant_graph_new(.threads = 1);
}

static void run_ok(ant_model *m, batch *b) {
    int code = batch_run(m, b);
    ck_assert_msg(!code, "%s: %s%s", ant_error(ant__layer_graph(m)), ant_model_error(m), b->error);
}

/* Some numbers, no two alike. */
static void fill(float *x, int n) {
    for (int i = 0; i < n; i++)
        x[i] = sinf(1.3f * (float)i + 0.4f);
}

static void near_each(const float *a, const float *b, int n, const char *what) {
    for (int i = 0; i < n; i++)
        ck_assert_msg(fabsf(a[i] - b[i]) < 1e-6f, "%s: [%d] is %g and %g", what, i, (double)a[i],
                      (double)b[i]);
}

/* --- states --- */
enum { BATCH = 2, STEPS = 6, FEATURES = 3, UNITS = 4 };

/* Steps [from, from + n) of every sample. */
static void take_steps(float *out, const float *x, int from, int n) {
    for (int b = 0; b < BATCH; b++)
        memcpy(out + b * n * FEATURES, x + (b * STEPS + from) * FEATURES,
               sizeof *x * (size_t)(n * FEATURES));
}

static ant_layer *recurrent(ant_graph *g, int which, bool stateful) {
    switch (which) {
    case 0:
        return ant_simple_rnn(g, UNITS, .stateful = stateful);
    case 1:
        return ant_lstm(g, UNITS, .stateful = stateful);
    case 2:
        return ant_gru(g, UNITS, .stateful = stateful);
    case 3:
        return ant_gru(g, UNITS, "elu", .reset_after = false, .stateful = stateful);
    default:
        return ant_rnn(g, {ant_lstm_cell(g, 3), ant_gru_cell(g, UNITS)}, .stateful = stateful);
    }
}
enum { RECURRENT = 5 };

static ant_model *model_of(ant_graph *g, ant_layer *l, int steps) {
    ant_node *x = ant_input(g, {steps, FEATURES});
    ant_model *m = ant_model_new(g, ANT_NODES(x), ANT_NODES(ant_call(l, x)));
    ck_assert_msg(!ant_status(g), "%s", ant_error(g));
    weights_pattern(m);
    return m;
}

START_TEST(a_stateful_layer_goes_on) {
    ant_graph *g = graph();
    ant_model *whole = model_of(g, recurrent(g, _i, false), STEPS);
    ant_model *parts = model_of(g, recurrent(g, _i, true), STEPS / 2);
    float x[BATCH * STEPS * FEATURES], first[BATCH * STEPS * FEATURES / 2],
        second[BATCH * STEPS * FEATURES / 2];
    fill(x, BATCH * STEPS * FEATURES);
    take_steps(first, x, 0, STEPS / 2);
    take_steps(second, x, STEPS / 2, STEPS / 2);
    batch all = {.x = {x}, .rows = BATCH}, a = {.x = {first}, .rows = BATCH};
    batch b = {.x = {second}, .rows = BATCH}, again = {.x = {first}, .rows = BATCH};
    run_ok(whole, &all);
    run_ok(parts, &a);
    run_ok(parts, &b);
    near_each(b.out[0], all.out[0], BATCH * UNITS, "two halves and the whole");
    ck_assert_int_eq(ant_reset_states(parts), 0);
    run_ok(parts, &again);
    near_each(again.out[0], a.out[0], BATCH * UNITS, "after a reset");
    ant_graph_free(g);
}
END_TEST

START_TEST(a_stateful_layer_keeps_its_batch_size) {
    ant_graph *g = graph();
    ant_model *m = model_of(g, ant_lstm(g, UNITS, .stateful = true), STEPS / 2);
    float x[BATCH * STEPS * FEATURES] = {0};
    batch two = {.x = {x}, .rows = 2}, one = {.x = {x}, .rows = 1};
    run_ok(m, &two);
    ck_assert_int_eq(batch_run(m, &one), ANT_E_STATE);
    ck_assert_msg(strstr(one.error, "(2, 4)") && strstr(one.error, "(1, 4)"), "%s", one.error);
    ant_reset_states(m);
    run_ok(m, &one);
    ant_graph_free(g);
}
END_TEST

/* Keyword, further inputs, and zeros said and unsaid are the same. */
START_TEST(states_are_given_by_keyword_or_as_inputs) {
    ant_graph *g = graph();
    ant_layer *l = ant_lstm(g, UNITS, .return_state = true);
    ant_node *x = ant_input(g, {STEPS, FEATURES}), *h = ant_input(g, {UNITS}),
             *c = ant_input(g, {UNITS});
    ant_node *a = ant_call(l, x, .initial_state = {h, c}), *b = ant_call(l, x, h, c);
    ant_model *m =
        ant_model_new(g, ANT_NODES(x, h, c), ANT_NODES(a, ant_output(a, 2), b, ant_output(b, 2)));
    float in[BATCH * STEPS * FEATURES], states[2][BATCH * UNITS];
    fill(in, BATCH * STEPS * FEATURES);
    fill(states[0], BATCH * UNITS);
    fill(states[1], BATCH * UNITS);
    batch run = {.x = {in, states[0], states[1]}, .rows = BATCH};
    ck_assert_msg(!ant_status(g), "%s", ant_error(g));
    run_ok(m, &run);
    near_each(run.out[0], run.out[2], BATCH * UNITS, "h");
    near_each(run.out[1], run.out[3], BATCH * UNITS, "c");
    ant_graph_free(g);
}
END_TEST

/* As Keras 3.15.1: where initial_state is said, only a mask that is said counts. */
START_TEST(states_are_given_without_the_inputs_mask) {
    ant_graph *g = graph();
    ant_layer *l = ant_gru(g, UNITS);
    ant_node *x = ant_input(g, {STEPS, FEATURES}), *h = ant_input(g, {UNITS}),
             *m = ant_input(g, {STEPS}), *masked = ant_call(ant_masking(g), x);
    ant_node *counts = ant_apply("greater", m, .x2 = 0.5);
    if (_i)
        l = ant_bidirectional(g, l);
    ant_node *out[] = {_i ? ant_call(l, masked, h, h) : ant_call(l, masked, .initial_state = {h}),
                       _i ? ant_call(l, x, h, h) : ant_call(l, x, .initial_state = {h}),
                       _i ? ant_call(l, masked, h, h, .mask = {counts})
                          : ant_call(l, masked, .initial_state = {h}, .mask = {counts}),
                       NULL};
    ant_model *model = ant_model_new(g, ANT_NODES(x, h, m), out);
    float in[BATCH * STEPS * FEATURES] = {0}, states[BATCH * UNITS], mask[BATCH * STEPS] = {0};
    fill(states, BATCH * UNITS);
    for (int k = 0; k < BATCH; k++) /* all steps but the first are zeros */
        mask[k * STEPS] = in[k * STEPS * FEATURES] = 1;
    batch run = {.x = {in, states, mask}, .rows = BATCH};
    ck_assert_msg(!ant_status(g), "%s", ant_error(g));
    run_ok(model, &run);
    near_each(run.out[0], run.out[1], BATCH * UNITS, "the mask of the input");
    ck_assert(fabsf(run.out[0][0] - run.out[2][0]) > 1e-3f);
    ant_graph_free(g);
}
END_TEST

START_TEST(any_number_of_steps) {
    ant_graph *g = graph();
    ant_layer *l = recurrent(g, _i, false);
    ant_node *x = ant_input(g, {ANT_ANY, FEATURES});
    ant_node *y = ant_call(l, x);
    ck_assert_msg(!ant_status(g), "%s", ant_error(g));
    ck_assert_int_eq(y->dims.rank, 2);
    ck_assert_int_eq(y->dims.dim[1], UNITS);
    ant_graph_free(g);
}
END_TEST

/* --- dropout --- */
enum { WIDE = 8 };

static void set_weight(ant_model *m, const char *name, float diagonal) {
    float *w = weight_data(m, name);
    for (int i = 0; i < WIDE; i++)
        for (int j = 0; j < WIDE; j++)
            w[i * WIDE + j] = i == j ? diagonal : 0;
}

/* Steps of x = 1 through a cell that adds nothing: each entry is 0 or 1 / (1 - rate) at all
 * steps. */
START_TEST(inputs_are_dropped_for_the_whole_sequence) {
    ant_graph *g = graph();
    ant_layer *l = ant_simple_rnn(g, WIDE, "linear", .use_bias = false, .dropout = 0.25,
                                  .return_sequences = true);
    ant_node *x = ant_input(g, {STEPS, WIDE});
    ant_model *m = ant_model_new(g, ANT_NODES(x), ANT_NODES(ant_call(l, x)));
    float ones[8 * STEPS * WIDE];
    int dropped = 0;
    for (int i = 0; i < 8 * STEPS * WIDE; i++)
        ones[i] = 1;
    batch b = {.x = {ones}, .rows = 8, .training = true};
    ck_assert_msg(!ant__settle(m), "%s", ant_model_error(m));
    set_weight(m, "simple_rnn/simple_rnn_cell/kernel", 1);
    set_weight(m, "simple_rnn/simple_rnn_cell/recurrent_kernel", 0);
    run_ok(m, &b);
    for (int s = 0; s < 8; s++)
        for (int j = 0; j < WIDE; j++) {
            float y = b.out[0][s * STEPS * WIDE + j];
            ck_assert_msg(y == 0 || fabsf(y - 4.0f / 3) < 1e-6f, "%g", (double)y);
            dropped += y == 0;
            for (int t = 1; t < STEPS; t++)
                ck_assert_float_eq(b.out[0][(s * STEPS + t) * WIDE + j], y);
        }
    ck_assert_int_gt(dropped, 4);
    ck_assert_int_lt(dropped, 32);
    ant_graph_free(g);
}
END_TEST

/* h' = mask h from ones on: an entry is 0 from the first step, or grows by 1 / (1 - rate) a
 * step. */
START_TEST(states_are_dropped_for_the_whole_sequence) {
    ant_graph *g = graph();
    ant_layer *l = ant_simple_rnn(g, WIDE, "linear", .use_bias = false, .recurrent_dropout = 0.5,
                                  .return_sequences = true);
    ant_node *x = ant_input(g, {STEPS, WIDE}), *h = ant_input(g, {WIDE});
    ant_model *m =
        ant_model_new(g, ANT_NODES(x, h), ANT_NODES(ant_call(l, x, .initial_state = {h})));
    float zeros[8 * STEPS * WIDE] = {0}, ones[8 * WIDE];
    int dropped = 0;
    for (int i = 0; i < 8 * WIDE; i++)
        ones[i] = 1;
    batch b = {.x = {zeros, ones}, .rows = 8, .training = true};
    ck_assert_msg(!ant__settle(m), "%s", ant_model_error(m));
    set_weight(m, "simple_rnn/simple_rnn_cell/recurrent_kernel", 1);
    run_ok(m, &b);
    for (int s = 0; s < 8; s++)
        for (int j = 0; j < WIDE; j++) {
            bool zero = b.out[0][s * STEPS * WIDE + j] == 0;
            dropped += zero;
            for (int t = 0; t < STEPS; t++)
                ck_assert_float_eq(b.out[0][(s * STEPS + t) * WIDE + j],
                                   zero ? 0 : (float)(2 << t));
        }
    ck_assert_int_gt(dropped, 16);
    ck_assert_int_lt(dropped, 48);
    ant_graph_free(g);
}
END_TEST

/* Dropout acts in training only, is drawn anew at every draw of a run, and leaves shapes alone. */
START_TEST(gates_drop_in_training_only) {
    ant_graph *g = graph();
    ant_layer *l = _i ? ant_gru(g, UNITS, .dropout = 0.5, .recurrent_dropout = 0.5)
                      : ant_lstm(g, UNITS, .dropout = 0.5, .recurrent_dropout = 0.5);
    ant_layer *plain = _i ? ant_gru(g, UNITS) : ant_lstm(g, UNITS);
    ant_model *m = model_of(g, l, STEPS), *without = model_of(g, plain, STEPS);
    float x[BATCH * STEPS * FEATURES];
    fill(x, BATCH * STEPS * FEATURES);
    batch train = {.x = {x}, .rows = BATCH, .training = true}, infer = {.x = {x}, .rows = BATCH};
    batch want = {.x = {x}, .rows = BATCH};
    run_ok(m, &train);
    run_ok(m, &infer);
    run_ok(without, &want);
    near_each(infer.out[0], want.out[0], BATCH * UNITS, "inference");
    ck_assert(memcmp(train.out[0], infer.out[0], sizeof *x * BATCH * UNITS) != 0);
    ant_graph_free(g);
}
END_TEST

START_TEST(distributed_dropout_differs_from_step_to_step) {
    ant_graph *g = graph();
    ant_node *x = ant_input(g, {STEPS, 2 * WIDE});
    ant_node *y = ant_call(ant_time_distributed(g, ant_dropout(g, 0.5)), x);
    ant_model *m = ant_model_new(g, ANT_NODES(x), ANT_NODES(y));
    float ones[STEPS * 2 * WIDE];
    int alike = 0;
    for (int i = 0; i < STEPS * 2 * WIDE; i++)
        ones[i] = 1;
    batch b = {.x = {ones}, .rows = 1, .training = true};
    run_ok(m, &b);
    for (int t = 1; t < STEPS; t++)
        alike += !memcmp(b.out[0], b.out[0] + t * 2 * WIDE, sizeof(float) * 2 * WIDE);
    ck_assert_int_eq(alike, 0);
    ant_graph_free(g);
}
END_TEST

/* --- weights --- */
static void has_weight(ant_model *m, int k, const char *name) {
    ck_assert_str_eq(ant_weight_name(m, k), name);
}

START_TEST(weights_have_keras_names) {
    ant_graph *g = graph();
    ant_model *m = ant_sequential(
        g, ant_lstm(g, 3, .return_sequences = true, .input_shape = {4, 2}),
        ant_bidirectional(g, ant_gru(g, 2, .return_sequences = true, .use_bias = false)),
        ant_rnn(g, {ant_lstm_cell(g, 2), ant_lstm_cell(g, 3)}, .return_sequences = true),
        ant_time_distributed(g, ant_dense(g, 1)));
    ck_assert_msg(!ant__settle(m), "%s%s", ant_error(g), ant_model_error(m));
    has_weight(m, 0, "lstm/lstm_cell/kernel");
    has_weight(m, 1, "lstm/lstm_cell/recurrent_kernel");
    has_weight(m, 2, "lstm/lstm_cell/bias");
    has_weight(m, 3, "bidirectional/forward_gru/gru_cell/kernel");
    has_weight(m, 6, "bidirectional/backward_gru/gru_cell/recurrent_kernel");
    has_weight(m, 7, "rnn/stacked_rnn_cells/lstm_cell/kernel");
    has_weight(m, 10, "rnn/stacked_rnn_cells/lstm_cell_1/kernel");
    has_weight(m, 13, "time_distributed/dense/kernel");
    const float *bias = weight_data(m, "lstm/lstm_cell/bias");
    for (int j = 0; j < 12; j++)
        ck_assert_float_eq(bias[j], j / 3 == 1 ? 1 : 0);
    ant_graph_free(g);
}
END_TEST

/* --- what is refused --- */
/* The line on which the layer or the call stands is in the error. */
static void told(ant_graph *g, int code, const char *words) {
    ck_assert_msg(ant_status(g) == code, "code %d: %s", ant_status(g), ant_error(g));
    ck_assert_msg(strstr(ant_error(g), "test_rnn.c:"), "%s", ant_error(g));
    ck_assert_msg(strstr(ant_error(g), words), "'%s' does not say '%s'", ant_error(g), words);
    ant_graph_free(g);
}

START_TEST(bad_options) {
    ant_graph *g = graph();
    ant_lstm(g, 0);
    told(g, ANT_E_OPTION, "LSTM: units is 0, must be at least 1");
    g = graph();
    ant_gru(g, 3, .dropout = 1.5);
    told(g, ANT_E_OPTION, "dropout is 1.5");
    g = graph();
    ant_lstm(g, 3, .use_cudnn = "true");
    told(g, ANT_E_OPTION, "use_cudnn");
    g = graph();
    ant_bidirectional(g, ant_lstm(g, 3), "concatenate");
    told(g, ANT_E_OPTION, "must be one of: concat sum mul ave");
    g = graph();
    ant_rnn(g, {NULL});
    told(g, ANT_E_OPTION, "cell is missing");
    g = graph();
    ant_time_distributed(g);
    told(g, ANT_E_OPTION, "layer is missing");
}
END_TEST

START_TEST(bad_inner_layers) {
    ant_graph *g = graph();
    ant_call(ant_rnn(g, {ant_dense(g, 3)}), ant_input(g, {4, 2}));
    told(g, ANT_E_OPTION, "takes a recurrent cell");
    g = graph();
    ant_call(ant_rnn(g, {ant_lstm_cell(g, 3), ant_dense(g, 3)}), ant_input(g, {4, 2}));
    told(g, ANT_E_OPTION, "takes a recurrent cell");
    g = graph();
    ant_call(ant_bidirectional(g, ant_dense(g, 3)), ant_input(g, {4, 2}));
    told(g, ANT_E_OPTION, "takes a recurrent layer");
    g = graph();
    ant_call(ant_bidirectional(g, ant_lstm(g, 3), .backward_layer = ant_lstm(g, 3)),
             ant_input(g, {4, 2}));
    told(g, ANT_E_OPTION, "same go_backwards");
    g = graph();
    ant_layer *other = ant_lstm(g, 3, .go_backwards = true, .return_sequences = true);
    ant_call(ant_bidirectional(g, ant_lstm(g, 3), .backward_layer = other), ant_input(g, {4, 2}));
    told(g, ANT_E_OPTION, "differ in return_sequences");
    g = graph();
    ant_call(ant_time_distributed(g, ant_lstm(g, 2, .return_state = true)),
             ant_input(g, {3, 4, 2}));
    told(g, ANT_E_OPTION, "of one result");
}
END_TEST

START_TEST(too_many_states) {
    ant_graph *g = graph();
    ant_layer *stack = ant_stacked_rnn_cells(g);
    for (int k = 0; k < 40 && !ant_status(g); k++)
        stack = ant_stacked_rnn_cells(g, .cells = {ant_lstm_cell(g, 2), stack});
    ant_graph_free(g);
    g = graph();
    ant_layer *c[4];
    for (int k = 0; k < 4; k++)
        c[k] = ant_stacked_rnn_cells(g, .cells = {ant_lstm_cell(g, 2), ant_lstm_cell(g, 2),
                                                  ant_lstm_cell(g, 2), ant_lstm_cell(g, 2),
                                                  ant_lstm_cell(g, 2), ant_lstm_cell(g, 2),
                                                  ant_lstm_cell(g, 2), ant_lstm_cell(g, 2)});
    ant_call(ant_rnn(g, {c[0], c[1], c[2], c[3]}), ant_input(g, {4, 2}));
    told(g, ANT_E_LIMIT, "more than 63 states");
}
END_TEST

START_TEST(bad_shapes) {
    ant_graph *g = graph();
    ant_call(ant_lstm(g, 3), ant_input(g, {4}));
    told(g, ANT_E_SHAPE, "takes (batch, steps, features), got (None, 4)");
    g = graph();
    ant_call(ant_lstm(g, 3), ant_input(g, {4, ANT_ANY}));
    told(g, ANT_E_SHAPE, "must be known");
    g = graph();
    ant_layer *l = ant_gru(g, 3);
    ant_call(l, ant_input(g, {4, 2}));
    ant_call(l, ant_input(g, {4, 5}));
    told(g, ANT_E_SHAPE, "(None, 4, 5)");
    g = graph();
    ant_call(ant_gru(g, 3), ant_input(g, {2, 4, 2}));
    told(g, ANT_E_SHAPE, "(None, 4, 2)");
    g = graph();
    ant_call(ant_lstm(g, 3), ant_input(g, {4, 2}), .initial_state = {ant_input(g, {3})});
    told(g, ANT_E_SHAPE, "takes 2 initial_states, got 1");
    g = graph();
    ant_call(ant_gru(g, 3), ant_input(g, {4, 2}), .initial_state = {ant_input(g, {5})});
    told(g, ANT_E_SHAPE, "(None, 5)");
    g = graph();
    ant_call(ant_lstm_cell(g, 3), ant_input(g, {2}));
    told(g, ANT_E_SHAPE, "takes 2 initial_states, got 0");
    g = graph();
    ant_call(ant_bidirectional(g, ant_gru(g, 3)), ant_input(g, {4, 2}),
             .initial_state = {ant_input(g, {3})});
    told(g, ANT_E_SHAPE, "got 1 in all");
    g = graph();
    ant_call(ant_time_distributed(g, ant_dense(g, 3)), ant_input(g, {4}));
    told(g, ANT_E_SHAPE, "3 axes or more, got (None, 4)");
}
END_TEST

/* --- Embedding and Masking --- */
START_TEST(embedding_tells_an_index_outside) {
    ant_graph *g = graph();
    ant_model *m = ant_sequential(g, ant_embedding(g, 5, 2, .name = "words", .input_shape = {3}));
    float x[] = {0, 4, 7};
    batch b = {.x = {x}, .rows = 1};
    ck_assert_int_eq(batch_run(m, &b), ANT_E_DATA);
    ck_assert_msg(strstr(b.error, "7") && strstr(b.error, "5"), "%s", b.error);
    x[2] = 3;
    run_ok(m, &b);
    x[0] = -1;
    ck_assert_int_eq(batch_run(m, &b), ANT_E_DATA);
    ant_graph_free(g);
}
END_TEST

/* The mask of zero indices goes through a sequence of layers to where it counts. */
START_TEST(masks_reach_the_layer_behind) {
    ant_graph *g = graph();
    ant_model *m = ant_sequential(g, ant_embedding(g, 5, 2, .mask_zero = true, .input_shape = {4}),
                                  ant_lstm(g, 3, .return_sequences = true), ant_gru(g, 2));
    const float full[] = {1, 2, 0, 0, 3, 0, 0, 0}, cut[] = {1, 2};
    ant_node *shorter = ant_input(g, {2});
    batch masked = {.x = {full}, .rows = 2}, alone = {.x = {cut}, .rows = 1};
    run_ok(m, &masked);
    ant_layer *layers[] = {ant_layer_at(m, 0), ant_layer_at(m, 1), ant_layer_at(m, 2)};
    ant_node *y = shorter;
    for (int k = 0; k < 3; k++)
        y = ant_call(layers[k], y);
    ant_model *two = ant_model_new(g, ANT_NODES(shorter), ANT_NODES(y));
    ck_assert_msg(!ant_status(g), "%s", ant_error(g));
    run_ok(two, &alone);
    near_each(masked.out[0], alone.out[0], 2, "two steps and two of four");
    ant_graph_free(g);
}
END_TEST

/* --- out of memory --- */
static int build_and_run(void *data) {
    (void)data;
    static const float x[2 * 3 * 2] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    ant_graph *g = ant_graph_new(.threads = 1);
    if (!g)
        return ANT_E_MEMORY;
    ant_node *in = ant_input(g, {3, 2});
    ant_node *h = ant_call(ant_bidirectional(g, ant_lstm(g, 2, .return_sequences = true,
                                                         .dropout = 0.5, .stateful = true)),
                           ant_call(ant_masking(g), in));
    h = ant_call(ant_time_distributed(g, ant_dropout(g, 0.5)), h);
    h = ant_call(ant_rnn(g, {ant_gru_cell(g, 2, "elu"), ant_simple_rnn_cell(g, 3)}), h);
    ant_model *m = ant_model_new(g, ANT_NODES(in), ANT_NODES(h));
    batch b = {.x = {x}, .rows = 2, .training = true};
    int code = ant_status(g) ? ant_status(g) : batch_run(m, &b);
    ant_graph_free(g);
    return code;
}

START_TEST(every_allocation_may_fail) {
    memory_fail_each(build_and_run, NULL);
}
END_TEST

ANT_TEST_MAIN("rnn", ANT_LOOP(a_stateful_layer_goes_on, RECURRENT),
              {a_stateful_layer_keeps_its_batch_size}, {states_are_given_by_keyword_or_as_inputs},
              {states_are_given_without_the_inputs_mask}, ANT_LOOP(any_number_of_steps, RECURRENT),
              {inputs_are_dropped_for_the_whole_sequence},
              {states_are_dropped_for_the_whole_sequence}, ANT_LOOP(gates_drop_in_training_only, 2),
              {distributed_dropout_differs_from_step_to_step}, {weights_have_keras_names},
              {bad_options}, {bad_inner_layers}, {too_many_states}, {bad_shapes},
              {embedding_tells_an_index_outside}, {masks_reach_the_layer_behind},
              {every_allocation_may_fail})
