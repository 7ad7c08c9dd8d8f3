/* Numbers of weights, from outside of programs. */
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

static void blend(float *to, const float *from, double factor, int64_t n) {
    float f = (float)factor, rest = (float)(1 - factor);
    for (int64_t i = 0; i < n; i++)
        to[i] = f * from[i] + rest * to[i];
}

static void copy_pair(ant_weight *to, const ant_weight *from, double factor) {
    int64_t n = ant__dims_count(&to->variable.dims);
    if (to == from)
        return;
    if (factor == 1) /* whatever was there, NaN too, is gone */
        memcpy(to->variable.data, from->variable.data, sizeof(float) * (size_t)n);
    else
        blend(to->variable.data, from->variable.data, factor, n);
    to->variable.version++;
}

int ant_weights_copy(ant_layer *to, ant_layer *from, double factor) {
    if (!to || !from || to->dead || from->dead)
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
