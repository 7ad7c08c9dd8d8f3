#include "core/ops/update.h"
#include "core/kernels/update.h"
#include "core/program/inside.h"

/* Inputs: the rate and the decay, then w, g, m, v of each weight; outputs: w, m, v of each. */
enum { RATE, DECAY, SCALARS };
enum { W, G, M, V, INPUTS, OUTPUTS = 3 };
enum { BETA_1, BETA_2, EPSILON };

static int infer(ant_op *o) {
    static const int from[OUTPUTS] = {W, M, V};
    for (int k = 0; k < o->n_out; k++) {
        const ant_value *like = o->in[SCALARS + k / OUTPUTS * INPUTS + from[k % OUTPUTS]];
        o->out[k]->dtype = like->dtype;
        o->out[k]->dims = like->dims;
    }
    return 0;
}

/* In the order of enum ant_adam_number. */
static int64_t prep(const ant_op *o, ant_nums *n) {
    int64_t total = 0;
    ant__num_real(n, 1 - o->attrs.f[BETA_1]);
    ant__num_real(n, 1 - o->attrs.f[BETA_2]);
    ant__num_real(n, o->attrs.f[EPSILON]);
    ant__num_int(n, o->n_out / OUTPUTS);
    for (int k = 0; k < o->n_out; k += OUTPUTS) {
        int64_t count = ant__dims_count(&o->out[k]->dims);
        ant__num_int(n, count);
        total += count;
    }
    return total > ANT__ADAM_CELL ? (total + ANT__ADAM_CELL - 1) / ANT__ADAM_CELL : 1;
}

/* Entry by entry, each written after it was read. */
static bool inplace(const ant_op *o, int out, int in) {
    static const int over[OUTPUTS] = {W, M, V};
    (void)o;
    return in == SCALARS + out / OUTPUTS * INPUTS + over[out % OUTPUTS];
}

static const ant_op_class adam = {
    .name = "adam", .infer = infer, .kernel = ANT__K_adam, .prep = prep, .inplace = inplace};

bool ant__adam(ant_program *p, ant_adam_item *item, int n, ant_value *rate, ant_value *decay,
               double beta_1, double beta_2, double epsilon) {
    ant_value **in = ant__program_alloc(p, (size_t)n * INPUTS + SCALARS, sizeof *in);
    if (!in)
        return false;
    in[RATE] = rate;
    in[DECAY] = decay;
    for (int i = 0; i < n; i++) {
        ant_value **at = in + SCALARS + (ptrdiff_t)i * INPUTS;
        at[W] = item[i].w, at[G] = item[i].g, at[M] = item[i].m, at[V] = item[i].v;
    }
    const ant_attrs attrs = {.f = {beta_1, beta_2, epsilon}};
    ant_value *first = ant__emit(p, &adam, &attrs, in, SCALARS + n * INPUTS, n * OUTPUTS);
    for (int i = 0; i < n && first; i++) {
        item[i].w = ant__result(first, i * OUTPUTS);
        item[i].m = ant__result(first, i * OUTPUTS + 1);
        item[i].v = ant__result(first, i * OUTPUTS + 2);
    }
    return first != NULL;
}
