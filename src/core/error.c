/* Errors: the first is kept. */
#include "core/error.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Names come from files: a message stays one line, and tells a terminal nothing. */
static void keep_one_line(char *text) {
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7F)
            *text = '?';
}

int ant__fail(ant_fault *e, int code, const char *format, ...) {
    if (e->code)
        return e->code;
    va_list args;
    va_start(args, format);
    vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    keep_one_line(e->text);
    return e->code = code;
}

int ant__fail_memory(ant_fault *e) {
    return ant__fail(e, ANT_E_MEMORY, "%s", ant_code_text(ANT_E_MEMORY));
}

void ant__fault_move(ant_fault *to, const ant_fault *from) {
    if (from->code)
        ant__fail(to, from->code, "%s", from->text);
}

void ant__error_before(ant_fault *e, const char *format, ...) {
    char told[ANT__ERROR_SIZE];
    memcpy(told, e->text, sizeof told);
    va_list args;
    va_start(args, format);
    int n = vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    if (n >= 0 && (size_t)n < sizeof e->text)
        snprintf(e->text + n, sizeof e->text - (size_t)n, "%s", told);
    keep_one_line(e->text);
}

void ant__error_clear(ant_fault *e) {
    e->code = 0;
    e->text[0] = 0;
}

const char *ant_code_text(int code) {
    static const char *const texts[] = {
        [0] = "no error",
        [-ANT_E_MEMORY] = "out of memory",
        [-ANT_E_OPTION] = "wrong option",
        [-ANT_E_SHAPE] = "shapes or types do not fit",
        [-ANT_E_GRAPH] = "the graph does not hold together",
        [-ANT_E_DATA] = "wrong data",
        [-ANT_E_FILE] = "a file cannot be opened, read or written",
        [-ANT_E_FORMAT] = "a file is not what it should be",
        [-ANT_E_LIMIT] = "more than a limit allows",
        [-ANT_E_STATE] = "not possible now",
        [-ANT_E_STOPPED] = "stopped by a callback",
    };
    const int n = (int)(sizeof texts / sizeof *texts);
    return code <= 0 && code > -n ? texts[-code] : "unknown error";
}

const char *ant_version(void) {
    return ANT_VERSION;
}
