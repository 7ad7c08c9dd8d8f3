/* The updates pass: where a large weight's gradient is a product that nobody but Adam reads, one op
 * makes it row by row and updates the same rows of the weight at once. So the gradient takes no
 * memory, and no room in a cache that weight and moments need. */
#include "core/ops/fine.h"
#include "core/ops/matmul.h"
#include "core/ops/update.h"
#include "core/passes/passes.h"

enum {
    LEAST = 1 << 15, /* entries of a weight */
    LEAST_N = 16,    /* of a product that is made of what lies where it is, without copies, */
    MOST_N = 512,    /* … whose rows are as long as tiles are wide */
    MOST_K = 64,
    PACKED_LEAST_N = 64, /* of one that packs b, and copies some rows of a: */
    PACKED_MOST_K = 1024,
    MOST_PACKED = 1 << 18 /* … both for a core's own cache; entries of b */
};

static bool fits_in_place(int64_t k, int64_t n) {
    return k <= MOST_K && n >= LEAST_N && n <= MOST_N;
}

static bool fits_packed(int64_t k, int64_t n) {
    return k <= PACKED_MOST_K && n >= PACKED_LEAST_N && k * n <= MOST_PACKED;
}

/* The product a' x b, of two matrices, that gives item i's gradient and nothing else; or NULL. */
static ant_op *product_of(const ant_op *adam, int i) {
    const ant_value *g = adam->in[ANT__ADAM_SCALARS + i * ANT__ADAM_INPUTS + ANT__ADAM_G];
    ant_op *o = ant__only_maker(g);
    if (o && o->cls == &ant__reshape_class)
        o = ant__only_maker(o->in[0]);
    if (!o || o->cls != &ant__matmul_class || !o->attrs.i[ANT__MATMUL_TA] ||
        o->attrs.i[ANT__MATMUL_TB] || o->in[0]->dims.rank != 2 || o->in[1]->dims.rank != 2)
        return NULL;
    const int64_t n = o->in[1]->dims.dim[1], k = o->in[1]->dims.dim[0];
    const bool fits = fits_in_place(k, n) || fits_packed(k, n);
    return fits && k > 0 && ant__dims_count(&g->dims) >= LEAST ? o : NULL;
}

static void give(ant_op *o, int out, ant_value *v) {
    o->out[out] = v;
    v->from = o;
}

/* The product's b as the joint op reads it, and the attribute that says so. NULL: out of memory. */
static ant_value *prepared(ant_program *p, ant_op *product, ant_attrs *attrs) {
    ant_value *b = product->in[1];
    if (fits_in_place(b->dims.dim[0], b->dims.dim[1]))
        return b;
    attrs->i[ANT__MATMUL_PARTS] = ANT__MATMUL_PACKED;
    return ant__pack(p, b, false);
}

/* Item i of adam, with its product, as an op at the program's end. */
static bool join(const ant_op *adam, int i, ant_op *product) {
    ant_program *p = adam->program;
    ant_attrs attrs = adam->attrs;
    attrs.i[ANT__MATMUL_TA] = true;
    ant_value *b = prepared(p, product, &attrs);
    ant_op *joint =
        ant__op_bare(p, &ant__dense_adam_class, &attrs, ANT__DENSE_ADAM_INPUTS, ANT__ADAM_OUTPUTS);
    if (!b || !joint)
        return false;
    ant_value **in = adam->in + ANT__ADAM_SCALARS + i * ANT__ADAM_INPUTS;
    ant_value *const all[] = {product->in[0],           b,
                              adam->in[ANT__ADAM_RATE], adam->in[ANT__ADAM_DECAY],
                              in[ANT__ADAM_W],          in[ANT__ADAM_M],
                              in[ANT__ADAM_V]};
    for (int k = 0; k < ANT__DENSE_ADAM_INPUTS; k++)
        joint->in[k] = all[k];
    for (int k = 0; k < ANT__ADAM_OUTPUTS; k++)
        give(joint, k, adam->out[i * ANT__ADAM_OUTPUTS + k]);
    product->dead = true;
    return ANT__PUSH(&p->ops, joint);
}

/* Item i goes to place `to`. */
static void move_item(ant_op *adam, int i, int to) {
    ant_value **in = adam->in + ANT__ADAM_SCALARS;
    for (int k = 0; k < ANT__ADAM_INPUTS; k++)
        in[to * ANT__ADAM_INPUTS + k] = in[i * ANT__ADAM_INPUTS + k];
    for (int k = 0; k < ANT__ADAM_OUTPUTS; k++)
        adam->out[to * ANT__ADAM_OUTPUTS + k] = adam->out[i * ANT__ADAM_OUTPUTS + k];
}

/* Takes out of op `at`, which is adam, what can be joined; that runs right before it. */
static bool take_products(ant_program *p, int at) {
    ant_op *adam = p->ops.at[at];
    const int first = p->ops.n, items = adam->n_out / ANT__ADAM_OUTPUTS;
    int left = 0;
    for (int i = 0; i < items; i++) {
        ant_op *product = product_of(adam, i);
        if (!product)
            move_item(adam, i, left++);
        else if (!join(adam, i, product))
            return false;
    }
    adam->n_in = ANT__ADAM_SCALARS + left * ANT__ADAM_INPUTS;
    adam->n_out = left * ANT__ADAM_OUTPUTS;
    adam->dead = left == 0;
    return left == items || ant__bring_forward(p, at, first);
}

int ant__join_updates(ant_program *p) {
    if (ant__kernels()->vector_bytes <= 16)
        return 0;
    for (int i = p->ops.n - 1; i >= 0; i--)
        if (p->ops.at[i]->cls == &ant__adam_class && !take_products(p, i))
            return ant__program_fail_memory(p);
    ant__drop_dead(p);
    return 0;
}
