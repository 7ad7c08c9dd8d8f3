/* The gradient of a scan. The gradient pass runs inside the forward body and appends there; what it
 * appended is then cut off into a second body that is scanned the other way. At the seam a capture
 * stays a capture, a sequence is read again, and any other forward value becomes one more stacked
 * output of the forward scan. Gradients of captures are added up in carries. */
#include "core/program/inside.h"

typedef struct backward {
    ant_op *scan; /* the forward scan, in program p */
    ant_program *p;
    ant_program *body; /* its body */
    ant_program *back; /* the second body */
    int forward_ops;   /* in the body before the gradient pass */
    int carries, sequences, captures;
    ant_value **x, **dx; /* by port: carries, sequences, captures */
    int *number;         /* by port: carry or stacked output of the second scan; -1: none */
} backward;

bool ant__scan_flows(const ant_program *body, int i) {
    const ant_value *carry = body->carries.at[i].in;
    return carry->dtype == body->real && !carry->variable;
}

/* --- the seam --- */
static ant_value *cross(backward *s, ant_value *v) {
    ant_program *body = s->body;
    if (v->kind == ANT__CONST)
        return ant__local(s->back, v);
    if (v == body->step)
        return s->back->step;
    int first = s->carries + s->sequences;
    for (int i = 0; v->kind == ANT__INPUT && i < s->captures; i++)
        if (body->captures.at[i].in == v)
            return ant__local(s->back, s->scan->in[first + i]);
    for (int i = 0; v->kind == ANT__INPUT && i < s->sequences; i++)
        if (body->sequences.at[i].in == v)
            return ant__scan_sequence(s->back, s->scan->in[s->carries + i]);
    return ant__scan_sequence(s->back, ant__scan_residual(s->scan, v));
}

/* A forward value as the second body sees it. */
static ant_value *seam(backward *s, ant_value *v) {
    if (!v || v->program == s->back)
        return v;
    ant_value *known = v->pass->mirror;
    if (known && known->program == s->back)
        return known;
    return v->pass->mirror = cross(s, v);
}

static bool move_op(backward *s, ant_op *o) {
    o->program = s->back;
    o->index = s->back->ops.n;
    for (int k = 0; k < o->n_out; k++)
        o->out[k]->program = s->back;
    if (o->body)
        o->body->parent = s->back;
    return ANT__PUSH(&s->back->ops, o);
}

static bool move_values(backward *s) {
    ant_program *body = s->body;
    int kept = 0;
    for (int i = 0; i < body->values.n; i++) {
        ant_value *v = body->values.at[i];
        if (v->program == body)
            body->values.at[kept++] = v;
        else if (!ANT__PUSH(&s->back->values, v))
            return false;
    }
    body->values.n = kept;
    return true;
}

/* Cuts the body: what was appended goes over. */
static bool cut(backward *s) {
    ant_program *body = s->body;
    for (int i = s->forward_ops; i < body->ops.n; i++)
        if (!move_op(s, body->ops.at[i]))
            return false;
    body->ops.n = s->forward_ops;
    if (!move_values(s))
        return false;
    for (int i = 0; i < s->back->ops.n; i++) {
        ant_op *o = s->back->ops.at[i];
        for (int k = 0; k < o->n_in; k++)
            o->in[k] = seam(s, o->in[k]);
    }
    return true;
}

/* --- what comes in --- */
/* The gradient of each flowing carry is a carry of the second scan. */
static int seed_carries(backward *s, ant_value *const *dy, ant_value **y, ant_value **seeds) {
    int n = 0;
    for (int i = 0; i < s->carries; i++) {
        if (!ant__scan_flows(s->body, i))
            continue;
        ant_value *start = dy[i] ? dy[i] : ant__zeros(s->p, &s->scan->out[i]->dims);
        y[n] = s->body->carries.at[i].next;
        seeds[n++] = ant__scan_carry(s->back, start);
    }
    return n;
}

static int seed_stacked(backward *s, ant_value *const *dy, ant_value **y, ant_value **seeds) {
    int n = 0;
    for (int i = 0; i < s->body->stacked.n; i++) {
        if (!dy[s->carries + i])
            continue;
        y[n] = s->body->stacked.at[i];
        seeds[n++] = ant__scan_sequence(s->back, dy[s->carries + i]);
    }
    return n;
}

static void choose_x(backward *s) {
    for (int i = 0; i < s->carries; i++)
        s->x[i] = ant__scan_flows(s->body, i) ? s->body->carries.at[i].in : NULL;
    for (int i = s->carries; i < s->scan->n_in; i++) {
        int k = i - s->carries;
        const ant_port *port =
            k < s->sequences ? &s->body->sequences.at[k] : &s->body->captures.at[k - s->sequences];
        s->x[i] = s->scan->in[i]->needs ? port->in : NULL;
    }
}

/* Runs the gradient pass in the forward body, where the seeds are visitors meanwhile. */
static bool differentiate(backward *s, ant_value *const *dy) {
    int most = s->carries + s->body->stacked.n;
    ant_value **y = ant__program_alloc(s->p, 2 * (size_t)most + 1, sizeof *y), **seeds = y + most;
    if (!y)
        return false;
    int n = seed_carries(s, dy, y, seeds);
    n += seed_stacked(s, dy, y + n, seeds + n);
    if (ant__program_dead(s->p))
        return false;
    choose_x(s);
    for (int i = 0; i < n; i++)
        seeds[i]->program = s->body;
    ant_op_gradient(s->body, y, seeds, n, s->x, s->dx, s->scan->n_in);
    for (int i = 0; i < n; i++)
        seeds[i]->program = s->back;
    return !ant__program_dead(s->p);
}

/* --- what goes out --- */
static void end_carries(backward *s) {
    for (int i = 0, k = 0; i < s->carries; i++) {
        s->number[i] = -1;
        if (!s->x[i])
            continue;
        ant_value *carry = s->back->carries.at[k].in;
        ant_value *next = s->dx[i] ? s->dx[i] : ant__zeros(s->back, &carry->dims);
        ant__scan_next(s->back, carry, next);
        s->number[i] = k++;
    }
}

static void end_sequences(backward *s) {
    for (int i = s->carries; i < s->carries + s->sequences; i++)
        s->number[i] = s->dx[i] ? ant__scan_collect(s->back, s->dx[i]) : -1;
}

static void end_captures(backward *s) {
    for (int i = s->carries + s->sequences; i < s->scan->n_in; i++) {
        s->number[i] = -1;
        if (!s->dx[i])
            continue;
        ant_value *sum = ant__scan_carry(s->back, ant__zeros(s->p, &s->dx[i]->dims));
        s->number[i] = s->back->carries.n - 1;
        ant__scan_next(s->back, sum, ant_op_add(s->back, sum, s->dx[i]));
    }
}

static bool is_sequence(const backward *s, int i) {
    return i >= s->carries && i < s->carries + s->sequences;
}

static bool begin(backward *s, ant_program *p, ant_op *o) {
    ant_program *body = o->body;
    *s = (backward){.scan = o,
                    .p = p,
                    .body = body,
                    .forward_ops = body->ops.n,
                    .carries = body->carries.n,
                    .sequences = body->sequences.n,
                    .captures = body->captures.n};
    s->back = ant__scan_begin(p, body->steps, !body->reverse);
    s->x = ant__program_alloc(p, 2 * (size_t)o->n_in + 1, sizeof *s->x);
    s->number = ant__program_alloc(p, (size_t)o->n_in + 1, sizeof *s->number);
    if (!s->back || !s->x || !s->number)
        return false;
    s->dx = s->x + o->n_in;
    return true;
}

void ant__scan_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    backward s;
    if (!begin(&s, p, o) || !differentiate(&s, dy))
        return;
    if (!cut(&s)) {
        ant__program_fail_memory(p);
        return;
    }
    for (int i = 0; i < o->n_in; i++)
        s.dx[i] = seam(&s, s.dx[i]);
    end_carries(&s);
    end_sequences(&s);
    end_captures(&s);
    ant_op *back = ant__scan_end(s.back);
    for (int i = 0; back && i < o->n_in; i++)
        if (s.number[i] >= 0)
            dx[i] = is_sequence(&s, i) ? ant__scan_stacked(back, s.number[i])
                                       : ant__scan_last(back, s.number[i]);
}
