#include "layers/attention/heads.h"
#include <string.h>

/* --- axes --- */

static int take_axes(ant_layer_call *c, ant_size said, ant_heads *h) {
    int n = said == ANT_NONE ? 0 : ant__size_count(said);
    h->n_axes = said == ANT_NONE ? h->rank - 2 : n ? n : 1;
    for (int k = 0; k < h->n_axes; k++) {
        int axis = said == ANT_NONE ? k + 1 : ant__size_at(said, k);
        h->axis[k] = axis < 0 ? axis + h->rank : axis;
        if (h->axis[k] < 1 || h->axis[k] > h->rank - 2)
            return ant__call_fail(c, ANT_E_OPTION, "attention_axes has %d, must be from 1 to %d",
                                  axis, h->rank - 2);
        for (int j = 0; j < k; j++)
            if (h->axis[j] == h->axis[k])
                return ant__call_fail(c, ANT_E_OPTION, "attention_axes has %d twice", axis);
    }
    return 0;
}

static bool is_position(const ant_heads *h, int axis) {
    for (int k = 0; k < h->n_axes; k++)
        if (h->axis[k] == axis)
            return true;
    return false;
}

static bool agree(int64_t a, int64_t b) {
    return a == b || a < 0 || b < 0;
}

/* Batches are the query's, positions of the key are the value's. */
static bool shapes_fit(const ant_heads *h, const ant_dims in[3]) {
    if (in[ANT__VALUE].rank != h->rank || in[ANT__KEY].rank != h->rank)
        return false;
    for (int k = 0; k < h->rank - 1; k++)
        if (!agree(in[ANT__VALUE].dim[k], in[ANT__KEY].dim[k]) ||
            (!is_position(h, k) && !agree(in[ANT__QUERY].dim[k], in[ANT__VALUE].dim[k])))
            return false;
    return true;
}

int ant__heads_of(ant_layer_call *c, ant_size attention_axes, const ant_dims in[3], ant_heads *h) {
    char q[ANT__DIMS_TEXT], v[ANT__DIMS_TEXT], k[ANT__DIMS_TEXT];
    *h = (ant_heads){.rank = in[ANT__QUERY].rank};
    if (h->rank < 3 || h->rank == ANT_MAX_AXES)
        return ant__call_fail(c, ANT_E_SHAPE, "takes a query of 3 to %d axes, got %s",
                              ANT_MAX_AXES - 1, ant__dims_text(&in[ANT__QUERY], q));
    int code = take_axes(c, attention_axes, h);
    if (code)
        return code;
    for (int axis = 0; axis < h->rank - 1; axis++)
        if (!is_position(h, axis))
            h->batch[h->n_batch++] = axis;
    if (!shapes_fit(h, in))
        return ant__call_fail(c, ANT_E_SHAPE, "query %s, value %s and key %s do not fit",
                              ant__dims_text(&in[ANT__QUERY], q),
                              ant__dims_text(&in[ANT__VALUE], v), ant__dims_text(&in[ANT__KEY], k));
    if (h->n_batch + 1 + 2 * h->n_axes > ANT_MAX_AXES)
        return ant__call_fail(c, ANT_E_LIMIT, "its scores would have %d axes, at most %d",
                              h->n_batch + 1 + 2 * h->n_axes, ANT_MAX_AXES);
    return 0;
}

static void append(ant_dims *d, int64_t size) {
    d->dim[d->rank++] = size;
}

static void append_axes(ant_dims *d, const ant_dims *from, const int *axis, int n) {
    for (int k = 0; k < n; k++)
        append(d, from->dim[axis[k]]);
}

static int64_t span(const ant_dims *d, const int *axis, int n) {
    ant_dims some = {.rank = 0};
    append_axes(&some, d, axis, n);
    return ant__dims_count(&some);
}

/* (…, heads, size) as (batch, positions, heads, size). */
static ant_value *enter(ant_program *p, const ant_heads *h, ant_value *x) {
    int order[ANT_MAX_AXES], n = h->n_batch;
    if (!x)
        return NULL;
    memcpy(order, h->batch, sizeof *order * (size_t)n);
    memcpy(order + n, h->axis, sizeof *order * (size_t)h->n_axes);
    order[h->rank - 1] = h->rank - 1;
    order[h->rank] = h->rank;
    ant_dims flat =
        ANT__DIMS(span(&x->dims, h->batch, h->n_batch), span(&x->dims, h->axis, h->n_axes),
                  x->dims.dim[h->rank - 1], x->dims.dim[h->rank]);
    return ant__reshape_to(p, ant_op_transpose(p, x, order), &flat);
}

/* And back; `query` has the sizes of batches and positions. */
static ant_value *leave(ant_program *p, const ant_heads *h, ant_value *x, const ant_dims *query) {
    int order[ANT_MAX_AXES];
    ant_dims apart = {.rank = 0};
    if (!x)
        return NULL;
    append_axes(&apart, query, h->batch, h->n_batch);
    append_axes(&apart, query, h->axis, h->n_axes);
    append(&apart, x->dims.dim[2]);
    append(&apart, x->dims.dim[3]);
    for (int k = 0; k < h->n_batch; k++)
        order[h->batch[k]] = k;
    for (int k = 0; k < h->n_axes; k++)
        order[h->axis[k]] = h->n_batch + k;
    order[h->rank - 1] = h->rank - 1;
    order[h->rank] = h->rank;
    return ant_op_transpose(p, ant__reshape_to(p, x, &apart), order);
}

/* (batches…, heads, T…, S…) */
static ant_dims score_dims(const ant_heads *h, const ant_dims *query, const ant_dims *key,
                           int64_t heads) {
    ant_dims d = {.rank = 0};
    append_axes(&d, query, h->batch, h->n_batch);
    append(&d, heads);
    append_axes(&d, query, h->axis, h->n_axes);
    append_axes(&d, key, h->axis, h->n_axes);
    return d;
}

/* --- masks: bool values that broadcast to the scores' dims --- */

/* An input's mask (all axes but the last): of rows, for the query, or of columns. */
static int take_mask(ant_layer_call *c, const ant_heads *h, int input, ant_heads_mask *mask) {
    static const char *const names[] = {"query", "value", "key"};
    ant_value *m = c->mask[input];
    int order[ANT_MAX_AXES], n = h->n_batch;
    char a[ANT__DIMS_TEXT], b[ANT__DIMS_TEXT];
    ant_dims wanted = c->in[input]->dims, apart = {.rank = 0};
    wanted.rank--;
    if (!m)
        return 0;
    ant_dims all = wanted;
    if (m->dims.rank != wanted.rank || !ant__dims_broadcast(&all, &m->dims))
        return ant__call_fail(c, ANT_E_SHAPE, "the mask %s does not fit the %s %s",
                              ant__dims_text(&m->dims, a), names[input],
                              ant__dims_text(&c->in[input]->dims, b));
    memcpy(order, h->batch, sizeof *order * (size_t)n);
    memcpy(order + n, h->axis, sizeof *order * (size_t)h->n_axes);
    append_axes(&apart, &m->dims, h->batch, n);
    append(&apart, 1);
    for (int k = 0; k < 2 * h->n_axes; k++) {
        bool own = (k < h->n_axes) == (input == ANT__QUERY);
        append(&apart, own ? m->dims.dim[h->axis[k % h->n_axes]] : 1);
    }
    m = ant__reshape_to(c->program, ant_op_transpose(c->program, m, order), &apart);
    mask->given[mask->n++] = ant_op_cast(c->program, m, ANT_BOOL);
    return 0;
}

/* Axes that it has not are batches or heads: they stand before the positions. */
static int take_attention_mask(ant_layer_call *c, const ant_heads *h, const ant_dims *scores,
                               ant_heads_mask *mask) {
    ant_value *m = c->attention_mask;
    char a[ANT__DIMS_TEXT], b[ANT__DIMS_TEXT];
    if (!m)
        return 0;
    ant_dims dims = {.rank = 0}, all = *scores;
    int own = m->dims.rank - 2 * h->n_axes;
    for (int k = 0; k < m->dims.rank; k++) {
        for (int gap = k == own ? scores->rank - m->dims.rank : 0; gap > 0; gap--)
            append(&dims, 1);
        append(&dims, m->dims.dim[k]);
    }
    if (own < 0 || m->dims.rank > scores->rank || !ant__dims_broadcast(&all, &dims) ||
        all.rank != scores->rank)
        return ant__call_fail(c, ANT_E_SHAPE, "the attention_mask %s does not fit the scores %s",
                              ant__dims_text(&m->dims, a), ant__dims_text(scores, b));
    mask->given[mask->n++] =
        ant_op_cast(c->program, ant__reshape_to(c->program, m, &dims), ANT_BOOL);
    return 0;
}

/* 1, 2, 3 … along one axis of (rows, columns) = (n, 1) or (1, n). */
static ant_value *count_up(ant_program *p, int64_t n, int axis) {
    const int64_t shape[] = {axis ? 1 : n, axis ? n : 1};
    return ant_op_cumsum(p, ant_op_fill(p, shape, 2, 1), axis);
}

static ant_value *distances(ant_program *p, int64_t rows, int64_t columns) {
    return ant_op_sub(p, count_up(p, rows, 0), count_up(p, columns, 1));
}

ant_value *ant__not_later(ant_program *p, int64_t rows, int64_t columns) {
    return ant_op_greater_equal(p, distances(p, rows, columns), ant_op_number(p, 0));
}

/* By how far positions lie apart: not later, and within the window. */
static int take_distance(ant_layer_call *c, const ant_heads *h, int sliding_window,
                         ant_heads_mask *mask) {
    bool window = sliding_window != ANT_NONE;
    if ((c->use_causal_mask || window) && h->n_axes != 1)
        return ant__call_fail(c, ANT_E_OPTION, "%s needs one axis of positions, there are %d",
                              window ? "sliding_window" : "use_causal_mask", h->n_axes);
    mask->causal = c->use_causal_mask;
    mask->window = sliding_window;
    return 0;
}

/* Batches, and positions of both sides, as one axis each. */
static ant_value *flatten(ant_program *p, const ant_heads *h, const ant_dims *scores,
                          ant_value *mask) {
    if (!mask || (h->n_batch == 1 && h->n_axes == 1))
        return mask;
    int heads = mask->dims.rank - 1 - 2 * h->n_axes;
    ant_dims full = *scores;
    full.dim[h->n_batch] = heads >= 0 ? mask->dims.dim[heads] : 1;
    int first = h->n_batch + 1, second = first + h->n_axes;
    ant_dims flat =
        ANT__DIMS(ant__dims_span(&full, 0, h->n_batch), full.dim[h->n_batch],
                  ant__dims_span(&full, first, second), ant__dims_span(&full, second, full.rank));
    return ant__reshape_to(p, ant__broadcast_to(p, mask, &full), &flat);
}

int ant__heads_mask(ant_layer_call *c, const ant_heads *h, int sliding_window, ant_heads_mask *m) {
    const ant_dims *key = &c->in[ANT__VALUE]->dims;
    ant_dims scores = score_dims(h, &c->in[ANT__QUERY]->dims, key, ANT_ANY);
    int code = 0;
    *m = (ant_heads_mask){.window = ANT_NONE};
    for (int k = 0; k < c->n_in && !code; k++)
        code = take_mask(c, h, k, m);
    if (!code)
        code = take_distance(c, h, sliding_window, m);
    if (!code)
        code = take_attention_mask(c, h, &scores, m);
    for (int k = 0; k < m->n && !code; k++)
        m->given[k] = flatten(c->program, h, &scores, m->given[k]);
    return code;
}

/* --- the plain way, where the weights themselves are wanted --- */

static ant_value *both(ant_program *p, ant_value *a, ant_value *b) {
    return a && b ? ant_op_logical_and(p, a, b) : a ? a : b;
}

/* All in one, for `rows` queries and `columns` keys; -1: only shapes are wanted. */
static ant_value *joint_mask(ant_program *p, const ant_heads_mask *m, int64_t rows,
                             int64_t columns) {
    const bool window = m->window != ANT_NONE, known = rows >= 0 && columns >= 0;
    ant_value *mask = NULL;
    for (int k = 0; k < m->n; k++)
        mask = both(p, mask, m->given[k]);
    if (m->causal && known)
        mask = both(p, mask, ant__not_later(p, rows, columns));
    if (window && known) {
        ant_value *away = ant_op_abs(p, distances(p, rows, columns));
        mask = both(p, mask, ant_op_less(p, away, ant_op_number(p, m->window)));
    }
    return mask;
}

/* Heads of the query that share one of these get copies of it. */
static ant_value *share(ant_program *p, ant_value *x, int64_t heads) {
    int64_t own = ant_value_size(x, 1);
    return x && own != heads ? ant_op_repeat(p, x, 1, heads / own) : x;
}

/* What is forbidden counts like -1e9, and its weight becomes 0. */
static ant_value *weigh(ant_program *p, ant_value *logits, ant_value *mask) {
    if (!mask)
        return ant_op_softmax(p, logits, -1);
    ant_value *y = ant_op_softmax(p, ant_op_where(p, mask, logits, ant_op_number(p, -1e9)), -1);
    return ant_op_where(p, mask, y, ant_op_number(p, 0));
}

/* query, key and value (batch, positions, heads, size). */
static ant_value *attend_plainly(ant_layer_call *c, const ant_attend *a, const ant_attention *heads,
                                 ant_value **scores) {
    static const int swap[] = {0, 2, 1, 3};
    ant_program *p = c->program;
    ant_value *q = ant_op_transpose(p, ant_op_scale(p, heads->query, a->scale), swap);
    ant_value *k = ant_op_transpose(p, heads->key, swap);
    ant_value *v = ant_op_transpose(p, heads->value, swap);
    int64_t n = ant_value_size(q, 1);
    ant_value *logits = ant_op_matmul(p, q, share(p, k, n), false, true);
    ant_value *mask = joint_mask(p, &a->mask, ant_value_size(q, 2), ant_value_size(k, 2));
    ant_value *weights = weigh(p, logits, mask), *kept = weights;
    *scores = weights;
    if (c->training && a->dropout > 0 && weights)
        kept = ant__dropout_write(c, weights, &weights->dims, a->dropout, a->seed);
    return ant_op_transpose(p, ant_op_matmul(p, kept, share(p, v, n), false, false), swap);
}

/* --- the weights and what they make of the value --- */

/* Where a query may look at nothing at all, Keras lets all count alike, or, where it handles the
 * weights themselves, none. */
static ant_value *attend_in_tiles(ant_layer_call *c, const ant_heads *h, const ant_attend *a,
                                  ant_attention *heads) {
    heads->n_masks = a->mask.n;
    memcpy(heads->mask, a->mask.given, sizeof heads->mask);
    heads->causal = a->mask.causal;
    heads->window = a->mask.window == ANT_NONE ? 0 : a->mask.window;
    heads->none_is_zero = a->dropout > 0 || h->rank > 3;
    heads->scale = a->scale;
    if (c->training && a->dropout > 0) {
        heads->rate = a->dropout;
        heads->random_key = ant__call_key(c, a->seed);
    }
    return ant__op_attention(c->program, heads);
}

ant_value *ant__attend(ant_layer_call *c, const ant_heads *h, const ant_attend *a,
                       ant_value **scores) {
    ant_program *p = c->program;
    if (!a->query || !a->key || !a->value)
        return NULL;
    ant_attention heads = {
        .query = enter(p, h, a->query), .key = enter(p, h, a->key), .value = enter(p, h, a->value)};
    if (!a->scores)
        return leave(p, h, attend_in_tiles(c, h, a, &heads), &a->query->dims);
    ant_value *weights, *y = attend_plainly(c, a, &heads, &weights);
    ant_dims dims = score_dims(h, &a->query->dims, &a->key->dims, ant_value_size(y, 2));
    *scores = ant__reshape_to(p, weights, &dims);
    return leave(p, h, y, &a->query->dims);
}
