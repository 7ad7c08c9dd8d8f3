/* Fields: what every use of an option row needs to know of the place it describes. */
#ifndef ANT_CORE_FIELD_H
#define ANT_CORE_FIELD_H
#include "core/options/option.h"

/* The three counted lists, whose layouts are the same. */
typedef struct ant_list_view {
    int count;
    const void *data;
} ant_list_view;
bool ant__field_is_list(ant_field f);
size_t ant__list_unit(ant_field f); /* bytes of an entry */
ant_list_view ant__list_get(const void *field);
void ant__list_set(void *field, ant_list_view list);

static inline const void *ant__field_at(const ant_row *r, const void *options) {
    return (const char *)options + r->offset;
}
static inline void *ant__field_in(const ant_row *r, void *options) {
    return (char *)options + r->offset;
}
/* The text that holds a part instead of the number; NULL when the row has none or it is not
 * said. */
const char *ant__field_also(const ant_row *r, const void *options);

bool ant__field_none(const ant_row *r, const void *field);
void ant__field_set_none(const ant_row *r, void *field);
/* Required and not said. */
bool ant__field_missing(const ant_row *r, const void *field);
/* May this option be None? */
bool ant__row_takes_none(const ant_class *cls, const ant_row *r);
/* Is the option the same in two structs? Layers are the same only as pointers. */
bool ant__field_equal(const ant_row *r, const void *a, const void *b);
const char *ant__none_word(const ant_row *r);
/* Does this tree say None? */
bool ant__says_none(const ant_row *r, const ant_tree *t);
/* The word of a list for a whole number: "auto min max", 1 -> "min"; its length, 0 outside. */
size_t ant__word_at(const char *words, int k, const char **word);
/* Which word of a list it is; -1: none. */
int ant__word_place(const char *words, const char *word);

/* The canonical text of a part that was read; NULL after an error. */
const char *ant__part_canonical(ant_context *c, int kind, ant_tree *t);
#endif
