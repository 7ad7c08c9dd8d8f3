/* The gradient pass: walks the ops backwards and lets each write the gradients of its inputs. */
#include "core/program/inside.h"

/* A gradient is wanted for what lies between x and y. */
static void mark(ant_program *p, ant_value *const *x, int nx) {
    for (int i = 0; i < p->values.n; i++) {
        p->values.at[i]->needs = false;
        p->values.at[i]->pass->adjoint = NULL;
    }
    for (int i = 0; i < nx; i++)
        if (x[i])
            x[i]->needs = x[i]->dtype == p->real;
}

static bool needs_inputs(const ant_op *o) {
    for (int k = 0; k < o->n_in; k++)
        if (o->in[k]->needs)
            return true;
    return false;
}

static void spread(const ant_program *p) {
    for (int i = 0; i < p->ops.n; i++) {
        const ant_op *o = p->ops.at[i];
        if (o->cls->constant || !needs_inputs(o))
            continue;
        for (int k = 0; k < o->n_out; k++)
            o->out[k]->needs |= o->out[k]->dtype == p->real;
    }
}

static void add_to(ant_program *p, ant_value *v, ant_value *gradient) {
    struct ant_value_pass *pass = v->pass;
    pass->adjoint = pass->adjoint ? ant_op_add(p, pass->adjoint, gradient) : gradient;
}

/* Gradients that have come back to the op's outputs; false when there are none. */
static bool take_adjoints(const ant_op *o, ant_value **dy) {
    bool any = false;
    for (int k = 0; k < o->n_out; k++) {
        dy[k] = o->out[k]->needs ? o->out[k]->pass->adjoint : NULL;
        any |= dy[k] != NULL;
    }
    return any && needs_inputs(o);
}

static void step_back(ant_program *p, ant_op *o) {
    ant_value **dy = ant__program_alloc(p, (size_t)o->n_out + (size_t)o->n_in + 1, sizeof *dy);
    if (!dy || !take_adjoints(o, dy))
        return;
    if (!o->cls->grad) {
        ant__fail(ant__program_error(p), ANT_E_OPTION, "%s has no gradient", o->cls->name);
        return;
    }
    ant_value **dx = dy + o->n_out;
    o->cls->grad(p, o, dy, dx);
    for (int k = 0; k < o->n_in; k++)
        if (dx[k] && o->in[k]->needs)
            add_to(p, o->in[k], dx[k]);
}

static bool fits(ant_program *p, int k, const ant_value *y, const ant_value *dy) {
    if (dy->dtype == y->dtype && ant__dims_equal(&dy->dims, &y->dims))
        return true;
    char a[ANT__DIMS_TEXT], b[ANT__DIMS_TEXT];
    ant__fail(ant__program_error(p), ANT_E_SHAPE, "gradient: dy[%d] is %s, but y[%d] is %s", k,
              ant__dims_text(&dy->dims, a), k, ant__dims_text(&y->dims, b));
    return false;
}

static void seed(ant_program *p, int k, ant_value *y, ant_value *dy) {
    ant_value *ones = dy ? ant__local(p, dy) : ant__broadcast_to(p, ant_op_number(p, 1), &y->dims);
    if (ones && fits(p, k, y, ones))
        add_to(p, y, ones);
}

/* All values as p sees them. */
static ant_value **local_values(ant_program *p, ant_value *const *v, int n) {
    ant_value **local = ant__program_alloc(p, (size_t)n + 1, sizeof *local);
    for (int i = 0; local && i < n; i++)
        local[i] = ant__local(p, v[i]);
    return local;
}

static int differentiate(ant_program *p, ant_value *const *y, ant_value *const *dy, int ny,
                         ant_value *const *x, ant_value **dx, int nx) {
    int written = p->ops.n;
    mark(p, x, nx);
    spread(p);
    for (int k = 0; k < ny; k++)
        if (y[k] && y[k]->dtype == p->real)
            seed(p, k, y[k], dy ? dy[k] : NULL);
    for (int i = written - 1; i >= 0 && !ant__program_dead(p); i--)
        step_back(p, p->ops.at[i]);
    for (int i = 0; i < nx && !ant__program_dead(p); i++)
        dx[i] = x[i] && x[i]->needs ? x[i]->pass->adjoint : NULL;
    return p->shared->error.code;
}

int ant_op_gradient(ant_program *p, ant_value *const *y, ant_value *const *dy, int ny,
                    ant_value *const *x, ant_value **dx, int nx) {
    for (int i = 0; i < nx; i++)
        dx[i] = NULL;
    if (ant__program_dead(p))
        return p ? p->shared->error.code : ANT_E_MEMORY;
    ant_value **local_y = local_values(p, y, ny), **local_x = local_values(p, x, nx);
    if (ant__program_dead(p))
        return p->shared->error.code;
    return differentiate(p, local_y, dy, ny, local_x, dx, nx);
}
