/* Softmax over one axis or several, with masked entries left out. */
#include "antler/layers/activation.h"
#include "layers/layer.h"

/* The axes as a set; 0 after an error. `last` is the one axis, or the last of several. */
static unsigned axes_of(ant_layer_call *c, int *last) {
    ant_size axis = ANT__OPTIONS(softmax, c->layer)->axis;
    const ant_dims *in = &c->in[0]->dims;
    unsigned axes = 0;
    int n = ant__size_count(axis);
    for (int k = 0; k < (n ? n : 1); k++) {
        char shape[ANT__DIMS_TEXT];
        *last = ant__axis(ant__size_at(axis, k), in->rank);
        if (*last < 0) {
            ant__call_fail(c, ANT_E_SHAPE, "no axis %d in %s", ant__size_at(axis, k),
                           ant__dims_text(in, shape));
            return 0;
        }
        axes |= ANT_AXIS(*last);
    }
    return axes;
}

static ant_value *softmax_over(ant_program *p, ant_value *x, unsigned axes, int last) {
    if (axes == ANT_AXIS(last))
        return ant_op_softmax(p, x, last);
    ant_value *e = ant_op_exp(p, ant_op_sub(p, x, ant_op_max(p, x, axes, true)));
    return ant_op_div(p, e, ant_op_sum(p, e, axes, true));
}

static int check_mask(ant_layer_call *c) {
    ant_dims in = c->in[0]->dims, mask = c->mask[0]->dims;
    char shape[ANT__DIMS_TEXT], wants[ANT__DIMS_TEXT];
    if (mask.rank <= in.rank && ant__dims_broadcast(&in, &mask))
        return 0;
    return ant__call_fail(c, ANT_E_SHAPE, "its mask %s does not fit the input %s",
                          ant__dims_text(&mask, shape), ant__dims_text(&c->in[0]->dims, wants));
}

static int call(ant_layer_call *c) {
    ant_program *p = c->program;
    ant_value *mask = c->mask[0], *x = ant_op_real(p, c->in[0]);
    int last = 0, code = mask ? check_mask(c) : 0;
    unsigned axes = code ? 0 : axes_of(c, &last);
    if (!axes)
        return c->context->error.code;
    if (mask) /* Keras's number: far below, but finite, so that all may be masked */
        x = ant_op_where(p, mask, x, ant_op_number(p, -1e9));
    ant_value *y = softmax_over(p, x, axes, last);
    c->out[0] = mask ? ant_op_where(p, mask, y, ant_op_number(p, 0)) : y;
    return 0;
}

static const ant_layer_class softmax = {.call = call, .mask = ANT__MASK_PASS};

static const ant_row softmax_rows[] = {
    ANT__ROW(softmax, axis, "over which the result sums to 1"),
    ANT__LAYER_ROWS(softmax),
};

static const ant_class classes[] = {ANT__CLASS(Softmax, softmax, SOFTMAX, ANT_LAYER, &softmax)};

const ant_family ant__softmax_family = ANT__FAMILY("activation", classes);
