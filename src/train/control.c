/* What users and callbacks may look at and change between steps. */
#include "train/compiled.h"
#include <math.h>

static const ant_logs no_logs;
static const ant_history no_history;

const ant_logs *ant_results(ant_model *m) {
    const ant_compiled *c = ant__compiled(m);
    return c ? &c->results : &no_logs;
}

const ant_history *ant_history_of(ant_model *m) {
    const ant_compiled *c = ant__compiled(m);
    return c ? &c->history : &no_history;
}

void ant_stop_training(ant_model *m) {
    ant_compiled *c = ant__compiled(m);
    if (c)
        c->stop = true;
}

static ant_optimizer *optimizer_of(const ant_model *m) {
    ant_compiled *c = ant__compiled(m);
    return c && c->optimizer.cls ? &c->optimizer : NULL;
}

double ant_learning_rate(ant_model *m) {
    const ant_optimizer *o = optimizer_of(m);
    return o ? ant__optimizer_rate(o) : (double)NAN;
}

int ant_set_learning_rate(ant_model *m, double rate) {
    int code = ant__action_begin(m);
    ant_optimizer *o = optimizer_of(m);
    if (code)
        return code;
    if (o == NULL)
        return ant__model_fail(m, ANT_E_STATE, "is not compiled with an optimizer");
    if (o->schedule.cls)
        return ant__model_fail(m, ANT_E_STATE, "a schedule rules its learning rate");
    if (!(rate >= 0) || isinf(rate))
        return ant__model_fail(m, ANT_E_OPTION, "learning rate %g, must be at least 0", rate);
    o->learning_rate = rate;
    return 0;
}

int64_t ant_iterations(ant_model *m) {
    const ant_optimizer *o = optimizer_of(m);
    return o ? ant__optimizer_updates(o) : 0;
}

/* --- for files --- */
bool ant__train_state_get(const ant_model *m, ant_progress_state *out) {
    const ant_optimizer *o = optimizer_of(m);
    if (o)
        *out = (ant_progress_state){o->calls, o->learning_rate, o->memory};
    return o != NULL;
}

bool ant__train_state_set(ant_model *m, const ant_progress_state *s) {
    ant_optimizer *o = optimizer_of(m);
    if (o) {
        o->calls = s->calls;
        o->learning_rate = s->learning_rate;
        o->memory = s->memory;
    }
    return o != NULL;
}

int ant__train_variables(ant_model *m) {
    const ant_compiled *c = ant__compiled_ready(m);
    if (c == NULL)
        return ant__body(m)->error.code;
    return c->optimizer.cls ? ant__optimizer_variables(&c->optimizer) : 0;
}

ant_variable *ant__train_variable(ant_model *m, int k) {
    const ant_optimizer *o = optimizer_of(m);
    return o ? ant__optimizer_variable(o, k) : NULL;
}
