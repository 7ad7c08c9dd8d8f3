/* Regularizers: scalars written in ops. */
#include "antler/regularizers.h"
#include "layers/layer.h"
#include <string.h>

ant_value *ant__regularizer_write(ant_context *c, ant_program *p, const char *text, ant_value *x) {
    ant_part part;
    if (!ant__part_read(c, ANT_REGULARIZER, text, &part))
        return NULL;
    const ant_writer_class *impl = part.cls->impl;
    return impl->write(p, &part, x);
}

static ant_value *sum_abs(ant_program *p, ant_value *x, double factor) {
    return ant_op_scale(p, ant_op_sum(p, ant_op_abs(p, x), ANT_ALL_AXES, false), factor);
}

static ant_value *sum_square(ant_program *p, ant_value *x, double factor) {
    return ant_op_scale(p, ant_op_sum(p, ant_op_square(p, x), ANT_ALL_AXES, false), factor);
}

static ant_value *l1(ant_program *p, const ant_part *part, ant_value *x) {
    return sum_abs(p, x, ANT__PART_OPTIONS(l1, part)->l1);
}

static ant_value *l2(ant_program *p, const ant_part *part, ant_value *x) {
    return sum_square(p, x, ANT__PART_OPTIONS(l2, part)->l2);
}

static ant_value *l1_l2(ant_program *p, const ant_part *part, ant_value *x) {
    const ant_l1_l2_options *o = part->options;
    if (o->l1 == 0)
        return sum_square(p, x, o->l2);
    if (o->l2 == 0)
        return sum_abs(p, x, o->l1);
    return ant_op_add(p, sum_abs(p, x, o->l1), sum_square(p, x, o->l2));
}

/* Vectors of length 1 along an axis; those shorter than 1e-7 are only made longer. */
static ant_value *normalize(ant_program *p, ant_value *x, int axis) {
    ant_value *square = ant_op_sum(p, ant_op_square(p, x), ANT_AXIS(axis), true);
    ant_value *most = ant_op_number(p, 1e7);
    return ant_op_mul(p, x, ant_op_minimum(p, ant_op_rsqrt(p, square), most));
}

/* 1 everywhere but on the diagonal. */
static ant_value *off_diagonal(ant_program *p, int64_t n) {
    ant_value *row = ant_op_cumsum(p, ant_op_fill(p, &n, 1, 1), 0);
    return ant_op_real(p, ant_op_not_equal(p, ant_op_expand(p, row, 0), ant_op_expand(p, row, 1)));
}

static ant_value *orthogonal(ant_program *p, const ant_part *part, ant_value *x) {
    const ant_orthogonal_regularizer_options *o = part->options;
    char shape[ANT__DIMS_TEXT];
    if (!x)
        return NULL;
    if (x->dims.rank != 2) {
        ant__fail(ant__program_error(p), ANT_E_SHAPE,
                  "OrthogonalRegularizer: takes weights of two axes, got %s",
                  ant__dims_text(&x->dims, shape));
        return NULL;
    }
    bool rows = !strcmp(o->mode, "rows");
    int64_t n = x->dims.dim[rows ? 0 : 1];
    ant_value *unit = normalize(p, x, rows ? 1 : 0);
    ant_value *cosines = ant_op_abs(p, ant_op_matmul(p, unit, unit, !rows, rows));
    ant_value *sum = ant_op_sum(p, ant_op_mul(p, cosines, off_diagonal(p, n)), ANT_ALL_AXES, false);
    return ant_op_scale(p, sum, o->factor / ((double)n * (double)(n - 1))); /* each pair twice */
}

static const ant_row l1_rows[] = {
    ANT__ROW(l1, l1, "factor of the absolute values", ANT__AT_LEAST(0)),
    ANT__PART_ROWS(l1),
};
static const ant_row l2_rows[] = {
    ANT__ROW(l2, l2, "factor of the squares", ANT__AT_LEAST(0)),
    ANT__PART_ROWS(l2),
};
static const ant_row l1_l2_rows[] = {
    ANT__ROW(l1_l2, l1, "factor of the absolute values", ANT__AT_LEAST(0)),
    ANT__ROW(l1_l2, l2, "factor of the squares", ANT__AT_LEAST(0)),
    ANT__PART_ROWS(l1_l2),
};
static const ant_row orthogonal_regularizer_rows[] = {
    ANT__ROW(orthogonal_regularizer, factor, "factor of the mean cosine", ANT__AT_LEAST(0)),
    ANT__ROW(orthogonal_regularizer, mode, "what is compared", .words = "rows columns"),
    ANT__PART_ROWS(orthogonal_regularizer),
};

#define REGULARIZER(Name, T, U, f)                                                                 \
    ANT__CLASS(Name, T, U, ANT_REGULARIZER, &(const ant_writer_class){f})

static const ant_class classes[] = {
    REGULARIZER(L1, l1, L1, l1),
    REGULARIZER(L2, l2, L2, l2),
    REGULARIZER(L1L2, l1_l2, L1_L2, l1_l2),
    REGULARIZER(OrthogonalRegularizer, orthogonal_regularizer, ORTHOGONAL_REGULARIZER, orthogonal),
};

const ant_family ant__regularizers_family = ANT__FAMILY("regularizers", classes);
