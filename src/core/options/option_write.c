/* Options into trees. */
#include "core/options/field.h"
#include <string.h>

typedef struct writer {
    ant_context *context;
    const ant_row *row;
    const ant_layer_texts *layers;
} writer;

/* --- leaves; NULL when out of memory --- */
static ant_tree *word(writer *w, const char *text) {
    return text ? ant__tree_new(w->context, ANT__WORD, NULL, text) : NULL;
}

static ant_tree *number(writer *w, double x) {
    char text[ANT__NUMBER_TEXT];
    return word(w, ant__print(w->context, "%s", ant__number_text(x, text)));
}

static ant_tree *whole(writer *w, int x) {
    return word(w, ant__print(w->context, "%d", x));
}

/* Quoted where a word would say None. */
static ant_tree *text_leaf(writer *w, const char *text) {
    ant_tree *t = word(w, text);
    if (t && (!*text || ant__says_none(w->row, t)))
        t->kind = ANT__QUOTED;
    return t;
}

static ant_tree *int_leaf(writer *w, int x) {
    const char *text;
    size_t n = w->row->words ? ant__word_at(w->row->words, x, &text) : 0;
    return n ? word(w, ant__print(w->context, "%.*s", (int)n, text)) : whole(w, x);
}

static ant_tree *part(writer *w, const char *text) {
    return ant__text_parse(w->context, text, 0, 0);
}

static ant_tree *layer(writer *w, const ant_layer *l) {
    if (w->layers)
        return w->layers->write(w->layers->data, l);
    ant__fail(&w->context->error, ANT_E_OPTION, "%s: no layer can be written here", w->row->name);
    return NULL;
}

/* --- lists: NULL as soon as an entry is NULL --- */
static ant_tree *items(writer *w) {
    return ant__tree_new(w->context, ANT__ITEMS, NULL, NULL);
}

static bool add(ant_tree *list, ant_tree *entry) {
    ant__tree_add(list, entry);
    return list && entry;
}

static ant_tree *size(writer *w, ant_size s) {
    int n = ant__size_count(s);
    if (!n)
        return whole(w, (int)s);
    ant_tree *list = items(w);
    for (int k = 0; k < n; k++)
        if (!add(list, whole(w, ant__size_at(s, k))))
            return NULL;
    return list;
}

static ant_tree *shape(writer *w, const int *x) {
    ant_tree *list = items(w);
    for (int k = 0; k < ANT_MAX_AXES && x[k]; k++)
        if (!add(list, x[k] == ANT_ANY ? word(w, "none") : whole(w, x[k])))
            return NULL;
    return list;
}

static ant_tree *span(writer *w, const ant_span *s) {
    if (s->high == ANT_NONE)
        return number(w, s->low);
    ant_tree *list = items(w);
    return add(list, number(w, s->low)) && add(list, number(w, s->high)) ? list : NULL;
}

static ant_tree *counted(writer *w, ant_list_view l) {
    ant_tree *list = items(w);
    for (int k = 0; k < l.count; k++) {
        ant_tree *entry = w->row->field == ANT__INT_LIST ? whole(w, ((const int *)l.data)[k])
                          : w->row->field == ANT__FLOAT_LIST
                              ? number(w, ((const double *)l.data)[k])
                              : text_leaf(w, ((const char *const *)l.data)[k]);
        if (!add(list, entry))
            return NULL;
    }
    return list;
}

static ant_tree *named(writer *w, ant_list_view l) {
    const double *x = l.data;
    const char *word;
    ant_tree *map = ant__tree_new(w->context, ANT__MAP, NULL, NULL);
    for (int k = 0; k < l.count; k++) {
        size_t n = ant__word_at(w->row->words, k, &word);
        if (x[k] == ANT_NONE)
            continue;
        const char *name = ant__print(w->context, "%.*s", (int)n, word);
        ant_tree *entry = name ? number(w, x[k]) : NULL;
        if (!add(map, entry))
            return NULL;
        entry->key = name;
    }
    return map;
}

static ant_tree *parts(writer *w, const char *const *text) {
    ant_tree *list = items(w);
    for (int k = 0; k < ANT_MAX_LIST && text[k]; k++)
        if (!add(list, w->row->part ? part(w, text[k]) : text_leaf(w, text[k])))
            return NULL;
    return list;
}

static ant_tree *several_layers(writer *w, ant_layer *const *l) {
    ant_tree *list = items(w);
    for (int k = 0; k < ANT_MAX_LIST && l[k]; k++)
        if (!add(list, layer(w, l[k])))
            return NULL;
    return list;
}

static ant_tree *write_value(writer *w, const void *field) {
    switch (w->row->field) {
    case ANT__INT:
        return int_leaf(w, *(const int *)field);
    case ANT__FLOAT:
        return number(w, *(const double *)field);
    case ANT__BOOL:
        return word(w, *(const bool *)field ? "true" : "false");
    case ANT__SIZE:
        return size(w, *(const ant_size *)field);
    case ANT__SHAPE:
        return shape(w, field);
    case ANT__SPAN:
        return span(w, field);
    case ANT__STRING:
        return (w->row->part ? part : text_leaf)(w, *(const char *const *)field);
    case ANT__PARTS:
        return parts(w, field);
    case ANT__ONE_LAYER:
        return layer(w, *(ant_layer *const *)field);
    case ANT__LAYERS:
        return several_layers(w, field);
    case ANT__INT_LIST:
    case ANT__FLOAT_LIST:
    case ANT__TEXT_LIST:
        break;
    }
    if (w->row->field == ANT__FLOAT_LIST && w->row->words)
        return named(w, ant__list_get(field));
    return counted(w, ant__list_get(field));
}

static ant_tree *write_field(writer *w, const void *options) {
    const char *also = ant__field_also(w->row, options);
    const void *field = ant__field_at(w->row, options);
    if (also)
        return part(w, also);
    if (ant__field_none(w->row, field))
        return word(w, ant__none_word(w->row));
    return write_value(w, field);
}

ant_tree *ant__options_tree(ant_context *c, const ant_class *cls, const void *options,
                            const ant_layer_texts *layers) {
    writer w = {c, NULL, layers};
    ant_tree *call = ant__tree_new(c, ANT__CALL, NULL, cls->name);
    for (int k = 0; call && k < cls->rows_n; k++) {
        w.row = &cls->rows[k];
        if (ant__field_equal(w.row, options, cls->defaults))
            continue;
        ant_tree *value = write_field(&w, options);
        if (!value)
            return NULL;
        value->key = w.row->name;
        ant__tree_add(call, value);
    }
    return call;
}
