/* Fields of options structs. */
#include "core/options/field.h"
#include <string.h>

bool ant__field_is_list(ant_field f) {
    return f == ANT__INT_LIST || f == ANT__FLOAT_LIST || f == ANT__TEXT_LIST;
}

size_t ant__list_unit(ant_field f) {
    return f == ANT__INT_LIST     ? sizeof(int)
           : f == ANT__FLOAT_LIST ? sizeof(double)
                                  : sizeof(char *);
}

_Static_assert(sizeof(ant_list_view) == sizeof(ant_ints), "lists have one layout");
_Static_assert(sizeof(ant_list_view) == sizeof(ant_floats), "lists have one layout");
_Static_assert(sizeof(ant_list_view) == sizeof(ant_texts), "lists have one layout");

ant_list_view ant__list_get(const void *field) {
    ant_list_view list;
    memcpy(&list, field, sizeof list);
    return list;
}

void ant__list_set(void *field, ant_list_view list) {
    memcpy(field, &list, sizeof list);
}

const char *ant__field_also(const ant_row *r, const void *options) {
    const char *text = NULL;
    if (r->also)
        memcpy(&text, (const char *)options + r->also, sizeof text);
    return text;
}

bool ant__field_none(const ant_row *r, const void *field) {
    switch (r->field) {
    case ANT__INT:
        return *(const int *)field == ANT_NONE;
    case ANT__FLOAT:
        return *(const double *)field == ANT_NONE;
    case ANT__SIZE:
        return *(const ant_size *)field == ANT_NONE;
    case ANT__SPAN:
        return ((const ant_span *)field)->low == ANT_NONE;
    case ANT__SHAPE:
        return !*(const int *)field;
    case ANT__STRING:
    case ANT__PARTS:
        return !*(const char *const *)field;
    case ANT__ONE_LAYER:
    case ANT__LAYERS:
        return !*(ant_layer *const *)field;
    case ANT__INT_LIST:
    case ANT__FLOAT_LIST:
    case ANT__TEXT_LIST:
        return !ant__list_get(field).count;
    case ANT__BOOL:
        break;
    }
    return false;
}

void ant__field_set_none(const ant_row *r, void *field) {
    memset(field, 0, r->size);
    if (r->field == ANT__INT)
        *(int *)field = ANT_NONE;
    if (r->field == ANT__FLOAT)
        *(double *)field = ANT_NONE;
    if (r->field == ANT__SIZE)
        *(ant_size *)field = ANT_NONE;
    if (r->field == ANT__SPAN)
        *(ant_span *)field = (ant_span){ANT_NONE, ANT_NONE};
}

bool ant__field_missing(const ant_row *r, const void *field) {
    if (r->field == ANT__INT)
        return *(const int *)field == ANT_REQUIRED;
    if (r->field == ANT__FLOAT)
        return *(const double *)field == ANT_REQUIRED;
    if (r->field == ANT__SIZE)
        return *(const ant_size *)field == ANT_REQUIRED;
    bool layers = r->field == ANT__ONE_LAYER || r->field == ANT__LAYERS;
    return layers && !r->none && ant__field_none(r, field);
}

bool ant__row_takes_none(const ant_class *cls, const ant_row *r) {
    if (r->field == ANT__BOOL)
        return false;
    return r->none || ant__field_none(r, ant__field_at(r, cls->defaults));
}

static bool same_text(const char *a, const char *b) {
    return a && b ? !strcmp(a, b) : a == b;
}
static bool same_number(double a, double b) {
    return a == b || (a != a && b != b);
}

static bool same_list(ant_field field, ant_list_view a, ant_list_view b) {
    if (a.count != b.count)
        return false;
    for (int i = 0; i < a.count; i++) {
        bool same =
            field == ANT__INT_LIST ? ((const int *)a.data)[i] == ((const int *)b.data)[i]
            : field == ANT__FLOAT_LIST
                ? same_number(((const double *)a.data)[i], ((const double *)b.data)[i])
                : same_text(((const char *const *)a.data)[i], ((const char *const *)b.data)[i]);
        if (!same)
            return false;
    }
    return true;
}

static bool same_parts(const char *const *a, const char *const *b) {
    for (int i = 0; i < ANT_MAX_LIST && (a[i] || b[i]); i++)
        if (!same_text(a[i], b[i]))
            return false;
    return true;
}

static bool same_layers(ant_layer *const *a, ant_layer *const *b) {
    for (int i = 0; i < ANT_MAX_LIST && (a[i] || b[i]); i++)
        if (a[i] != b[i])
            return false;
    return true;
}

static bool same_shape(const int *a, const int *b) {
    for (int i = 0; i < ANT_MAX_AXES && (a[i] || b[i]); i++)
        if (a[i] != b[i])
            return false;
    return true;
}

static bool same_span(const ant_span *a, const ant_span *b) {
    return same_number(a->low, b->low) && same_number(a->high, b->high);
}

bool ant__field_equal(const ant_row *r, const void *a, const void *b) {
    if (!same_text(ant__field_also(r, a), ant__field_also(r, b)))
        return false;
    a = ant__field_at(r, a);
    b = ant__field_at(r, b);
    switch (r->field) {
    case ANT__INT:
        return *(const int *)a == *(const int *)b;
    case ANT__FLOAT:
        return same_number(*(const double *)a, *(const double *)b);
    case ANT__BOOL:
        return *(const bool *)a == *(const bool *)b;
    case ANT__SIZE:
        return *(const ant_size *)a == *(const ant_size *)b;
    case ANT__STRING:
        return same_text(*(const char *const *)a, *(const char *const *)b);
    case ANT__SHAPE:
        return same_shape(a, b);
    case ANT__SPAN:
        return same_span(a, b);
    case ANT__PARTS:
        return same_parts(a, b);
    case ANT__ONE_LAYER:
        return *(ant_layer *const *)a == *(ant_layer *const *)b;
    case ANT__LAYERS:
        return same_layers(a, b);
    case ANT__INT_LIST:
    case ANT__FLOAT_LIST:
    case ANT__TEXT_LIST:
        break;
    }
    return same_list(r->field, ant__list_get(a), ant__list_get(b));
}

const char *ant__none_word(const ant_row *r) {
    return r->none_word ? r->none_word : "none";
}

bool ant__says_none(const ant_row *r, const ant_tree *t) {
    if (t->kind != ANT__WORD)
        return false;
    return !strcmp(t->text, ant__none_word(r)) ||
           ant__word_among("none None null ~", t->text, false);
}

size_t ant__word_at(const char *words, int k, const char **word) {
    for (; k > 0 && *words; k--) {
        words += strcspn(words, " ");
        words += strspn(words, " ");
    }
    *word = words;
    return k < 0 ? 0 : strcspn(words, " ");
}

int ant__word_place(const char *words, const char *word) {
    const char *at;
    size_t n;
    for (int k = 0; (n = ant__word_at(words, k, &at)); k++)
        if (n == strlen(word) && !memcmp(word, at, n))
            return k;
    return -1;
}
