/* The keep pass: what depends on weights only is computed once and kept, and computed again when a
 * weight's version differs: folded factors, packed copies. Such ops leave the program; their
 * results are constants for it, in memory of its own.
 *
 * Here products and convolutions also get the packed copies of weights that they read faster. */
#include "core/ops/conv_pool.h"
#include "core/ops/matmul.h"
#include "core/passes/passes.h"
#include <string.h>

static bool is_assigned(const ant_program *p, const ant_value *v) {
    for (int i = 0; i < p->cells.n; i++)
        if (p->cells.at[i].old == v)
            return p->cells.at[i].now != v;
    return false;
}

bool ant__is_settled(const ant_program *p, ant_value *v) {
    const ant_value *base = ant__base(v);
    return base->kind == ANT__CONST ||
           (base->kind == ANT__VARIABLE && base->variable->versioned && !is_assigned(p, base));
}

/* Results that are much larger than what they are made of are made anew. */
static bool is_small(const ant_op *o) {
    enum { MORE = 4, ALWAYS = 4096 };
    size_t in = ALWAYS, out = 0;
    for (int k = 0; k < o->n_in; k++)
        in += MORE * ant__value_bytes(o->in[k]);
    for (int k = 0; k < o->n_out; k++)
        out += ant__value_bytes(o->out[k]);
    return out <= in;
}

static bool can_keep(const ant_program *p, const ant_op *o) {
    if (o->body || o->n_in == 0 || o->cls->view || o->cls->impure || o->cls->reports)
        return false;
    for (int k = 0; k < o->n_in; k++)
        if (!ant__is_settled(p, o->in[k]))
            return false;
    return is_small(o);
}

/* --- one op --- */
static bool add_source(ant_kept *k, ant_variable *v) {
    for (int i = 0; i < k->sources.n; i++)
        if (k->sources.at[i] == v)
            return true;
    return ANT__PUSH(&k->sources, v);
}

/* The variables that v is made of. */
static bool add_sources(const ant_program *p, ant_kept *k, ant_value *v) {
    const ant_value *base = ant__base(v);
    if (base->kind == ANT__VARIABLE)
        return add_source(k, base->variable);
    for (int i = 0; i < p->kept.n; i++) {
        const ant_kept *other = &p->kept.at[i];
        for (int j = 0; j < other->op->n_out; j++)
            for (int s = 0; other->op->out[j] == base && s < other->sources.n; s++)
                if (!add_source(k, other->sources.at[s]))
                    return false;
    }
    return true;
}

/* Inputs that are variables are set before each run, as they may move. */
static bool set_pointers(ant_kept *k, ant_op *o) {
    void **at = k->at;
    for (int i = 0; i < o->n_in; i++)
        *at++ = ant__base(o->in[i])->data;
    for (int i = 0; i < o->n_out; i++, at++) {
        ant_value *v = o->out[i];
        if (v->pass->uses > 0 && !(*at = ant__program_numbers(o->program, ant__value_bytes(v))))
            return false;
        v->kind = ANT__CONST;
        v->data = *at;
        v->from = NULL;
    }
    const size_t bytes = o->cls->workspace ? o->cls->workspace(o) : 0;
    return !bytes || (*at = ant__program_numbers(o->program, bytes));
}

static bool set_numbers(ant_program *p, ant_kept *k, const ant_op *o) {
    ant_nums nums = {0};
    k->cells = o->cls->prep(o, &nums);
    ant_num *own = ant__program_alloc(p, (size_t)nums.n + 1, sizeof *own);
    bool good = own && !nums.failed;
    if (good && nums.n)
        memcpy(own, nums.at, (size_t)nums.n * sizeof *own);
    ant__free(nums.at);
    k->nums = own;
    return good;
}

static bool keep(ant_program *p, ant_op *o) {
    ant_kept k = {.op = o, .kernel = ant__op_kernel(o)};
    k.at = ant__program_alloc(p, (size_t)o->n_in + (size_t)o->n_out + 1, sizeof *k.at);
    bool good = k.at != NULL;
    for (int i = 0; i < o->n_in && good; i++)
        good = add_sources(p, &k, o->in[i]);
    good = good && set_numbers(p, &k, o) && set_pointers(&k, o) && ANT__PUSH(&p->kept, k);
    if (!good)
        ant__free(k.sources.at);
    o->dead = good;
    return good;
}

/* --- packed weights --- */
/* The op `joint`, which is as `user`, reads input 1 as `pack` gives it. */
static bool exchange(ant_program *p, ant_op *user, ant_op *joint, ant_op *pack) {
    pack->out[0]->pass->uses = 1;
    for (int k = 0; k < user->n_in; k++)
        joint->in[k] = k == 1 ? pack->out[0] : user->in[k];
    joint->out[0] = user->out[0];
    joint->out[0]->from = joint;
    joint->index = user->index;
    p->ops.at[user->index] = joint;
    return keep(p, pack);
}

static ant_op *packing(ant_program *p, const ant_op_class *cls, const ant_attrs *attrs,
                       ant_value *weight) {
    ant_op *pack = ant__op_new(p, cls, attrs, 1, 1);
    if (!pack)
        return NULL;
    pack->in[0] = weight;
    return pack->cls->infer(pack) ? NULL : pack;
}

static bool pack_product(ant_program *p, ant_op *product) {
    const bool transposed = product->attrs.i[ANT__MATMUL_TB];
    const ant_attrs attrs = {.i = {transposed}};
    ant_op *pack = packing(p, &ant__pack_class, &attrs, product->in[1]);
    const ant_op_class *cls =
        product->cls == &ant__dense_sum_class ? product->cls : &ant__dense_class;
    ant_op *joint = ant__op_bare(p, cls, &product->attrs, product->n_in, 1);
    if (!pack || !joint)
        return false;
    const int64_t depth = product->in[1]->dims.dim[transposed];
    ant_dims *packed = &pack->out[0]->dims;
    *packed = ANT__DIMS(depth, ant__dims_count(packed) / depth);
    joint->attrs.i[ANT__MATMUL_PARTS] |= ANT__MATMUL_PACKED;
    joint->attrs.i[ANT__MATMUL_TB] = false;
    return exchange(p, product, joint, pack);
}

static bool pack_kernel(ant_program *p, ant_op *conv) {
    const ant_attrs attrs = ant__conv_pack_attrs(conv);
    ant_op *pack = packing(p, &ant__conv2d_pack_class, &attrs, conv->in[1]);
    ant_op *joint = ant__op_bare(p, conv->cls, &conv->attrs, conv->n_in, 1);
    if (!pack || !joint)
        return false;
    joint->attrs.i[ANT__CONV_PACKED] = true;
    return exchange(p, conv, joint, pack);
}

static bool wants_panels(const ant_program *p, const ant_op *o) {
    const bool product = o->cls == &ant__matmul_class || o->cls == &ant__dense_class ||
                         o->cls == &ant__dense_sum_class;
    return product && o->n_out == 1 && o->in[1]->dims.rank == 2 && ant__is_settled(p, o->in[1]) &&
           ant__matmul_wants_panels(o);
}

static bool is_conv(const ant_program *p, const ant_op *o) {
    return (o->cls == &ant__conv2d_class || o->cls == &ant__conv2d_pool_class) && o->n_out == 1 &&
           ant__is_settled(p, o->in[1]) && ant__dims_count(&o->out[0]->dims) > 0;
}

/* --- the pass --- */
static bool look_at(ant_program *p, ant_op *o) {
    if (can_keep(p, o))
        return keep(p, o);
    if (is_conv(p, o))
        return pack_kernel(p, o);
    return !wants_panels(p, o) || pack_product(p, o);
}

int ant__keep(ant_program *p) {
    for (int i = 0; i < p->ops.n; i++) {
        p->ops.at[i]->index = i;
        if (!look_at(p, p->ops.at[i]))
            return ant__program_fail_memory(p);
    }
    ant__drop_dead(p);
    return 0;
}

int ant__note_written(ant_program *p) {
    for (int i = 0; i < p->cells.n; i++) {
        const ant_cell *c = &p->cells.at[i];
        if (c->now != c->old && c->variable->versioned && !ANT__PUSH(&p->written, c->variable))
            return ant__program_fail_memory(p);
    }
    return 0;
}
