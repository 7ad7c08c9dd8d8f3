/* antler plot: a model through graphviz's dot, or the curves of a training log. */
#include "tool/curves.h"
#include "tool/tool.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- through dot --- */
/* The child: `dot -Tsvg -o FILE` with the graph on its standard input. */
static void become_dot(const char *kind, const char *path, int in) {
    char type[16];
    snprintf(type, sizeof type, "-T%s", kind);
    signal(SIGPIPE, SIG_DFL);
    dup2(in, STDIN_FILENO);
    execlp("dot", "dot", type, "-o", path, (char *)NULL);
    _exit(127);
}

static int feed(int out, const char *text) {
    for (size_t left = strlen(text); left;) {
        ssize_t n = write(out, text, left);
        if (n < 0)
            return -1;
        text += n;
        left -= (size_t)n;
    }
    return 0;
}

/* Sends the text to dot and waits for it. A dot that reads nothing must not end this process: the
 * write then fails, and dot's status tells why. */
static bool serve(pid_t child, int out, const char *text, int *status) {
    void (*before)(int) = signal(SIGPIPE, SIG_IGN);
    bool fed = !feed(out, text);
    close(out);
    signal(SIGPIPE, before);
    return waitpid(child, status, 0) == child && WIFEXITED(*status) && (fed || *status);
}

/* dot writes beside the file, which then takes its place: whole or not at all. */
static int draw(const char *text, const char *path, const char *kind) {
    char beside[4096];
    int ends_of[2], status = 0;
    snprintf(beside, sizeof beside, "%.4000s.%d.tmp", path, (int)getpid());
    if (pipe(ends_of))
        return tool_fail("%s: cannot make a pipe", path);
    pid_t child = fork();
    if (child == 0) {
        close(ends_of[1]);
        become_dot(kind, beside, ends_of[0]);
    }
    close(ends_of[0]);
    if (child < 0)
        close(ends_of[1]);
    if (child < 0 || !serve(child, ends_of[1], text, &status))
        return tool_fail("%s: cannot run dot", path);
    if (WEXITSTATUS(status) == 127)
        return tool_fail("%s: needs graphviz's dot, which is not installed (Debian: graphviz); a "
                         "name that ends in .dot needs nothing",
                         path);
    if (WEXITSTATUS(status) || rename(beside, path)) {
        unlink(beside);
        return tool_fail("%s: dot could not write it", path);
    }
    return 0;
}

static int plot_model(const tool_args *a, ant_experiment *e) {
    char *text = ant_plot_text(e->model);
    int code = text ? 0 : tool_model_failed(e->graph, e->model);
    if (code)
        return code;
    if (!strcmp(a->output, "-") || ant__file_ends(a->output, ".dot"))
        code = tool_write_text(a->output, text);
    else if (ant__file_ends(a->output, ".svg") || ant__file_ends(a->output, ".png"))
        code = draw(text, a->output, strrchr(a->output, '.') + 1);
    else
        code = tool_usage("--output is '%s', expected a name that ends in .dot, .svg or .png",
                          a->output);
    ant_free(text);
    return code;
}

/* --- curves --- */
static int plot_history(const tool_args *a) {
    ant_buffer svg = {0};
    ant_arrays *log = ant_arrays_new();
    int code = log ? 0 : tool_fail("out of memory");
    if (!code && ant_arrays_read(log, a->history))
        code = tool_fail("%s", ant_arrays_error(log));
    if (!code)
        code = tool_curves(log, a->history, &svg);
    if (!code && svg.failed)
        code = tool_fail("out of memory");
    if (!code)
        code = tool_write_text(a->output, svg.at);
    ant__buffer_free(&svg);
    ant_arrays_free(log);
    return code;
}

int tool_plot(const tool_args *a) {
    if (!a->output)
        return tool_usage("plot: --output FILE is missing");
    if (a->history)
        return ant__file_ends(a->output, ".svg") || !strcmp(a->output, "-")
                   ? plot_history(a)
                   : tool_usage("--output is '%s', expected a name that ends in .svg", a->output);
    if (!a->n_operands)
        return tool_usage("plot: usage: antler plot %s", a->command->operands);
    return tool_with_model(a, ANT__COMPILE_OR_WARN, plot_model);
}
