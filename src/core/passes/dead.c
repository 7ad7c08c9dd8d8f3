/* Dead code: ops whose outputs nobody uses leave the program, with their values. */
#include "core/passes/passes.h"

static void count_root(void *data, ant_value **v) {
    (void)data;
    (*v)->pass->uses++;
}

static bool is_used(const ant_op *o) {
    for (int k = 0; k < o->n_out; k++)
        if (o->out[k]->pass->uses)
            return true;
    return false;
}

/* A stacked output of a scan that nobody uses is not collected. */
static void drop_stacked(const ant_op *o) {
    for (int k = 0; k < o->body->stacked.n; k++)
        if (!o->out[o->body->carries.n + k]->pass->uses)
            o->body->stacked.at[k] = NULL;
}

static void count_uses(ant_program *p) {
    for (int i = 0; i < p->values.n; i++)
        p->values.at[i]->pass->uses = 0;
    ant__each_root(p, count_root, NULL);
    for (int i = p->ops.n - 1; i >= 0; i--) {
        ant_op *o = p->ops.at[i];
        o->dead |= !is_used(o);
        if (o->dead)
            continue;
        for (int k = 0; k < o->n_in; k++)
            o->in[k]->pass->uses++;
        if (o->body)
            drop_stacked(o);
    }
}

void ant__close_ranks(ant_program *p) {
    int n = 0;
    for (int i = 0; i < p->ops.n; i++) {
        ant_op *o = p->ops.at[i];
        if (o->dead)
            continue;
        o->index = n;
        p->ops.at[n++] = o;
    }
    p->ops.n = n;
}

void ant__drop_dead(ant_program *p) {
    count_uses(p);
    ant__close_ranks(p);
    int n = 0;
    for (int i = 0; i < p->values.n; i++) {
        ant_value *v = p->values.at[i];
        if (v->kind == ANT__TEMP && v->from->dead)
            continue;
        v->id = n;
        p->values.at[n++] = v;
    }
    p->values.n = n;
}
