#include "harness.h"
#include <stdio.h>
#include <string.h>

typedef struct job {
    ant_model *model;
    const batch *batch;
} job;

static ant_value *sum_losses(ant_program *p, const ant_lowering *l) {
    ant_value *sum = ant_op_number(p, 0);
    for (int i = 0; i < l->losses.n; i++)
        sum = ant_op_add(p, sum, l->losses.at[i]);
    return sum;
}

static int write_batch(ant_run *r, ant_program *p, ant_lowering *l, const void *data) {
    const job *j = data;
    const ant_model_body *b = ant__body(j->model);
    ant_value *in[ANT_MAX_PORTS];
    for (int k = 0; k < b->n_in; k++) {
        ant_dims dims = b->in[k]->dims;
        dims.dim[0] = j->batch->rows;
        in[k] = ant__input(p, ANT_FLOAT32, &dims);
    }
    ant_model_values v = {.program = p,
                          .context = ant__run_context(r),
                          .lowering = l,
                          .in = in,
                          .training = j->batch->training};
    int code = ant__model_write(j->model, &v);
    for (int k = 0; k < b->n_out && !code; k++)
        ant__output(p, ant_op_real(p, v.out[k]));
    if (!code)
        ant__output(p, sum_losses(p, l));
    return code;
}

static void read_out(const ant_program *p, int k, float *out) {
    int64_t n = ant__dims_count(&ant__program_output_value(p, k)->dims);
    ck_assert_int_le(n, HARNESS_ROOM);
    memcpy(out, ant__program_output(p, k), sizeof *out * (size_t)n);
}

int batch_run_in(ant_run *r, ant_model *m, batch *b) {
    const ant_model_body *body = ant__body(m);
    ant_dims rows = ANT__DIMS(b->rows);
    job j = {m, b};
    ant_program *p = ant__run_program(r, 1 + b->training, &rows, 1, write_batch, &j);
    for (int k = 0; p && k < body->n_in; k++)
        ant__program_bind_input(p, k, b->x[k]);
    int code = p ? ant__run_execute(r, p) : ant__run_error(r)->code;
    for (int k = 0; !code && k < body->n_out; k++)
        read_out(p, k, b->out[k]);
    if (!code)
        read_out(p, body->n_out, &b->loss);
    snprintf(b->error, sizeof b->error, "%s", ant__run_error(r)->text);
    return code;
}

int batch_run(ant_model *m, batch *b) {
    int code = ant__action_begin(m);
    if (!code)
        code = ant__settle(m);
    if (code)
        return code;
    ant_run *r = ant__run_take(m);
    if (!r)
        return ANT_E_MEMORY;
    code = batch_run_in(r, m, b);
    ant__run_put(m, r);
    return code;
}

float *weight_data(ant_layer *l, const char *name) {
    ant_array a = ant_weight_named(l, name);
    ck_assert_msg(a.data != NULL, "no weight %s", name);
    return a.data;
}

void weights_pattern(ant_model *m) {
    for (int k = 0; k < ant_weight_count(m); k++) {
        ant_array a = ant_weight_at(m, k);
        int64_t n = 1;
        for (int i = 0; i < a.axes; i++)
            n *= a.shape[i];
        for (int64_t i = 0; i < n; i++)
            ((float *)a.data)[i] = (float)((i * 7 + k * 3) % 11 - 5) / 10;
    }
}
