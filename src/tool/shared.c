/* What commands share: opening models, showing results, Ctrl-C. */
#include "graph/graph.h"
#include "io/file.h"
#include "tool/tool.h"
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* --- models --- */
static ant_graph *new_graph(const tool_args *a) {
    int threads = a->threads == ANT_NONE ? 0 : a->threads;
    ant_graph *g =
        ant_graph_new(.threads = threads, .fast = a->fast, .warn = a->quiet ? NULL : tool_warn);
    if (!g)
        tool_fail("out of memory");
    return g;
}

/* An option in place of what the file says, as --set would have it. */
static void override(ant_graph *g, const char **sets, int *n, const char *path, const char *value) {
    if (value)
        sets[(*n)++] = ant__print(&g->context, "%s=%s", path, value);
}

static const char *whole(ant_graph *g, int x) {
    return x == ANT_NONE ? NULL : ant__print(&g->context, "%d", x);
}

static const char *share(ant_graph *g, double x) {
    return x == ANT_NONE ? NULL : ant__print(&g->context, "%.17g", x);
}

static const char *list(ant_graph *g, const char *words) {
    return words ? ant__print(&g->context, "[%s]", words) : NULL;
}

enum { OVERRIDES = TOOL_SETS + 16 };

static int overrides(const tool_args *a, ant_graph *g, const char **sets) {
    int n = 0;
    for (int i = 0; i < a->n_sets; i++)
        sets[n++] = a->set[i];
    override(g, sets, &n, "fit.epochs", whole(g, a->epochs));
    override(g, sets, &n, "fit.batch_size", whole(g, a->batch_size));
    override(g, sets, &n, "fit.seed", whole(g, a->seed));
    override(g, sets, &n, "fit.validation_split", share(g, a->validation_split));
    override(g, sets, &n, "fit.shuffle", a->no_shuffle ? "false" : NULL);
    override(g, sets, &n, "compile.optimizer", a->optimizer);
    override(g, sets, &n, "compile.loss", a->loss);
    override(g, sets, &n, "compile.metrics", list(g, a->metrics));
    return n;
}

static int open_model(const tool_args *a, ant_graph *g, ant_compiling how, ant_experiment *out) {
    const char **sets = ant__arena_array(&g->context.arena, OVERRIDES, sizeof *sets);
    if (!sets)
        return tool_fail("out of memory");
    int n = overrides(a, g, sets);
    for (int i = 0; i < n; i++)
        if (!sets[i])
            return tool_fail("out of memory");
    if (ant__experiment_open(g, a->operand[0], how, a->weights, sets, n, out))
        return tool_model_failed(g, NULL);
    return 0;
}

int tool_with_model(const tool_args *a, ant_compiling how, tool_body *body) {
    ant_experiment e = {.graph = NULL};
    ant_graph *g = new_graph(a);
    if (!g)
        return TOOL_FAILED;
    int code = open_model(a, g, how, &e);
    if (!code)
        code = body(a, &e);
    ant__experiment_close(&e);
    ant_graph_free(g);
    return code;
}

/* digits.yaml -> digits.safetensors, in the same folder. */
static const char *beside(ant_graph *g, const char *path) {
    const char *name = strrchr(path, '/');
    const char *dot = strrchr(name ? name : path, '.');
    int n = (int)(dot && dot > path ? (size_t)(dot - path) : strlen(path));
    return ant__print(&g->context, "%.*s.safetensors", n, path);
}

const char *tool_output(const tool_args *a, const ant_experiment *e) {
    if (a && a->output)
        return a->output;
    return e->output ? e->output : beside(e->graph, e->path);
}

int tool_need_weights(ant_experiment *e) {
    const bool built = ant_model_outputs(e->model) > 0;
    if (e->has_weights || (built && ant_weight_count(e->model) == 0))
        return 0;
    const char *path = tool_output(NULL, e);
    if (!path)
        return tool_fail("out of memory");
    if (access(path, R_OK))
        return tool_fail("%s: it has no trained weights, and %s is not there: train first, or say "
                         "--weights FILE",
                         e->path, path);
    return ant__experiment_weights(e, path) ? tool_model_failed(e->graph, e->model) : 0;
}

/* --- showing --- */
bool tool_bars(const tool_args *a) {
    return !a->quiet && (a->progress || isatty(STDERR_FILENO));
}

void tool_json_text(FILE *f, const char *text) {
    fputc('"', f);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\')
            fprintf(f, "\\%c", *c);
        else if (*c < 0x20)
            fprintf(f, "\\u%04x", *c);
        else
            fputc(*c, f);
    }
    fputc('"', f);
}

void tool_print_logs(const tool_args *a, const ant_logs *logs) {
    char number[ANT__NUMBER_TEXT];
    for (int k = 0; k < ant_log_count(logs); k++) {
        double x = ant_log_at(logs, k);
        const char *text = ant__number_text((double)(float)x == x ? x : (double)(float)x, number);
        if (!a->json) {
            printf("%s: %.6g\n", ant_log_name(logs, k), x);
            continue;
        }
        printf("%s", k ? ", " : "{");
        tool_json_text(stdout, ant_log_name(logs, k));
        printf(": %s", x == x ? text : "null");
    }
    if (a->json)
        printf("}\n");
}

int tool_write_text(const char *path, const char *text) {
    ant_fault error = {0};
    if (!strcmp(path, "-"))
        return fputs(text, stdout) < 0 ? tool_fail("standard output: cannot write") : 0;
    if (ant__file_write(&error, path, text, strlen(text)))
        return tool_fail("%s", error.text);
    return 0;
}

/* --- Ctrl-C --- */
static volatile sig_atomic_t interrupted;

static void note_interrupt(int number) {
    interrupted = number;
}

void tool_catch_interrupt(void) {
    struct sigaction action = {.sa_handler = note_interrupt, .sa_flags = SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
}

bool tool_interrupted(void) {
    return interrupted != 0;
}
