/* The simplify pass: one walk over the ops in their order, so that each sees inputs that are
 * simplified already. */
#include "core/ops/fine.h"
#include "core/passes/passes.h"
#include <string.h>

void ant__each_root(ant_program *p, ant_root_fn *f, void *data) {
    for (int i = 0; i < p->outputs.n; i++)
        f(data, &p->outputs.at[i]);
    for (int i = 0; i < p->cells.n && !p->parent; i++)
        f(data, &p->cells.at[i].now);
    for (int i = 0; i < p->carries.n; i++)
        f(data, &p->carries.at[i].next);
    for (int i = 0; i < p->stacked.n; i++)
        if (p->stacked.at[i])
            f(data, &p->stacked.at[i]);
}

static ant_value *follow(ant_value *v) {
    while (v->pass->alias)
        v = v->pass->alias;
    return v;
}

static void follow_root(void *data, ant_value **v) {
    (void)data;
    *v = follow(*v);
}

/* --- broadcasts into elementwise ops --- */
/* Would the op's dims stay what they are with input k read before its broadcast? */
static bool broadcasts_itself(const ant_op *o, int k, const ant_value *before) {
    ant_dims dims = before->dims;
    for (int j = 0; j < o->n_in; j++)
        if (j != k && !ant__dims_broadcast(&dims, &o->in[j]->dims))
            return false;
    return ant__dims_equal(&dims, &o->out[0]->dims);
}

static bool is_broadcast(const ant_value *v) {
    return v->from && v->from->cls == &ant__broadcast_class;
}

static void drop_broadcasts(ant_op *o) {
    for (int k = 0; k < o->n_in; k++)
        while (is_broadcast(o->in[k]) &&
               (o->cls == &ant__broadcast_class || broadcasts_itself(o, k, o->in[k]->from->in[0])))
            o->in[k] = o->in[k]->from->in[0];
}

/* --- one op --- */
static void replace(ant_op *o, const ant_op *equal) {
    for (int k = 0; k < o->n_out; k++)
        o->out[k]->pass->alias = equal->out[k];
    o->dead = true;
}

static void simplify_op(ant_seen *seen, ant_op *o) {
    if (o->cls->elementwise)
        drop_broadcasts(o);
    ant_value *same = o->cls->simplify ? o->cls->simplify(o) : NULL;
    if (same) {
        o->out[0]->pass->alias = same;
        o->dead = true;
        return;
    }
    if (ant__fold(o))
        return;
    const ant_op *equal = ant__seen_equal(seen, o->program, o);
    if (equal)
        replace(o, equal);
}

static int walk(ant_program *p, ant_seen *seen, bool full) {
    for (int i = 0; i < p->values.n; i++)
        p->values.at[i]->pass->alias = NULL;
    if (full)
        ant__merge_constants(seen, p);
    for (int i = 0; i < p->ops.n; i++) {
        ant_op *o = p->ops.at[i];
        o->index = i;
        for (int k = 0; k < o->n_in; k++)
            o->in[k] = follow(o->in[k]);
        if (full)
            simplify_op(seen, o);
    }
    ant__each_root(p, follow_root, NULL);
    return p->shared->error.code;
}

static int walk_once(ant_program *p, int passes) {
    ant_seen seen;
    if (!ant__seen_new(&seen, p))
        return ant__program_fail_memory(p);
    int code = walk(p, &seen, passes & ANT__SIMPLIFY);
    ant__seen_free(&seen);
    return code;
}

/* --- scans --- */
static void follow_all(ant_program *p) {
    for (int i = 0; i < p->ops.n; i++)
        for (int k = 0; k < p->ops.at[i]->n_in; k++)
            p->ops.at[i]->in[k] = follow(p->ops.at[i]->in[k]);
    ant__each_root(p, follow_root, NULL);
}

/* Ports that the body no longer reads leave the op too. */
static int keep_used(ant_op *o, int at, ant_port *ports, int n, int *to) {
    int kept = 0;
    for (int i = 0; i < n; i++) {
        if (!ports[i].in->pass->uses)
            continue;
        o->in[(*to)++] = o->in[at + i];
        ports[kept++] = ports[i];
    }
    return kept;
}

static void drop_ports(ant_op *o) {
    ant_program *body = o->body;
    int to = body->carries.n, captures = to + body->sequences.n;
    body->sequences.n = keep_used(o, body->carries.n, body->sequences.at, body->sequences.n, &to);
    body->captures.n = keep_used(o, captures, body->captures.at, body->captures.n, &to);
    o->n_in = to;
}

/* The body of the scan that is op *at; what leaves it comes before it. */
static int simplify_body(ant_program *p, int *at, int passes) {
    ant_op *o = p->ops.at[*at];
    if (ant__simplify(o->body, passes))
        return p->shared->error.code;
    int moved = passes & ANT__SIMPLIFY ? ant__hoist(o, *at) : 0;
    *at += moved;
    if (moved) {
        follow_all(o->body);
        ant__drop_dead(o->body);
    }
    drop_ports(o);
    return p->shared->error.code;
}

static int simplify_bodies(ant_program *p, int passes) {
    bool any = false;
    for (int i = 0; i < p->ops.n; i++) {
        if (!p->ops.at[i]->body)
            continue;
        if (simplify_body(p, &i, passes))
            return p->shared->error.code;
        any = true;
    }
    if (any)
        ant__drop_dead(p);
    return 0;
}

int ant__simplify(ant_program *p, int passes) {
    int code = walk_once(p, passes);
    if (code)
        return code;
    ant__drop_dead(p);
    return simplify_bodies(p, passes);
}
