/* Loop-invariant ops: what a scan's body computes from captures and constants only is the same in
 * every step, so it is computed once, before the scan. */
#include "core/passes/passes.h"
#include <string.h>

/* The outer value that a body's value equals in every step; NULL: it may differ. */
static ant_value *outside(ant_program *p, ant_value *v) {
    return v->kind == ANT__CONST ? ant__local(p, v) : v->pass->mirror;
}

static bool is_invariant(const ant_op *o) {
    if (o->body || o->dead || o->cls->impure || o->cls->reports)
        return false;
    for (int k = 0; k < o->n_in; k++)
        if (o->in[k]->kind != ANT__CONST && !o->in[k]->pass->mirror)
            return false;
    return o->n_in > 0;
}

/* Captures what an op moved outside gives there, in place of what it gave in the body. */
static bool capture_output(ant_op *scan, ant_value *inner, ant_value *outer) {
    ant_program *body = scan->body;
    ant_value **in = ant__program_alloc(scan->program, (size_t)scan->n_in + 1, sizeof(ant_value *));
    ant_port port = {.in = ant__value_new(body, ANT__INPUT, inner->dtype, &inner->dims),
                     .outer = outer};
    if (!in || !port.in || !ANT__PUSH(&body->captures, port))
        return false;
    memcpy(in, scan->in, (size_t)scan->n_in * sizeof(ant_value *));
    in[scan->n_in++] = outer;
    scan->in = in;
    inner->pass->alias = port.in;
    inner->pass->mirror = outer;
    return true;
}

/* The same op, before the scan; added at the end of the program for the moment. */
static bool move_out(ant_op *scan, ant_op *o) {
    ant_program *p = scan->program;
    ant_op *moved = ant__op_new(p, o->cls, &o->attrs, o->n_in, o->n_out);
    if (!moved)
        return false;
    for (int k = 0; k < o->n_in; k++)
        if (!(moved->in[k] = outside(p, o->in[k])))
            return false;
    for (int k = 0; k < o->n_out; k++) {
        moved->out[k]->dtype = o->out[k]->dtype;
        moved->out[k]->dims = o->out[k]->dims;
        if (!capture_output(scan, o->out[k], moved->out[k]))
            return false;
    }
    o->dead = true;
    return ANT__PUSH(&p->ops, moved);
}

bool ant__bring_forward(ant_program *p, int at, int first) {
    int n = p->ops.n - first;
    ant_op **moved = ant__program_alloc(p, (size_t)n, sizeof(ant_op *));
    if (!moved)
        return false;
    memcpy(moved, &p->ops.at[first], (size_t)n * sizeof(ant_op *));
    memmove(&p->ops.at[at + n], &p->ops.at[at], (size_t)(first - at) * sizeof(ant_op *));
    memcpy(&p->ops.at[at], moved, (size_t)n * sizeof(ant_op *));
    return true;
}

bool ant__stand_in(ant_program *p, int at, int first, ant_value *y) {
    ant_op *o = p->ops.at[at], *last = y->from;
    if (!ant__bring_forward(p, at, first))
        return false;
    last->out[0] = o->out[0];
    last->out[0]->from = last;
    y->from = o; /* and leaves with it */
    o->dead = true;
    return true;
}

static void note_captures(const ant_op *scan) {
    const ant_program *body = scan->body;
    for (int i = 0; i < body->values.n; i++)
        body->values.at[i]->pass->mirror = NULL;
    int first = scan->n_in - body->captures.n;
    for (int i = 0; i < body->captures.n; i++)
        body->captures.at[i].in->pass->mirror = scan->in[first + i];
}

int ant__hoist(ant_op *scan, int at) {
    ant_program *p = scan->program;
    int before = p->ops.n;
    bool ok = true;
    note_captures(scan);
    for (int i = 0; ok && i < scan->body->ops.n; i++)
        if (is_invariant(scan->body->ops.at[i]))
            ok = move_out(scan, scan->body->ops.at[i]);
    int moved = p->ops.n - before;
    if (!ok || (moved && !ant__bring_forward(p, at, before)))
        ant__program_fail_memory(p);
    return moved;
}
