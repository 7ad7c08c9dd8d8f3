/* Texts in a context's arena, and warnings. */
#include "core/context.h"
#include <stdarg.h>
#include <stdio.h>

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
