/* A model's weights in Keras's HDF5 files: <group>/vars/<number>, and the layer's name at
 * `vars`. */
#include "core/array.h"
#include "core/convert.h"
#include "io/keras/keras.h"
#include "layers/core/lora.h"
#include <math.h>
#include <string.h>

/* --- out --- */
/* The group at the end of a path, made where it is missing. */
static ant_hdf5_node *group_at(ant_context *c, ant_hdf5_node *root, const char *path) {
    ant_hdf5_node *at = root;
    while (at && *path) {
        size_t n = strcspn(path, "/");
        const char *level = ant__print(c, "%.*s", (int)n, path);
        at = level ? ant__hdf5_group(c, at, level) : NULL;
        path += n + (path[n] == '/');
    }
    return at;
}

/* Counts are whole numbers there. */
static int put_whole(ant_context *c, ant_hdf5_node *vars, const char *name, ant_array a) {
    ant_dims dims = ant__array_dims(&a);
    int64_t n = ant__dims_count(&dims);
    int64_t *x = ant__arena_array(&c->arena, (size_t)n, sizeof *x);
    if (!x)
        return ant__fail_memory(&c->error);
    for (int64_t i = 0; i < n; i++)
        x[i] = llrint(ant__real_at(a.data, a.dtype, i));
    a.data = x;
    a.dtype = ANT_INT64;
    return ant__hdf5_dataset(c, vars, name, a);
}

/* The kernel of a layer with LoRA, as Keras keeps it: with what was learnt. */
static int put_merged(ant_context *c, ant_hdf5_node *vars, const char *name, const ant_weight *w,
                      ant_array a) {
    void *x = ant__arena_array(&c->arena, (size_t)ant__dims_count(&w->variable.dims),
                               ant__dtype_size(a.dtype));
    if (!x)
        return ant__fail_memory(&c->error);
    ant__lora_merge(w->layer, x);
    a.data = x;
    return ant__hdf5_dataset(c, vars, name, a);
}

static int put_weight(ant_context *c, ant_hdf5_node *vars, const ant_keras_place *p) {
    const ant_variable *v = &p->weight->variable;
    ant_array a = {.data = v->data, .dtype = v->dtype, .axes = v->dims.rank};
    const char *name = ant__print(c, "%d", p->index);
    memcpy(a.shape, v->dims.dim, sizeof a.shape);
    if (!name)
        return c->error.code;
    if (p->weight->frozen)
        return put_merged(c, vars, name, p->weight, a);
    return p->weight->whole ? put_whole(c, vars, name, a) : ant__hdf5_dataset(c, vars, name, a);
}

static int put_places(ant_context *c, ant_hdf5_node *root, const ant_keras_places *places) {
    ant_hdf5_node *vars = NULL;
    int code = 0;
    for (int k = 0; k < places->list.n && !code; k++) {
        const ant_keras_place *p = &places->list.at[k];
        if (p->weight) {
            code = put_weight(c, vars, p);
            continue;
        }
        ant_hdf5_node *group = group_at(c, root, p->group);
        vars = group ? ant__hdf5_group(c, group, "vars") : NULL;
        code = vars ? ant__hdf5_put_text(c, vars, "name", p->name) : c->error.code;
    }
    return code;
}

ant_hdf5_node *ant__keras_weights_tree(ant_context *c, ant_model *m, ant_state_of what) {
    ant_keras_places places = {0};
    ant_hdf5_node *root = ant__hdf5_group(c, NULL, "");
    int code = root ? ant__keras_places(c, m, &places) : c->error.code;
    if (code)
        return NULL;
    code = put_places(c, root, &places);
    ant__free(places.list.at);
    if (!code && what == ANT__WEIGHTS_AND_OPTIMIZER)
        code = ant__keras_optimizer_put(c, m, root);
    return code ? NULL : root;
}

/* --- in --- */
typedef struct taken {
    ant_weight *weight;
    ant_array numbers;
} taken;

typedef struct reader {
    ant_context *c;
    const char *path;
    const ant_hdf5_node *root;
    ant_keras_taking how;
    ant_keras_places places;
    ANT__LIST(taken) taken; /* what is to be set once all fits */
} reader;

/* Says what is wrong with a layer; an error, or a warning where misfits are skipped. */
static int misfit(reader *r, const char *problem) {
    if (!problem)
        return r->c->error.code;
    if (r->how != ANT__TAKE_FITS)
        return ant__fail(&r->c->error, ANT_E_FORMAT, "%s: %s", r->path, problem);
    ant__warn(r->c, "%s: %s; it stays as it was", r->path, problem);
    return 0;
}

/* The `vars` of a group. Files of Keras before 2.13 call the lists of layers by another name. */
static const ant_hdf5_node *find_vars(reader *r, const char *group) {
    static const char list[] = "layers";
    const char *path = *group ? ant__print(r->c, "%s/vars", group) : "vars";
    const ant_hdf5_node *vars = path ? ant__hdf5_find(r->root, path) : NULL;
    if (vars || !path || strncmp(path, list, sizeof list - 1) != 0 ||
        !ant__hdf5_find(r->root, "_layer_checkpoint_dependencies"))
        return vars;
    const char *old = "";
    while (old && path) {
        const char *next = strstr(path, list);
        int n = next ? (int)(next - path) : (int)strlen(path);
        old = ant__print(r->c, "%s%.*s%s", old, n, path,
                         next ? "_layer_checkpoint_dependencies" : "");
        path = next ? next + sizeof list - 1 : NULL;
    }
    return old ? ant__hdf5_find(r->root, old) : NULL;
}

static int count_of(const ant_hdf5_node *vars) {
    return vars && vars->group ? vars->count : 0;
}

/* How many weights the layer has whose place is k. */
static int weights_at(const reader *r, int k) {
    int n = 0;
    while (k + n + 1 < r->places.list.n && r->places.list.at[k + n + 1].weight)
        n++;
    return n;
}

static int set_weight(reader *r, ant_weight *w, const ant_array *a) {
    ant_rows_wanted all = {.count = a->shape[0]};
    if (ant__array_read(a, &all, w->variable.dtype, w->variable.data, a->name, &r->c->error))
        return r->c->error.code;
    w->initialized = true;
    w->variable.version++;
    if (w->frozen)
        ant__lora_restart(w->layer);
    return 0;
}

/* A dataset's numbers, where they are the weight's. */
static int take_weight(reader *r, const ant_hdf5_node *vars, int place) {
    const ant_keras_place *p = &r->places.list.at[place];
    char wants[ANT__DIMS_TEXT], has[ANT__DIMS_TEXT], name[16];
    ant_array a;
    snprintf(name, sizeof name, "%d", p->index);
    const ant_hdf5_node *n = ant__hdf5_find(vars, name);
    const ant_dims *dims = &p->weight->variable.dims;
    if (!n || n->group)
        return misfit(r, ant__print(r->c, "'%s' (%s) has no vars/%s, its %s", p->group, p->name,
                                    name, p->weight->variable.name));
    ant_dims got = ant__hdf5_dims(n);
    if (!ant__dims_equal(dims, &got))
        return misfit(r, ant__print(r->c, "the %s of '%s' (%s) has the shape %s, the model's is %s",
                                    p->weight->variable.name, p->group, p->name,
                                    ant__dims_text(&got, has), ant__dims_text(dims, wants)));
    if (ant__hdf5_numbers(r->c, n, &a) || ant__weight_allocate(r->c, p->weight))
        return r->c->error.code;
    if (r->how == ANT__TAKE_NEW)
        return set_weight(r, p->weight, &a);
    return ANT__PUSH_PAID(&r->c->arena, &r->taken, (taken){p->weight, a})
               ? 0
               : ant__fail_memory(&r->c->error);
}

static int take_layer(reader *r, int place, int n) {
    const ant_keras_place *p = &r->places.list.at[place];
    const ant_hdf5_node *vars = find_vars(r, p->group);
    int code = r->c->error.code, found = count_of(vars);
    if (!code && found != n)
        return misfit(r, ant__print(r->c, "'%s' (%s) has %d weights, the model's has %d", p->group,
                                    p->name, found, n));
    for (int k = 1; k <= n && !code; k++)
        code = take_weight(r, vars, place + k);
    return code;
}

/* --- what a user's own class left over --- */
typedef enum ant_claim { UNKNOWN, PART, WHOLE } ant_claim;

/* Is there a layer at this path, or further down? */
static ant_claim claim_of(const reader *r, const char *path) {
    size_t n = strlen(path);
    ant_claim best = UNKNOWN;
    for (int k = 0; k < r->places.list.n && best != WHOLE; k++) {
        const char *group = r->places.list.at[k].group;
        if (!strncmp(group, path, n) && (!group[n] || group[n] == '/'))
            best = group[n] ? PART : WHOLE;
    }
    return best;
}

static bool holds_numbers(const ant_hdf5_node *n) {
    bool holds = !n->group;
    for (const ant_hdf5_node *x = n->group ? n->first : NULL; x && !holds; x = x->next)
        holds = holds_numbers(x);
    return holds;
}

/* Python's class has a layer there, its twin none. */
static int check_rest(reader *r, const ant_hdf5_node *group, const char *path, const char *owner) {
    int code = 0;
    for (const ant_hdf5_node *x = group->first; x && !code; x = x->next) {
        const char *inner = ant__print(r->c, "%s/%s", path, x->name);
        if (!inner)
            return r->c->error.code;
        ant_claim claim = strcmp(x->name, "vars") ? claim_of(r, inner) : WHOLE;
        if (claim == UNKNOWN && holds_numbers(x))
            code = misfit(r, ant__print(r->c,
                                        "'%s' holds weights, but the class of '%s' as it was "
                                        "registered has no such layer",
                                        inner, owner));
        else if (claim == PART && x->group)
            code = check_rest(r, x, inner, owner);
    }
    return code;
}

static int take_own(reader *r, int place, int n) {
    const ant_keras_place *p = &r->places.list.at[place];
    const ant_hdf5_node *group = *p->group ? ant__hdf5_find(r->root, p->group) : r->root;
    int code = group && group->group ? check_rest(r, group, p->group, p->name) : 0;
    return code || n ? code : take_layer(r, place, n);
}

static int take_all(reader *r) {
    int code = 0;
    for (int k = 0; k < r->places.list.n && !code; k++) {
        const ant_keras_place *p = &r->places.list.at[k];
        int n = p->weight ? 0 : weights_at(r, k);
        ant_context_mark before = ant__context_mark(r->c);
        if (p->own)
            code = take_own(r, k, n);
        if (n && !code)
            code = take_layer(r, k, n);
        if (r->how == ANT__TAKE_NEW)
            ant__context_release(r->c, &before);
    }
    return code;
}

/* Everything was found and unpacked, and fits. */
static int set_all(reader *r) {
    int code = 0;
    for (int k = 0; k < r->taken.n && !code; k++)
        code = set_weight(r, r->taken.at[k].weight, &r->taken.at[k].numbers);
    return code;
}

int ant__keras_weights_take(ant_context *c, ant_model *m, const char *path,
                            const ant_hdf5_node *root, ant_keras_taking how) {
    reader r = {.c = c, .path = path, .root = root, .how = how};
    if (ant__keras_places(c, m, &r.places))
        return c->error.code;
    int code = take_all(&r);
    if (!code)
        code = set_all(&r);
    ant__free(r.places.list.at);
    ant__free(r.taken.at);
    return code;
}
