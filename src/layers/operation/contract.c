/* Products of values whose axes have labels: axes of one label are multiplied entry by entry, and
 * summed where the result does not have the label. Two values become one matrix product. */
#include "core/ops/fine.h"
#include "layers/operation/operation.h"

/* Labels are below LABELS, so that as many different ones have room. */
enum { LABELS = 64 };
typedef struct labels {
    int n, label[LABELS];
} labels;

static bool has(const labels *l, int label) {
    for (int k = 0; k < l->n; k++)
        if (l->label[k] == label)
            return true;
    return false;
}

static void push(labels *l, int label) {
    if (!has(l, label))
        l->label[l->n++] = label;
}

static labels labels_of(const ant_labelled *x) {
    labels l = {.n = 0};
    for (int k = 0; k < ant_value_rank(x->v); k++)
        push(&l, x->label[k]);
    return l;
}

static int place_of(const ant_labelled *x, int label) {
    for (int k = 0; k < ant_value_rank(x->v); k++)
        if (x->label[k] == label)
            return k;
    return -1;
}

/* --- one value --- */
ant_value *ant__diagonal(ant_program *p, ant_value *v, int axis1, int axis2, int64_t offset) {
    if (!v)
        return NULL;
    int order[ANT_MAX_AXES], n = 0, rank = v->dims.rank;
    for (int k = 0; k < rank; k++)
        if (k != axis1 && k != axis2)
            order[n++] = k;
    order[n] = axis1;
    order[n + 1] = axis2;
    v = ant_op_transpose(p, v, order);
    if (!v)
        return NULL;
    int64_t rows = v->dims.dim[n], columns = v->dims.dim[n + 1];
    int64_t down = offset < 0 ? -offset : 0, right = offset > 0 ? offset : 0;
    int64_t height = rows - down, width = columns - right, size = height < width ? height : width;
    ant_dims flat = v->dims;
    flat.rank = rank - 1;
    flat.dim[n] = columns < 0 ? -1 : ant__times(rows, columns);
    v = ant__reshape_to(p, v, &flat);
    if (flat.dim[n] < 0)
        return ant_op_slice(p, v, n, 0, -1, 1);
    return ant_op_slice(p, v, n, size > 0 ? down * columns + right : 0, size > 0 ? size : 0,
                        columns + 1);
}

/* Axes that share a label become one. */
static void join_repeated(ant_program *p, ant_labelled *x) {
    for (int k = 0; k < ant_value_rank(x->v); k++) {
        int first = place_of(x, x->label[k]), label = x->label[k], n = 0;
        if (first == k)
            continue;
        for (int i = 0; i < ant_value_rank(x->v); i++)
            if (i != first && i != k)
                x->label[n++] = x->label[i];
        x->label[n] = label;
        x->v = ant__diagonal(p, x->v, first, k, 0);
        k = -1;
    }
}

/* Sums over the axes whose labels are not wanted. */
static void sum_others(ant_program *p, ant_labelled *x, const labels *wanted) {
    unsigned axes = 0;
    int n = 0, rank = ant_value_rank(x->v);
    for (int k = 0; k < rank; k++)
        if (has(wanted, x->label[k]))
            x->label[n++] = x->label[k];
        else
            axes |= ANT_AXIS(k);
    if (axes)
        x->v = ant_op_sum(p, x->v, axes, false);
}

/* Axes in the order of the labels, of which the value has all. */
static ant_value *ordered(ant_program *p, const ant_labelled *x, const labels *l) {
    int order[ANT_MAX_AXES] = {0};
    for (int k = 0; k < l->n && x->v; k++)
        order[k] = place_of(x, l->label[k]);
    return ant_op_transpose(p, x->v, order);
}

/* --- two values --- */
/* Labels by where they stand: in both values and kept, in both and summed, in one alone. */
typedef struct pairing {
    labels batch, sum, left, right;
} pairing;

static pairing pair_labels(const ant_labelled *a, const ant_labelled *b, const labels *wanted) {
    pairing q = {.batch = {.n = 0}};
    labels of_b = labels_of(b);
    for (int k = 0; k < ant_value_rank(a->v); k++) {
        int label = a->label[k];
        push(!has(&of_b, label) ? &q.left : has(wanted, label) ? &q.batch : &q.sum, label);
    }
    for (int k = 0; k < of_b.n; k++)
        if (place_of(a, of_b.label[k]) < 0)
            push(&q.right, of_b.label[k]);
    return q;
}

static labels joined(const labels *a, const labels *b, const labels *c) {
    labels l = *a;
    for (int k = 0; k < b->n; k++)
        push(&l, b->label[k]);
    for (int k = 0; c && k < c->n; k++)
        push(&l, c->label[k]);
    return l;
}

/* (batch …, rows, columns), each of them all of a group of axes. */
static ant_value *as_matrices(ant_program *p, const ant_labelled *x, const pairing *q,
                              const labels *rows, const labels *columns) {
    labels order = joined(&q->batch, rows, columns);
    ant_value *v = ordered(p, x, &order);
    if (!v)
        return NULL;
    ant_dims dims = {.rank = q->batch.n + 2};
    for (int k = 0; k < q->batch.n; k++)
        dims.dim[k] = v->dims.dim[k];
    int middle = q->batch.n + rows->n;
    dims.dim[dims.rank - 2] = ant__dims_span(&v->dims, q->batch.n, middle);
    dims.dim[dims.rank - 1] = ant__dims_span(&v->dims, middle, v->dims.rank);
    return ant__reshape_to(p, v, &dims);
}

/* The groups of axes of a matrix product apart again. */
static void apart(ant_program *p, ant_labelled *y, const ant_labelled *a, const ant_labelled *b,
                  const pairing *q) {
    ant_dims dims = {.rank = 0};
    labels all = joined(&q->batch, &q->left, &q->right);
    for (int k = 0; k < all.n && y->v; k++) {
        const ant_labelled *from = k < q->batch.n + q->left.n ? a : b;
        y->label[k] = all.label[k];
        dims.dim[dims.rank++] =
            k < q->batch.n ? y->v->dims.dim[k] : from->v->dims.dim[place_of(from, all.label[k])];
    }
    if (y->v)
        y->v = ant__reshape_to(p, y->v, &dims);
}

/* Nothing to sum: entry by entry, each value with axes of size 1 for the other's own. */
static void multiply(ant_program *p, ant_labelled *y, const ant_labelled *a, const ant_labelled *b,
                     const pairing *q) {
    labels all = joined(&q->batch, &q->left, &q->right);
    labels of_a = joined(&q->batch, &q->left, NULL), of_b = joined(&q->batch, &q->right, NULL);
    ant_value *left = ordered(p, a, &of_a), *right = ordered(p, b, &of_b);
    for (int k = 0; k < q->right.n; k++)
        left = ant_op_expand(p, left, -1);
    for (int k = 0; k < q->left.n; k++)
        right = ant_op_expand(p, right, q->batch.n);
    y->v = ant_op_mul(p, left, right);
    for (int k = 0; k < all.n; k++)
        y->label[k] = all.label[k];
}

static ant_labelled product(ant_operands *o, ant_labelled *a, ant_labelled *b,
                            const labels *wanted) {
    ant_program *p = o->program;
    labels in_a = labels_of(a), in_b = labels_of(b);
    labels keeps_a = joined(wanted, &in_b, NULL), keeps_b = joined(wanted, &in_a, NULL);
    ant_labelled y = {.v = NULL};
    sum_others(p, a, &keeps_a);
    sum_others(p, b, &keeps_b);
    if (!a->v || !b->v)
        return y;
    pairing q = pair_labels(a, b, wanted);
    if (q.batch.n + q.left.n + q.right.n > ANT_MAX_AXES || q.batch.n + 2 > ANT_MAX_AXES) {
        ant__operation_fail(o, ANT_E_SHAPE, "a product has more than %d axes", ANT_MAX_AXES);
        return y;
    }
    if (q.sum.n) {
        y.v = ant_op_matmul(p, as_matrices(p, a, &q, &q.left, &q.sum),
                            as_matrices(p, b, &q, &q.sum, &q.right), false, false);
        apart(p, &y, a, b, &q);
    } else {
        multiply(p, &y, a, b, &q);
    }
    return y;
}

/* --- all values, from left to right --- */
/* What the product of values 0 … k must keep: the result's labels and those of later values. */
static labels wanted_after(const ant_labelled *in, int k, int n, const labels *out) {
    labels l = *out;
    for (int i = k + 1; i < n; i++)
        for (int axis = 0; axis < ant_value_rank(in[i].v); axis++)
            push(&l, in[i].label[axis]);
    return l;
}

ant_value *ant__contract(ant_operands *o, ant_labelled *in, int n, const int *out, int n_out) {
    ant_program *p = o->program;
    labels result = {.n = n_out};
    int dtype = ant_value_dtype(in[0].v);
    for (int k = 0; k < n_out; k++)
        result.label[k] = out[k];
    for (int k = 0; k < n; k++) {
        in[k].v = ant_op_real(p, in[k].v);
        join_repeated(p, &in[k]);
    }
    ant_labelled y = in[0];
    for (int k = 1; k < n && y.v; k++) {
        labels wanted = wanted_after(in, k, n, &result);
        y = product(o, &y, &in[k], &wanted);
    }
    sum_others(p, &y, &result);
    return ant_op_cast(p, ordered(p, &y, &result), dtype);
}
