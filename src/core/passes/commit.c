/* Committed values: what a variable, a carry or a stacked output gets when a program ends. Each
 * must have memory of its own, which no other commit and no input shares. */
#include "core/passes/passes.h"

static int64_t prep_copy(const ant_op *o, ant_nums *n) {
    ant__num_int(n, (int64_t)ant__value_bytes(o->in[0]));
    return 1;
}

const ant_op_class ant__copy_class = {.name = "copy", .kernel = ANT__K_copy, .prep = prep_copy};

ant_value *ant__base(ant_value *v) {
    while (v->from && v->from->cls->view)
        v = v->from->in[0];
    return v;
}

/* A copy, written at the end of the program. */
static bool copy(ant_program *p, ant_value **v) {
    ant_op *o = ant__op_new(p, &ant__copy_class, NULL, 1, 1);
    if (!o)
        return false;
    o->in[0] = *v;
    o->out[0]->dtype = (*v)->dtype;
    o->out[0]->dims = (*v)->dims;
    o->out[0]->pass->uses = 1;
    o->index = p->ops.n;
    *v = o->out[0];
    if (!ANT__PUSH(&p->ops, o)) {
        ant__program_fail_memory(p);
        return false;
    }
    return true;
}

/* Gives a committed value its own memory; `pass->alias` marks bases that are taken. */
static bool own(ant_program *p, ant_value **v) {
    ant_value *base = ant__base(*v);
    if ((base->kind != ANT__TEMP || base->pass->alias) && !copy(p, v))
        return false;
    base = ant__base(*v);
    base->pass->alias = base;
    return true;
}

static bool own_all(ant_program *p) {
    bool ok = true;
    for (int i = 0; i < p->cells.n && !p->parent; i++)
        if (p->cells.at[i].now != p->cells.at[i].old)
            ok = ok && own(p, &p->cells.at[i].now);
    for (int i = 0; i < p->carries.n; i++)
        if (p->carries.at[i].next != p->carries.at[i].in)
            ok = ok && own(p, &p->carries.at[i].next);
    for (int i = 0; i < p->stacked.n; i++)
        if (p->stacked.at[i])
            ok = ok && own(p, &p->stacked.at[i]);
    return ok;
}

static bool is_assigned(const ant_program *p, const ant_value *v) {
    for (int i = 0; i < p->cells.n; i++)
        if (p->cells.at[i].old == v)
            return p->cells.at[i].now != v;
    return false;
}

/* An output that is the old value of an assigned variable would change when it is committed. */
static bool keep_old_outputs(ant_program *p) {
    for (int i = 0; i < p->outputs.n; i++) {
        ant_value *base = ant__base(p->outputs.at[i]);
        if (base->kind == ANT__VARIABLE && is_assigned(p, base) && !copy(p, &p->outputs.at[i]))
            return false;
    }
    return true;
}

int ant__own_commits(ant_program *p) {
    for (int i = 0; i < p->values.n; i++)
        p->values.at[i]->pass->alias = NULL;
    if (own_all(p))
        keep_old_outputs(p);
    return p->shared->error.code;
}
