/* The optimizer's state in legacy files: /optimizer_weights lists its variables, whose names tell
 * what they are in one of three ways: Keras 2's Adam/dense/kernel/m:0, tf.keras's
 * Adam/m/dense/kernel:0, Keras 3's adam/dense_kernel_momentum. Those of one kind stand in the order
 * of the weights. */
#include "core/array.h"
#include "io/keras/keras.h"
#include "train/train.h"
#include <string.h>

/* Kinds as files call them, and as they are called here. */
static const struct kind {
    const char *theirs, *ours;
} kinds[] = {
    {"m", "momentum"},
    {"momentum", "momentum"},
    {"v", "velocity"},
    {"rms", "velocity"},
    {"velocity", "velocity"},
    {"vhat", "velocity_hat"},
    {"velocity_hat", "velocity_hat"},
    {"mg", "average_gradient"},
    {"average_gradient", "average_gradient"},
    {"accumulator", "accumulator"},
    {"accumulated_grad", "accumulated_grad"},
    {"accum_grad", "accumulated_grad"},
    {"accumulated_delta_var", "accumulated_delta_var"},
    {"accum_var", "accumulated_delta_var"},
    {"u", "norm"},
    {"norm", "norm"},
    {"linear", "linear"},
};
enum { KINDS = (int)(sizeof kinds / sizeof *kinds) };

typedef struct reader {
    ant_context *c;
    ant_model *m;
    const char *path;
    const ant_hdf5_node *group;
    const char *problem; /* why the state is left out; NULL: it is not */
    int used[KINDS];     /* variables of each kind so far */
    ANT__LIST(ant_variable *) to;
    ANT__LIST(ant_array) from;
    int64_t calls;
} reader;

/* --- names --- */
/* Is this level of n letters the word, or does it end in _word? */
static bool is_level(const char *level, size_t n, const char *word, bool ending) {
    size_t size = strlen(word);
    if (n < size || memcmp(level + n - size, word, size) != 0)
        return false;
    return n == size || (ending && level[n - size - 1] == '_');
}

static int kind_of_level(const char *level, size_t n, bool ending) {
    int best = -1;
    for (int k = 0; k < KINDS; k++)
        if (is_level(level, n, kinds[k].theirs, ending) &&
            (best < 0 || strlen(kinds[k].theirs) > strlen(kinds[best].theirs)))
            best = k;
    return best;
}

/* The last level and that behind the optimizer's name, without ":0". */
typedef struct levels {
    const char *last, *second;
    size_t last_n, second_n;
} levels;

static levels levels_of(const char *name) {
    size_t n = strcspn(name, ":");
    levels l = {.last = name, .last_n = n, .second = name, .second_n = strcspn(name, "/:")};
    for (size_t k = 0; k < n; k++)
        if (name[k] == '/')
            l.last = name + k + 1;
    l.last_n = n - (size_t)(l.last - name);
    if (l.second[l.second_n] == '/') {
        l.second += l.second_n + 1;
        l.second_n = strcspn(l.second, "/:");
    }
    return l;
}

static int kind_of(const levels *l) {
    int kind = kind_of_level(l->second, l->second_n, false);
    return kind >= 0 ? kind : kind_of_level(l->last, l->last_n, true);
}

/* --- variables --- */
/* The k-th of our variables of this kind; NULL where there are fewer. */
static ant_variable *find(reader *r, const char *ours, int k) {
    size_t n = strlen(ours);
    int count = ant__train_variables(r->m);
    for (int i = 0; i < count; i++) {
        ant_variable *v = ant__train_variable(r->m, i);
        if (!strncmp(v->name, ours, n) && v->name[n] == '/' && k-- == 0)
            return v;
    }
    return NULL;
}

static void leave_out(reader *r, const char *name, const char *why) {
    if (!r->problem)
        r->problem = ant__print(r->c, "has '%.200s', %s", name, why);
}

static int take_scalar(reader *r, const char *name, const ant_array *a) {
    const ant_rows_wanted all = {.count = 1};
    const ant_dims dims = ant__array_dims(a);
    if (ant__dims_count(&dims) != 1) {
        leave_out(r, name, "which is no single number");
        return 0;
    }
    return ant__array_read(a, &all, ANT_INT64, &r->calls, name, &r->c->error);
}

static int take_slot(reader *r, const char *name, const levels *l, const ant_array *a) {
    int kind = kind_of(l);
    ant_variable *v = kind >= 0 ? find(r, kinds[kind].ours, r->used[kind]++) : NULL;
    ant_dims got = ant__array_dims(a);
    if (!v)
        leave_out(r, name, "which the model's optimizer has not");
    else if (!ant__dims_equal(&v->dims, &got))
        leave_out(r, name, "which has another shape here");
    else if (!ANT__PUSH(&r->to, v) || !ANT__PUSH(&r->from, *a))
        return ant__fail_memory(&r->c->error);
    return 0;
}

static int take_one(reader *r, const char *name) {
    const ant_hdf5_node *n = ant__hdf5_find(r->group, name);
    const levels l = levels_of(name);
    ant_array a;
    if (is_level(l.last, l.last_n, "learning_rate", false))
        return 0;
    if (!n || n->group) {
        leave_out(r, name, "which is not in the file");
        return 0;
    }
    ant_dims dims = ant__hdf5_dims(n);
    if (ant__dims_count(&dims) > ant_parameter_count(r->m, false) + 1) {
        leave_out(r, name, "which is larger than any here");
        return 0;
    }
    if (ant__hdf5_numbers(r->c, n, &a))
        return r->c->error.code;
    bool steps =
        is_level(l.last, l.last_n, "iter", false) || is_level(l.last, l.last_n, "iteration", false);
    return steps ? take_scalar(r, name, &a) : take_slot(r, name, &l, &a);
}

static int set_all(reader *r) {
    ant_progress_state s;
    int code = 0;
    ant__train_state_get(r->m, &s);
    for (int k = 0; k < r->to.n && !code; k++) {
        const ant_rows_wanted all = {.count = r->from.at[k].shape[0]};
        code = ant__array_read(&r->from.at[k], &all, r->to.at[k]->dtype, r->to.at[k]->data,
                               r->to.at[k]->name, &r->c->error);
    }
    if (code)
        return code;
    s.calls = r->calls;
    ant__train_state_set(r->m, &s);
    return 0;
}

static int take(reader *r) {
    ant_texts names;
    int code = ant__hdf5_texts(r->c, r->group, "weight_names", &names);
    for (int k = 0; !code && k < names.count; k++)
        code = take_one(r, names.data[k]);
    if (!code && !r->problem && r->calls < 0)
        leave_out(r, "iter", "a negative number of steps");
    if (code || !r->problem)
        return code ? code : set_all(r);
    ant__warn(r->c, "%s: the optimizer's state %s; it starts anew", r->path, r->problem);
    return 0;
}

int ant__keras_legacy_optimizer_take(ant_context *c, ant_model *m, const char *path,
                                     const ant_hdf5_node *root) {
    reader r = {.c = c, .m = m, .path = path};
    ant_progress_state now;
    r.group = ant__hdf5_find(root, "optimizer_weights");
    if (!r.group || !r.group->group || !ant__hdf5_has(r.group, "weight_names") ||
        !ant__train_state_get(m, &now))
        return 0;
    int n = ant__train_variables(m);
    int code = n < 0 ? ant__fail(&c->error, n, "%s", ant_model_error(m)) : take(&r);
    ant__free(r.to.at);
    ant__free(r.from.at);
    return code;
}
