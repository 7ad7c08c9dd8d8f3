/* Layers of users' own classes: how they are built and called. Layers inside are built by their
 * first call, which is the one that finds shapes: a class says them nowhere. */
#include "graph/custom.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const ant_layer_twin *twin_of(const ant_layer *l) {
    const ant_custom_class *custom = l->cls->impl;
    return &custom->twin;
}

int ant__own_outputs(const ant_layer *l) {
    return twin_of(l)->outputs ? twin_of(l)->outputs : 1;
}

/* --- building --- */
int ant__own_build(ant_layer *l, const ant_dims *in, int n_in) {
    const ant_layer_twin *t = twin_of(l);
    ant_own_building b = {.in = in, .n_in = n_in};
    if (!t->build)
        return 0;
    l->extra = &b;
    int code = t->build(l, ant__layer_graph(l), l->options);
    l->extra = NULL;
    if (b.code)
        return b.code;
    return code ? ant__layer_fail(l, code, "its build failed: %s", ant_code_text(code)) : 0;
}

/* Notes an error for `build`, which need not look. */
static int refuse(ant_layer *l, int code) {
    ant_own_building *b = l->extra;
    if (!b->code)
        b->code = code;
    return code;
}

/* Another class's layer, or one that is not being built, has no such thing. */
static bool is_building(const ant_layer *l) {
    const ant_layer_class *impl = l && !l->dead ? l->cls->impl : NULL;
    return impl && impl->build == ant__own_build && l->extra;
}

int ant_layer_error(ant_layer *l, int code, const char *format, ...) {
    char text[ANT__ERROR_SIZE];
    va_list args;
    if (!is_building(l))
        return code;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return refuse(l, ant__layer_fail(l, code, "%s", text));
}

int ant_build_shape(const ant_layer *l, int k, int64_t shape[ANT_MAX_AXES]) {
    const ant_own_building *b = is_building(l) ? l->extra : NULL;
    if (!b || k < 0 || k >= b->n_in)
        return 0;
    memcpy(shape, b->in[k].dim, sizeof b->in[k].dim);
    return b->in[k].rank;
}

/* --- layers inside --- */
static bool is_identifier(const char *s) {
    if (!s || (!isalpha((unsigned char)*s) && *s != '_'))
        return false;
    while (isalnum((unsigned char)*s) || *s == '_')
        s++;
    return !*s;
}

/* The name of item k of a list, or of the only one, is the attribute's. */
static bool is_item(const char *level, const char *attribute, int k) {
    size_t n = strlen(attribute);
    int at;
    char end;
    if (strncmp(level, attribute, n) != 0)
        return false;
    if (k == ANT_NONE)
        return !level[n];
    return level[n] == '.' && sscanf(level + n + 1, "%d%c", &at, &end) == 1 && at == k;
}

static int find_child(const ant_layer *l, const char *attribute, int k) {
    for (int i = 0; i < l->child_names.n; i++)
        if (is_item(l->child_names.at[i], attribute, k))
            return i;
    return -1;
}

static bool is_option(const ant_layer *l, const ant_layer *inner) {
    ant_layer *said[ANT_MAX_LIST];
    int n = ant__option_layers(l->cls, l->options, said);
    for (int k = 0; k < n; k++)
        if (said[k] == inner)
            return true;
    return false;
}

static int check_inner(ant_layer *l, const char *attribute, const ant_layer *inner) {
    if (!is_identifier(attribute))
        return ant__layer_fail(l, ANT_E_OPTION, "'%s' is no attribute's name",
                               attribute ? attribute : "");
    if (!inner)
        return ant__layer_fail(l, ANT_E_GRAPH, "its %s is NULL", attribute);
    if (inner->dead) /* its own error was kept by its graph */
        return ant__layer_fail(l, ANT_E_GRAPH, "its %s failed", attribute);
    if (inner->context != l->context)
        return ant__layer_fail(l, ANT_E_GRAPH, "its %s is a layer of another graph", attribute);
    if (inner->built && !is_option(l, inner)) /* no file could say that they share it */
        return ant__layer_fail(l, ANT_E_OPTION, "its %s is used elsewhere: its class must make it",
                               attribute);
    for (int i = 0; i < l->children.n; i++)
        if (l->children.at[i] == inner)
            return ant__layer_fail(l, ANT_E_OPTION, "its %s is its %s already: call that twice",
                                   attribute, l->child_names.at[i]);
    return 0;
}

static int add_inner(ant_layer *l, const char *attribute, const char *level, ant_layer *inner) {
    if (find_child(l, attribute, ANT_NONE) >= 0)
        return ant__layer_fail(l, ANT_E_OPTION, "it has a layer '%s' already", attribute);
    int code = level ? ant__child_add(l, inner, level) : l->context->error.code;
    return code || inner->said || inner->owner ? code : ant__layer_rename(inner, level);
}

int ant_inner_set(ant_layer *l, const char *attribute, ant_layer *inner) {
    if (!is_building(l))
        return ANT_E_STATE;
    int code = check_inner(l, attribute, inner);
    if (!code && find_child(l, attribute, 0) >= 0)
        code = ant__layer_fail(l, ANT_E_OPTION, "its '%s' is a list already", attribute);
    if (!code)
        code = add_inner(l, attribute, attribute, inner);
    return code ? refuse(l, code) : 0;
}

int ant_inner_append(ant_layer *l, const char *attribute, ant_layer *inner) {
    if (!is_building(l))
        return ANT_E_STATE;
    int code = check_inner(l, attribute, inner), k = 0;
    while (!code && find_child(l, attribute, k) >= 0)
        k++;
    if (!code)
        code = add_inner(l, attribute, ant__print(l->context, "%s.%d", attribute, k), inner);
    return code ? refuse(l, code) : 0;
}

/* --- own weights --- */
int ant__own_weight(const ant_layer *l, const char *name) {
    for (int k = 0; name && k < l->weights.n; k++)
        if (!strcmp(l->weights.at[k]->variable.name, name))
            return k;
    return -1;
}

static int weight_dims(ant_layer *l, const ant_own_weight_options *o, ant_dims *dims) {
    *dims = ANT__SCALAR;
    for (; dims->rank < ANT_MAX_AXES && o->shape[dims->rank]; dims->rank++) {
        int size = o->shape[dims->rank];
        if (size < 1)
            return ant__layer_fail(l, ANT_E_SHAPE, "axis %d of its %s is %d, must be at least 1",
                                   dims->rank, o->name, size);
        dims->dim[dims->rank] = size;
    }
    return 0;
}

/* A part's canonical text; NULL stays NULL. */
static const char *part_of(ant_layer *l, int kind, const char *text) {
    return text ? ant__part_text(l->context, kind, text) : NULL;
}

static int add_weight(ant_layer *l, const ant_own_weight_options *o) {
    const char *initializer = o->initializer ? o->initializer : "glorot_uniform";
    ant_weight_spec spec = {.name = o->name, .fixed = !o->trainable};
    if (!is_identifier(o->name))
        return ant__layer_fail(l, ANT_E_OPTION, "'%s' is no name of a weight",
                               o->name ? o->name : "");
    if (ant__own_weight(l, o->name) >= 0)
        return ant__layer_fail(l, ANT_E_OPTION, "it has a weight '%s' already", o->name);
    spec.initializer = part_of(l, ANT_INITIALIZER, initializer);
    spec.regularizer = part_of(l, ANT_REGULARIZER, o->regularizer);
    spec.constraint = part_of(l, ANT_CONSTRAINT, o->constraint);
    const char *parts[] = {spec.initializer, spec.regularizer, spec.constraint};
    for (int k = 0; k < 3; k++)
        if (parts[k] && !strcmp(parts[k], "!"))
            return l->context->error.code;
    int code = weight_dims(l, o, &spec.dims);
    return code ? code : ant__weight_add(l, &spec);
}

int ant_own_weight_(ant_layer *l, const ant_own_weight_options *o, size_t size) {
    ant_own_weight_options own = {.trainable = true};
    const char *wrong = ant__struct_take(&own, offsetof(ant_own_weight_options, ant_end), o, size);
    if (!is_building(l))
        return ANT_E_STATE;
    int code =
        wrong ? ant__layer_fail(l, ANT_E_OPTION, "%s: %s", own.name, wrong) : add_weight(l, &own);
    return code ? refuse(l, code) : 0;
}
