/* Lowering, binding and running. */
#include "core/clock.h"
#include "core/passes/passes.h"
#include "core/pool.h"
#include "core/subnormal.h"
#include <string.h>

/* --- lowering --- */
/* Every size must be known, and every value fit into memory. */
static int check_value(ant_program *p, const ant_value *v) {
    char text[ANT__DIMS_TEXT];
    size_t bytes;
    if (!ant__dims_known(&v->dims))
        return ant__fail(&p->shared->error, ANT_E_STATE,
                         "a program with a value of unknown size %s cannot run",
                         ant__dims_text(&v->dims, text));
    if (!ant__dims_bytes(&v->dims, v->dtype, &bytes) || bytes > SIZE_MAX / 4)
        return ant__fail(&p->shared->error, ANT_E_MEMORY, "a value of size %s is too large",
                         ant__dims_text(&v->dims, text));
    return 0;
}

static int check_sizes(ant_program *p) {
    for (int k = 0; k < p->shared->all.n; k++) {
        const ant_program *q = p->shared->all.at[k];
        for (int i = 0; i < q->values.n; i++)
            if (check_value(p, q->values.at[i]))
                break;
    }
    return p->shared->error.code;
}

int ant__program_lower(ant_program *p, int passes) {
    int *code = &p->shared->error.code;
    if (*code || check_sizes(p))
        return *code;
    if (p->lowered)
        return ant__fail(&p->shared->error, ANT_E_STATE, "the program is lowered already");
    if (ant__simplify(p, passes) ||
        (passes & ANT__FUSE && passes & ANT__KEEP && ant__fold_norms(p)) ||
        (passes & ANT__FUSE &&
         (ant__cut_deep(p) || ant__join_losses(p) || ant__join_updates(p) || ant__epilogue(p))) ||
        ant__fuse(p, passes) || (passes & ANT__KEEP && ant__keep(p)) || ant__note_written(p) ||
        ant__plan(p, passes) || ant__program_assemble(p))
        return *code;
    p->lowered = true;
    p->pace = ant__pace_of(ant__shared_seconds(p));
    ant__program_bind_variables(p);
    return 0;
}

ant_pace *ant__program_pace(ant_program *p) {
    return &p->pace;
}

size_t ant__program_arena(const ant_program *p) {
    return p->arena_bytes;
}

/* --- binding --- */
void ant__program_bind_arena(ant_program *p, void *arena) {
    ant__place_bind(p, ANT__ARENA_PLACE, arena);
}

void ant__program_bind_input(ant_program *p, int k, const void *data) {
    int place = p->inputs.at[k]->pass->place;
    ant__place_bind(p, place, data);
}

void ant__program_bind_variables(ant_program *p) {
    for (int i = 0; i < p->places.n; i++)
        if (p->places.at[i].variable)
            ant__place_bind(p, i, p->places.at[i].variable->data);
}

const ant_value *ant__program_output_value(const ant_program *p, int k) {
    return p->outputs.at[k];
}

const void *ant__program_output(const ant_program *p, int k) {
    ant_value *v = p->outputs.at[k];
    const struct ant_value_pass *pass = v->pass;
    if (pass->place == ANT__PLACE_FIXED)
        return ant__base(v)->data;
    return ant__at(p->places.at[pass->place].pointer, pass->offset);
}

/* --- running --- */
static void run_cells(void *data, int64_t from, int64_t to) {
    const ant_instruction *in = data;
    in->kernel(in->at, in->nums, from, to);
}

static void run_instruction(ant_shared *shared, ant_instruction *in) {
    if (in->cells > 1 && shared->pool)
        ant__pool_run(shared->pool, run_cells, in, in->cells);
    else
        in->kernel(in->at, in->nums, 0, in->cells);
}

static void run_code(const ant_program *p) {
    ant_shared *shared = p->shared;
    for (int k = 0; k < p->code.n && !shared->report.code; k++)
        run_instruction(shared, &p->code.at[k]);
}

/* --- what depends on weights only --- */
static uint64_t versions_of(const ant_kept *k) {
    uint64_t sum = 0; /* none ever falls, so that an equal sum says equal versions */
    for (int i = 0; i < k->sources.n; i++)
        sum += k->sources.at[i]->version;
    return sum;
}

static void make_again(ant_kept *k) {
    for (int i = 0; i < k->op->n_in; i++) {
        const ant_value *base = ant__base(k->op->in[i]);
        if (base->kind == ANT__VARIABLE)
            k->at[i] = base->variable->data;
    }
    k->kernel(k->at, k->nums, 0, k->cells);
}

static void make_kept(ant_program *p) {
    for (int i = 0; i < p->kept.n; i++) {
        ant_kept *k = &p->kept.at[i];
        const uint64_t versions = versions_of(k);
        if (k->ready && k->versions == versions)
            continue;
        make_again(k);
        k->ready = true;
        k->versions = versions;
    }
}

/* The float mode that the caller had. */
static uint64_t begin_run(ant_program *p, struct ant_pool *pool) {
    const uint64_t mode = ant__float_mode();
    ant__float_mode_set(ant__without_subnormals(mode));
    p->shared->pool = pool;
    p->shared->report = (ant_report){0};
    make_kept(p);
    return mode;
}

static void end_run(const ant_program *p, uint64_t mode) {
    for (int i = 0; i < p->written.n; i++)
        p->written.at[i]->version++;
    ant__float_mode_set(mode);
}

static int tell(const ant_shared *shared, ant_report *report) {
    if (report)
        *report = shared->report;
    return shared->report.code;
}

int ant__program_run(ant_program *p, struct ant_pool *pool, ant_report *report) {
    const uint64_t mode = begin_run(p, pool);
    run_code(p);
    end_run(p, mode);
    return tell(p->shared, report);
}

int ant__program_run_timed(ant_program *p, struct ant_pool *pool, ant_report *report,
                           double *seconds) {
    ant_shared *shared = p->shared;
    const uint64_t mode = begin_run(p, pool);
    double before = ant__seconds(), after = ant__seconds();
    const double clock = after - before; /* what reading it takes */
    for (int k = 0; k < p->code.n && !shared->report.code; k++) {
        run_instruction(shared, &p->code.at[k]);
        before = after, after = ant__seconds();
        seconds[k] = after - before > clock ? after - before - clock : 0;
    }
    end_run(p, mode);
    return tell(shared, report);
}

int ant__program_instructions(const ant_program *p) {
    return p->code.n;
}

const char *ant__program_instruction_name(const ant_program *p, int k) {
    return p->code.at[k].name;
}

/* --- the scan's kernel --- */
/* Pointers: carries, sequences, captures; then last carries, stacked outputs; then the workspace,
 * where the carries live and behind them the body's arena. */
static size_t padded(const ant_value *v) {
    return (ant__value_bytes(v) + 127) / 64 * 64;
}

static void copy_value(void *to, const void *from, const ant_value *v) {
    size_t bytes = ant__value_bytes(v);
    if (bytes)
        memcpy(to, from, bytes);
}

static void bind_port(ant_program *body, const ant_value *v, const void *pointer) {
    if (v->pass->place > ANT__ARENA_PLACE)
        ant__place_bind(body, v->pass->place, pointer);
}

static void begin_scan(ant_program *body, void *const *in, char *workspace) {
    ant__place_bind(body, ANT__ARENA_PLACE, ant__at(workspace, body->carry_bytes));
    for (int i = 0; i < body->carries.n; i++) {
        const ant_value *v = body->carries.at[i].in;
        bind_port(body, v, workspace);
        copy_value(workspace, in[i], v);
        workspace += padded(v);
    }
    in += body->carries.n + body->sequences.n;
    for (int i = 0; i < body->captures.n; i++)
        bind_port(body, body->captures.at[i].in, in[i]);
}

static void bind_step(ant_program *body, void *const *sequences, void *const *stacked, int64_t t) {
    for (int i = 0; i < body->sequences.n; i++) {
        const ant_value *v = body->sequences.at[i].in;
        bind_port(body, v, ant__at(sequences[i], (size_t)t * ant__value_bytes(v)));
    }
    for (int i = 0; i < body->stacked.n; i++) {
        const ant_value *v = body->stacked.at[i];
        if (v)
            bind_port(body, v, ant__at(stacked[i], (size_t)t * ant__value_bytes(v)));
    }
}

static void end_scan(const ant_program *body, void *const *out, const char *workspace) {
    for (int i = 0; i < body->carries.n; i++) {
        const ant_value *v = body->carries.at[i].in;
        if (out[i])
            copy_value(out[i], workspace, v);
        workspace += padded(v);
    }
}

void ant__scan_kernel(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    (void)from, (void)to;
    ant_program *body = (ant_program *)(uintptr_t)n[0].p;
    void *const *sequences = at + body->carries.n;
    void *const *last = sequences + body->sequences.n + body->captures.n;
    void *const *stacked = last + body->carries.n;
    char *workspace = stacked[body->stacked.n];
    int64_t t = 0;
    begin_scan(body, at, workspace);
    bind_port(body, body->step, &t);
    for (int64_t s = 0; s < body->steps && !body->shared->report.code; s++) {
        t = body->reverse ? body->steps - 1 - s : s;
        bind_step(body, sequences, stacked, t);
        run_code(body);
    }
    end_scan(body, last, workspace);
}

static int64_t prep_scan(const ant_op *o, ant_nums *n) {
    ant__num_pointer(n, o->body);
    return 1;
}

size_t ant__scan_workspace(const ant_op *o) {
    return o->body->carry_bytes + o->body->arena_bytes;
}

const ant_op_class ant__scan_class = {.name = "scan",
                                      .prep = prep_scan,
                                      .grad = ant__scan_gradient,
                                      .workspace = ant__scan_workspace};
