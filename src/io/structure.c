/* Structures of ports: maps and lists, nested. */
#include "io/structure.h"
#include <string.h>

const ant_tree *ant__next_key(const ant_tree *map, const char *after) {
    const ant_tree *next = NULL;
    for (const ant_tree *t = map->first; t; t = t->next)
        if ((!after || strcmp(t->key, after) > 0) && (!next || strcmp(t->key, next->key) < 0))
            next = t;
    return next;
}

typedef struct reader {
    ant_context *c;
    const char *key; /* that the structure stands under */
    const char *const *names;
    int n, at; /* ports; the next one */
} reader;

static int fail(reader *r, const ant_tree *at, const char *what) {
    return ant__tree_fail(r->c, at, ANT_E_GRAPH, "%s: %s", r->key, what);
}

static int take_leaf(reader *r, ant_tree *t) {
    if (r->at == r->n)
        return fail(r, t, "has more leaves than the model has ports");
    const char *name = r->names[r->at];
    if (!name)
        return fail(r, t, "the ports that it nests have no names");
    if (strcmp(t->text, name) != 0)
        return ant__tree_fail(r->c, t, ANT_E_GRAPH,
                              "%s: with its keys sorted, '%s' comes next, found '%s'", r->key, name,
                              t->text);
    t->kind = ANT__WORD;
    t->index = (int16_t)r->at++;
    return 0;
}

static int take(reader *r, ant_tree *t) {
    int code = 0;
    if (ant__tree_scalar(t))
        return take_leaf(r, t);
    if ((t->kind != ANT__MAP && t->kind != ANT__ITEMS) || !t->first)
        return fail(r, t, "expected names in {key: …} and […]");
    if (t->kind == ANT__MAP)
        for (const ant_tree *x = ant__next_key(t, NULL); x && !code; x = ant__next_key(t, x->key))
            code = take(r, (ant_tree *)(uintptr_t)x);
    else
        for (ant_tree *x = t->first; x && !code; x = x->next)
            code = take(r, x);
    return code;
}

static int structure_read(ant_context *c, ant_tree **out, const ant_tree *t,
                          const char *const *names, int n) {
    reader r = {.c = c, .key = t ? t->key : NULL, .names = names, .n = n};
    if (!t)
        return 0;
    if (ant__tree_scalar(t))
        return fail(&r, t, "expected {key: name, …}");
    ant_tree *copy = ant__tree_copy(c, t);
    if (!copy || take(&r, copy))
        return c->error.code;
    if (r.at < n)
        return ant__tree_fail(c, t, ANT_E_GRAPH, "%s: '%s' is missing", r.key,
                              names[r.at] ? names[r.at] : "");
    *out = copy;
    return 0;
}

int ant__structures_take(ant_context *c, ant_model_body *b, const ant_tree *model,
                         const char *const *out_names) {
    const char *in_names[ANT_MAX_PORTS] = {0};
    int n = 0;
    for (const ant_tree *t = ant__tree_get(model, "inputs")->first; t; t = t->next)
        in_names[n++] = t->key;
    int code =
        structure_read(c, &b->in_structure, ant__tree_get(model, "input_structure"), in_names, n);
    return code ? code
                : structure_read(c, &b->out_structure, ant__tree_get(model, "output_structure"),
                                 out_names, b->n_out);
}

ant_tree *ant__structure_fill(ant_context *c, const ant_tree *s, ant_tree *const *leaf) {
    bool port = ant__tree_scalar(s);
    ant_tree *t = port ? leaf[s->index] : ant__tree_new(c, s->kind, NULL, NULL);
    if (!t)
        return NULL;
    t->key = s->key;
    for (const ant_tree *x = port ? NULL : s->first; x; x = x->next)
        ant__tree_add(t, ant__structure_fill(c, x, leaf));
    return c->error.code ? NULL : t;
}
