#include "core/ops/window.h"

static int64_t span(const ant_window *w, int axis) {
    return (w->size[axis] - 1) * w->dilation[axis] + 1;
}

int64_t ant__window_count(const ant_window *w, int axis, int64_t n) {
    if (n < 0)
        return -1;
    int64_t reach = w->padding == ANT__VALID ? span(w, axis) : 1;
    return n < reach ? 0 : (n - reach) / w->stride[axis] + 1;
}

int64_t ant__window_before(const ant_window *w, int axis, int64_t n) {
    if (w->padding == ANT__VALID)
        return 0;
    if (w->padding == ANT__CAUSAL)
        return span(w, axis) - 1;
    int64_t last = (ant__window_count(w, axis, n) - 1) * w->stride[axis];
    int64_t total = last + span(w, axis) - n;
    return total > 0 ? total / 2 : 0;
}

ant_attrs ant__window_attrs(const ant_window *w) {
    return (ant_attrs){.i = {w->size[0], w->size[1], w->stride[0], w->stride[1], w->dilation[0],
                             w->dilation[1], w->padding}};
}

ant_window ant__window_of(const ant_op *o) {
    const int64_t *i = o->attrs.i;
    return (ant_window){.size = {i[0], i[1]},
                        .stride = {i[2], i[3]},
                        .dilation = {i[4], i[5]},
                        .padding = (ant_padding)i[6]};
}

int ant__window_infer(ant_op *o, int64_t channels) {
    char text[ANT__DIMS_TEXT];
    const ant_dims *x = &o->in[0]->dims;
    ant_window w = ant__window_of(o);
    if (x->rank != 4)
        return ant__op_fail(o, "the input is %s, must be (N, H, W, C)", ant__dims_text(x, text));
    if (span(&w, 0) > INT32_MAX || span(&w, 1) > INT32_MAX)
        return ant__op_fail(o, "a window of %lldx%lld is too large", (long long)span(&w, 0),
                            (long long)span(&w, 1));
    int64_t rows = ant__window_count(&w, 0, x->dim[1]);
    int64_t columns = ant__window_count(&w, 1, x->dim[2]);
    if (rows == 0 || columns == 0)
        return ant__op_fail(o, "a window of %lldx%lld does not fit into the input %s",
                            (long long)span(&w, 0), (long long)span(&w, 1),
                            ant__dims_text(x, text));
    o->out[0]->dtype = o->in[0]->dtype;
    o->out[0]->dims = ANT__DIMS(x->dim[0], rows, columns, channels);
    return 0;
}

void ant__window_push(ant_nums *n, const ant_window *w, const ant_dims *x, const ant_dims *y) {
    for (int k = 0; k < 4; k++)
        ant__num_int(n, x->dim[k]);
    for (int k = 1; k < 4; k++)
        ant__num_int(n, y->dim[k]);
    for (int axis = 0; axis < 2; axis++) {
        ant__num_int(n, w->size[axis]);
        ant__num_int(n, w->stride[axis]);
        ant__num_int(n, w->dilation[axis]);
        ant__num_int(n, ant__window_before(w, axis, x->dim[axis + 1]));
    }
}
