/* JSON: a tree into text. */
#include "io/json.h"
#include "io/utf8.h"
#include <string.h>

static void put_unit(ant_buffer *b, unsigned x) {
    ant__put_format(b, "\\u%04x", x);
}

/* One character beyond ASCII. */
static void put_wide(ant_buffer *b, unsigned x) {
    if (x < 0x10000) {
        put_unit(b, x);
        return;
    }
    put_unit(b, 0xD800 + ((x - 0x10000) >> 10));
    put_unit(b, 0xDC00 + ((x - 0x10000) & 0x3FF));
}

static void put_ascii(ant_buffer *b, char c) {
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *known = strchr(from, c);
    if (known)
        ant__put_format(b, "\\%c", to[known - from]);
    else if ((unsigned char)c < 0x20)
        put_unit(b, (unsigned char)c);
    else
        ant__put_bytes(b, &c, 1);
}

/* What is not UTF-8 becomes the replacement character, one for each byte. */
static void put_text(ant_buffer *b, const char *s) {
    const char *end = s + strlen(s);
    ant__put(b, "\"");
    while (s < end) {
        const char *valid = s + ant__utf8_valid(s, (size_t)(end - s));
        while (s < valid) {
            unsigned x;
            int n = ant__utf8_next(s, &x);
            if (n == 1)
                put_ascii(b, *s);
            else
                put_wide(b, x);
            s += n;
        }
        if (s < end) {
            put_unit(b, 0xFFFD);
            s++;
        }
    }
    ant__put(b, "\"");
}

/* A word is written as it stands where JSON knows it, as a number where it is one, else as text. */
static void put_word(ant_buffer *b, const char *s) {
    char number[ANT__NUMBER_TEXT];
    double x;
    const char *end = ant__json_number_end(s, s + strlen(s));
    for (int k = 0; k < ANT__JSON_CONSTANTS; k++)
        if (!strcmp(ant__json_constants[k].word, s)) {
            ant__put(b, ant__json_constants[k].json);
            return;
        }
    if (end > s && !*end)
        ant__put(b, s);
    else if (ant__number_read(s, &x))
        put_word(b, ant__number_text(x, number));
    else
        put_text(b, s);
}

static void put_value(ant_buffer *b, const ant_tree *t) {
    if (ant__tree_scalar(t)) {
        if (t->kind == ANT__QUOTED)
            put_text(b, t->text);
        else
            put_word(b, t->text);
        return;
    }
    bool map = t->kind == ANT__MAP;
    ant__put(b, map ? "{" : "[");
    for (const ant_tree *x = t->first; x; x = x->next) {
        if (x != t->first)
            ant__put(b, ", ");
        if (map) {
            put_text(b, x->key);
            ant__put(b, ": ");
        }
        put_value(b, x);
    }
    ant__put(b, map ? "}" : "]");
}

int ant__json_put(ant_buffer *out, const ant_tree *t) {
    put_value(out, t);
    return out->failed ? ANT_E_MEMORY : 0;
}
