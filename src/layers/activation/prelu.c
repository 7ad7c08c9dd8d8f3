/* PReLU: a leaky ReLU whose slopes are learned. */
#include "antler/layers/activation.h"
#include "layers/layer.h"

enum { ALPHA };

static int build(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    const ant_prelu_options *o = ANT__OPTIONS(prelu, l);
    char shape[ANT__DIMS_TEXT];
    ant_dims alpha = {.rank = in->rank - 1};
    for (int k = 1; k < in->rank; k++)
        alpha.dim[k - 1] = in->dim[k];
    for (int k = 0; k < o->shared_axes.count; k++) {
        int axis = ant__axis(o->shared_axes.data[k], in->rank);
        if (axis < 1)
            return ant__layer_fail(l, ANT_E_SHAPE, "cannot share axis %d of %s",
                                   o->shared_axes.data[k], ant__dims_text(in, shape));
        alpha.dim[axis - 1] = 1;
    }
    return ant__weight_add(l, &(const ant_weight_spec){
                                  .name = "alpha",
                                  .dims = alpha,
                                  .initializer = o->alpha_initializer,
                                  .regularizer = o->alpha_regularizer,
                                  .constraint = o->alpha_constraint,
                              });
}

/* alpha must not make the input larger. */
static int check(ant_layer_call *c) {
    const ant_dims *alpha = &c->layer->weights.at[ALPHA]->variable.dims, *in = &c->in[0]->dims;
    char shape[ANT__DIMS_TEXT], wants[ANT__DIMS_TEXT];
    bool fits = in->rank == alpha->rank + 1;
    for (int k = 0; fits && k < alpha->rank; k++)
        fits = alpha->dim[k] == 1 || alpha->dim[k] == in->dim[k + 1];
    if (fits)
        return 0;
    return ant__call_fail(c, ANT_E_SHAPE, "its alpha of shape %s does not fit the input %s",
                          ant__dims_text(alpha, wants), ant__dims_text(in, shape));
}

static int call(ant_layer_call *c) {
    ant_program *p = c->program;
    int code = check(c);
    if (code)
        return code;
    ant_value *x = ant_op_real(p, c->in[0]);
    ant_value *below = ant_op_relu(p, ant_op_neg(p, x));
    ant_value *slope = ant__weight_read(c, ALPHA);
    c->out[0] = ant_op_sub(p, ant_op_relu(p, x), ant_op_mul(p, slope, below));
    return 0;
}

static const ant_layer_class prelu = {.build = build, .call = call, .mask = ANT__MASK_PASS};

static const ant_row prelu_rows[] = {
    ANT__INITIALIZER_ROW(prelu, alpha),
    ANT__REGULARIZER_ROW(prelu, alpha),
    ANT__CONSTRAINT_ROW(prelu, alpha),
    ANT__ROW(prelu, shared_axes, "axes along which alpha is the same, from 1"),
    ANT__LAYER_ROWS(prelu),
};

static const ant_class classes[] = {ANT__CLASS(PReLU, prelu, PRELU, ANT_LAYER, &prelu)};

const ant_family ant__prelu_family = ANT__FAMILY("activation", classes);
