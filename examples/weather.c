/* Tutorial 2: the functional API. Two inputs (the last 14 days; the season), a shared trunk, two
 * outputs (tomorrow's maximum; whether it rains). */
#include <antler/antler.h>
#include <math.h>
#include <stdio.h>

enum { ROWS = 1461, WINDOW = 14, COLUMNS = 4, SPLIT = 1096, SAMPLES = ROWS - WINDOW };
enum { TRAIN = SPLIT - WINDOW, TEST = SAMPLES - TRAIN };

static float days[ROWS][COLUMNS], season[ROWS][2], maximum[ROWS], rain[ROWS];
static float past[SAMPLES][WINDOW][COLUMNS];

static int read_weather(const char *path) {
    ant_arrays *file = ant_arrays_new();
    int code = ant_arrays_read(file, path);
    if (!code)
        code = ant_arrays_pack(file, "precipitation,temp_max,temp_min,wind",
                               ant_array(*days, ROWS, COLUMNS));
    if (!code)
        code = ant_arrays_pack(file, "season_*", ant_array(*season, ROWS, 2));
    if (!code)
        code = ant_arrays_pack(file, "temp_max", ant_array(maximum, ROWS));
    if (!code)
        code = ant_arrays_pack(file, "rain", ant_array(rain, ROWS));
    if (code)
        fprintf(stderr, "%s\n", ant_arrays_error(file));
    ant_arrays_free(file);
    return code;
}

/* Mean 0 and deviation 1 over the training rows; returns the deviation. */
static double standardize(float *x, int stride) {
    double mean = 0, square = 0;
    for (int i = 0; i < SPLIT; i++)
        mean += (double)x[i * stride] / SPLIT;
    for (int i = 0; i < SPLIT; i++)
        square += ((double)x[i * stride] - mean) * ((double)x[i * stride] - mean) / SPLIT;
    for (int i = 0; i < ROWS; i++)
        x[i * stride] = (float)(((double)x[i * stride] - mean) / sqrt(square));
    return sqrt(square);
}

int main(int argc, char **argv) {
    if (read_weather(argc > 1 ? argv[1] : "examples/data/seattle-weather.csv"))
        return 1;
    for (int k = 0; k < COLUMNS; k++)
        standardize(&days[0][k], COLUMNS);
    double degrees = standardize(maximum, 1);
    ant_windows(ant_array(**past, SAMPLES, WINDOW, COLUMNS), ant_array(*days, ROWS - 1, COLUMNS),
                &(ant_window_options){.length = WINDOW});

    ant_graph *g = ant_graph_new(.seed = 0);
    ant_node *p = ant_input(g, {WINDOW, COLUMNS}, .name = "past");
    ant_node *c = ant_input(g, {2}, .name = "calendar");
    ant_node *h = ant_call(ant_concatenate(g), ant_call(ant_lstm(g, 32), p),
                           ant_call(ant_dense(g, 8, "relu"), c));
    h = ant_call(ant_dense(g, 32, "relu"), h);
    ant_node *tmax = ant_call(ant_dense(g, 1, .name = "tmax"), h);
    ant_node *wet = ant_call(ant_dense(g, 1, "sigmoid", .name = "rain"), h);
    ant_model *m = ant_model_new(g, ANT_NODES(p, c), ANT_NODES(tmax, wet), "weather");
    ant_compile(m, .optimizer = "adam", .loss = {"mse", "binary_crossentropy"},
                .loss_weights = {1, 0.5}, .metrics = {{"mae"}, {"accuracy"}});
    ant_summary(m, stdout);

    /* Sample i ends on day i + 13 and is about day i + 14. */
    ant_fit(
        m, ANT_LIST(ant_array(**past, TRAIN, WINDOW, COLUMNS), ant_array(season[WINDOW], TRAIN, 2)),
        {ant_array(&maximum[WINDOW], TRAIN), ant_array(&rain[WINDOW], TRAIN)}, .epochs = 30,
        .verbose = 2);
    ant_evaluate(
        m,
        ANT_LIST(ant_array(*past[TRAIN], TEST, WINDOW, COLUMNS), ant_array(season[SPLIT], TEST, 2)),
        {ant_array(&maximum[SPLIT], TEST), ant_array(&rain[SPLIT], TEST)});
    printf("maximum: wrong by %.2f degrees on average\n",
           ant_log(ant_results(m), "tmax_mae") * degrees);
    printf("rain: right on %.1f %% of the days\n", 100 * ant_log(ant_results(m), "rain_accuracy"));

    int failed = ant_status(g);
    if (failed)
        fprintf(stderr, "%s\n", ant_error(g));
    ant_graph_free(g);
    return failed != 0;
}
