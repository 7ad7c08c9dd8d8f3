/* Tables of comma-separated values, as RFC 4180 has them: quotes, "" inside them, line breaks in
 * quotes; CRLF, LF or CR; a byte order mark; the first line names the columns, unless all of its
 * cells are numbers (then the names are 0, 1, …). Numbers never follow the locale.
 *
 * A column is one of numbers when its first cell that is not missing (empty, NA, NaN, null …) is
 * one. A cell that then is none, or missing, or not finite, is told when the column is asked for:
 * columns that nobody uses may hold anything. */
#ifndef ANT_IO_CSV_H
#define ANT_IO_CSV_H
#include "core/context.h"
#include "core/text/buffer.h"
#include "io/file.h"

/* The first cell of its kind in a column; line 0: there is none. */
typedef struct ant_bad_cell {
    int64_t line, at;
    const char *cell;
} ant_bad_cell;

typedef struct ant_column {
    const char *name;
    bool is_text;
    double *numbers;    /* of `rows`, unless it is text; NAN where one is missing or wrong */
    const char **texts; /* of `rows`, when it is; missing ones are "" */
    ant_bad_cell missing, wrong;
} ant_column;

typedef struct ant_table {
    const char *path; /* for messages */
    ant_column *columns;
    int n;
    int64_t rows;
    int64_t *lines; /* of each row, for messages: NULL when row k is line k + 2 */
    bool unnamed;   /* the file had no names */
} ant_table;

/* Everything is kept in the context's arena, the bytes too: they are changed in place and must live
 * as long as the table. */
int ant__csv_parse(ant_context *c, const char *path, ant_bytes bytes, const ant_limits *limits,
                   ant_table *out);
int ant__csv_read(ant_context *c, const char *path, const ant_limits *limits, ant_table *out);
/* NULL when there is no such column. */
ant_column *ant__table_column(const ant_table *t, const char *name);
/* 0, or the error of the column's first cell that is no finite number, or (missing too) is
 * missing. */
int ant__column_check(ant_context *c, const ant_table *t, const ant_column *column,
                      bool missing_too);

/* Does a name fit a pattern, in which * stands for any characters and ? for one? */
bool ant__pattern_fits(const char *pattern, const char *name);

/* One cell, quoted where it must be. */
void ant__csv_put(ant_buffer *b, const char *text);
#endif
