/* The grammar of parts and calls, by recursive descent. */
#include "core/text/tree.h"
#include <string.h>

typedef struct reader {
    ant_context *context;
    const char *start, *at;
    int line, column, depth;
} reader;

static ant_tree *value(reader *r);

static void skip_blank(reader *r) {
    r->at += strspn(r->at, " \t\r\n");
}

static int column(const reader *r) {
    return r->line ? r->column + (int)(r->at - r->start) : 0;
}

static ant_tree *node(reader *r, ant_tree_kind kind, const char *text) {
    ant_tree *t = ant__tree_new(r->context, kind, NULL, text);
    if (t) {
        t->line = r->line;
        t->column = column(r);
    }
    return t;
}

/* An error at the reader's place; always NULL. */
static ant_tree *bad(reader *r, const char *what) {
    ant_tree here = {.line = r->line, .column = column(r)};
    if (*r->at)
        ant__tree_fail(r->context, &here, ANT_E_OPTION, "%s at '%.20s'", what, r->at);
    else
        ant__tree_fail(r->context, &here, ANT_E_OPTION, "%s at the end of '%.60s'", what, r->start);
    return NULL;
}

static char unescaped(char c) {
    return c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
}

static ant_tree *quoted(reader *r) {
    char quote = *r->at;
    char *text = ant__arena_bytes(&r->context->arena, r->at, strlen(r->at)), *end = text;
    if (!text) {
        ant__fail_memory(&r->context->error);
        return NULL;
    }
    ant_tree *t = node(r, ANT__QUOTED, text);
    for (r->at++; *r->at && *r->at != quote; r->at++) {
        bool escape = *r->at == '\\' && r->at[1];
        r->at += escape;
        *end++ = escape ? unescaped(*r->at) : *r->at;
    }
    *end = 0;
    if (!*r->at)
        return bad(r, "a quote is not closed");
    r->at++;
    return t;
}

static ant_tree *word(reader *r) {
    size_t n = strcspn(r->at, " \t\r\n,()[]=\"'");
    if (!n)
        return bad(r, "a value is missing");
    char *text = ant__arena_bytes(&r->context->arena, r->at, n);
    if (!text) {
        ant__fail_memory(&r->context->error);
        return NULL;
    }
    ant_tree *t = node(r, ANT__WORD, text);
    r->at += n;
    return t;
}

/* value | key=value */
static ant_tree *argument(reader *r) {
    ant_tree *first = value(r);
    if (!first)
        return NULL;
    skip_blank(r);
    if (*r->at != '=')
        return first;
    if (!ant__tree_scalar(first) || first->index)
        return bad(r, "only a name may stand before '='");
    r->at++;
    ant_tree *named = value(r);
    if (named)
        named->key = first->text;
    return named;
}

/* The arguments up to `end`, from the bracket that opens them. */
static bool arguments(reader *r, ant_tree *parent, char end) {
    for (r->at++, skip_blank(r); *r->at != end; skip_blank(r)) {
        ant_tree *v = argument(r);
        if (!v)
            return false;
        ant__tree_add(parent, v);
        skip_blank(r);
        if (*r->at == ',')
            r->at++;
        else if (*r->at != end)
            return bad(r, end == ')' ? "expected ',' or ')'" : "expected ',' or ']'");
    }
    r->at++;
    return true;
}

/* [a=1, b=2]: a list in which everything has a key is a map. */
static ant_tree *list(reader *r, char end) {
    ant_tree *t = node(r, ANT__ITEMS, NULL);
    if (!t || !arguments(r, t, end))
        return NULL;
    bool keys = t->first;
    for (const ant_tree *child = t->first; child; child = child->next)
        keys = keys && child->key;
    if (keys)
        t->kind = ANT__MAP;
    return t;
}

/* h[1] */
static ant_tree *result(reader *r, ant_tree *t) {
    const char *digit = r->at + 1;
    int k = 0;
    for (; *digit >= '0' && *digit <= '9' && k < 1000; digit++)
        k = 10 * k + (*digit - '0');
    if (*digit != ']' || digit == r->at + 1 || k >= 1000)
        return bad(r, "expected [number]");
    r->at = digit + 1;
    t->index = (int16_t)k;
    return t;
}

static ant_tree *shallow_value(reader *r) {
    skip_blank(r);
    if (*r->at == '[')
        return list(r, ']');
    if (*r->at == '(')
        return list(r, ')');
    ant_tree *t = *r->at == '"' || *r->at == '\'' ? quoted(r) : word(r);
    if (t && *r->at == '(') {
        t->kind = ANT__CALL;
        if (!arguments(r, t, ')'))
            return NULL;
    }
    return t && *r->at == '[' ? result(r, t) : t;
}

static ant_tree *value(reader *r) {
    if (r->depth == ANT__TREE_DEPTH)
        return bad(r, "nested too deeply");
    r->depth++;
    ant_tree *t = shallow_value(r);
    r->depth--;
    return t;
}

ant_tree *ant__text_parse(ant_context *c, const char *text, int line, int column) {
    reader r = {c, text, text, line, column, 0};
    ant_tree *t = value(&r);
    skip_blank(&r);
    return t && *r.at ? bad(&r, "unexpected text") : t;
}
