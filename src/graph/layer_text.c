/* Layers as texts and trees: "Bidirectional(LSTM(3), merge_mode=sum)". */
#include "graph/graph.h"
#include <string.h>

static ant_layer *read_inner(void *data, ant_tree *t) {
    return ant__layer_read(data, t, NULL);
}

static ant_tree *write_inner(void *data, const ant_layer *l) {
    (void)data;
    return ant__layer_tree(l);
}

static void *options_of(ant_context *c, ant_graph *g, const ant_class *cls, const ant_tree *t,
                        const ant_layer_texts *inner) {
    ant_layer_texts plain = {.write = write_inner, .read = read_inner, .data = g};
    char *o = ant__arena_alloc(&c->arena, cls->size + 1); /* and ant_end */
    if (!o) {
        ant__fail_memory(&c->error);
        return NULL;
    }
    memcpy(o, cls->defaults, cls->size);
    ((ant_layer_common *)(void *)o)->graph = g;
    return ant__options_set(c, cls, o, t, inner ? inner : &plain) ? NULL : o;
}

/* Errors go to `c`, which holds what the layer does not keep, or to the graph. */
static ant_layer *read(ant_context *c, ant_graph *g, ant_tree *t, const ant_layer_texts *inner) {
    ant_tree *call = ant__tree_expand(c, t);
    const ant_class *cls = call && call->text ? ant__class_find(c, ANT_LAYER, call->text) : NULL;
    if (call && !cls)
        ant__class_unknown(c, t, ANT_LAYER, call->text ? call->text : ant__tree_text(c, call));
    void *o = cls ? options_of(c, g, cls, call, inner) : NULL;
    if (!o)
        return NULL;
    bool had = g->context.error.code != 0;
    ant_layer *l = ant_layer_new(cls->name, o, cls->size, NULL, 0);
    if (l->dead && !had && t->line)
        ant__error_before(&g->context.error, "%d:%d: ", t->line, t->column);
    return l->dead ? NULL : l;
}

ant_layer *ant__layer_read(ant_graph *g, ant_tree *t, const ant_layer_texts *inner) {
    ant_context scratch = ant__context_fork(g);
    scratch.arena.budget = g->context.arena.budget;
    ant_layer *l = read(&scratch, g, t, inner);
    ant__fault_move(&g->context.error, &scratch.error);
    ant__arena_free(&scratch.arena);
    return l;
}

ant_tree *ant__layer_tree(const ant_layer *l) {
    ant_layer_texts inner = {.write = write_inner};
    ant_tree *t = ant__options_tree(l->context, l->cls, l->options, &inner);
    if (t && l->said) {
        ant_tree *name = ant__tree_new(l->context, ANT__WORD, "name", l->said);
        if (!name)
            return NULL;
        name->raw = true;
        ant__tree_add(t, name);
    }
    return t;
}

ant_layer *ant_layer_parse_(ant_graph *g, const char *text, const char *file, int line) {
    if (!g)
        return ant__dead_layer();
    bool had = g->context.error.code != 0;
    ant_tree *t = ant__text_parse(&g->context, text, 0, 0);
    ant_layer *l = t ? ant__layer_read(g, t, NULL) : NULL;
    if (!l) {
        ant__blame(&g->context, had, file, line);
        return ant__dead_layer();
    }
    l->file = file;
    l->line = line;
    return l;
}
