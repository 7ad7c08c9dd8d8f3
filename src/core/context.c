/* Texts in a context's arena, and warnings. */
#include "core/context.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void ant__warn(ant_context *c, const char *format, ...) {
    if (!c->warn)
        return;
    char text[ANT__ERROR_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    c->warn(c->warn_data, text);
}

const char *ant__text_once(ant_context *c, const char *text) {
    unsigned hash = 0;
    for (const char *s = text; *s; s++)
        hash = hash * 31 + (unsigned char)*s;
    const char **kept = &c->kept[hash % ANT__KEPT];
    if (*kept && !strcmp(*kept, text))
        return *kept;
    const char *copy = ant__arena_text(&c->arena, text);
    if (copy)
        *kept = copy;
    else
        ant__fail_memory(&c->error);
    return copy;
}

ant_context_mark ant__context_mark(const ant_context *c) {
    ant_context_mark m = {.arena = ant__arena_mark(&c->arena)};
    memcpy(m.kept, c->kept, sizeof m.kept);
    return m;
}

/* What was kept since is gone, too. */
void ant__context_release(ant_context *c, const ant_context_mark *to) {
    ant__arena_release(&c->arena, to->arena);
    memcpy(c->kept, to->kept, sizeof to->kept);
}

void ant__context_clear(ant_context *c) {
    ant__arena_free(&c->arena);
    memset(c->kept, 0, sizeof c->kept);
    ant__error_clear(&c->error);
}

char *ant__print(ant_context *c, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    char *text = n < 0 ? NULL : ant__arena_alloc(&c->arena, (size_t)n + 1);
    if (text)
        vsnprintf(text, (size_t)n + 1, format, again);
    else
        ant__fail_memory(&c->error);
    va_end(args);
    va_end(again);
    return text;
}
