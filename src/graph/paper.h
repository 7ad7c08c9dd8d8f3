/* Text that grows: what summaries and plots are written on. */
#ifndef ANT_GRAPH_PAPER_H
#define ANT_GRAPH_PAPER_H
#include "antler/types.h"
#include "core/memory.h"

typedef struct ant_paper {
    char *at; /* ended by a zero once something was put */
    int n, room;
    bool failed; /* out of memory: what is put is dropped */
} ant_paper;

void ant__paper_put(ant_paper *p, const char *format, ...) ANT__FORMAT(2, 3);
/* `text` n times. */
void ant__paper_times(ant_paper *p, const char *text, int n);
/* "1,234,567" */
void ant__paper_count(ant_paper *p, int64_t n);
/* The text, the caller's to free; NULL when out of memory. */
char *ant__paper_take(ant_paper *p);

/* --- tables with box characters, as Keras's summary --- */
enum { ANT__TABLE_COLUMNS = 5 };
typedef struct ant_table {
    ant_paper *paper;
    int columns;
    int width[ANT__TABLE_COLUMNS]; /* of a cell's text */
    bool right[ANT__TABLE_COLUMNS];
} ant_table;
/* The widths that `stops` (ends of the columns, as parts of the whole) give in a table `line` wide. */
void ant__table_widths(ant_table *t, const double *stops, int line);
void ant__table_head(ant_table *t, const char *const *cells);
/* A row; `first`: right under the head. Words that do not fit go to the next line, and end in an
 * ellipsis where they are longer than their column. */
void ant__table_row(ant_table *t, const char *const *cells, bool first);
void ant__table_end(ant_table *t);
#endif
