/* What a recipe takes from the training rows: columns by pattern, classes, vocabularies, scales. */
#include "graph/graph.h"
#include "io/recipe.h"
#include "io/utf8.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct fitter {
    ant_context *c;
    ant_recipe *r;
    const ant_table *t;
} fitter;

int ant__port_columns(const ant_port *p) {
    return p->o.columns.count;
}

/* --- rows --- */
bool ant__recipe_tests(const ant_recipe *r, int64_t rows, int64_t row) {
    const ant_test_options *o = &r->test;
    if (!r->has_test)
        return false;
    if (o->every != ANT_NONE)
        return row % o->every == (o->from != ANT_NONE ? o->from : 0);
    if (o->from != ANT_NONE)
        return row >= o->from;
    return row >= (int64_t)floor((double)rows * (1 - o->last));
}

bool ant__recipe_wants(const ant_recipe *r, ant_rows_of which, int64_t rows, int64_t row) {
    return which == ANT__ALL_ROWS || ant__recipe_tests(r, rows, row) == (which == ANT__TEST_ROWS);
}

int64_t ant__recipe_first(const ant_recipe *r) {
    int64_t first = 0;
    for (int k = 0; k < r->n_x; k++) {
        const ant_port_options *o = &r->x[k].o;
        int64_t before = o->window == ANT_NONE ? 0 : (int64_t)o->window + o->ahead - 1;
        first = before > first ? before : first;
    }
    return first;
}

int64_t ant__recipe_rows(const ant_recipe *r, const ant_table *t, ant_rows_of which, int64_t *out) {
    int64_t n = 0;
    for (int64_t row = ant__recipe_first(r); row < t->rows; row++)
        if (ant__recipe_wants(r, which, t->rows, row))
            out[n++] = row;
    return n;
}

/* --- columns by pattern --- */
static int no_column(fitter *f, const ant_port *p, const char *name) {
    const char **names = ant__arena_array(&f->c->arena, (size_t)f->t->n, sizeof *names);
    if (!names)
        return ant__fail_memory(&f->c->error);
    for (int k = 0; k < f->t->n; k++)
        names[k] = f->t->columns[k].name;
    const char *near = f->t->unnamed ? NULL : ant__nearest(name, names, f->t->n);
    if (near)
        return ant__port_fail(f->c, f->r, p, "%s has no column '%s', did you mean '%s'?",
                              f->t->path, name, near);
    return ant__port_fail(f->c, f->r, p, "%s has no column '%s'%s", f->t->path, name,
                          f->t->unnamed ? ": its first line has numbers, not names" : "");
}

typedef struct selection {
    const char **names;
    bool *taken;
    int n;
} selection;

static void take(fitter *f, selection *s, int column) {
    if (s->taken[column])
        return;
    s->taken[column] = true;
    s->names[s->n++] = f->t->columns[column].name;
}

static int select_columns(fitter *f, const ant_port *p, selection *s, const char *said) {
    const ant_column *exact = ant__table_column(f->t, said);
    int before = s->n;
    if (exact) {
        take(f, s, (int)(exact - f->t->columns));
        return 0;
    }
    for (int k = 0; k < f->t->n; k++)
        if (ant__pattern_fits(said, f->t->columns[k].name))
            take(f, s, k);
    return s->n > before ? 0 : no_column(f, p, said);
}

static int resolve(fitter *f, ant_port *p) {
    ant_arena *a = &f->c->arena;
    selection s = {ant__arena_array(a, (size_t)f->t->n, sizeof *s.names),
                   ant__arena_array(a, (size_t)f->t->n, sizeof *s.taken), 0};
    if (!s.names || !s.taken)
        return ant__fail_memory(&f->c->error);
    for (int k = 0; k < ant__port_columns(p); k++)
        if (select_columns(f, p, &s, p->o.columns.data[k]))
            return f->c->error.code;
    if (s.n != ant__port_columns(p)) {
        if (ant__port_has_classes(p))
            return ant__port_fail(f->c, f->r, p, "classes are said for columns by name only");
        p->classes = ant__arena_array(a, (size_t)s.n + 1, sizeof *p->classes);
    }
    p->o.columns = (ant_texts){s.n, s.names};
    return p->classes ? 0 : ant__fail_memory(&f->c->error);
}

static bool is_target(const ant_recipe *r, const char *name) {
    for (int k = 0; k < r->n_y; k++)
        for (int i = 0; i < ant__port_columns(&r->y[k]); i++)
            if (!strcmp(r->y[k].o.columns.data[i], name))
                return true;
    return false;
}

/* Without `x:`, all columns but the targets. */
static int all_others(fitter *f) {
    ant_port *p = &f->r->x[0];
    const char **names = ant__arena_array(&f->c->arena, (size_t)f->t->n, sizeof *names);
    int n = 0;
    if (!names)
        return ant__fail_memory(&f->c->error);
    for (int k = 0; k < f->t->n; k++)
        if (!is_target(f->r, f->t->columns[k].name))
            names[n++] = f->t->columns[k].name;
    *p = (ant_port){.o = {.columns = {n, names}, .window = ANT_NONE, .ahead = 1}};
    f->r->n_x = 1;
    p->classes = ant__arena_array(&f->c->arena, (size_t)n + 1, sizeof *p->classes);
    if (!p->classes)
        return ant__fail_memory(&f->c->error);
    return n ? 0 : ant__port_fail(f->c, f->r, p, "%s has no columns but the targets", f->t->path);
}

/* --- texts --- */
const char *ant__cell_text(const ant_column *x, int64_t row, char room[ANT__NUMBER_TEXT]) {
    return x->is_text ? x->texts[row] : ant__number_text(x->numbers[row], room);
}

static bool of_word(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           c == '\'' || (unsigned char)c >= 0x80;
}

static bool next_word(const char **at, char room[ANT__TOKEN_ROOM]) {
    int n = 0;
    while (**at && !of_word(**at))
        ++*at;
    for (; of_word(**at); ++*at)
        if (n < ANT__TOKEN_ROOM - 1)
            room[n++] = (char)(**at >= 'A' && **at <= 'Z' ? **at - 'A' + 'a' : **at);
    room[n] = 0;
    return n;
}

bool ant__token_next(int of, const char **at, char room[ANT__TOKEN_ROOM]) {
    if (of == ANT__OF_WORDS)
        return next_word(at, room);
    if (!**at)
        return false;
    int n = ant__utf8_next(*at, NULL);
    memcpy(room, *at, (size_t)n);
    room[n] = 0;
    *at += n;
    return true;
}

static int add_text(fitter *f, ant_names *set, const char *text) {
    if (ant__named(set, text))
        return 0;
    const char *kept = ant__arena_text(&f->c->arena, text);
    return kept && ant__names_add(set, kept, kept) ? 0 : ant__fail_memory(&f->c->error);
}

static int by_text(const void *a, const void *b) {
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

/* Sorted by bytes, so that nothing depends on the order of the rows. */
static int sorted_texts(fitter *f, ant_names *set, ant_texts *out) {
    const char **texts = ant__arena_array(&f->c->arena, (size_t)set->n + 1, sizeof *texts);
    if (!texts)
        return ant__fail_memory(&f->c->error);
    for (int k = 0; k < set->n; k++)
        texts[k] = set->at[k].name;
    if (set->n)
        qsort(texts, (size_t)set->n, sizeof *texts, by_text);
    *out = (ant_texts){set->n, texts};
    return 0;
}

static int fit_classes(fitter *f, const ant_column *x, ant_texts *out) {
    ant_names set = {0};
    int code = 0;
    for (int64_t row = 0; row < f->t->rows && !code; row++)
        if (!ant__recipe_tests(f->r, f->t->rows, row))
            code = add_text(f, &set, x->texts[row]);
    if (!code)
        code = sorted_texts(f, &set, out);
    ant__names_free(&set);
    return code;
}

static int collect_tokens(fitter *f, const ant_sequence_options *o, const char *text,
                          ant_names *set, int *longest) {
    char token[ANT__TOKEN_ROOM];
    int n = 0;
    for (const char *at = text; ant__token_next(o->of, &at, token); n++)
        if (add_text(f, set, token))
            return f->c->error.code;
    *longest = n > *longest ? n : *longest;
    return 0;
}

static int fit_vocabulary(fitter *f, ant_port *p, const ant_column *x) {
    ant_sequence_options *o = p->sequence;
    char number[ANT__NUMBER_TEXT];
    ant_names set = {0};
    int code = 0, longest = 1;
    for (int64_t row = 0; row < f->t->rows && !code; row++)
        if (!ant__recipe_tests(f->r, f->t->rows, row))
            code = collect_tokens(f, o, ant__cell_text(x, row, number), &set, &longest);
    if (!code && !o->vocabulary.count)
        code = sorted_texts(f, &set, &o->vocabulary);
    if (o->length == ANT_NONE)
        o->length = longest;
    ant__names_free(&set);
    return code;
}

/* --- numbers --- */
typedef struct moments {
    double mean, deviation, low, high;
} moments;

static moments measure(const fitter *f, const ant_column *x) {
    moments m = {.low = INFINITY, .high = -INFINITY};
    int64_t n = 0;
    double squares = 0;
    for (int64_t row = 0; row < f->t->rows; row++) {
        if (ant__recipe_tests(f->r, f->t->rows, row))
            continue;
        double v = x->numbers[row], from_mean = v - m.mean;
        m.mean += from_mean / (double)++n; /* Welford: no large sums that cancel */
        squares += from_mean * (v - m.mean);
        m.low = fmin(m.low, v);
        m.high = fmax(m.high, v);
    }
    m.deviation = sqrt(squares / (double)n);
    return m;
}

static int fit_scale(fitter *f, ant_port *p) {
    int n = ant__port_columns(p);
    double *at = ant__arena_array(&f->c->arena, 2 * (size_t)n, sizeof *at);
    if (!at)
        return ant__fail_memory(&f->c->error);
    bool standard = !strcmp(p->o.scale, "standard");
    for (int k = 0; k < n; k++) {
        moments m = measure(f, ant__table_column(f->t, p->o.columns.data[k]));
        at[k] = standard ? m.mean : m.low;
        at[n + k] = standard ? m.deviation : m.high;
    }
    ant_floats first = {n, at}, second = {n, at + n};
    *(standard ? &p->o.mean : &p->o.low) = first;
    *(standard ? &p->o.deviation : &p->o.high) = second;
    return 0;
}

/* --- ports --- */
static int fit_column(fitter *f, ant_port *p, int k) {
    const ant_column *x = ant__table_column(f->t, p->o.columns.data[k]);
    if (ant__column_check(f->c, f->t, x, true))
        return f->c->error.code;
    if (p->sequence)
        return fit_vocabulary(f, p, x);
    if (!x->is_text || p->classes[k].count)
        return 0;
    if (p->o.scale)
        return ant__port_fail(f->c, f->r, p, "column '%s' is text and cannot be scaled", x->name);
    return fit_classes(f, x, &p->classes[k]);
}

static int fit_port(fitter *f, ant_port *p) {
    int n = ant__port_columns(p);
    if (p->sequence && n != 1)
        return ant__port_fail(f->c, f->r, p, "a sequence comes from one column, here are %d", n);
    for (int k = 0; k < n; k++)
        if (fit_column(f, p, k))
            return f->c->error.code;
    return p->o.scale && !p->o.mean.count && !p->o.low.count ? fit_scale(f, p) : 0;
}

static int check_rows(fitter *f) {
    int64_t n = 0;
    for (int64_t row = ant__recipe_first(f->r); row < f->t->rows; row++)
        n += !ant__recipe_tests(f->r, f->t->rows, row);
    return n ? 0
             : ant__fail(
                   &f->c->error, ANT_E_DATA,
                   "%s: %lld rows leave none to train on: windows need %lld before a row, and "
                   "the test rows are kept apart",
                   f->t->path, (long long)f->t->rows, (long long)ant__recipe_first(f->r));
}

int ant__recipe_fit(ant_context *c, ant_recipe *r, const ant_table *t) {
    fitter f = {c, r, t};
    for (int k = 0; k < r->n_y; k++)
        if (resolve(&f, &r->y[k]))
            return c->error.code;
    for (int k = 0; k < r->n_x; k++)
        if (resolve(&f, &r->x[k]))
            return c->error.code;
    if ((!r->n_x && all_others(&f)) || check_rows(&f))
        return c->error.code;
    for (int k = 0; k < r->n_x; k++)
        if (fit_port(&f, &r->x[k]))
            return c->error.code;
    for (int k = 0; k < r->n_y; k++)
        if (fit_port(&f, &r->y[k]))
            return c->error.code;
    r->fitted = true;
    return 0;
}
