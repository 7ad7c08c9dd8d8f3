/* antler profile: where the time of a prediction goes. */
#include "graph/graph.h"
#include "tool/tool.h"
#include <string.h>

enum { DEFAULT_BATCH = 32, MOST_RUNS = 1000 };
static const double least_seconds = 0.3; /* of all measured runs together */

typedef struct profile {
    ant_experiment *e;
    ant_run *run;
    ant_program *program;
    double *seconds; /* of each instruction, over all runs */
    double total;
    int runs, n;
} profile;

/* --- the program: a prediction of one batch of zeros --- */
static int write_prediction(ant_run *r, ant_program *p, ant_lowering *l, const void *data) {
    const profile *f = data;
    const ant_model_body *b = ant__body(f->e->model);
    ant_value *in[ANT_MAX_PORTS];
    ant_model_values v = {.program = p, .context = ant__run_context(r), .lowering = l, .in = in};
    for (int k = 0; k < b->n_in; k++) {
        ant_dims dims = b->in[k]->dims;
        dims.dim[0] = f->n;
        in[k] = ant__input(p, b->in[k]->dtype, &dims);
    }
    int code = ant__model_write(f->e->model, &v);
    for (int k = 0; k < b->n_out && !code; k++)
        ant__output(p, v.out[k]);
    return code;
}

static int prepare(profile *f) {
    const ant_model_body *b = ant__body(f->e->model);
    ant_arena *arena = &f->e->graph->context.arena;
    ant_dims dims[ANT_MAX_PORTS];
    size_t bytes;
    for (int k = 0; k < b->n_in; k++) {
        dims[k] = b->in[k]->dims;
        dims[k].dim[0] = f->n;
        if (!ant__dims_known(&dims[k]))
            return tool_fail("input '%s' has an unknown size", ant_input_name(f->e->model, k));
    }
    f->program = ant__run_program(f->run, 0, dims, b->n_in, write_prediction, f);
    if (!f->program)
        return tool_fail("%s", ant__run_error(f->run)->text);
    for (int k = 0; k < b->n_in; k++) {
        void *zeros = ant__dims_bytes(&dims[k], b->in[k]->dtype, &bytes)
                          ? ant__arena_alloc(arena, bytes + 256)
                          : NULL;
        if (!zeros)
            return tool_fail("out of memory");
        ant__program_bind_input(f->program, k, (char *)zeros + (-(uintptr_t)zeros & 63));
    }
    f->n = ant__program_instructions(f->program);
    f->seconds = ant__arena_array(arena, (size_t)f->n + 1, sizeof *f->seconds);
    return f->seconds ? 0 : tool_fail("out of memory");
}

static double sum(const profile *f) {
    double total = 0;
    for (int k = 0; k < f->n; k++)
        total += f->seconds[k];
    return total;
}

static int measure(profile *f) {
    ant_pool *pool = ant__run_pool(f->run);
    /* The first run warms caches and threads; it does not count. */
    if (ant__program_run_timed(f->program, pool, f->seconds))
        return tool_fail("the model refuses a batch of zeros");
    memset(f->seconds, 0, (size_t)f->n * sizeof *f->seconds);
    for (f->runs = 0; f->runs < MOST_RUNS && f->total < least_seconds; f->runs++) {
        ant__program_run_timed(f->program, pool, f->seconds);
        f->total = sum(f);
    }
    return 0;
}

/* --- showing --- */
static void print_line(const profile *f, int k) {
    ant_cost c = ant__program_cost(f->program, k);
    double each = f->seconds[k] / f->runs;
    printf("%-24s %10.1f %6.1f %9.2f %9.2f\n", ant__program_instruction_name(f->program, k),
           1e6 * each, 100 * f->seconds[k] / f->total, each > 0 ? 1e-9 * c.operations / each : 0,
           each > 0 ? 1e-9 * c.bytes / each : 0);
}

static void print_table(const profile *f) {
    printf("%-24s %10s %6s %9s %9s\n", "instruction", "us", "%", "GFLOP/s", "GB/s");
    for (int k = 0; k < f->n; k++)
        print_line(f, k);
    printf("%-24s %10.1f\n", "all", 1e6 * f->total / f->runs);
}

static void print_json(const profile *f) {
    printf("{\"seconds\": %.9g, \"instructions\": [", f->total / f->runs);
    for (int k = 0; k < f->n; k++) {
        ant_cost c = ant__program_cost(f->program, k);
        printf("%s\n  {\"name\": ", k ? "," : "");
        tool_json_text(stdout, ant__program_instruction_name(f->program, k));
        printf(", \"seconds\": %.9g, \"operations\": %.0f, \"bytes\": %.0f}",
               f->seconds[k] / f->runs, c.operations, c.bytes);
    }
    printf("\n]}\n");
}

static int show(const tool_args *a, profile *f) {
    int code = prepare(f);
    if (!code)
        code = measure(f);
    if (!code)
        (a->json ? print_json : print_table)(f);
    return code;
}

static int run(const tool_args *a, ant_experiment *e) {
    profile f = {.e = e, .n = a->batch_size == ANT_NONE ? DEFAULT_BATCH : a->batch_size};
    if (ant__settle(e->model) || !(f.run = ant__run_take(e->model)))
        return tool_model_failed(e->graph, e->model);
    int code = show(a, &f);
    ant__run_put(e->model, f.run);
    return code;
}

int tool_profile(const tool_args *a) {
    return tool_with_model(a, ANT__COMPILE_OR_WARN, run);
}
