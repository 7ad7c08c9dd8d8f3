/* Numbers of weights, from outside of programs. */
#include "core/array.h"
#include "core/convert.h"
#include "graph/graph.h"
#include <string.h>

static int misfit(ant_layer *to, const ant_weight *w, const char *name, const ant_dims *got) {
    char wants[ANT__DIMS_TEXT], has[ANT__DIMS_TEXT];
    return ant__layer_action_fail(to, ANT_E_SHAPE, "its weight '%s' is of shape %s, got %s", name,
                                  ant__dims_text(&w->variable.dims, wants),
                                  ant__dims_text(got, has));
}

/* All or nothing: nothing is written before everything fits. */
static int check_pairs(ant_layer *to, const ant_names *a, const ant_names *b) {
    if (a->n != b->n)
        return ant__layer_action_fail(to, ANT_E_SHAPE, "has %d weights, the other has %d", a->n,
                                      b->n);
    for (int i = 0; i < a->n; i++) {
        const ant_weight *x = a->at[i].of, *y = b->at[i].of;
        if (!ant__dims_equal(&x->variable.dims, &y->variable.dims))
            return misfit(to, x, a->at[i].name, &y->variable.dims);
        if (!x->variable.data || !y->variable.data)
            return ant__layer_action_fail(to, ANT_E_STATE,
                                          "weight '%s' has no numbers before the first action on a "
                                          "model with it",
                                          a->at[i].name);
    }
    return 0;
}

static void blend(ant_variable *to, const ant_variable *from, double factor, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        double old = (1 - factor) * ant__real_at(to->data, to->dtype, i);
        double x = factor * ant__real_at(from->data, from->dtype, i);
        ant__real_put(to->data, to->dtype, i, x + old);
    }
}

/* Another graph's may be of another type. */
static void copy_pair(ant_weight *to, const ant_weight *from, double factor) {
    ant_variable *y = &to->variable;
    const ant_variable *x = &from->variable;
    int64_t n = ant__dims_count(&y->dims);
    if (to == from)
        return;
    if (factor == 1) /* whatever was there, NaN too, is gone */
        ant__convert(y->data, y->dtype, x->data, (int64_t)ant__dtype_size(x->dtype), x->dtype,
                     false, n);
    else
        blend(y, x, factor, n);
    y->version++;
}

int ant_weights_copy(ant_layer *to, ant_layer *from, double factor) {
    if (ant__layer_action_begin(to) || !from || from->dead)
        return ANT_E_GRAPH;
    const ant_names *a = ant__weights_of(to), *b = ant__weights_of(from);
    if (!a)
        return ant__layer_action_fail(to, ANT_E_STATE, "has no weights yet");
    if (!b)
        return ant__layer_action_fail(to, ANT_E_STATE, "%s has no weights yet",
                                      ant__layer_label(from));
    int code = check_pairs(to, a, b);
    for (int i = 0; i < a->n && !code; i++)
        copy_pair((ant_weight *)(uintptr_t)a->at[i].of, b->at[i].of, factor);
    return code;
}

/* --- from arrays --- */
/* A weight that is one number takes an array of one. */
static bool same_shape(const ant_dims *weight, const ant_array *a) {
    ant_dims got = ant__array_dims(a);
    return ant__dims_equal(weight, &got) || (!weight->rank && ant__dims_count(&got) == 1);
}

static int set(ant_layer *l, ant_weight *w, const char *name, ant_array a) {
    ant_fault e = {0};
    if (!a.axes) { /* one number without axes, as ant_weight_at gives it */
        a.axes = 1;
        a.shape[0] = 1;
    }
    int code = ant__array_check(&a, name, &e);
    if (code)
        return ant__layer_action_fail(l, code, "%s", e.text);
    if (!same_shape(&w->variable.dims, &a)) {
        ant_dims got = ant__array_dims(&a);
        return misfit(l, w, name, &got);
    }
    ant_context c = {0};
    ant_rows_wanted all = {.count = a.shape[0]};
    if (ant__weight_allocate(&c, w))
        return ant__layer_action_fail(l, ANT_E_MEMORY, "%s", ant_code_text(ANT_E_MEMORY));
    if ((code = ant__array_read(&a, &all, w->variable.dtype, w->variable.data, name, &e)))
        return ant__layer_action_fail(l, code, "%s", e.text);
    w->initialized = true;
    w->variable.version++;
    return 0;
}

int ant_weight_set(ant_layer *l, const char *name, ant_array values) {
    if (ant__layer_action_begin(l))
        return ANT_E_GRAPH;
    const ant_names *weights = ant__weights_of(l);
    const ant_weight *w = weights ? ant__named(weights, name) : NULL;
    if (w)
        return set(l, (ant_weight *)(uintptr_t)w, name, values);
    return ant__layer_action_fail(l, ANT_E_OPTION, "has no weight '%s'%s", name,
                                  weights ? "" : ": it was not called yet");
}

/* --- learning statistics from data --- */
static int build_for(ant_layer *l, const ant_dims *in) {
    ant_dims any = *in;
    any.dim[0] = ANT_ANY;
    int code = ant__layer_build(l, &any, 1);
    for (int i = 0; i < l->weights.n && !code; i++)
        code = ant__weight_allocate(l->context, l->weights.at[i]);
    return code;
}

static int learn(ant_layer *l, const ant_array *x) {
    const ant_layer_class *impl = l->cls->impl;
    ant_dims in = ant__array_dims(x);
    ant_rows_wanted all = {.count = x->shape[0]};
    int code = build_for(l, &in);
    double *data = code ? NULL : ant__alloc_array((size_t)ant__dims_count(&in), sizeof *data);
    if (!code && !data)
        code = ant__fail_memory(&l->context->error);
    if (!code)
        code = ant__array_read(x, &all, ANT_FLOAT64, data, "data", &l->context->error);
    if (!code)
        code = impl->adapt(l, data, &in);
    for (int i = 0; i < l->weights.n && !code; i++) {
        l->weights.at[i]->initialized = true;
        l->weights.at[i]->variable.version++;
    }
    ant__free(data);
    return code;
}

int ant_adapt(ant_layer *l, ant_array x) {
    if (ant__layer_action_begin(l))
        return ANT_E_GRAPH;
    const ant_layer_class *impl = l->cls->impl;
    ant_fault e = {0};
    if (!impl->adapt)
        return ant__layer_action_fail(l, ANT_E_OPTION, "learns nothing from data by ant_adapt");
    int code = ant__array_check(&x, "ant_adapt", &e);
    if (code)
        return ant__layer_action_fail(l, code, "%s", e.text);
    ant_fault before = l->context->error; /* the graph keeps building errors only */
    ant__error_clear(&l->context->error);
    code = learn(l, &x);
    e = l->context->error;
    l->context->error = before;
    return code ? ant__layer_take_error(l, &e) : 0;
}
