/* Nodes of the tree. */
#include "core/text/tree.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

ant_tree *ant__tree_new(ant_context *c, ant_tree_kind kind, const char *key, const char *text) {
    ant_tree *t = ant__arena_alloc(&c->arena, sizeof *t);
    if (!t) {
        ant__fail_memory(&c->error);
        return NULL;
    }
    *t = (ant_tree){.kind = (uint8_t)kind, .key = key, .text = text};
    return t;
}

static const char *copy_text(ant_context *c, const char *text) {
    return text ? ant__text_once(c, text) : NULL;
}

ant_tree *ant__tree_copy(ant_context *c, const ant_tree *t) {
    ant_tree *copy = ant__tree_new(c, t->kind, NULL, NULL);
    if (!copy)
        return NULL;
    *copy = *t;
    copy->key = copy_text(c, t->key);
    copy->text = copy_text(c, t->text);
    copy->first = copy->last = copy->next = NULL;
    if ((t->key && !copy->key) || (t->text && !copy->text))
        return NULL;
    for (const ant_tree *x = t->first; x; x = x->next) {
        ant_tree *child = ant__tree_copy(c, x);
        if (!child)
            return NULL;
        ant__tree_add(copy, child);
    }
    return copy;
}

void ant__tree_add(ant_tree *parent, ant_tree *child) {
    if (!parent || !child)
        return;
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
}

ant_tree *ant__tree_get(const ant_tree *t, const char *key) {
    for (ant_tree *child = t->first; child; child = child->next)
        if (child->key && !strcmp(child->key, key))
            return child;
    return NULL;
}

int ant__tree_count(const ant_tree *t) {
    int n = 0;
    for (const ant_tree *child = t->first; child; child = child->next)
        n++;
    return n;
}

bool ant__tree_scalar(const ant_tree *t) {
    return t->kind == ANT__WORD || t->kind == ANT__QUOTED;
}

int ant__tree_fail(ant_context *c, const ant_tree *at, int code, const char *format, ...) {
    if (c->error.code)
        return c->error.code;
    char text[ANT__ERROR_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (at && at->line)
        return ant__fail(&c->error, code, "%d:%d: %s", at->line, at->column, text);
    return ant__fail(&c->error, code, "%s", text);
}

int ant__tree_keys(ant_context *c, const ant_tree *map, const char *of, const char *const *known,
                   int n) {
    for (const ant_tree *t = map->first; t; t = t->next) {
        bool found = false;
        for (int k = 0; k < n; k++)
            found |= !strcmp(known[k], t->key);
        if (found)
            continue;
        const char *near = ant__nearest(t->key, known, n);
        if (near)
            return ant__tree_fail(c, t, ANT_E_OPTION, "%s: no key '%s', did you mean '%s'?", of,
                                  t->key, near);
        return ant__tree_fail(c, t, ANT_E_OPTION, "%s: no key '%s'", of, t->key);
    }
    return 0;
}

/* {Dense: {units: 3}}: a map of one key, with the options under it. */
static ant_tree *call_of_map(ant_context *c, const ant_tree *t) {
    const ant_tree *in = t->first;
    bool empty = in->kind == ANT__WORD && !*in->text;
    if (in->kind != ANT__MAP && in->kind != ANT__ITEMS && !empty) {
        ant__tree_fail(c, in, ANT_E_OPTION, "%s: expected options as {name: value}", in->key);
        return NULL;
    }
    ant_tree *call = ant__tree_new(c, ANT__CALL, t->key, in->key);
    if (call) {
        call->line = in->line;
        call->column = in->column;
        call->first = in->first;
        call->last = in->last;
    }
    return call;
}

ant_tree *ant__tree_expand(ant_context *c, ant_tree *t) {
    if (t->kind == ANT__MAP && ant__tree_count(t) == 1)
        return call_of_map(c, t);
    if (!ant__tree_scalar(t))
        return t;
    ant_tree *parsed = ant__text_parse(c, t->text, t->line, t->column + (t->kind == ANT__QUOTED));
    if (parsed)
        parsed->key = t->key;
    return parsed;
}
