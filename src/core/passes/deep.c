/* The deep pass: in a program that trains, a product of few rows with a large weight is made in
 * pieces of the weight's rows, which are then added up. So every op that reads or writes the weight
 * (this product, its two gradients, the optimizer) is cut by rows of it, and a thread meets the
 * same rows in all of them: a line of the weight stays with one core, while to hand it from core to
 * core would take longer than any work on it. */
#include "core/ops/fine.h"
#include "core/ops/matmul.h"
#include "core/passes/passes.h"

enum { MOST_PIECES = 4, LEAST = 1 << 15 }; /* entries of a weight */

/* The sums of pieces are to be few beside what they are made of. */
static int64_t pieces_of(int64_t m, int64_t k) {
    for (int64_t pieces = MOST_PIECES; pieces > 1; pieces--)
        if (k % pieces == 0 && k / pieces >= 4 * m)
            return pieces;
    return 1;
}

/* A weight that the program writes. */
static bool is_trained(const ant_program *p, ant_value *v) {
    return v->kind == ANT__VARIABLE && v->variable->versioned && !ant__is_settled(p, v);
}

static int64_t wanted_pieces(const ant_program *p, const ant_op *o) {
    const ant_value *a = o->in[0], *b = o->in[1];
    if (o->dead || o->cls != &ant__matmul_class || a->dims.rank != 2 || b->dims.rank != 2 ||
        o->attrs.i[ANT__MATMUL_TA] || o->attrs.i[ANT__MATMUL_TB] || !is_trained(p, o->in[1]) ||
        ant__dims_count(&b->dims) < LEAST)
        return 1;
    return pieces_of(a->dims.dim[0], a->dims.dim[1]);
}

static bool cut(ant_program *p, int at, int64_t pieces) {
    const int first = p->ops.n;
    const ant_attrs attrs = {.i = {[ANT__MATMUL_PIECES] = pieces}};
    ant_value *parts = ant__emit(p, &ant__matmul_pieces_class, &attrs, p->ops.at[at]->in, 2, 1);
    ant_value *sum = ant_op_sum(p, parts, 1, false);
    return sum && ant__stand_in(p, at, first, sum);
}

int ant__cut_deep(ant_program *p) {
    for (int i = 0; i < p->ops.n; i++) {
        const int64_t pieces = wanted_pieces(p, p->ops.at[i]);
        if (pieces > 1 && !cut(p, i, pieces))
            return p->shared->error.code;
    }
    ant__drop_dead(p);
    return 0;
}
