/* Users' own losses and metrics: functions that write ops, under a name. */
#include "graph/graph.h"
#include "train/metric.h"

/* The class's name and impl are kept by the graph's context. */
static int keep(ant_context *c, int kind, const char *name, const void *impl) {
    ant_class cls = {.name = ant__arena_text(&c->arena, name), .kind = kind, .impl = impl};
    return cls.name && impl ? ant__class_register(c, &cls) : ant__fail_memory(&c->error);
}

static int check(ant_context *c, const char *what, const char *name, ant_write_fn *write) {
    if (name == NULL || *name == '\0')
        return ant__fail(&c->error, ANT_E_OPTION, "%s: it needs a name", what);
    if (write == NULL)
        return ant__fail(&c->error, ANT_E_OPTION, "%s '%s': it needs a function", what, name);
    return 0;
}

int ant_register_loss(ant_graph *g, const char *name, ant_write_fn *write, const void *data) {
    if (g == NULL)
        return ANT_E_MEMORY;
    ant_context *c = &g->context;
    int code = check(c, "loss", name, write);
    if (code)
        return code;
    ant_loss_class *impl = ant__arena_alloc(&c->arena, sizeof *impl);
    if (impl)
        *impl = (ant_loss_class){.write = write, .data = data};
    return keep(c, ANT_LOSS, name, impl);
}

int ant_register_metric(ant_graph *g, const char *name, ant_write_fn *write, const void *data) {
    if (g == NULL)
        return ANT_E_MEMORY;
    ant_context *c = &g->context;
    int code = check(c, "metric", name, write);
    if (code)
        return code;
    ant_metric_class *impl = ant__arena_alloc(&c->arena, sizeof *impl);
    if (impl)
        *impl = (ant_metric_class){.mean = {.write = write, .data = data}};
    return keep(c, ANT_METRIC, name, impl);
}
