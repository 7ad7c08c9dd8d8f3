/* Text that grows. */
#include "graph/paper.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Room for n more characters and the zero. */
static bool reserve(ant_paper *p, size_t n) {
    size_t need = (size_t)p->n + n + 1, room = (size_t)p->room;
    if (p->failed || need > INT_MAX / 2) {
        p->failed = true;
        return false;
    }
    if (need <= room)
        return true;
    while (room < need)
        room = room ? 2 * room : 256;
    char *at = ant__resize(p->at, room, 1);
    if (at) {
        p->at = at;
        p->room = (int)room;
    }
    p->failed = !at;
    return at != NULL;
}

void ant__paper_put(ant_paper *p, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n >= 0 && reserve(p, (size_t)n)) {
        vsnprintf(p->at + p->n, (size_t)n + 1, format, again);
        p->n += n;
    }
    va_end(args);
    va_end(again);
}

void ant__paper_times(ant_paper *p, const char *text, int n) {
    for (int i = 0; i < n; i++)
        ant__paper_put(p, "%s", text);
}

void ant__paper_count(ant_paper *p, int64_t n) {
    if (n >= 1000) {
        ant__paper_count(p, n / 1000);
        ant__paper_put(p, ",%03d", (int)(n % 1000));
    } else {
        ant__paper_put(p, "%d", (int)n);
    }
}

char *ant__paper_take(ant_paper *p) {
    reserve(p, 0);
    char *text = p->at;
    if (p->failed) {
        ant__free(text);
        text = NULL;
    } else {
        text[p->n] = 0;
    }
    *p = (ant_paper){0};
    return text;
}
