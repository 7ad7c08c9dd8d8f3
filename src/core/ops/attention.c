/* Attention: softmax(scale query key^T) value by heads, without its scores ever being whole.
 *
 * Inputs: query (B, T, H, d), key (B, S, G, d), value (B, S, G, e), then masks, then the counter of
 * random numbers where weights are left out. It saves for its gradient, per row, the largest score
 * and the sum of exp(score - largest), from which the weights are computed again. */
#include "core/ops/ops.h"
#include "core/program/inside.h"

enum { MASKS, CAUSAL, WINDOW, NONE_ZERO, DROPS, KEY }; /* attrs.i */
enum { SCALE, RATE };                                  /* attrs.f */
enum { Q, K, V, FIRST_MASK };                          /* inputs */

static bool agree(int64_t a, int64_t b) {
    return a == b || a < 0 || b < 0;
}

static int misfit(const ant_op *o) {
    char q[ANT__DIMS_TEXT], k[ANT__DIMS_TEXT], v[ANT__DIMS_TEXT];
    return ant__op_fail(o, "query %s, key %s and value %s do not fit",
                        ant__dims_text(&o->in[Q]->dims, q), ant__dims_text(&o->in[K]->dims, k),
                        ant__dims_text(&o->in[V]->dims, v));
}

static int check(const ant_op *o) {
    const ant_dims *q = &o->in[Q]->dims, *k = &o->in[K]->dims, *v = &o->in[V]->dims;
    if (q->rank != 4 || k->rank != 4 || v->rank != 4 || !agree(q->dim[0], k->dim[0]) ||
        !agree(q->dim[3], k->dim[3]) || !agree(k->dim[0], v->dim[0]) ||
        !agree(k->dim[1], v->dim[1]) || k->dim[2] != v->dim[2] || k->dim[2] < 1 ||
        q->dim[2] % k->dim[2] != 0)
        return misfit(o);
    return 0;
}

/* (B, H, T, S) */
static ant_dims score_dims(const ant_op *o) {
    const ant_dims *q = &o->in[Q]->dims;
    return ANT__DIMS(q->dim[0], q->dim[2], q->dim[1], o->in[K]->dims.dim[1]);
}

static int check_masks(const ant_op *o) {
    char m[ANT__DIMS_TEXT], s[ANT__DIMS_TEXT];
    const ant_dims scores = score_dims(o);
    for (int k = 0; k < o->attrs.i[MASKS]; k++) {
        const ant_value *mask = o->in[FIRST_MASK + k];
        ant_dims all = scores;
        if (mask->dtype != ANT_BOOL || mask->dims.rank > 4 ||
            !ant__dims_broadcast(&all, &mask->dims))
            return ant__op_fail(o, "a mask of type %s and shape %s does not fit the scores %s",
                                ant__dtype_name(mask->dtype), ant__dims_text(&mask->dims, m),
                                ant__dims_text(&scores, s));
    }
    return 0;
}

static int infer(ant_op *o) {
    int code = check(o);
    if (!code)
        code = check_masks(o);
    if (code)
        return code;
    const ant_dims scores = score_dims(o);
    for (int k = 0; k < 3; k++) {
        o->out[k]->dtype = o->in[Q]->dtype;
        o->out[k]->dims = scores;
        o->out[k]->dims.rank = 3;
    }
    o->out[0]->dims = o->in[Q]->dims;
    o->out[0]->dims.dim[3] = o->in[V]->dims.dim[3];
    return 0;
}

/* --- what the kernels read --- */

/* Of the mask's axes as the scores' axes walk over them. */
static void push_strides(ant_nums *n, const ant_dims *mask) {
    int64_t stride[4] = {0}, step = 1;
    for (int k = 3, own = mask->rank - 1; own >= 0; k--, own--) {
        stride[k] = mask->dim[own] == 1 ? 0 : step;
        step *= mask->dim[own];
    }
    for (int k = 0; k < 4; k++)
        ant__num_int(n, stride[k]);
}

static int64_t cells_of(int64_t items) {
    return items < 1 ? 1 : ant__attention_shorter(items, ANT__ATTENTION_CELLS);
}

/* In the order of enum ant_attention_number. */
static int64_t push(const ant_op *o, ant_nums *n, int64_t items, int64_t slot) {
    const ant_dims *q = &o->in[Q]->dims, *v = &o->in[V]->dims;
    const int64_t *i = o->attrs.i;
    const int64_t number[] = {q->dim[0], q->dim[1],    v->dim[1],       q->dim[2], v->dim[2],
                              q->dim[3], v->dim[3],    cells_of(items), slot,      i[CAUSAL],
                              i[WINDOW], i[NONE_ZERO], i[DROPS],        i[KEY]};
    _Static_assert(sizeof number / sizeof *number == ANT__ATTENTION_SCALE, "one for each");
    for (int k = 0; k < ANT__ATTENTION_SCALE; k++)
        ant__num_int(n, number[k]);
    ant__num_real(n, o->attrs.f[SCALE]);
    ant__num_real(n, o->attrs.f[RATE]);
    ant__num_int(n, i[MASKS]);
    for (int k = 0; k < i[MASKS]; k++)
        push_strides(n, &o->in[FIRST_MASK + k]->dims);
    return cells_of(items);
}

static int64_t forward_items(const ant_op *o) {
    const ant_dims *q = &o->in[Q]->dims;
    return q->dim[0] * q->dim[2] * ant__attention_blocks(q->dim[1]);
}

static int64_t backward_items(const ant_op *o) {
    return o->in[K]->dims.dim[0] * o->in[K]->dims.dim[2];
}

static int64_t slot_of(const ant_op *o, int64_t (*slot)(int64_t, int64_t, int64_t)) {
    const ant_dims *v = &o->in[V]->dims;
    return slot(v->dim[1], o->in[Q]->dims.dim[3], v->dim[3]);
}

static int64_t prep(const ant_op *o, ant_nums *n) {
    return push(o, n, forward_items(o), slot_of(o, ant__attention_slot));
}

static int64_t prep_grad(const ant_op *o, ant_nums *n) {
    return push(o, n, backward_items(o), slot_of(o, ant__attention_back_slot));
}

static size_t workspace(const ant_op *o) {
    return (size_t)(cells_of(forward_items(o)) * slot_of(o, ant__attention_slot)) *
           ant__dtype_size(o->out[0]->dtype);
}

static size_t workspace_grad(const ant_op *o) {
    return (size_t)(cells_of(backward_items(o)) * slot_of(o, ant__attention_back_slot)) *
           ant__dtype_size(o->out[0]->dtype);
}

/* --- the gradient: the op's inputs, then y, top, sum, dy; gives dquery, dkey, dvalue --- */

static int infer_grad(ant_op *o) {
    for (int k = 0; k < 3; k++) {
        o->out[k]->dtype = o->in[k]->dtype;
        o->out[k]->dims = o->in[k]->dims;
    }
    return 0;
}

static const ant_op_class attention_grad = {.name = "attention_grad",
                                            .infer = infer_grad,
                                            .kernel = ANT__K_attention_grad,
                                            .prep = prep_grad,
                                            .workspace = workspace_grad};

enum { MOST_INPUTS = FIRST_MASK + ANT__ATTENTION_MASKS + 1 };

static void gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    ant_value *in[MOST_INPUTS + 4];
    int n = o->n_in;
    if (dy[1] || dy[2]) {
        ant__op_fail(o, "no gradient of what it saves for itself");
        return;
    }
    for (int k = 0; k < n; k++)
        in[k] = o->in[k];
    for (int k = 0; k < 3; k++)
        in[n++] = o->out[k];
    in[n++] = dy[0];
    ant_value *first = ant__emit(p, &attention_grad, &o->attrs, in, n, 3);
    for (int k = 0; k < 3; k++)
        dx[k] = o->in[k]->needs ? ant__result(first, k) : NULL;
}

#define ATTENTION(drops)                                                                           \
    {                                                                                              \
        .name = "attention", .infer = infer, .kernel = ANT__K_attention, .prep = prep,             \
        .workspace = workspace, .grad = gradient, .impure = (drops)                                \
    }
static const ant_op_class attention = ATTENTION(false), attention_drop = ATTENTION(true);

ant_value *ant__op_attention(ant_program *p, const ant_attention *a) {
    ant_value *in[MOST_INPUTS] = {a->query, a->key, a->value};
    int n = FIRST_MASK;
    const bool drops = a->rate > 0;
    const ant_attrs attrs = {.i = {[MASKS] = a->n_masks,
                                   [CAUSAL] = a->causal,
                                   [WINDOW] = a->window,
                                   [NONE_ZERO] = a->none_is_zero,
                                   [DROPS] = drops,
                                   [KEY] = (int64_t)a->random_key},
                             .f = {[SCALE] = a->scale, [RATE] = a->rate}};
    for (int k = 0; k < a->n_masks; k++)
        in[n++] = a->mask[k];
    if (drops)
        in[n++] = ant__program_counter(p);
    return ant__emit(p, drops ? &attention_drop : &attention, &attrs, in, n, 3);
}
