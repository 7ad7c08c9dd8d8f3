/* Looking up classes by kind and name. */
#include "core/options/class.h"
#include <string.h>

struct ant_registered {
    struct ant_registered *next;
    ant_class cls;
};

const char *ant__kind_name(int kind) {
    static const char *const names[ANT_KINDS] = {
        [0] = "class",
        [ANT_LAYER] = "layer",
        [ANT_ACTIVATION] = "activation",
        [ANT_INITIALIZER] = "initializer",
        [ANT_REGULARIZER] = "regularizer",
        [ANT_CONSTRAINT] = "constraint",
        [ANT_OPTIMIZER] = "optimizer",
        [ANT_SCHEDULE] = "schedule",
        [ANT_LOSS] = "loss",
        [ANT_METRIC] = "metric",
        [ANT_CALLBACK] = "callback",
        [ANT_ACTION] = "action",
    };
    return kind > 0 && kind < ANT_KINDS ? names[kind] : names[0];
}

const char *ant__kind_register(int kind) {
    return kind == ANT_LAYER        ? "ant_register_layer_class"
           : kind == ANT_ACTIVATION ? "ant_register_activation"
           : kind == ANT_LOSS       ? "ant_register_loss"
           : kind == ANT_METRIC     ? "ant_register_metric"
                                    : NULL;
}

static bool named(const ant_class *cls, int kind, const char *name) {
    if (kind && cls->kind != kind)
        return false;
    bool loose = cls->kind != ANT_LAYER;
    return (loose ? ant__same_name(cls->name, name) : !strcmp(cls->name, name)) ||
           ant__word_among(cls->alias, name, loose);
}

const ant_class *ant__class_find(const ant_context *c, int kind, const char *name) {
    for (const struct ant_registered *r = c ? c->registered : NULL; r; r = r->next)
        if (named(&r->cls, kind, name))
            return &r->cls;
    for (const ant_family *const *f = ant__families; *f; f++)
        for (int k = 0; k < (*f)->n; k++)
            if (named(&(*f)->classes[k], kind, name))
                return &(*f)->classes[k];
    return NULL;
}

bool ant__class_registered(const ant_context *c, const ant_class *cls) {
    for (const struct ant_registered *r = c->registered; r; r = r->next)
        if (&r->cls == cls)
            return true;
    return false;
}

/* The nearest of the names of one kind. */
typedef struct search {
    const char *word, *best;
    int kind;
} search;

static void compare(search *s, const ant_class *cls) {
    if (s->kind && cls->kind != s->kind)
        return;
    const char *two[] = {s->best, cls->name};
    bool first = !s->best;
    const char *nearest = ant__nearest(s->word, two + first, 2 - first);
    if (nearest)
        s->best = nearest;
}

static const char *nearest_class(const ant_context *c, int kind, const char *word) {
    search s = {word, NULL, kind};
    for (const struct ant_registered *r = c->registered; r; r = r->next)
        compare(&s, &r->cls);
    for (const ant_family *const *f = ant__families; *f; f++)
        for (int k = 0; k < (*f)->n; k++)
            compare(&s, &(*f)->classes[k]);
    return s.best;
}

/* "a loss", "an optimizer" */
static const char *article(int kind) {
    return strchr("aeiou", *ant__kind_name(kind)) ? "an" : "a";
}

int ant__class_unknown(ant_context *c, const ant_tree *at, int kind, const char *name) {
    const ant_class *other = ant__class_find(c, 0, name);
    const char *wanted = ant__kind_name(kind), *near = nearest_class(c, kind, name);
    if (other)
        return ant__tree_fail(c, at, ANT_E_OPTION, "'%s' is %s %s, not %s %s", name,
                              article(other->kind), ant__kind_name(other->kind), article(kind),
                              wanted);
    if (near)
        return ant__tree_fail(c, at, ANT_E_OPTION, "no %s '%s', did you mean '%s'?", wanted, name,
                              near);
    const char *call = ant__kind_register(kind);
    return ant__tree_fail(c, at, ANT_E_OPTION, "no %s '%s'%s%s", wanted, name,
                          call ? "; one of your own is registered by " : "", call ? call : "");
}

/* Names that the grammar of parts reads as one word. */
static bool is_word(const char *name) {
    double number;
    return *name && !strpbrk(name, " \t\r\n,()[]=\"'{}:#!\\") && !ant__number_read(name, &number);
}

int ant__class_register(ant_context *c, const ant_class *cls) {
    if (!is_word(cls->name) || (cls->alias && !is_word(cls->alias)))
        return ant__fail(&c->error, ANT_E_OPTION, "'%s' cannot be the name of %s %s",
                         cls->alias ? cls->alias : cls->name, article(cls->kind),
                         ant__kind_name(cls->kind));
    if (ant__class_find(c, cls->kind, cls->name))
        return ant__fail(&c->error, ANT_E_OPTION, "there is %s %s '%s' already", article(cls->kind),
                         ant__kind_name(cls->kind), cls->name);
    struct ant_registered *r = ant__arena_alloc(&c->arena, sizeof *r);
    const char *name = r ? ant__arena_text(&c->arena, cls->name) : NULL;
    if (!name)
        return ant__fail_memory(&c->error);
    r->cls = *cls;
    r->cls.name = name;
    r->next = c->registered;
    c->registered = r;
    return 0;
}
