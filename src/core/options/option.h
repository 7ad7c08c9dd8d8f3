/* The engine over option rows: one function for every use of an option. */
#ifndef ANT_CORE_OPTION_H
#define ANT_CORE_OPTION_H
#include "core/options/class.h"
#include "core/options/struct.h"

/* How trees become layers and back: handed down by the floor that can do it (graph). */
typedef struct ant_layer_texts {
    ant_tree *(*write)(void *data, const ant_layer *l);
    ant_layer *(*read)(void *data, ant_tree *t); /* NULL after an error */
    void *data;
} ant_layer_texts;

const ant_row *ant__row_find(const ant_class *cls, const char *name);
/* Sets fields from a CALL or MAP: by key, or by place in the order of the rows. */
int ant__options_set(ant_context *c, const ant_class *cls, void *options, const ant_tree *t,
                     const ant_layer_texts *layers);
/* One option from text, as on a command line. */
int ant__option_set_text(ant_context *c, const ant_class *cls, void *options, const char *name,
                         const char *text);
/* Ranges, words, parts, what is missing. */
int ant__options_check(ant_context *c, const ant_class *cls, const void *options);
/* A copy in the arena: an older, shorter struct gets the defaults for the rest; texts and lists
 * are copied, parts made canonical. NULL after an error. */
void *ant__options_copy(ant_context *c, const ant_class *cls, const void *options, size_t size);
/* copy + check + the guard against one positional too many: what every constructor does. */
void *ant__options_take(ant_context *c, const ant_class *cls, const void *options, size_t size);
/* Name(option=value, …) with only what differs from the defaults. */
ant_tree *ant__options_tree(ant_context *c, const ant_class *cls, const void *options,
                            const ant_layer_texts *layers);

/* --- parts: text that names a class with options --- */
/* The canonical text: "Adam(learning_rate=0.01)", "glorot_uniform"; "!" after an error. */
const char *ant__part_text(ant_context *c, int kind, const char *text);
/* What a (canonical) text names, with its options read; false after an error. */
typedef struct ant_part {
    const ant_class *cls;
    const void *options; /* NULL when the class has none */
} ant_part;
bool ant__part_read(ant_context *c, int kind, const char *text, ant_part *out);

/* --- ant_size --- */
int ant__size_count(ant_size s);     /* 0: one number for every axis */
int ant__size_at(ant_size s, int k); /* the number of axis k */
bool ant__size_pack(ant_size *out, const int *x, int n);
#endif
