/* Tables with box characters: the layout of Keras's summary. */
#include "graph/table.h"
#include <math.h>
#include <string.h>

/* --- text --- */
void ant__put_times(ant_buffer *p, const char *text, int n) {
    for (int i = 0; i < n; i++)
        ant__put(p, text);
}

void ant__put_count(ant_buffer *p, int64_t n) {
    if (n >= 1000) {
        ant__put_count(p, n / 1000);
        ant__put_format(p, ",%03d", (int)(n % 1000));
    } else {
        ant__put_format(p, "%d", (int)n);
    }
}

/* --- rules --- */
/* Four strokes of a line: its left end, the stroke, a crossing, its right end. */
typedef struct ant_rule {
    const char *left, *stroke, *cross, *right;
} ant_rule;

static void put_rule(ant_table *t, ant_rule r) {
    for (int k = 0; k < t->columns; k++) {
        ant__put_format(t->paper, "%s", k ? r.cross : r.left);
        ant__put_times(t->paper, r.stroke, t->width[k] + 2);
    }
    ant__put_format(t->paper, "%s\n", r.right);
}

/* Every column asks for its part of the line, and gives of it equally for the borders. */
void ant__table_widths(ant_table *t, const double *stops, int line) {
    int end = 0, excess = -(line - t->columns - 1);
    for (int k = 0; k < t->columns; k++) {
        t->width[k] = (int)(stops[k] * line) - end;
        end += t->width[k];
        excess += t->width[k] + 2;
    }
    for (int k = 0; k < t->columns; k++) {
        int share = (int)nearbyint((double)excess / (t->columns - k));
        excess -= share;
        t->width[k] -= share;
        if (t->width[k] < 1)
            t->width[k] = 1;
    }
}

/* --- cells --- */
/* Characters, not bytes: UTF-8's inner bytes begin with 10. */
static int characters(const char *s, int bytes) {
    int n = 0;
    for (int i = 0; i < bytes; i++)
        n += ((unsigned char)s[i] & 0xC0) != 0x80;
    return n;
}

/* Bytes of the first n characters. */
static int bytes_of(const char *s, int n) {
    int i = 0;
    while (s[i] && (n > 0 || ((unsigned char)s[i] & 0xC0) == 0x80)) {
        n -= ((unsigned char)s[i] & 0xC0) != 0x80;
        if (n < 0)
            break;
        i++;
    }
    return i;
}

/* Bytes of the words that fit on one line, at least one word. */
static int line_bytes(const char *s, int width) {
    int end = (int)strcspn(s, " ");
    while (s[end]) {
        int next = end + (int)strspn(s + end, " ");
        next += (int)strcspn(s + next, " ");
        if (characters(s, next) > width)
            break;
        end = next;
    }
    return end;
}

static void put_blanks(ant_buffer *p, int n) {
    if (n > 0)
        ant__put_format(p, "%*s", n, "");
}

static void put_text(ant_table *t, int column, const char *s, int bytes) {
    int n = characters(s, bytes), width = t->width[column];
    bool cut = n > width;
    if (cut) {
        bytes = bytes_of(s, width - 1);
        n = width;
    }
    if (t->right[column])
        put_blanks(t->paper, width - n);
    ant__put_format(t->paper, "%.*s%s", bytes, s, cut ? "…" : "");
    if (!t->right[column])
        put_blanks(t->paper, width - n);
}

/* Puts one line of every cell; are there more? */
static bool put_line(ant_table *t, const char **rest, const char *edge) {
    bool more = false;
    for (int k = 0; k < t->columns; k++) {
        int bytes = line_bytes(rest[k], t->width[k]);
        ant__put_format(t->paper, "%s ", edge);
        put_text(t, k, rest[k], bytes);
        ant__put_format(t->paper, " ");
        rest[k] += bytes;
        rest[k] += strspn(rest[k], " ");
        more |= *rest[k] != 0;
    }
    ant__put_format(t->paper, "%s\n", edge);
    return more;
}

static void put_cells(ant_table *t, const char *const *cells, const char *edge) {
    const char *rest[ANT__TABLE_COLUMNS];
    memcpy(rest, cells, sizeof *rest * (size_t)t->columns);
    while (put_line(t, rest, edge))
        ;
}

/* --- the table --- */
void ant__table_head(ant_table *t, const char *const *cells) {
    put_rule(t, (ant_rule){"┏", "━", "┳", "┓"});
    put_cells(t, cells, "┃");
    put_rule(t, (ant_rule){"┡", "━", "╇", "┩"});
}

void ant__table_row(ant_table *t, const char *const *cells, bool first) {
    if (!first)
        put_rule(t, (ant_rule){"├", "─", "┼", "┤"});
    put_cells(t, cells, "│");
}

void ant__table_end(ant_table *t) {
    put_rule(t, (ant_rule){"└", "─", "┴", "┘"});
}
