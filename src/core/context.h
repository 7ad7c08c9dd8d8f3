/* What constructors need of a graph: the first member of ant_graph, and all that layers see. */
#ifndef ANT_CORE_CONTEXT_H
#define ANT_CORE_CONTEXT_H
#include "core/error.h"
#include "core/memory.h"

struct ant_registered; /* users' functions: core/options/class.h */
struct ant_layer;      /* layers/layer.h */

typedef struct ant_context {
    ant_arena arena;                   /* texts, options, layers, nodes: freed with the graph */
    ant_fault error;                   /* the first building error */
    uint64_t seed;                     /* of all random numbers */
    struct ant_registered *registered; /* users' parts and layers by name */
    void (*warn)(void *data, const char *text); /* NULL: warnings are dropped */
    void *warn_data;
    struct ant_layer *layers; /* all that were made, newest first */
    bool loading;             /* names come from a file: they give way on a clash */
} ant_context;

/* A warning for the user, one line. */
void ant__warn(ant_context *c, const char *format, ...) ANT__FORMAT(2, 3);
/* printf into the context's arena; NULL (and the error set) when out of memory. */
char *ant__print(ant_context *c, const char *format, ...) ANT__FORMAT(2, 3);
#endif
