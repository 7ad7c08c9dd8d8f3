/* antler: the command line. */
#include "tool/tool.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- saying what went wrong --- */
/* One line, whatever the text holds. */
static void complain(const char *before, const char *format, va_list args) {
    char text[2048];
    vsnprintf(text, sizeof text, format, args);
    for (char *c = text; *c; c++)
        if (*c == '\n')
            *c = ' ';
    fprintf(stderr, "antler: %s%s\n", before, text);
}

int tool_fail(const char *format, ...) {
    va_list args;
    va_start(args, format);
    complain("", format, args);
    va_end(args);
    return TOOL_FAILED;
}

int tool_usage(const char *format, ...) {
    va_list args;
    va_start(args, format);
    complain("", format, args);
    va_end(args);
    return TOOL_USAGE;
}

void tool_warn(void *data, const char *text) {
    (void)data;
    fprintf(stderr, "antler: warning: %s\n", text);
}

int tool_model_failed(const ant_graph *g, const ant_model *m) {
    if (ant_status(g))
        return tool_fail("%s", ant_error(g));
    return tool_fail("%s", m ? ant_model_error(m) : "out of memory");
}

/* --- the processor's kernels in BLIS ---
 * BLIS picks slow kernels on processors that are newer than itself, and only this variable, read
 * when it starts, changes that; a choice of the user's stands. */
static void choose_blis_kernels(void) {
#if defined __x86_64__ && defined __GNUC__
    enum { SKX, ZEN3 = 6 };
    char id[4];
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return;
    snprintf(id, sizeof id, "%d", __builtin_cpu_supports("avx512f") ? SKX : ZEN3);
    setenv("BLIS_ARCH_TYPE", id, 0);
#endif
}

/* What is printed must have arrived: a full disk is an error. */
static int finish(int code) {
    if (fflush(stdout) || ferror(stdout))
        return code ? code : tool_fail("standard output: cannot write");
    return code;
}

int main(int argc, char **argv) {
    tool_args a;
    choose_blis_kernels();
    int code = tool_read_args(argc, argv, &a);
    if (code)
        return code;
    if (a.help)
        tool_print_help(a.command);
    else if (a.version)
        printf("antler %s\n", ant_version());
    else
        code = a.command->run(&a);
    return finish(code);
}
