/* The values of a call: nodes, numbers and constants in their places, with their types. */
#include "core/ops/fine.h"
#include "layers/operation/operation.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- the spec: "x weights?" --- */
typedef struct place {
    const char *name; /* of the value; its length */
    int length;
    char mark; /* '?' or '*', else 0 */
} place;

/* The next value of a spec, which moves on; false at its end. */
static bool next_place(const char **spec, place *p) {
    *spec += strspn(*spec, " ");
    p->name = *spec;
    p->length = (int)strcspn(*spec, " ?*");
    *spec += p->length;
    p->mark = **spec == '?' || **spec == '*' ? **spec : 0;
    *spec += p->mark != 0;
    return p->length > 0;
}

int ant__operand_index(const char *values, const char *name, int length) {
    place p;
    for (int k = 0; next_place(&values, &p); k++)
        if (p.length == length && !memcmp(p.name, name, (size_t)length))
            return k;
    return -1;
}

/* --- constants and numbers --- */
/* The constant for a value, or for entry k of several ("xs[2]"; -1: the value is one). */
static const ant_constant *constant_for(const ant_operands *o, const place *p, int k) {
    const ant_constant *all;
    char name[64];
    int n = ant__operation_constants(o->call->layer, &all);
    int length = k < 0 ? snprintf(name, sizeof name, "%.*s", p->length, p->name)
                       : snprintf(name, sizeof name, "%.*s[%d]", p->length, p->name, k);
    for (int i = 0; i < n; i++)
        if (all[i].of_length == length && !memcmp(all[i].of, name, (size_t)length))
            return &all[i];
    return NULL;
}

static const double *number_for(const ant_operands *o, const place *p) {
    if (p->length != 2 || p->name[0] != 'x')
        return NULL;
    const double *x = p->name[1] == '1'   ? &o->options->x1
                      : p->name[1] == '2' ? &o->options->x2
                                          : NULL;
    return x && *x != ANT_NONE ? x : NULL;
}

static ant_value *constant_value(ant_operands *o, const ant_constant *k) {
    return ant__constant(o->program, k->dtype, &k->dims, k->numbers);
}

/* Puts what the text says in the next place; false where it says nothing. */
static bool put_said(ant_operands *o, const place *p, int entry) {
    const ant_constant *constant = constant_for(o, p, entry);
    const double *x = entry < 0 ? number_for(o, p) : NULL;
    if (!constant && !x)
        return false;
    bool whole = x && *x == floor(*x);
    o->constant[o->n] = constant;
    o->weak[o->n] = constant ? constant->weak : true;
    o->in[o->n] = !constant
                      ? ant__constant(o->program, whole ? ANT_INT32 : ANT_FLOAT32, &ANT__SCALAR, x)
                  : constant->none ? NULL
                                   : constant_value(o, constant);
    o->n++;
    return true;
}

/* --- places --- */
static int count_wrong(ant_operands *o, int wants, const char *or_more) {
    const ant_constant *all;
    int n = o->call->n_in + ant__operation_constants(o->call->layer, &all) +
            (o->options->x1 != ANT_NONE) + (o->options->x2 != ANT_NONE);
    return ant__call_fail(o->call, ANT_E_SHAPE, "%s takes %d value%s%s (%s), got %d", o->op->name,
                          wants, wants == 1 && !*or_more ? "" : "s", or_more, o->op->values, n);
}

/* Nodes left over must fit into the places of `xs*`. */
static bool put_several(ant_operands *o, const place *p, int *next) {
    for (int entry = 0; o->n < ANT__OPERANDS; entry++)
        if (!put_said(o, p, entry)) {
            if (*next == o->call->n_in)
                return entry > 0;
            o->in[o->n++] = o->call->in[(*next)++];
        }
    return *next == o->call->n_in;
}

/* What the text says or the next node; nothing, where a value may be missing. */
static bool put_one(ant_operands *o, const place *p, int *next) {
    if (put_said(o, p, -1))
        return true;
    if (*next == o->call->n_in)
        return p->mark == '?' && ++o->n;
    o->in[o->n++] = o->call->in[(*next)++];
    return true;
}

/* Every constant must have found a place. */
static int check_constants(ant_operands *o) {
    const ant_constant *all;
    int said = 0, n = ant__operation_constants(o->call->layer, &all);
    for (int k = 0; k < o->n; k++)
        said += o->constant[k] != NULL;
    if (said == n)
        return 0;
    return ant__call_fail(o->call, ANT_E_OPTION, "%s: constants names no value among: %s",
                          o->op->name, o->op->values);
}

static int place_all(ant_operands *o) {
    const char *spec = o->op->values;
    int next = 0, needed = 0;
    bool enough = true, several = false;
    place p;
    while (next_place(&spec, &p)) {
        needed += p.mark != '?';
        several |= p.mark == '*';
        enough &= p.mark == '*' ? put_several(o, &p, &next) : put_one(o, &p, &next);
    }
    if (!enough || next < o->call->n_in)
        return count_wrong(o, needed, several ? " or more" : "");
    return check_constants(o);
}

/* --- types --- */
/* bool < int32 < int64 < real */
static int rank_of(int dtype) {
    return ant__dtype_real(dtype) ? 3 : dtype == ANT_INT64 ? 2 : dtype == ANT_INT32 ? 1 : 0;
}

/* A number gives way: 2 beside an int64 is one, beside a real a real; 0.5 makes reals of all. Where
 * there is nothing else, those of x1 and x2 are reals. */
int ant__operands_type(const ant_operands *o, int from, int to) {
    static const int types[] = {ANT_BOOL, ANT_INT32, ANT_INT64, ANT_FLOAT32};
    int strong = -1, weak = 0;
    bool option = false;
    for (int k = from; k < to; k++) {
        int rank = o->in[k] ? rank_of(ant_value_dtype(o->in[k])) : 0;
        int *most = o->weak[k] ? &weak : &strong;
        *most = rank > *most ? rank : *most;
        option |= o->weak[k] && !o->constant[k];
    }
    return strong < 0 && option ? ANT_FLOAT32 : types[weak > strong ? weak : strong];
}

static void cast_from(ant_operands *o, int first, bool numbers) {
    int dtype = ant__operands_type(o, first, o->n);
    if (dtype == ANT_BOOL && numbers)
        dtype = ANT_INT32;
    for (int k = first; k < o->n; k++)
        if (o->in[k])
            o->in[k] = ant_op_cast(o->program, o->in[k], dtype);
}

static void each_type(ant_operands *o, bool real) {
    for (int k = 0; k < o->n; k++)
        if (o->in[k] && real)
            o->in[k] = ant_op_real(o->program, o->in[k]);
        else if (o->in[k] && ant_value_dtype(o->in[k]) == ANT_BOOL)
            o->in[k] = ant_op_cast(o->program, o->in[k], ANT_INT32);
}

static void give_types(ant_operands *o) {
    switch (o->op->types) {
    case ANT__AS_THEY_ARE:
        break;
    case ANT__TO_REAL:
    case ANT__TO_NUMBERS:
        each_type(o, o->op->types == ANT__TO_REAL);
        break;
    case ANT__TO_ONE:
    case ANT__TO_ONE_NUMBER:
        cast_from(o, 0, o->op->types == ANT__TO_ONE_NUMBER);
        break;
    case ANT__TO_ONE_BUT_FIRST:
        cast_from(o, 1, false);
        break;
    }
}

int ant__operands_place(ant_operands *o) {
    int code = place_all(o);
    if (!code)
        give_types(o);
    return code ? code : ant__program_error(o->program)->code;
}

/* --- for writers --- */
ant_value *ant__operation_fail(ant_operands *o, int code, const char *format, ...) {
    char text[ANT__ERROR_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    ant__call_fail(o->call, code, "%s: %s", o->op->name, text);
    return NULL;
}

int ant__axis_of(ant_operands *o, const ant_value *v, int axis) {
    char shape[ANT__DIMS_TEXT];
    int k = v ? ant__axis(axis, v->dims.rank) : -1;
    if (k < 0 && v)
        ant__operation_fail(o, ANT_E_SHAPE, "axis %d is outside of shape %s", axis,
                            ant__dims_text(&v->dims, shape));
    return k;
}

bool ant__axes_set(ant_operands *o, const ant_value *v, unsigned *axes) {
    const ant_ints *said = &o->options->axis;
    *axes = said->count || !v ? 0 : (1u << v->dims.rank) - 1;
    for (int i = 0; i < said->count; i++) {
        int k = ant__axis_of(o, v, said->data[i]);
        if (k < 0)
            return false;
        *axes |= ANT_AXIS(k);
    }
    return true;
}

int ant__axis_said(ant_operands *o, const ant_value *v, int otherwise) {
    return ant__axis_of(o, v, o->options->axis.count ? o->options->axis.data[0] : otherwise);
}

int ant__int_or(int x, int otherwise) {
    return x == ANT_NONE ? otherwise : x;
}

double ant__number_or(double x, double otherwise) {
    return x == ANT_NONE ? otherwise : x;
}

const char *ant__mode_or(const ant_operands *o, const char *otherwise) {
    return o->options->mode ? o->options->mode : otherwise;
}

ant_value *ant__flat(ant_program *p, ant_value *v) {
    return v ? ant__reshape_to(p, v, &ANT__DIMS(ant__dims_count(&v->dims))) : NULL;
}

ant_value *ant__flat_without_axis(ant_operands *o, ant_value *v) {
    return o->options->axis.count ? v : ant__flat(o->program, v);
}

ant_value *ant__move_axis(ant_program *p, ant_value *v, int from, int to) {
    int order[ANT_MAX_AXES];
    for (int k = 0, next = 0; v && k < v->dims.rank; k++) {
        next += next == from;
        order[k] = k == to ? from : next++;
    }
    return v ? ant_op_transpose(p, v, order) : NULL;
}

ant_value *ant__axes_last(ant_program *p, ant_value *v, unsigned axes) {
    int order[ANT_MAX_AXES], n = 0;
    ant_dims dims = {.rank = 0}, last = {.rank = 0};
    for (int gone = 0; v && gone < 2; gone++)
        for (int k = 0; k < v->dims.rank; k++)
            if ((int)(axes >> k & 1) == gone) {
                ant_dims *to = gone ? &last : &dims;
                to->dim[to->rank++] = v->dims.dim[k];
                order[n++] = k;
            }
    dims.dim[dims.rank++] = ant__dims_count(&last);
    return v ? ant__reshape_to(p, ant_op_transpose(p, v, order), &dims) : NULL;
}

ant_value *ant__part(ant_program *p, ant_value *v, int axis, int64_t start, int64_t count) {
    return ant_op_slice(p, v, axis, count < 0 ? 0 : start, count, 1);
}

ant_value *ant__to_type(ant_operands *o, ant_value *v) {
    int dtype = o->options->to ? ant__dtype_named(o->options->to) : 0;
    return !dtype                   ? v
           : ant__dtype_real(dtype) ? ant_op_real(o->program, v)
                                    : ant_op_cast(o->program, v, dtype);
}

ant_value *ant__number_like(ant_program *p, double x, const ant_value *v) {
    return ant_op_cast(p, ant_op_number(p, x), ant_value_dtype(v));
}
