/* Tables with box characters, as Keras's summary. */
#ifndef ANT_GRAPH_TABLE_H
#define ANT_GRAPH_TABLE_H
#include "core/text/buffer.h"

/* `text` n times. */
void ant__put_times(ant_buffer *p, const char *text, int n);
/* "1,234,567" */
void ant__put_count(ant_buffer *p, int64_t n);
enum { ANT__TABLE_COLUMNS = 5 };
typedef struct ant_table {
    ant_buffer *paper;
    int columns;
    int width[ANT__TABLE_COLUMNS]; /* of a cell's text */
    bool right[ANT__TABLE_COLUMNS];
} ant_table;
/* The widths that `stops` (ends of the columns, as parts of the whole) give in a table `line`
 * wide. */
void ant__table_widths(ant_table *t, const double *stops, int line);
void ant__table_head(ant_table *t, const char *const *cells);
/* A row; `first`: right under the head. Words that do not fit go to the next line, and end in an
 * ellipsis where they are longer than their column. */
void ant__table_row(ant_table *t, const char *const *cells, bool first);
void ant__table_end(ant_table *t);
#endif
