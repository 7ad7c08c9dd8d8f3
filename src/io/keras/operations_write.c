/* Operations back as Keras records them, by the rows that reading has too. */
#include "core/options/field.h"
#include "io/keras/operations.h"
#include "io/keras/write.h"
#include "layers/operation/operation.h"
#include <math.h>
#include <string.h>

typedef struct writer {
    ant_context *c;
    const ant_layer_use *use;
    ant_tree *const *operands; /* one for each node of the call */
    int next;                  /* … the first that has no place yet */
    const char *op;
    ant_part said; /* where options stand: the layer's, or those of an activation's text */
    const ant_keras_operation *row;
    const ant_constant *constants;
    int n; /* of constants */
} writer;

static int fail(writer *w, const char *problem) {
    return ant__fail(&w->c->error, ANT_E_OPTION, "%s: %s", ant__layer_label(w->use->layer),
                     problem);
}

/* --- what rows say --- */
static const char *theirs(writer *w, const ant_keras_name *n) {
    return ant__print(w->c, "%.*s", n->theirs_n, n->theirs);
}

static const ant_row *option(const writer *w, const char *word, int n) {
    for (int k = 0; k < w->said.cls->rows_n; k++)
        if (ant__keras_name_is(word, n, w->said.cls->rows[k].name))
            return &w->said.cls->rows[k];
    return NULL;
}

static bool is_said(const writer *w, const ant_row *row) {
    return row && w->said.options && !ant__field_equal(row, w->said.options, w->said.cls->defaults);
}

/* The option if it is said; NULL: it is not. */
static const ant_row *said(const writer *w, const char *word) {
    const ant_row *row = option(w, word, (int)strlen(word));
    return is_said(w, row) ? row : NULL;
}

static ant_list_view list_of(const writer *w, const char *word) {
    return ant__list_get(ant__field_at(option(w, word, (int)strlen(word)), w->said.options));
}

static int list_at(const writer *w, const char *word, int k) {
    return ((const int *)list_of(w, word).data)[k];
}

/* --- numbers --- */
/* Numbers have no point here where they are whole, which Keras makes ints of beside ints. */
static ant_tree *number(writer *w, double x) {
    bool whole = isfinite(x) && x == floor(x) && fabs(x) < 1e15;
    return whole ? ant__keras_whole(w->c, (int64_t)x) : ant__keras_number(w->c, x);
}

static ant_tree *word_of(writer *w, const ant_tree *t) {
    double x;
    if (!strcmp(t->text, "true") || !strcmp(t->text, "false") || !ant__number_read(t->text, &x))
        return ant__tree_new(w->c, ANT__WORD, NULL, t->text);
    return strpbrk(t->text, ".eEin") ? ant__keras_number(w->c, x) : number(w, x);
}

static ant_tree *numbers(writer *w, const ant_tree *t) {
    if (t->kind != ANT__ITEMS)
        return word_of(w, t);
    ant_tree *list = ant__keras_items(w->c);
    for (const ant_tree *x = t->first; x; x = x->next)
        ant__tree_add(list, numbers(w, x));
    return list;
}

/* A number stays one, which takes on the type of the values beside it; all else has its own. */
static ant_tree *constant(writer *w, const ant_constant *k) {
    const ant_tree *t = k->none ? NULL : ant__text_parse(w->c, strchr(k->of, '=') + 1, 0, 0);
    if (k->none || !t)
        return k->none ? ant__keras_null(w->c) : NULL;
    bool typed = t->kind == ANT__CALL;
    if (!typed && !k->dims.rank)
        return numbers(w, t);
    ant_tree *config = ant__keras_map(w->c), *array = ant__keras_map(w->c);
    ant__keras_put(config, "value", numbers(w, typed ? t->first : t));
    ant__keras_put(config, "dtype", ant__keras_text(w->c, ant__dtype_name(k->dtype)));
    ant__keras_put(array, "class_name", ant__keras_text(w->c, "__numpy__"));
    ant__keras_put(array, "config", config);
    return array;
}

/* --- what stands between brackets --- */
static ant_tree *marker(writer *w, const char *cls, ant_tree *config) {
    ant_tree *t = ant__keras_map(w->c);
    ant__keras_put(t, "class_name", ant__keras_text(w->c, cls));
    ant__keras_put(t, "config", config);
    return t;
}

static ant_tree *bound(writer *w, int64_t x) {
    return x == ANT__KEY_OPEN ? ant__keras_null(w->c) : ant__keras_whole(w->c, x);
}

static ant_tree *key_item(writer *w, const ant_key_item *i) {
    ant_tree *config = ant__keras_map(w->c);
    switch (i->kind) {
    case ANT__KEY_INDEX:
        return ant__keras_whole(w->c, i->start);
    case ANT__KEY_NEW:
        return ant__keras_null(w->c);
    case ANT__KEY_REST:
        return marker(w, "__ellipsis__", config);
    case ANT__KEY_SLICE:
        break;
    }
    ant__keras_put(config, "start", bound(w, i->start));
    ant__keras_put(config, "stop", bound(w, i->stop));
    ant__keras_put(config, "step", bound(w, i->step));
    return marker(w, "__slice__", config);
}

static ant_tree *key_items(writer *w, const ant_key_item *items, int n) {
    ant_tree *list = ant__keras_items(w->c);
    for (int k = 0; k < n; k++)
        ant__tree_add(list, key_item(w, &items[k]));
    return list;
}

static ant_tree *key(writer *w, const ant_row *row) {
    ant_key_item items[ANT__KEY_ITEMS];
    const char *text;
    memcpy(&text, ant__field_at(row, w->said.options), sizeof text);
    int n = ant__key_read(text, items);
    if (n == 1 && items[0].kind != ANT__KEY_NEW)
        return key_item(w, &items[0]);
    return key_items(w, items, n < 0 ? 0 : n);
}

/* Keras's Slice knows neither single axes nor open ends: x[:, 1:3] does. */
static bool is_key(const writer *w) {
    bool is = said(w, "axis") != NULL;
    for (int k = 0; k < list_of(w, "start").count; k++)
        is |= list_at(w, "start", k) < 0 || list_at(w, "shape", k) < 0;
    return is;
}

static ant_tree *slice_key(writer *w) {
    ant_key_item items[ANT_MAX_AXES];
    const ant_key_item all = {ANT__KEY_SLICE, ANT__KEY_OPEN, ANT__KEY_OPEN, ANT__KEY_OPEN};
    int rank = w->use->in[0]->dims.rank;
    for (int k = 0; k < rank; k++)
        items[k] = all;
    for (int k = 0; k < list_of(w, "start").count; k++) {
        int axis = said(w, "axis") ? list_at(w, "axis", k) : k;
        int start = list_at(w, "start", k), count = list_at(w, "shape", k), end = start + count;
        ant_key_item *i = &items[axis < 0 ? axis + rank : axis];
        i->start = start;
        i->stop = count < 0 || (start < 0 && end >= 0) ? ANT__KEY_OPEN : end;
    }
    return key_items(w, items, rank);
}

/* --- options --- */
/* ((1, 2), (0, 0)) for each axis; one pair, or one number, for all of them. */
static ant_tree *pairs(writer *w, ant_tree *flat) {
    ant_tree *list = ant__keras_items(w->c);
    if (!flat || ant__tree_count(flat) <= 2)
        return flat;
    for (ant_tree *x = flat->first; x && x->next;) {
        ant_tree *pair = ant__keras_items(w->c), *second = x->next, *rest = second->next;
        x->next = second->next = NULL;
        ant__tree_add(pair, x);
        ant__tree_add(pair, second);
        ant__tree_add(list, pair);
        x = rest;
    }
    return list;
}

/* A list of one number is the number, but for these. */
static bool stays_list(const writer *w, const ant_row *row) {
    return ant__word_among("shape start indices", row->name, false) ||
           ant__word_among("transpose moments", w->op, false);
}

static ant_tree *list_value(writer *w, const ant_row *row) {
    ant_tree *t = ant__keras_option_write(w->c, row, w->said.options);
    if (!strcmp(row->name, "pad_width"))
        t = pairs(w, t);
    bool one = t && t->first && !t->first->next;
    return one && !stays_list(w, row) ? t->first : t;
}

static ant_tree *value_of(writer *w, const ant_row *row) {
    double x;
    if (row->field == ANT__INT_LIST)
        return list_value(w, row);
    if (row->field == ANT__FLOAT && !row->part) {
        memcpy(&x, ant__field_at(row, w->said.options), sizeof x);
        return number(w, x);
    }
    ant_tree *t = ant__keras_option_write(w->c, row, w->said.options);
    if (t && !strcmp(row->name, "order") && ant__number_read(t->text, &x))
        return number(w, x);
    return t && !strcmp(row->name, "key") ? key(w, row) : t;
}

/* count|axes: a number, the places of cuts, or the axes of either value. */
static ant_tree *count_value(writer *w) {
    const ant_row *count = said(w, "count"), *indices = said(w, "indices"), *axis = said(w, "axis");
    if (count || indices)
        return value_of(w, count ? count : indices);
    if (!axis || strcmp(w->op, "tensordot"))
        return NULL;
    ant_tree *t = ant__keras_items(w->c);
    ant__tree_add(t, ant__keras_option_write(w->c, axis, w->said.options));
    ant__tree_add(t, ant__keras_option_write(w->c, option(w, "axis_2", 6), w->said.options));
    return t;
}

/* axis&axis1 axis&axis2: the next entry of the list. */
static ant_tree *entry_value(writer *w, const ant_keras_name *n, int k) {
    const ant_row *row = option(w, n->ours, n->ours_n);
    if (!is_said(w, row))
        return NULL;
    ant_list_view l = ant__list_get(ant__field_at(row, w->said.options));
    return k < l.count ? ant__keras_whole(w->c, ((const int *)l.data)[k]) : NULL;
}

/* What Keras wants said, or takes for another thing than Antler where nothing is said. */
static const struct {
    const char *op, *key, *value;
} unsaid[] = {
    {"concatenate", "axis", "-1"},
    {"batch_normalization", "axis", "-1"},
};

static int put_unsaid(writer *w, ant_tree *config) {
    for (size_t k = 0; k < sizeof unsaid / sizeof *unsaid; k++)
        if (!strcmp(unsaid[k].op, w->op) && !ant__tree_get(config, unsaid[k].key))
            ant__keras_put(config, unsaid[k].key,
                           ant__tree_new(w->c, ANT__WORD, NULL, unsaid[k].value));
    if (!strcmp(w->op, "moments") && !said(w, "axis")) {
        ant_tree *axes = ant__keras_items(w->c);
        for (int k = 0; k < w->use->in[0]->dims.rank; k++)
            ant__tree_add(axes, ant__keras_whole(w->c, k));
        ant__keras_put(config, "axes", axes);
    }
    return w->c->error.code;
}

/* What was said; for the rest Keras's defaults are the same. An activation says all. */
static int put_options(writer *w, ant_tree *config) {
    const char *list = w->row->options;
    int entry = 0;
    ant_keras_name n;
    while (ant__keras_name_next(&list, &n)) {
        const ant_row *row = option(w, n.ours, n.ours_n);
        bool whole = w->row->activation && w->said.options;
        ant_tree *t = n.mark == '|'                       ? count_value(w)
                      : n.mark == '&'                     ? entry_value(w, &n, entry++)
                      : is_said(w, row) || (whole && row) ? value_of(w, row)
                                                          : NULL;
        if (t)
            ant__keras_put(config, theirs(w, &n), t);
    }
    return put_unsaid(w, config);
}

/* --- parameters of the call --- */
static const ant_constant *constant_named(const writer *w, const char *word, int n) {
    for (int k = 0; k < w->n; k++)
        if (w->constants[k].of_length == n && !memcmp(w->constants[k].of, word, (size_t)n))
            return &w->constants[k];
    return NULL;
}

/* Is there a value whose type the number takes on? Else Antler's is a real. */
static bool has_typed(const writer *w) {
    bool typed = w->use->n_in > !strcmp(w->op, "where");
    for (int k = 0; k < w->n; k++)
        typed |= !w->constants[k].weak;
    return typed;
}

static ant_tree *parameter(writer *w, const ant_keras_name *n) {
    const ant_constant *k = constant_named(w, n->ours, n->ours_n);
    const ant_row *row = option(w, n->ours, n->ours_n);
    if (n->mark == '=')
        return !strcmp(w->row->cls, "GetItem") && !strcmp(w->op, "slice") ? slice_key(w)
               : is_said(w, row)                                          ? value_of(w, row)
                                                                          : NULL;
    if (k)
        return constant(w, k);
    if (is_said(w, row))
        return has_typed(w) ? value_of(w, row)
                            : ant__keras_option_write(w->c, row, w->said.options);
    return w->next < w->use->n_in ? w->operands[w->next++] : ant__keras_null(w->c);
}

/* xs[0], xs[1] …: what the text says, and nodes where it says nothing. */
static void put_entries(writer *w, const ant_keras_name *n, ant_tree *list) {
    for (int k = 0; !w->c->error.code; k++) {
        const char *word = ant__print(w->c, "%.*s[%d]", n->ours_n, n->ours, k);
        const ant_constant *c = word ? constant_named(w, word, (int)strlen(word)) : NULL;
        if (!c && w->next == w->use->n_in)
            return;
        ant__tree_add(list, c ? constant(w, c) : w->operands[w->next++]);
    }
}

static int put_parameters(writer *w, ant_tree *args, ant_tree *kwargs) {
    const char *list = w->row->values;
    bool by_place = true;
    ant_keras_name n;
    while (ant__keras_name_next(&list, &n)) {
        ant_tree *several = n.mark == '*' ? ant__keras_items(w->c) : n.mark == '+' ? args : NULL;
        ant_tree *t = several ? NULL : parameter(w, &n);
        if (several)
            put_entries(w, &n, several);
        if (n.mark == '*')
            ant__tree_add(args, several);
        by_place &= several || t;
        if (t && by_place)
            ant__tree_add(args, t);
        else if (t)
            ant__keras_put(kwargs, theirs(w, &n), t);
    }
    return w->next == w->use->n_in ? w->c->error.code : fail(w, "takes fewer values in Keras");
}

/* --- rows --- */
static bool in_list(const char *list, const ant_row *row, const char *op) {
    bool dot = !strcmp(op, "tensordot");
    ant_keras_name n;
    while (ant__keras_name_next(&list, &n)) {
        if (ant__keras_name_is(n.ours, n.ours_n, row->name))
            return true;
        if (n.mark == '|' && ant__word_among(dot ? "axis axis_2" : "indices", row->name, false))
            return true;
    }
    return false;
}

/* The first option that was said and has no place in Keras's class; NULL: none. */
static const ant_row *homeless(const writer *w, const ant_keras_operation *o) {
    static const char elsewhere[] = "op constants name dtype trainable input_shape";
    for (int k = 0; k < w->said.cls->rows_n; k++) {
        const ant_row *row = &w->said.cls->rows[k];
        if (is_said(w, row) && !ant__word_among(elsewhere, row->name, false) &&
            !in_list(o->options, row, w->op) && !in_list(o->values, row, w->op))
            return row;
    }
    return NULL;
}

static bool is_named(const writer *w, const ant_keras_operation *o) {
    if (!strcmp(w->op, "slice") && is_key(w))
        return !strcmp(o->cls, "GetItem");
    return ant__same_name(o->op, w->op);
}

/* The first row that can say all of it. */
static int find_row(writer *w) {
    const ant_row *left = NULL;
    const char *cls = NULL;
    for (int k = 0; k < ant__keras_operations_n && !w->row; k++) {
        const ant_keras_operation *o = &ant__keras_operations[k];
        if (!is_named(w, o))
            continue;
        const ant_row *row = strcmp(w->op, "slice") ? homeless(w, o) : NULL;
        if (!row)
            w->row = o;
        left = row ? row : left;
        cls = row ? o->cls : cls;
    }
    if (w->row)
        return 0;
    return fail(w, left ? ant__print(w->c, "Keras's %s has no option %s", cls, left->name)
                        : ant__print(w->c, "Keras has no operation %s", w->op));
}

/* Options stand in the layer, or in the text of an activation. */
static int find_op(writer *w) {
    const ant_layer *l = w->use->layer;
    const char *op;
    memcpy(&op, ant__field_at(ant__row_find(l->cls, "op"), l->options), sizeof op);
    w->op = op;
    w->said = (ant_part){l->cls, l->options};
    w->n = ant__operation_constants(l, &w->constants);
    if (ant__operation_find(op))
        return 0;
    if (!ant__part_read(w->c, ANT_ACTIVATION, op, &w->said))
        return w->c->error.code;
    w->op = w->said.cls->name;
    return ant__class_registered(w->c, w->said.cls)
               ? fail(w, "Keras cannot make an operation of a registered activation")
               : 0;
}

ant_tree *ant__keras_operation_write(ant_context *c, const ant_layer_use *u,
                                     ant_tree *const *operands, ant_tree **args,
                                     ant_tree **kwargs) {
    writer w = {.c = c, .use = u, .operands = operands};
    ant_tree *config = ant__keras_map(c);
    *args = ant__keras_items(c);
    *kwargs = ant__keras_map(c);
    if (find_op(&w) || find_row(&w) || put_options(&w, config) ||
        put_parameters(&w, *args, *kwargs))
        return NULL;
    const char *module = ant__print(c, "keras.src.ops.%s", w.row->module);
    return module ? ant__keras_object(c, module, w.row->cls, config, w.row->cls) : NULL;
}
