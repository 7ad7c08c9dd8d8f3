/* Every class that is registered: its defaults, the limits of each option, its texts. */
#include "core/options/field.h"
#include "support.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 512 };
static const ant_class *classes[MOST];
static int classes_n;

static void collect(void) {
    for (const ant_family *const *f = ant__families; *f; f++)
        for (int k = 0; k < (*f)->n && classes_n < MOST; k++)
            classes[classes_n++] = &(*f)->classes[k];
}

START_TEST(all_classes_fit) {
    ck_assert_int_lt(classes_n, MOST);
}
END_TEST

/* --- values that an option takes --- */
/* A word for a part of this kind that needs no options. */
static const char *some_part(int kind) {
    ant_context c = {.seed = 0};
    for (int i = 0; i < classes_n; i++) {
        const ant_class *cls = classes[i];
        if (cls->kind == kind && (!cls->defaults || !ant__options_check(&c, cls, cls->defaults))) {
            ant__arena_free(&c.arena);
            return cls->name;
        }
        ant__error_clear(&c.error);
    }
    ant__arena_free(&c.arena);
    return NULL;
}

static double inside(const ant_row *r) {
    if (r->min == 0 && r->max == 0)
        return 3;
    if (isinf(r->min))
        return r->max - 2;
    return isinf(r->max) ? r->min + 2 : (r->min + r->max) / 2;
}

/* Not in range by the smallest step; NaN: there is no such number. */
static double below(const ant_row *r) {
    if ((r->min == 0 && r->max == 0) || isinf(r->min))
        return NAN;
    return r->above ? r->min : r->field == ANT__FLOAT ? r->min - 1e-9 : r->min - 1;
}

static double above(const ant_row *r) {
    if ((r->min == 0 && r->max == 0) || isinf(r->max))
        return NAN;
    return r->field == ANT__FLOAT ? r->max + 1e-9 : r->max + 1;
}

static bool takes_numbers(const ant_row *r) {
    return r->field == ANT__INT || r->field == ANT__FLOAT || r->field == ANT__SIZE ||
           r->field == ANT__SPAN || r->field == ANT__INT_LIST || r->field == ANT__FLOAT_LIST;
}

/* A text for the option, other than its default where possible; NULL: none is known here. */
static const char *some_value(ant_context *c, const ant_class *cls, const ant_row *r) {
    char number[ANT__NUMBER_TEXT];
    const char *word;
    size_t n = r->words ? ant__word_at(r->words, 1, &word) : 0;
    if (r->words && !n)
        n = ant__word_at(r->words, 0, &word);
    if (n && r->field == ANT__FLOAT_LIST)
        return ant__print(c, "[%.*s=%s]", (int)n, word, ant__number_text(inside(r), number));
    if (n)
        return ant__print(c, "%.*s", (int)n, word);
    if (r->part)
        return some_part(r->part);
    switch (r->field) {
    case ANT__BOOL:
        return *(const bool *)ant__field_at(r, cls->defaults) ? "false" : "true";
    case ANT__STRING:
    case ANT__TEXT_LIST:
        return "\"a word\"";
    case ANT__SHAPE:
        return "[2, none, 3]";
    case ANT__SIZE:
    case ANT__INT:
    case ANT__INT_LIST:
        return ant__print(c, "%d", (int)ceil(inside(r)));
    case ANT__FLOAT:
    case ANT__FLOAT_LIST:
    case ANT__SPAN:
        return ant__print(c, "%s", ant__number_text(inside(r), number));
    case ANT__ONE_LAYER:
    case ANT__LAYERS:
        return "layer";
    case ANT__PARTS:
        break;
    }
    return "\"a word\"";
}

/* --- layers among the options: one word stands for one layer --- */
static const char one_layer;
static ant_tree *write_layer(void *data, const ant_layer *l) {
    ck_assert_ptr_eq(l, &one_layer);
    return ant__tree_new(data, ANT__WORD, NULL, "layer");
}
static ant_layer *read_layer(void *data, ant_tree *t) {
    (void)data, (void)t;
    return (ant_layer *)(uintptr_t)&one_layer;
}

/* --- one class --- */
typedef struct subject {
    ant_context context;
    ant_layer_texts layers;
    const ant_class *cls;
} subject;

static int say(subject *s, void *options, const char *name, const char *text) {
    ant_context *c = &s->context;
    ant_tree value = {.kind = ANT__WORD, .key = name, .text = text}, *parsed = &value;
    if (*text == '"' || *text == '[')
        parsed = ant__text_parse(c, text, 0, 0);
    parsed->key = name;
    ant_tree call = {.kind = ANT__CALL, .first = parsed, .last = parsed};
    return ant__options_set(c, s->cls, options, &call, &s->layers);
}

/* The defaults, with something in the place of what is required. */
static void *instance(subject *s) {
    const ant_class *cls = s->cls;
    void *options = ant__options_copy(&s->context, cls, cls->defaults, cls->size);
    ck_assert_msg(options, "%s: %s", cls->name, s->context.error.text);
    for (int i = 0; i < cls->rows_n; i++) {
        const ant_row *r = &cls->rows[i];
        if (ant__field_missing(r, ant__field_at(r, options)))
            ck_assert_int_eq(say(s, options, r->name, some_value(&s->context, cls, r)), 0);
    }
    return options;
}

static subject begin(int i) {
    subject s = {.cls = classes[i], .layers = {write_layer, read_layer, NULL}};
    return s;
}

static void end(subject *s) {
    ant__arena_free(&s->context.arena);
}

/* --- the tests --- */
START_TEST(names_are_told_apart) {
    const ant_class *cls = classes[_i];
    ck_assert_ptr_eq(ant__class_find(NULL, cls->kind, cls->name), cls);
    const char *word;
    for (int k = 0; cls->alias && ant__word_at(cls->alias, k, &word); k++) {
        char alias[128];
        snprintf(alias, sizeof alias, "%.*s", (int)ant__word_at(cls->alias, k, &word), word);
        ck_assert_msg(ant__class_find(NULL, cls->kind, alias) == cls, "%s is another's name too",
                      alias);
    }
    ck_assert_msg(cls->impl || cls->kind == ANT_ACTION, "%s does nothing", cls->name);
    for (int i = 0; i < cls->rows_n; i++) {
        ck_assert_msg(cls->rows[i].help && *cls->rows[i].help, "%s: no help", cls->rows[i].name);
        for (int k = 0; k < i; k++)
            ck_assert_str_ne(cls->rows[i].name, cls->rows[k].name);
    }
}
END_TEST

/* Valid, or at most something is missing; and spelled as they are written. */
START_TEST(defaults_are_valid) {
    subject s = begin(_i);
    const ant_class *cls = s.cls;
    s.layers.data = &s.context;
    if (cls->defaults) {
        if (ant__options_check(&s.context, cls, cls->defaults))
            ck_assert_msg(strstr(s.context.error.text, " is missing"), "%s", s.context.error.text);
        ant__error_clear(&s.context.error);
        void *options = instance(&s);
        ck_assert_msg(!ant__options_check(&s.context, cls, options), "%s", s.context.error.text);
        void *copy = ant__options_copy(&s.context, cls, cls->defaults, cls->size);
        for (int i = 0; i < cls->rows_n; i++)
            ck_assert_msg(ant__field_equal(&cls->rows[i], copy, cls->defaults),
                          "%s: the default of %s is not spelled as it is written", cls->name,
                          cls->rows[i].name);
    }
    end(&s);
}
END_TEST

static void refused(subject *s, const ant_row *r, double x) {
    char text[ANT__NUMBER_TEXT];
    if (isnan(x))
        return;
    void *options = instance(s);
    int code = say(s, options, r->name, ant__number_text(x, text));
    code = code ? code : ant__options_check(&s->context, s->cls, options);
    ck_assert_msg(code == ANT_E_OPTION, "%s: takes %s = %s", s->cls->name, r->name, text);
    ck_assert_msg(strstr(s->context.error.text, r->name), "%s", s->context.error.text);
    ant__error_clear(&s->context.error);
}

START_TEST(limits_hold) {
    subject s = begin(_i);
    s.layers.data = &s.context;
    for (int i = 0; s.cls->defaults && i < s.cls->rows_n; i++) {
        const ant_row *r = &s.cls->rows[i];
        if (!takes_numbers(r))
            continue;
        refused(&s, r, below(r));
        refused(&s, r, above(r));
    }
    end(&s);
}
END_TEST

/* Options to text to options to text. */
static void comes_back(subject *s, const void *options, const char *what) {
    ant_context *c = &s->context;
    ant_tree *t = ant__options_tree(c, s->cls, options, &s->layers);
    ck_assert_msg(t, "%s: %s: %s", s->cls->name, what, c->error.text);
    const char *text = ant__tree_text(c, t);
    void *again = ant__options_copy(c, s->cls, s->cls->defaults, s->cls->size);
    ant_tree *parsed = ant__text_parse(c, text, 0, 0);
    ck_assert_msg(parsed && !ant__options_set(c, s->cls, again, parsed, &s->layers), "%s: %s", text,
                  c->error.text);
    for (int i = 0; i < s->cls->rows_n; i++)
        ck_assert_msg(ant__field_equal(&s->cls->rows[i], options, again), "%s: %s is lost", text,
                      s->cls->rows[i].name);
    const char *same = ant__tree_text(c, ant__options_tree(c, s->cls, again, &s->layers));
    ck_assert_str_eq(text, same);
}

START_TEST(texts_come_back) {
    subject s = begin(_i);
    s.layers.data = &s.context;
    if (s.cls->defaults)
        comes_back(&s, instance(&s), "defaults");
    for (int i = 0; s.cls->defaults && i < s.cls->rows_n; i++) {
        const ant_row *r = &s.cls->rows[i];
        void *options = instance(&s);
        const char *value = some_value(&s.context, s.cls, r);
        ck_assert_msg(value, "%s: no value is known for %s", s.cls->name, r->name);
        int code = say(&s, options, r->name, value);
        ck_assert_msg(!code, "%s", s.context.error.text);
        code = ant__options_check(&s.context, s.cls, options);
        ck_assert_msg(!code || r->refuse, "%s", s.context.error.text);
        ant__error_clear(&s.context.error);
        comes_back(&s, options, r->name);
    }
    end(&s);
}
END_TEST

/* Refused by name, whatever is said but the default. */
START_TEST(what_is_not_built_is_refused) {
    subject s = begin(_i);
    s.layers.data = &s.context;
    for (int i = 0; s.cls->defaults && i < s.cls->rows_n; i++) {
        const ant_row *r = &s.cls->rows[i];
        if (!r->refuse)
            continue;
        void *options = instance(&s);
        ck_assert_int_eq(say(&s, options, r->name, some_value(&s.context, s.cls, r)), 0);
        ck_assert_int_eq(ant__options_check(&s.context, s.cls, options), ANT_E_OPTION);
        ck_assert(strstr(s.context.error.text, r->name) && strstr(s.context.error.text, r->refuse));
        ant__error_clear(&s.context.error);
    }
    end(&s);
}
END_TEST

/* A part by its name alone becomes a text that names it again. */
START_TEST(parts_are_canonical) {
    subject s = begin(_i);
    bool whole = !s.cls->defaults || !ant__options_check(&s.context, s.cls, s.cls->defaults);
    ant__error_clear(&s.context.error);
    if (whole && s.cls->kind != ANT_LAYER && s.cls->kind != ANT_ACTION) {
        const char *text = ant__part_text(&s.context, s.cls->kind, s.cls->name);
        ck_assert_msg(strcmp(text, "!"), "%s", s.context.error.text);
        ck_assert_str_eq(ant__part_text(&s.context, s.cls->kind, text), text);
        ant_part part;
        ck_assert(ant__part_read(&s.context, s.cls->kind, text, &part));
        ck_assert_ptr_eq(part.cls, s.cls);
    }
    end(&s);
}
END_TEST

static int read_scarce(void *data) {
    subject s = begin(*(int *)data);
    s.layers.data = &s.context;
    void *options = ant__options_copy(&s.context, s.cls, s.cls->defaults, s.cls->size);
    ant_tree *t = options ? ant__options_tree(&s.context, s.cls, options, &s.layers) : NULL;
    const char *text = t ? ant__tree_text(&s.context, t) : NULL;
    int code = s.context.error.code;
    ck_assert(!text == (code != 0));
    end(&s);
    return code;
}

START_TEST(memory_may_fail) {
    if (classes[_i]->defaults)
        memory_fail_each(read_scarce, &_i);
}
END_TEST

int main(void) {
    collect();
    const test_entry entries[] = {
        {all_classes_fit},
        ANT_LOOP(names_are_told_apart, classes_n),
        ANT_LOOP(defaults_are_valid, classes_n),
        ANT_LOOP(limits_hold, classes_n),
        ANT_LOOP(texts_come_back, classes_n),
        ANT_LOOP(parts_are_canonical, classes_n),
        ANT_LOOP(what_is_not_built_is_refused, classes_n),
        ANT_LOOP(memory_may_fail, classes_n),
    };
    return test_run("registry", entries, (int)(sizeof entries / sizeof *entries));
}
