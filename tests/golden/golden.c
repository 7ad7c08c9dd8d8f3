#include "golden.h"
#include "core/convert.h"
#include "support.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef GOLDEN_DATA
#define GOLDEN_DATA "tests/golden/data"
#endif

static void die(const char *what, const char *where) {
    fprintf(stderr, "golden: %s: %.60s\n", what, where);
    exit(1);
}

static char *read_file(const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f)
        die("cannot open", path);
    fseek(f, 0, SEEK_END);
    long n = ftell(f);
    rewind(f);
    char *text = calloc((size_t)n + 1, 1);
    if (!text || fread(text, 1, (size_t)n, f) != (size_t)n)
        die("cannot read", path);
    fclose(f);
    return text;
}

golden_file golden_open(const char *family) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s.txt", GOLDEN_DATA, family);
    char *text = read_file(path);
    return (golden_file){text, text};
}

void golden_close(golden_file *f) {
    free(f->text);
}

static char *next_line(golden_file *f) {
    char *line = f->next, *end = strchr(line, '\n');
    if (!*line)
        return NULL;
    if (end)
        *end = 0;
    f->next = end ? end + 1 : line + strlen(line);
    return line;
}

static bool next_is_case(const golden_file *f) {
    return !strncmp(f->next, "case ", 5) || !strncmp(f->next, "end", 3);
}

/* "label float32 2 4 3": the type, or 0 when the line is a word. Cuts the label off. */
static int array_type(char *rest, const char **numbers) {
    static const char *const types[] = {"float32", "float64", "int32", "int64", "bool"};
    for (int t = 0; t < 5; t++) {
        char *at = strstr(rest, types[t]);
        if (!at || (at > rest && at[-1] != ' ') || at[strlen(types[t])] != ' ')
            continue;
        *numbers = at + strlen(types[t]);
        at[at > rest ? -1 : 0] = 0;
        return ANT_FLOAT32 + t;
    }
    return 0;
}

static void read_numbers(golden_file *f, golden_entry *e, const char *header) {
    char *end;
    e->dims.rank = (int)strtol(header, &end, 10);
    for (int i = 0; i < e->dims.rank; i++)
        e->dims.dim[i] = strtoll(end, &end, 10);
    e->count = ant__dims_count(&e->dims);
    e->at = calloc((size_t)e->count + 1, sizeof *e->at);
    if (!e->at)
        die("out of memory", header);
    for (int64_t i = 0; i < e->count; i++) {
        e->at[i] = strtod(f->next, &end);
        if (end == f->next)
            die("a number is missing", e->key);
        f->next = end;
    }
    f->next += strspn(f->next, "\n");
}

/* `yaml 5`: five lines of text follow. */
static void read_block(golden_file *f, golden_entry *e) {
    int lines = atoi(e->text);
    e->text = f->next;
    char *end = f->next;
    for (int i = 0; i < lines; i++)
        end = strchr(end, '\n') + 1;
    end[-1] = 0;
    f->next = end;
}

static golden_entry read_entry(golden_file *f) {
    char *line = next_line(f), *space = strchr(line, ' ');
    const char *header = NULL;
    golden_entry e = {.key = line};
    if (!space)
        die("a line without a value", line);
    *space = 0;
    e.text = space + 1;
    if (!strcmp(e.key, "yaml"))
        read_block(f, &e);
    else if (strcmp(e.key, "layer") && strcmp(e.key, "part") &&
             (e.dtype = array_type(e.text, &header)))
        read_numbers(f, &e, header);
    return e;
}

static void free_entries(golden_case *c) {
    for (int i = 0; i < c->n; i++)
        free(c->entries[i].at);
    free(c->entries);
    *c = (golden_case){0};
}

bool golden_next(golden_file *f, golden_case *c) {
    free_entries(c);
    while (*f->next == '#')
        next_line(f);
    char *line = next_line(f);
    if (!line || !strcmp(line, "end"))
        return false;
    c->name = line + 5;
    while (!next_is_case(f)) {
        c->entries = realloc(c->entries, sizeof *c->entries * (size_t)(c->n + 1));
        if (!c->entries)
            die("out of memory", c->name);
        c->entries[c->n++] = read_entry(f);
    }
    return true;
}

const golden_entry *golden_get(const golden_case *c, const char *key, int k) {
    for (int i = 0; i < c->n; i++)
        if (!strcmp(c->entries[i].key, key) && !k--)
            return &c->entries[i];
    return NULL;
}

int golden_count(const golden_case *c, const char *key) {
    int n = 0;
    while (golden_get(c, key, n))
        n++;
    return n;
}

const char *golden_word(const golden_case *c, const char *key, const char *otherwise) {
    const golden_entry *e = golden_get(c, key, 0);
    return e ? e->text : otherwise;
}

static void put(void *data, int dtype, int64_t i, double x) {
    if (dtype == ANT_FLOAT32)
        ((float *)data)[i] = (float)x;
    else if (dtype == ANT_FLOAT64)
        ((double *)data)[i] = x;
    else if (dtype == ANT_INT32)
        ((int32_t *)data)[i] = (int32_t)x;
    else if (dtype == ANT_INT64)
        ((int64_t *)data)[i] = (int64_t)x;
    else
        ((bool *)data)[i] = x != 0;
}

ant_array golden_array(const golden_entry *e, const char *name) {
    ant_array a = {.dtype = e->dtype, .axes = e->dims.rank, .name = name};
    a.data = calloc((size_t)e->count + 1, ant__dtype_size(e->dtype));
    if (!a.data)
        die("out of memory", e->key);
    memcpy(a.shape, e->dims.dim, sizeof a.shape);
    for (int64_t i = 0; i < e->count; i++)
        put(a.data, e->dtype, i, e->at[i]);
    return a;
}

static size_t bytes_of(const ant_array *a) {
    size_t n = ant__dtype_size(a->dtype);
    for (int k = 0; k < a->axes; k++)
        n *= (size_t)a->shape[k];
    return n;
}

ant_array golden_guarded(const golden_entry *e, int dtype) {
    golden_entry own = *e;
    own.dtype = dtype;
    ant_array a = golden_array(&own, NULL);
    void *guarded = guarded_new(bytes_of(&a));
    if (!guarded)
        die("out of memory", e->key);
    memcpy(guarded, a.data, bytes_of(&a));
    free(a.data);
    a.data = guarded;
    return a;
}

void golden_guarded_free(const ant_array *a) {
    guarded_free(a->data, bytes_of(a));
}

bool golden_close_to(const char *what, const golden_entry *want, const float *got, double rtol) {
    return golden_within(what, want, got, ANT_FLOAT32, rtol, 1e-12);
}

bool golden_within(const char *what, const golden_entry *want, const void *got, int dtype,
                   double rtol, double atol) {
    double largest = 0;
    for (int64_t i = 0; i < want->count; i++)
        largest = fmax(largest, fabs(want->at[i]));
    for (int64_t i = 0; i < want->count; i++) {
        double limit = rtol * (fabs(want->at[i]) + largest) + atol;
        double x = ant__real_at(got, dtype, i);
        bool both_nan = isnan(want->at[i]) && isnan(x);
        if (!both_nan && !(fabs(x - want->at[i]) <= limit)) {
            fprintf(stderr, "%s: %s[%lld] is %.9g, Keras has %.9g\n", what, want->key, (long long)i,
                    x, want->at[i]);
            return false;
        }
    }
    return true;
}
