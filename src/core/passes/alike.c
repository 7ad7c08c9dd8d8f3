/* Chains alike: fused ops that take the same steps to results that no op reads, as the updates of
 * an optimizer do for one weight after the other, become one op that walks the entries of all. */
#include "core/kernels/elementwise.h"
#include "core/passes/passes.h"

enum { TOGETHER = 32 }; /* of more, the plan pass would be slow */

/* --- what may be joined --- */
/* Values that some op reads get themselves as alias. */
static void note_read(const ant_program *p) {
    for (int i = 0; i < p->values.n; i++)
        p->values.at[i]->pass->alias = NULL;
    for (int i = 0; i < p->ops.n; i++)
        for (int k = 0; k < p->ops.at[i]->n_in; k++)
            p->ops.at[i]->in[k]->pass->alias = p->ops.at[i]->in[k];
}

/* It can as well run later, and its entries lie side by side in every input. */
static bool may_join(const ant_op *o) {
    if (o->cls != &ant__fused_class)
        return false;
    for (int k = 0; k < o->n_out; k++)
        if (o->out[k]->pass->alias)
            return false;
    for (int k = 0; k < o->n_in; k++)
        if (o->fused->in[k].mode == ANT__E_STRIDED)
            return false;
    return true;
}

static bool same_step(const ant_fused_step *a, const ant_fused_step *b) {
    return a->code == b->code && a->a == b->a && a->b == b->b && a->c == b->c &&
           a->output == b->output && a->dtype == b->dtype && a->f == b->f &&
           a->g == b->g; /* NOLINT: no step has a number that is none */
}

/* Does `o` what `all` does to every entry? A scalar must be the same value; with one entry alone,
 * the op itself cannot tell a scalar from the rest. */
static bool alike(const ant_op *all, const ant_op *o) {
    const ant_fused *a = all->fused, *b = o->fused;
    if (a->n_in != b->n_in || a->n_steps != b->n_steps || a->n_out != b->n_out)
        return false;
    for (int s = 0; s < a->n_steps; s++)
        if (!same_step(&a->step[s], &b->step[s]))
            return false;
    for (int k = 0; k < a->n_in; k++) {
        const bool scalar = a->in[k].mode == ANT__E_SCALAR;
        if (all->in[k]->dtype != o->in[k]->dtype || (scalar && all->in[k] != o->in[k]) ||
            (!scalar && b->in[k].mode == ANT__E_SCALAR))
            return false;
    }
    return true;
}

/* --- joining --- */
/* The n members, the first of which tells the steps. NULL: out of memory. */
static ant_op *joint_op(ant_op *const *member, int n) {
    ant_program *p = member[0]->program;
    const ant_fused *first = member[0]->fused;
    ant_op *o = ant__op_bare(p, &ant__fused_class, NULL, n * first->n_in, n * first->n_out);
    ant_fused *all = ant__program_alloc(p, 1, sizeof *all);
    int64_t *count = ant__program_alloc(p, (size_t)n, sizeof *count);
    if (!o || !all || !count)
        return NULL;
    *all = *first;
    all->chains = n;
    all->count = count;
    all->total = 0;
    for (int i = 0; i < n; i++) {
        all->total += count[i] = member[i]->fused->total;
        for (int k = 0; k < first->n_in; k++)
            o->in[i * first->n_in + k] = member[i]->in[k];
        for (int k = 0; k < first->n_out; k++)
            (o->out[i * first->n_out + k] = member[i]->out[k])->from = o;
    }
    o->fused = all;
    return o;
}

/* They run where the last of them stood. */
static bool join(ant_op **member, int n) {
    ant_op *joint = joint_op(member, n);
    if (!joint)
        return false;
    for (int i = 0; i < n; i++) {
        joint->index = member[i]->index > joint->index ? member[i]->index : joint->index;
        member[i]->dead = true;
    }
    joint->program->ops.at[joint->index] = joint;
    return true;
}

/* Joins `first` and those behind it that are alike, `left` in all. */
static bool join_with(ant_op *const *first, int left) {
    ant_op *member[TOGETHER];
    int n = 0;
    for (int i = 0; i < left && n < TOGETHER; i++)
        if (!first[i]->dead && (i == 0 || alike(first[0], first[i])))
            member[n++] = first[i];
    return n < 2 || join(member, n);
}

/* Chains with one entry come last: they cannot tell what is a scalar. */
static int collect(ant_op **found, const ant_program *p) {
    int n = 0;
    for (int single = 0; single < 2; single++)
        for (int i = 0; i < p->ops.n; i++) {
            ant_op *o = p->ops.at[i];
            if (may_join(o) && (o->fused->total == 1) == single)
                found[n++] = o;
        }
    return n;
}

int ant__join_alike(ant_program *p) {
    ant_op **found = ant__alloc_array((size_t)p->ops.n + 1, sizeof *found);
    bool ok = found != NULL;
    note_read(p);
    const int n = ok ? collect(found, p) : 0;
    for (int i = 0; i < n && ok; i++)
        if (!found[i]->dead)
            ok = join_with(found + i, n - i);
    ant__free(found);
    if (!ok)
        return ant__program_fail_memory(p);
    ant__close_ranks(p);
    return 0;
}
