/* A convolution and the max pooling behind it in a program that trains: the map is read again by
 * the pooling's gradient and by relu's. When the pooling notes its winners, neither needs it: it
 * never leaves the cache, and what comes back is spread over the part of it that windows see, by
 * one op. */
#include "core/kernels/elementwise.h"
#include "core/ops/conv_pool.h"
#include "core/ops/fine.h"
#include "core/passes/passes.h"
#include <math.h>

typedef struct pooled {
    ant_op *conv, *pool, *back, *gate; /* gate: NULL, the convolution has no relu */
    ant_attrs attrs;                   /* of the joint op */
} pooled;

static bool reads(const ant_op *o, const ant_value *v) {
    bool any = false;
    for (int k = 0; k < o->n_in; k++)
        any |= o->in[k] == v;
    return any && !o->dead;
}

static bool same_window(const ant_op *a, const ant_op *b) {
    bool same = true;
    for (int k = 0; k < ANT__WINDOW_ATTRS; k++)
        same &= a->attrs.i[k] == b->attrs.i[k];
    return same;
}

/* Notes what else reads the map; false where that is something unknown. */
static bool find_readers(pooled *s) {
    const ant_program *p = s->pool->program;
    const ant_value *map = s->pool->in[0];
    int readers = 1;
    for (int i = s->pool->index + 1; i < p->ops.n; i++) {
        ant_op *o = p->ops.at[i];
        if (!reads(o, map))
            continue;
        readers++;
        if (o->cls == &ant__max_pool_grad_class && o->in[0] == map && o->in[1] != map && !s->back &&
            same_window(o, s->pool))
            s->back = o;
        else if (o->cls->elementwise == ANT__E_gate && o->in[0] == map && !s->gate && s->back &&
                 o->in[1] == s->back->out[0])
            s->gate = o;
        else
            return false;
    }
    return s->back && readers == map->pass->uses;
}

/* Is the gradient only read by what may as well have a part of it? */
static bool is_cut_freely(const pooled *s) {
    const ant_op *last = s->gate ? s->gate : s->back;
    const ant_value *g = last->out[0];
    const ant_program *p = last->program;
    int readers = 0;
    for (int i = last->index + 1; i < p->ops.n; i++) {
        const ant_op *o = p->ops.at[i];
        if (!reads(o, g))
            continue;
        readers++;
        if (!ant__conv_reads_map(o, g) && !ant__sums_rows(o))
            return false;
    }
    return readers == g->pass->uses;
}

/* Windows next to each other, with relu or without, but no limit. */
static bool fits(pooled *s) {
    const bool relu = s->conv->attrs.i[ANT__CONV_RELU];
    return ant__conv_takes_pool(s->conv, s->pool, &s->attrs) && ant__pool_has_winners(s->pool) &&
           find_readers(s) && relu == (s->gate != NULL) &&
           (!relu ||
            (s->back->out[0]->pass->uses == 1 && isinf(s->conv->attrs.f[ANT__CONV_LIMIT]))) &&
           is_cut_freely(s);
}

static bool join(const pooled *s) {
    ant_program *p = s->pool->program;
    ant_op *last = s->gate ? s->gate : s->back, *conv = s->conv;
    ant_op *joint = ant__op_bare(p, &ant__conv2d_pool_class, &s->attrs, conv->n_in, 2);
    ant_op *spread = ant__op_bare(p, &ant__pool_spread_class, &s->pool->attrs, 2, 1);
    ant_value *winners = ant__value_new(p, ANT__TEMP, ANT_BOOL, &s->pool->out[0]->dims);
    if (!joint || !spread || !winners)
        return false;
    for (int k = 0; k < conv->n_in; k++)
        joint->in[k] = conv->in[k];
    joint->out[0] = s->pool->out[0];
    joint->out[1] = spread->in[0] = winners;
    joint->out[0]->from = winners->from = joint;
    winners->pass->uses = 1;
    spread->in[1] = s->back->in[1];
    spread->out[0] = last->out[0];
    spread->out[0]->from = spread;
    spread->out[0]->dims = ant__pool_seen(s->pool);
    joint->index = s->pool->index;
    spread->index = last->index;
    conv->dead = s->pool->dead = s->back->dead = last->dead = true;
    p->ops.at[joint->index] = joint;
    p->ops.at[spread->index] = spread;
    return ant__join_spread(spread);
}

bool ant__note_winners(ant_op *pool) {
    pooled s = {.pool = pool, .conv = pool->in[0]->from};
    return !s.conv || s.conv->dead || !fits(&s) || join(&s);
}
