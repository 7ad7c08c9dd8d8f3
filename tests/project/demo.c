#include <antler/antler.h>
#include <stdio.h>

int main(void) {
    float x[8][2], y[8][1], out[8][1];
    for (int i = 0; i < 8; i++) {
        x[i][0] = (float)(i % 2);
        x[i][1] = (float)(i / 2 % 2);
        y[i][0] = x[i][0] + 2 * x[i][1];
    }
    ant_graph *g = ant_graph_new(.seed = 1);
    ant_model *m = ant_sequential(g, ant_dense(g, 8, "relu", .input_shape = {2}), ant_dense(g, 1));
    ant_compile(m, .optimizer = ant_adam(g, 0.05), .loss = {"mse"});
    ant_fit(m, ant_array(*x, 8, 2), ant_array(*y, 8, 1), .epochs = 200);
    int code = ant_predict(m, ant_array(*x, 8, 2), ant_array(*out, 8, 1));
    if (ant_status(g) || code)
        fprintf(stderr, "%s%s\n", ant_error(g), ant_model_error(m));
    bool good = !code && out[3][0] > 2.5f && out[3][0] < 3.5f;
    ant_graph_free(g);
    return !good;
}
