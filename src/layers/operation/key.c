/* Keys of get_item, as Python writes them: numbers, slices, None for a new axis, ... for the
 * rest. */
#include "layers/operation/operation.h"
#include <string.h>

/* A part between commas or colons, without blanks around it. */
typedef struct piece {
    const char *at;
    size_t n;
} piece;

static piece piece_until(const char *at, const char *ends) {
    at += strspn(at, " ");
    piece p = {at, strcspn(at, ends)};
    while (p.n && at[p.n - 1] == ' ')
        p.n--;
    return p;
}

static bool is(piece p, const char *word) {
    return p.n == strlen(word) && !memcmp(p.at, word, p.n);
}

static bool whole(piece p, int64_t *x) {
    char text[24];
    if (!p.n || p.n >= sizeof text)
        return false;
    memcpy(text, p.at, p.n);
    text[p.n] = 0;
    return ant__whole_read(text, x) && *x != ANT__KEY_OPEN;
}

/* A number of a slice, or nothing; steps over it and its colon. */
static bool bound(const char **at, const char *end, int64_t *x) {
    piece p = piece_until(*at, ":,");
    *at = p.at + strcspn(p.at, ":,");
    *at += *at < end && **at == ':';
    *x = ANT__KEY_OPEN;
    return !p.n || whole(p, x);
}

static bool slice(piece p, ant_key_item *item) {
    const char *at = p.at, *end = p.at + p.n;
    item->kind = ANT__KEY_SLICE;
    return bound(&at, end, &item->start) && bound(&at, end, &item->stop) &&
           bound(&at, end, &item->step) && at == end && item->step != 0;
}

static bool read_item(piece p, ant_key_item *item) {
    *item = (ant_key_item){.kind = ANT__KEY_INDEX};
    if (is(p, "...")) {
        item->kind = ANT__KEY_REST;
        return true;
    }
    if (is(p, "None") || is(p, "none")) {
        item->kind = ANT__KEY_NEW;
        return true;
    }
    return memchr(p.at, ':', p.n) ? slice(p, item) : whole(p, &item->start);
}

int ant__key_read(const char *text, ant_key_item item[ANT__KEY_ITEMS]) {
    int n = 0, rests = 0;
    for (const char *at = text;; at++) {
        piece p = piece_until(at, ",");
        if (n == ANT__KEY_ITEMS || !read_item(p, &item[n]))
            return -1;
        rests += item[n++].kind == ANT__KEY_REST;
        at = p.at + strcspn(p.at, ",");
        if (!*at)
            return rests > 1 ? -1 : n;
    }
}
