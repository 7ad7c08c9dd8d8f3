/* Where Keras's HDF5 files keep what: a group per object, by the attribute that holds it. Members
 * of a list are told apart by class and number, layers/dense_1, whatever their names are. */
#include "io/keras/keras.h"
#include <string.h>

typedef struct walk {
    ant_context *c;
    ant_keras_places *out;
    ant_names seen; /* layers so far: what is shared stands at its first path */
    bool inside;    /* of a layer of a user's class */
} walk;

/* How many members of each class a list had so far. */
typedef struct counts {
    ant_names names; /* each the group of a class's first member */
    ANT__LIST(int) used;
} counts;

static int place_layer(walk *w, const ant_layer *l, const char *group, const char *name);

static int put(walk *w, const char *group, const char *name, ant_weight *weight, int index) {
    ant_keras_place p = {.group = group, .name = name, .weight = weight, .index = index};
    return ANT__PUSH_PAID(&w->c->arena, &w->out->list, p) ? 0 : ant__fail_memory(&w->c->error);
}

static const char *below(walk *w, const char *group, const char *name) {
    return *group ? ant__print(w->c, "%s/%s", group, name) : name;
}

/* --- lists --- */
/* The number of the next member in a group of this name; -1 after an error. */
static int next_number(walk *w, counts *n, const char *name) {
    const void *known = ant__named(&n->names, name);
    if (known)
        return n->used.at[ant__names_place(&n->names, known)]++;
    if (ANT__PUSH(&n->used, 1) && ant__names_add(&n->names, name, name))
        return 0;
    ant__fail_memory(&w->c->error);
    return -1;
}

/* "layers/dense_1" of the next member whose class is called `name`; NULL stays NULL. */
static const char *member(walk *w, counts *n, const char *list, const char *name) {
    const char *path = name ? below(w, list, name) : NULL;
    int number = path ? next_number(w, n, path) : -1;
    return number > 0 ? ant__print(w->c, "%s_%d", path, number) : number ? NULL : path;
}

static void counts_free(counts *n) {
    ant__names_free(&n->names);
    ant__free(n->used.at);
}

/* --- models --- */
/* The class in lower case; NULL: the context's error. */
static const char *class_of(walk *w, const ant_layer *l) {
    const ant_model_body *b = ant__body(l);
    const ant_layer_class *impl = l->cls->impl;
    if (b)
        return b->sequential ? "sequential" : "functional";
    return impl->base_name ? impl->base_name(l) : ant__snake(w->c, l->cls->name);
}

static int place_member(walk *w, counts *n, const ant_layer *l, const char *list,
                        const char *name) {
    const char *group = member(w, n, list, class_of(w, l));
    return group ? place_layer(w, l, group, name) : w->c->error.code;
}

static int place_input(walk *w, counts *n, const char *list, const char *name) {
    const char *group = member(w, n, list, "input_layer");
    return group && !put(w, group, name, NULL, 0) ? 0 : w->c->error.code;
}

/* A Functional model lists its inputs among its layers, a Sequential does not. What is recorded as
 * an operation is no layer in Keras. */
static int place_layers(walk *w, const ant_model_body *b, const char *group) {
    counts n = {0};
    const char *list = below(w, group, "layers");
    int code = list ? 0 : w->c->error.code;
    for (int i = 0; i < b->ranks.n && !code && !b->sequential; i++) {
        const ant_rank *r = &b->ranks.at[i];
        if (r->input)
            code = place_input(w, &n, list, ant__name_of(&b->nodes, r->input));
        else if (strcmp(r->layer->cls->name, "Operation"))
            code = place_member(w, &n, r->layer, list, ant__name_of(&b->layers, r->layer));
    }
    for (int i = 0; i < b->sequence.n && !code; i++) {
        const ant_layer *l = b->sequence.at[i];
        code = place_member(w, &n, l, list, ant__name_of(&b->layers, l));
    }
    counts_free(&n);
    return code;
}

/* --- layers inside layers --- */
/* The k-th of words that spaces separate, or the last where there are fewer; its length. */
static size_t word_at(const char *words, int k, const char **word) {
    size_t n = strcspn(words, " ");
    for (; k && words[n]; k--) {
        words += n + 1;
        n = strcspn(words, " ");
    }
    *word = words;
    return n;
}

/* What stands behind "name=" among the words; the name itself where they do not say it. */
static size_t word_for(const char *words, const char *name, const char **word) {
    const size_t n = strlen(name);
    *word = name;
    for (const char *at = words; (at = strstr(at, name)); at += n)
        if ((at == words || at[-1] == ' ') && at[n] == '=')
            return word_at(at + n + 1, 0, word);
    return n;
}

const char *ant__keras_attribute(ant_context *c, const ant_layer *l, int k, bool *listed) {
    const ant_layer_class *impl = l->cls->impl;
    const char *word = l->child_names.at[k];
    *listed = false;
    if (!impl->attributes) { /* a user's own class: blocks.1 is in a list */
        const char *dot = strchr(word, '.');
        *listed = dot != NULL;
        return dot ? ant__print(c, "%.*s", (int)(dot - word), word) : word;
    }
    size_t n = strchr(impl->attributes, '=') ? word_for(impl->attributes, word, &word)
                                             : word_at(impl->attributes, k, &word);
    *listed = n && word[n - 1] == '*';
    return ant__print(c, "%.*s", (int)(n - *listed), word);
}

/* Keras visits public attributes first, each kind by the order of its letters. */
static bool comes_before(const char *a, const char *b) {
    if ((*a == '_') != (*b == '_'))
        return *b == '_';
    return strcmp(a, b) < 0;
}

/* The children's places in that order; a list keeps its own. */
static void sort_children(const char *const *names, int *order, int n) {
    for (int i = 0; i < n; i++) {
        int k = i;
        for (; k && comes_before(names[i], names[order[k - 1]]); k--)
            order[k] = order[k - 1];
        order[k] = i;
    }
}

static int place_child(walk *w, const ant_layer *l, int k, counts *n, const char *group) {
    const ant_layer *child = l->children.at[k];
    bool listed;
    const char *attribute = ant__keras_attribute(w->c, l, k, &listed);
    const char *path = attribute ? below(w, group, attribute) : NULL;
    if (!path)
        return w->c->error.code;
    if (listed)
        return place_member(w, n, child, path, l->child_names.at[k]);
    return place_layer(w, child, path, l->child_names.at[k]);
}

static int place_children(walk *w, const ant_layer *l, const char *group) {
    int n = l->children.n, code = 0;
    counts listed = {0};
    const char **names = ant__arena_array(&w->c->arena, (size_t)n + 1, sizeof *names);
    int *order = ant__arena_array(&w->c->arena, (size_t)n + 1, sizeof *order);
    if (!names || !order)
        return ant__fail_memory(&w->c->error);
    bool is_list;
    for (int k = 0; k < n; k++)
        if (!(names[k] = ant__keras_attribute(w->c, l, k, &is_list)))
            return w->c->error.code;
    sort_children(names, order, n);
    bool outside = w->inside;
    w->inside |= ant__class_registered(w->c, l->cls);
    for (int k = 0; k < n && !code; k++)
        code = place_child(w, l, order[k], &listed, group);
    w->inside = outside;
    counts_free(&listed);
    return code;
}

/* --- layers --- */
/* LoRA's A and B have no place: they are added to the kernel. */
static int place_weights(walk *w, const ant_layer *l, const char *group, const char *name) {
    int index = 0, code = put(w, group, name, NULL, 0);
    if (!code)
        w->out->list.at[w->out->list.n - 1].own =
            ant__class_registered(w->c, l->cls) || (w->inside && !l->built);
    for (int fixed = 0; fixed < 2; fixed++)
        for (int i = 0; i < l->weights.n && !code; i++)
            if (l->weights.at[i]->trainable == !fixed && !l->weights.at[i]->adapted)
                code = put(w, group, name, l->weights.at[i], index++);
    return code;
}

static int place_layer(walk *w, const ant_layer *l, const char *group, const char *name) {
    const ant_model_body *b = ant__body(l);
    if (ant__names_place(&w->seen, l) >= 0)
        return 0;
    if (!ant__names_add(&w->seen, l, NULL))
        return ant__fail_memory(&w->c->error);
    int code = place_weights(w, l, group, name);
    if (!code)
        code = b ? place_layers(w, b, group) : place_children(w, l, group);
    return code;
}

int ant__keras_places(ant_context *c, ant_model *m, ant_keras_places *out) {
    walk w = {.c = c, .out = out, .seen.payer = &c->arena};
    *out = (ant_keras_places){0};
    int code = ant__settle(m);
    if (code)
        ant__fail(&c->error, code, "%s", ant__body(m)->error.text);
    else
        code = place_layer(&w, m, "", ant__model_name(m));
    ant__names_free(&w.seen);
    if (!code)
        return 0;
    ant__free(out->list.at);
    *out = (ant_keras_places){0};
    return code;
}
