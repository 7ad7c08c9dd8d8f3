/* What the op files share. */
#include "core/ops/fine.h"
#include "core/program/inside.h"

ant_value *ant__emit1(ant_program *p, const ant_op_class *cls, const ant_attrs *attrs,
                      ant_value *a) {
    return ant__emit(p, cls, attrs, &a, 1, 1);
}

ant_value *ant__emit2(ant_program *p, const ant_op_class *cls, const ant_attrs *attrs, ant_value *a,
                      ant_value *b) {
    ant_value *in[] = {a, b};
    return ant__emit(p, cls, attrs, in, 2, 1);
}

int ant__misfit(const ant_op *o, const char *what, const ant_value *a, const ant_value *b) {
    char at[ANT__DIMS_TEXT], bt[ANT__DIMS_TEXT];
    return ant__op_fail(o, "%s: shapes %s and %s", what, ant__dims_text(&a->dims, at),
                        ant__dims_text(&b->dims, bt));
}

int ant__infer_like(ant_op *o) {
    o->out[0]->dtype = o->in[0]->dtype;
    o->out[0]->dims = o->in[0]->dims;
    return 0;
}

void ant__put_dims(ant_attrs *attrs, int at, const ant_dims *dims) {
    attrs->i[at] = dims->rank;
    for (int k = 0; k < dims->rank; k++)
        attrs->i[at + 1 + k] = dims->dim[k];
}

ant_dims ant__get_dims(const ant_attrs *attrs, int at) {
    ant_dims dims = {.rank = (int)attrs->i[at]};
    for (int k = 0; k < dims.rank; k++)
        dims.dim[k] = attrs->i[at + 1 + k];
    return dims;
}

bool ant__scalar_of(const ant_value *v, double *x) {
    if (v->kind != ANT__CONST || ant__dims_count(&v->dims) != 1)
        return false;
    switch (v->dtype) {
    case ANT_FLOAT32:
        *x = (double)*(const float *)v->data;
        return true;
    case ANT_FLOAT64:
        *x = *(const double *)v->data;
        return true;
    default:
        return false;
    }
}

int ant__op_axis(ant_program *p, const char *op, const ant_value *a, int axis) {
    int k = ant__axis(axis, a->dims.rank);
    char text[ANT__DIMS_TEXT];
    if (k < 0)
        ant__fail(ant__program_error(p), ANT_E_SHAPE, "%s: no axis %d in shape %s", op, axis,
                  ant__dims_text(&a->dims, text));
    return k;
}

int64_t ant__times(int64_t size, int64_t times) {
    if (size < 0)
        return -1;
    return size && times > INT64_MAX / size ? INT64_MAX : size * times;
}

int64_t ant__cells(int64_t total, int64_t entries) {
    int64_t cells = total / entries;
    return cells > 0 ? cells : 1;
}

/* --- looking at a value --- */
int ant_value_rank(const ant_value *v) {
    return v ? v->dims.rank : 0;
}

int64_t ant_value_size(const ant_value *v, int axis) {
    int k = v ? ant__axis(axis, v->dims.rank) : -1;
    return k < 0 ? -1 : v->dims.dim[k];
}

int ant_value_dtype(const ant_value *v) {
    return v ? v->dtype : 0;
}

/* --- constants --- */
/* Ints are cut to what they can hold. */
static void put_number(ant_value *v, int64_t i, double x) {
    if (v->dtype == ANT_FLOAT32)
        ((float *)v->data)[i] = (float)x;
    else if (v->dtype == ANT_FLOAT64)
        ((double *)v->data)[i] = x;
    else if (v->dtype == ANT_BOOL)
        ((bool *)v->data)[i] = x != 0;
    else if (v->dtype == ANT_INT32)
        ((int32_t *)v->data)[i] = !(x > INT32_MIN) ? INT32_MIN
                                  : x >= INT32_MAX ? INT32_MAX
                                                   : (int32_t)x;
    else
        ((int64_t *)v->data)[i] = !(x > -0x1p63) ? INT64_MIN : x >= 0x1p63 ? INT64_MAX : (int64_t)x;
}

ant_value *ant__constant(ant_program *p, int dtype, const ant_dims *dims, const double *x) {
    if (ant__program_dead(p))
        return NULL;
    ant_value *v = ant__constant_new(p, ant__dtype_real(dtype) ? p->real : dtype, dims);
    int64_t n = v ? ant__dims_count(dims) : 0;
    for (int64_t i = 0; i < n; i++)
        put_number(v, i, x[i]);
    return v;
}

ant_value *ant_op_number(ant_program *p, double x) {
    return ant__constant(p, ANT_FLOAT32, &ANT__SCALAR, &x);
}

ant_value *ant__int_number(ant_program *p, int64_t x) {
    ant_value *v = ant__program_dead(p) ? NULL : ant__constant_new(p, ANT_INT64, &ANT__SCALAR);
    if (v)
        *(int64_t *)v->data = x;
    return v;
}

ant_value *ant__counting(ant_program *p, int64_t n, int64_t step) {
    ant_dims dims = ANT__DIMS(n);
    if (n < 0)
        return ant__broadcast_to(p, ant__int_number(p, 0), &dims);
    ant_value *v = ant__program_dead(p) ? NULL : ant__constant_new(p, ANT_INT64, &dims);
    for (int64_t i = 0; v && i < n; i++)
        ((int64_t *)v->data)[i] = i * step;
    return v;
}

static bool take_shape(ant_program *p, const char *op, const int64_t *shape, int rank,
                       ant_dims *dims) {
    if (ant__program_dead(p))
        return false;
    if (rank < 0 || rank > ANT_MAX_AXES) {
        ant__fail(ant__program_error(p), ANT_E_SHAPE, "%s: %d axes, at most %d", op, rank,
                  ANT_MAX_AXES);
        return false;
    }
    *dims = (ant_dims){.rank = rank};
    for (int k = 0; k < rank; k++)
        dims->dim[k] = shape[k];
    return true;
}

ant_value *ant_op_fill(ant_program *p, const int64_t *shape, int rank, double x) {
    ant_dims dims;
    return take_shape(p, "fill", shape, rank, &dims)
               ? ant__broadcast_to(p, ant_op_number(p, x), &dims)
               : NULL;
}

ant_value *ant_op_constant(ant_program *p, const double *x, const int64_t *shape, int rank) {
    ant_dims dims;
    return take_shape(p, "constant", shape, rank, &dims) ? ant__constant(p, ANT_FLOAT32, &dims, x)
                                                         : NULL;
}

ant_value *ant__zeros(ant_program *p, const ant_dims *dims) {
    return ant__broadcast_to(p, ant_op_number(p, 0), dims);
}
