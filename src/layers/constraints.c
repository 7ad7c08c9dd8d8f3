/* Constraints: values written in ops. */
#include "antler/constraints.h"
#include "layers/layer.h"

ant_value *ant__constraint_write(ant_context *c, ant_program *p, const char *text, ant_value *x) {
    ant_part part;
    if (!ant__part_read(c, ANT_CONSTRAINT, text, &part))
        return NULL;
    const ant_writer_class *impl = part.cls->impl;
    return impl->write(p, &part, x);
}

static ant_value *non_neg(ant_program *p, const ant_part *part, ant_value *w) {
    (void)part;
    return ant_op_maximum(p, w, ant_op_number(p, 0));
}

/* NULL and an error where w has no such axis. */
static ant_value *norm(ant_program *p, const ant_part *part, ant_value *w, ant_size axis) {
    int n = ant__size_count(axis);
    unsigned axes = 0;
    if (!w)
        return NULL;
    for (int k = 0; k < (n ? n : 1); k++) {
        int found = ant__axis(ant__size_at(axis, k), w->dims.rank);
        char shape[ANT__DIMS_TEXT];
        if (found < 0) {
            ant__fail(ant__program_error(p), ANT_E_SHAPE, "%s: no axis %d in %s", part->cls->name,
                      ant__size_at(axis, k), ant__dims_text(&w->dims, shape));
            return NULL;
        }
        axes |= ANT_AXIS(found);
    }
    return ant_op_sqrt(p, ant_op_sum(p, ant_op_square(p, w), axes, true));
}

/* w whose norm is `length` now. */
static ant_value *rescale(ant_program *p, ant_value *w, ant_value *is, ant_value *length) {
    return ant_op_mul(p, w, ant_op_div(p, length, ant_op_shift(p, is, 1e-7)));
}

static ant_value *max_norm(ant_program *p, const ant_part *part, ant_value *w) {
    const ant_max_norm_options *o = part->options;
    ant_value *is = norm(p, part, w, o->axis);
    return rescale(p, w, is, ant_op_clip(p, is, 0, o->max_value));
}

static ant_value *unit_norm(ant_program *p, const ant_part *part, ant_value *w) {
    ant_value *is = norm(p, part, w, ANT__PART_OPTIONS(unit_norm, part)->axis);
    return ant_op_div(p, w, ant_op_shift(p, is, 1e-7));
}

static ant_value *min_max_norm(ant_program *p, const ant_part *part, ant_value *w) {
    const ant_min_max_norm_options *o = part->options;
    ant_value *is = norm(p, part, w, o->axis);
    ant_value *inside = ant_op_clip(p, is, o->min_value, o->max_value);
    ant_value *length =
        ant_op_add(p, ant_op_scale(p, inside, o->rate), ant_op_scale(p, is, 1 - o->rate));
    return rescale(p, w, is, length);
}

#define AXIS_ROW(T) ANT__ROW(T, axis, "along which the norm is taken")
static const ant_row max_norm_rows[] = {
    ANT__ROW(max_norm, max_value, "largest norm", ANT__AT_LEAST(0)),
    AXIS_ROW(max_norm),
    ANT__PART_ROWS(max_norm),
};
static const ant_row unit_norm_rows[] = {AXIS_ROW(unit_norm), ANT__PART_ROWS(unit_norm)};
static const ant_row min_max_norm_rows[] = {
    ANT__ROW(min_max_norm, min_value, "smallest norm", ANT__AT_LEAST(0)),
    ANT__ROW(min_max_norm, max_value, "largest norm", ANT__AT_LEAST(0)),
    ANT__ROW(min_max_norm, rate, "how far it goes to the limit", ANT__BETWEEN(0, 1)),
    AXIS_ROW(min_max_norm),
    ANT__PART_ROWS(min_max_norm),
};

#define WRITER(f)                                                                                  \
    &(const ant_writer_class) {                                                                    \
        f                                                                                          \
    }

static const ant_class classes[] = {
    ANT__CLASS(MaxNorm, max_norm, MAX_NORM, ANT_CONSTRAINT, WRITER(max_norm)),
    ANT__CLASS(UnitNorm, unit_norm, UNIT_NORM, ANT_CONSTRAINT, WRITER(unit_norm)),
    ANT__CLASS(MinMaxNorm, min_max_norm, MIN_MAX_NORM, ANT_CONSTRAINT, WRITER(min_max_norm)),
    {.name = "NonNeg", .kind = ANT_CONSTRAINT, .impl = WRITER(non_neg)},
};

const ant_family ant__constraints_family = ANT__FAMILY("constraints", classes);
