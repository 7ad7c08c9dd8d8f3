/* Layers made from other layers: cells from recurrent layers, copies for both directions. */
#include "layers/layer.h"
#include <string.h>

void *ant__layer_option(const ant_layer *l, const char *name) {
    const ant_row *row = ant__row_find(l->cls, name);
    return row ? (char *)l->options + row->offset : NULL;
}

/* Layers belong to one place only: what is taken over gets copies of them. */
static bool copy_layers(const ant_row *row, ant_layer **at) {
    int n = ant__row_layers(row);
    for (int k = 0; k < n; k++)
        if (at[k] && !(at[k] = ant__layer_derive(at[k], at[k]->cls)))
            return false;
    return true;
}

static bool take_options(const ant_layer *from, const ant_class *cls, void *options) {
    memcpy(options, cls->defaults, cls->size);
    ((ant_layer_common *)options)->graph = ((const ant_layer_common *)from->options)->graph;
    for (int i = 0; i < cls->rows_n; i++) {
        const ant_row *row = &cls->rows[i], *other = ant__row_find(from->cls, row->name);
        void *field = (char *)options + row->offset;
        if (!other || other->field != row->field)
            continue;
        memcpy(field, (const char *)from->options + other->offset, row->size);
        if (!copy_layers(row, field))
            return false;
    }
    return true;
}

ant_layer *ant__layer_derive(const ant_layer *from, const ant_class *cls) {
    ant_context *c = from->context;
    /* size is where the last member, one byte, begins */
    void *options = ant__arena_alloc(&c->arena, cls->size + 1);
    if (!options) {
        ant__fail_memory(&c->error);
        return NULL;
    }
    ant_layer *l = take_options(from, cls, options) ? ant__layer_alloc(c, cls, options) : NULL;
    if (!l)
        return NULL;
    l->file = from->file;
    l->line = from->line;
    l->trainable = from->trainable;
    return l;
}
