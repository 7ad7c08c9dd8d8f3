#include "layers/core/lora.h"
#include "core/convert.h"
#include "core/options/field.h"
#include <string.h>

static int add(ant_layer *l, const char *name, ant_dims dims, const char *start,
               const char *penalty) {
    ant_weight_spec spec = {
        .name = name, .dims = dims, .initializer = start, .regularizer = penalty};
    int code = ant__weight_add(l, &spec);
    if (!code)
        l->weights.at[l->weights.n - 1]->adapted = l->weights.at[0];
    return code;
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

/* alpha / rank of a layer that has both options, whatever its class. */
static double scale_of(const ant_layer *l, int64_t rank) {
    const ant_row *row = ant__row_find(l->cls, "lora_alpha");
    double alpha = *(const double *)ant__field_at(row, l->options);
    return alpha == ANT_NONE ? 1 : alpha / (double)rank;
}

void ant__lora_merge(const ant_layer *l, void *out) {
    const ant_variable *w = &l->weights.at[0]->variable;
    const ant_variable *a = &l->weights.at[l->weights.n - 2]->variable;
    const ant_variable *b = &l->weights.at[l->weights.n - 1]->variable;
    const int64_t rank = b->dims.dim[0], width = b->dims.dim[1];
    const int64_t n = ant__dims_count(&w->dims);
    const double scale = scale_of(l, rank);
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t k = 0; k < rank; k++)
            sum += ant__real_at(a->data, a->dtype, i / width * rank + k) *
                   ant__real_at(b->data, b->dtype, k * width + i % width);
        ant__real_put(out, w->dtype, i, ant__real_at(w->data, w->dtype, i) + scale * sum);
    }
}

void ant__lora_restart(const ant_layer *l) {
    ant_variable *b = &l->weights.at[l->weights.n - 1]->variable;
    if (!b->data)
        return;
    memset(b->data, 0, ant__dtype_size(b->dtype) * (size_t)ant__dims_count(&b->dims));
    b->version++;
}
