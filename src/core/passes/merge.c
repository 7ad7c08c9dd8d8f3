/* Equal ops and equal small constants: found by a hash of what they are, never by their place in
 * memory. */
#include "core/passes/passes.h"
#include <string.h>

enum { INTS = sizeof((ant_attrs *)0)->i / sizeof(int64_t), REALS = sizeof((ant_attrs *)0)->f / 8 };

static uint64_t mix(uint64_t h, uint64_t x) {
    h = (h ^ x) * 0x9E3779B97F4A7C15u;
    return h ^ h >> 29;
}

static uint64_t hash(const ant_op *o) {
    uint64_t h = (uint64_t)o->n_in, bits;
    for (int i = 0; i < o->n_in; i++)
        h = mix(h, (uint64_t)o->in[i]->id);
    for (int i = 0; i < INTS; i++)
        h = mix(h, (uint64_t)o->attrs.i[i]);
    for (int i = 0; i < REALS; i++) {
        memcpy(&bits, &o->attrs.f[i], sizeof bits);
        h = mix(h, bits);
    }
    return h;
}

/* Numbers by their bits: 0 and -0 differ, NaN equals itself. */
static bool same_bits(const void *a, const void *b, size_t bytes) {
    return !memcmp(a, b, bytes);
}

static bool equal(const ant_op *a, const ant_op *b) {
    if (a->cls != b->cls || a->n_in != b->n_in || a->n_out != b->n_out)
        return false;
    for (int i = 0; i < a->n_in; i++)
        if (a->in[i] != b->in[i])
            return false;
    return same_bits(a->attrs.i, b->attrs.i, sizeof a->attrs.i) &&
           same_bits(a->attrs.f, b->attrs.f, sizeof a->attrs.f);
}

/* --- constants of one entry --- */
/* Their bits; false for all other values. */
static bool small_constant(const ant_value *v, uint64_t *bits) {
    *bits = 0;
    if (v->kind != ANT__CONST || ant__dims_count(&v->dims) != 1)
        return false;
    memcpy(bits, v->data, ant__dtype_size(v->dtype));
    return true;
}

static bool same_constant(const ant_value *a, const ant_value *b) {
    uint64_t x, y;
    return small_constant(a, &x) && small_constant(b, &y) && x == y && a->dtype == b->dtype &&
           ant__dims_equal(&a->dims, &b->dims);
}

/* The table is empty before and after. */
void ant__merge_constants(ant_seen *s, ant_program *p) {
    unsigned mask = (unsigned)s->room - 1;
    int n = 0;
    for (int i = 0; i < p->values.n && 2 * n < s->room; i++) {
        ant_value *v = p->values.at[i];
        uint64_t bits;
        if (!small_constant(v, &bits))
            continue;
        unsigned k = (unsigned)(mix((uint64_t)v->dtype, bits) >> 32) & mask;
        while (s->table[k] && !same_constant(p->values.at[s->table[k] - 1], v))
            k = (k + 1) & mask;
        if (s->table[k])
            v->pass->alias = p->values.at[s->table[k] - 1];
        else
            s->table[k] = i + 1;
        n++;
    }
    memset(s->table, 0, (size_t)s->room * sizeof *s->table);
}

/* --- the table --- */
bool ant__seen_new(ant_seen *s, ant_program *p) {
    s->room = 64;
    while (s->room < 3 * p->ops.n)
        s->room *= 2;
    s->table = ant__alloc_array((size_t)s->room, sizeof *s->table);
    return s->table != NULL;
}

void ant__seen_free(ant_seen *s) {
    ant__free(s->table);
}

ant_op *ant__seen_equal(ant_seen *s, ant_program *p, ant_op *o) {
    if (o->body || o->cls->impure)
        return NULL;
    unsigned mask = (unsigned)s->room - 1;
    for (unsigned k = (unsigned)(hash(o) >> 32) & mask;; k = (k + 1) & mask) {
        if (!s->table[k]) {
            s->table[k] = o->index + 1;
            return NULL;
        }
        ant_op *seen = p->ops.at[s->table[k] - 1];
        if (equal(seen, o))
            return seen;
    }
}
