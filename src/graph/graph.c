/* The graph: owner of everything that is built on it. */
#include "graph/graph.h"
#include <string.h>

ant_graph *ant_graph_new_(const ant_graph_options *o, size_t size) {
    ant_graph *g = ant__alloc(sizeof *g);
    ant_graph_options own = {0};
    const size_t known = offsetof(ant_graph_options, ant_end);
    memcpy(&own, o, size < known ? size : known);
    if (!g || pthread_mutex_init(&g->lock, NULL)) {
        ant__free(g);
        return NULL;
    }
    g->context.seed = (uint64_t)own.seed;
    g->context.warn = own.warn;
    g->context.warn_data = own.warn_data;
    g->threads = own.threads;
    g->fast = own.fast;
    if (size > known)
        ant__fail(&g->context.error, ANT_E_OPTION,
                  "ant_graph_new: the program is newer than the library");
    else if (((const char *)o)[size])
        ant__fail(&g->context.error, ANT_E_OPTION, "ant_graph_new: one positional too many");
    else if (own.threads < 0)
        ant__fail(&g->context.error, ANT_E_OPTION,
                  "ant_graph_new: threads is %d, must be at least 0", own.threads);
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

ant_context ant__context_fork(const ant_graph *g) {
    return (ant_context){
        .seed = g->context.seed,
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
