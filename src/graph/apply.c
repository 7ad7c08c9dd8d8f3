/* Operations on nodes: the layer and its call in one. */
#include "antler/operations.h"
#include "graph/graph.h"
#include <string.h>

/* Both structs hold the same fields in the same order. */
enum { FIELDS = offsetof(ant_operation_options, ant_end) - offsetof(ant_operation_options, axis) };
_Static_assert(FIELDS == offsetof(ant_apply_options, name) - offsetof(ant_apply_options, axis),
               "fields of an operation");

static ant_layer *layer_of(ant_graph *g, const ant_apply_options *o, const char *file, int line) {
    ant_operation_options own = {ANT_OPERATION_DEFAULTS, .graph = g, .op = o->op};
    own.name = o->name;
    memcpy((char *)&own + offsetof(ant_operation_options, axis),
           (const char *)o + offsetof(ant_apply_options, axis), FIELDS);
    return ant_layer_new("Operation", &own, offsetof(ant_operation_options, ant_end), file, line);
}

ant_node *ant_apply_(const ant_apply_options *o, size_t size, const char *file, int line) {
    ant_apply_options own = {ANT_OPERATION_NONE};
    const char *wrong = ant__struct_take(&own, offsetof(ant_apply_options, ant_end), o, size);
    if (ant__node_dead(own.in[0]))
        return ant__dead_node();
    ant_graph *g = own.in[0]->graph;
    if (wrong) {
        bool had = g->context.error.code != 0;
        ant__fail(&g->context.error, ANT_E_OPTION, "%s: %s", own.op, wrong);
        ant__blame(&g->context, had, file, line);
        return ant__dead_node();
    }
    ant_call_options call = {.training = ANT_NONE, .too_many = own.too_many};
    call.layer = layer_of(g, &own, file, line);
    memcpy(call.in, own.in, sizeof call.in);
    return ant_call_(&call, offsetof(ant_call_options, ant_end), file, line);
}
