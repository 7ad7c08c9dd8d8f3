/* antler-bench: how fast Antler runs the ten networks of workloads.c, and how fast it could. */
#include "bench.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "antler-bench                    time against floor of every workload and mode, loading, "
    "sizes\n"
    "antler-bench --workloads W1,W2  of these workloads\n"
    "antler-bench --profile W1       the instructions of a step with their times\n"
    "antler-bench --worker           reads `ID MODE STEPS`, answers `ID MODE STEPS NANOSECONDS`\n"
    "with --threads N (1); --profile also with --mode train|infer|infer1 (train), --json\n";

typedef struct wishes {
    const char *workloads, *profile, *cell, *first;
    enum mode mode;
    int threads;
    bool worker, json;
} wishes;

static int usage(const char *word) {
    fprintf(stderr, "antler-bench: '%s' is not understood\n%s", word, help);
    return 2;
}

/* A word with a value; false when it is none, or the value is no good. */
static bool read_value(wishes *w, const char *word, const char *value) {
    const char **text = !strcmp(word, "--workloads")       ? &w->workloads
                        : !strcmp(word, "--profile")       ? &w->profile
                        : !strcmp(word, "--cell")          ? &w->cell
                        : !strcmp(word, "--first-predict") ? &w->first
                                                           : NULL;
    if (text)
        *text = value;
    else if (!strcmp(word, "--mode"))
        return (w->mode = mode_named(value)) != MODES;
    else if (!strcmp(word, "--threads"))
        return (w->threads = atoi(value)) > 0;
    return text != NULL;
}

static int run(const wishes *w, const char *self) {
    const char *id = w->profile ? w->profile : w->cell;
    const workload *what = id ? workload_named(id) : NULL;
    if (id && !what)
        return usage(id);
    if (w->worker)
        return bench_worker(w->threads);
    if (w->profile)
        return bench_profile(what, w->mode, w->threads, w->json);
    if (w->cell)
        return bench_cell(what, w->mode, w->threads);
    if (w->first)
        return bench_first_predict(w->first);
    return bench_report(self, w->workloads, w->threads);
}

int main(int argc, char **argv) {
    wishes w = {.threads = 1};
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--help"))
            return fputs(help, stdout) < 0;
        if (!strcmp(argv[i], "--worker"))
            w.worker = true;
        else if (!strcmp(argv[i], "--json"))
            w.json = true;
        else if (i + 1 == argc || !read_value(&w, argv[i], argv[i + 1]))
            return usage(argv[i]);
        else
            i++;
    }
    return run(&w, argv[0]);
}
