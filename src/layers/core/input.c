/* Identity and InputLayer: layers that change nothing. */
#include "antler/layers/core.h"
#include "layers/layer.h"

static int pass(ant_layer_call *c) {
    c->out[0] = c->in[0];
    return 0;
}

/* A Sequential reads its options; it has nothing to be called on. */
static int refuse(ant_layer_call *c) {
    return ant__call_fail(c, ANT_E_GRAPH,
                          "stands first in a Sequential only; elsewhere use ant_input");
}

static const ant_layer_class identity = {.call = pass, .mask = ANT__MASK_PASS};
static const ant_layer_class input = {.call = refuse};

static const ant_row identity_rows[] = {ANT__LAYER_ROWS(identity)};

static const ant_row input_layer_rows[] = {
    ANT__ROW(input_layer, shape, "of one sample"),
    ANT__ROW(input_layer, batch_size, "samples of a batch; none: any", ANT__AT_LEAST(1)),
    ANT__ROW(input_layer, dtype, "type of its numbers", .words = "float32 int32 int64 bool"),
    ANT__ROW(input_layer, sparse, "sparse input",
             .refuse = "sparse inputs are not built: give arrays"),
    ANT__ROW(input_layer, ragged, "ragged input",
             .refuse = "ragged inputs are not built: pad them (ant_pad_sequences)"),
    ANT__ROW(input_layer, batch_shape, "the shape with the batch in front"),
    ANT__ROW(input_layer, optional, "may be left out",
             .refuse = "optional inputs are not built yet"),
    ANT__ROW(input_layer, name, "unique in its model; none: given by the model"),
    ANT__ROW(input_layer, activity_regularizer, "penalty on the output", .part = ANT_REGULARIZER,
             .refuse = "an input has no activity"),
    ANT__ROW(input_layer, trainable, "without effect: an input has no weights"),
    ANT__ROW(input_layer, input_shape, "older name of shape"),
};

static const ant_class classes[] = {
    ANT__CLASS(Identity, identity, IDENTITY, ANT_LAYER, &identity),
    ANT__CLASS(InputLayer, input_layer, INPUT_LAYER, ANT_LAYER, &input, .alias = "Input"),
};

const ant_family ant__input_family = ANT__FAMILY("input", classes);
