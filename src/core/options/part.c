/* Parts: text that names a class with options. */
#include "core/options/field.h"
#include "core/text/buffer.h"
#include <string.h>

typedef struct part_common {
    ANT_PART_OPTIONS;
} part_common;

/* How a part without options is said: "glorot_uniform"; a metric by the word it was said by (NULL:
 * none), as logs show it; a user's part by its own name. */
static const char *word_of(ant_context *c, const ant_class *cls, const char *said) {
    if (ant__class_registered(c, cls))
        return cls->name;
    if (cls->kind == ANT_METRIC && said)
        return said;
    const char *word;
    for (int k = 0; cls->alias && ant__word_at(cls->alias, k, &word); k++) {
        size_t n = ant__word_at(cls->alias, k, &word);
        char *alias = ant__arena_bytes(&c->arena, word, n);
        if (alias && ant__same_name(alias, cls->name)) /* "rmsprop", not "rm_sprop" */
            return alias;
    }
    return ant__snake(c, cls->name);
}

static const char *canonical(ant_context *c, const ant_class *cls, const void *options,
                             const char *said) {
    ant_tree *t = ant__options_tree(c, cls, options, NULL);
    if (!t)
        return NULL;
    return t->first ? ant__tree_text(c, t) : word_of(c, cls, said);
}

static const ant_class *class_of(ant_context *c, int kind, ant_tree *t) {
    if (!t)
        return NULL;
    if (!t->text || t->index) {
        ant__tree_fail(c, t, ANT_E_OPTION, "expected %s by its name", ant__kind_name(kind));
        return NULL;
    }
    const ant_class *cls = ant__class_find(c, kind, t->text);
    if (cls && (cls->defaults || !t->first))
        return cls;
    if (cls)
        ant__tree_fail(c, t, ANT_E_OPTION, "%s takes no options", cls->name);
    else if (!strcmp(t->text, "!"))
        ant__tree_fail(c, t, ANT_E_OPTION, "this %s could not be made", ant__kind_name(kind));
    else
        ant__class_unknown(c, t, kind, t->text);
    return NULL;
}

/* The options that a tree says, checked; errors of the check get the tree's place. */
static void *read_options(ant_context *c, const ant_class *cls, const ant_tree *t) {
    void *options = ant__options_copy(c, cls, cls->defaults, cls->size);
    if (!options || ant__options_set(c, cls, options, t, NULL))
        return NULL;
    if (ant__options_check(c, cls, options)) {
        if (t->line)
            ant__error_before(&c->error, "%d:%d: ", t->line, t->column);
        return NULL;
    }
    return options;
}

static const char *made_canonical(ant_context *c, int kind, ant_tree *t) {
    t = ant__tree_expand(c, t);
    const ant_class *cls = class_of(c, kind, t);
    if (!cls)
        return NULL;
    if (!cls->defaults)
        return word_of(c, cls, t->text);
    void *options = read_options(c, cls, t);
    return options ? canonical(c, cls, options, t->text) : NULL;
}

/* Models say the same parts again and again: only the text is kept, and once where it can be. */
const char *ant__part_canonical(ant_context *c, int kind, ant_tree *t) {
    ant_context_mark before = ant__context_mark(c);
    ant_buffer text = {0};
    const char *made = made_canonical(c, kind, t), *kept = NULL;
    if (made)
        ant__put(&text, made);
    ant__context_release(c, &before);
    if (text.failed)
        ant__fail_memory(&c->error);
    else if (made)
        kept = ant__text_once(c, text.at);
    ant__buffer_free(&text);
    return kept;
}

const char *ant__part_text(ant_context *c, int kind, const char *text) {
    ant_tree said = {.kind = ANT__WORD, .text = text};
    const char *part = ant__part_canonical(c, kind, &said);
    return part ? part : "!";
}

bool ant__part_read(ant_context *c, int kind, const char *text, ant_part *out) {
    ant_tree name = {.kind = ANT__WORD, .text = text};
    ant_tree *t = strpbrk(text, "(\"' ") ? ant__text_parse(c, text, 0, 0) : &name;
    out->cls = class_of(c, kind, t);
    if (!out->cls)
        return false;
    out->options = t->first ? read_options(c, out->cls, t) : out->cls->defaults;
    return out->options || !out->cls->defaults;
}

const char *ant_part_new(int kind, const char *cls, const void *options, size_t size,
                         const char *file, int line) {
    ant_context *c = (ant_context *)((const part_common *)options)->graph; /* its first member */
    if (!c)
        return "!";
    bool clean = !c->error.code;
    const ant_class *found = ant__class_find(c, kind, cls);
    if (!found)
        ant__class_unknown(c, NULL, kind, cls);
    void *taken = found ? ant__options_take(c, found, options, size) : NULL;
    const char *text = taken ? canonical(c, found, taken, NULL) : NULL;
    if (text)
        return text;
    if (clean)
        ant__error_before(&c->error, "%s:%d: ", file, line);
    return "!";
}
