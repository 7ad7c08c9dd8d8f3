#include "layers/spatial.h"
#include <string.h>

bool ant__channels_first(const char *data_format) {
    return data_format && strcmp(data_format, "channels_first") == 0;
}

int ant__channel_axis(int axes, const char *data_format) {
    return ant__channels_first(data_format) ? 1 : axes + 1;
}

/* --- windows --- */

static ant_padding padding_of(const char *word) {
    if (strcmp(word, "same") == 0)
        return ANT__SAME;
    return strcmp(word, "causal") == 0 ? ANT__CAUSAL : ANT__VALID;
}

ant_window ant__window_make(const ant_window_options *o, int axes) {
    ant_size strides = o->strides == ANT_NONE ? o->size : o->strides;
    ant_window w = {.size = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}};
    w.padding = padding_of(o->padding);
    for (int k = 0; k < axes; k++) {
        int axis = k + 2 - axes;
        w.size[axis] = ant__size_at(o->size, k);
        w.stride[axis] = ant__size_at(strides, k);
        w.dilation[axis] = ant__size_at(o->dilation, k);
    }
    return w;
}

static int check_size(ant_layer *l, const char *name, ant_size s, int axes) {
    int n = s == ANT_NONE ? 0 : ant__size_count(s);
    if (n == 0 || n == axes)
        return 0;
    return ant__layer_fail(l, ANT_E_OPTION, "%s has %d number%s, must have 1 or %d", name, n,
                           n == 1 ? "" : "s", axes);
}

int ant__window_check(ant_layer *l, const ant_dims *in, const ant_window_options *o, int axes,
                      const char *size_name) {
    int code = ant__spatial_check(l, in, axes);
    if (!code)
        code = check_size(l, size_name, o->size, axes);
    if (!code)
        code = check_size(l, "strides", o->strides, axes);
    return code ? code : check_size(l, "dilation_rate", o->dilation, axes);
}

/* --- inputs and results --- */

static const char *const input_words[] = {"a batch of sequences (3 axes)",
                                          "a batch of images (4 axes)"};

int ant__spatial_check(ant_layer *l, const ant_dims *in, int axes) {
    char shape[ANT__DIMS_TEXT];
    if (in->rank == axes + 2)
        return 0;
    return ant__layer_fail(l, ANT_E_SHAPE, "takes %s, got %s", input_words[axes - 1],
                           ant__dims_text(in, shape));
}

int ant__spatial_check_call(ant_layer_call *c, int axes) {
    char shape[ANT__DIMS_TEXT];
    const ant_dims *in = &c->in[0]->dims;
    if (in->rank == axes + 2)
        return 0;
    return ant__call_fail(c, ANT_E_SHAPE, "takes %s, got %s", input_words[axes - 1],
                          ant__dims_text(in, shape));
}

ant_value *ant__spatial_enter(ant_program *p, ant_value *x, int axes, const char *data_format) {
    static const int last[][4] = {{0, 2, 1}, {0, 2, 3, 1}};
    if (ant__channels_first(data_format))
        x = ant_op_transpose(p, x, last[axes - 1]);
    return axes == 1 ? ant_op_expand(p, x, 1) : x;
}

ant_value *ant__spatial_leave(ant_program *p, ant_value *y, int axes, const char *data_format) {
    static const int first[][4] = {{0, 2, 1}, {0, 3, 1, 2}};
    if (axes == 1)
        y = ant_op_squeeze(p, y, 1);
    return ant__channels_first(data_format) ? ant_op_transpose(p, y, first[axes - 1]) : y;
}
