/* Reductions, places of extremes, running sums. */
#include "core/kernels/reduce.h"
#include "core/ops/fine.h"
#include "core/program/inside.h"
#include <string.h>

/* --- one run of axes: attrs: first axis, axes; the result has them no more --- */
enum { FIRST, AXES };

static int infer_reduce(ant_op *o) {
    int first = (int)o->attrs.i[FIRST], axes = (int)o->attrs.i[AXES];
    const ant_dims *a = &o->in[0]->dims;
    ant_dims *y = &o->out[0]->dims;
    o->out[0]->dtype = o->in[0]->dtype;
    y->rank = a->rank - axes;
    for (int k = 0; k < y->rank; k++)
        y->dim[k] = a->dim[k < first ? k : k + axes];
    return 0;
}

static int infer_place(ant_op *o) {
    infer_reduce(o);
    o->out[0]->dtype = ANT_INT32;
    return 0;
}

/* Pushes outer, length, inner; returns them. */
static void push_lengths(const ant_op *o, ant_nums *n, int64_t length[3]) {
    int first = (int)o->attrs.i[FIRST], end = first + (int)o->attrs.i[AXES];
    const ant_dims *a = &o->in[0]->dims;
    length[0] = ant__dims_span(a, 0, first);
    length[1] = ant__dims_span(a, first, end);
    length[2] = ant__dims_span(a, end, a->rank);
    for (int k = 0; k < 3; k++)
        ant__num_int(n, length[k]);
}

static int64_t prep_reduce(const ant_op *o, ant_nums *n, int kind) {
    enum { CELL_ENTRIES = 16384 };
    int64_t length[3];
    ant__num_int(n, kind);
    ant__num_int(n, o->in[0]->dtype);
    push_lengths(o, n, length);
    int64_t width = length[2] < ANT__REDUCE_WIDTH ? length[2] : ANT__REDUCE_WIDTH;
    int64_t blocks = (length[2] + ANT__REDUCE_WIDTH - 1) / ANT__REDUCE_WIDTH;
    int64_t units = length[0] * blocks, unit = length[1] * width;
    int64_t cell = unit > 0 && unit < CELL_ENTRIES ? CELL_ENTRIES / unit : 1;
    ant__num_int(n, cell);
    return units > cell ? (units + cell - 1) / cell : 1;
}

static int64_t prep_sum(const ant_op *o, ant_nums *n) {
    return prep_reduce(o, n, ANT__REDUCE_SUM);
}
static int64_t prep_max(const ant_op *o, ant_nums *n) {
    return prep_reduce(o, n, ANT__REDUCE_MAX);
}
static int64_t prep_min(const ant_op *o, ant_nums *n) {
    return prep_reduce(o, n, ANT__REDUCE_MIN);
}
static int64_t prep_prod(const ant_op *o, ant_nums *n) {
    return prep_reduce(o, n, ANT__REDUCE_PROD);
}

/* The input's dims with 1 where it was reduced. */
static ant_dims kept_dims(const ant_op *o) {
    ant_dims dims = o->in[0]->dims;
    for (int64_t k = 0; k < o->attrs.i[AXES]; k++)
        dims.dim[o->attrs.i[FIRST] + k] = 1;
    return dims;
}

static void sum_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    ant_dims kept = kept_dims(o);
    dx[0] = ant__broadcast_to(p, ant__reshape_to(p, dy[0], &kept), &o->in[0]->dims);
}

/* Equal extremes share the gradient, as in TensorFlow. */
static void extreme_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    ant_dims kept = kept_dims(o);
    ant_value *top = ant__reshape_to(p, o->out[0], &kept);
    ant_value *hit = ant_op_real(p, ant_op_equal(p, o->in[0], top));
    unsigned axes = 0;
    for (int64_t k = 0; k < o->attrs.i[AXES]; k++)
        axes |= ANT_AXIS(o->attrs.i[FIRST] + k);
    ant_value *share =
        ant_op_div(p, ant__reshape_to(p, dy[0], &kept), ant_op_sum(p, hit, axes, true));
    dx[0] = ant_op_mul(p, hit, share);
}

/* Cells of whole lines of the outer axis, of enough entries each. */
static int64_t push_lines(const int64_t length[3], ant_nums *n) {
    enum { CELL_ENTRIES = 8192 };
    int64_t line = length[1] * length[2];
    int64_t cell = line > 0 && line < CELL_ENTRIES ? CELL_ENTRIES / line : 1;
    ant__num_int(n, cell);
    return length[0] > cell ? (length[0] + cell - 1) / cell : 1;
}

static int64_t prep_lines(const ant_op *o, ant_nums *n) {
    int64_t length[3];
    push_lengths(o, n, length);
    return push_lines(length, n);
}

static const ant_op_class prod_gradient_class = {.name = "prod_gradient",
                                                 .infer = ant__infer_like,
                                                 .kernel = ANT__K_prod_gradient,
                                                 .prep = prep_lines};

static void prod_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    dx[0] = ant__emit2(p, &prod_gradient_class, &o->attrs, o->in[0], dy[0]);
}

static const ant_op_class sum_class = {.name = "sum",
                                       .infer = infer_reduce,
                                       .kernel = ANT__K_reduce,
                                       .prep = prep_sum,
                                       .grad = sum_gradient};
static const ant_op_class max_class = {.name = "max",
                                       .infer = infer_reduce,
                                       .kernel = ANT__K_reduce,
                                       .prep = prep_max,
                                       .grad = extreme_gradient};
static const ant_op_class min_class = {.name = "min",
                                       .infer = infer_reduce,
                                       .kernel = ANT__K_reduce,
                                       .prep = prep_min,
                                       .grad = extreme_gradient};
static const ant_op_class prod_class = {.name = "prod",
                                        .infer = infer_reduce,
                                        .kernel = ANT__K_reduce,
                                        .prep = prep_prod,
                                        .grad = prod_gradient};

bool ant__sums_all(const ant_op *o) {
    return o->cls == &sum_class && o->attrs.i[AXES] == o->in[0]->dims.rank &&
           ant__dtype_real(o->in[0]->dtype);
}

bool ant__sums_rows(const ant_op *o) {
    return o->cls == &sum_class && o->attrs.i[FIRST] == 0 && o->in[0]->dims.rank > 1 &&
           o->attrs.i[AXES] == o->in[0]->dims.rank - 1 && ant__dtype_real(o->in[0]->dtype);
}

bool ant__sums_middle(const ant_op *o) {
    return o->cls == &sum_class && o->attrs.i[FIRST] > 0 && o->attrs.i[AXES] > 0 &&
           o->attrs.i[FIRST] + o->attrs.i[AXES] == o->in[0]->dims.rank - 1 &&
           ant__dtype_real(o->in[0]->dtype);
}

void ant__sum_from(ant_op *o, ant_value *v, int first) {
    o->in[0] = v;
    o->attrs.i[FIRST] = first;
    o->attrs.i[AXES] = v->dims.rank - 1 - first;
}

/* --- sets of axes --- */
/* As bits below the rank; false after an error. */
static bool axes_of(ant_program *p, const char *name, const ant_value *a, unsigned *axes) {
    int rank = a->dims.rank;
    unsigned all = (1u << rank) - 1, set = *axes;
    char text[ANT__DIMS_TEXT];
    if (set == ANT_ALL_AXES)
        set = all;
    if (set & ANT_LAST && rank)
        set = (set & ~ANT_LAST) | 1u << (rank - 1);
    if (set & ~all) {
        ant__fail(ant__program_error(p), ANT_E_SHAPE, "%s: axes 0x%x are not all in shape %s", name,
                  *axes, ant__dims_text(&a->dims, text));
        return false;
    }
    *axes = set;
    return true;
}

/* The last run of axes in a set; removes it there. */
static ant_attrs last_run(unsigned *set) {
    int end = ANT_MAX_AXES, first;
    while (!(*set >> (end - 1) & 1))
        end--;
    for (first = end; first > 0 && *set >> (first - 1) & 1; first--)
        *set &= ~(1u << (first - 1));
    return (ant_attrs){.i = {first, end - first}};
}

static bool is_one_run(unsigned set) {
    last_run(&set);
    return set == 0;
}

/* Reduced axes to the end, so that they are one run. */
static ant_value *gather_axes(ant_program *p, ant_value *a, unsigned *set) {
    int order[ANT_MAX_AXES], n = 0, rank = a->dims.rank;
    for (int reduced = 0; reduced < 2; reduced++)
        for (int k = 0; k < rank; k++)
            if ((int)(*set >> k & 1) == reduced)
                order[n++] = k;
    int kept = 0;
    for (int k = 0; k < rank; k++)
        kept += !(*set >> k & 1);
    *set = ((1u << rank) - 1) & ~((1u << kept) - 1);
    return ant_op_transpose(p, a, order);
}

/* runs: one run of axes after the other gives the same (sums); else all go at once. */
static ant_value *reduce(ant_program *p, const ant_op_class *cls, ant_value *a, unsigned axes,
                         bool keep, bool runs) {
    if (ant__program_dead(p) || !a)
        return ant__emit1(p, cls, NULL, a);
    if (!axes_of(p, cls->name, a, &axes))
        return NULL;
    ant_dims kept = a->dims;
    for (int k = 0; k < kept.rank; k++)
        if (axes >> k & 1)
            kept.dim[k] = 1;
    if (axes && !runs && !is_one_run(axes))
        a = gather_axes(p, a, &axes);
    while (axes && a) {
        ant_attrs attrs = last_run(&axes);
        a = ant__emit1(p, cls, &attrs, a);
    }
    return keep && a ? ant__reshape_to(p, a, &kept) : a;
}

static ant_value *number(ant_program *p, ant_value *a) {
    return a && a->dtype == ANT_BOOL ? ant_op_real(p, a) : a;
}

ant_value *ant_op_sum(ant_program *p, ant_value *a, unsigned axes, bool keep) {
    return reduce(p, &sum_class, number(p, a), axes, keep, true);
}

ant_value *ant_op_max(ant_program *p, ant_value *a, unsigned axes, bool keep) {
    return reduce(p, &max_class, a, axes, keep, false);
}

ant_value *ant_op_min(ant_program *p, ant_value *a, unsigned axes, bool keep) {
    return reduce(p, &min_class, a, axes, keep, false);
}

ant_value *ant_op_prod(ant_program *p, ant_value *a, unsigned axes, bool keep) {
    return reduce(p, &prod_class, number(p, a), axes, keep, false);
}

ant_value *ant_op_any(ant_program *p, ant_value *a, unsigned axes, bool keep) {
    return reduce(p, &max_class, ant_op_cast(p, a, ANT_BOOL), axes, keep, true);
}

ant_value *ant_op_all(ant_program *p, ant_value *a, unsigned axes, bool keep) {
    return reduce(p, &min_class, ant_op_cast(p, a, ANT_BOOL), axes, keep, true);
}

ant_value *ant_op_mean(ant_program *p, ant_value *a, unsigned axes, bool keep) {
    if (ant__program_dead(p) || !a)
        return ant__emit1(p, &sum_class, NULL, a);
    a = ant_op_real(p, a);
    unsigned set = axes;
    if (!a || !axes_of(p, "mean", a, &set))
        return NULL;
    double count = 1;
    for (int k = 0; k < a->dims.rank; k++)
        if (set >> k & 1)
            count *= (double)a->dims.dim[k];
    return ant_op_scale(p, ant_op_sum(p, a, set, keep), 1 / count);
}

ant_value *ant_op_variance(ant_program *p, ant_value *a, unsigned axes, bool keep) {
    ant_value *apart = ant_op_sub(p, a, ant_op_mean(p, a, axes, true));
    return ant_op_mean(p, ant_op_square(p, apart), axes, keep);
}

ant_value *ant__sum_to(ant_program *p, ant_value *v, const ant_dims *dims) {
    if (!v || ant__dims_equal(&v->dims, dims))
        return v;
    unsigned axes = 0;
    int missing = v->dims.rank - dims->rank;
    for (int k = 0; k < v->dims.rank; k++)
        if (k < missing || (dims->dim[k - missing] == 1 && v->dims.dim[k] != 1))
            axes |= ANT_AXIS(k);
    return ant__reshape_to(p, axes ? ant_op_sum(p, v, axes, false) : v, dims);
}

/* --- places of extremes --- */
static int64_t prep_place(const ant_op *o, ant_nums *n, int kind) {
    int64_t length[3];
    ant__num_int(n, kind);
    ant__num_int(n, o->in[0]->dtype);
    push_lengths(o, n, length);
    return push_lines(length, n);
}

static int64_t prep_argmax(const ant_op *o, ant_nums *n) {
    return prep_place(o, n, ANT__REDUCE_MAX);
}
static int64_t prep_argmin(const ant_op *o, ant_nums *n) {
    return prep_place(o, n, ANT__REDUCE_MIN);
}

static const ant_op_class argmax_class = {.name = "argmax",
                                          .infer = infer_place,
                                          .kernel = ANT__K_reduce_place,
                                          .prep = prep_argmax,
                                          .constant = true};
static const ant_op_class argmin_class = {.name = "argmin",
                                          .infer = infer_place,
                                          .kernel = ANT__K_reduce_place,
                                          .prep = prep_argmin,
                                          .constant = true};

/* An op along one axis; attrs: axis, 1, flag. */
static ant_value *along(ant_program *p, const ant_op_class *cls, ant_value *a, int axis,
                        int64_t flag) {
    int at = ant__program_dead(p) || !a ? 0 : ant__op_axis(p, cls->name, a, axis);
    ant_attrs attrs = {.i = {at, 1, flag}};
    return at < 0 ? NULL : ant__emit1(p, cls, &attrs, a);
}

ant_value *ant_op_argmax(ant_program *p, ant_value *a, int axis) {
    return along(p, &argmax_class, a, axis, 0);
}

ant_value *ant_op_argmin(ant_program *p, ant_value *a, int axis) {
    return along(p, &argmin_class, a, axis, 0);
}

/* --- running sums --- */
static const ant_op_class cumsum_class;

static int64_t prep_cumsum(const ant_op *o, ant_nums *n) {
    int64_t cells = prep_lines(o, n);
    ant__num_int(n, o->attrs.i[2]);
    ant__num_int(n, o->in[0]->dtype);
    return cells;
}

static void cumsum_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    dx[0] = along(p, &cumsum_class, dy[0], (int)o->attrs.i[FIRST], !o->attrs.i[2]);
}

static const ant_op_class cumsum_class = {.name = "cumsum",
                                          .infer = ant__infer_like,
                                          .kernel = ANT__K_running_sum,
                                          .prep = prep_cumsum,
                                          .grad = cumsum_gradient};

ant_value *ant_op_cumsum(ant_program *p, ant_value *a, int axis) {
    return along(p, &cumsum_class, number(p, a), axis, 0);
}
