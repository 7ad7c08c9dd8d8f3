/* The small tree that everything read becomes: the text of a part, YAML, JSON, the command line;
 * and that everything written is made from. Every node knows its place in the source. */
#ifndef ANT_CORE_TREE_H
#define ANT_CORE_TREE_H
#include "core/context.h"

typedef enum ant_tree_kind {
    ANT__WORD,   /* a scalar as it stands: 3, relu, 1e-3, no; its type comes from its reader */
    ANT__QUOTED, /* a scalar in quotes: always text */
    ANT__ITEMS,  /* [a, b] */
    ANT__MAP,    /* {key: value}: every child has a key */
    ANT__CALL    /* name(a, b, key=c) */
} ant_tree_kind;

typedef struct ant_tree ant_tree;
struct ant_tree {
    uint8_t kind;     /* ant_tree_kind */
    bool raw;         /* a name inside an expression: quoted there where it must be */
    int16_t index;    /* h[1]: result 1 of h */
    int line, column; /* 0: not from a file */
    const char *key;  /* under which it stands in its parent; NULL: by place */
    const char *text; /* of a scalar, or a call's name */
    ant_tree *first, *last, *next;
};

enum { ANT__TREE_DEPTH = 64 };

/* All are made in the context's arena; NULL with c->error set when out of memory. key and text are
 * not copied: they must live as long as the context. */
ant_tree *ant__tree_new(ant_context *c, ant_tree_kind kind, const char *key, const char *text);
void ant__tree_add(ant_tree *parent, ant_tree *child); /* either may be NULL */
ant_tree *ant__tree_get(const ant_tree *t, const char *key);
int ant__tree_count(const ant_tree *t);
bool ant__tree_scalar(const ant_tree *t); /* a word or a quoted text */
/* All of it anew, texts too: nothing of it belongs to another context. */
ant_tree *ant__tree_copy(ant_context *c, const ant_tree *t);
/* Reports at the tree's place: "line:column: …"; who knows the file puts it before. */
int ant__tree_fail(ant_context *c, const ant_tree *at, int code, const char *format, ...)
    ANT__FORMAT(4, 5);
/* Complains about keys that are none of `known`, with the nearest one. */
int ant__tree_keys(ant_context *c, const ant_tree *map, const char *of, const char *const *known,
                   int n);

/* value = word | "quoted" | word(args) | [args] | (args); arg = value | key=value; a value may end
 * in [k]; a list in which everything has a key is a map. line and column: where the text stands, 0
 * when nowhere. NULL after an error. */
ant_tree *ant__text_parse(ant_context *c, const char *text, int line, int column);
/* A scalar becomes what the grammar makes of it; {Dense: {units: 3}} becomes Dense(units=3). */
ant_tree *ant__tree_expand(ant_context *c, ant_tree *t);
/* The text that parses to the same tree. */
const char *ant__tree_text(ant_context *c, const ant_tree *t);

/* Numbers without the caller's locale. The text is the shortest that reads back the same, in
 * Python's form: 0.001, 1e-05, 1e+16, inf, nan; whole numbers without a point. */
enum { ANT__NUMBER_TEXT = 32 };
const char *ant__number_text(double x, char out[ANT__NUMBER_TEXT]);
/* Of a number that is a float: the double of the shortest text that reads back as the same float,
 * 0.001 for 0.0010000000474974513. Any other number stays. */
double ant__number_of_float(double x);
/* The whole text must be a number (inf, nan too), which is rounded to the nearest double, ties to
 * even; false otherwise. */
bool ant__number_read(const char *text, double *x);
/* false where it is no whole number, or beyond 64 bits. */
bool ant__whole_read(const char *text, int64_t *x);

/* Keras's snake case: BatchNormalization -> batch_normalization, LSTMCell -> lstm_cell. */
const char *ant__snake(ant_context *c, const char *name);
/* The word nearest to a mistyped one; NULL when none is near. */
const char *ant__nearest(const char *word, const char *const *words, int n);
/* The end of a message about it: ", did you mean 'adam'?", "" when none is near. Returns out. */
enum { ANT__HINT_TEXT = 128 };
const char *ant__hint(char out[ANT__HINT_TEXT], const char *word, const char *const *words, int n);
/* Equal without case and '_'. */
bool ant__same_name(const char *a, const char *b);
/* Is `word` one of `words`, which spaces separate (NULL: none)? loose: without case and '_'. */
bool ant__word_among(const char *words, const char *word, bool loose);
#endif
