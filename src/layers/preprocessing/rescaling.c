/* Rescaling: y = x · scale + offset. */
#include "antler/layers/preprocessing.h"
#include "layers/layer.h"

static int call(ant_layer_call *c) {
    const ant_rescaling_options *o = ANT__OPTIONS(rescaling, c->layer);
    ant_program *p = c->program;
    ant_value *y = ant_op_scale(p, ant_op_real(p, c->in[0]), o->scale);
    c->out[0] = o->offset != 0 ? ant_op_shift(p, y, o->offset) : y;
    return 0;
}

static const ant_layer_class rescaling = {.call = call, .mask = ANT__MASK_PASS};

static const ant_row rescaling_rows[] = {
    ANT__ROW(rescaling, scale, "factor"),
    ANT__ROW(rescaling, offset, "added to the product"),
    ANT__LAYER_ROWS(rescaling),
};

static const ant_class classes[] = {
    ANT__CLASS(Rescaling, rescaling, RESCALING, ANT_LAYER, &rescaling)};

const ant_family ant__rescaling_family = ANT__FAMILY("preprocessing", classes);
