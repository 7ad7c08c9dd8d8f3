/* The optimizer's state in Keras's HDF5 files: optimizer/vars/<number>, in an order of its own. */
#include "core/array.h"
#include "io/keras/keras.h"
#include "train/train.h"
#include <string.h>

/* One of its variables. */
typedef struct entry {
    enum { ITERATION, RATE, MEMORY, SLOT } what;
    ant_variable *slot;
} entry;

typedef struct entries {
    ant_context *c;
    const ant_optimizer *o;
    ANT__LIST(entry) list;
} entries;

/* --- the order --- */
static void add(entries *e, entry x) {
    if (!ANT__PUSH(&e->list, x))
        ant__fail_memory(&e->c->error);
}

/* One variable of every weight. */
static void add_list(entries *e, ant_variable *of) {
    for (int i = 0; i < e->o->n && of; i++)
        add(e, (entry){SLOT, &of[i]});
}

static void add_slot(entries *e, int weight, int slot) {
    ant_variable *v = ant__optimizer_slot(e->o, weight, slot);
    if (v)
        add(e, (entry){SLOT, v});
}

static void add_slots(entries *e) {
    unsigned apart = e->o->cls->apart;
    for (int i = 0; i < e->o->n; i++)
        for (int k = 0; k < ANT__SLOTS; k++)
            if (!(apart >> k & 1))
                add_slot(e, i, k);
    for (int k = 0; k < ANT__SLOTS; k++)
        for (int i = 0; i < e->o->n && apart >> k & 1; i++)
            add_slot(e, i, k);
}

/* All of them, in Keras's order. 0 or an error in c. */
static int list_entries(ant_context *c, const ant_optimizer *o, entries *e) {
    *e = (entries){.c = c, .o = o};
    add(e, (entry){.what = ITERATION});
    if (!o->schedule.cls)
        add(e, (entry){.what = RATE});
    add_list(e, o->average);
    add_list(e, o->accumulator);
    add_slots(e);
    if (o->cls->remembers)
        add(e, (entry){.what = MEMORY});
    return c->error.code;
}

/* The optimizer with its slots; NULL: none, or an error in c. */
static const ant_optimizer *optimizer_of(ant_context *c, ant_model *m) {
    ant_progress_state now;
    if (!ant__train_state_get(m, &now))
        return NULL;
    int n = ant__train_variables(m);
    if (n < 0)
        ant__fail(&c->error, n, "%s", ant_model_error(m));
    return n < 0 ? NULL : &ant__compiled(m)->optimizer;
}

/* --- out --- */
/* A number that the file needs in another type than it has here. */
static ant_array scalar(ant_context *c, const void *x, size_t size, int dtype) {
    void *own = ant__arena_bytes(&c->arena, x, size);
    if (!own)
        ant__fail_memory(&c->error);
    return (ant_array){.data = own, .dtype = dtype};
}

static ant_array array_of(ant_context *c, const ant_optimizer *o, const entry *x) {
    float rate = (float)o->learning_rate, memory = (float)o->memory;
    if (x->what == ITERATION)
        return scalar(c, &o->calls, sizeof o->calls, ANT_INT64);
    if (x->what != SLOT)
        return scalar(c, x->what == RATE ? &rate : &memory, sizeof rate, ANT_FLOAT32);
    ant_array a = {.data = x->slot->data, .dtype = x->slot->dtype, .axes = x->slot->dims.rank};
    memcpy(a.shape, x->slot->dims.dim, sizeof a.shape);
    return a;
}

/* The name that was said, else the one that Keras gives. */
static const char *name_of(ant_context *c, const ant_optimizer *o) {
    const ant_row *row = ant__row_find(o->part.cls, "name");
    const char *said;
    memcpy(&said, (const char *)o->part.options + row->offset, sizeof said);
    return said ? said : ant__snake(c, o->part.cls->name);
}

static int put_entries(entries *e, ant_hdf5_node *root) {
    ant_context *c = e->c;
    const char *title = name_of(c, e->o);
    ant_hdf5_node *group = title ? ant__hdf5_group(c, root, "optimizer") : NULL;
    ant_hdf5_node *vars = group ? ant__hdf5_group(c, group, "vars") : NULL;
    if (!vars || ant__hdf5_put_text(c, vars, "name", title))
        return c->error.code;
    for (int k = 0; k < e->list.n && !c->error.code; k++) {
        const char *name = ant__print(c, "%d", k);
        ant_array a = array_of(c, e->o, &e->list.at[k]);
        if (name && !c->error.code)
            ant__hdf5_dataset(c, vars, name, a);
    }
    return c->error.code;
}

int ant__keras_optimizer_put(ant_context *c, ant_model *m, ant_hdf5_node *root) {
    const ant_optimizer *o = optimizer_of(c, m);
    entries e;
    if (!o)
        return c->error.code;
    int code = list_entries(c, o, &e);
    if (!code)
        code = put_entries(&e, root);
    ant__free(e.list.at);
    return code;
}

/* --- in --- */
typedef struct reader {
    ant_context *c;
    const char *path;
    const ant_hdf5_node *vars;
    entries e;
    ant_array *found; /* by entry */
} reader;

static ant_dims dims_of(const entry *x) {
    return x->what == SLOT ? x->slot->dims : ANT__SCALAR;
}

/* What keeps entry k from being taken; NULL: nothing, or an error in c. */
static const char *find(reader *r, int k) {
    char name[16], has[ANT__DIMS_TEXT], wants[ANT__DIMS_TEXT];
    snprintf(name, sizeof name, "%d", k);
    const ant_hdf5_node *n = ant__hdf5_find(r->vars, name);
    if (!n || n->group)
        return ant__print(r->c, "has no vars/%s", name);
    ant_dims want = dims_of(&r->e.list.at[k]), got = ant__hdf5_dims(n);
    if (!ant__dims_equal(&want, &got))
        return ant__print(r->c, "has the shape %s at vars/%s, %s is expected",
                          ant__dims_text(&got, has), name, ant__dims_text(&want, wants));
    ant__hdf5_numbers(r->c, n, &r->found[k]);
    return NULL;
}

/* The same for all of it. */
static const char *find_all(reader *r) {
    int n = r->e.list.n;
    if (r->vars->count != n)
        return ant__print(r->c, "has %d variables, the model's has %d", r->vars->count, n);
    const char *problem = NULL;
    for (int k = 0; k < n && !problem && !r->c->error.code; k++)
        problem = find(r, k);
    return problem;
}

static int read(reader *r, int k, int dtype, void *to) {
    ant_rows_wanted all = {.count = r->found[k].shape[0]};
    return ant__array_read(&r->found[k], &all, dtype, to, r->found[k].name, &r->c->error);
}

/* A rate that is the float32 of the one there is stays as it was said. */
static void set_rate(ant_progress_state *s, double rate) {
    if ((double)(float)s->learning_rate != rate)
        s->learning_rate = ant__number_of_float(rate);
}

static int set_all(reader *r, ant_model *m) {
    ant_progress_state s;
    double x = 0;
    int code = 0;
    ant__train_state_get(m, &s);
    for (int k = 0; k < r->e.list.n && !code; k++) {
        const entry *e = &r->e.list.at[k];
        code = e->what == SLOT        ? read(r, k, e->slot->dtype, e->slot->data)
               : e->what == ITERATION ? read(r, k, ANT_INT64, &s.calls)
                                      : read(r, k, ANT_FLOAT64, &x);
        if (e->what == RATE)
            set_rate(&s, x);
        else if (e->what == MEMORY)
            s.memory = x;
    }
    if (!code && s.calls < 0)
        return ant__fail(&r->c->error, ANT_E_FORMAT, "%s: a negative number of steps", r->path);
    if (!code)
        ant__train_state_set(m, &s);
    return code;
}

/* A model that was compiled and never trained: there is nothing to take. */
static bool is_new(const reader *r) {
    return r->vars->count <= 2 && r->e.list.n > 2;
}

static int take(reader *r, ant_model *m) {
    r->found = ant__arena_array(&r->c->arena, (size_t)r->e.list.n, sizeof *r->found);
    if (!r->found)
        return ant__fail_memory(&r->c->error);
    if (is_new(r))
        return 0;
    const char *problem = find_all(r);
    if (r->c->error.code)
        return r->c->error.code;
    if (!problem)
        return set_all(r, m);
    ant__warn(r->c, "%s: the optimizer's state %s; it starts anew", r->path, problem);
    return 0;
}

/* Where an optimizer scales losses for half precision, the one inside it is what counts. */
static const ant_hdf5_node *find_vars(const ant_hdf5_node *root) {
    const ant_hdf5_node *inner = ant__hdf5_find(root, "optimizer/inner_optimizer/vars");
    return inner ? inner : ant__hdf5_find(root, "optimizer/vars");
}

int ant__keras_optimizer_take(ant_context *c, ant_model *m, const char *path,
                              const ant_hdf5_node *root) {
    reader r = {.c = c, .path = path, .vars = find_vars(root)};
    const ant_optimizer *o = r.vars && r.vars->group ? optimizer_of(c, m) : NULL;
    if (!o)
        return c->error.code;
    int code = list_entries(c, o, &r.e);
    if (!code)
        code = take(&r, m);
    ant__free(r.e.list.at);
    return code;
}
