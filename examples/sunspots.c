/* Tutorial 3: sequences. Two LSTMs look at 11 years of sunspots and say the twelfth. */
#include <antler/antler.h>
#include <math.h>
#include <stdio.h>

enum { YEARS = 309, STEPS = 11, FEATURES = 1, SPLIT = 221 };
enum { TRAIN = SPLIT - STEPS, TEST = YEARS - SPLIT };

static float spots[YEARS], windows[YEARS - STEPS][STEPS][FEATURES];

static int read_sunspots(const char *path) {
    ant_arrays *file = ant_arrays_new();
    int code = ant_arrays_read(file, path);
    if (!code)
        code = ant_arrays_pack(file, "SUNACTIVITY", ant_array(spots, YEARS));
    if (code)
        fprintf(stderr, "%s\n", ant_arrays_error(file));
    ant_arrays_free(file);
    return code;
}

int main(int argc, char **argv) {
    if (read_sunspots(argc > 1 ? argv[1] : "examples/data/sunspots.csv"))
        return 1;

    /* To the range 0 … 1 by the years the network may see. */
    float most = 0;
    for (int i = 0; i < SPLIT; i++)
        most = fmaxf(most, spots[i]);
    for (int i = 0; i < YEARS; i++)
        spots[i] /= most;
    ant_windows(ant_array(**windows, YEARS - STEPS, STEPS, FEATURES),
                ant_array(spots, YEARS - 1, FEATURES), &(ant_window_options){.length = STEPS});

    ant_graph *g = ant_graph_new(.seed = 0);
    ant_model *m = ant_sequential(
        g, ant_lstm(g, 50, "relu", .return_sequences = true, .input_shape = {STEPS, FEATURES}),
        ant_lstm(g, 50, "relu"), ant_dense(g, 1));
    ant_compile(m, .optimizer = "adam", .loss = "mse");
    ant_fit(m, ant_array(**windows, TRAIN, STEPS, FEATURES), ant_array(&spots[STEPS], TRAIN, 1),
            .epochs = 60, .batch_size = 16, .verbose = 2);

    ant_evaluate(m, ant_array(*windows[TRAIN], TEST, STEPS, FEATURES),
                 ant_array(&spots[SPLIT], TEST, 1));
    printf("wrong by %.1f sunspots (root of the mean square)\n",
           (double)most * sqrt(ant_log(ant_results(m), "loss")));
    double last_year = 0;
    for (int i = SPLIT; i < YEARS; i++)
        last_year += pow((double)(spots[i] - spots[i - 1]), 2) / TEST;
    printf("taking last year's number instead: %.1f\n", (double)most * sqrt(last_year));

    int failed = ant_status(g);
    if (failed)
        fprintf(stderr, "%s\n", ant_error(g));
    ant_graph_free(g);
    return failed != 0;
}
