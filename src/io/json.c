/* JSON: text into a tree. */
#include "io/json.h"
#include "io/file.h"
#include "io/utf8.h"
#include <stdlib.h>
#include <string.h>

/* --- in --- */
enum { KNOWN = 256 };

typedef struct reader {
    ant_context *c;
    ant_arena *arena; /* of the nodes */
    const ant_limits *limits;
    const char *at, *end;   /* what is left */
    const char *line_start; /* of the present line */
    int line, nodes, depth, deepest;
    ant_json_visit *visit; /* of the outermost object's entries; NULL: they stay */
    void *data;
    bool told;                /* the error is of `visit` */
    const char *known[KNOWN]; /* some texts that were kept: the same ones come again and again */
} reader;

static ant_tree *here(const reader *r, ant_tree *out) {
    *out = (ant_tree){.line = r->line, .column = (int)(r->at - r->line_start) + 1};
    return out;
}

/* The character n places on; 0 behind the end. */
static char peek(const reader *r, int n) {
    return r->end - r->at > n ? r->at[n] : 0;
}

/* An error at the reader's place; always NULL. */
static void *bad(reader *r, int code, const char *what) {
    ant_tree at;
    ant__tree_fail(r->c, here(r, &at), code, "%s", what);
    return NULL;
}

static void *wrong(reader *r, const char *expected) {
    ant_tree at;
    int shown = 0;
    while (shown < 20 && peek(r, shown) >= ' ' && peek(r, shown) <= '~')
        shown++;
    if (r->at == r->end)
        ant__tree_fail(r->c, here(r, &at), ANT_E_FORMAT, "expected %s, found the end", expected);
    else if (!shown)
        ant__tree_fail(r->c, here(r, &at), ANT_E_FORMAT, "expected %s, found the byte 0x%02x",
                       expected, (unsigned char)*r->at);
    else
        ant__tree_fail(r->c, here(r, &at), ANT_E_FORMAT, "expected %s, found '%.*s'", expected,
                       shown, r->at);
    return NULL;
}

static void skip_blank(reader *r) {
    for (char c; (c = peek(r, 0)) == ' ' || c == '\t' || c == '\r' || c == '\n'; r->at++)
        if (c == '\n') {
            r->line++;
            r->line_start = r->at + 1;
        }
}

static ant_tree *node(reader *r, ant_tree_kind kind) {
    if (++r->nodes > r->limits->nodes)
        return bad(r, ANT_E_LIMIT, "more values than the limit");
    ant_tree *t = ant__arena_alloc(r->arena, sizeof *t);
    if (t)
        here(r, t)->kind = (uint8_t)kind;
    else
        ant__fail_memory(&r->c->error);
    return t;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four hexadecimal digits n places on; -1 where they are none. */
static int unit_at(const reader *r, int n) {
    int x = 0;
    for (int k = 0; k < 4; k++) {
        int digit = hex_digit(peek(r, n + k));
        if (digit < 0)
            return -1;
        x = x << 4 | digit;
    }
    return x;
}

static char *put_utf8(char *out, unsigned x) {
    int more = x < 0x80 ? 0 : x < 0x800 ? 1 : x < 0x10000 ? 2 : 3;
    static const unsigned char first[] = {0x00, 0xC0, 0xE0, 0xF0};
    *out++ = (char)(first[more] | x >> 6 * more);
    while (more-- > 0)
        *out++ = (char)(0x80 | (x >> 6 * more & 0x3F));
    return out;
}

/* \u00e4, or two of them that make one character; the reader stands behind the 'u'. NULL after an
 * error. */
static char *unicode(reader *r, char *out) {
    int x = unit_at(r, 0), low;
    if (x < 0)
        return wrong(r, "four hexadecimal digits");
    r->at += 4;
    if (x == 0)
        return bad(r, ANT_E_FORMAT, "a zero character in a text");
    if (x < 0xD800 || x > 0xDFFF)
        return put_utf8(out, (unsigned)x);
    low = x <= 0xDBFF && peek(r, 0) == '\\' && peek(r, 1) == 'u' ? unit_at(r, 2) : -1;
    if (low < 0xDC00 || low > 0xDFFF)
        return bad(r, ANT_E_FORMAT, "half a character in a text");
    r->at += 6;
    return put_utf8(out, 0x10000u + ((unsigned)x - 0xD800u) * 0x400u + (unsigned)low - 0xDC00u);
}

/* What follows a backslash. */
static char *escape(reader *r, char *out) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char c = peek(r, 0);
    const char *known = c ? strchr(from, c) : NULL;
    if (c != 'u' && !known)
        return wrong(r, "an escape of JSON");
    r->at++;
    if (c == 'u')
        return unicode(r, out);
    *out++ = to[known - from];
    return out;
}

/* The closing quote of a text that begins at s; `end` when there is none. */
static const char *quote_end(const reader *r, const char *s) {
    while (s < r->end && *s != '"')
        s += *s == '\\' && s + 1 < r->end ? 2 : 1;
    return s;
}

/* The place for a text of which these are the bytes. */
static const char **known_place(reader *r, const char *begin, const char *end) {
    unsigned hash = 0;
    for (const char *s = begin; s < end; s++)
        hash = hash * 31 + (unsigned char)*s;
    return &r->known[hash % KNOWN];
}

static bool is_known(const char *known, const char *begin, const char *end) {
    size_t n = (size_t)(end - begin);
    return known && !strncmp(known, begin, n) && !known[n];
}

/* A text between quotes. */
static const char *new_text(reader *r) {
    r->at++;
    size_t room = (size_t)(quote_end(r, r->at) - r->at);
    if (room > (size_t)r->limits->string_bytes)
        return bad(r, ANT_E_LIMIT, "a text is longer than the limit");
    char *kept = ant__arena_alloc(&r->c->arena, room + 1), *out = kept;
    if (!kept) {
        ant__fail_memory(&r->c->error);
        return NULL;
    }
    while (peek(r, 0) != '"') {
        if (r->at == r->end)
            return bad(r, ANT_E_FORMAT, "a quote is not closed");
        if ((unsigned char)*r->at < 0x20)
            return bad(r, ANT_E_FORMAT, "a control character in a text");
        if (*r->at != '\\')
            *out++ = *r->at++;
        else if (r->at++, !(out = escape(r, out)))
            return NULL;
    }
    r->at++;
    return kept;
}

/* The same, as one of those that were kept where it is one of them and stands as it is. */
static const char *text(reader *r) {
    const char *begin = r->at + 1, *end = quote_end(r, begin);
    if (end == r->end || memchr(begin, '\\', (size_t)(end - begin)))
        return new_text(r);
    const char **known = known_place(r, begin, end);
    if (!is_known(*known, begin, end))
        return *known = new_text(r);
    r->at = end + 1;
    return *known;
}

static const char *digits(const char *s, const char *end) {
    while (s < end && *s >= '0' && *s <= '9')
        s++;
    return s;
}

static bool is(const char *s, const char *end, char a, char b) {
    return s < end && (*s == a || *s == b);
}

const char *ant__json_number_end(const char *s, const char *end) {
    const char *begin = s, *at = s + is(s, end, '-', '-');
    s = is(at, end, '0', '0') ? at + 1 : digits(at, end);
    if (s == at)
        return begin;
    if (is(s, end, '.', '.')) {
        at = s + 1;
        if ((s = digits(at, end)) == at)
            return begin;
    }
    if (is(s, end, 'e', 'E')) {
        at = s + 1 + is(s + 1, end, '+', '-');
        if ((s = digits(at, end)) == at)
            return begin;
    }
    return s;
}

const ant_json_constant ant__json_constants[ANT__JSON_CONSTANTS] = {
    {"null", "null"}, {"true", "true"},    {"false", "false"},
    {"NaN", "nan"},   {"Infinity", "inf"}, {"-Infinity", "-inf"}};

static ant_tree *number(reader *r, const char *end, ant_tree *t) {
    const char **known = known_place(r, r->at, end);
    if (!is_known(*known, r->at, end))
        *known = ant__arena_bytes(&r->c->arena, r->at, (size_t)(end - r->at));
    r->at = end;
    if (!(t->text = *known)) {
        ant__fail_memory(&r->c->error);
        return NULL;
    }
    return t;
}

static ant_tree *word(reader *r) {
    ant_tree *t = node(r, ANT__WORD);
    const char *end = ant__json_number_end(r->at, r->end);
    if (!t)
        return NULL;
    if (end - r->at > r->limits->string_bytes)
        return bad(r, ANT_E_LIMIT, "a number is longer than the limit");
    if (end > r->at)
        return number(r, end, t);
    for (int k = 0; k < ANT__JSON_CONSTANTS; k++) {
        size_t n = strlen(ant__json_constants[k].json);
        if ((size_t)(r->end - r->at) < n || memcmp(r->at, ant__json_constants[k].json, n) != 0)
            continue;
        r->at += n;
        t->text = ant__json_constants[k].word;
        return t;
    }
    return wrong(r, "a value");
}

static ant_tree *value(reader *r);

/* After a value of a list or an object: 1 when another one follows, 0 at its end, -1 after an
 * error. */
static int goes_on(reader *r, char end) {
    skip_blank(r);
    if (peek(r, 0) != ',' && peek(r, 0) != end)
        return wrong(r, end == ']' ? "',' or ']'" : "',' or '}'"), -1;
    return *r->at++ == ',';
}

static bool empty(reader *r, char end) {
    r->at++;
    skip_blank(r);
    if (peek(r, 0) != end)
        return false;
    r->at++;
    return true;
}

static ant_tree *list(reader *r) {
    ant_tree *t = node(r, ANT__ITEMS);
    if (!t || empty(r, ']'))
        return t;
    for (int more = 1; more;) {
        ant_tree *v = value(r);
        ant__tree_add(t, v);
        if (!v || (more = goes_on(r, ']')) < 0)
            return NULL;
    }
    return t;
}

static int by_key(const void *a, const void *b) {
    const ant_tree *const *x = a, *const *y = b;
    return strcmp((*x)->key, (*y)->key);
}

/* No name twice; by sorting, so that a large object takes no quadratic time. */
static ant_tree *checked(reader *r, ant_tree *t) {
    int n = ant__tree_count(t), k = 0;
    const ant_tree **sorted = ant__alloc_array((size_t)n + 1, sizeof *sorted);
    if (!sorted) {
        ant__fail_memory(&r->c->error);
        return NULL;
    }
    for (const ant_tree *x = t->first; x; x = x->next)
        sorted[k++] = x;
    qsort(sorted, (size_t)n, sizeof *sorted, by_key);
    for (k = 1; k < n; k++)
        if (!strcmp(sorted[k - 1]->key, sorted[k]->key)) {
            ant__tree_fail(r->c, t, ANT_E_FORMAT, "'%.200s' stands twice in one object",
                           sorted[k]->key);
            t = NULL;
            break;
        }
    ant__free(sorted);
    return t;
}

static ant_tree *entry(reader *r) {
    skip_blank(r);
    if (peek(r, 0) != '"')
        return wrong(r, "a name in quotes");
    const char *key = text(r);
    if (!key)
        return NULL;
    skip_blank(r);
    if (peek(r, 0) != ':')
        return wrong(r, "':'");
    r->at++;
    ant_tree *v = value(r);
    if (v)
        v->key = key;
    return v;
}

/* Hands it over; a node with its key stays, for others must not have it too. */
static ant_tree *visited_entry(reader *r) {
    ant_arena_mark before = ant__arena_mark(r->arena);
    const int nodes = r->nodes;
    ant_tree *v = entry(r);
    const char *key = v ? v->key : NULL;
    if (!v || (r->told = r->visit(r->data, v) != 0))
        return NULL;
    ant__arena_release(r->arena, before);
    r->nodes = nodes;
    ant_tree *kept = node(r, ANT__WORD);
    if (kept)
        kept->key = key;
    return kept;
}

static ant_tree *object(reader *r) {
    ant_tree *t = node(r, ANT__MAP);
    const bool visited = r->visit && r->depth == 1;
    if (!t || empty(r, '}'))
        return t;
    for (int more = 1; more;) {
        ant_tree *v = visited ? visited_entry(r) : entry(r);
        ant__tree_add(t, v);
        if (!v || (more = goes_on(r, '}')) < 0)
            return NULL;
    }
    return checked(r, t);
}

static ant_tree *quoted(reader *r) {
    ant_tree *t = node(r, ANT__QUOTED);
    return t && (t->text = text(r)) ? t : NULL;
}

static ant_tree *value(reader *r) {
    skip_blank(r);
    if (r->depth == r->deepest)
        return bad(r, ANT_E_LIMIT, "nested deeper than the limit");
    r->depth++;
    char c = peek(r, 0);
    ant_tree *t = c == '{' ? object(r) : c == '[' ? list(r) : c == '"' ? quoted(r) : word(r);
    r->depth--;
    return t;
}

static ant_tree *document(reader *r) {
    ant_tree *t = value(r);
    skip_blank(r);
    return t && r->at != r->end ? wrong(r, "nothing after the value") : t;
}

static ant_tree *parse(reader *r, const char *path, const void *text, size_t size,
                       const ant_limits *limits) {
    ant_context *c = r->c;
    bool had = c->error.code != 0;
    ant_tree *t = NULL;
    r->limits = ant__limits(limits);
    r->at = r->line_start = text;
    r->line = 1;
    r->end = r->at + size;
    r->deepest = ANT__JSON_DEPTH * r->limits->depth;
    if (size > (size_t)r->limits->text_bytes)
        ant__fail(&c->error, ANT_E_LIMIT, " %zu bytes of JSON; at most %lld are read", size,
                  (long long)r->limits->text_bytes);
    else if ((r->at += ant__utf8_valid(text, size)) != r->end)
        bad(r, ANT_E_FORMAT, "a byte that is not UTF-8");
    else {
        r->at = text;
        t = document(r);
    }
    if (!t && !had && !r->told)
        ant__error_before(&c->error, "%s:", path);
    return t;
}

ant_tree *ant__json_parse(ant_context *c, ant_arena *nodes, const char *path, const void *text,
                          size_t size, const ant_limits *limits) {
    reader r = {.c = c, .arena = nodes ? nodes : &c->arena};
    return parse(&r, path, text, size, limits);
}

int ant__json_each(ant_context *c, const char *path, const void *text, size_t size,
                   const ant_limits *limits, ant_json_visit *visit, void *data) {
    ant_arena nodes = {.budget = c->arena.budget};
    reader r = {.c = c, .arena = &nodes, .visit = visit, .data = data};
    const ant_tree *t = parse(&r, path, text, size, limits);
    if (t && t->kind != ANT__MAP)
        ant__fail(&c->error, ANT_E_FORMAT, "%s: expected an object", path);
    ant__arena_free(&nodes);
    return c->error.code;
}
