/* YAML: libyaml's events into a tree, and a tree into libyaml's events. */
#include "io/yaml_tree.h"
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* --- in --- */
typedef struct reader {
    ant_context *c;
    const ant_limits *limits;
    yaml_parser_t parser;
    yaml_event_t event; /* the present one */
    int nodes, depth;
} reader;

static ant_tree place_of(const yaml_mark_t *mark) {
    return (ant_tree){.line = (int)mark->line + 1, .column = (int)mark->column + 1};
}

static int fail_here(reader *r, const char *what) {
    ant_tree at = place_of(&r->event.start_mark);
    return ant__tree_fail(r->c, &at, ANT_E_FORMAT, "%s", what);
}

static int next(reader *r) {
    yaml_event_delete(&r->event);
    if (yaml_parser_parse(&r->parser, &r->event))
        return 0;
    ant_tree at = place_of(&r->parser.problem_mark);
    if (r->parser.error == YAML_MEMORY_ERROR)
        return ant__fail_memory(&r->c->error);
    return ant__tree_fail(r->c, &at, ANT_E_FORMAT, "%s",
                          r->parser.problem ? r->parser.problem : "no YAML");
}

/* Whether the event carries an anchor, an alias or a tag. */
static bool marked(const yaml_event_t *e) {
    switch (e->type) {
    case YAML_SCALAR_EVENT:
        return e->data.scalar.anchor || e->data.scalar.tag;
    case YAML_SEQUENCE_START_EVENT:
        return e->data.sequence_start.anchor || e->data.sequence_start.tag;
    case YAML_MAPPING_START_EVENT:
        return e->data.mapping_start.anchor || e->data.mapping_start.tag;
    default:
        return e->type == YAML_ALIAS_EVENT;
    }
}

static ant_tree *here(reader *r, ant_tree_kind kind, const char *text) {
    ant_tree *t = ant__tree_new(r->c, kind, NULL, text);
    if (t) {
        t->line = (int)r->event.start_mark.line + 1;
        t->column = (int)r->event.start_mark.column + 1;
    }
    return t;
}

static ant_tree *scalar(reader *r) {
    bool plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    const char *s = (const char *)r->event.data.scalar.value;
    size_t n = r->event.data.scalar.length;
    if (n > (size_t)r->limits->string_bytes) {
        fail_here(r, "a text is longer than the limit");
        return NULL;
    }
    if (memchr(s, 0, n)) {
        fail_here(r, "a zero byte in a text");
        return NULL;
    }
    char *kept = ant__arena_bytes(&r->c->arena, s, n);
    if (!kept)
        ant__fail_memory(&r->c->error);
    return kept ? here(r, plain ? ANT__WORD : ANT__QUOTED, kept) : NULL;
}

static ant_tree *value(reader *r);

static ant_tree *list(reader *r) {
    ant_tree *t = here(r, ANT__ITEMS, NULL);
    while (t) {
        if (next(r))
            return NULL;
        if (r->event.type == YAML_SEQUENCE_END_EVENT)
            return t;
        ant_tree *v = value(r);
        if (!v)
            return NULL;
        ant__tree_add(t, v);
    }
    return NULL;
}

static int by_key(const void *a, const void *b) {
    const ant_tree *const *x = a, *const *y = b;
    int order = strcmp((*x)->key, (*y)->key);
    return order ? order : (*x)->line - (*y)->line;
}

/* No key twice; by sorting, so that a large map takes no quadratic time. */
static int check_keys(reader *r, const ant_tree *map) {
    int n = ant__tree_count(map), k = 0;
    const ant_tree **sorted = ant__alloc_array((size_t)n + 1, sizeof *sorted);
    if (!sorted)
        return ant__fail_memory(&r->c->error);
    for (const ant_tree *t = map->first; t; t = t->next)
        sorted[k++] = t;
    qsort(sorted, (size_t)n, sizeof *sorted, by_key);
    for (k = 1; k < n; k++)
        if (!strcmp(sorted[k - 1]->key, sorted[k]->key))
            ant__tree_fail(r->c, sorted[k], ANT_E_FORMAT, "'%.200s' is said twice", sorted[k]->key);
    ant__free(sorted);
    return r->c->error.code;
}

static ant_tree *entry(reader *r) {
    ant_tree *key = value(r);
    if (!key)
        return NULL;
    if (!ant__tree_scalar(key)) {
        ant__tree_fail(r->c, key, ANT_E_FORMAT, "a key must be a text");
        return NULL;
    }
    ant_tree *v = next(r) ? NULL : value(r);
    if (v)
        v->key = key->text;
    return v;
}

static ant_tree *map(reader *r) {
    ant_tree *t = here(r, ANT__MAP, NULL);
    while (t) {
        if (next(r))
            return NULL;
        if (r->event.type == YAML_MAPPING_END_EVENT)
            return check_keys(r, t) ? NULL : t;
        ant_tree *v = entry(r);
        if (!v)
            return NULL;
        ant__tree_add(t, v);
    }
    return NULL;
}

static ant_tree *value(reader *r) {
    ant_tree *t = NULL;
    if (marked(&r->event))
        fail_here(r, "anchors, aliases and tags are not read");
    else if (++r->nodes > r->limits->nodes)
        fail_here(r, "more values than the limit");
    else if (++r->depth > r->limits->depth)
        fail_here(r, "deeper than the limit");
    else if (r->event.type == YAML_SCALAR_EVENT)
        t = scalar(r);
    else if (r->event.type == YAML_SEQUENCE_START_EVENT)
        t = list(r);
    else if (r->event.type == YAML_MAPPING_START_EVENT)
        t = map(r);
    r->depth--;
    return t;
}

static bool has_directives(const yaml_event_t *e) {
    return e->data.document_start.tag_directives.start != e->data.document_start.tag_directives.end;
}

static ant_tree *document(reader *r) {
    bool begun = !next(r); /* the stream, then its document */
    if (!begun || next(r))
        return NULL;
    if (r->event.type != YAML_DOCUMENT_START_EVENT) {
        ant__fail(&r->c->error, ANT_E_FORMAT, "the file is empty");
        return NULL;
    }
    if (has_directives(&r->event)) {
        fail_here(r, "directives about tags are not read");
        return NULL;
    }
    if (next(r))
        return NULL;
    ant_tree *t = value(r);
    if (!t || next(r) || next(r))
        return NULL;
    if (r->event.type == YAML_STREAM_END_EVENT)
        return t;
    fail_here(r, "more than one document");
    return NULL;
}

ant_tree *ant__yaml_parse(ant_context *c, const char *name, const void *text, size_t size,
                          const ant_limits *limits) {
    reader r = {.c = c, .limits = ant__limits(limits)};
    ant_tree *t = NULL;
    bool had = c->error.code != 0;
    if (size > (size_t)r.limits->text_bytes)
        ant__fail(&c->error, ANT_E_LIMIT, "%zu bytes; at most %lld are read", size,
                  (long long)r.limits->text_bytes);
    else if (!yaml_parser_initialize(&r.parser))
        ant__fail_memory(&c->error);
    else {
        yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&r.parser, text, size);
        t = document(&r);
        yaml_event_delete(&r.event);
        yaml_parser_delete(&r.parser);
    }
    if (!t && !had)
        ant__error_before(&c->error, "%s:%s", name,
                          c->error.text[0] >= '0' && c->error.text[0] <= '9' ? "" : " ");
    return t;
}

/* --- out --- */
typedef struct writer {
    yaml_emitter_t emitter;
    ant_context c; /* for texts of expressions */
    bool failed;
} writer;

static int collect(void *data, unsigned char *s, size_t n) {
    ant_buffer *b = data;
    ant__put_bytes(b, s, n);
    return !b->failed;
}

/* The event belongs to the emitter from here on, also when it fails. */
static void send(writer *w, int made, yaml_event_t *event) {
    if (!made || !yaml_emitter_emit(&w->emitter, event))
        w->failed = true;
}

static void put_scalar(writer *w, const char *s, bool quoted) {
    yaml_event_t e;
    yaml_scalar_style_t style = quoted ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_ANY_SCALAR_STYLE;
    if (w->failed || !s) {
        w->failed = true;
        return;
    }
    send(w,
         yaml_scalar_event_initialize(&e, NULL, NULL, (const unsigned char *)s, (int)strlen(s), 1,
                                      1, style),
         &e);
}

static bool nested(const ant_tree *t) {
    return t->kind == ANT__MAP || t->kind == ANT__ITEMS;
}

/* Lists of leaves count as leaves. */
static bool all_leaves(const ant_tree *t) {
    for (const ant_tree *child = t->first; child; child = child->next)
        if (nested(child) && !(child->kind == ANT__ITEMS && all_leaves(child)))
            return false;
    return true;
}

static void put_value(writer *w, const ant_tree *t);

static void put_entries(writer *w, const ant_tree *t) {
    for (const ant_tree *child = t->first; child && !w->failed; child = child->next) {
        if (t->kind == ANT__MAP)
            put_scalar(w, child->key, false);
        put_value(w, child);
    }
}

static void put_map(writer *w, const ant_tree *t) {
    yaml_event_t e;
    /* Calls are read one after the other: a line for each. */
    bool flow = all_leaves(t) && !(t->first && t->key && !strcmp(t->key, "calls"));
    send(w,
         yaml_mapping_start_event_initialize(
             &e, NULL, NULL, 1, flow ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE),
         &e);
    put_entries(w, t);
    if (!w->failed)
        send(w, yaml_mapping_end_event_initialize(&e), &e);
}

static void put_list(writer *w, const ant_tree *t) {
    yaml_event_t e;
    send(w,
         yaml_sequence_start_event_initialize(&e, NULL, NULL, 1,
                                              all_leaves(t) ? YAML_FLOW_SEQUENCE_STYLE
                                                            : YAML_BLOCK_SEQUENCE_STYLE),
         &e);
    put_entries(w, t);
    if (!w->failed)
        send(w, yaml_sequence_end_event_initialize(&e), &e);
}

static void put_value(writer *w, const ant_tree *t) {
    if (t->kind == ANT__MAP)
        put_map(w, t);
    else if (t->kind == ANT__ITEMS)
        put_list(w, t);
    else if (t->kind == ANT__CALL || t->index || t->raw)
        put_scalar(w, ant__tree_text(&w->c, t), false);
    else
        put_scalar(w, t->text, t->kind == ANT__QUOTED);
}

static void put_document(writer *w, const ant_tree *t) {
    yaml_event_t e;
    send(w, yaml_stream_start_event_initialize(&e, YAML_UTF8_ENCODING), &e);
    if (!w->failed)
        send(w, yaml_document_start_event_initialize(&e, NULL, NULL, NULL, 1), &e);
    if (!w->failed)
        put_value(w, t);
    if (!w->failed)
        send(w, yaml_document_end_event_initialize(&e, 1), &e);
    if (!w->failed)
        send(w, yaml_stream_end_event_initialize(&e), &e);
}

int ant__yaml_put(ant_buffer *b, const ant_tree *t) {
    writer w = {0};
    if (!yaml_emitter_initialize(&w.emitter))
        return ANT_E_MEMORY;
    yaml_emitter_set_output(&w.emitter, collect, b);
    yaml_emitter_set_width(&w.emitter, -1);
    yaml_emitter_set_unicode(&w.emitter, 1);
    put_document(&w, t);
    yaml_emitter_delete(&w.emitter);
    ant__arena_free(&w.c.arena);
    return w.failed || b->failed ? ANT_E_MEMORY : 0;
}
