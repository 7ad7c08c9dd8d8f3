/* Ranges, words and what is missing. */
#include "core/options/field.h"

typedef struct checker {
    ant_context *context;
    const ant_class *cls;
    const ant_row *row;
} checker;

static int check_number(checker *k, double x) {
    const ant_row *r = k->row;
    char is[ANT__NUMBER_TEXT], min[ANT__NUMBER_TEXT], max[ANT__NUMBER_TEXT];
    bool limited = r->min != 0 || r->max != 0;
    bool low = !(r->above ? x > r->min : x >= r->min), high = !(x <= r->max);
    if (!limited || !(low || high))
        return 0;
    ant__number_text(x, is);
    ant__number_text(r->min, min);
    ant__number_text(r->max, max);
    ant_fault *e = &k->context->error;
    if (isfinite(r->max) && isfinite(r->min) && !r->above)
        return ant__fail(e, ANT_E_OPTION, "%s: %s is %s, must be between %s and %s", k->cls->name,
                         r->name, is, min, max);
    if (low)
        return ant__fail(e, ANT_E_OPTION, "%s: %s is %s, must be %s %s", k->cls->name, r->name, is,
                         r->above ? "above" : "at least", min);
    return ant__fail(e, ANT_E_OPTION, "%s: %s is %s, must be at most %s", k->cls->name, r->name, is,
                     max);
}

static int check_int(checker *k, int x) {
    const char *word;
    if (k->row->words && !ant__word_at(k->row->words, x, &word))
        return ant__fail(&k->context->error, ANT_E_OPTION, "%s: %s is %d, must be one of: %s",
                         k->cls->name, k->row->name, x, k->row->words);
    return check_number(k, x);
}

static int check_text(checker *k, const char *text) {
    if (!k->row->words || ant__word_among(k->row->words, text, false))
        return 0;
    return ant__fail(&k->context->error, ANT_E_OPTION, "%s: %s is '%s', must be one of: %s",
                     k->cls->name, k->row->name, text, k->row->words);
}

static int check_size(checker *k, ant_size s) {
    int n = ant__size_count(s), code = 0;
    if (!n && (s < INT_MIN || s > INT_MAX))
        return ant__fail(&k->context->error, ANT_E_OPTION, "%s: %s is no number or ANT_SIZE",
                         k->cls->name, k->row->name);
    for (int axis = 0; axis < (n ? n : 1) && !code; axis++)
        code = check_number(k, ant__size_at(s, axis));
    return code;
}

static int check_shape(checker *k, const int *shape) {
    int n = 0;
    while (n < ANT_MAX_AXES && shape[n])
        n++;
    bool whole = n < ANT_MAX_AXES;
    for (int axis = 0; axis < ANT_MAX_AXES; axis++)
        whole = whole && shape[axis] >= ANT_ANY && (axis < n || !shape[axis]);
    if (whole)
        return 0;
    return ant__fail(&k->context->error, ANT_E_OPTION,
                     "%s: %s must be at most 7 sizes of at least 1, or ANT_ANY where unknown",
                     k->cls->name, k->row->name);
}

/* One entry for each of the row's words. */
static int check_named(checker *k, ant_list_view list) {
    const double *x = list.data;
    const char *word;
    int code = 0;
    bool enough = ant__word_at(k->row->words, list.count - 1, &word);
    if (!enough || ant__word_at(k->row->words, list.count, &word))
        return ant__fail(&k->context->error, ANT_E_OPTION,
                         "%s: %s is a list of %d numbers, must be these: %s", k->cls->name,
                         k->row->name, list.count, k->row->words);
    for (int i = 0; i < list.count && !code; i++)
        code = x[i] == ANT_NONE ? 0 : check_number(k, x[i]);
    return code;
}

static int check_list(checker *k, ant_list_view list) {
    int code = 0;
    if (k->row->field == ANT__FLOAT_LIST && k->row->words)
        return check_named(k, list);
    for (int i = 0; i < list.count && !code; i++)
        code = k->row->field == ANT__INT_LIST ? check_number(k, ((const int *)list.data)[i])
               : k->row->field == ANT__FLOAT_LIST
                   ? check_number(k, ((const double *)list.data)[i])
                   : check_text(k, ((const char *const *)list.data)[i]);
    return code;
}

static int check_span(checker *k, const ant_span *s) {
    int code = check_number(k, s->low);
    return code || s->high == ANT_NONE ? code : check_number(k, s->high);
}

static int check_texts(checker *k, const char *const *text) {
    int code = 0;
    for (int i = 0; i < ANT_MAX_LIST && text[i] && !code; i++)
        code = check_text(k, text[i]);
    return code;
}

static int check_value(checker *k, const void *field) {
    switch (k->row->field) {
    case ANT__INT:
        return check_int(k, *(const int *)field);
    case ANT__FLOAT:
        return check_number(k, *(const double *)field);
    case ANT__SIZE:
        return check_size(k, *(const ant_size *)field);
    case ANT__STRING:
        return check_text(k, *(const char *const *)field);
    case ANT__SHAPE:
        return check_shape(k, field);
    case ANT__SPAN:
        return check_span(k, field);
    case ANT__PARTS:
        return check_texts(k, field);
    case ANT__INT_LIST:
    case ANT__FLOAT_LIST:
    case ANT__TEXT_LIST:
        return check_list(k, ant__list_get(field));
    case ANT__BOOL:
    case ANT__ONE_LAYER:
    case ANT__LAYERS:
        break;
    }
    return 0;
}

static int check_field(checker *k, const void *options) {
    const ant_row *r = k->row;
    const void *field = ant__field_at(r, options);
    ant_fault *e = &k->context->error;
    if (r->refuse && !ant__field_equal(r, options, k->cls->defaults))
        return ant__fail(e, ANT_E_OPTION, "%s: %s: %s", k->cls->name, r->name, r->refuse);
    if (ant__field_also(r, options))
        return 0;
    if (ant__field_missing(r, field))
        return ant__fail(e, ANT_E_OPTION, "%s: %s is missing", k->cls->name, r->name);
    if (!ant__field_none(r, field))
        return check_value(k, field);
    if (ant__row_takes_none(k->cls, r))
        return 0;
    return ant__fail(e, ANT_E_OPTION, "%s: %s cannot be none", k->cls->name, r->name);
}

int ant__options_check(ant_context *c, const ant_class *cls, const void *options) {
    checker k = {c, cls, NULL};
    int code = 0;
    for (int i = 0; i < cls->rows_n && !code; i++) {
        k.row = &cls->rows[i];
        code = check_field(&k, options);
    }
    return code;
}
