#include "train/callback.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const ant_callback_class *class_of(const ant_callback_use *u) {
    return u->part.cls->impl;
}

/* --- opening and closing --- */
static int add(ant_callbacks *c, const char *text) {
    ant_callback_use *u = &c->use[c->n];
    ant_fault *e = &c->context.error;
    *u = (ant_callback_use){.fit = &c->fit};
    if (!ant__part_read(&c->context, ANT_CALLBACK, text, &u->part))
        return ant__fail(c->fit.error, e->code, "%s: %s", ant__layer_label(c->fit.model), e->text);
    const ant_callback_class *cls = class_of(u);
    u->state = ant__arena_alloc(&c->context.arena, cls->state + 1);
    if (u->state == NULL)
        return ant__fail_memory(c->fit.error);
    c->n++;
    c->batches |= cls->batch_end != NULL;
    return 0;
}

static int add_all(ant_callbacks *c, const char *const *texts) {
    int code = 0;
    for (int k = 0; k < ANT_MAX_LIST && texts[k] && code == 0; k++)
        code = add(c, texts[k]);
    if (code == 0 && c->fit.verbose != 0)
        code = add(c, c->fit.verbose == 1 ? "ProgbarLogger" : "ProgbarLogger(plain=true)");
    return code;
}

int ant__callbacks_open(ant_callbacks *c, const ant_fit_view *fit, const char *const *texts) {
    *c = (ant_callbacks){.fit = *fit};
    c->context = ant__context_fork(ant__layer_graph(fit->model));
    int code = add_all(c, texts);
    for (int k = 0; k < c->n && code == 0; k++)
        if (class_of(&c->use[k])->train_begin)
            code = class_of(&c->use[k])->train_begin(&c->use[k]);
    for (int k = 0; k < c->n && code == 0; k++) {
        const ant_callback_class *cls = class_of(&c->use[k]);
        c->metrics |= cls->wants_metrics && cls->wants_metrics(&c->use[k]);
    }
    return code;
}

void ant__callbacks_close(ant_callbacks *c) {
    for (int k = 0; k < c->n; k++)
        if (class_of(&c->use[k])->free)
            class_of(&c->use[k])->free(&c->use[k]);
    c->n = 0;
    ant__arena_free(&c->context.arena);
}

/* --- hooks --- */
int ant__callbacks_epoch_begin(ant_callbacks *c, int epoch) {
    int code = 0;
    for (int k = 0; k < c->n && code == 0; k++)
        if (class_of(&c->use[k])->epoch_begin)
            code = class_of(&c->use[k])->epoch_begin(&c->use[k], epoch);
    return code;
}

int ant__callbacks_batch_end(ant_callbacks *c, int64_t batch, const ant_logs *logs) {
    int code = 0;
    for (int k = 0; k < c->n && code == 0; k++)
        if (class_of(&c->use[k])->batch_end)
            code = class_of(&c->use[k])->batch_end(&c->use[k], batch, logs);
    return code;
}

int ant__callbacks_epoch_end(ant_callbacks *c, int epoch, ant_logs *logs) {
    int code = 0;
    for (int k = 0; k < c->n && code == 0; k++)
        if (class_of(&c->use[k])->epoch_end)
            code = class_of(&c->use[k])->epoch_end(&c->use[k], epoch, logs);
    return code;
}

int ant__callbacks_train_end(ant_callbacks *c, const ant_logs *logs) {
    int code = 0;
    for (int k = 0; k < c->n && code == 0; k++)
        if (class_of(&c->use[k])->train_end)
            code = class_of(&c->use[k])->train_end(&c->use[k], logs);
    return code;
}

/* --- users' own --- */
static const char *free_name(ant_context *c) {
    const char *name = NULL;
    for (int k = 1; name == NULL || ant__class_find(c, ANT_CALLBACK, name); k++) {
        name = ant__print(c, "callback_%d", k);
        if (name == NULL)
            return NULL;
    }
    return name;
}

const char *ant__callback_register(ant_graph *g, const char *name, const ant_callback_class *cls,
                                   size_t size, const char *file, int line) {
    ant_context *c = &g->context;
    bool clean = c->error.code == 0;
    name = name ? ant__arena_text(&c->arena, name) : free_name(c);
    ant_callback_class *impl = ant__arena_alloc(&c->arena, size);
    if (impl)
        memcpy(impl, cls, size);
    if (name && impl &&
        !ant__class_register(c, &(ant_class){.name = name, .kind = ANT_CALLBACK, .impl = impl}))
        return name;
    ant__fail_memory(&c->error);
    if (clean)
        ant__error_before(&c->error, "%s:%d: ", file, line);
    return "!";
}

/* --- monitoring --- */
void ant__monitor_start(ant_monitor *m, const ant_callback_use *u, const char *name,
                        const char *mode, double min_delta) {
    *m = (ant_monitor){.name = name, .min_delta = min_delta};
    m->larger = strcmp(mode, "auto") == 0
                    ? ant__larger_is_better(&ant__layer_graph(u->fit->model)->context, name)
                    : strcmp(mode, "max") == 0;
    m->best = m->larger ? (double)-INFINITY : (double)INFINITY;
}

bool ant__monitor_read(ant_monitor *m, const ant_callback_use *u, const ant_logs *logs, double *x) {
    const ant_log_entry *e = ant__logs_find(logs, m->name);
    if (e == NULL && !m->warned) {
        ant__warn(&ant__layer_graph(u->fit->model)->context,
                  "%s: the logs have no '%s' to monitor, it does nothing", u->part.cls->name,
                  m->name);
        m->warned = true;
    }
    if (e)
        *x = e->value;
    return e != NULL;
}

bool ant__monitor_better(const ant_monitor *m, double x, double than) {
    return m->larger ? x - m->min_delta > than : x + m->min_delta < than;
}
