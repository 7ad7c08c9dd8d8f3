/* Making layers, building them, naming them in messages, freeing them. */
#include "layers/layer.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

ant_layer *ant__dead_layer(void) {
    static const ant_layer dead = {.dead = true, .label = "a failed layer"};
    return (ant_layer *)(uintptr_t)&dead;
}

int ant__blame(ant_context *c, bool had, const char *file, int line) {
    if (!had && c->error.code && file)
        ant__error_before(&c->error, "%s:%d: ", file, line);
    return c->error.code;
}

/* --- making --- */
ant_layer *ant__layer_alloc(ant_context *c, const ant_class *cls, void *options) {
    ant_layer *l = ant__arena_alloc(&c->arena, sizeof *l);
    if (!l) {
        ant__fail_memory(&c->error);
        return NULL;
    }
    ant_layer_common *common = options;
    *l = (ant_layer){.cls = cls, .options = options, .context = c, .next = c->layers};
    l->said = common->name;
    l->from_file = c->loading;
    l->trainable = common->trainable;
    l->label = cls->name;
    common->name = NULL; /* names belong to models: an option would say them twice */
    c->layers = l;
    return ant__layer_rename(l, l->said) ? NULL : l;
}

int ant__layer_rename(ant_layer *l, const char *name) {
    if (!name)
        return 0;
    const char *label = ant__print(l->context, "'%s' (%s)", name, l->cls->name);
    if (!label)
        return ANT_E_MEMORY;
    l->label = label;
    return 0;
}

int ant__row_layers(const ant_row *row) {
    return row->field == ANT__ONE_LAYER ? 1 : row->field == ANT__LAYERS ? ANT_MAX_LIST : 0;
}

int ant__option_layers(const ant_class *cls, const void *options, ant_layer *out[ANT_MAX_LIST]) {
    int found = 0;
    for (int i = 0; i < cls->rows_n; i++) {
        const ant_row *row = &cls->rows[i];
        const void *field = (const char *)options + row->offset;
        ant_layer *const *at = field;
        int n = ant__row_layers(row);
        for (int k = 0; k < n && found < ANT_MAX_LIST; k++)
            if (at[k])
                out[found++] = at[k];
    }
    return found;
}

/* Are the layers among the options alive? A dead one was reported when it was made. */
static bool inner_alive(const ant_class *cls, const void *options) {
    ant_layer *inner[ANT_MAX_LIST];
    int n = ant__option_layers(cls, options, inner);
    for (int i = 0; i < n; i++)
        if (inner[i]->dead)
            return false;
    return true;
}

/* All layers of a graph have reals of one type. */
static bool type_fits(ant_context *c, const ant_class *cls, const void *options) {
    const char *said = ((const ant_layer_common *)options)->dtype;
    const char *real = ant__dtype_name(ant__real_type(c));
    if (!said || !ant__dtype_real(ant__dtype_named(said)) || !strcmp(said, real))
        return true;
    ant__fail(&c->error, ANT_E_OPTION,
              "%s: dtype is '%s', the graph computes in %s: ant_graph_new(.dtype = \"%s\")",
              cls->name, said, real, said);
    return false;
}

static ant_layer *make(ant_context *c, const char *name, const void *options, size_t size) {
    const ant_class *cls = ant__class_find(c, ANT_LAYER, name);
    if (!cls) {
        ant__class_unknown(c, NULL, ANT_LAYER, name);
        return NULL;
    }
    const ant_layer_class *impl = cls->impl;
    if (impl->made_by) {
        ant__fail(&c->error, ANT_E_OPTION, "%s: such a layer is made by %s", name, impl->made_by);
        return NULL;
    }
    void *own = ant__options_take(c, cls, options, size);
    return own && inner_alive(cls, own) && type_fits(c, cls, own) ? ant__layer_alloc(c, cls, own)
                                                                  : NULL;
}

ant_layer *ant_layer_new(const char *cls, const void *options, size_t size, const char *file,
                         int line) {
    /* The context is the graph's first member: all that layers know of it. */
    ant_context *c = (ant_context *)((const ant_layer_common *)options)->graph;
    if (!c)
        return ant__dead_layer();
    bool had = c->error.code != 0;
    ant_layer *l = make(c, cls, options, size);
    if (!l) {
        ant__blame(c, had, file, line);
        return ant__dead_layer();
    }
    l->file = file;
    l->line = line;
    return l;
}

void ant__layers_free(ant_context *c) {
    for (ant_layer *l = c->layers; l; l = l->next) {
        for (int i = 0; i < l->weights.n; i++)
            ant__free_numbers(l->weights.at[i]->variable.data);
        ant__free(l->weights.at);
        ant__free(l->children.at);
        ant__free(l->child_names.at);
    }
    c->layers = NULL;
}

/* --- building --- */
int ant__layer_outputs(const ant_layer *l) {
    const ant_layer_class *impl = l->cls->impl;
    return impl->outputs ? impl->outputs(l) : 1;
}

void ant__layer_unbuild(ant_layer *l) {
    l->built = false;
    l->weights.n = 0;
    l->children.n = 0;
    l->child_names.n = 0;
}

static int check_count(ant_layer *l, int n) {
    const ant_layer_class *impl = l->cls->impl;
    int min = impl->inputs_max ? impl->inputs_min : 1;
    int max = impl->inputs_max ? impl->inputs_max : 1;
    if (n >= min && n <= max)
        return 0;
    if (min == max)
        return ant__layer_fail(l, ANT_E_SHAPE, "takes %d input%s, got %d", min, min == 1 ? "" : "s",
                               n);
    return ant__layer_fail(l, ANT_E_SHAPE, "takes %d to %d inputs, got %d", min, max, n);
}

int ant__layer_build(ant_layer *l, const ant_dims *in, int n_in) {
    const ant_layer_class *impl = l->cls->impl;
    int code = check_count(l, n_in);
    if (code || l->built)
        return code;
    if (impl->build && (code = impl->build(l, in, n_in))) {
        ant__layer_unbuild(l);
        return code;
    }
    l->built = true;
    l->built_dims = in[0];
    return 0;
}

/* --- messages --- */
const char *ant__layer_label(const ant_layer *l) {
    return l->label;
}

static int fail(ant_context *c, const ant_layer *l, int code, const char *format, va_list args) {
    char text[ANT__ERROR_SIZE];
    vsnprintf(text, sizeof text, format, args);
    return ant__fail(&c->error, code, "%s: %s", ant__layer_label(l), text);
}

int ant__layer_fail(ant_layer *l, int code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    code = fail(l->context, l, code, format, args);
    va_end(args);
    return code;
}

int ant__call_fail(ant_layer_call *c, int code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    code = fail(c->context, c->layer, code, format, args);
    va_end(args);
    return code;
}
