/* fit: epochs of shuffled batches, validation, callbacks. */
#include "core/random.h"
#include "train/action.h"
#include "train/callback.h"
#include "train/compiled.h"
#include "train/stream.h"
#include <string.h>

/* One fit from beginning to end. */
typedef struct fit {
    ant_fit_options o;
    ant_model *model;
    ant_compiled *compiled;
    ant_session train, validation;
    bool validates;
    int64_t batch, validation_batch, steps;
    int64_t *order;
    uint64_t shuffle_key;
    ant_callbacks callbacks;
    ant_logs logs; /* of the epoch */
} fit;

static int fail(fit *f, int code, const char *what) {
    return ant__fail(&f->train.error, code, "%s: fit: %s", ant__layer_label(f->model), what);
}

/* --- opening --- */
static int check_options(fit *f) {
    ant_context *c = &f->compiled->context;
    const ant_class *cls = ant__class_find(c, ANT_ACTION, "fit");
    if (ant__options_check(c, cls, &f->o))
        return ant__fail(&f->train.error, c->error.code, "%s: %s", ant__layer_label(f->model),
                         c->error.text);
    if (f->o.validation_split == 1)
        return fail(f, ANT_E_OPTION, "validation_split is 1, nothing is left to train on");
    if (f->compiled->optimizer.cls == NULL)
        return fail(f, ANT_E_STATE, "the model was compiled without an optimizer");
    if (f->compiled->fitting)
        return fail(f, ANT_E_STATE, "the model is being trained already");
    if (f->o.data && f->o.x[0].axes)
        return fail(f, ANT_E_OPTION, "data stands in place of x and y");
    if (f->o.data && f->o.validation_split > 0)
        return fail(f, ANT_E_OPTION, "validation_split needs arrays");
    return 0;
}

/* The last rows are for validation: those from floor(rows * (1 - share)) on. */
static int split(fit *f) {
    ant_feed *t = &f->train.feed, *v = &f->validation.feed;
    int64_t rows = t->rows, kept = (int64_t)((double)rows * (1 - f->o.validation_split));
    if (kept == 0 || kept == rows)
        return fail(f, ANT_E_DATA, "validation_split leaves one part without rows");
    t->rows = kept;
    v->first = kept;
    v->rows = rows - kept;
    return 0;
}

static int open_validation(fit *f) {
    bool split_off = f->o.validation_split > 0 && !f->o.validation_x[0].axes;
    ant_session *v = &f->validation;
    ant_feed_arrays own = {{f->o.validation_x, f->o.validation_y, f->o.validation_sample_weight}};
    ant_feed_arrays all = {{f->o.x, f->o.y, f->o.sample_weight}};
    f->validates = split_off || f->o.validation_x[0].axes || f->o.validation_data;
    if (!f->validates)
        return 0;
    ant__session_open(v, f->compiled, f->train.run, false);
    v->feed.data = f->o.validation_data;
    int code = f->o.validation_data
                   ? ant__stream_open(v)
                   : ant__session_arrays(v, split_off ? &all : &own, (ant_floats){0});
    if (code == 0 && split_off)
        code = split(f);
    if (v->error.code && !f->train.error.code)
        ant__fail(&f->train.error, v->error.code, "%s (validation)", v->error.text);
    return code;
}

static int open_rows(fit *f) {
    ant_feed_arrays a = {{f->o.x, f->o.y, f->o.sample_weight}};
    f->train.feed.data = f->o.data;
    f->train.feed.class_weight = f->o.class_weight;
    if (f->o.data)
        return ant__stream_open(&f->train);
    int code = ant__session_arrays(&f->train, &a, f->o.class_weight);
    if (code == 0 && f->train.feed.rows == 0)
        code = fail(f, ANT_E_DATA, "there are no rows to train on");
    return code;
}

static int plan_batches(fit *f) {
    const ant_fit_options *o = &f->o;
    int64_t rows = f->train.feed.rows;
    f->batch = ant__batch_size(o->batch_size, o->steps_per_epoch, rows);
    int vb = o->validation_batch_size != ANT_NONE ? o->validation_batch_size : o->batch_size;
    f->validation_batch = ant__batch_size(vb, o->validation_steps, f->validation.feed.rows);
    f->steps = rows < 0 ? -1 : (rows + f->batch - 1) / f->batch;
    if (o->steps_per_epoch != ANT_NONE && rows >= 0 && o->steps_per_epoch > f->steps)
        return fail(f, ANT_E_OPTION, "steps_per_epoch is more than the rows give");
    if (o->steps_per_epoch != ANT_NONE)
        f->steps = o->steps_per_epoch;
    if (!o->shuffle || rows < 0)
        return 0;
    f->order = ant__alloc_array((size_t)rows + 1, sizeof *f->order);
    f->train.feed.shuffles = true;
    return f->order ? 0 : ant__fail_memory(&f->train.error);
}

static int reserve(fit *f) {
    int code = f->o.data ? 0 : ant__feed_reserve(&f->train.feed, f->batch);
    if (code || !f->validates || f->o.validation_data)
        return code;
    code = ant__feed_reserve(&f->validation.feed, f->validation_batch);
    return code ? ant__fail(&f->train.error, code, "%s", f->validation.error.text) : 0;
}

static int open_callbacks(fit *f) {
    ant_fit_view view = {.model = f->model,
                         .compiled = f->compiled,
                         .first_epoch = f->o.initial_epoch,
                         .epochs = f->o.epochs,
                         .steps = f->steps,
                         .verbose = f->o.verbose,
                         .error = &f->train.error};
    return ant__callbacks_open(&f->callbacks, &view, f->o.callbacks);
}

/* --- epochs --- */
static void shuffle(fit *f) {
    if (f->order == NULL)
        return;
    uint64_t step = (uint64_t)f->compiled->optimizer.calls;
    ant__random_shuffle(f->shuffle_key, step, f->order, f->train.feed.rows);
    f->train.feed.order = f->order;
}

/* The logs that a callback sees after a batch: totals of the epoch so far. */
static int batch_end(fit *f, int64_t step) {
    const ant_sums *sums = &f->train.sums;
    bool good = true;
    if (!f->callbacks.batches)
        return 0;
    if (f->callbacks.metrics)
        good = ant__compiled_logs(f->compiled, sums, false, &f->logs);
    else
        good = ant__logs_set(&f->logs, "loss", sums->loss / (double)sums->samples);
    if (!good)
        return ant__fail_memory(&f->train.error);
    return ant__callbacks_batch_end(&f->callbacks, step, &f->logs);
}

static int train_rows(fit *f) {
    int64_t rows = f->train.feed.rows;
    int code = 0;
    for (int64_t step = 0; step < f->steps && !code && !f->compiled->stop; step++) {
        int64_t at = step * f->batch, left = rows - at;
        code = ant__session_batch(&f->train, at, left < f->batch ? left : f->batch);
        code = code ? code : batch_end(f, step);
    }
    return code;
}

static int train_stream(fit *f) {
    int code = ant__stream_restart(&f->train);
    for (int64_t step = 0; !code && !f->compiled->stop && step != f->steps; step++) {
        int64_t count = ant__stream_batch(&f->train, step * f->batch, f->batch);
        if (count <= 0) {
            code = (int)count;
            break;
        }
        code = batch_end(f, step);
    }
    return code;
}

static int validate(fit *f, int epoch) {
    ant_session *v = &f->validation;
    int64_t steps = f->o.validation_steps == ANT_NONE ? -1 : f->o.validation_steps;
    if (!f->validates || (epoch + 1) % f->o.validation_freq != 0)
        return 0;
    ant__session_reset(v);
    int code = v->feed.data ? ant__stream_pass(v, f->validation_batch, steps)
                            : ant__session_pass(v, f->validation_batch, steps);
    if (code)
        return ant__fail(&f->train.error, code, "%s", v->error.text);
    return ant__compiled_logs(f->compiled, &v->sums, true, &f->logs)
               ? 0
               : ant__fail_memory(&f->train.error);
}

static int keep_logs(fit *f, int epoch) {
    ant_compiled *c = f->compiled;
    bool good = ant__history_add(&c->history, epoch, &f->logs);
    ant__logs_clear(&c->results);
    for (int k = 0; k < f->logs.entries.n && good; k++)
        good = ant__logs_set(&c->results, f->logs.entries.at[k].name, f->logs.entries.at[k].value);
    return good ? 0 : ant__fail_memory(&f->train.error);
}

static int run_epoch(fit *f, int epoch) {
    ant__logs_clear(&f->logs);
    ant__session_reset(&f->train);
    int code = ant__callbacks_epoch_begin(&f->callbacks, epoch);
    shuffle(f);
    code = code ? code : f->o.data ? train_stream(f) : train_rows(f);
    ant__logs_clear(&f->logs);
    if (code == 0 && !ant__compiled_logs(f->compiled, &f->train.sums, false, &f->logs))
        code = ant__fail_memory(&f->train.error);
    code = code ? code : validate(f, epoch);
    code = code ? code : ant__callbacks_epoch_end(&f->callbacks, epoch, &f->logs);
    return code ? code : keep_logs(f, epoch);
}

static int run_epochs(fit *f) {
    int code = 0;
    for (int e = f->o.initial_epoch; e < f->o.epochs && !code && !f->compiled->stop; e++)
        code = run_epoch(f, e);
    if (code == 0)
        ant__optimizer_finish(&f->compiled->optimizer);
    return code ? code : ant__callbacks_train_end(&f->callbacks, &f->compiled->results);
}

/* --- the whole --- */
static int run(fit *f) {
    f->shuffle_key = ant__random_key(f->compiled->context.seed, "shuffle");
    f->compiled->stop = false;
    f->compiled->fitting = true;
    ant__history_free(&f->compiled->history);
    int code = open_rows(f);
    code = code ? code : open_validation(f);
    code = code ? code : plan_batches(f);
    code = code ? code : reserve(f);
    code = code ? code : open_callbacks(f);
    code = code ? code : run_epochs(f);
    f->compiled->fitting = false;
    ant__callbacks_close(&f->callbacks);
    ant__session_close(&f->validation);
    ant__logs_free(&f->logs);
    ant__free(f->order);
    return code;
}

static int start(fit *f) {
    ant_run *r = ant__run_take(f->model);
    if (r == NULL)
        return ANT_E_MEMORY;
    ant__session_open(&f->train, f->compiled, r, true);
    int code = check_options(f);
    code = code ? code : run(f);
    ant__session_close(&f->train);
    ant__run_put(f->model, r);
    return code ? ant__model_take_error(f->model, &f->train.error) : 0;
}

static const ant_fit_options fit_defaults = {ANT_FIT_DEFAULTS};
static const ant_action_struct fit_struct = {"fit", &fit_defaults,
                                             offsetof(ant_fit_options, ant_end)};

int ant_fit_(const ant_fit_options *said, size_t size) {
    fit *f = NULL;
    ant_model *m = said->model;
    int code = ant__action_begin(m);
    if (code)
        return code;
    f = ant__alloc(sizeof *f); /* too large for a small stack */
    if (f == NULL)
        return ant__model_fail(m, ANT_E_MEMORY, "%s", ant_code_text(ANT_E_MEMORY));
    f->model = m;
    const ant_fit_options *o = ant__take_struct(m, &fit_struct, &f->o, said, size);
    code = o ? 0 : ant__body(m)->error.code;
    if (code == 0)
        memmove(&f->o, o, fit_struct.size);
    if (code == 0 && !f->o.data)
        code = ant__build_for(m, f->o.x);
    if (code == 0) {
        f->compiled = ant__compiled_ready(m);
        code = f->compiled ? start(f) : ant__body(m)->error.code;
    }
    ant__free(f);
    return code;
}
