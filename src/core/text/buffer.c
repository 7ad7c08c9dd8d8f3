/* A growing text. */
#include "core/text/buffer.h"
#include "core/memory.h"
#include "core/text/tree.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool make_room(ant_buffer *b, size_t more) {
    if (b->failed || more > SIZE_MAX / 4 - b->size)
        return !(b->failed = true);
    if (b->size + more < b->room)
        return true;
    size_t room = 2 * (b->size + more) + 64;
    char *at = ant__budget_take(b->budget, room) ? ant__resize(b->at, room, 1) : NULL;
    if (!at)
        return !(b->failed = true);
    ant__budget_give(b->budget, b->room);
    b->at = at;
    b->room = room;
    return true;
}

void ant__put_bytes(ant_buffer *b, const void *data, size_t size) {
    if (!make_room(b, size))
        return;
    if (size)
        memcpy(b->at + b->size, data, size);
    b->size += size;
    b->at[b->size] = 0;
}

void ant__put(ant_buffer *b, const char *text) {
    ant__put_bytes(b, text, strlen(text));
}

void ant__put_format(ant_buffer *b, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n < 0)
        b->failed = true;
    else if (make_room(b, (size_t)n)) {
        vsnprintf(b->at + b->size, (size_t)n + 1, format, again);
        b->size += (size_t)n;
    }
    va_end(args);
    va_end(again);
}

void ant__put_number(ant_buffer *b, double x) {
    char text[ANT__NUMBER_TEXT];
    ant__put(b, ant__number_text(x, text));
}

void ant__put_json(ant_buffer *b, const char *text) {
    ant__put(b, "\"");
    for (const char *s = text; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '\n')
            ant__put(b, "\\n");
        else if (c < 0x20)
            ant__put_format(b, "\\u%04x", c);
        else {
            ant__put(b, c == '"' || c == '\\' ? "\\" : "");
            ant__put_bytes(b, s, 1);
        }
    }
    ant__put(b, "\"");
}

static void put_little(ant_buffer *b, uint64_t x, int bytes) {
    unsigned char s[8];
    for (int k = 0; k < bytes; k++)
        s[k] = (unsigned char)(x >> 8 * k);
    ant__put_bytes(b, s, (size_t)bytes);
}

void ant__put_u16(ant_buffer *b, unsigned x) {
    put_little(b, x, 2);
}

void ant__put_u32(ant_buffer *b, uint64_t x) {
    put_little(b, x, 4);
}

void ant__put_u64(ant_buffer *b, uint64_t x) {
    put_little(b, x, 8);
}

char *ant__buffer_take(ant_buffer *b) {
    ant__put(b, ""); /* an empty text is a text */
    char *text = b->at;
    if (b->failed) {
        ant__free(text);
        text = NULL;
    }
    *b = (ant_buffer){0};
    return text;
}

void ant__buffer_free(ant_buffer *b) {
    ant__budget_give(b->budget, b->room);
    ant__free(b->at);
    *b = (ant_buffer){0};
}
