/* What constructors need of a graph: the first member of ant_graph, and all that layers see. */
#ifndef ANT_CORE_CONTEXT_H
#define ANT_CORE_CONTEXT_H
#include "core/error.h"
#include "core/memory.h"

struct ant_registered; /* users' functions: core/options/class.h */
struct ant_layer;      /* layers/layer.h */

enum { ANT__KEPT = 64 };

typedef struct ant_context {
    ant_arena arena;                   /* texts, options, layers, nodes: freed with the graph */
    ant_fault error;                   /* the first building error */
    uint64_t seed;                     /* of all random numbers */
    bool float64;                      /* reals are float64, not float32: ant__real_type */
    struct ant_registered *registered; /* users' parts and layers by name */
    void (*warn)(void *data, const char *text); /* NULL: warnings are dropped */
    void *warn_data;
    struct ant_layer *layers;    /* all that were made, newest first */
    bool loading;                /* names come from a file: they give way on a clash */
    const char *kept[ANT__KEPT]; /* the last text of each hash that ant__text_once gave */
} ant_context;

/* What weights, programs and targets hold: ANT_FLOAT32 or ANT_FLOAT64. */
static inline int ant__real_type(const ant_context *c) {
    return c->float64 ? ANT_FLOAT64 : ANT_FLOAT32;
}
/* A warning for the user, one line. */
void ant__warn(ant_context *c, const char *format, ...) ANT__FORMAT(2, 3);
/* printf into the context's arena; NULL (and the error set) when out of memory. */
char *ant__print(ant_context *c, const char *format, ...) ANT__FORMAT(2, 3);
/* The text in the context's arena, which those who ask for the same share: never to be written
 * to. NULL (and the error set) when out of memory. */
const char *ant__text_once(ant_context *c, const char *text);

/* For work that leaves nothing behind: what its arena gave since the mark is freed. */
typedef struct ant_context_mark {
    ant_arena_mark arena;
    const char *kept[ANT__KEPT];
} ant_context_mark;
ant_context_mark ant__context_mark(const ant_context *c);
void ant__context_release(ant_context *c, const ant_context_mark *to);
/* Frees all that its arena gave and forgets its error: for the next piece of work. */
void ant__context_clear(ant_context *c);
#endif
