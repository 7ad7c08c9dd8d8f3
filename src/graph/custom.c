/* Users' own layers and activations: functions under a name. */
#include "graph/graph.h"
#include <string.h>

/* --- layers --- */
typedef struct ant_plain_options {
    ANT_LAYER_OPTIONS;
    char ant_end;
} ant_plain_options;
#define ANT_PLAIN_DEFAULTS ANT_LAYER_DEFAULTS

static const ant_row plain_rows[] = {ANT__LAYER_ROWS(plain)};
static const ant_class plain_class = ANT__CLASS(plain, plain, PLAIN, ANT_LAYER, NULL);

typedef struct ant_custom_class {
    ant_layer_class base; /* first: the class's impl */
    ant_node_write_fn *write;
    const void *data;
} ant_custom_class;

static int call(ant_layer_call *c) {
    const ant_custom_class *custom = c->layer->cls->impl;
    c->out[0] = custom->write(c->program, custom->data, c->in);
    return 0;
}

int ant_register_layer(ant_graph *g, const char *name, ant_node_write_fn *write, const void *data) {
    if (!g)
        return ANT_E_MEMORY;
    ant_custom_class *impl = ant__arena_alloc(&g->context.arena, sizeof *impl);
    if (!impl)
        return ant__fail_memory(&g->context.error);
    impl->base = (ant_layer_class){
        .call = call, .mask = ANT__MASK_PASS, .inputs_min = 1, .inputs_max = ANT_MAX_PORTS - 1};
    impl->write = write;
    impl->data = data;
    ant_class cls = plain_class;
    cls.name = name;
    cls.impl = impl;
    return ant__class_register(&g->context, &cls);
}

ant_layer *ant_custom_layer_(const ant_custom_options *o, size_t size, const char *file, int line) {
    ant_plain_options plain = {ANT_PLAIN_DEFAULTS};
    ant_graph *g = o->graph;
    if (!g)
        return ant__dead_layer();
    if (size > offsetof(ant_custom_options, ant_end) || ((const char *)o)[size]) {
        bool had = g->context.error.code != 0;
        ant__fail(&g->context.error, ANT_E_OPTION, "%s: one positional too many", o->layer_class);
        ant__blame(&g->context, had, file, line);
        return ant__dead_layer();
    }
    memcpy(&plain, o, offsetof(ant_plain_options, ant_end));
    return ant_layer_new(o->layer_class, &plain, offsetof(ant_plain_options, ant_end), file, line);
}

/* --- activations --- */
typedef struct ant_custom_activation {
    ant_writer_class base; /* first: the class's impl */
    ant_node_write_fn *write;
    const void *data;
} ant_custom_activation;

static ant_value *write_activation(ant_program *p, const ant_part *part, ant_value *x) {
    const ant_custom_activation *custom = part->cls->impl;
    return custom->write(p, custom->data, (ant_value *const[]){x, NULL});
}

int ant_register_activation(ant_graph *g, const char *name, ant_node_write_fn *write,
                            const void *data) {
    if (!g)
        return ANT_E_MEMORY;
    ant_custom_activation *impl = ant__arena_alloc(&g->context.arena, sizeof *impl);
    if (!impl)
        return ant__fail_memory(&g->context.error);
    *impl = (ant_custom_activation){{write_activation}, write, data};
    ant_class cls = {.name = name, .kind = ANT_ACTIVATION, .impl = impl};
    return ant__class_register(&g->context, &cls);
}
