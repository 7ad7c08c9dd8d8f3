/* Writing scans: a body is a program of its own; its end writes one op into the program around. */
#include "core/program/inside.h"
#include <string.h>

/* --- the ports of a body --- */
/* A body is dead when it is NULL or anything went wrong. */
static bool no_body(const ant_program *body) {
    return ant__program_dead(body);
}

static void *scan_fail(ant_program *body, const char *what, const ant_dims *a, const ant_dims *b) {
    char at[ANT__DIMS_TEXT], bt[ANT__DIMS_TEXT];
    ant__fail(&body->shared->error, ANT_E_SHAPE, "scan: %s: %s and %s", what, ant__dims_text(a, at),
              ant__dims_text(b, bt));
    return NULL;
}

ant_program *ant__scan_begin(ant_program *p, int64_t steps, bool reverse) {
    if (ant__program_dead(p))
        return NULL;
    ant_program *body = ant__program_within(p);
    if (!body)
        return NULL;
    body->steps = steps;
    body->reverse = reverse;
    body->step = ant__value_new(body, ANT__INPUT, ANT_INT64, &ANT__SCALAR);
    return body->step ? body : NULL;
}

ant_value *ant__scan_step(ant_program *body) {
    return no_body(body) ? NULL : body->step;
}

ant_value *ant__scan_sequence(ant_program *body, ant_value *s) {
    if (no_body(body) || !(s = ant__local(body->parent, s)))
        return NULL;
    int64_t steps = s->dims.rank ? s->dims.dim[0] : 0;
    if (s->dims.rank == 0 || (steps >= 0 && body->steps >= 0 && steps != body->steps))
        return scan_fail(body, "a sequence does not have its steps first", &s->dims,
                         &ANT__DIMS(body->steps));
    ant_dims one = {.rank = s->dims.rank - 1};
    memcpy(one.dim, s->dims.dim + 1, (size_t)one.rank * sizeof *one.dim);
    ant_port port = {.in = ant__value_new(body, ANT__INPUT, s->dtype, &one), .outer = s};
    if (port.in && !ANT__PUSH(&body->sequences, port))
        ant__program_fail_memory(body);
    return port.in;
}

ant_value *ant__scan_carry(ant_program *body, ant_value *start) {
    if (no_body(body) || !(start = ant__local(body->parent, start)))
        return NULL;
    ant_port port = {.in = ant__value_new(body, ANT__INPUT, start->dtype, &start->dims),
                     .outer = start};
    if (port.in && !ANT__PUSH(&body->carries, port))
        ant__program_fail_memory(body);
    return port.in;
}

static bool may_equal(const ant_dims *a, const ant_dims *b) {
    if (a->rank != b->rank)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i] && a->dim[i] >= 0 && b->dim[i] >= 0)
            return false;
    return true;
}

void ant__scan_next(ant_program *body, ant_value *carry, ant_value *next) {
    if (no_body(body) || !carry || !(next = ant__local(body, next)))
        return;
    if (next->dtype != carry->dtype || !may_equal(&next->dims, &carry->dims)) {
        scan_fail(body, "a carry and its next value differ", &carry->dims, &next->dims);
        return;
    }
    for (int i = 0; i < body->carries.n; i++)
        if (body->carries.at[i].in == carry)
            body->carries.at[i].next = next;
}

int ant__scan_collect(ant_program *body, ant_value *v) {
    if (no_body(body) || !(v = ant__local(body, v)))
        return -1;
    for (int i = 0; i < body->stacked.n; i++)
        if (body->stacked.at[i] == v)
            return i;
    if (v->dims.rank == ANT_MAX_AXES)
        scan_fail(body, "no axis is left for the steps", &v->dims, &v->dims);
    if (!ANT__PUSH(&body->stacked, v))
        ant__program_fail_memory(body);
    return body->stacked.n - 1;
}

/* --- the op --- */
/* A variable that the body assigns becomes a carry. */
static bool lift_cells(ant_program *body) {
    for (int i = 0; i < body->cells.n; i++) {
        const ant_cell *cell = &body->cells.at[i];
        if (cell->now == cell->old)
            continue;
        int k = 0;
        while (body->captures.at[k].in != cell->old)
            k++;
        ant_port port = {cell->old, body->captures.at[k].outer, cell->now};
        if (!ANT__PUSH(&body->carries, port))
            return false;
        body->captures.n--;
        memmove(&body->captures.at[k], &body->captures.at[k + 1],
                (size_t)(body->captures.n - k) * sizeof *body->captures.at);
    }
    return true;
}

static bool has_next(ant_program *body) {
    for (int i = 0; i < body->carries.n; i++)
        if (!body->carries.at[i].next) {
            ant__fail(&body->shared->error, ANT_E_GRAPH, "scan: carry %d has no next value", i);
            return false;
        }
    return true;
}

static ant_op *scan_op(ant_program *body) {
    ant_program *p = body->parent;
    int carries = body->carries.n, sequences = body->sequences.n;
    ant_op *o =
        ant__op_new(p, &ant__scan_class, NULL, carries + sequences + body->captures.n, carries);
    if (!o)
        return NULL;
    o->body = body;
    for (int i = 0; i < carries; i++) {
        o->in[i] = body->carries.at[i].outer;
        o->out[i]->dtype = body->carries.at[i].in->dtype;
        o->out[i]->dims = body->carries.at[i].in->dims;
    }
    for (int i = 0; i < sequences; i++)
        o->in[carries + i] = body->sequences.at[i].outer;
    for (int i = 0; i < body->captures.n; i++)
        o->in[carries + sequences + i] = body->captures.at[i].outer;
    return o;
}

static ant_value *add_stacked(ant_op *o, const ant_value *v) {
    ant_program *p = o->program;
    ant_dims dims = {.rank = v->dims.rank + 1, .dim = {o->body->steps}};
    memcpy(dims.dim + 1, v->dims.dim, (size_t)v->dims.rank * sizeof *dims.dim);
    ant_value *stacked = ant__value_new(p, ANT__TEMP, v->dtype, &dims);
    ant_value **out = ant__program_alloc(p, (size_t)o->n_out + 1, sizeof(ant_value *));
    if (!stacked || !out)
        return NULL;
    memcpy(out, o->out, (size_t)o->n_out * sizeof(ant_value *));
    out[o->n_out] = stacked;
    o->out = out;
    o->n_out++;
    stacked->from = o;
    return stacked;
}

ant_value *ant__scan_residual(ant_op *o, ant_value *v) {
    ant_program *body = o->body;
    int before = body->stacked.n, k = ant__scan_collect(body, v);
    if (k < 0 || ant__program_dead(body))
        return NULL;
    return k < before ? o->out[body->carries.n + k] : add_stacked(o, v);
}

/* The variables' values after the scan are the lifted carries' last ones. */
static void assign_outside(ant_op *o) {
    const ant_program *body = o->body;
    for (int i = 0; i < body->carries.n; i++)
        if (body->carries.at[i].in->variable)
            ant__assign(o->program, body->carries.at[i].in->variable, o->out[i]);
}

ant_op *ant__scan_end(ant_program *body) {
    if (no_body(body))
        return NULL;
    ant_program *p = body->parent;
    if (!lift_cells(body)) {
        ant__program_fail_memory(p);
        return NULL;
    }
    ant_op *o = has_next(body) ? scan_op(body) : NULL;
    if (!o)
        return NULL;
    for (int i = 0; i < body->stacked.n; i++)
        if (!add_stacked(o, body->stacked.at[i]))
            return NULL;
    o->index = p->ops.n;
    if (!ANT__PUSH(&p->ops, o)) {
        ant__program_fail_memory(p);
        return NULL;
    }
    body->ended = true;
    assign_outside(o);
    return ant__program_dead(p) ? NULL : o;
}

ant_value *ant__scan_last(ant_op *scan, int carry) {
    return scan ? scan->out[carry] : NULL;
}

ant_value *ant__scan_stacked(ant_op *scan, int k) {
    return scan ? scan->out[scan->body->carries.n + k] : NULL;
}
