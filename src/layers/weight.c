/* Weights and inner layers: declared while a layer is built, read and assigned in its calls. */
#include "layers/layer.h"

/* A part's name in a path may be said by a class as a literal or come from a user's option. */
static ant_weight *weight_new(ant_layer *l, const ant_weight_spec *s) {
    ant_arena *arena = &l->context->arena;
    ant_weight *w = ant__arena_alloc(arena, sizeof *w);
    const char *name = ant__arena_text(arena, s->name);
    if (!w || !name)
        return NULL;
    *w = (ant_weight){
        .variable = {.name = name,
                     .dtype = ant__real_type(l->context),
                     .dims = s->dims,
                     .versioned = true},
        .initializer = s->initializer,
        .regularizer = s->regularizer,
        .constraint = s->constraint,
        .trainable = !s->fixed,
        .whole = s->whole,
        .layer = l,
        .adjust = s->adjust,
    };
    return w;
}

int ant__weight_add(ant_layer *l, const ant_weight_spec *s) {
    char shape[ANT__DIMS_TEXT];
    size_t bytes;
    if (!ant__dims_known(&s->dims))
        return ant__layer_fail(l, ANT_E_SHAPE,
                               "its %s would be of shape %s: the input's axis must be known here",
                               s->name, ant__dims_text(&s->dims, shape));
    if (!ant__dims_bytes(&s->dims, ant__real_type(l->context), &bytes))
        return ant__layer_fail(l, ANT_E_LIMIT, "its %s of shape %s does not fit in memory", s->name,
                               ant__dims_text(&s->dims, shape));
    ant_weight *w = weight_new(l, s);
    if (!w || !ANT__PUSH_PAID(&l->context->arena, &l->weights, w))
        return ant__fail_memory(&l->context->error);
    return 0;
}

/* A wrapper that is frozen freezes what it wraps, as in Keras. */
static void freeze(ant_layer *l) {
    l->trainable = false;
    for (int i = 0; i < l->children.n; i++)
        freeze(l->children.at[i]);
}

int ant__child_add(ant_layer *l, ant_layer *child, const char *name) {
    const char *own = ant__arena_text(&l->context->arena, name);
    if (child->dead)
        return ant__layer_fail(l, ANT_E_GRAPH, "its inner layer '%s' failed", name);
    if (!own || !ANT__PUSH_PAID(&l->context->arena, &l->children, child))
        return ant__fail_memory(&l->context->error);
    if (!ANT__PUSH_PAID(&l->context->arena, &l->child_names, own)) {
        l->children.n--;
        return ant__fail_memory(&l->context->error);
    }
    if (!l->trainable)
        freeze(child);
    return 0;
}

/* --- numbers --- */
int ant__weight_allocate(ant_context *c, ant_weight *w) {
    enum { BESIDE = 256 }; /* a block of its own takes this beside the numbers */
    size_t bytes;
    if (w->variable.data)
        return 0;
    if (!ant__budget_take(w->layer->context->arena.budget, BESIDE) ||
        !ant__dims_bytes(&w->variable.dims, w->variable.dtype, &bytes) ||
        !(w->variable.data = ant__alloc_numbers(bytes)))
        return ant__fail_memory(&c->error);
    return 0;
}

int ant__weight_start(ant_context *c, ant_weight *w, uint64_t key) {
    if (w->initialized)
        return 0;
    int code = ant__weight_allocate(c, w);
    w->key = key;
    if (!code && w->initializer)
        code = ant__initializer_fill(c, w->initializer, key, &w->variable);
    if (code) {
        ant__error_before(&c->error, "%s: its %s: ", w->layer->label, w->variable.name);
        return code;
    }
    if (w->adjust)
        w->adjust(w);
    w->initialized = true;
    w->variable.version++;
    return 0;
}

ant_value *ant__weight_read(ant_layer_call *c, int k) {
    ant_value *v = ant__read(c->program, &c->layer->weights.at[k]->variable);
    return ant_op_real(c->program, v);
}

void ant__weight_assign(ant_layer_call *c, int k, ant_value *v) {
    ant__assign(c->program, &c->layer->weights.at[k]->variable, v);
}
