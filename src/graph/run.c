/* Runs: one thread's arena, programs by shape, states and error. Nothing here touches the graph but
 * the list of idle runs, so that any number of runs may work on one model at once. */
#include "core/clock.h"
#include "graph/graph.h"
#include <string.h>

enum { CACHED = 8 };

typedef struct ant_cached {
    uint64_t id, used;
    ant_dims *dims;
    int n;
    ant_program *program;
} ant_cached;

/* A state of a stateful layer; zero until the first execution after a reset. */
typedef struct ant_state {
    const ant_layer *layer;
    int k;
    bool fresh;
    ant_variable variable;
} ant_state;

typedef struct ant_run_buffer {
    void *at;
    size_t size;
} ant_run_buffer;

struct ant_run {
    ant_run *next;
    ant_graph *graph;
    ant_model *model;
    ant_context context;
    ant_fault error;
    ant_pool *pool;
    void *arena;
    size_t arena_size;
    ant_run_buffer buffer[ANT__RUN_BUFFERS];
    ant_cached cache[CACHED];
    int n;
    uint64_t clock;
    ANT__LIST(ant_state *) states;
    ant_variable counter;
    ant_measure *measure; /* NULL: nobody looks */
};

/* --- making and freeing --- */
static bool run_fill(ant_run *r) {
    r->context = ant__context_fork(r->graph);
    r->counter = (ant_variable){.name = "step", .dtype = ANT_INT64, .dims = ANT__SCALAR};
    r->counter.data = ant__alloc_numbers(sizeof(int64_t));
    if (r->graph->threads != 1)
        r->pool = ant__pool_new(r->graph->threads);
    return r->counter.data && (r->pool || r->graph->threads == 1);
}

ant_run *ant__run_new(ant_model *m) {
    ant_run *r = ant__alloc(sizeof *r);
    if (!r)
        return NULL;
    r->graph = ant__layer_graph(m);
    r->model = m;
    if (!run_fill(r)) {
        ant__run_free(r);
        return NULL;
    }
    return r;
}

static void cached_free(ant_cached *c) {
    ant__program_free(c->program);
    ant__free(c->dims);
    *c = (ant_cached){0};
}

static void cache_clear(ant_run *r) {
    while (r->n)
        cached_free(&r->cache[--r->n]);
}

void ant__run_free(ant_run *r) {
    if (!r)
        return;
    cache_clear(r);
    for (int i = 0; i < r->states.n; i++) {
        ant__free_numbers(r->states.at[i]->variable.data);
        ant__free(r->states.at[i]);
    }
    ant__free(r->states.at);
    ant__pool_free(r->pool);
    ant__free_numbers(r->counter.data);
    ant__free_numbers(r->arena);
    for (int k = 0; k < ANT__RUN_BUFFERS; k++)
        ant__free_numbers(r->buffer[k].at);
    ant__arena_free(&r->context.arena);
    ant__free(r);
}

ant_model *ant__run_model(const ant_run *r) {
    return r->model;
}

void *ant__run_buffer(ant_run *r, int k, size_t size) {
    ant_run_buffer *b = &r->buffer[k];
    if (b->at && size <= b->size)
        return b->at;
    ant__free_numbers(b->at);
    b->at = ant__alloc_numbers(size + 1);
    b->size = b->at ? size : 0;
    return b->at;
}

ant_run *ant__run_next(const ant_run *r) {
    return r->next;
}

ant_run *ant__run_take(ant_model *m) {
    ant_graph *g = ant__layer_graph(m);
    ant_model_body *b = m->extra;
    pthread_mutex_lock(&g->lock);
    ant_run *r = b->idle;
    if (r)
        b->idle = r->next;
    pthread_mutex_unlock(&g->lock);
    if (!r && !(r = ant__run_new(m)))
        ant__model_fail(m, ANT_E_MEMORY, "%s", ant_code_text(ANT_E_MEMORY));
    if (r)
        ant__error_clear(&r->error);
    return r;
}

void ant__run_put(ant_model *m, ant_run *r) {
    ant_graph *g = ant__layer_graph(m);
    ant_model_body *b = m->extra;
    pthread_mutex_lock(&g->lock);
    r->next = b->idle;
    b->idle = r;
    pthread_mutex_unlock(&g->lock);
}

/* --- states --- */
static ant_state *state_find(const ant_run *r, const ant_layer *l, int k) {
    for (int i = 0; i < r->states.n; i++)
        if (r->states.at[i]->layer == l && r->states.at[i]->k == k)
            return r->states.at[i];
    return NULL;
}

static ant_state *state_add(ant_run *r, const ant_layer *l, int k, int dtype) {
    ant_state *s = ant__alloc(sizeof *s);
    if (!s || !ANT__PUSH(&r->states, s)) {
        ant__free(s);
        ant__fail_memory(&r->context.error);
        return NULL;
    }
    *s = (ant_state){.layer = l, .k = k, .fresh = true};
    s->variable = (ant_variable){.name = "state", .dtype = dtype};
    return s;
}

/* Gives a fresh state its memory. Programs that knew it by another shape go. */
static int state_shape(ant_run *r, ant_state *s, const ant_dims *dims) {
    size_t bytes;
    void *data = NULL;
    if (ant__dims_bytes(dims, s->variable.dtype, &bytes))
        data = ant__alloc_numbers(bytes);
    if (!data)
        return ant__fail_memory(&r->context.error);
    cache_clear(r);
    ant__free_numbers(s->variable.data);
    s->variable.data = data;
    s->variable.dims = *dims;
    return 0;
}

static ant_variable *run_state(void *host, const ant_layer *l, int k, int dtype,
                               const ant_dims *dims) {
    ant_run *r = host;
    ant_state *s = state_find(r, l, k);
    char had[ANT__DIMS_TEXT], wants[ANT__DIMS_TEXT];
    if (!s && !(s = state_add(r, l, k, dtype)))
        return NULL;
    if (s->variable.data && ant__dims_equal(&s->variable.dims, dims))
        return &s->variable;
    if (!s->fresh) {
        ant__fail(
            &r->context.error, ANT_E_STATE,
            "%s: its state is of shape %s, this batch needs %s: a stateful layer goes on with "
            "the same batch size until ant_reset_states",
            ant__layer_label(l), ant__dims_text(&s->variable.dims, had),
            ant__dims_text(dims, wants));
        return NULL;
    }
    return state_shape(r, s, dims) ? NULL : &s->variable;
}

void ant__run_reset_states(ant_run *r) {
    for (int i = 0; i < r->states.n; i++) {
        ant_state *s = r->states.at[i];
        size_t bytes;
        if (s->variable.data && ant__dims_bytes(&s->variable.dims, s->variable.dtype, &bytes))
            memset(s->variable.data, 0, bytes);
        s->fresh = true;
    }
}

int ant_reset_states(ant_model *m) {
    int code = ant__action_begin(m);
    if (code)
        return code;
    ant_graph *g = ant__layer_graph(m);
    const ant_model_body *b = m->extra;
    pthread_mutex_lock(&g->lock);
    for (ant_run *r = b->idle; r; r = r->next)
        ant__run_reset_states(r);
    pthread_mutex_unlock(&g->lock);
    return 0;
}

/* --- programs --- */
static ant_cached *cache_find(ant_run *r, uint64_t id, const ant_dims *dims, int n) {
    for (int i = 0; i < r->n; i++) {
        ant_cached *c = &r->cache[i];
        bool same = c->id == id && c->n == n;
        for (int k = 0; k < n && same; k++)
            same = ant__dims_equal(&c->dims[k], &dims[k]);
        if (same)
            return c;
    }
    return NULL;
}

/* Room for one more: the one used longest ago goes. */
static ant_cached *cache_room(ant_run *r) {
    if (r->n < CACHED)
        return &r->cache[r->n];
    int oldest = 0;
    for (int i = 1; i < r->n; i++)
        if (r->cache[i].used < r->cache[oldest].used)
            oldest = i;
    cached_free(&r->cache[oldest]);
    r->cache[oldest] = r->cache[--r->n];
    r->cache[r->n] = (ant_cached){0};
    return &r->cache[r->n];
}

/* All programs share the arena; when it grows, all get the new one. */
static int bind(ant_run *r, ant_program *p) {
    size_t size = ant__program_arena(p);
    if (r->arena && size <= r->arena_size) {
        ant__program_bind_arena(p, r->arena);
        return 0;
    }
    void *arena = ant__alloc_numbers(size);
    if (!arena)
        return ant__fail_memory(&r->error);
    ant__free_numbers(r->arena);
    r->arena = arena;
    r->arena_size = size;
    for (int i = 0; i < r->n; i++)
        ant__program_bind_arena(r->cache[i].program, arena);
    ant__program_bind_arena(p, arena);
    return 0;
}

static int write_program(ant_run *r, ant_program *p, ant_program_writer *write, const void *data) {
    ant_lowering l = {.program = p, .state = run_state, .host = r};
    ant__set_counter(p, ant__read(p, &r->counter));
    int code = write(r, p, &l, data);
    const ant_fault *told = ant__program_error(p);
    if (!code && !told->code)
        code = ant__program_lower(p, ANT__ALL_PASSES);
    if (r->context.error.code)
        code = ant__fail(&r->error, r->context.error.code, "%s", r->context.error.text);
    else if (told->code)
        code = ant__fail(&r->error, told->code, "%s", told->text);
    else if (code)
        code = ant__fail(&r->error, code, "%s", ant_code_text(code));
    ant__free(l.losses.at);
    ant__context_clear(&r->context);
    return code;
}

static ant_program *lower(ant_run *r, ant_program_writer *write, const void *data) {
    ant_program *p = ant__program_new(ant__real_type(&r->graph->context));
    if (!p) {
        ant__fail_memory(&r->error);
        return NULL;
    }
    ant__program_set_fast(p, r->graph->fast);
    if (write_program(r, p, write, data) || bind(r, p)) {
        ant__program_free(p);
        return NULL;
    }
    ant__program_bind_variables(p);
    return p;
}

static bool cache_put(ant_run *r, ant_program *p, uint64_t id, const ant_dims *dims, int n) {
    ant_dims *own = ant__alloc_array((size_t)n + 1, sizeof *own);
    if (!own) {
        ant__fail_memory(&r->error);
        return false;
    }
    for (int k = 0; k < n; k++)
        own[k] = dims[k];
    ant_cached *c = cache_room(r);
    *c = (ant_cached){.id = id, .used = ++r->clock, .dims = own, .n = n, .program = p};
    r->n++;
    return true;
}

ant_program *ant__run_program(ant_run *r, uint64_t id, const ant_dims *dims, int n,
                              ant_program_writer *write, const void *data) {
    ant_cached *c = cache_find(r, id, dims, n);
    if (c) {
        c->used = ++r->clock;
        return c->program;
    }
    ant_program *p = lower(r, write, data);
    if (p && !cache_put(r, p, id, dims, n)) {
        ant__program_free(p);
        return NULL;
    }
    return p;
}

void ant__run_measure(ant_run *r, ant_measure *m) {
    r->measure = m;
}

/* seconds: of each instruction; NULL: nobody wants to know. */
static int run_once(ant_run *r, ant_program *p, ant_report *report, double *seconds) {
    ant_pace *pace = ant__program_pace(p);
    ant_pool *pool = ant__pace_shares(pace) ? r->pool : NULL;
    const bool trial = r->pool && ant__pace_tries(pace);
    if (trial)
        (void)ant__pool_helped(r->pool); /* asks anew */
    const double start = trial ? ant__seconds() : 0;
    int code = seconds ? ant__program_run_timed(p, pool, report, seconds)
                       : ant__program_run(p, pool, report);
    if (r->pool)
        ant__pace_note(pace, trial ? ant__seconds() - start : 0,
                       trial && ant__pool_helped(r->pool));
    return code;
}

int ant__run_execute(ant_run *r, ant_program *p) {
    ant_report report = {0};
    double *seconds = r->measure ? ant__measure_next(r->measure, p) : NULL;
    if (r->measure && !seconds)
        return ant__fail_memory(&r->error);
    int code = run_once(r, p, &report, seconds);
    ++*ant__run_counter(r);
    for (int i = 0; i < r->states.n; i++)
        r->states.at[i]->fresh = false;
    if (!code)
        return 0;
    return ant__fail(&r->error, code, "%s: %s %lld is outside [0, %lld)",
                     ant__layer_label(r->model), report.what ? report.what : "value",
                     (long long)report.value, (long long)report.limit);
}

ant_fault *ant__run_error(ant_run *r) {
    return &r->error;
}
ant_context *ant__run_context(ant_run *r) {
    return &r->context;
}
ant_pool *ant__run_pool(ant_run *r) {
    return r->pool;
}
int64_t *ant__run_counter(ant_run *r) {
    return r->counter.data;
}
