/* Trees into text: what parse.c reads back as the same tree. */
#include "core/text/tree.h"
#include <stdio.h>
#include <string.h>

typedef struct buffer {
    char *at;
    int n, room;
    bool failed; /* out of memory */
} buffer;

static void put(buffer *b, char c) {
    b->failed = b->failed || !ANT__PUSH(b, c);
}

static void put_text(buffer *b, const char *s) {
    for (; *s; s++)
        put(b, *s);
}

static void put_quoted(buffer *b, const char *s) {
    static const char special[] = "\"\\\n\t\r", escaped[] = "\"\\ntr";
    put(b, '"');
    for (; *s; s++) {
        const char *found = strchr(special, *s);
        if (found)
            put(b, '\\');
        put(b, found ? escaped[found - special] : *s);
    }
    put(b, '"');
}

static void put_name(buffer *b, const char *s) {
    if (!*s || strpbrk(s, " \t\r\n,()[]=\"'{}:#"))
        put_quoted(b, s);
    else
        put_text(b, s);
}

static void put_tree(buffer *b, const ant_tree *t);

static void put_children(buffer *b, const ant_tree *t, char open, char close) {
    put(b, open);
    for (const ant_tree *child = t->first; child; child = child->next) {
        if (child->key) {
            put_name(b, child->key);
            put(b, '=');
        }
        put_tree(b, child);
        if (child->next)
            put_text(b, ", ");
    }
    put(b, close);
}

static void put_tree(buffer *b, const ant_tree *t) {
    if (t->kind == ANT__ITEMS || t->kind == ANT__MAP) {
        put_children(b, t, '[', ']');
        return;
    }
    if (t->kind == ANT__QUOTED)
        put_quoted(b, t->text);
    else
        put_name(b, t->text);
    if (t->kind == ANT__CALL)
        put_children(b, t, '(', ')');
    if (t->index) {
        char index[16];
        snprintf(index, sizeof index, "[%d]", t->index);
        put_text(b, index);
    }
}

const char *ant__tree_text(ant_context *c, const ant_tree *t) {
    buffer b = {NULL, 0, 0, false};
    put_tree(&b, t);
    const char *text = b.failed ? NULL : ant__arena_bytes(&c->arena, b.at, (size_t)b.n);
    ant__free(b.at);
    if (!text)
        ant__fail_memory(&c->error);
    return text;
}
