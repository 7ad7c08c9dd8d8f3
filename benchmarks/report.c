/* The report: time against floor of every cell, loading, sizes. */
#include "bench.h"
#include "core/kernels/kernel.h"
#include "machine.h"
#include "tool/profile_table.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const double block_seconds = 0.01, cell_seconds = 0.4, each_instruction = 20e-9;

/* --- one cell --- */
static double seconds_of(job *j, enum mode mode, long steps) {
    const long long start = nanoseconds();
    job_steps(j, mode, steps);
    return 1e-9 * (double)(nanoseconds() - start) / (double)steps;
}

/* The fastest of many short blocks: what others do on the machine only ever adds. */
static double fastest(job *j, enum mode mode) {
    double best = seconds_of(j, mode, 3), spent = 0;
    const long steps = best < block_seconds ? (long)(block_seconds / best) + 1 : 1;
    for (int k = 0; k < 5 || spent < cell_seconds; k++) {
        const double now = seconds_of(j, mode, steps);
        best = now < best ? now : best;
        spent += now * (double)steps;
    }
    return best;
}

/* Times each instruction of some steps. Training takes the model's idle run. */
static int measure(job *j, enum mode mode, ant_measure *m) {
    ant_run *r = mode == TRAIN ? ant__run_take(j->model) : j->run;
    if (!r)
        return -1;
    ant__run_measure(r, m);
    if (mode == TRAIN)
        ant__run_put(j->model, r);
    const double once = seconds_of(j, mode, 1);
    int code = job_steps(j, mode, once < cell_seconds ? (long)(cell_seconds / once) + 1 : 1);
    ant__run_measure(r, NULL);
    return code;
}

/* Bandwidths of sets of memory that grow; where an instruction's numbers may be at best. */
enum { LEVELS = 4 };
typedef struct machine {
    double flops, exponentials, bytes[LEVELS];
} machine;
static const double level_size[LEVELS] = {16 << 10, 512 << 10, 8 << 20, 96 << 20};

static machine machine_of(double largest) {
    const int vector_bytes = ant__kernels()->vector_bytes;
    machine m = {machine_flops(vector_bytes), machine_exponentials(), {0}};
    for (int k = 0; k < LEVELS && (k == 0 || largest > level_size[k - 1]); k++)
        m.bytes[k] = machine_bandwidth(vector_bytes, level_size[k]);
    return m;
}

static double bytes_per_second(const machine *m, double footprint) {
    int k = 0;
    while (k < LEVELS - 1 && footprint > level_size[k])
        k++;
    return m->bytes[k];
}

static double larger(double a, double b) {
    return a > b ? a : b;
}

typedef struct totals {
    double operations, bytes, floor;
} totals;

static totals totals_of(const ant_measure *of, int threads) {
    totals t = {0};
    double largest = 0;
    for (int k = 0; k < of->n; k++)
        largest = larger(largest, ant__program_cost(of->program, k).bytes);
    const machine m = machine_of(largest);
    for (int k = 0; k < of->n; k++) {
        const ant_cost c = ant__program_cost(of->program, k);
        const double alone =
            larger(c.operations / m.flops, c.bytes / bytes_per_second(&m, c.bytes));
        t.floor += (alone + c.exponentials / m.exponentials) / threads + each_instruction;
        t.operations += c.operations;
        t.bytes += c.bytes;
    }
    return t;
}

static double peak_megabytes(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

static void print_cell(const workload *w, enum mode mode, double seconds, double memory,
                       const ant_measure *m, int threads) {
    const totals t = totals_of(m, threads);
    printf("%-4s %-7s %10.2f %10.2f %6.0f %9.1f %9.1f %8.1f\n", w->id, mode_names[mode],
           1e6 * seconds, 1e6 * t.floor, 100 * t.floor / seconds, 1e-9 * t.operations / seconds,
           1e-9 * t.bytes / seconds, memory);
}

int bench_cell(const workload *w, enum mode mode, int threads) {
    job j;
    ant_measure m = {0};
    job_open(&j, w, threads);
    int code = job_steps(&j, mode, 3);
    if (!code) {
        const double seconds = fastest(&j, mode), memory = peak_megabytes();
        code = measure(&j, mode, &m);
        if (!code)
            print_cell(w, mode, seconds, memory, &m, threads);
    }
    if (code)
        printf("%-4s %-7s %s\n", w->id, mode_names[mode], job_fault(&j));
    ant__measure_free(&m);
    job_close(&j);
    return code ? 1 : 0;
}

int bench_profile(const workload *w, enum mode mode, int threads, bool json) {
    job j;
    ant_measure m = {0};
    job_open(&j, w, threads);
    int code = job_steps(&j, mode, 3);
    code = code ? code : measure(&j, mode, &m);
    if (code)
        fprintf(stderr, "antler-bench: %s %s: %s\n", w->id, mode_names[mode], job_fault(&j));
    else
        (json ? profile_print_json : profile_print_table)(&m);
    ant__measure_free(&m);
    job_close(&j);
    return code ? 1 : 0;
}

/* --- processes --- */
/* Runs `self` with these words and waits; *usage is what it used. Its exit code, or -1. */
static int run_self(const char *self, char *const *words, struct rusage *usage) {
    int status = 0;
    (void)fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        execv(self, words);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, usage) != child || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

int bench_first_predict(const char *path) {
    static float x[1 << 16], y[1 << 16];
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = ant_load(g, path);
    ant_run *r = m ? ant_run_new(m) : NULL;
    int code = r ? ant_predict_one(r, (const void *[]){x}, (void *[]){y}) : -1;
    if (code)
        fprintf(stderr, "antler-bench: %s\n", r ? ant_run_error(r) : ant_error(g));
    ant_run_free(r);
    ant_graph_free(g);
    return code ? 1 : 0;
}

static int save_model(const char *id, const char *path) {
    job j;
    job_open(&j, workload_named(id), 1);
    int code = ant_save(j.model, path);
    if (code)
        fprintf(stderr, "antler-bench: %s\n", ant_model_error(j.model));
    job_close(&j);
    return code;
}

int bench_load(const char *self) {
    enum { TRIES = 30 };
    char path[] = "/tmp/antler-bench-XXXXXX.safetensors";
    struct rusage usage = {0};
    const int file = mkstemps(path, (int)strlen(".safetensors"));
    int code = file < 0 || close(file) || save_model("W2", path);
    double best = 1e9, memory = 0;
    for (int k = 0; k < TRIES && !code; k++) {
        const long long start = nanoseconds();
        code = run_self(self, (char *[]){(char *)self, "--first-predict", path, NULL}, &usage);
        const double now = 1e-6 * (double)(nanoseconds() - start);
        best = now < best ? now : best;
        memory = larger(memory, (double)usage.ru_maxrss / 1024);
    }
    if (!code)
        printf(
            "W2 from a file to its first prediction, process and all: %.2f ms, %.1f MB at most\n",
            best, memory);
    unlink(path);
    return code ? 1 : 0;
}

/* --- the whole --- */
static bool wanted(const char *ids, const char *id) {
    const size_t n = strlen(id);
    for (const char *at = ids; at && (at = strstr(at, id)); at += n)
        if ((at == ids || at[-1] == ',') && (at[n] == ',' || !at[n]))
            return true;
    return !ids;
}

static void print_head(int threads) {
    const int vector_bytes = ant__kernels()->vector_bytes;
    printf("Antler %s, kernels: %s, threads: %d\n", ant_version(), ant__kernels()->name, threads);
    printf("one core: %.0f GFLOP/s, %.1f G exp/s; reads", 1e-9 * machine_flops(vector_bytes),
           1e-9 * machine_exponentials());
    for (int k = 0; k < LEVELS; k++)
        printf("%s %.0f GB/s of %.0f KB", k ? "," : "",
               1e-9 * machine_bandwidth(vector_bytes, level_size[k]), level_size[k] / 1024);
    printf("\n\n%-4s %-7s %10s %10s %6s %9s %9s %8s\n", "", "", "us", "floor us", "%", "GFLOP/s",
           "GB/s", "peak MB");
}

static int report_cells(const char *self, const char *ids, int threads) {
    char count[16];
    int code = 0;
    snprintf(count, sizeof count, "%d", threads);
    for (int k = 0; workload_at(k); k++)
        for (int mode = 0; mode < MODES && wanted(ids, workload_at(k)->id); mode++) {
            struct rusage usage;
            char *words[] = {(char *)self,
                             "--cell",
                             (char *)workload_at(k)->id,
                             "--mode",
                             (char *)mode_names[mode],
                             "--threads",
                             count,
                             NULL};
            code |= run_self(self, words, &usage);
        }
    return code;
}

int bench_report(const char *self, const char *ids, int threads) {
    struct stat s;
    print_head(threads);
    int code = report_cells(self, ids, threads);
    printf("\n");
    code |= bench_load(self);
    if (!stat(self, &s))
        printf("this program with the whole library in it: %.2f MB\n", (double)s.st_size / 1048576);
    return code ? 1 : 0;
}
