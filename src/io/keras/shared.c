/* Which layers of a config are one and the same.
 *
 * Keras gives an object that it writes again the id of the first one, "shared_object_id"; but it
 * copies what is done, so that a first one inside a model or wrapper that was closed by then stands
 * there without it. (Keras itself cannot read such files.) A layer whose id is new is therefore the
 * first only if it stands again inside the same object; else the first is the layer above that has
 * its class, name and options, but no id. */
#include "io/keras/read.h"
#include <string.h>

static const char *id_of(const ant_tree *object) {
    const ant_tree *id = ant__tree_get(object, "shared_object_id");
    return id && id->kind == ANT__WORD ? id->text : NULL;
}

/* --- where ids stand --- */
/* Only the first of an id is found by it: many that are alike would make the search long. */
static int add_id(ant_keras_ids *s, const ant_tree *object, const char *id, int around) {
    const ant_tree *known = ant__named(&s->ids, id);
    ant_keras_id x = {.around = around, .first = known ? ant__names_place(&s->ids, known) : s->n.n};
    return ant__names_add(&s->ids, object, known ? NULL : id) &&
                   ANT__PUSH_PAID(s->ids.payer, &s->n, x)
               ? 0
               : ANT_E_MEMORY;
}

/* Notes what has an id, in the order of the text; `around` is the object it stands in. */
static int find_ids(ant_keras_ids *s, const ant_tree *t, int around) {
    bool object = t->kind == ANT__MAP && ant__keras_class(t);
    const char *id = object ? id_of(t) : NULL;
    if (id && add_id(s, t, id, around))
        return ANT_E_MEMORY;
    int own = object ? s->ends.n : around;
    if (object && !ANT__PUSH_PAID(s->ids.payer, &s->ends, 0))
        return ANT_E_MEMORY;
    for (const ant_tree *x = t->first; x; x = x->next)
        if (x->first && find_ids(s, x, own))
            return ANT_E_MEMORY;
    if (object)
        s->ends.at[own] = s->n.n;
    return 0;
}

int ant__keras_ids_find(ant_keras_reader *r, const ant_tree *config) {
    ant_keras_ids *s = &r->ids;
    s->ids.payer = s->names.payer = &r->c->arena;
    int code = find_ids(s, config, -1);
    int *last = code ? NULL : ant__alloc_array((size_t)s->n.n + 1, sizeof *last);
    if (!last)
        return ant__fail_memory(&r->c->error);
    for (int k = s->n.n - 1; k >= 0; k--) {
        ant_keras_id *x = &s->n.at[k];
        x->next = last[x->first]; /* 0: none, for the first of all follows none */
        last[x->first] = k;
    }
    ant__free(last);
    return 0;
}

void ant__keras_ids_free(ant_keras_ids *s) {
    ant_arena *payer = s->ids.payer;
    if (!payer)
        return;
    ANT__FREE_PAID(payer, &s->n);
    ANT__FREE_PAID(payer, &s->ends);
    ANT__FREE_PAID(payer, &s->seen);
    ant__names_free(&s->ids);
    ant__names_free(&s->names);
}

/* Does it stand again inside the object that it is in? */
static bool stands_again(const ant_keras_ids *s, const ant_keras_id *x) {
    return x->next && x->around >= 0 && x->next < s->ends.at[x->around];
}

/* --- layers above --- */
/* Ids of initializers and such may stand in one and not in the other. */
static const ant_tree *without_id(const ant_tree *t) {
    while (t && t->key && !strcmp(t->key, "shared_object_id"))
        t = t->next;
    return t;
}

static bool same(const ant_tree *a, const ant_tree *b) {
    if (a->kind != b->kind || !a->text != !b->text || (a->text && strcmp(a->text, b->text)) ||
        !a->key != !b->key || (a->key && strcmp(a->key, b->key)))
        return false;
    const ant_tree *x = without_id(a->first), *y = without_id(b->first);
    for (; x && y; x = without_id(x->next), y = without_id(y->next))
        if (!same(x, y))
            return false;
    return !x && !y;
}

static bool same_layer(const ant_tree *a, const ant_tree *b) {
    return !strcmp(ant__keras_class(a), ant__keras_class(b)) &&
           same(ant__tree_get(a, "config"), ant__tree_get(b, "config"));
}

static int note(ant_keras_reader *r, const char *name, const char *path, const ant_tree *object) {
    ant_keras_ids *s = &r->ids;
    const ant_tree *first = ant__named(&s->names, name);
    ant_keras_seen seen = {.path = path};
    if (first)
        s->seen.at[ant__names_place(&s->names, first)].twice = true;
    else if (!ANT__PUSH_PAID(s->ids.payer, &s->seen, seen) ||
             !ant__names_add(&s->names, object, name))
        return ant__fail_memory(&r->c->error);
    return 0;
}

/* The path of the layer above that lost its id; NULL where there is none. */
static const char *path_above(ant_keras_reader *r, const char *name, const ant_tree *object) {
    const ant_keras_ids *s = &r->ids;
    const ant_tree *first = ant__named(&s->names, name);
    const ant_keras_seen *seen = first ? &s->seen.at[ant__names_place(&s->names, first)] : NULL;
    if (!first || !same_layer(first, object))
        return NULL;
    if (seen->twice)
        ant__fail(&r->c->error, ANT_E_FORMAT,
                  "layer '%.200s' is shared with one of several layers of that name: the file does "
                  "not tell with which",
                  name);
    return seen->path;
}

const char *ant__keras_shared(ant_keras_reader *r, const char *name, const char *path,
                              const ant_tree *object) {
    ant_keras_ids *s = &r->ids;
    int k = ant__names_place(&s->ids, object);
    ant_keras_id *x = k < 0 ? NULL : &s->n.at[k], *first = x ? &s->n.at[x->first] : NULL;
    if (x && first->path)
        return first->path;
    const char *above = !x || stands_again(s, x) ? NULL : path_above(r, name, object);
    if (x)
        first->path = above ? above : path;
    if (!above)
        note(r, name, path, object);
    return above;
}
