/* The plan pass: how long each value is needed, which op may write over its input, which committed
 * value may be written where its variable lives, and then an offset in one arena for the rest. */
#include "core/passes/passes.h"
#include <limits.h>

typedef struct plan {
    ant_program *p;
    ant_storage *s; /* of the values by id, then of the ops' workspaces by index */
    int values, ops;
    bool shares;
} plan;

enum { FOREVER = INT_MAX };

static ant_storage *storage_of(const plan *q, const ant_value *v) {
    ant_storage *s = &q->s[v->id];
    while (s->into >= 0)
        s = &q->s[s->into];
    return s;
}

/* --- storages and their times --- */
static int new_place(ant_program *p, const void *pointer, const ant_variable *variable) {
    ant_place place = {.pointer = pointer, .variable = variable};
    if (!ANT__PUSH(&p->places, place))
        ant__program_fail_memory(p);
    return p->places.n - 1;
}

/* Sizes are kept apart by whole cache lines, with what kernels may read past the end. */
static size_t padded(size_t bytes) {
    enum { LINE = 64 };
    return (bytes + 2 * LINE - 1) / LINE * LINE;
}

static int outer_place(const plan *q, const ant_value *v) {
    switch (v->kind) {
    case ANT__CONST:
        return ANT__PLACE_FIXED;
    case ANT__VARIABLE:
        return new_place(q->p, v->variable->data, v->variable);
    case ANT__INPUT:
        return new_place(q->p, NULL, NULL);
    case ANT__TEMP:
        break;
    }
    return ANT__PLACE_NONE;
}

static void make_storages(plan *q) {
    new_place(q->p, NULL, NULL); /* ANT__ARENA_PLACE */
    for (int i = 0; i < q->values; i++) {
        ant_value *v = q->p->values.at[i];
        v->id = i;
        q->s[i] = (ant_storage){.size = padded(ant__value_bytes(v)),
                                .first = -1,
                                .last = -1,
                                .into = -1,
                                .place = outer_place(q, v)};
    }
    for (int i = 0; i < q->ops; i++) {
        ant_op *o = q->p->ops.at[i];
        size_t bytes = o->cls->workspace ? o->cls->workspace(o) : 0;
        o->index = i;
        q->s[q->values + i] = (ant_storage){.size = bytes ? padded(bytes) : 0,
                                            .first = bytes ? i : -1,
                                            .last = i,
                                            .into = -1,
                                            .place = ANT__PLACE_NONE};
    }
}

static void note_times(plan *q, const ant_op *o) {
    if (o->cls->view)
        q->s[o->out[0]->id].into = o->in[0]->id;
    for (int k = 0; k < o->n_in; k++)
        storage_of(q, o->in[k])->last = o->index;
    for (int k = 0; k < o->n_out && !o->cls->view; k++)
        if (o->out[k]->pass->uses > 0) {
            ant_storage *s = &q->s[o->out[k]->id];
            s->first = s->last = o->index;
        }
}

static void keep_root(void *data, ant_value **v) {
    storage_of(data, *v)->last = FOREVER;
}

/* Each carry lies in its own memory before the body's arena; each stacked output has its place. */
static void place_ports(plan *q) {
    ant_program *p = q->p;
    p->carry_bytes = 0;
    for (int i = 0; i < p->carries.n; i++)
        p->carry_bytes += padded(ant__value_bytes(p->carries.at[i].in));
    for (int i = 0; i < p->stacked.n; i++)
        if (p->stacked.at[i])
            storage_of(q, p->stacked.at[i])->place = new_place(p, NULL, NULL);
}

/* --- in place --- */
static void set_home(ant_value *now, ant_value *old) {
    if (now != old)
        ant__base(now)->pass->home = old;
}

static void set_homes(plan *q) {
    const ant_program *p = q->p;
    for (int i = 0; i < p->values.n; i++)
        p->values.at[i]->pass->home = NULL;
    for (int i = 0; i < p->cells.n && !p->parent; i++)
        set_home(p->cells.at[i].now, p->cells.at[i].old);
    for (int i = 0; i < p->carries.n; i++)
        set_home(p->carries.at[i].next, p->carries.at[i].in);
}

/* Does nothing else of the op lie in the storage of its input j? */
static bool alone(const plan *q, const ant_op *o, int k, int j) {
    const ant_storage *s = storage_of(q, o->in[j]);
    for (int i = 0; i < o->n_in; i++)
        if (i != j && storage_of(q, o->in[i]) == s)
            return false;
    for (int i = 0; i < o->n_out; i++)
        if (i != k && storage_of(q, o->out[i]) == s)
            return false;
    return true;
}

static bool may_take(const plan *q, const ant_op *o, int k, int j) {
    const ant_storage *from = storage_of(q, o->in[j]), *to = storage_of(q, o->out[k]);
    return from->last == o->index && from != to &&
           ant__value_bytes(o->in[j]) == ant__value_bytes(o->out[k]) && o->cls->inplace(o, k, j) &&
           alone(q, o, k, j);
}

/* Output k is written over the variable or carry that it is committed to. */
static bool take_home(plan *q, const ant_op *o, int k) {
    const ant_value *home = o->out[k]->pass->home;
    for (int j = 0; home && j < o->n_in; j++) {
        if (o->in[j] != home || !may_take(q, o, k, j))
            continue;
        ant_storage *to = storage_of(q, o->out[k]), *from = storage_of(q, home);
        to->place = from->place;
        from->last = to->last;
        return true;
    }
    return false;
}

/* Output k goes on in the memory of an input that ends here. */
static void take_over(plan *q, const ant_op *o, int k) {
    for (int j = 0; j < o->n_in; j++) {
        ant_storage *from = storage_of(q, o->in[j]), *to = storage_of(q, o->out[k]);
        if (from->place != ANT__PLACE_NONE || !may_take(q, o, k, j))
            continue;
        from->last = to->last;
        to->into = (int)(from - q->s);
        return;
    }
}

static void run_in_place(plan *q, const ant_op *o) {
    for (int k = 0; k < o->n_out && o->cls->inplace; k++) {
        const ant_storage *s = storage_of(q, o->out[k]);
        if (s->first == o->index && s->place == ANT__PLACE_NONE && !take_home(q, o, k))
            take_over(q, o, k);
    }
}

/* A committed value is written where it belongs if nobody reads the old one after that; else it is
 * copied there at the end. */
static bool commit(plan *q, ant_value *now, ant_value *old) {
    if (now == old)
        return true;
    ant_storage *to = storage_of(q, now), *home = storage_of(q, old);
    if (to->place != ANT__PLACE_NONE && to->place == home->place)
        return true;
    if (q->shares && to->place == ANT__PLACE_NONE && home->last < to->first) {
        to->place = home->place;
        return true;
    }
    return ANT__PUSH(&q->p->commits, (ant_commit){now, old});
}

static bool commit_all(plan *q) {
    ant_program *p = q->p;
    for (int i = 0; i < p->cells.n && !p->parent; i++)
        if (!commit(q, p->cells.at[i].now, p->cells.at[i].old))
            return false;
    for (int i = 0; i < p->carries.n; i++)
        if (!commit(q, p->carries.at[i].next, p->carries.at[i].in))
            return false;
    return true;
}

/* --- the result --- */
static void set_places(plan *q) {
    ant_program *p = q->p;
    for (int i = 0; i < q->values; i++) {
        const ant_storage *s = storage_of(q, p->values.at[i]);
        p->values.at[i]->pass->place = s->place;
        p->values.at[i]->pass->offset = s->offset;
    }
    for (int i = 0; i < q->ops; i++)
        p->workspace[i] = q->s[q->values + i].offset;
}

static bool plan_program(plan *q) {
    ant_program *p = q->p;
    q->s = ant__alloc_array((size_t)q->values + (size_t)q->ops + 1, sizeof *q->s);
    p->workspace = ant__program_alloc(p, (size_t)q->ops + 1, sizeof *p->workspace);
    if (!q->s || !p->workspace)
        return false;
    make_storages(q);
    for (int i = 0; i < q->ops; i++)
        note_times(q, p->ops.at[i]);
    ant__each_root(p, keep_root, q);
    place_ports(q);
    set_homes(q);
    for (int i = 0; i < q->ops && q->shares; i++)
        run_in_place(q, p->ops.at[i]);
    if (!commit_all(q))
        return false;
    p->arena_bytes = ant__offsets(q->s, q->values + q->ops, q->ops, q->shares);
    if (p->arena_bytes == SIZE_MAX)
        return false;
    set_places(q);
    return true;
}

static int plan_bodies(ant_program *p, int passes) {
    for (int i = 0; i < p->ops.n; i++)
        if (p->ops.at[i]->body && ant__plan(p->ops.at[i]->body, passes))
            break;
    return p->shared->error.code;
}

int ant__plan(ant_program *p, int passes) {
    if (plan_bodies(p, passes) || ant__own_commits(p))
        return p->shared->error.code;
    plan q = {.p = p, .values = p->values.n, .ops = p->ops.n, .shares = passes & ANT__PLAN};
    if (!plan_program(&q))
        ant__program_fail_memory(p);
    ant__free(q.s);
    return p->shared->error.code;
}
