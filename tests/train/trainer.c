#include "trainer.h"
#include <stdio.h>

void ramp(float *out, int n, double a) {
    for (int i = 0; i < n; i++)
        out[i] = (float)(a * (7 * i % 11 - 5));
}

void ramp_weights(ant_model *m, double a) {
    for (int k = 0; k < ant_weight_count(m); k++) {
        ant_array w = ant_weight_at(m, k);
        int n = 1;
        for (int i = 0; i < w.axes; i++)
            n *= (int)w.shape[i];
        ramp(w.data, n, a);
    }
}

ant_model *mlp(ant_graph *g, int units, const char *activation) {
    ant_model *m = ant_sequential(g, ant_dense(g, 4, "tanh", .input_shape = {3}),
                                  ant_dense(g, units, activation));
    ck_assert_msg(ant_status(g) == 0, "%s", ant_error(g));
    ramp_weights(m, 0.1);
    return m;
}

void went_well(ant_model *m, int code) {
    ck_assert_msg(code == 0, "%d: %s", code, ant_model_error(m));
}

void fails_with(ant_model *m, int code, int wanted, const char *words) {
    ck_assert_msg(code == wanted, "code %d, expected %d: %s", code, wanted, ant_model_error(m));
    ck_assert_msg(strstr(ant_model_error(m), words) != NULL, "'%s' is not in '%s'", words,
                  ant_model_error(m));
}

bool near(double got, double want, double rtol) {
    bool good = fabs(got - want) <= rtol * (fabs(want) + 1e-3);
    if (!good)
        fprintf(stderr, "%.9g, expected %.9g\n", got, want);
    return good;
}

uint64_t weight_bits(ant_model *m) {
    uint64_t mix = 1469598103934665603u;
    for (int k = 0; k < ant_weight_count(m); k++) {
        ant_array w = ant_weight_at(m, k);
        size_t n = sizeof(float);
        for (int i = 0; i < w.axes; i++)
            n *= (size_t)w.shape[i];
        for (size_t i = 0; i < n; i++)
            mix = (mix ^ ((const unsigned char *)w.data)[i]) * 1099511628211u;
    }
    return mix;
}
