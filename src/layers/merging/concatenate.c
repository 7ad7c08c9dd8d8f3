/* Concatenate: inputs one after the other along an axis. */
#include "antler/layers/merging.h"
#include "layers/layer.h"

static bool fits(const ant_dims *a, const ant_dims *b, int axis) {
    for (int i = 0; i < a->rank; i++)
        if (i != axis && a->dim[i] >= 0 && b->dim[i] >= 0 && a->dim[i] != b->dim[i])
            return false;
    return a->rank == b->rank;
}

static int build(ant_layer *l, const ant_dims *in, int n_in) {
    int axis = ant__axis(ANT__OPTIONS(concatenate, l)->axis, in[0].rank);
    char left[ANT__DIMS_TEXT], right[ANT__DIMS_TEXT];
    if (axis < 1)
        return ant__layer_fail(l, ANT_E_SHAPE, "axis is %d, but the inputs are %s behind the batch",
                               ANT__OPTIONS(concatenate, l)->axis, ant__dims_text(&in[0], left));
    for (int i = 1; i < n_in; i++)
        if (!fits(&in[0], &in[i], axis))
            return ant__layer_fail(l, ANT_E_SHAPE,
                                   "inputs must be equal but for axis %d, got %s and %s", axis,
                                   ant__dims_text(&in[0], left), ant__dims_text(&in[i], right));
    return 0;
}

/* A mask of all axes of its input: (batch, steps) as wide as its features. */
static ant_value *full_mask(ant_layer_call *c, int k) {
    ant_program *p = c->program;
    ant_value *mask = c->mask[k];
    if (!mask)
        mask = ant_op_equal(p, ant_op_number(p, 0), ant_op_number(p, 0));
    else if (ant_value_rank(mask) < ant_value_rank(c->in[k]))
        mask = ant_op_expand(p, mask, -1);
    return ant__broadcast_to(p, mask, &c->in[k]->dims);
}

static bool any_mask(const ant_layer_call *c) {
    for (int i = 0; i < c->n_in; i++)
        if (c->mask[i])
            return true;
    return false;
}

static int call(ant_layer_call *c) {
    int axis = ANT__OPTIONS(concatenate, c->layer)->axis;
    c->out[0] = ant_op_concat(c->program, c->in, c->n_in, axis);
    if (!any_mask(c))
        return 0;
    ant_value *full[ANT_MAX_PORTS];
    for (int i = 0; i < c->n_in; i++)
        full[i] = full_mask(c, i);
    ant_value *mask = ant_op_concat(c->program, full, c->n_in, axis);
    c->out_mask[0] = ant_op_any(c->program, mask, ANT_LAST, false);
    return 0;
}

static const ant_layer_class concatenate = {.build = build,
                                            .call = call,
                                            .mask = ANT__MASK_OWN,
                                            .inputs_min = 1,
                                            .inputs_max = ANT_MAX_PORTS - 1};

static const ant_row concatenate_rows[] = {
    ANT__ROW(concatenate, axis, "along which inputs stand one after the other"),
    ANT__LAYER_ROWS(concatenate),
};

static const ant_class classes[] = {
    ANT__CLASS(Concatenate, concatenate, CONCATENATE, ANT_LAYER, &concatenate)};

const ant_family ant__concatenate_family = ANT__FAMILY("merging", classes);
