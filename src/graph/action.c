/* Actions on models: what they begin with and where their errors are kept. */
#include "graph/graph.h"
#include <stdarg.h>
#include <stdio.h>

int ant__action_begin(ant_model *m) {
    if (!m || m->dead)
        return ANT_E_GRAPH;
    ant_model_body *b = ant__body(m);
    ant_graph *g = ant__layer_graph(m);
    if (!b)
        return ANT_E_GRAPH;
    pthread_mutex_lock(&g->lock);
    ant__error_clear(&b->error);
    pthread_mutex_unlock(&g->lock);
    return 0;
}

int ant__layer_action_begin(ant_layer *l) {
    if (!l || l->dead)
        return ANT_E_GRAPH;
    if (ant__body(l) || l->owner)
        return ant__action_begin(ant__body(l) ? l : l->owner);
    return 0;
}

/* Several threads may act on one model. */
static int keep_error(ant_model *m, int code, const char *text) {
    ant_model_body *b = m->extra;
    ant_graph *g = ant__layer_graph(m);
    pthread_mutex_lock(&g->lock);
    code = ant__fail(&b->error, code, "%s", text);
    pthread_mutex_unlock(&g->lock);
    return code;
}

int ant__model_fail(ant_model *m, int code, const char *format, ...) {
    char text[ANT__ERROR_SIZE];
    va_list args;
    va_start(args, format);
    int n = snprintf(text, sizeof text, "%.200s: ", ant__layer_label(m));
    vsnprintf(text + n, sizeof text - (size_t)n, format, args);
    va_end(args);
    return keep_error(m, code, text);
}

int ant__model_take_error(ant_model *m, const ant_fault *e) {
    return e->code ? keep_error(m, e->code, e->text) : 0;
}

/* A layer's own actions are told by the model that owns it, or by the graph where there is none. */
int ant__layer_take_error(ant_layer *l, const ant_fault *e) {
    if (ant__body(l) || l->owner)
        return ant__model_take_error(ant__body(l) ? l : l->owner, e);
    return ant__fail(&l->context->error, e->code, "%s", e->text);
}

int ant__layer_action_fail(ant_layer *l, int code, const char *format, ...) {
    ant_fault e = {.code = code};
    va_list args;
    va_start(args, format);
    int n = snprintf(e.text, sizeof e.text, "%.200s: ", ant__layer_label(l));
    vsnprintf(e.text + n, sizeof e.text - (size_t)n, format, args);
    va_end(args);
    return ant__layer_take_error(l, &e);
}

const char *ant__model_name(const ant_model *m) {
    return m->given ? m->given : m->said;
}

const char *ant_model_error(const ant_model *m) {
    const ant_model_body *b = m ? ant__body(m) : NULL;
    if (!b)
        return "the model failed when it was built: see ant_error of its graph";
    return b->error.text;
}
