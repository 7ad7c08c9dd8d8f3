/* A list of where the values of a text stand, and changes of one of them. */
#include "json_mutate.h"
#include <stdbool.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t most);

enum { VALUES = 8192, DEPTH = 256, SHORT = 64 };

typedef struct value {
    size_t item, from, to; /* where its key begins (or itself), where it begins and ends */
} value;

typedef struct values {
    value at[VALUES];
    int n;
} values;

static unsigned draw(unsigned *seed, size_t n) {
    *seed = *seed * 1664525u + 1013904223u;
    return n ? (unsigned)((*seed >> 8) % n) : 0;
}

/* --- finding them --- */
static size_t text_end(const char *s, size_t k, size_t size) {
    for (k++; k < size && s[k] != '"'; k++)
        k += s[k] == '\\';
    return k < size ? k + 1 : size;
}

static size_t word_end(const char *s, size_t k, size_t size) {
    while (k < size && !strchr(" \t\r\n,:[]{}\"", s[k]))
        k++;
    return k;
}

/* Takes what is no bracket: a key waits in *item for its value. */
static size_t scalar(values *v, const char *s, size_t k, size_t size, size_t *item) {
    size_t from = k;
    k = s[k] == '"' ? text_end(s, k, size) : word_end(s, k, size);
    if (k < size && s[k] == ':')
        *item = from;
    else if (v->n < VALUES) {
        v->at[v->n++] = (value){*item == SIZE_MAX ? from : *item, from, k};
        *item = SIZE_MAX;
    }
    return k;
}

/* In the order of their beginnings; what is not JSON gives some list too. */
static void find(values *v, const char *s, size_t size) {
    int open[DEPTH], depth = 0;
    size_t item = SIZE_MAX;
    v->n = 0;
    for (size_t k = 0; k < size && v->n < VALUES;) {
        if ((s[k] == '{' || s[k] == '[') && depth < DEPTH) {
            open[depth++] = v->n;
            v->at[v->n++] = (value){item == SIZE_MAX ? k : item, k, size};
            item = SIZE_MAX;
            k++;
        } else if (s[k] == '}' || s[k] == ']') {
            if (depth)
                v->at[open[--depth]].to = k + 1;
            k++;
        } else if (!s[k] || strchr(" \t\r\n,:{[", s[k]))
            k++;
        else
            k = scalar(v, s, k, size, &item);
    }
}

/* --- changing one --- */
static size_t replace(char *s, size_t size, size_t most, size_t from, size_t to, const char *with,
                      size_t n) {
    if (size - (to - from) + n > most)
        return size;
    memmove(s + from + n, s + to, size - to);
    memmove(s + from, with, n);
    return size - (to - from) + n;
}

static size_t drop(char *s, size_t size, size_t most, const value *v) {
    size_t from = v->item, to = v->to;
    while (to < size && (s[to] == ' ' || s[to] == ','))
        if (s[to++] == ',')
            return replace(s, size, most, from, to, "", 0);
    while (from && (s[from - 1] == ' ' || s[from - 1] == ','))
        if (s[--from] == ',')
            break;
    return replace(s, size, most, from, v->to, "", 0);
}

static size_t repeat(char *s, size_t size, size_t most, const value *v) {
    static char copy[1 << 16];
    size_t n = v->to - v->item;
    if (n + 1 > sizeof copy)
        return size;
    copy[0] = ',';
    memcpy(copy + 1, s + v->item, n);
    return replace(s, size, most, v->to, v->to, copy, n + 1);
}

static size_t put_word(char *s, size_t size, size_t most, const value *v, unsigned *seed) {
    static const char *const words[] = {"null",
                                        "true",
                                        "false",
                                        "0",
                                        "1",
                                        "-1",
                                        "2",
                                        "3",
                                        "64",
                                        "65",
                                        "1e9",
                                        "2147483647",
                                        "2147483648",
                                        "-2147483648",
                                        "9223372036854775807",
                                        "9223372036854775808",
                                        "1e308",
                                        "-0.0",
                                        "0.5",
                                        "1e-300",
                                        "NaN",
                                        "Infinity",
                                        "\"\"",
                                        "\"x\"",
                                        "[]",
                                        "{}",
                                        "[null]",
                                        "[[]]",
                                        "[null, 4]",
                                        "\"relu\"",
                                        "\"same\"",
                                        "\"float64\"",
                                        "\"int32\"",
                                        "\"channels_first\"",
                                        "[1, 1]",
                                        "[2, 3]",
                                        "{\"class_name\": \"__tuple__\", \"items\": [1]}",
                                        "{\"class_name\": \"Zeros\", \"config\": {}}",
                                        "\"\\u0000\"",
                                        "\"a/b\"",
                                        "\"..\""};
    const char *w = words[draw(seed, sizeof words / sizeof *words)];
    return replace(s, size, most, v->from, v->to, w, strlen(w));
}

/* The bytes of a short value, changed as libFuzzer changes them. */
static size_t put_bytes(char *s, size_t size, size_t most, const value *v) {
    char copy[2 * SHORT];
    size_t from = v->from, to = v->to;
    if (s[from] == '"' && to - from >= 2) {
        from++;
        to--;
    }
    if (to - from > SHORT)
        return size;
    memcpy(copy, s + from, to - from);
    size_t n = LLVMFuzzerMutate((uint8_t *)copy, to - from, sizeof copy);
    return replace(s, size, most, from, to, copy, n);
}

static size_t put_value(char *s, size_t size, size_t most, const value *v, const char *other,
                        const value *from) {
    static char copy[1 << 16];
    size_t n = from->to - from->from;
    if (n > sizeof copy)
        return size;
    memcpy(copy, other + from->from, n);
    return replace(s, size, most, v->from, v->to, copy, n);
}

static values here, there;

size_t fuzz_json_mutate(char *text, size_t size, size_t most, unsigned seed) {
    find(&here, text, size);
    if (!here.n || !draw(&seed, 12))
        return LLVMFuzzerMutate((uint8_t *)text, size, most);
    const value *v = &here.at[draw(&seed, (size_t)here.n)];
    switch (draw(&seed, 6)) {
    case 0:
        return drop(text, size, most, v);
    case 1:
        return repeat(text, size, most, v);
    case 2:
        return put_word(text, size, most, v, &seed);
    case 3:
        return put_value(text, size, most, v, text, &here.at[draw(&seed, (size_t)here.n)]);
    default:
        return put_bytes(text, size, most, v);
    }
}

size_t fuzz_json_cross(char *text, size_t size, size_t most, const char *other, size_t other_size,
                       unsigned seed) {
    find(&here, text, size);
    find(&there, other, other_size);
    if (!here.n || !there.n)
        return size;
    return put_value(text, size, most, &here.at[draw(&seed, (size_t)here.n)], other,
                     &there.at[draw(&seed, (size_t)there.n)]);
}
