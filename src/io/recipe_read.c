/* The data section from and into trees. */
#include "core/options/field.h"
#include "io/config.h"
#include "io/recipe.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ANT_PORT_DEFAULTS .window = ANT_NONE, .ahead = 1
#define ANT_SEQUENCE_DEFAULTS .length = ANT_NONE
#define ANT_TEST_DEFAULTS .every = ANT_NONE, .from = ANT_NONE, .last = ANT_NONE

static const ant_row port_rows[] = {
    ANT__ROW(port, columns, "names or patterns of columns"),
    ANT__ROW(port, column, "the name of one column"),
    ANT__ROW(port, window, "rows before the target's", ANT__AT_LEAST(1)),
    ANT__ROW(port, ahead, "rows from the end of the window to the target's", ANT__AT_LEAST(1)),
    ANT__ROW(port, scale, "how numbers are scaled", .words = "standard range"),
    ANT__ROW(port, mean, "fitted: of each column"),
    ANT__ROW(port, deviation, "fitted: of each column"),
    ANT__ROW(port, low, "fitted: of each column"),
    ANT__ROW(port, high, "fitted: of each column"),
    ANT__ROW(port, file, "of one array, in place of columns"),
    ANT__ROW(port, test, "of the array's rows that are kept for evaluation"),
};
static const ant_row sequence_rows[] = {
    ANT__ROW(sequence, length, "numbers of a row; none: the longest", ANT__AT_LEAST(1)),
    ANT__ROW(sequence, of, "what is one number", .words = "characters words"),
    ANT__ROW(sequence, vocabulary, "fitted: what the numbers stand for"),
};
static const ant_row test_rows[] = {
    ANT__ROW(test, every, "every so many rows one is kept", ANT__AT_LEAST(2)),
    ANT__ROW(test, from, "the row to begin at, or the remainder", ANT__AT_LEAST(0)),
    ANT__ROW(test, last, "share of rows from the end", ANT__BETWEEN(0, 1)),
};
static const ant_class port_class = ANT__CLASS(columns, port, PORT, ANT_ACTION, NULL);
static const ant_class sequence_class = ANT__CLASS(sequence, sequence, SEQUENCE, ANT_ACTION, NULL);
static const ant_class test_class = ANT__CLASS(test, test, TEST, ANT_ACTION, NULL);

int ant__port_fail(ant_context *c, const ant_recipe *r, const ant_port *p, const char *format,
                   ...) {
    char text[ANT__ERROR_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (p->at && p->at->line)
        return ant__fail(&c->error, ANT_E_DATA, "%s:%d:%d: %s", r->path, p->at->line, p->at->column,
                         text);
    return ant__fail(&c->error, ANT_E_DATA, "%s: %s", r->path, text);
}

/* --- in --- */
static int set(ant_context *c, const ant_class *cls, void *options, const ant_tree *t) {
    if (t->kind != ANT__MAP)
        return ant__tree_fail(c, t, ANT_E_OPTION, "%s: expected {option: value, …}", cls->name);
    bool had = c->error.code != 0;
    if (ant__options_set(c, cls, options, t, NULL))
        return c->error.code;
    if (ant__options_check(c, cls, options) && !had)
        ant__error_before(&c->error, "%d:%d: ", t->line, t->column);
    return c->error.code;
}

static int read_texts(ant_context *c, const ant_tree *t, ant_texts *out) {
    const char **texts = ant__arena_array(&c->arena, (size_t)ant__tree_count(t) + 1, sizeof *texts);
    if (!texts)
        return ant__fail_memory(&c->error);
    out->data = texts;
    for (const ant_tree *x = t->first; x; x = x->next) {
        if (!ant__tree_scalar(x))
            return ant__tree_fail(c, x, ANT_E_OPTION, "expected a text");
        texts[out->count++] = x->text;
    }
    return 0;
}

/* classes: a list, or one per column that has them. */
static int read_classes(ant_context *c, ant_port *p, const ant_tree *t) {
    int n = ant__port_columns(p);
    p->classes = ant__arena_array(&c->arena, (size_t)n + 1, sizeof *p->classes);
    if (!p->classes)
        return ant__fail_memory(&c->error);
    if (!t)
        return 0;
    if (t->kind == ANT__ITEMS && n == 1)
        return read_texts(c, t, &p->classes[0]);
    if (t->kind != ANT__MAP)
        return ant__tree_fail(c, t, ANT_E_OPTION, "classes: expected {column: [class, …]}");
    for (const ant_tree *x = t->first; x; x = x->next) {
        int k = 0;
        while (k < n && strcmp(p->o.columns.data[k], x->key))
            k++;
        if (k == n || x->kind != ANT__ITEMS)
            return ant__tree_fail(c, x, ANT_E_OPTION, "classes: '%s' is none of the columns",
                                  x->key);
        if (read_texts(c, x, &p->classes[k]))
            return c->error.code;
    }
    return 0;
}

/* `column: a` means `columns: [a]`. */
static int one_column(ant_context *c, ant_port *p, const ant_tree *t) {
    if (!p->o.column)
        return p->o.columns.count
                   ? 0
                   : ant__tree_fail(c, t, ANT_E_OPTION, "expected 'column:' or 'columns:'");
    if (p->o.columns.count)
        return ant__tree_fail(c, t, ANT_E_OPTION, "'column:' and 'columns:' are both said");
    const char **name = ant__arena_array(&c->arena, 1, sizeof *name);
    if (!name)
        return ant__fail_memory(&c->error);
    *name = p->o.column;
    p->o.columns = (ant_texts){1, name};
    p->o.column = NULL;
    return 0;
}

/* An array has no columns: of all else, nothing may be said. */
static int one_file(ant_context *c, ant_port *p, const ant_tree *t) {
    const ant_port_options plain = {ANT_PORT_DEFAULTS, .file = p->o.file, .test = p->o.test};
    bool alone = !ant__tree_get(t, "sequence") && !ant__tree_get(t, "classes");
    for (int k = 0; k < port_class.rows_n; k++)
        alone = alone && ant__field_equal(&port_class.rows[k], &p->o, &plain);
    if (!alone || !p->o.file)
        return ant__tree_fail(c, t, ANT_E_OPTION,
                              "beside a file of an array only 'test:', another one, can be said");
    return 0;
}

/* A map without the entries that are read by hand. */
static ant_tree *without(ant_context *c, const ant_tree *t, const char *a, const char *b) {
    ant_tree *copy = ant__tree_new(c, ANT__MAP, t->key, NULL);
    for (const ant_tree *x = t->first; copy && x; x = x->next) {
        if (!strcmp(x->key, a) || !strcmp(x->key, b))
            continue;
        ant_tree *entry = ant__tree_new(c, x->kind, x->key, x->text);
        if (!entry)
            return NULL;
        *entry = *x;
        entry->next = NULL;
        ant__tree_add(copy, entry);
    }
    if (copy)
        copy->line = t->line, copy->column = t->column;
    return copy;
}

static int read_sequence(ant_context *c, ant_port *p, const ant_tree *t) {
    static const ant_sequence_options defaults = {ANT_SEQUENCE_DEFAULTS};
    p->sequence = ant__arena_alloc(&c->arena, sizeof *p->sequence);
    if (!p->sequence)
        return ant__fail_memory(&c->error);
    *p->sequence = defaults;
    return set(c, &sequence_class, p->sequence, t);
}

/* "pixel*" or [a, b] alone mean {columns: …}. */
static ant_tree *as_map(ant_context *c, ant_tree *t) {
    if (t->kind == ANT__MAP)
        return t;
    ant_tree *map = ant__tree_new(c, ANT__MAP, t->key, NULL);
    ant_tree *columns = ant__tree_new(c, t->kind, "columns", t->text);
    if (!map || !columns)
        return NULL;
    *columns = *t;
    columns->key = "columns";
    columns->next = NULL;
    ant__tree_add(map, columns);
    map->line = t->line;
    map->column = t->column;
    return map;
}

static int read_port(ant_context *c, ant_tree *said, ant_port *p) {
    ant_tree *t = as_map(c, said), *rest = t ? without(c, t, "sequence", "classes") : NULL;
    if (!rest)
        return ant__fail_memory(&c->error);
    const ant_tree *sequence = ant__tree_get(t, "sequence"), *classes = ant__tree_get(t, "classes");
    p->at = t;
    p->o = (ant_port_options){ANT_PORT_DEFAULTS};
    if (set(c, &port_class, &p->o, rest))
        return c->error.code;
    if (p->o.file || p->o.test)
        return one_file(c, p, t);
    if (one_column(c, p, t) || (sequence && read_sequence(c, p, sequence)) ||
        read_classes(c, p, classes))
        return c->error.code;
    if (p->sequence && (p->o.window != ANT_NONE || p->o.scale))
        return ant__tree_fail(c, t, ANT_E_OPTION, "a sequence has neither window nor scale");
    return 0;
}

/* A map of maps is one of ports by name; any other says the columns itself. */
static bool is_port(const ant_tree *t) {
    if (t->kind != ANT__MAP || !t->first)
        return true;
    for (const ant_tree *x = t->first; x; x = x->next)
        if (x->kind != ANT__MAP)
            return true;
    return false;
}

static int read_ports(ant_context *c, ant_tree *t, ant_port *ports, int *n) {
    if (!t)
        return 0;
    if (is_port(t)) {
        *n = 1;
        return read_port(c, t, &ports[0]);
    }
    for (ant_tree *x = t->first; x; x = x->next) {
        if (*n == ANT_MAX_PORTS - 1)
            return ant__tree_fail(c, x, ANT_E_LIMIT, "more than %d of them", *n);
        ports[*n].name = x->key;
        if (read_port(c, x, &ports[(*n)++]))
            return c->error.code;
    }
    return 0;
}

static int read_test(ant_context *c, const ant_tree *t, ant_recipe *r) {
    ant_test_options *o = &r->test;
    *o = (ant_test_options){ANT_TEST_DEFAULTS};
    if (!t)
        return 0;
    r->has_test = true;
    if (set(c, &test_class, o, t))
        return c->error.code;
    bool every = o->every != ANT_NONE, from = o->from != ANT_NONE, last = o->last != ANT_NONE;
    if (every + last > 1 || (last && from) || !(every || from || last))
        return ant__tree_fail(c, t, ANT_E_OPTION,
                              "test: expected {every: 5, from: 4}, {from: 1000} or {last: 0.2}");
    if (every && from && o->from >= o->every)
        return ant__tree_fail(c, t, ANT_E_OPTION, "test: from must be below every");
    return 0;
}

static int check_targets(ant_context *c, const ant_recipe *r) {
    for (int k = 0; k < r->n_y; k++)
        if (r->y[k].o.window != ANT_NONE || r->y[k].sequence)
            return ant__tree_fail(c, r->y[k].at, ANT_E_OPTION,
                                  "a target has neither window nor sequence");
    return 0;
}

/* Files for all ports or for none, and test files for all or for none. */
static int check_files(ant_context *c, const ant_tree *t, ant_recipe *r) {
    int files = 0, tests = 0, n = r->n_x + r->n_y;
    for (int k = 0; k < n; k++) {
        const ant_port *p = k < r->n_x ? &r->x[k] : &r->y[k - r->n_x];
        files += p->o.file != NULL;
        tests += p->o.test != NULL;
    }
    r->arrays = files > 0;
    if (files && (files < n || !r->n_x || r->file))
        return ant__tree_fail(c, t, ANT_E_OPTION,
                              "data: expected a file for each of x and y, and "
                              "no 'file:' of a table");
    if (tests && (tests < n || r->has_test))
        return ant__tree_fail(c, t, ANT_E_OPTION,
                              "data: expected test files for all of x and y, or "
                              "rows of theirs by 'test:'");
    return 0;
}

static int read_section(ant_context *c, ant_tree *t, ant_recipe *r) {
    static const char *const keys[] = {"file", "x", "y", "test", "fitted"};
    const ant_tree *file = ant__tree_get(t, "file");
    if (t->kind != ANT__MAP)
        return ant__tree_fail(c, t, ANT_E_OPTION, "data: expected {file: …, x: …, y: …}");
    if (ant__tree_keys(c, t, "data", keys, 5))
        return c->error.code;
    if (file && !ant__tree_scalar(file))
        return ant__tree_fail(c, file, ANT_E_OPTION, "file: expected a path");
    r->file = file ? file->text : NULL;
    r->fitted = ant__tree_get(t, "fitted") != NULL;
    if (read_ports(c, ant__tree_get(t, "x"), r->x, &r->n_x) ||
        read_ports(c, ant__tree_get(t, "y"), r->y, &r->n_y) ||
        read_test(c, ant__tree_get(t, "test"), r) || check_files(c, t, r))
        return c->error.code;
    return check_targets(c, r);
}

int ant__recipe_read(ant_context *c, const char *path, ant_tree *t, ant_recipe *out) {
    bool had = c->error.code != 0;
    *out = (ant_recipe){.path = ant__arena_text(&c->arena, path)};
    if (!out->path)
        return ant__fail_memory(&c->error);
    if (read_section(c, t, out) && !had)
        ant__error_before(&c->error, "%s:", path);
    return c->error.code;
}

/* --- out --- */
static bool add(ant_tree *parent, ant_tree *child) {
    ant__tree_add(parent, child);
    return parent && child;
}

static ant_tree *texts_tree(ant_context *c, const char *key, const ant_texts *texts) {
    ant_tree *list = ant__tree_new(c, ANT__ITEMS, key, NULL);
    for (int k = 0; k < texts->count; k++)
        if (!add(list, ant__tree_new(c, ANT__WORD, NULL, texts->data[k])))
            return NULL;
    return list;
}

bool ant__port_has_classes(const ant_port *p) {
    for (int k = 0; k < ant__port_columns(p); k++)
        if (p->classes[k].count)
            return true;
    return false;
}

static ant_tree *classes_tree(ant_context *c, const ant_port *p) {
    if (ant__port_columns(p) == 1)
        return texts_tree(c, "classes", &p->classes[0]);
    ant_tree *map = ant__tree_new(c, ANT__MAP, "classes", NULL);
    for (int k = 0; k < ant__port_columns(p); k++)
        if (p->classes[k].count && !add(map, texts_tree(c, p->o.columns.data[k], &p->classes[k])))
            return NULL;
    return map;
}

static ant_tree *port_tree(ant_context *c, const ant_port *p, const char *key) {
    ant_tree *t = ant__options_tree(c, &port_class, &p->o, NULL);
    if (!t)
        return NULL;
    t->kind = ANT__MAP;
    t->key = key;
    t->text = NULL;
    if (p->sequence) {
        ant_tree *s = ant__options_tree(c, &sequence_class, p->sequence, NULL);
        if (!add(t, s))
            return NULL;
        s->kind = ANT__MAP;
        s->key = "sequence";
        s->text = NULL;
    }
    return !ant__port_has_classes(p) || add(t, classes_tree(c, p)) ? t : NULL;
}

static ant_tree *ports_tree(ant_context *c, const ant_port *ports, int n, const char *key) {
    if (n == 1 && !ports[0].name)
        return port_tree(c, &ports[0], key);
    ant_tree *map = ant__tree_new(c, ANT__MAP, key, NULL);
    for (int k = 0; k < n; k++)
        if (!add(map, port_tree(c, &ports[k], ports[k].name)))
            return NULL;
    return map;
}

ant_tree *ant__recipe_tree(ant_context *c, const ant_recipe *r) {
    ant_tree *t = ant__tree_new(c, ANT__MAP, "data", NULL);
    if (!t || (r->n_x && !add(t, ports_tree(c, r->x, r->n_x, "x"))) ||
        (r->n_y && !add(t, ports_tree(c, r->y, r->n_y, "y"))))
        return NULL;
    return !r->fitted || add(t, ant__tree_new(c, ANT__WORD, "fitted", "true")) ? t : NULL;
}
