/* The fuse pass: elementwise ops of the same dims that feed one another become one op.
 *
 * A chain runs where its last member stood. So an op may join a chain as long as nobody outside has
 * used a value of it: the first such use closes the chain. */
#include "core/kernels/elementwise.h"
#include "core/passes/passes.h"

/* What a chain is computed in: the program's real type, or double where only ints are at hand. */
enum { EITHER, REAL, WHOLE };

typedef struct chain {
    ant_op *member[ANT__E_STEPS]; /* in the program's order */
    ant_value *in[ANT__E_INPUTS];
    int n, n_in;
    int type;
    bool closed;
    struct chain *into; /* the chain that this one became part of */
} chain;

typedef struct fuser {
    ant_program *p;
    chain *chains;
    int n;
    chain **of; /* by op */
} fuser;

static int type_of(const ant_op *o) {
    int type = EITHER;
    for (int k = -1; k < o->n_in; k++) {
        int dtype = k < 0 ? o->out[0]->dtype : o->in[k]->dtype;
        if (ant__dtype_real(dtype))
            return REAL;
        if (dtype != ANT_BOOL)
            type = WHOLE;
    }
    return type;
}

static chain *chain_of(const fuser *f, const ant_value *v) {
    chain *c = v->from ? f->of[v->from->index] : NULL;
    while (c && c->into)
        c = c->into;
    return c;
}

/* Adds v to the chain's inputs unless a or b makes it; false when there are too many. */
static bool add_input(const fuser *f, chain *c, ant_value *v, const chain *a, const chain *b) {
    const chain *maker = chain_of(f, v);
    if (maker && (maker == a || maker == b))
        return true;
    for (int i = 0; i < c->n_in; i++)
        if (c->in[i] == v)
            return true;
    if (c->n_in == ANT__E_INPUTS)
        return false;
    c->in[c->n_in++] = v;
    return true;
}

static bool joint_inputs(const fuser *f, chain *joint, const chain *a, const chain *b) {
    for (int i = 0; i < a->n_in; i++)
        if (!add_input(f, joint, a->in[i], a, b))
            return false;
    for (int i = 0; i < b->n_in; i++)
        if (!add_input(f, joint, b->in[i], a, b))
            return false;
    return true;
}

static void joint_members(chain *joint, const chain *a, const chain *b) {
    int i = 0, j = 0;
    while (i < a->n || j < b->n) {
        bool first = j == b->n || (i < a->n && a->member[i]->index < b->member[j]->index);
        joint->member[joint->n++] = first ? a->member[i++] : b->member[j++];
    }
}

/* Makes `late`, the chain of the op at hand, take `early` in, if they fit. */
static void join(const fuser *f, chain *early, chain *late) {
    const ant_dims *dims = &late->member[0]->out[0]->dims;
    if (early == late || early->closed || early->n + late->n > ANT__E_STEPS ||
        (early->type && late->type && early->type != late->type) ||
        !ant__dims_equal(&early->member[0]->out[0]->dims, dims))
        return;
    chain joint = {.type = early->type | late->type};
    if (!joint_inputs(f, &joint, early, late))
        return;
    joint_members(&joint, early, late);
    *late = joint;
    early->into = late;
}

static void add_op(fuser *f, ant_op *o, bool joins) {
    chain *c = &f->chains[f->n++];
    *c = (chain){.n = 1, .type = type_of(o), .member = {o}};
    f->of[o->index] = c;
    for (int k = 0; k < o->n_in; k++)
        add_input(f, c, o->in[k], NULL, NULL);
    for (int k = 0; k < o->n_in && joins; k++) {
        chain *early = chain_of(f, o->in[k]);
        if (early)
            join(f, early, c);
    }
}

static void close_others(const fuser *f, const ant_op *o) {
    const chain *own = f->of[o->index];
    for (int k = 0; k < o->n_in; k++) {
        chain *c = chain_of(f, o->in[k]);
        if (c && c != own)
            c->closed = true;
    }
}

/* --- from chains to ops --- */
static bool replace(fuser *f, chain *c) {
    ant_op *fused = ant__fused_op(c->member, c->n, c->in, c->n_in);
    if (!fused)
        return false;
    for (int i = 0; i < c->n; i++)
        c->member[i]->dead = true;
    int last = c->member[c->n - 1]->index;
    for (int k = 0; k < fused->n_out; k++)
        fused->out[k]->from = fused;
    fused->index = last;
    f->p->ops.at[last] = fused;
    return true;
}

static bool replace_all(fuser *f) {
    for (int i = 0; i < f->n; i++)
        if (!f->chains[i].into && !replace(f, &f->chains[i]))
            return false;
    ant__close_ranks(f->p);
    return true;
}

static bool fuse_program(fuser *f, bool joins) {
    ant_program *p = f->p;
    int chains = 0;
    for (int i = 0; i < p->ops.n; i++)
        chains += p->ops.at[i]->cls->elementwise != 0;
    f->chains = ant__alloc_array((size_t)chains + 1, sizeof *f->chains);
    f->of = ant__alloc_array((size_t)p->ops.n + 1, sizeof(chain *));
    if (!f->chains || !f->of)
        return false;
    for (int i = 0; i < p->ops.n; i++) {
        ant_op *o = p->ops.at[i];
        if (o->cls->elementwise)
            add_op(f, o, joins);
        close_others(f, o);
    }
    return replace_all(f);
}

int ant__fuse(ant_program *p, int passes) {
    for (int i = 0; i < p->ops.n; i++)
        if (p->ops.at[i]->body && ant__fuse(p->ops.at[i]->body, passes))
            return p->shared->error.code;
    fuser f = {.p = p};
    const bool joins = passes & ANT__FUSE, ok = fuse_program(&f, joins);
    ant__free(f.chains);
    ant__free(f.of);
    if (!ok)
        return ant__program_fail_memory(p);
    return joins ? ant__join_alike(p) : 0;
}
