/* What all losses share: shapes, masks, weights, reduction. */
#include "train/loss.h"
#include "core/options/option.h"
#include <string.h>

/* --- shapes --- */
static bool last_is_one(const ant_value *v) {
    return v->dims.rank > 0 && v->dims.dim[v->dims.rank - 1] == 1;
}

/* The longer of the two loses its last axis of 1, or the shorter of rank 1 gets one. */
static void align_longer(ant_program *p, ant_value **longer, ant_value **shorter) {
    if (!last_is_one(*longer))
        return;
    if ((*shorter)->dims.rank == 1)
        *shorter = ant_op_expand(p, *shorter, -1);
    else
        *longer = ant_op_squeeze(p, *longer, -1);
}

void ant__align(ant_program *p, ant_value **a, ant_value **b) {
    if (*a == NULL || *b == NULL)
        return;
    if ((*a)->dims.rank == (*b)->dims.rank + 1)
        align_longer(p, a, b);
    else if ((*b)->dims.rank == (*a)->dims.rank + 1)
        align_longer(p, b, a);
}

/* Whether sizes agree where both are known. */
static bool sizes_fit(const ant_dims *a, const ant_dims *b, int n) {
    for (int k = 0; k < n; k++)
        if (a->dim[k] != b->dim[k] && a->dim[k] >= 0 && b->dim[k] >= 0)
            return false;
    return true;
}

static void misfit(ant_program *p, const char *who, const ant_value *t, const ant_value *y,
                   const char *wanted) {
    char a[ANT__DIMS_TEXT], b[ANT__DIMS_TEXT];
    ant__fail(ant__program_error(p), ANT_E_SHAPE, "%s: target %s does not fit output %s, %s", who,
              ant__dims_text(&t->dims, a), ant__dims_text(&y->dims, b), wanted);
}

bool ant__align_equal(ant_program *p, const char *who, ant_value **target, ant_value **output) {
    ant_value *t = ant_op_real(p, *target), *y = ant_op_real(p, *output);
    if (t == NULL || y == NULL)
        return false;
    ant__align(p, &t, &y);
    if (t == NULL || y == NULL)
        return false;
    if (t->dims.rank != y->dims.rank || !sizes_fit(&t->dims, &y->dims, t->dims.rank)) {
        misfit(p, who, *target, *output, "they must have the same shape");
        return false;
    }
    *target = t;
    *output = y;
    return true;
}

ant_value *ant__labels(ant_program *p, const char *who, ant_value *target, ant_value *output) {
    if (target == NULL || output == NULL)
        return NULL;
    ant_value *t = target;
    if (t->dims.rank == output->dims.rank && last_is_one(t))
        t = ant_op_squeeze(p, t, -1);
    if (t && (t->dims.rank != output->dims.rank - 1 ||
              !sizes_fit(&t->dims, &output->dims, t->dims.rank))) {
        misfit(p, who, target, output, "it must have one class where the output has a row of them");
        return NULL;
    }
    return ant_op_cast(p, t, ANT_INT32);
}

ant_class_kind ant__class_kind(const ant_value *target, const ant_value *output) {
    if (last_is_one(output))
        return ANT__BINARY;
    return target->dims.rank < output->dims.rank || last_is_one(target) ? ANT__SPARSE
                                                                        : ANT__CATEGORICAL;
}

/* --- numbers --- */
ant_value *ant__divide_no_nan(ant_program *p, ant_value *x, ant_value *y) {
    ant_value *zero = ant_op_number(p, 0), *one = ant_op_number(p, 1);
    ant_value *none = ant_op_equal(p, y, zero);
    return ant_op_where(p, none, zero, ant_op_div(p, x, ant_op_where(p, none, one, y)));
}

ant_value *ant__count(ant_program *p, const ant_value *x) {
    int64_t n = x ? ant__dims_count(&x->dims) : 0;
    return ant_op_number(p, n < 0 ? 1 : (double)n);
}

static ant_value *total(ant_program *p, ant_value *x) {
    return ant_op_sum(p, x, ANT_ALL_AXES, false);
}

ant_value *ant__logits_of(ant_value *output, bool softmax) {
    const ant_op *o = output ? output->from : NULL;
    if (o == NULL || strcmp(o->cls->name, softmax ? "softmax" : "sigmoid") != 0)
        return NULL;
    return o->in[0];
}

/* --- weights and masks --- */
static bool is_mean(const char *reduction) {
    return strcmp(reduction, "sum_over_batch_size") == 0 || strcmp(reduction, "mean") == 0;
}

/* What a mask means as a weight: for the means, total / valid on the entries that count, so that
 * dividing by all entries divides by those. */
static ant_value *mask_weight(ant_program *p, ant_value *mask, const char *reduction) {
    ant_value *w = ant_op_real(p, mask);
    if (!is_mean(reduction))
        return w;
    return ant_op_mul(p, w, ant__divide_no_nan(p, ant__count(p, w), total(p, w)));
}

static ant_value *merge_masks(ant_program *p, ant_value *a, ant_value *b) {
    return a && b ? ant_op_logical_and(p, a, b) : a ? a : b;
}

/* Axes of 1 behind a weight of fewer axes than the values, so that it broadcasts from the front. */
static ant_value *to_rank(ant_program *p, ant_value *w, int rank) {
    while (w && w->dims.rank < rank)
        w = ant_op_expand(p, w, -1);
    return w;
}

static ant_value *weigh(ant_program *p, ant_value *values, ant_value **weight) {
    ant__align(p, &values, weight);
    if (values == NULL || *weight == NULL)
        return NULL;
    ant_dims joined = values->dims;
    ant_value *w = to_rank(p, *weight, values->dims.rank);
    if (w && (!ant__dims_broadcast(&joined, &w->dims) || joined.rank != values->dims.rank)) {
        char a[ANT__DIMS_TEXT], b[ANT__DIMS_TEXT];
        ant__fail(ant__program_error(p), ANT_E_SHAPE,
                  "sample weights %s do not fit the loss's values %s",
                  ant__dims_text(&(*weight)->dims, a), ant__dims_text(&values->dims, b));
        return NULL;
    }
    *weight = w;
    return ant_op_mul(p, values, w);
}

/* --- reduction --- */
/* Sum over count; 0 where there is nothing. */
static ant_value *mean_of(ant_program *p, ant_value *values) {
    bool empty = values && ant__dims_count(&values->dims) == 0;
    return empty ? total(p, values) : ant_op_mean(p, values, ANT_ALL_AXES, false);
}

static ant_loss_result reduce(ant_program *p, const char *reduction, ant_value *values,
                              ant_value *weight) {
    ant_loss_result r;
    if (is_mean(reduction) || (values && values->dims.rank == 0))
        r.total = r.shown = mean_of(p, values);
    else
        r.total = r.shown = total(p, values);
    if (strcmp(reduction, "mean_with_sample_weight") == 0)
        r.total = r.shown =
            weight ? ant__divide_no_nan(p, r.total, total(p, weight)) : mean_of(p, values);
    if (strcmp(reduction, "none") == 0)
        r.shown = mean_of(p, values);
    return r;
}

int ant__loss_read(ant_context *c, const char *text, ant_loss *out) {
    out->reduction = "sum_over_batch_size";
    if (!ant__part_read(c, ANT_LOSS, text, &out->part))
        return c->error.code;
    const ant_row *row = ant__row_find(out->part.cls, "reduction");
    if (row)
        memcpy(&out->reduction, (const char *)out->part.options + row->offset, sizeof(char *));
    if (out->reduction == NULL)
        out->reduction = "none";
    return 0;
}

ant_value *ant__loss_values(ant_loss_call *c) {
    const ant_loss_class *cls = c->cls->impl;
    if (cls->write)
        return cls->write(c->program, cls->data, (ant_value *const[]){c->target, c->output, NULL});
    if (cls->labels)
        c->target = ant__labels(c->program, c->cls->name, c->target, c->output);
    else if (!cls->any_target &&
             !ant__align_equal(c->program, c->cls->name, &c->target, &c->output))
        return NULL;
    return c->target && c->output ? cls->values(c) : NULL;
}

ant_loss_result ant__loss_write(ant_program *p, const ant_loss *loss, ant_value *target,
                                ant_value *output, ant_value *weight, ant_value *mask) {
    ant_loss_call c = {.program = p,
                       .cls = loss->part.cls,
                       .options = loss->part.options,
                       .target = target,
                       .output = output};
    ant_value *values = ant__loss_values(&c);
    mask = merge_masks(p, mask, c.mask);
    if (mask) {
        ant_value *m = mask_weight(p, mask, loss->reduction);
        ant__align(p, &m, &weight);
        if (m && weight)
            m = to_rank(p, m, weight->dims.rank), weight = to_rank(p, weight, m->dims.rank);
        weight = weight ? ant_op_mul(p, weight, m) : m;
    }
    if (weight)
        values = weigh(p, values, &weight);
    return reduce(p, loss->reduction, values, weight);
}
