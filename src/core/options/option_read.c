/* Trees into options. */
#include "core/options/field.h"
#include <string.h>

/* What is being read; `row` changes from option to option. */
typedef struct reader {
    ant_context *context;
    const ant_class *cls;
    const ant_row *row;
    const ant_layer_texts *layers;
} reader;

static int wrong(reader *r, const ant_tree *t, const char *expected) {
    const char *text = ant__tree_text(r->context, t);
    if (!text)
        return r->context->error.code;
    return ant__tree_fail(r->context, t, ANT_E_OPTION, "%s: %s is %s, expected %s", r->cls->name,
                          r->row->name, text, expected);
}

/* --- scalars: false where the tree is something else --- */
static bool read_number(const ant_tree *t, double *x) {
    return t->kind == ANT__WORD && ant__number_read(t->text, x) && *x != ANT_NONE &&
           *x != ANT_REQUIRED;
}

static bool read_whole(const ant_tree *t, int *x) {
    double d;
    if (!read_number(t, &d) || !(d > ANT_REQUIRED && d <= INT_MAX) || d != floor(d))
        return false;
    *x = (int)d;
    return true;
}

/* A number, or one of the row's words, which stand for 0, 1, … */
static bool read_int(const ant_row *row, const ant_tree *t, int *x) {
    int k = row->words && ant__tree_scalar(t) ? ant__word_place(row->words, t->text) : -1;
    if (k < 0)
        return read_whole(t, x);
    *x = k;
    return true;
}

static bool read_bool(const ant_tree *t, bool *b) {
    if (t->kind != ANT__WORD)
        return false;
    *b = ant__word_among("true yes on 1", t->text, true);
    return *b || ant__word_among("false no off 0", t->text, true);
}

/* --- several numbers --- */
/* ((1, 1), (2, 2)) counts as four. How many, or -1. */
static int read_ints(const ant_tree *t, int *x, int most, bool unknown) {
    int n = 0;
    for (const ant_tree *child = t->first; child; child = child->next) {
        if (child->kind == ANT__ITEMS) {
            int inner = read_ints(child, x + n, most - n, unknown);
            if (inner < 0)
                return -1;
            n += inner;
            continue;
        }
        bool any = unknown && child->kind == ANT__WORD &&
                   ant__word_among("none None null ~", child->text, false);
        if (n >= most || !(any || read_whole(child, &x[n])))
            return -1;
        if (any)
            x[n] = ANT_ANY;
        n++;
    }
    return n;
}

static bool read_size(const ant_tree *t, ant_size *s) {
    int x[6], n;
    if (read_whole(t, x)) {
        *s = x[0];
        return true;
    }
    return t->kind == ANT__ITEMS && (n = read_ints(t, x, 6, false)) > 0 && ant__size_pack(s, x, n);
}

/* A list, or one number; the last entry of an ant_shape ends it. */
static bool read_shape(const ant_tree *t, int *shape) {
    memset(shape, 0, sizeof(ant_shape));
    if (t->kind != ANT__ITEMS)
        return read_whole(t, shape) && *shape;
    int n = read_ints(t, shape, ANT_MAX_AXES - 1, true);
    for (int k = 0; k < n; k++)
        if (!shape[k])
            return false;
    return n >= 0;
}

static bool read_span(const ant_tree *t, ant_span *s) {
    s->high = ANT_NONE;
    if (t->kind != ANT__ITEMS)
        return read_number(t, &s->low);
    return ant__tree_count(t) == 2 && read_number(t->first, &s->low) &&
           read_number(t->first->next, &s->high);
}

static bool read_entry(ant_field field, const ant_tree *t, void *entry) {
    if (field == ANT__INT_LIST)
        return read_whole(t, entry);
    if (field == ANT__FLOAT_LIST)
        return read_number(t, entry);
    if (!ant__tree_scalar(t))
        return false;
    *(const char **)entry = t->text;
    return true;
}

static int wrong_names(reader *r, const ant_tree *t) {
    const char *expected = ant__print(r->context, "numbers by name: %s", r->row->words);
    return expected ? wrong(r, t, expected) : r->context->error.code;
}

/* Numbers by their names, {rmax: 3, dmax: 5}; the others are None. */
static int read_named(reader *r, void *field, const ant_tree *t) {
    const char *words = r->row->words, *word;
    int n = 0;
    while (ant__word_at(words, n, &word))
        n++;
    double *x = ant__arena_array(&r->context->arena, (size_t)n, sizeof *x);
    if (!x)
        return ant__fail_memory(&r->context->error);
    for (int k = 0; k < n; k++)
        x[k] = ANT_NONE;
    for (const ant_tree *child = t->first; child; child = child->next) {
        int k = child->key ? ant__word_place(words, child->key) : -1;
        bool none = k >= 0 && ant__says_none(r->row, child);
        if (k < 0 || (!none && !read_number(child, &x[k])))
            return wrong_names(r, t);
    }
    ant__list_set(field, (ant_list_view){n, x});
    return 0;
}

/* A list, or one entry of it. */
static int read_list(reader *r, void *field, const ant_tree *t) {
    bool one = t->kind != ANT__ITEMS;
    ant_list_view list = {.count = one ? 1 : ant__tree_count(t)};
    size_t unit = ant__list_unit(r->row->field);
    char *entry = ant__arena_array(&r->context->arena, (size_t)list.count, unit);
    if (!entry)
        return ant__fail_memory(&r->context->error);
    list.data = entry;
    for (const ant_tree *child = one ? t : t->first; child; child = one ? NULL : child->next) {
        if (!read_entry(r->row->field, child, entry))
            return wrong(r, t, "a list");
        entry += unit;
    }
    ant__list_set(field, list);
    return 0;
}

/* --- parts and layers --- */
static int read_part(reader *r, const char **field, ant_tree *t) {
    ant_fault *e = &r->context->error;
    bool clean = !e->code;
    *field = ant__part_canonical(r->context, r->row->part, t);
    if (*field)
        return 0;
    if (clean && !t->line) /* else the place in the file tells which option it is */
        ant__error_before(e, "%s: %s: ", r->cls->name, r->row->name);
    return e->code;
}

static int read_layer(reader *r, ant_layer **field, ant_tree *t) {
    if (!r->layers)
        return wrong(r, t, "nothing: no layer can be read here");
    *field = r->layers->read(r->layers->data, t);
    if (*field)
        return 0;
    /* Who reads layers may tell errors elsewhere. */
    return r->context->error.code ? r->context->error.code : ANT_E_OPTION;
}

static int read_several(reader *r, void *field, ant_tree *t) {
    bool one = t->kind != ANT__ITEMS;
    int k = 0;
    memset(field, 0, r->row->size);
    for (ant_tree *child = one ? t : t->first; child; child = one ? NULL : child->next, k++) {
        if (k == ANT_MAX_LIST - 1)
            return ant__tree_fail(r->context, child, ANT_E_OPTION,
                                  "%s: %s has more than %d entries", r->cls->name, r->row->name, k);
        int code = r->row->field == ANT__LAYERS ? read_layer(r, (ant_layer **)field + k, child)
                   : r->row->part               ? read_part(r, (const char **)field + k, child)
                   : read_entry(ANT__TEXT_LIST, child, (const char **)field + k)
                       ? 0
                       : wrong(r, child, "text");
        if (code)
            return code;
    }
    return 0;
}

/* --- fields --- */
static int read_text(reader *r, void *field, ant_tree *t) {
    if (r->row->part)
        return read_part(r, field, t);
    if (!ant__tree_scalar(t))
        return wrong(r, t, "text");
    *(const char **)field = t->text;
    return 0;
}

static int read_none(reader *r, void *field, const ant_tree *t) {
    if (!ant__row_takes_none(r->cls, r->row))
        return ant__tree_fail(r->context, t, ANT_E_OPTION, "%s: %s cannot be none", r->cls->name,
                              r->row->name);
    ant__field_set_none(r->row, field);
    return 0;
}

static int read_value(reader *r, void *field, ant_tree *t) {
    switch (r->row->field) {
    case ANT__INT:
        return read_int(r->row, t, field) ? 0 : wrong(r, t, "a whole number");
    case ANT__FLOAT:
        return read_number(t, field) ? 0 : wrong(r, t, "a number");
    case ANT__BOOL:
        return read_bool(t, field) ? 0 : wrong(r, t, "true or false");
    case ANT__SIZE:
        return read_size(t, field) ? 0 : wrong(r, t, "a whole number or one per axis");
    case ANT__SPAN:
        return read_span(t, field) ? 0 : wrong(r, t, "a number or [low, high]");
    case ANT__SHAPE:
        return read_shape(t, field) ? 0 : wrong(r, t, "a shape: at most 7 sizes, none is 0");
    case ANT__STRING:
        return read_text(r, field, t);
    case ANT__ONE_LAYER:
        return read_layer(r, field, t);
    case ANT__PARTS:
    case ANT__LAYERS:
        return read_several(r, field, t);
    case ANT__INT_LIST:
    case ANT__FLOAT_LIST:
    case ANT__TEXT_LIST:
        break;
    }
    if (r->row->field == ANT__FLOAT_LIST && r->row->words)
        return read_named(r, field, t);
    return read_list(r, field, t);
}

/* A list or call that stands in a scalar, as in YAML's quotes or on the command line. */
static bool must_expand(const ant_row *row, const ant_tree *t) {
    return row->field != ANT__STRING && row->field != ANT__TEXT_LIST && ant__tree_scalar(t) &&
           strpbrk(t->text, "([");
}

/* Where a part may stand in the number's place, what is said last counts. */
static void set_also(const ant_row *row, void *options, const char *part) {
    if (row->also)
        memcpy((char *)options + row->also, &part, sizeof part);
}

static int read_option(reader *r, void *options, ant_tree *t) {
    const ant_row *row = r->row;
    double number;
    set_also(row, options, NULL);
    if (ant__says_none(row, t))
        return read_none(r, ant__field_in(row, options), t);
    if (must_expand(row, t) && !(t = ant__tree_expand(r->context, t)))
        return r->context->error.code;
    if (!row->also || read_number(t, &number))
        return read_value(r, ant__field_in(row, options), t);
    const char *part = NULL;
    int code = read_part(r, &part, t);
    set_also(row, options, part);
    return code;
}

static int unknown_option(reader *r, const ant_tree *t) {
    const ant_class *cls = r->cls;
    const char **names = ant__arena_array(&r->context->arena, (size_t)cls->rows_n, sizeof *names);
    if (!names)
        return ant__fail_memory(&r->context->error);
    for (int k = 0; k < cls->rows_n; k++)
        names[k] = cls->rows[k].name;
    const char *near = ant__nearest(t->key, names, cls->rows_n);
    if (near)
        return ant__tree_fail(r->context, t, ANT_E_OPTION, "%s: no option '%s', did you mean '%s'?",
                              cls->name, t->key, near);
    return ant__tree_fail(r->context, t, ANT_E_OPTION, "%s: no option '%s'", cls->name, t->key);
}

const ant_row *ant__row_find(const ant_class *cls, const char *name) {
    for (int k = 0; k < cls->rows_n; k++)
        if (!strcmp(cls->rows[k].name, name) || ant__word_among(cls->rows[k].old, name, false) ||
            ant__word_among(cls->rows[k].keras, name, false))
            return &cls->rows[k];
    return NULL;
}

int ant__options_set(ant_context *c, const ant_class *cls, void *options, const ant_tree *t,
                     const ant_layer_texts *layers) {
    reader r = {c, cls, NULL, layers};
    bool *said = ant__arena_array(&c->arena, (size_t)cls->rows_n, sizeof *said);
    if (!said)
        return ant__fail_memory(&c->error);
    int place = 0;
    for (ant_tree *value = t->first; value; value = value->next) {
        if (!value->key && place == cls->rows_n)
            return ant__tree_fail(c, value, ANT_E_OPTION, "%s: takes at most %d options", cls->name,
                                  cls->rows_n);
        r.row = value->key ? ant__row_find(cls, value->key) : &cls->rows[place++];
        if (!r.row)
            return unknown_option(&r, value);
        if (said[r.row - cls->rows])
            return ant__tree_fail(c, value, ANT_E_OPTION, "%s: %s is said twice", cls->name,
                                  r.row->name);
        said[r.row - cls->rows] = true;
        int code = read_option(&r, options, value);
        if (code)
            return code;
    }
    return 0;
}

int ant__option_set_text(ant_context *c, const ant_class *cls, void *options, const char *name,
                         const char *text) {
    ant_tree value = {.kind = ANT__WORD, .key = name, .text = text};
    ant_tree call = {.kind = ANT__CALL, .text = cls->name, .first = &value, .last = &value};
    return ant__options_set(c, cls, options, &call, NULL);
}
