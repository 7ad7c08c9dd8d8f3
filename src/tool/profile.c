/* antler profile: where the time of a prediction or of a training step goes. */
#include "core/array.h"
#include "core/clock.h"
#include "tool/profile_table.h"
#include "tool/tool.h"
#include "train/train.h"

enum { DEFAULT_BATCH = 32, MOST_RUNS = 1000, WARM_UP = 2 };
static const double least_seconds = 0.3; /* of all measured runs together */

typedef struct profile {
    ant_model *model;
    bool train;
    int batch;
    ant_arena *arena; /* of all arrays */
    ant_array x[ANT_MAX_PORTS], y[ANT_MAX_PORTS], out[ANT_MAX_PORTS];
} profile;

/* --- a batch of zeros --- */
static int zeros(const profile *f, ant_array *a, const ant_dims *like, int rank, int dtype) {
    *a = (ant_array){.axes = rank, .dtype = dtype};
    size_t bytes;
    ant_dims dims = *like;
    dims.rank = rank;
    dims.dim[0] = f->batch;
    if (!ant__dims_known(&dims))
        return tool_fail("a value of the model has an unknown size, no batch can be made");
    for (int k = 0; k < rank; k++)
        a->shape[k] = dims.dim[k];
    if (ant__dims_bytes(&dims, dtype, &bytes))
        a->data = ant__arena_alloc(f->arena, bytes + 1);
    return a->data ? 0 : tool_fail("out of memory");
}

/* Targets that are labels have no axis of classes. */
static int make_targets(profile *f) {
    const ant_compiled *c = ant__compiled_ready(f->model);
    const ant_model_body *b = ant__body(f->model);
    if (!c)
        return tool_fail("%s", ant_model_error(f->model));
    int code = 0, n = 0;
    for (int k = 0; k < b->n_out && !code; k++) {
        const ant_dims *dims = &b->out[k]->dims;
        const bool labels = c->out[k].labels;
        if (c->out[k].wanted)
            code =
                zeros(f, &f->y[n++], dims, dims->rank - labels, labels ? ANT_INT32 : ANT_FLOAT32);
    }
    return code;
}

static int make_batch(profile *f) {
    const ant_model_body *b = ant__body(f->model);
    int code = 0;
    for (int k = 0; k < b->n_in && !code; k++)
        code = zeros(f, &f->x[k], &b->in[k]->dims, b->in[k]->dims.rank, b->in[k]->dtype);
    if (f->train)
        return code ? code : make_targets(f);
    for (int k = 0; k < b->n_out && !code; k++)
        code = zeros(f, &f->out[k], &b->out[k]->dims, b->out[k]->dims.rank, b->out[k]->dtype);
    return code;
}

/* --- measuring --- */
static int step(const profile *f) {
    ant_batch_options batch = {.model = f->model};
    ant_predict_options predict = {ANT_PREDICT_DEFAULTS, .model = f->model, .batch_size = f->batch};
    batch.x[0] = predict.x[0] = ant__arrays_all(f->x);
    batch.y[0] = ant__arrays_all(f->y);
    predict.out[0] = ant__arrays_all(f->out);
    return f->train ? ant_train_on_batch_(&batch, offsetof(ant_batch_options, ant_end))
                    : ant_predict_(&predict, offsetof(ant_predict_options, ant_end));
}

static int steps(const profile *f) {
    const double start = ant__seconds();
    int code = 0;
    for (int k = 0;
         k < MOST_RUNS && !code && (k < WARM_UP || ant__seconds() - start < least_seconds); k++)
        code = step(f);
    return code ? tool_fail("%s", ant_model_error(f->model)) : 0;
}

/* Actions take the idle run, which is the one that is measured. */
static int measure(const profile *f, ant_measure *m) {
    int code = step(f) ? tool_fail("%s", ant_model_error(f->model)) : 0;
    ant_run *r = code ? NULL : ant__run_take(f->model);
    if (!r)
        return code ? code : tool_fail("%s", ant_model_error(f->model));
    ant__run_measure(r, m);
    ant__run_put(f->model, r);
    code = steps(f);
    ant__run_measure(r, NULL);
    return code;
}

static int run(const tool_args *a, ant_experiment *e) {
    profile f = {.model = e->model,
                 .train = a->train,
                 .batch = a->batch_size == ANT_NONE ? DEFAULT_BATCH : a->batch_size,
                 .arena = &e->graph->context.arena};
    ant_measure m = {0};
    if (ant__settle(e->model))
        return tool_model_failed(e->graph, e->model);
    int code = make_batch(&f);
    code = code ? code : measure(&f, &m);
    if (!code)
        (a->json ? profile_print_json : profile_print_table)(&m);
    ant__measure_free(&m);
    return code;
}

int tool_profile(const tool_args *a) {
    return tool_with_model(a, a->train ? ANT__COMPILE : ANT__COMPILE_OR_WARN, run);
}
