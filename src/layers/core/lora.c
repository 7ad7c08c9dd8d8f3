#include "layers/core/lora.h"

static int add(ant_layer *l, const char *name, ant_dims dims, const char *start,
               const char *penalty) {
    ant_weight_spec spec = {
        .name = name, .dims = dims, .initializer = start, .regularizer = penalty};
    return ant__weight_add(l, &spec);
}

int ant__lora_add(ant_layer *l, const ant_lora *o) {
    if (o->rank == ANT_NONE)
        return o->alpha == ANT_NONE
                   ? 0
                   : ant__layer_fail(l, ANT_E_OPTION, "lora_alpha says nothing without lora_rank");
    ant_weight *w = l->weights.at[0];
    if (w->constraint)
        return ant__layer_fail(l, ANT_E_OPTION, "lora_rank: a constrained %s cannot be adapted",
                               w->variable.name);
    ant_dims a = w->variable.dims;
    int64_t *last = &a.dim[a.rank - 1];
    const ant_dims b = ANT__DIMS(o->rank, *last);
    *last = o->rank;
    w->frozen = true;
    int code = add(l, o->a_name, a, "he_uniform", o->regularizer);
    return code ? code : add(l, o->b_name, b, "zeros", o->regularizer);
}

ant_value *ant__lora_a(ant_layer_call *c) {
    return ant__weight_read(c, c->layer->weights.n - 2);
}

ant_value *ant__lora_write(ant_layer_call *c, const ant_lora *o, ant_value *y, ant_value *xa) {
    ant_program *p = c->program;
    ant_value *b = ant__weight_read(c, c->layer->weights.n - 1); /* A and B are the last two */
    double scale = o->alpha == ANT_NONE ? 1 : o->alpha / o->rank;
    return ant_op_add(p, y, ant_op_scale(p, ant_op_matmul(p, xa, b, false, false), scale));
}
