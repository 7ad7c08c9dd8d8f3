/* Operations that cut values into pieces and put pieces together: slices, splits, padding,
 * repetition. */
#include "core/ops/fine.h"
#include "layers/operation/operation.h"
#include <string.h>

/* --- slices --- */
/* Start, stop and step on an axis of some size, as Python's slice.indices gives them; the count. */
static int64_t resolve(const ant_key_item *item, int64_t size, int64_t *start, int64_t *step) {
    *step = item->step == ANT__KEY_OPEN ? 1 : item->step;
    int64_t low = *step < 0 ? -1 : 0, high = *step < 0 ? size - 1 : size, end[2];
    const int64_t said[] = {item->start, item->stop};
    for (int k = 0; k < 2; k++) {
        end[k] = said[k] < 0 ? said[k] + size : said[k];
        end[k] = end[k] < low ? low : end[k] > high ? high : end[k];
        if (said[k] == ANT__KEY_OPEN)
            end[k] = (k == 0) == (*step > 0) ? low : high;
    }
    *start = end[0];
    int64_t way = *step > 0 ? end[1] - end[0] : end[0] - end[1];
    int64_t stride = *step > 0 ? *step : -*step;
    return way <= 0 || !stride ? 0 : (way - 1) / stride + 1;
}

static ant_value *take_slice(ant_program *p, ant_value *v, int axis, const ant_key_item *item) {
    int64_t size = ant_value_size(v, axis), start = 0, step = 1, count = -1;
    if (size >= 0)
        count = resolve(item, size, &start, &step);
    return ant_op_slice(p, v, axis, count == 0 ? 0 : start, count, count == 0 ? 1 : step);
}

static ant_value *take_index(ant_operands *o, ant_value *v, int axis, int64_t index) {
    int64_t size = ant_value_size(v, axis);
    char text[ANT__DIMS_TEXT];
    if (v && size >= 0 && (index < -size || index >= size))
        return ant__operation_fail(o, ANT_E_SHAPE, "index %lld is outside of axis %d of %s",
                                   (long long)index, axis, ant__dims_text(&o->in[0]->dims, text));
    v = ant_op_slice(o->program, v, axis, size < 0 ? 0 : index, 1, 1);
    return ant_op_squeeze(o->program, v, axis);
}

/* Axes that a key names. */
static int named_axes(const ant_key_item *item, int n) {
    int axes = 0;
    for (int k = 0; k < n; k++)
        axes += item[k].kind == ANT__KEY_INDEX || item[k].kind == ANT__KEY_SLICE;
    return axes;
}

static ant_value *get_item(ant_operands *o) {
    ant_key_item item[ANT__KEY_ITEMS];
    ant_program *p = o->program;
    ant_value *v = o->in[0];
    char text[ANT__DIMS_TEXT];
    int n = ant__key_read(o->options->key, item), axis = 0;
    int rest = n < 0 ? -1 : ant_value_rank(v) - named_axes(item, n);
    if (rest < 0)
        return ant__operation_fail(o, n < 0 ? ANT_E_OPTION : ANT_E_SHAPE,
                                   n < 0 ? "'%s' is no key%s" : "key '%s' has more axes than %s",
                                   o->options->key, n < 0 ? "" : ant__dims_text(&v->dims, text));
    for (int k = 0; k < n && v; k++)
        switch (item[k].kind) {
        case ANT__KEY_INDEX:
            v = take_index(o, v, axis, item[k].start);
            break;
        case ANT__KEY_SLICE:
            v = take_slice(p, v, axis++, &item[k]);
            break;
        case ANT__KEY_NEW:
            v = ant_op_expand(p, v, axis++);
            break;
        case ANT__KEY_REST:
            axis += rest;
            break;
        }
    return v;
}

/* `shape` entries from `start` on, of some axes or of all in order; -1: up to the end. */
static ant_value *slice(ant_operands *o) {
    const ant_operation_options *k = o->options;
    ant_value *v = o->in[0];
    int n = k->axis.count ? k->axis.count : ant_value_rank(v);
    if (k->start.count != n || k->shape.count != n)
        return ant__operation_fail(o, ANT_E_SHAPE, "start has %d and shape %d entries for %d axes",
                                   k->start.count, k->shape.count, n);
    for (int i = 0; i < n; i++) {
        int axis = ant__axis_of(o, o->in[0], k->axis.count ? k->axis.data[i] : i);
        if (axis < 0)
            return NULL;
        int64_t size = ant_value_size(v, axis), start = k->start.data[i], count = k->shape.data[i];
        if (start < 0 && size >= 0)
            start += size;
        if (count < 0)
            count = size < 0 ? -1 : size - start;
        v = ant__part(o->program, v, axis, start, count);
    }
    return v;
}

/* --- splits --- */
/* Parts between the cuts; 0 or an error. */
static ant_value *cut_at(ant_operands *o, ant_value *v, int axis, const int64_t *cut, int parts) {
    int64_t size = ant_value_size(v, axis), from = 0;
    for (int k = 0; k < parts; k++) {
        int64_t to = k == parts - 1 ? size : cut[k];
        if (size >= 0 && (to < from || to > size))
            return ant__operation_fail(o, ANT_E_SHAPE,
                                       "part %d of axis %d of %lld entries is from "
                                       "%lld to %lld",
                                       k, axis, (long long)size, (long long)from, (long long)to);
        o->call->out[k] = ant__part(o->program, v, axis, from, to < 0 ? -1 : to - from);
        from = to;
    }
    return o->call->out[0];
}

/* n parts, the first ones longer by one where the size does not divide (`uneven`). */
static ant_value *cut_into(ant_operands *o, int axis, bool uneven) {
    int n = o->options->count;
    int64_t size = ant_value_size(o->in[0], axis), cut[ANT_MAX_PORTS] = {0};
    if (size >= 0 && size % n && !uneven)
        return ant__operation_fail(o, ANT_E_SHAPE, "axis %d of %lld entries in %d equal parts",
                                   axis, (long long)size, n);
    for (int k = 0; k < n; k++)
        cut[k] = size < 0 ? -1 : (k + 1) * (size / n) + (k < size % n ? k + 1 : size % n);
    return cut_at(o, o->in[0], axis, cut, n);
}

static ant_value *split_axis(ant_operands *o, int axis) {
    const ant_operation_options *k = o->options;
    int64_t cut[ANT_MAX_PORTS] = {0};
    bool both = k->count != ANT_NONE && k->indices.count;
    int parts = k->indices.count ? k->indices.count + 1 : k->count;
    if (both || parts < 1 || parts >= ANT_MAX_PORTS)
        return ant__operation_fail(o, ANT_E_OPTION,
                                   "either count or indices, for 1 to %d parts, must be said",
                                   ANT_MAX_PORTS - 1);
    if (axis < 0 || !k->indices.count)
        return axis < 0 ? NULL : cut_into(o, axis, false);
    for (int i = 0; i < k->indices.count; i++)
        cut[i] = k->indices.data[i];
    return cut_at(o, o->in[0], axis, cut, parts);
}

static ant_value *split(ant_operands *o) {
    return split_axis(o, ant__axis_said(o, o->in[0], 0));
}

static ant_value *hsplit(ant_operands *o) {
    return split_axis(o, ant__axis_of(o, o->in[0], ant_value_rank(o->in[0]) > 1));
}

static ant_value *vsplit(ant_operands *o) {
    return split_axis(o, ant__axis_of(o, o->in[0], 0));
}

static ant_value *dsplit(ant_operands *o) {
    return split_axis(o, ant__axis_of(o, o->in[0], 2));
}

static int parts_of(const ant_operation_options *o) {
    int n = o->indices.count ? o->indices.count + 1 : ant__int_or(o->count, 1);
    return n < 1 || n >= ANT_MAX_PORTS ? 1 : n;
}

static ant_value *few_parts(ant_operands *o) {
    int n = o->options->count;
    if (n < 1 || n >= ANT_MAX_PORTS)
        return ant__operation_fail(o, ANT_E_OPTION, "count is %d, must be between 1 and %d", n,
                                   ANT_MAX_PORTS - 1);
    return o->in[0];
}

static ant_value *array_split(ant_operands *o) {
    int axis = few_parts(o) ? ant__axis_said(o, o->in[0], 0) : -1;
    return axis < 0 ? NULL : cut_into(o, axis, true);
}

static ant_value *unstack(ant_operands *o) {
    int axis = few_parts(o) ? ant__axis_said(o, o->in[0], 0) : -1, n = o->options->count;
    int64_t size = ant_value_size(o->in[0], axis < 0 ? 0 : axis);
    if (axis >= 0 && size >= 0 && size != n)
        return ant__operation_fail(o, ANT_E_SHAPE, "axis %d has %lld entries, count is %d", axis,
                                   (long long)size, n);
    for (int k = 0; k < n && axis >= 0; k++)
        o->call->out[k] = take_index(o, o->in[0], axis, k);
    return axis < 0 ? NULL : o->call->out[0];
}

/* --- repetition --- */
/* The whole axis `times` times: a new axis before it, broadcast and joined. */
static ant_value *tile_axis(ant_program *p, ant_value *v, int axis, int64_t times) {
    if (!v || times == 1)
        return v;
    ant_dims joint = v->dims;
    joint.dim[axis] = ant__times(joint.dim[axis], times);
    v = ant_op_expand(p, v, axis);
    if (!v)
        return NULL;
    ant_dims wide = v->dims;
    wide.dim[axis] = times;
    return ant__reshape_to(p, ant__broadcast_to(p, v, &wide), &joint);
}

/* New axes in front where there are more repeats than axes. */
static ant_value *tile(ant_operands *o) {
    const ant_ints *repeats = &o->options->repeats;
    ant_program *p = o->program;
    ant_value *v = o->in[0];
    while (v && ant_value_rank(v) < repeats->count && ant_value_rank(v) < ANT_MAX_AXES)
        v = ant_op_expand(p, v, 0);
    int first = ant_value_rank(v) - repeats->count;
    if (first < 0)
        return ant__operation_fail(o, ANT_E_SHAPE, "more than %d repeats", ANT_MAX_AXES);
    for (int k = 0; k < repeats->count; k++) {
        if (repeats->data[k] < 0)
            return ant__operation_fail(o, ANT_E_OPTION, "repeats has %d, at least 0",
                                       repeats->data[k]);
        v = tile_axis(p, v, first + k, repeats->data[k]);
    }
    return v;
}

/* The index of each entry as many times as the list says. */
static ant_value *places_of(ant_operands *o, const ant_ints *repeats, int64_t total) {
    int64_t n = 0;
    double *index = ant__arena_array(&o->call->context->arena, (size_t)total + 1, sizeof *index);
    if (!index) {
        ant__fail_memory(&o->call->context->error);
        return NULL;
    }
    for (int k = 0; k < repeats->count; k++)
        for (int i = 0; i < repeats->data[k]; i++)
            index[n++] = k;
    return ant__constant(o->program, ANT_INT32, &ANT__DIMS(total), index);
}

/* As many times as a list says for each entry: entries by their index. */
static ant_value *repeat_each(ant_operands *o, ant_value *v, int axis) {
    const ant_ints *repeats = &o->options->repeats;
    int64_t size = ant_value_size(v, axis), total = 0;
    if (size >= 0 && size != repeats->count)
        return ant__operation_fail(o, ANT_E_SHAPE, "%d repeats for %lld entries", repeats->count,
                                   (long long)size);
    for (int k = 0; k < repeats->count; k++)
        total += repeats->data[k];
    if (total > 1 << 24)
        return ant__operation_fail(o, ANT_E_LIMIT, "repeats add up to %lld, at most %d",
                                   (long long)total, 1 << 24);
    ant_value *places = ant__program_shapes_only(o->program)
                            ? ant__input(o->program, ANT_INT32, &ANT__DIMS(total))
                            : places_of(o, repeats, total);
    return places ? ant__take_axis(o->program, v, places, axis) : NULL;
}

static ant_value *repeat(ant_operands *o) {
    const ant_ints *repeats = &o->options->repeats;
    ant_value *v = ant__flat_without_axis(o, o->in[0]);
    int axis = ant__axis_said(o, v, 0);
    for (int k = 0; k < repeats->count; k++)
        if (repeats->data[k] < 0)
            return ant__operation_fail(o, ANT_E_OPTION, "repeats has %d, at least 0",
                                       repeats->data[k]);
    if (axis < 0 || repeats->count > 1)
        return axis < 0 ? NULL : repeat_each(o, v, axis);
    return ant_op_repeat(o->program, v, axis, repeats->data[0]);
}

/* --- padding --- */
/* The pair of an axis: one number or pair for all, or a pair for each. */
static bool pad_pair(ant_operands *o, int axis, int64_t pair[2]) {
    const ant_ints *width = &o->options->pad_width;
    int rank = ant_value_rank(o->in[0]);
    if (width->count != 1 && width->count != 2 && width->count != 2 * rank) {
        ant__operation_fail(o, ANT_E_SHAPE, "pad_width has %d entries for %d axes", width->count,
                            rank);
        return false;
    }
    int at = width->count > 2 ? 2 * axis : 0;
    pair[0] = width->data[at];
    pair[1] = width->data[width->count == 1 ? 0 : at + 1];
    return true;
}

/* n entries beside the axis's first (or last): its mirror image, with or without the entry at the
 * edge, or that entry repeated. */
static ant_value *beside(ant_operands *o, ant_value *v, int axis, int64_t n, bool end) {
    const char *mode = ant__mode_or(o, "constant");
    ant_program *p = o->program;
    int64_t size = ant_value_size(v, axis), away = !strcmp(mode, "reflect");
    if (!strcmp(mode, "edge")) {
        int64_t at = end && size > 0 ? size - 1 : 0;
        return ant_op_repeat(p, ant__part(p, v, axis, at, 1), axis, n);
    }
    if (size >= 0 && n > size - away)
        return ant__operation_fail(o, ANT_E_SHAPE, "%lld entries beside %lld of axis %d",
                                   (long long)n, (long long)size, axis);
    int64_t start = !end ? away : size < 0 ? 0 : size - n - away;
    return ant_op_reverse(p, ant__part(p, v, axis, start, n), axis);
}

static ant_value *pad_axis(ant_operands *o, ant_value *v, int axis, const int64_t pair[2]) {
    ant_value *all[3];
    int n = 0;
    if (!strcmp(ant__mode_or(o, "constant"), "constant"))
        return ant_op_pad(o->program, v, axis, pair[0], pair[1],
                          ant__number_or(o->options->value, 0));
    if (pair[0])
        all[n++] = beside(o, v, axis, pair[0], false);
    all[n++] = v;
    if (pair[1])
        all[n++] = beside(o, v, axis, pair[1], true);
    return ant_op_concat(o->program, all, n, axis);
}

static ant_value *pad(ant_operands *o) {
    ant_value *v = o->in[0];
    int64_t pair[2];
    for (int k = 0; k < ant_value_rank(o->in[0]) && v; k++) {
        if (!pad_pair(o, k, pair))
            return NULL;
        if (pair[0] || pair[1])
            v = pad_axis(o, v, k, pair);
    }
    return v;
}

/* --- rolling --- */
static ant_value *roll_axis(ant_program *p, ant_value *v, int axis, int64_t shift) {
    int64_t size = ant_value_size(v, axis);
    int64_t by = size > 0 ? (shift % size + size) % size : 0;
    if (by == 0)
        return v;
    ant_value *parts[] = {ant__part(p, v, axis, size - by, by),
                          ant__part(p, v, axis, 0, size - by)};
    return ant_op_concat(p, parts, 2, axis);
}

static ant_value *roll(ant_operands *o) {
    const ant_ints *shift = &o->options->shift, *axis = &o->options->axis;
    ant_dims dims = o->in[0]->dims;
    ant_value *v = ant__flat_without_axis(o, o->in[0]);
    if (shift->count != (axis->count ? axis->count : 1))
        return ant__operation_fail(o, ANT_E_OPTION, "%d shifts for %d axes", shift->count,
                                   axis->count);
    for (int k = 0; k < shift->count; k++) {
        int at = ant__axis_of(o, v, axis->count ? axis->data[k] : 0);
        if (at < 0)
            return NULL;
        v = roll_axis(o->program, v, at, shift->data[k]);
    }
    return ant__reshape_to(o->program, v, &dims);
}

/* --- differences --- */
static ant_value *diff(ant_operands *o) {
    ant_program *p = o->program;
    ant_value *v = o->in[0];
    int axis = ant__axis_said(o, v, -1), times = ant__int_or(o->options->count, 1);
    bool bools = ant_value_dtype(v) == ANT_BOOL;
    if (times < 0 || times > 1000)
        return ant__operation_fail(o, ANT_E_OPTION, "count is %d, must be between 0 and 1000",
                                   times);
    for (int k = 0; k < times && axis >= 0 && v; k++) {
        int64_t n = ant_value_size(v, axis), left = n > 0 ? n - 1 : n;
        ant_value *later = ant__part(p, v, axis, n > 0, left);
        ant_value *earlier = ant__part(p, v, axis, 0, left);
        v = bools ? ant_op_not_equal(p, later, earlier) : ant_op_sub(p, later, earlier);
    }
    return axis < 0 ? NULL : v;
}

/* --- the table --- */
#define SPLIT(title, f)                                                                            \
    { .name = title, .values = "x", .takes = "count indices", .write = f, .results = parts_of }

static const ant_operation rows[] = {
    {.name = "get_item", .values = "x", .must = "key", .write = get_item},
    {.name = "slice",
     .values = "x",
     .takes = "axis",
     .must = "start shape",
     .axes = -1,
     .write = slice},
    {.name = "split",
     .values = "x",
     .takes = "axis count indices",
     .write = split,
     .results = parts_of},
    SPLIT("hsplit", hsplit),
    SPLIT("vsplit", vsplit),
    SPLIT("dsplit", dsplit),
    {.name = "array_split",
     .values = "x",
     .takes = "axis",
     .must = "count",
     .write = array_split,
     .results = parts_of},
    {.name = "unstack",
     .values = "x",
     .takes = "axis",
     .must = "count",
     .write = unstack,
     .results = parts_of},
    {.name = "tile", .values = "x", .must = "repeats", .write = tile},
    {.name = "repeat", .values = "x", .takes = "axis", .must = "repeats", .write = repeat},
    {.name = "pad",
     .values = "x",
     .takes = "mode value",
     .must = "pad_width",
     .modes = "constant reflect symmetric edge",
     .write = pad},
    {.name = "roll", .values = "x", .takes = "axis", .must = "shift", .axes = -1, .write = roll},
    {.name = "diff", .values = "x", .takes = "axis count", .write = diff},
};
ANT__OPERATIONS(ant__piece_operations, rows);
