/* Names: Keras's snake case, names that count as equal, the nearest of some words. All are ASCII
 * only, so that the caller's locale changes nothing. */
#include "core/text/tree.h"
#include <stdio.h>
#include <string.h>

static bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
static bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
static char lower(char c) {
    return is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

/* A word begins at a capital that stands after a small letter or before one. */
const char *ant__snake(ant_context *c, const char *name) {
    char *snake = ant__arena_array(&c->arena, strlen(name) + 1, 2), *end = snake;
    if (!snake) {
        ant__fail_memory(&c->error);
        return NULL;
    }
    for (const char *s = name; *s; s++) {
        if (s > name && is_upper(*s) && (is_lower(s[-1]) || is_lower(s[1])))
            *end++ = '_';
        *end++ = lower(*s);
    }
    *end = 0;
    return snake;
}

/* The n characters at a against the whole of b; loose: without case and '_'. */
static bool same(const char *a, size_t n, const char *b, bool loose) {
    for (const char *end = a + n;; a++, b++) {
        while (loose && a < end && *a == '_')
            a++;
        while (loose && *b == '_')
            b++;
        if (a == end || !*b)
            return a == end && !*b;
        if (loose ? lower(*a) != lower(*b) : *a != *b)
            return false;
    }
}

bool ant__same_name(const char *a, const char *b) {
    return same(a, strlen(a), b, true);
}

bool ant__word_among(const char *words, const char *word, bool loose) {
    while (words && *words) {
        size_t n = strcspn(words, " ");
        if (same(words, n, word, loose))
            return true;
        words += n + strspn(words + n, " ");
    }
    return false;
}

enum { LONGEST = 64 };

/* Levenshtein's distance without case, row by row; INT_MAX for words of LONGEST and more. */
static int distance(const char *a, const char *b) {
    int row[LONGEST], n = (int)strlen(b);
    if (n >= LONGEST || strlen(a) >= LONGEST)
        return INT_MAX;
    for (int j = 0; j <= n; j++)
        row[j] = j;
    for (int i = 1; a[i - 1]; i++) {
        int corner = row[0];
        row[0] = i;
        for (int j = 1; j <= n; j++) {
            int best = corner + (lower(a[i - 1]) != lower(b[j - 1]));
            corner = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[n];
}

const char *ant__nearest(const char *word, const char *const *words, int n) {
    const char *nearest = NULL;
    int least = (int)(strlen(word) / 3) + 1;
    for (int i = 0; i < n; i++) {
        int d = distance(word, words[i]);
        if (d < least || (d == least && !nearest)) {
            nearest = words[i];
            least = d;
        }
    }
    return nearest;
}

const char *ant__hint(char out[ANT__HINT_TEXT], const char *word, const char *const *words, int n) {
    const char *near = ant__nearest(word, words, n);
    out[0] = '\0';
    if (near)
        snprintf(out, ANT__HINT_TEXT, ", did you mean '%.100s'?", near);
    return out;
}
