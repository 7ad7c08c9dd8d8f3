/* Reading csv in two passes over the bytes: the first finds the lines, the number of cells and the
 * kind of each column, the second takes the cells out, ending each in place by a zero. */
#include "io/csv.h"
#include "core/text/tree.h"
#include "io/utf8.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct reader {
    ant_context *c;
    const ant_limits *limits;
    ant_table *t;
    unsigned char *at, *end; /* *end is a zero */
    unsigned char *line_start;
    int64_t line;
} reader;

/* A cell as it stands in the file, without its quotes. */
typedef struct cell {
    unsigned char *from, *to;
    int64_t line, column; /* where it begins */
    bool quoted;
    bool last; /* of its row */
} cell;

enum kind { MISSING, NUMBER, TEXT };

static int fail_at(reader *r, int64_t line, int64_t column, const char *what) {
    return ant__fail(&r->c->error, ANT_E_FORMAT, "%s:%lld:%lld: %s", r->t->path, (long long)line,
                     (long long)column, what);
}

static int fail_here(reader *r, const char *what) {
    return fail_at(r, r->line, r->at - r->line_start + 1, what);
}

static bool line_ends(const reader *r) {
    return r->at == r->end || *r->at == '\n' || *r->at == '\r';
}

static void skip_line_end(reader *r) {
    if (r->at < r->end)
        r->at += *r->at == '\r' && r->at[1] == '\n' ? 2 : 1;
    r->line_start = r->at;
    r->line++;
}

/* Behind the opening quote; finds the closing one. */
static int quoted_cell(reader *r, cell *x) {
    int64_t line = r->line, column = r->at - r->line_start;
    x->from = r->at;
    for (;;) {
        if (r->at == r->end)
            return fail_at(r, line, column, "a quote is opened and never closed");
        if (*r->at == '"' && r->at[1] != '"')
            break;
        if (*r->at == '"')
            r->at++;
        if (*r->at == '\n' || (*r->at == '\r' && r->at[1] != '\n'))
            r->line++, r->line_start = r->at + 1;
        r->at++;
    }
    x->to = r->at++;
    if (!line_ends(r) && *r->at != ',')
        return fail_here(r, "expected ',' or the end of the line after a closing quote");
    return 0;
}

static int plain_cell(reader *r, cell *x) {
    x->from = r->at;
    while (!line_ends(r) && *r->at != ',') {
        if (*r->at == '"')
            return fail_here(r,
                             "a quote inside a cell: quote the whole cell and double this quote");
        r->at++;
    }
    x->to = r->at;
    return 0;
}

/* The next cell; leaves the reader at the next one, or at the end of the row. */
static int next_cell(reader *r, cell *x) {
    *x = (cell){.line = r->line, .column = r->at - r->line_start + 1, .quoted = *r->at == '"'};
    if (x->quoted)
        r->at++;
    if (x->quoted ? quoted_cell(r, x) : plain_cell(r, x))
        return r->c->error.code;
    if (x->to - x->from > r->limits->string_bytes)
        return fail_at(r, x->line, x->column, "a cell is longer than the limit");
    x->last = line_ends(r);
    if (!x->last)
        r->at++;
    return 0;
}

/* Blank lines are no rows, but for the lines of a file with one column: there they may be cells
 * that are missing, unless nothing follows. */
static void skip_blank_lines(reader *r, int columns) {
    unsigned char *at = r->at;
    while (at < r->end && (*at == '\n' || *at == '\r'))
        at++;
    if (columns == 1 && at < r->end)
        return;
    while (r->at < r->end && (*r->at == '\n' || *r->at == '\r'))
        skip_line_end(r);
}

static bool blank(unsigned char c) {
    return c == ' ' || c == '\t';
}

static bool missing_word(const char *s) {
    static const char *const words[] = {"na", "n/a", "nan", "null", "none"};
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        if (!strcasecmp(s, words[k]))
            return true;
    return !*s;
}

/* What a short text is; numbers stand in blanks or not, their value goes to *number. */
static enum kind kind_of(const unsigned char *from, const unsigned char *to, double *number) {
    char s[512];
    while (from < to && blank(*from))
        from++;
    while (to > from && blank(to[-1]))
        to--;
    size_t n = (size_t)(to - from);
    if (n >= sizeof s)
        return TEXT;
    memcpy(s, from, n);
    s[n] = 0;
    if (missing_word(s))
        return MISSING;
    return ant__number_read(s, number) ? NUMBER : TEXT;
}

/* Ends a cell in place; quotes inside quotes are halved. */
static const char *take_text(const cell *x) {
    unsigned char *w = x->from;
    for (const unsigned char *s = x->from; s < x->to; s++) {
        *w++ = *s;
        if (x->quoted && *s == '"')
            s++;
    }
    *w = 0;
    return (const char *)x->from;
}

/* --- the first line --- */
static int count_cells(reader *r, int *n, bool *numbers) {
    reader ahead = *r;
    cell x = {0};
    *numbers = true;
    for (*n = 0; !x.last; ++*n) {
        double number;
        if (*n == r->limits->columns)
            return fail_here(&ahead, "more columns than the limit");
        if (next_cell(&ahead, &x))
            return r->c->error.code;
        if (kind_of(x.from, x.to, &number) != NUMBER)
            *numbers = false;
    }
    return 0;
}

static int by_name(const void *a, const void *b) {
    const ant_column *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static int refuse_twins(reader *r) {
    ant_table *t = r->t;
    const ant_column **sorted = ant__alloc_array((size_t)t->n, sizeof *sorted);
    if (!sorted)
        return ant__fail_memory(&r->c->error);
    for (int k = 0; k < t->n; k++)
        sorted[k] = &t->columns[k];
    qsort(sorted, (size_t)t->n, sizeof *sorted, by_name);
    for (int k = 1; k < t->n; k++)
        if (!strcmp(sorted[k - 1]->name, sorted[k]->name))
            ant__fail(&r->c->error, ANT_E_FORMAT, "%s:1: two columns are called '%s'", t->path,
                      sorted[k]->name);
    ant__free(sorted);
    return r->c->error.code;
}

static int header(reader *r) {
    ant_table *t = r->t;
    if (count_cells(r, &t->n, &t->unnamed))
        return r->c->error.code;
    t->columns = ant__arena_array(&r->c->arena, (size_t)t->n, sizeof *t->columns);
    if (!t->columns)
        return ant__fail_memory(&r->c->error);
    for (int k = 0; k < t->n; k++) {
        cell x;
        if (t->unnamed) {
            t->columns[k].name = ant__print(r->c, "%d", k);
            continue;
        }
        if (next_cell(r, &x))
            return r->c->error.code;
        /* The end of the line must be passed before its first byte becomes a zero. */
        if (x.last)
            skip_line_end(r);
        t->columns[k].name = take_text(&x);
    }
    return r->c->error.code ? r->c->error.code : refuse_twins(r);
}

/* --- the first pass --- */
static int ragged(reader *r, int64_t line, int found) {
    return ant__fail(&r->c->error, ANT_E_FORMAT, "%s:%lld: %s%d cells, the first line has %d",
                     r->t->path, (long long)line, found > r->t->n ? "more than " : "",
                     found > r->t->n ? r->t->n : found, r->t->n);
}

static int scan_row(reader *r, bool *known) {
    cell x = {0};
    int64_t line = r->line;
    for (int k = 0; !x.last; k++) {
        double number;
        if (next_cell(r, &x))
            return r->c->error.code;
        if (k == r->t->n)
            return ragged(r, line, k + 1);
        if (!known[k]) {
            enum kind is = kind_of(x.from, x.to, &number);
            known[k] = is != MISSING;
            r->t->columns[k].is_text = is == TEXT;
        }
        if (x.last && k + 1 < r->t->n)
            return ragged(r, line, k + 1);
    }
    skip_line_end(r);
    return 0;
}

static int scan(reader *r) {
    reader ahead = *r;
    bool *known = ant__alloc_array((size_t)r->t->n, sizeof *known);
    if (!known)
        return ant__fail_memory(&r->c->error);
    for (;; r->t->rows++) {
        skip_blank_lines(&ahead, r->t->n);
        if (ahead.at == ahead.end || scan_row(&ahead, known))
            break;
    }
    ant__free(known);
    return r->c->error.code;
}

/* --- the second pass --- */
static int make_columns(reader *r) {
    ant_table *t = r->t;
    ant_arena *a = &r->c->arena;
    for (int k = 0; k < t->n; k++) {
        ant_column *column = &t->columns[k];
        if (column->is_text)
            column->texts = ant__arena_array(a, (size_t)t->rows, sizeof *column->texts);
        else
            column->numbers = ant__arena_array(a, (size_t)t->rows, sizeof *column->numbers);
        if (!column->texts && !column->numbers)
            return ant__fail_memory(&r->c->error);
    }
    t->lines = ant__arena_array(a, (size_t)t->rows, sizeof *t->lines);
    return t->lines ? 0 : ant__fail_memory(&r->c->error);
}

static void note(ant_bad_cell *first, const cell *x, const char *text) {
    if (!first->line)
        *first = (ant_bad_cell){x->line, x->column, text};
}

static void take_cell(const cell *x, ant_column *column, int64_t row) {
    double number = NAN;
    enum kind is = column->is_text ? TEXT : kind_of(x->from, x->to, &number);
    const char *s = take_text(x);
    bool finite = is == NUMBER && isfinite(number);
    if (column->is_text ? !*s : is == MISSING)
        note(&column->missing, x, s);
    else if (!column->is_text && !finite)
        note(&column->wrong, x, s);
    if (column->is_text)
        column->texts[row] = s;
    else
        column->numbers[row] = finite ? number : NAN;
}

static int take_rows(reader *r) {
    for (int64_t row = 0; row < r->t->rows; row++) {
        skip_blank_lines(r, r->t->n);
        r->t->lines[row] = r->line;
        for (int k = 0; k < r->t->n; k++) {
            cell x;
            if (next_cell(r, &x))
                return r->c->error.code;
            if (x.last)
                skip_line_end(r);
            take_cell(&x, &r->t->columns[k], row);
        }
    }
    return 0;
}

/* Bytes that no table has: they tell what the file is instead. */
static int check_bytes(reader *r, size_t size) {
    const unsigned char *s = r->at;
    if (size > 1 && ((s[0] == 0xFF && s[1] == 0xFE) || (s[0] == 0xFE && s[1] == 0xFF)))
        return fail_here(r, "this is UTF-16; expected UTF-8");
    const unsigned char *zero = memchr(s, 0, size);
    size_t wrong = zero ? (size_t)(zero - s) : ant__utf8_valid(s, size);
    if (wrong == size)
        return 0;
    for (const unsigned char *p = s; p < s + wrong; p++)
        if (*p == '\n')
            r->line++, r->line_start = r->at + (p - s) + 1;
    r->at += wrong;
    return fail_here(r, zero ? "a zero byte; expected text" : "not UTF-8");
}

int ant__csv_parse(ant_context *c, const char *path, ant_bytes bytes, const ant_limits *limits,
                   ant_table *out) {
    *out = (ant_table){.path =
                           ant__arena_text(&c->arena, strcmp(path, "-") ? path : "standard input")};
    reader r = {.c = c, .limits = ant__limits(limits), .t = out, .line = 1};
    if (!out->path)
        return ant__fail_memory(&c->error);
    r.at = r.line_start = bytes.at;
    r.end = bytes.at + bytes.size;
    if (check_bytes(&r, bytes.size))
        return c->error.code;
    if (bytes.size >= 3 && !memcmp(bytes.at, "\xEF\xBB\xBF", 3))
        r.at = r.line_start = bytes.at + 3;
    skip_blank_lines(&r, 0);
    if (r.at == r.end)
        return fail_here(&r, "the table is empty; expected a line with the names of columns");
    if (header(&r) || scan(&r) || make_columns(&r) || take_rows(&r))
        return c->error.code;
    return 0;
}

int ant__csv_read(ant_context *c, const char *path, const ant_limits *limits, ant_table *out) {
    ant_bytes bytes;
    if (ant__file_read(&c->error, path, 0, limits, &bytes))
        return c->error.code;
    ant_bytes kept = {(unsigned char *)ant__arena_bytes(&c->arena, (char *)bytes.at, bytes.size),
                      bytes.size};
    ant__free(bytes.at);
    if (!kept.at)
        return ant__fail_memory(&c->error);
    return ant__csv_parse(c, path, kept, limits, out);
}

/* --- using a table --- */
ant_column *ant__table_column(const ant_table *t, const char *name) {
    for (int k = 0; k < t->n; k++)
        if (!strcmp(t->columns[k].name, name))
            return &t->columns[k];
    return NULL;
}

int ant__column_check(ant_context *c, const ant_table *t, const ant_column *x, bool missing_too) {
    const ant_bad_cell *missing = &x->missing, *wrong = &x->wrong;
    if (missing_too && missing->line && !(wrong->line && wrong->line < missing->line))
        return ant__fail(&c->error, ANT_E_DATA,
                         "%s:%lld:%lld: column '%s': expected %s, the cell is missing (%s)",
                         t->path, (long long)missing->line, (long long)missing->at, x->name,
                         x->is_text ? "text" : "a number",
                         *missing->cell ? missing->cell : "empty");
    if (wrong->line)
        return ant__fail(&c->error, ANT_E_DATA,
                         "%s:%lld:%lld: column '%s': expected a finite number, found '%.60s'",
                         t->path, (long long)wrong->line, (long long)wrong->at, x->name,
                         wrong->cell);
    return 0;
}

void ant__csv_put(ant_buffer *b, const char *text) {
    size_t n = strlen(text);
    bool quote = strpbrk(text, ",\"\r\n") ||
                 (n && (blank((unsigned char)text[0]) || blank((unsigned char)text[n - 1])));
    if (!quote) {
        ant__put(b, text);
        return;
    }
    ant__put(b, "\"");
    for (const char *s = text; *s; s++)
        ant__put_bytes(b, *s == '"' ? "\"\"" : s, *s == '"' ? 2 : 1);
    ant__put(b, "\"");
}
