/* The epilogue pass: what comes after a product and what nobody else sees of it becomes part of the
 * product, which does it while the numbers are still in registers: a bias, another matrix to add,
 * relu, and the gate that is relu's gradient. So does the relu after a convolution or a
 * normalization, the max pooling behind a convolution, and the gate before a normalization's
 * gradient. And the product that gives a kernel's gradient also gives the bias's: both read the
 * same numbers. A sum over images, as averages are, is made by the product before it, which then
 * writes no image. */
#include "core/kernels/elementwise.h"
#include "core/ops/batch_norm.h"
#include "core/ops/conv_pool.h"
#include "core/ops/fine.h"
#include "core/ops/matmul.h"
#include "core/passes/passes.h"
#include <math.h>

ant_op *ant__only_maker(const ant_value *v) {
    return v->pass->uses == 1 && v->from && !v->from->dead ? v->from : NULL;
}

static bool is_product(const ant_op *o) {
    return o && (o->cls == &ant__matmul_class || o->cls == &ant__dense_class);
}

/* One entry for each column of the product, and nothing that broadcasts further. */
static bool is_bias(const ant_value *bias, const ant_value *product) {
    const int64_t columns = product->dims.dim[product->dims.rank - 1];
    return bias->dims.rank >= 1 && bias->dims.rank <= product->dims.rank &&
           bias->dims.dim[bias->dims.rank - 1] == columns &&
           ant__dims_count(&bias->dims) == columns && bias->dtype == product->dtype;
}

static bool is_like(const ant_value *v, const ant_value *product) {
    return ant__dims_equal(&v->dims, &product->dims) && v->dtype == product->dtype;
}

/* --- joining --- */
/* An op of class `cls` takes the maker's place, and that of `last`, which came after it. */
static bool replace(ant_op *maker, ant_op *last, ant_op *joint) {
    ant_program *p = last->program;
    joint->out[0] = last->out[0];
    joint->out[0]->from = joint;
    joint->index = last->index;
    p->ops.at[last->index] = joint;
    maker->dead = last->dead = true;
    return true;
}

/* The maker again, as another class or with other attributes. */
static bool change(ant_op *maker, ant_op *last, const ant_op_class *cls, const ant_attrs *attrs) {
    ant_op *joint = ant__op_bare(last->program, cls, attrs, maker->n_in, 1);
    if (!joint)
        return false;
    for (int k = 0; k < maker->n_in; k++)
        joint->in[k] = maker->in[k];
    return replace(maker, last, joint);
}

/* The product with `part` more, which is the value `with`. */
static bool extend(ant_op *product, ant_op *last, int part, ant_value *with) {
    ant_op *joint = ant__op_bare(last->program, &ant__dense_class, &product->attrs,
                                 product->n_in + 1, product->n_out);
    if (!joint)
        return false;
    const int at = ant__matmul_input(product, part);
    for (int k = 0; k < product->n_in; k++)
        joint->in[k < at ? k : k + 1] = product->in[k];
    joint->in[at] = with;
    joint->attrs.i[ANT__MATMUL_PARTS] |= part;
    return replace(product, last, joint);
}

/* Has the product none of these parts, nor relu, which come after what is to be joined? */
static bool is_open(const ant_op *product, int parts) {
    return is_product(product) && product->n_out == 1 && !product->attrs.i[ANT__MATMUL_RELU] &&
           !(product->attrs.i[ANT__MATMUL_PARTS] & parts);
}

/* The convolution, which adds `rest` to its result. */
static bool add_rest(ant_op *conv, ant_op *sum, ant_value *rest) {
    ant_op *joint = ant__op_bare(sum->program, conv->cls, &conv->attrs, conv->n_in + 1, 1);
    if (!joint)
        return false;
    for (int k = 0; k < conv->n_in; k++)
        joint->in[k] = conv->in[k];
    joint->in[conv->n_in] = rest;
    joint->attrs.i[ANT__CONV_REST] = true;
    return replace(conv, sum, joint);
}

static bool is_open_conv(const ant_op *o) {
    return o && o->cls == &ant__conv2d_class && !o->attrs.i[ANT__CONV_REST] &&
           !o->attrs.i[ANT__CONV_RELU];
}

/* --- what is joined --- */
enum { LATER = ANT__MATMUL_REST | ANT__MATMUL_GATE };

static bool take_sum(ant_op *sum) {
    for (int k = 0; k < 2; k++) {
        ant_op *product = ant__only_maker(sum->in[k]);
        ant_value *other = sum->in[1 - k];
        if (is_open_conv(product) && other != sum->in[k] && is_like(other, sum->in[k]) &&
            is_like(sum->out[0], sum->in[k]))
            return add_rest(product, sum, other);
        if (!is_open(product, LATER) || other == sum->in[k] || !is_like(sum->out[0], sum->in[k]))
            continue;
        if (is_bias(other, sum->in[k]) && !(product->attrs.i[ANT__MATMUL_PARTS] & ANT__MATMUL_BIAS))
            return extend(product, sum, ANT__MATMUL_BIAS, other);
        if (is_like(other, sum->in[k]) && ant__matmul_is_one(product))
            return extend(product, sum, ANT__MATMUL_REST, other);
    }
    return true;
}

static bool take_gate(ant_op *gate) {
    ant_op *product = ant__only_maker(gate->in[1]);
    if (is_product(product) && product->n_out == 1 && gate->in[0] != gate->in[1] &&
        !(product->attrs.i[ANT__MATMUL_PARTS] & ANT__MATMUL_GATE) &&
        is_like(gate->in[0], gate->in[1]) && ant__matmul_is_one(product))
        return extend(product, gate, ANT__MATMUL_GATE, gate->in[0]);
    return true;
}

/* relu, or bound, which also cuts at `limit`. */
static bool take_relu(ant_op *relu, double limit) {
    ant_op *maker = ant__only_maker(relu->in[0]);
    int cuts = maker ? maker->cls->relu - 1 : -1, at_most = maker ? maker->cls->limit - 1 : -1;
    if (cuts < 0 || maker->attrs.i[cuts] || maker->n_out != 1 || (at_most < 0 && !isinf(limit)) ||
        (is_product(maker) && maker->attrs.i[ANT__MATMUL_PARTS] & ANT__MATMUL_GATE))
        return true;
    ant_attrs attrs = maker->attrs;
    attrs.i[cuts] = true;
    if (at_most >= 0)
        attrs.f[at_most] = limit;
    return change(maker, relu, maker->cls, &attrs);
}

/* Batch normalization's gradient reads what comes back before it went through a gate or was
 * broadcast. */
static bool take_before(ant_op *o) {
    const ant_op *last = o->in[1]->from;
    int code = last ? last->cls->elementwise : 0;
    bool gate = code == ANT__E_gate || code == ANT__E_within;
    if (!last || last->dead || o->in[1]->pass->uses > 2 ||
        !(gate || last->cls == &ant__broadcast_class))
        return true;
    ant_value *before = last->in[gate], *closes = gate ? last->in[0] : NULL;
    if (!ant__normalize_takes(o, &before->dims) || (gate && !is_like(closes, o->in[0])))
        return true;
    double limit = code == ANT__E_within ? last->attrs.f[0] : INFINITY;
    ant_op *joint = ant__normalize_from(o, before, closes, limit);
    if (!joint)
        return false;
    o->in[1]->pass->uses--;
    before->pass->uses++;
    for (int k = o->n_in; k < joint->n_in; k++)
        joint->in[k]->pass->uses++;
    return replace(o, o, joint);
}

static bool take_pool(ant_op *pool) {
    ant_op *maker = ant__only_maker(pool->in[0]);
    ant_attrs attrs;
    if (!maker)
        return ant__note_winners(pool);
    if (!ant__conv_takes_pool(maker, pool, &attrs))
        return true;
    return change(maker, pool, &ant__conv2d_pool_class, &attrs);
}

/* --- sums of columns --- */
/* v is a matrix, once all axes but the last are one. */
static int64_t columns_of(const ant_value *v) {
    return v->dims.rank ? v->dims.dim[v->dims.rank - 1] : 1;
}

/* Does the op multiply by v, read row by row, in one product? */
static bool multiplies_by(const ant_op *o, ant_value *v) {
    return is_product(o) && !o->dead && o->n_out == 1 && !o->attrs.i[ANT__MATMUL_TB] &&
           o->in[1]->dims.rank == 2 && columns_of(o->in[1]) == columns_of(v) &&
           ant__base(o->in[1]) == ant__base(v) && ant__matmul_is_one(o);
}

static bool reads(const ant_op *o, const ant_value *v) {
    for (int k = 0; k < o->n_in && !o->dead; k++)
        if (o->in[k] == v)
            return true;
    return false;
}

/* Does an op between these places need the value? Where `views` may wait, only what is none counts,
 * and what reads one. */
static bool needed_between(const ant_program *p, const ant_value *v, int from, int to, bool views) {
    for (int i = from + 1; i < to; i++) {
        const ant_op *o = p->ops.at[i];
        if (reads(o, v) && (!views || !o->cls->view || needed_between(p, o->out[0], i, to, false)))
            return true;
    }
    return false;
}

static void move_behind(ant_program *p, int at, int behind) {
    ant_op *o = p->ops.at[at];
    for (int i = at; i < behind; i++) {
        p->ops.at[i] = p->ops.at[i + 1];
        p->ops.at[i]->index = i;
    }
    p->ops.at[behind] = o;
    o->index = behind;
}

/* Views of the sum, such as the shape of a bias, go behind the product. */
static void delay_views(const ant_op *sum, const ant_op *product) {
    ant_program *p = sum->program;
    for (int i = product->index - 1; i > sum->index; i--)
        if (reads(p->ops.at[i], sum->out[0]))
            move_behind(p, i, product->index);
}

/* Where the product stood, both are computed. */
static bool sum_with(ant_op *product, ant_op *sum) {
    ant_program *p = sum->program;
    ant_op *joint = ant__op_bare(p, &ant__dense_class, &product->attrs, product->n_in, 2);
    if (!joint)
        return false;
    for (int k = 0; k < product->n_in; k++)
        joint->in[k] = product->in[k];
    joint->attrs.i[ANT__MATMUL_PARTS] |= ANT__MATMUL_SUMS;
    joint->out[0] = product->out[0];
    joint->out[1] = sum->out[0];
    joint->out[0]->from = joint->out[1]->from = joint;
    joint->index = product->index;
    p->ops.at[product->index] = joint;
    product->dead = sum->dead = true;
    return true;
}

static bool join_sum(ant_op *sum) {
    const ant_program *p = sum->program;
    for (int i = 0; i < p->ops.n; i++) {
        ant_op *o = p->ops.at[i];
        if (!multiplies_by(o, sum->in[0]) ||
            needed_between(p, sum->out[0], sum->index, o->index, true))
            continue;
        delay_views(sum, o);
        return sum_with(o, sum);
    }
    return true;
}

/* --- sums over images --- */

static bool is_plain_product(const ant_op *o) {
    return is_product(o) && o->n_out == 1 && !(o->attrs.i[ANT__MATMUL_PARTS] & ~ANT__MATMUL_BIAS) &&
           ant__matmul_is_one(o);
}

/* Where images are few, threads get pieces of one: its rows as the op before cut them, as each then
 * reads what it wrote. */
static int64_t pieces_of(int64_t images, int64_t rows) {
    enum { PIECES = 8 };
    for (int64_t pieces = PIECES; pieces > images; pieces--)
        if (rows % pieces == 0 && rows / pieces >= ANT__MATMUL_TOGETHER / 2)
            return pieces;
    return 1;
}

/* The product gives a sum for each piece, and `sum` is of these. */
static bool sum_pieces(ant_op *product, ant_op *sum, const ant_attrs *attrs, int64_t pieces) {
    ant_program *p = sum->program;
    ant_op *joint = ant__op_new(p, &ant__dense_sum_class, attrs, product->n_in, 1);
    if (!joint)
        return false;
    for (int k = 0; k < product->n_in; k++)
        joint->in[k] = product->in[k];
    ant_value *y = joint->out[0];
    const int64_t columns = columns_of(product->out[0]);
    y->dtype = sum->out[0]->dtype;
    y->dims = ANT__DIMS(ant__dims_count(&sum->out[0]->dims) / columns, pieces, columns);
    joint->index = product->index;
    p->ops.at[product->index] = joint;
    product->dead = true;
    ant__sum_from(sum, y, 1);
    return true;
}

/* The sum over an image, of a product or a normalization that nobody else reads: it is added up as
 * it is made. */
static bool take_images(ant_op *sum) {
    const int64_t columns = columns_of(sum->in[0]);
    ant_op *maker = ant__only_maker(sum->in[0]);
    if (maker && maker->cls == &ant__reshape_class && columns_of(maker->in[0]) == columns)
        maker = ant__only_maker(maker->in[0]);
    const int64_t all = ant__dims_count(&sum->in[0]->dims);
    if (!maker || columns_of(maker->out[0]) != columns || all < 1)
        return true;
    ant_attrs attrs = maker->attrs;
    if (maker->cls == &ant__normalize_class)
        return change(maker, sum, &ant__normalize_spans_class, &attrs);
    if (!is_plain_product(maker))
        return true;
    const int64_t sums = ant__dims_count(&sum->out[0]->dims), rows = all / sums;
    const int64_t pieces = pieces_of(sums / columns, rows);
    attrs.i[ANT__MATMUL_SUMMED] = rows / pieces;
    if (pieces > 1)
        return sum_pieces(maker, sum, &attrs, pieces);
    return change(maker, sum, &ant__dense_sum_class, &attrs);
}

/* --- the pass --- */
static bool look_at(ant_op *o) {
    if (o->cls == &ant__max_pool_class)
        return take_pool(o);
    switch (o->cls->elementwise) {
    case ANT__E_add:
        return take_sum(o);
    case ANT__E_gate:
        return take_gate(o);
    case ANT__E_relu:
        return take_relu(o, INFINITY);
    case ANT__E_bound:
        return take_relu(o, o->attrs.f[0]);
    }
    if (o->cls == &ant__normalize_sums_class || o->cls == &ant__normalize_back_class)
        return take_before(o);
    return !ant__sums_rows(o) || join_sum(o);
}

int ant__epilogue(ant_program *p) {
    for (int i = 0; i < p->ops.n; i++) {
        ant_op *o = p->ops.at[i];
        if (o->body && ant__epilogue(o->body))
            return p->shared->error.code;
        if (!o->dead && !look_at(o))
            return ant__program_fail_memory(p);
    }
    ant__drop_dead(p); /* gates that nobody asks any more read what is summed */
    for (int i = 0; i < p->ops.n; i++)
        if (ant__sums_middle(p->ops.at[i]) && !take_images(p->ops.at[i]))
            return ant__program_fail_memory(p);
    ant__drop_dead(p);
    return 0;
}
