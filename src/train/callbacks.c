/* The callbacks of antler/callbacks.h that need no files. */
#include "train/callback.h"
#include <math.h>
#include <string.h>

/* --- a copy of all weights --- */
typedef struct weight_copy {
    char *numbers; /* NULL: none */
} weight_copy;

static size_t bytes_of(const ant_variable *v) {
    return (size_t)ant__dims_count(&v->dims) * ant__dtype_size(v->dtype);
}

static size_t weight_bytes(const ant_names *weights) {
    size_t n = 0;
    for (int k = 0; k < weights->n; k++)
        n += bytes_of(&((const ant_weight *)weights->at[k].of)->variable);
    return n;
}

/* Copies all weights of a settled model to `numbers`, or from there. */
static void move_weights(const ant_names *weights, char *numbers, bool back) {
    for (int k = 0; k < weights->n; k++) {
        ant_variable *v = &((ant_weight *)(uintptr_t)weights->at[k].of)->variable;
        size_t n = bytes_of(v);
        memcpy(back ? v->data : numbers, back ? numbers : v->data, n);
        v->version += back;
        numbers += n;
    }
}

static int keep_weights(ant_callback_use *u, weight_copy *copy) {
    const ant_names *weights = &ant__body(u->fit->model)->weights;
    if (copy->numbers == NULL)
        copy->numbers = ant__alloc(weight_bytes(weights) + 1);
    if (copy->numbers == NULL)
        return ant__fail_memory(u->fit->error);
    move_weights(weights, copy->numbers, false);
    return 0;
}

/* --- EarlyStopping --- */
typedef struct early_stopping {
    ant_monitor monitor;
    int wait;
    weight_copy best;
} early_stopping;

static int early_begin(ant_callback_use *u) {
    const ant_early_stopping_options *o = u->part.options;
    early_stopping *s = u->state;
    ant__monitor_start(&s->monitor, u, o->monitor, o->mode, o->min_delta);
    return 0;
}

static int early_epoch(ant_callback_use *u, int epoch, ant_logs *logs) {
    const ant_early_stopping_options *o = u->part.options;
    early_stopping *s = u->state;
    double x;
    if (!ant__monitor_read(&s->monitor, u, logs, &x) || epoch < o->start_from_epoch)
        return 0;
    bool better = ant__monitor_better(&s->monitor, x, s->monitor.best);
    s->wait++;
    if (better) {
        s->monitor.best = x;
        if (o->baseline == ANT_NONE || ant__monitor_better(&s->monitor, x, o->baseline))
            s->wait = 0;
    } else if (s->wait >= o->patience && epoch > 0)
        ant_stop_training(u->fit->model);
    bool keep = o->restore_best_weights && (better || s->best.numbers == NULL);
    return keep ? keep_weights(u, &s->best) : 0;
}

static int early_end(ant_callback_use *u, const ant_logs *logs) {
    early_stopping *s = u->state;
    (void)logs;
    if (s->best.numbers)
        move_weights(&ant__body(u->fit->model)->weights, s->best.numbers, true);
    return 0;
}

static void early_free(ant_callback_use *u) {
    early_stopping *s = u->state;
    ant__free(s->best.numbers);
}

/* --- ReduceLROnPlateau --- */
typedef struct plateau {
    ant_monitor monitor;
    int wait, rest;
} plateau;

static int plateau_begin(ant_callback_use *u) {
    const ant_reduce_lr_on_plateau_options *o = u->part.options;
    plateau *s = u->state;
    if (u->fit->compiled->optimizer.schedule.cls)
        return ant__fail(u->fit->error, ANT_E_STATE,
                         "%s: ReduceLROnPlateau cannot change the rate where a schedule rules",
                         ant__layer_label(u->fit->model));
    ant__monitor_start(&s->monitor, u, o->monitor, o->mode, o->min_delta);
    return 0;
}

static void reduce(ant_callback_use *u) {
    const ant_reduce_lr_on_plateau_options *o = u->part.options;
    plateau *s = u->state;
    double *rate = &u->fit->compiled->optimizer.learning_rate;
    if (*rate <= o->min_lr)
        return;
    *rate = fmax(*rate * o->factor, o->min_lr);
    s->rest = o->cooldown;
    s->wait = 0;
}

static int log_rate(ant_callback_use *u, ant_logs *logs) {
    double rate = ant__optimizer_rate(&u->fit->compiled->optimizer);
    return ant__logs_set(logs, "learning_rate", rate) ? 0 : ant__fail_memory(u->fit->error);
}

static int plateau_epoch(ant_callback_use *u, int epoch, ant_logs *logs) {
    const ant_reduce_lr_on_plateau_options *o = u->part.options;
    plateau *s = u->state;
    double x;
    int code = log_rate(u, logs);
    (void)epoch;
    if (code || !ant__monitor_read(&s->monitor, u, logs, &x))
        return code;
    if (s->rest > 0) {
        s->rest--;
        s->wait = 0;
    }
    if (ant__monitor_better(&s->monitor, x, s->monitor.best)) {
        s->monitor.best = x;
        s->wait = 0;
    } else if (s->rest == 0 && ++s->wait >= o->patience)
        reduce(u);
    return 0;
}

/* --- TerminateOnNaN --- */
static int nan_batch(ant_callback_use *u, int64_t batch, const ant_logs *logs) {
    const ant_terminate_on_nan_options *o = u->part.options;
    double loss = ant_log(logs, "loss");
    if (isfinite(loss))
        return 0;
    ant_stop_training(u->fit->model);
    if (!o->raise_error)
        return 0;
    return ant__fail(u->fit->error, ANT_E_DATA, "%s: the loss is %g at batch %lld",
                     ant__layer_label(u->fit->model), loss, (long long)batch);
}

/* --- users' own --- */
typedef struct user_class {
    ant_callback_class cls; /* first; its data points at the next */
    ant_callback_options o;
} user_class;

static const ant_callback_options *user_options(const ant_callback_use *u) {
    return &((const user_class *)u->part.cls->impl)->o;
}

static int user_code(ant_callback_use *u, int code) {
    if (code == 0)
        return 0;
    return ant__fail(u->fit->error, ANT_E_STOPPED, "%s: the callback '%s' stopped it with %d",
                     ant__layer_label(u->fit->model), u->part.cls->name, code);
}

static int user_begin(ant_callback_use *u) {
    const ant_callback_options *o = user_options(u);
    return o->on_train_begin ? user_code(u, o->on_train_begin(o->data, u->fit->model)) : 0;
}

static int user_epoch_begin(ant_callback_use *u, int epoch) {
    const ant_callback_options *o = user_options(u);
    return o->on_epoch_begin ? user_code(u, o->on_epoch_begin(o->data, u->fit->model, epoch)) : 0;
}

static int user_batch(ant_callback_use *u, int64_t batch, const ant_logs *logs) {
    const ant_callback_options *o = user_options(u);
    return user_code(u, o->on_train_batch_end(o->data, u->fit->model, (int)batch, logs));
}

static int user_epoch(ant_callback_use *u, int epoch, ant_logs *logs) {
    const ant_callback_options *o = user_options(u);
    return o->on_epoch_end ? user_code(u, o->on_epoch_end(o->data, u->fit->model, epoch, logs)) : 0;
}

static int user_end(ant_callback_use *u, const ant_logs *logs) {
    const ant_callback_options *o = user_options(u);
    return o->on_train_end ? user_code(u, o->on_train_end(o->data, u->fit->model, logs)) : 0;
}

static bool always(const ant_callback_use *u) {
    (void)u;
    return true;
}

const char *ant_callback_(const ant_callback_options *o, size_t size, const char *file, int line) {
    user_class c = {.cls = {.train_begin = user_begin,
                            .epoch_begin = user_epoch_begin,
                            .epoch_end = user_epoch,
                            .train_end = user_end}};
    if (o->graph == NULL)
        return "!";
    const char *wrong = ant__struct_take(&c.o, offsetof(ant_callback_options, ant_end), o, size);
    if (wrong) {
        ant__fail(&o->graph->context.error, ANT_E_OPTION, "%s:%d: callback: %s", file, line, wrong);
        return "!";
    }
    if (c.o.on_train_batch_end) {
        c.cls.batch_end = user_batch;
        c.cls.wants_metrics = always;
    }
    return ant__callback_register(o->graph, c.o.name, &c.cls, sizeof c, file, line);
}

/* --- a user's learning rates --- */
typedef struct rate_class {
    ant_callback_class cls; /* first */
    double (*rate)(void *data, int epoch, double now);
    void *data;
} rate_class;

static int rate_begin(ant_callback_use *u, int epoch) {
    const rate_class *c = u->part.cls->impl;
    double now = ant_learning_rate(u->fit->model);
    return ant_set_learning_rate(u->fit->model, c->rate(c->data, epoch, now))
               ? ant__fail(u->fit->error, ANT_E_STATE, "%s", ant_model_error(u->fit->model))
               : 0;
}

static int rate_epoch(ant_callback_use *u, int epoch, ant_logs *logs) {
    (void)epoch;
    return log_rate(u, logs);
}

const char *ant_learning_rate_scheduler(ant_graph *g, double (*rate)(void *, int, double),
                                        void *data) {
    rate_class c = {
        .cls = {.epoch_begin = rate_begin, .epoch_end = rate_epoch}, .rate = rate, .data = data};
    if (g == NULL)
        return "!";
    return ant__callback_register(g, NULL, &c.cls, sizeof c, __FILE__, __LINE__);
}

/* --- the classes --- */
#define MONITOR_ROWS(T)                                                                            \
    ANT__ROW(T, mode, "which way is better", .words = "auto min max"), ANT__PART_ROWS(T)
#define WATCHED_ROW(T) ANT__ROW(T, monitor, "the number of the logs to watch")
#define DELTA_ROW(T) ANT__ROW(T, min_delta, "smaller changes do not count", ANT__AT_LEAST(0))
#define PATIENCE_ROW(T)                                                                            \
    ANT__ROW(T, patience, "epochs without getting better that are borne", ANT__AT_LEAST(0))

static const ant_row early_stopping_rows[] = {
    WATCHED_ROW(early_stopping),
    DELTA_ROW(early_stopping),
    PATIENCE_ROW(early_stopping),
    MONITOR_ROWS(early_stopping),
    ANT__ROW(early_stopping, baseline, "what must be beaten within patience"),
    ANT__ROW(early_stopping, restore_best_weights, "whether the best epoch's weights come back"),
    ANT__ROW(early_stopping, start_from_epoch, "epochs that are not looked at", ANT__AT_LEAST(0))};
static const ant_row reduce_lr_on_plateau_rows[] = {
    WATCHED_ROW(reduce_lr_on_plateau),
    ANT__ROW(reduce_lr_on_plateau, factor, "of the rate", .min = 0, .max = 1, .above = true),
    PATIENCE_ROW(reduce_lr_on_plateau),
    MONITOR_ROWS(reduce_lr_on_plateau),
    DELTA_ROW(reduce_lr_on_plateau),
    ANT__ROW(reduce_lr_on_plateau, cooldown, "epochs of rest after a change", ANT__AT_LEAST(0)),
    ANT__ROW(reduce_lr_on_plateau, min_lr, "the least rate", ANT__AT_LEAST(0))};
static const ant_row terminate_on_nan_rows[] = {
    ANT__ROW(terminate_on_nan, raise_error, "whether fit fails"), ANT__PART_ROWS(terminate_on_nan)};

#define CALLBACK(Name, T, U, ...)                                                                  \
    ANT__CLASS(Name, T, U, ANT_CALLBACK, (&(const ant_callback_class){__VA_ARGS__}))
static const ant_class classes[] = {
    CALLBACK(EarlyStopping, early_stopping, EARLY_STOPPING, .state = sizeof(early_stopping),
             .train_begin = early_begin, .epoch_end = early_epoch, .train_end = early_end,
             .free = early_free),
    CALLBACK(ReduceLROnPlateau, reduce_lr_on_plateau, REDUCE_LR_ON_PLATEAU,
             .state = sizeof(plateau), .train_begin = plateau_begin, .epoch_end = plateau_epoch),
    CALLBACK(TerminateOnNaN, terminate_on_nan, TERMINATE_ON_NAN, .batch_end = nan_batch),
};
const ant_family ant__callback_family = ANT__FAMILY("callbacks", classes);
