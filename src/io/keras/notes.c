/* What only Antler keeps in a .keras file: a key of metadata.json that Keras does not look at. It
 * holds the names of the outputs, which Keras calls by their layers, and the `data:` section. */
#include "io/keras/write.h"
#include <string.h>

ant_tree *ant__keras_notes(ant_context *c, const ant_model *m) {
    const ant_model_body *b = ant__body(m);
    ant_tree *t = ant__keras_map(c), *outputs = ant__keras_items(c);
    for (int k = 0; k < b->n_out; k++)
        ant__tree_add(outputs, ant__keras_text(c, ant__out_name(m, k)));
    ant__keras_put(t, "outputs", outputs);
    ant__keras_put(t, "data", ant__keras_text(c, b->data));
    return c->error.code ? NULL : t;
}

/* A list of texts that differ, one for each output. */
static bool are_names(const ant_tree *list, int n) {
    if (!list || list->kind != ANT__ITEMS || ant__tree_count(list) != n)
        return false;
    for (const ant_tree *t = list->first; t; t = t->next) {
        if (t->kind != ANT__QUOTED || !*t->text)
            return false;
        for (const ant_tree *u = list->first; u != t; u = u->next)
            if (!strcmp(u->text, t->text))
                return false;
    }
    return true;
}

static int take_names(ant_context *c, ant_model_body *b, ant_arena *keep, const ant_tree *list) {
    int k = 0;
    for (const ant_tree *t = list->first; t; t = t->next)
        if (!(b->out_names[k++] = ant__arena_text(keep, t->text)))
            return ant__fail_memory(&c->error);
    return 0;
}

int ant__keras_notes_take(ant_context *c, ant_model *m, const char *path,
                          const ant_tree *metadata) {
    ant_model_body *b = ant__body(m);
    const ant_tree *t = metadata->kind == ANT__MAP ? ant__tree_get(metadata, "antler") : NULL;
    if (!t || t->kind != ANT__MAP)
        return 0;
    const ant_tree *names = ant__tree_get(t, "outputs"), *data = ant__tree_get(t, "data");
    if (names && !b->sequential) {
        if (!are_names(names, b->n_out))
            return ant__fail(&c->error, ANT_E_FORMAT,
                             "%s: metadata.json: antler: outputs: expected %d names that differ",
                             path, b->n_out);
        if (take_names(c, b, &m->context->arena, names))
            return c->error.code;
    }
    if (!data)
        return 0;
    if (data->kind != ANT__QUOTED)
        return ant__fail(&c->error, ANT_E_FORMAT,
                         "%s: metadata.json: antler: data: expected a text", path);
    b->data = ant__arena_text(&m->context->arena, data->text);
    return b->data ? 0 : ant__fail_memory(&c->error);
}
