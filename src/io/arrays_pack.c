/* Columns of a table as one array: what programs do with a csv file. */
#include "core/array.h"
#include "io/array.h"
#include "io/csv.h"
#include <string.h>

bool ant__pattern_fits(const char *pattern, const char *name) {
    const char *star = NULL, *retry = NULL;
    while (*name) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = name;
        } else if (*pattern == '?' || *pattern == *name) {
            pattern += 1;
            name += 1;
        } else if (star) {
            pattern = star;
            name = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

/* The columns wanted, in order: by the words' order, and for a pattern by the file's. */
typedef struct choice {
    ant_arrays *from;
    ANT__LIST(int) columns;
} choice;

static int choose(choice *c, const char *word) {
    ant_fault *e = &c->from->context.error;
    int before = c->columns.n;
    for (int k = 0; k < c->from->list.n; k++) {
        const char *name = c->from->list.at[k].name;
        if (name && ant__pattern_fits(word, name) && !ANT__PUSH(&c->columns, k))
            return ant__fail_memory(e);
    }
    return c->columns.n > before ? 0 : ant__fail(e, ANT_E_DATA, "no array's name fits '%s'", word);
}

static int choose_all(choice *c, const char *words) {
    ant_context *context = &c->from->context;
    for (const char *at = words; *at;) {
        size_t n = strcspn(at, ",");
        const char *word = ant__arena_bytes(&context->arena, at, n);
        if (!word)
            return ant__fail_memory(&context->error);
        if (choose(c, word))
            return context->error.code;
        at += n + (at[n] == ',');
    }
    return 0;
}

/* --- one column into its place --- */
static int check_fit(const choice *c, const ant_array *out) {
    int64_t width = out->axes == 2 ? out->shape[1] : 1;
    if ((out->axes == 1 || out->axes == 2) && width == c->columns.n)
        return 0;
    return ant__fail(&c->from->context.error, ANT_E_SHAPE,
                     "%d columns do not fit an array of %d axes with %lld numbers a row",
                     c->columns.n, out->axes, (long long)width);
}

static int check_column(ant_arrays *d, const ant_array *a, int64_t rows) {
    if (a->dtype == ANT_TEXT)
        return ant__fail(&d->context.error, ANT_E_DATA, "column '%s' holds text", a->name);
    if (a->axes != 1)
        return ant__fail(&d->context.error, ANT_E_SHAPE, "array '%s' has %d axes, expected 1",
                         a->name, a->axes);
    if (a->shape[0] != rows)
        return ant__fail(&d->context.error, ANT_E_SHAPE, "'%s' has %lld rows, expected %lld",
                         a->name, (long long)a->shape[0], (long long)rows);
    return 0;
}

enum { BLOCK = 512 };

static int put_column(ant_arrays *d, const ant_array *a, const ant_array *to) {
    ant_fault *e = &d->context.error;
    double block[BLOCK];
    int code = check_column(d, a, to->shape[0]);
    for (int64_t at = 0; at < a->shape[0] && !code; at += BLOCK) {
        int64_t n = a->shape[0] - at < BLOCK ? a->shape[0] - at : BLOCK;
        code = ant__array_read(a, &(ant_rows_wanted){.first = at, .count = n}, ANT_FLOAT64, block,
                               a->name, e);
        if (!code)
            code = ant__array_write(to, at, n, ANT_FLOAT64, block, a->name, e);
    }
    return code;
}

/* Column k of the array, as an array of its own. */
static ant_array column_of(const ant_array *out, int k) {
    int64_t strides[ANT_MAX_AXES];
    ant__array_strides(out, strides);
    ant_array a = {
        .dtype = out->dtype, .axes = 1, .shape = {out->shape[0]}, .swapped = out->swapped};
    a.data = (char *)out->data + (out->axes == 2 ? strides[1] * k : 0);
    a.strides[0] = strides[0];
    return a;
}

int ant_arrays_pack(ant_arrays *d, const char *columns, ant_array out) {
    choice c = {.from = d};
    ant__error_clear(&d->context.error);
    int code = choose_all(&c, columns);
    if (!code)
        code = check_fit(&c, &out);
    for (int k = 0; k < c.columns.n && !code; k++) {
        ant_array to = column_of(&out, k);
        code = put_column(d, &d->list.at[c.columns.at[k]], &to);
    }
    ant__free(c.columns.at);
    return code;
}
