/* Trees into text: what parse.c reads back as the same tree. */
#include "core/text/buffer.h"
#include "core/text/tree.h"
#include <string.h>

static void put_quoted(ant_buffer *b, const char *s) {
    static const char special[] = "\"\\\n\t\r", escaped[] = "\"\\ntr";
    ant__put(b, "\"");
    for (; *s; s++) {
        const char *found = strchr(special, *s);
        if (found)
            ant__put(b, "\\");
        ant__put_bytes(b, found ? escaped + (found - special) : s, 1);
    }
    ant__put(b, "\"");
}

static void put_name(ant_buffer *b, const char *s) {
    if (!*s || strpbrk(s, " \t\r\n,()[]=\"'{}:#"))
        put_quoted(b, s);
    else
        ant__put(b, s);
}

static void put_tree(ant_buffer *b, const ant_tree *t);

static void put_children(ant_buffer *b, const ant_tree *t) {
    for (const ant_tree *child = t->first; child; child = child->next) {
        if (child->key) {
            put_name(b, child->key);
            ant__put(b, "=");
        }
        put_tree(b, child);
        if (child->next)
            ant__put(b, ", ");
    }
}

static void put_head(ant_buffer *b, const ant_tree *t) {
    if (t->kind == ANT__QUOTED)
        put_quoted(b, t->text);
    else if (t->text)
        put_name(b, t->text);
}

static void put_tree(ant_buffer *b, const ant_tree *t) {
    put_head(b, t);
    if (!ant__tree_scalar(t)) {
        bool call = t->kind == ANT__CALL;
        ant__put(b, call ? "(" : "[");
        put_children(b, t);
        ant__put(b, call ? ")" : "]");
    }
    if (t->index)
        ant__put_format(b, "[%d]", t->index);
}

const char *ant__tree_text(ant_context *c, const ant_tree *t) {
    ant_buffer b = {.budget = c->arena.budget};
    put_tree(&b, t);
    const char *text = b.failed ? NULL : ant__arena_bytes(&c->arena, b.at, b.size);
    ant__buffer_free(&b);
    if (!text)
        ant__fail_memory(&c->error);
    return text;
}
