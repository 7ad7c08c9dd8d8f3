/* Products of vectors, matrices and whatever has axes. */
#include "core/ops/fine.h"
#include "layers/operation/operation.h"
#include <string.h>

/* --- einsum --- */
enum { LETTERS = 52, ELLIPSIS = LETTERS }; /* labels: a … z, A … Z, then the axes of "..." */

/* Subscripts of one value: labels, and where the axes of "..." stand among them; -1: nowhere. */
typedef struct subscripts {
    int n, label[ANT_MAX_AXES], rest;
} subscripts;

static int letter(char c) {
    return c >= 'a' && c <= 'z' ? c - 'a' : c >= 'A' && c <= 'Z' ? c - 'A' + 26 : -1;
}

/* Up to a comma, "->" or the end; false where they are wrong. */
static bool read_subscripts(const char **at, subscripts *s) {
    *s = (subscripts){.rest = -1};
    for (; **at && **at != ',' && **at != '-'; (*at)++) {
        int label = letter(**at);
        if (**at == ' ')
            continue;
        if (!strncmp(*at, "...", 3) && s->rest < 0) {
            s->rest = s->n;
            *at += 2;
        } else if (label < 0 || s->n == ANT_MAX_AXES) {
            return false;
        } else {
            s->label[s->n++] = label;
        }
    }
    return true;
}

/* Labels for every axis, with `more` axes in the place of "...", counted from the last one. */
static int spread(const subscripts *s, int more, int label[ANT_MAX_AXES]) {
    int n = 0;
    for (int k = 0; k <= s->n; k++) {
        for (int i = 0; k == s->rest && i < more && n < ANT_MAX_AXES; i++)
            label[n++] = ELLIPSIS + more - 1 - i;
        if (k < s->n && n < ANT_MAX_AXES)
            label[n++] = s->label[k];
    }
    return n;
}

/* Without "->": the letters that stand once, in order, behind the axes of "...". */
static void implied(const ant_labelled *in, int n, subscripts *out) {
    int times[LETTERS] = {0};
    *out = (subscripts){.rest = 0};
    for (int k = 0; k < n; k++)
        for (int axis = 0; axis < ant_value_rank(in[k].v); axis++)
            if (in[k].label[axis] < LETTERS)
                times[in[k].label[axis]]++;
    for (int upper = 1; upper >= 0; upper--)
        for (int c = 26 * upper; c < 26 * upper + 26; c++)
            if (times[c] == 1 && out->n < ANT_MAX_AXES)
                out->label[out->n++] = c;
}

static bool label_value(ant_operands *o, int k, const char **at, ant_labelled *in, int *most) {
    char text[ANT__DIMS_TEXT];
    subscripts s;
    int rank = ant_value_rank(o->in[k]);
    bool good = read_subscripts(at, &s);
    int more = rank - s.n;
    if (!good || more < 0 || (more && s.rest < 0)) {
        ant__operation_fail(o, ANT_E_SHAPE, "subscripts '%s' do not fit value %d of shape %s",
                            o->options->subscripts, k, ant__dims_text(&o->in[k]->dims, text));
        return false;
    }
    in->v = o->in[k];
    spread(&s, more, in->label);
    *most = more > *most ? more : *most;
    return true;
}

static ant_value *bad_result(ant_operands *o) {
    return ant__operation_fail(o, ANT_E_OPTION, "the result of subscripts '%s' is wrong",
                               o->options->subscripts);
}

/* What stands behind "->", whose labels are all some value's. */
static ant_value *result_of(ant_operands *o, const char *at, ant_labelled *in, int most) {
    subscripts out;
    int label[ANT_MAX_AXES];
    bool said = at[0] == '-';
    if (!said)
        implied(in, o->n, &out);
    at += said ? 2 : 0;
    if (said && (at[-1] != '>' || !read_subscripts(&at, &out) || *at))
        return bad_result(o);
    if ((most && out.rest < 0) || out.n + (out.rest < 0 ? 0 : most) > ANT_MAX_AXES)
        return bad_result(o);
    int n = spread(&out, most, label);
    for (int k = 0; k < n; k++) {
        bool found = false;
        for (int i = 0; i < o->n; i++)
            for (int axis = 0; axis < ant_value_rank(in[i].v); axis++)
                found |= in[i].label[axis] == label[k];
        for (int i = 0; i < k; i++)
            found &= label[i] != label[k];
        if (!found)
            return bad_result(o);
    }
    return ant__contract(o, in, o->n, label, n);
}

static ant_value *einsum(ant_operands *o) {
    ant_labelled in[ANT__OPERANDS] = {0};
    const char *at = o->options->subscripts;
    int most = 0;
    for (int k = 0; k < o->n; k++) {
        if (!label_value(o, k, &at, &in[k], &most))
            return NULL;
        bool more = k < o->n - 1;
        if (more != (*at == ','))
            return ant__operation_fail(o, ANT_E_SHAPE, "subscripts '%s' for %d values",
                                       o->options->subscripts, o->n);
        at += more;
    }
    return result_of(o, at, in, most);
}

/* --- products over some axes of both values --- */
/* Axis a[k] of the first meets axis b[k] of the second; the rest stays, the first's before. */
static ant_value *over(ant_operands *o, const int *a, const int *b, int n) {
    ant_labelled in[2] = {{.v = o->in[0]}, {.v = o->in[1]}};
    int out[2 * ANT_MAX_AXES], n_out = 0, next = n;
    for (int k = 0; k < 2; k++)
        for (int axis = 0; axis < ant_value_rank(in[k].v); axis++) {
            int label = -1;
            for (int i = 0; i < n; i++)
                if ((k ? b : a)[i] == axis)
                    label = i;
            if (label < 0)
                out[n_out++] = next;
            in[k].label[axis] = label < 0 ? next++ : label;
        }
    if (n_out > ANT_MAX_AXES)
        return ant__operation_fail(o, ANT_E_SHAPE, "the result has %d axes, at most %d", n_out,
                                   ANT_MAX_AXES);
    return ant__contract(o, in, 2, out, n_out);
}

static ant_value *over_one(ant_operands *o, int a, int b) {
    a = ant__axis_of(o, o->in[0], a);
    b = a < 0 ? -1 : ant__axis_of(o, o->in[1], b);
    return b < 0 ? NULL : over(o, &a, &b, 1);
}

/* The last axes of the first and the first ones of the second, or those that are said. */
static ant_value *tensordot(ant_operands *o) {
    const ant_operation_options *k = o->options;
    int a[ANT_MAX_AXES], b[ANT_MAX_AXES];
    int n = k->axis.count ? k->axis.count : ant__int_or(k->count, 2);
    int rank = ant_value_rank(o->in[0]);
    if (k->axis.count != k->axis_2.count || n < 0 || n > ANT_MAX_AXES ||
        (k->axis.count && k->count != ANT_NONE))
        return ant__operation_fail(o, ANT_E_OPTION,
                                   "either count, or axis and axis_2 of one length");
    for (int i = 0; i < n; i++) {
        a[i] = ant__axis_of(o, o->in[0], k->axis.count ? k->axis.data[i] : rank - n + i);
        b[i] = a[i] < 0 ? -1 : ant__axis_of(o, o->in[1], k->axis.count ? k->axis_2.data[i] : i);
        if (b[i] < 0)
            return NULL;
    }
    return over(o, a, b, n);
}

static bool has_number(const ant_operands *o) {
    return !ant_value_rank(o->in[0]) || !ant_value_rank(o->in[1]);
}

static ant_value *dot(ant_operands *o) {
    if (has_number(o))
        return ant_op_mul(o->program, o->in[0], o->in[1]);
    return over_one(o, -1, ant_value_rank(o->in[1]) > 1 ? -2 : -1);
}

static ant_value *inner(ant_operands *o) {
    return has_number(o) ? ant_op_mul(o->program, o->in[0], o->in[1]) : over_one(o, -1, -1);
}

static ant_value *vdot(ant_operands *o) {
    for (int k = 0; k < 2; k++)
        o->in[k] = ant__flat(o->program, o->in[k]);
    return over_one(o, 0, 0);
}

static ant_value *outer(ant_operands *o) {
    ant_value *left = ant_op_expand(o->program, ant__flat(o->program, o->in[0]), 1);
    return ant_op_mul(o->program, left, ant__flat(o->program, o->in[1]));
}

/* A vector is a row on the left, a column on the right; that axis goes again. */
static ant_value *matmul(ant_operands *o) {
    ant_program *p = o->program;
    int dtype = ant_value_dtype(o->in[0]);
    bool row = ant_value_rank(o->in[0]) == 1, column = ant_value_rank(o->in[1]) == 1;
    ant_value *a = ant_op_real(p, o->in[0]), *b = ant_op_real(p, o->in[1]);
    if (row)
        a = ant_op_expand(p, a, 0);
    if (column)
        b = ant_op_expand(p, b, 1);
    ant_value *y = ant_op_matmul(p, a, b, false, false);
    if (column)
        y = ant_op_squeeze(p, y, -1);
    if (row)
        y = ant_op_squeeze(p, y, column ? -1 : -2);
    return ant_op_cast(p, y, dtype);
}

/* --- others --- */
/* Component k of vectors along the last axis; 0 where it is missing. */
static ant_value *component(ant_program *p, ant_value *v, int k) {
    if (ant_value_size(v, -1) == k)
        return ant_op_scale(p, ant_op_slice(p, v, -1, 0, 1, 1), 0);
    return ant_op_slice(p, v, -1, k, 1, 1);
}

static ant_value *cross_part(ant_program *p, ant_value *a, ant_value *b, int k) {
    int i = (k + 1) % 3, j = (k + 2) % 3;
    return ant_op_sub(p, ant_op_mul(p, component(p, a, i), component(p, b, j)),
                      ant_op_mul(p, component(p, a, j), component(p, b, i)));
}

/* Value k with its vectors along the last axis; NULL where they are not of 2 or 3 numbers. */
static ant_value *vectors(ant_operands *o, int k) {
    int axis = ant__axis_said(o, o->in[k], -1);
    int64_t size = axis < 0 ? 0 : ant_value_size(o->in[k], axis);
    if (axis >= 0 && (size == 0 || size == 1 || size > 3))
        return ant__operation_fail(o, ANT_E_SHAPE, "vectors of %lld numbers, must be 2 or 3",
                                   (long long)size);
    return axis < 0 ? NULL
                    : ant__move_axis(o->program, o->in[k], axis, ant_value_rank(o->in[k]) - 1);
}

/* The third component alone where both lie in a plane. */
static ant_value *cross(ant_operands *o) {
    ant_program *p = o->program;
    ant_value *a = vectors(o, 0), *b = a ? vectors(o, 1) : NULL, *part[3];
    if (!b)
        return NULL;
    if (ant_value_size(a, -1) == 2 && ant_value_size(b, -1) == 2)
        return ant_op_squeeze(p, cross_part(p, a, b, 2), -1);
    for (int k = 0; k < 3; k++)
        part[k] = cross_part(p, a, b, k);
    ant_value *y = ant_op_concat(p, part, 3, -1);
    return y ? ant__move_axis(p, y, ant_value_rank(y) - 1, ant__axis_said(o, y, -1)) : NULL;
}

/* Distances between all rows of two matrices. */
static ant_value *cdist(ant_operands *o) {
    ant_program *p = o->program;
    ant_value *a = ant_op_expand(p, o->in[0], -2), *b = ant_op_expand(p, o->in[1], -3);
    ant_value *square = ant_op_square(p, ant_op_sub(p, a, b));
    return ant_op_sqrt(p, ant_op_sum(p, square, ANT_LAST, false));
}

/* Every axis of the one beside that of the other. */
static ant_value *kron(ant_operands *o) {
    ant_program *p = o->program;
    ant_dims wide[2], joint = {.rank = 0};
    int rank = 0;
    for (int k = 0; k < 2; k++)
        rank = ant_value_rank(o->in[k]) > rank ? ant_value_rank(o->in[k]) : rank;
    if (2 * rank > ANT_MAX_AXES)
        return ant__operation_fail(o, ANT_E_SHAPE, "%d axes, at most %d", rank, ANT_MAX_AXES / 2);
    for (int k = 0; k < 2; k++) {
        wide[k].rank = 2 * rank;
        int first = rank - ant_value_rank(o->in[k]);
        for (int axis = 0; axis < rank; axis++) {
            wide[k].dim[2 * axis + k] = axis < first ? 1 : ant_value_size(o->in[k], axis - first);
            wide[k].dim[2 * axis + !k] = 1;
        }
    }
    for (int axis = 0; axis < rank; axis++) {
        int64_t a = wide[0].dim[2 * axis], b = wide[1].dim[2 * axis + 1];
        joint.dim[joint.rank++] = b < 0 ? -1 : ant__times(a, b);
    }
    ant_value *y = ant_op_mul(p, ant__reshape_to(p, o->in[0], &wide[0]),
                              ant__reshape_to(p, o->in[1], &wide[1]));
    return ant__reshape_to(p, y, &joint);
}

/* --- the table --- */
#define PRODUCT(title, f)                                                                          \
    { .name = title, .values = "x1 x2", .types = ANT__TO_ONE_NUMBER, .write = f }

static const ant_operation rows[] = {
    {.name = "einsum",
     .values = "xs*",
     .must = "subscripts",
     .types = ANT__TO_ONE_NUMBER,
     .write = einsum},
    {.name = "tensordot",
     .values = "x1 x2",
     .takes = "count axis axis_2",
     .axes = -1,
     .types = ANT__TO_ONE_NUMBER,
     .write = tensordot},
    PRODUCT("matmul", matmul),
    PRODUCT("dot", dot),
    PRODUCT("inner", inner),
    PRODUCT("vdot", vdot),
    PRODUCT("outer", outer),
    PRODUCT("kron", kron),
    {.name = "cross",
     .values = "x1 x2",
     .takes = "axis",
     .types = ANT__TO_ONE_NUMBER,
     .write = cross},
    {.name = "cdist", .values = "x1 x2", .types = ANT__TO_REAL, .write = cdist},
};
ANT__OPERATIONS(ant__product_operations, rows);
