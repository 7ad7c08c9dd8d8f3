/* The graph: owner of everything that is built on it. */
#include "graph/graph.h"
#include <string.h>

static void take(ant_graph *g, const ant_graph_options *o) {
    ant_fault *e = &g->context.error;
    int real = o->dtype ? ant__dtype_named(o->dtype) : ANT_FLOAT32;
    g->context.seed = (uint64_t)o->seed;
    g->context.warn = o->warn;
    g->context.warn_data = o->warn_data;
    g->context.float64 = real == ANT_FLOAT64;
    g->typed = o->dtype != NULL;
    g->threads = o->threads;
    g->fast = o->fast;
    if (o->threads < 0)
        ant__fail(e, ANT_E_OPTION, "ant_graph_new: threads is %d, must be at least 0", o->threads);
    else if (!ant__dtype_real(real))
        ant__fail(e, ANT_E_OPTION, "ant_graph_new: dtype is '%s', must be float32 or float64",
                  o->dtype);
}

ant_graph *ant_graph_new_(const ant_graph_options *o, size_t size) {
    ant_graph *g = ant__alloc(sizeof *g);
    ant_graph_options own = {0};
    const char *wrong = ant__struct_take(&own, offsetof(ant_graph_options, ant_end), o, size);
    if (!g || pthread_mutex_init(&g->lock, NULL)) {
        ant__free(g);
        return NULL;
    }
    if (wrong)
        ant__fail(&g->context.error, ANT_E_OPTION, "ant_graph_new: %s", wrong);
    else
        take(g, &own);
    return g;
}

void ant_graph_free(ant_graph *g) {
    if (!g)
        return;
    ant__bodies_free(g);
    ant__layers_free(&g->context);
    ant__names_free(&g->roots);
    ant__arena_free(&g->context.arena);
    pthread_mutex_destroy(&g->lock);
    ant__free(g);
}

int ant_status(const ant_graph *g) {
    return g ? g->context.error.code : ANT_E_MEMORY;
}

const char *ant_error(const ant_graph *g) {
    return g ? g->context.error.text : ant_code_text(ANT_E_MEMORY);
}

void ant__graph_widen(ant_graph *g, const char *path) {
    if (!g->typed && !g->context.layers)
        g->context.float64 = true;
    else if (!g->context.float64)
        ant__warn(&g->context,
                  "%s: is of type float64; the graph that it is loaded on computes in float32",
                  path);
}

ant_context ant__context_fork(const ant_graph *g) {
    return (ant_context){
        .seed = g->context.seed,
        .float64 = g->context.float64,
        .registered = g->context.registered,
        .warn = g->context.warn,
        .warn_data = g->context.warn_data,
    };
}

ant_graph *ant__layer_graph(const ant_layer *l) {
    /* The context is the graph's first member. */
    return (ant_graph *)l->context;
}

void ant_free(void *text) {
    ant__free(text);
}
