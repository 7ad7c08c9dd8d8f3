/* Masking: steps that hold nothing but one value are masked. */
#include "antler/layers/core.h"
#include "layers/layer.h"

static int build(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    char shape[ANT__DIMS_TEXT];
    if (in->rank >= 2)
        return 0;
    return ant__layer_fail(l, ANT_E_SHAPE, "takes (batch, steps, …, features), got %s",
                           ant__dims_text(in, shape));
}

static int call(ant_layer_call *c) {
    ant_program *p = c->program;
    ant_value *x = c->in[0];
    ant_value *nothing = ant_op_number(p, ANT__OPTIONS(masking, c->layer)->mask_value);
    ant_value *counts = ant_op_any(p, ant_op_not_equal(p, x, nothing), ANT_LAST, true);
    c->out[0] = ant_op_where(p, counts, x, ant_op_number(p, 0));
    c->out_mask[0] = ant_op_squeeze(p, counts, -1);
    return 0;
}

static const ant_layer_class masking = {.build = build, .call = call, .mask = ANT__MASK_OWN};

static const ant_row masking_rows[] = {
    ANT__ROW(masking, mask_value, "a step of nothing but this is masked"),
    ANT__LAYER_ROWS(masking),
};

static const ant_class classes[] = {ANT__CLASS(Masking, masking, MASKING, ANT_LAYER, &masking)};

const ant_family ant__masking_family = ANT__FAMILY("masking", classes);
