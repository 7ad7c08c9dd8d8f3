/* A model's numbers as tensors: weights by path, the optimizer's state under '@'. */
#include "io/array.h"
#include "io/keras/keras.h"
#include "io/model_file.h"
#include "train/train.h"
#include <string.h>

#define STATE "@optimizer/"
/* The scalars of ant_progress_state. */
#define CALLS STATE "calls"
#define RATE STATE "learning_rate"
#define MEMORY STATE "memory"

typedef struct writer {
    ant_context *c;
    ant_model *m;
    ANT__LIST(ant_array) arrays;
    ant_names names; /* to find two of one name */
    ant_progress_state state;
} writer;

/* --- out --- */
static int add(writer *w, const char *name, ant_array a) {
    a.name = name;
    if (ant__named(&w->names, name))
        return ant__fail(&w->c->error, ANT_E_GRAPH, "two weights are called '%s'", name);
    if (!ant__names_add(&w->names, name, name) || !ANT__PUSH(&w->arrays, a))
        return ant__fail_memory(&w->c->error);
    return 0;
}

static int add_weights(writer *w) {
    int n = ant_weight_count(w->m);
    for (int k = 0; k < n; k++)
        if (add(w, ant_weight_name(w->m, k), ant_weight_at(w->m, k)))
            return w->c->error.code;
    return 0;
}

/* A scalar is an array of one. */
static ant_array array_of(const ant_variable *v) {
    ant_array a = {.data = v->data, .dtype = v->dtype, .axes = v->dims.rank};
    memcpy(a.shape, v->dims.dim, sizeof a.shape);
    if (!a.axes) {
        a.axes = 1;
        a.shape[0] = 1;
    }
    return a;
}

static int model_error(ant_context *c, ant_model *m, int code) {
    return ant__fail(&c->error, code, "%s", ant_model_error(m));
}

static int add_scalars(writer *w) {
    ant_progress_state *s = &w->state;
    return add(w, CALLS, ant_array(&s->calls, 1)) ||
                   add(w, RATE, ant_array(&s->learning_rate, 1)) ||
                   add(w, MEMORY, ant_array(&s->memory, 1))
               ? w->c->error.code
               : 0;
}

static int add_optimizer(writer *w) {
    if (!ant__train_state_get(w->m, &w->state))
        return 0;
    int n = ant__train_variables(w->m);
    if (n < 0)
        return model_error(w->c, w->m, n);
    for (int k = 0; k < n; k++) {
        const ant_variable *v = ant__train_variable(w->m, k);
        const char *name = ant__print(w->c, STATE "variables/%s", v->name);
        if (!name || add(w, name, array_of(v)))
            return w->c->error.code;
    }
    return add_scalars(w);
}

/* Weights have names only then: asked before, a model that cannot be settled seems to have none. */
static int settle(ant_context *c, ant_model *m) {
    int code = ant__settle(m);
    return code ? model_error(c, m, code) : 0;
}

int ant__state_write(ant_context *c, ant_model *m, const char *path, ant_state_of what,
                     const ant_note *notes, int notes_n) {
    writer w = {.c = c, .m = m};
    int code = settle(c, m);
    if (!code)
        code = add_weights(&w);
    if (!code && what == ANT__WEIGHTS_AND_OPTIMIZER)
        code = add_optimizer(&w);
    if (!code)
        code = ant__safetensors_write(&c->error, path, w.arrays.at, w.arrays.n, notes, notes_n);
    ant__names_free(&w.names);
    ant__free(w.arrays.at);
    return code;
}

/* --- in --- */
typedef struct reader {
    ant_context *c;
    ant_model *m;
    const char *path;
    const ant_safetensors *s;
    ant_names tensors; /* by name */
    bool skip;
} reader;

static const ant_tensor *find(const reader *r, const char *name) {
    return ant__named(&r->tensors, name);
}

static int index_tensors(reader *r) {
    for (int k = 0; k < r->s->n; k++)
        if (!ant__names_add(&r->tensors, &r->s->tensors[k], r->s->tensors[k].name))
            return ant__fail_memory(&r->c->error);
    return 0;
}

static bool is_scalar(int rank, const int64_t *shape) {
    return !rank || (rank == 1 && shape[0] == 1);
}

/* A scalar may have no axes, or one of 1, in the file and here. */
static bool same_shape(const ant_tensor *t, const ant_array *a) {
    if (is_scalar(t->dims.rank, t->dims.dim) && is_scalar(a->axes, a->shape))
        return true;
    return t->dims.rank == a->axes &&
           !memcmp(t->dims.dim, a->shape, (size_t)a->axes * sizeof *a->shape);
}

static int mismatch(reader *r, const char *name, const ant_tensor *t, const ant_array *a) {
    char found[ANT__DIMS_TEXT], wanted[ANT__DIMS_TEXT];
    ant_dims dims = {.rank = a->axes};
    memcpy(dims.dim, a->shape, sizeof dims.dim);
    const char *expected = ant__dims_text(&dims, wanted);
    const char *problem = t ? ant__print(r->c, "'%s' has the shape %s, the model's is %s", name,
                                         ant__dims_text(&t->dims, found), expected)
                            : ant__print(r->c, "no weight '%s' %s", name, expected);
    if (!problem)
        return r->c->error.code;
    if (!r->skip)
        return ant__fail(&r->c->error, ANT_E_FORMAT, "%s: %s", r->path, problem);
    ant__warn(r->c, "%s: %s; it stays as it was", r->path, problem);
    return 0;
}

/* Every weight against its tensor, before any is changed. */
static int check_weights(reader *r) {
    int n = ant_weight_count(r->m), used = 0, kept = 0;
    for (int k = 0; k < n; k++) {
        const char *name = ant_weight_name(r->m, k);
        const ant_tensor *t = find(r, name);
        ant_array a = ant_weight_at(r->m, k);
        bool fits = t && same_shape(t, &a);
        used += fits;
        if (!fits && mismatch(r, name, t, &a))
            return r->c->error.code;
    }
    for (int k = 0; k < r->s->n; k++)
        kept += *r->s->tensors[k].name != '@';
    for (int k = 0; k < r->s->n && used < kept && !r->skip; k++) {
        const char *name = r->s->tensors[k].name;
        if (*name != '@' && !ant_weight_named(r->m, name).axes)
            return ant__fail(&r->c->error, ANT_E_FORMAT, "%s: the model has no weight '%.200s'",
                             r->path, name);
    }
    return 0;
}

static int set_weights(reader *r) {
    int n = ant_weight_count(r->m);
    for (int k = 0; k < n; k++) {
        const char *name = ant_weight_name(r->m, k);
        const ant_tensor *t = find(r, name);
        ant_array weight = ant_weight_at(r->m, k), a;
        if (!t || !same_shape(t, &weight))
            continue;
        if (ant__tensor_array(r->c, r->path, r->s, t, &a))
            return r->c->error.code;
        int code = ant_weight_set(r->m, name, a);
        if (code)
            return model_error(r->c, r->m, code);
    }
    return 0;
}

int ant__weights_take(ant_context *c, ant_model *m, const char *path, const ant_safetensors *s,
                      bool skip_mismatch) {
    reader r = {.c = c, .m = m, .path = path, .s = s, .skip = skip_mismatch};
    int code = settle(c, m);
    if (!code)
        code = index_tensors(&r);
    if (!code)
        code = check_weights(&r);
    if (!code)
        code = set_weights(&r);
    ant__names_free(&r.tensors);
    return code;
}

/* Plain numbers of a known type and shape. */
static int take_numbers(reader *r, const char *name, const ant_array *to) {
    const ant_tensor *t = find(r, name);
    ant_array from;
    if (!t || t->dtype != to->dtype || !same_shape(t, to))
        return ant__fail(&r->c->error, ANT_E_FORMAT,
                         "%s: '%s' is missing, or not of the optimizer's shape and type", r->path,
                         name);
    if (ant__tensor_array(r->c, r->path, r->s, t, &from))
        return r->c->error.code;
    ant__array_copy(to->data, &from);
    return 0;
}

static int take_scalars(reader *r) {
    ant_progress_state s = {0};
    ant_array calls = ant_array(&s.calls, 1), rate = ant_array(&s.learning_rate, 1),
              memory = ant_array(&s.memory, 1);
    if (take_numbers(r, CALLS, &calls) || take_numbers(r, RATE, &rate) ||
        take_numbers(r, MEMORY, &memory))
        return r->c->error.code;
    if (s.calls < 0)
        return ant__fail(&r->c->error, ANT_E_FORMAT, "%s: a negative number of steps", r->path);
    ant__train_state_set(r->m, &s);
    return 0;
}

static int take_state(reader *r) {
    int n = ant__train_variables(r->m);
    if (n < 0)
        return model_error(r->c, r->m, n);
    for (int k = 0; k < n; k++) {
        const ant_variable *v = ant__train_variable(r->m, k);
        const char *name = ant__print(r->c, STATE "variables/%s", v->name);
        ant_array to = array_of(v);
        if (!name || take_numbers(r, name, &to))
            return r->c->error.code;
    }
    return take_scalars(r);
}

int ant__optimizer_take(ant_context *c, ant_model *m, const char *path, const ant_safetensors *s) {
    reader r = {.c = c, .m = m, .path = path, .s = s};
    ant_progress_state now;
    if (!ant__train_state_get(m, &now) || !ant__safetensors_find(s, CALLS))
        return 0;
    int code = index_tensors(&r);
    if (!code)
        code = take_state(&r);
    ant__names_free(&r.tensors);
    return code;
}

static int read_tensors(ant_context *c, ant_model *m, const char *path, const ant_bytes *b,
                        ant_state_of what, bool skip_mismatch) {
    ant_safetensors s;
    int code = ant__safetensors_parse(c, path, b->at, b->size, NULL, &s);
    if (!code)
        code = ant__weights_take(c, m, path, &s, skip_mismatch);
    if (!code && what == ANT__WEIGHTS_AND_OPTIMIZER)
        code = ant__optimizer_take(c, m, path, &s);
    return code;
}

int ant__state_read(ant_context *c, ant_model *m, const char *path, ant_state_of what,
                    bool skip_mismatch) {
    ant_bytes b;
    if (ant__file_read(&c->error, path, 0, NULL, &b))
        return c->error.code;
    ant_budget budget = ant__reading_budget(b.size);
    c->arena.budget = &budget;
    int code = ant__keras_is_weights(b.at, b.size)
                   ? ant__keras_state_read(c, m, path, b.at, b.size, what, skip_mismatch)
                   : read_tensors(c, m, path, &b, what, skip_mismatch);
    c->arena.budget = NULL;
    if (code)
        ant__budget_tell(&c->error, &budget, path, b.size);
    ant__free(b.at);
    return c->error.code;
}
