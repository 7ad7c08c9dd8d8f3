/* Bidirectional: a recurrent layer run both ways, joined. */
#include "antler/layers/rnn.h"
#include "layers/rnn/cell.h"
#include <string.h>

enum { FORWARD, BACKWARD };

static int outputs(const ant_layer *l) {
    const ant_bidirectional_options *o = ANT__OPTIONS(bidirectional, l);
    int states = ant__layer_outputs(o->layer) - 1;
    return (o->merge_mode ? 1 : 2) + 2 * states;
}

/* --- building --- */
static int check_recurrent(ant_layer *l, const ant_layer *inner) {
    if (ant__layer_option(inner, "go_backwards"))
        return 0;
    return ant__layer_fail(l, ANT_E_OPTION, "takes a recurrent layer (LSTM, GRU, …), got %s",
                           ant__layer_label(inner));
}

static int check_pair(ant_layer *l, const ant_layer *forward, const ant_layer *backward) {
    static const char *const same[] = {"return_sequences", "return_state", "stateful"};
    int code = check_recurrent(l, backward);
    if (code)
        return code;
    if (ant__rnn_flag(forward, "go_backwards") == ant__rnn_flag(backward, "go_backwards"))
        return ant__layer_fail(l, ANT_E_OPTION,
                               "layer and backward_layer have the same "
                               "go_backwards, one must walk the other way");
    for (int k = 0; k < 3; k++)
        if (ant__rnn_flag(forward, same[k]) != ant__rnn_flag(backward, same[k]))
            return ant__layer_fail(l, ANT_E_OPTION, "layer and backward_layer differ in %s",
                                   same[k]);
    if (ant__layer_outputs(forward) != ant__layer_outputs(backward))
        return ant__layer_fail(l, ANT_E_OPTION, "layer has %d results, backward_layer %d",
                               ant__layer_outputs(forward), ant__layer_outputs(backward));
    return 0;
}

/* A copy of the layer, which walks backwards if it is for the way back. */
static ant_layer *copy_of(const ant_layer *layer, bool back) {
    ant_layer *copy = ant__layer_derive(layer, layer->cls);
    if (!copy)
        return NULL;
    bool *backwards = ant__layer_option(copy, "go_backwards");
    *backwards |= back;
    copy->said = layer->said;
    return copy;
}

static int add_direction(ant_layer *l, ant_layer *inner, const char *prefix, const ant_dims *in) {
    bool *zeros = ant__layer_option(inner, "zero_output_for_mask");
    if (zeros)
        *zeros = ant__rnn_flag(inner, "return_sequences");
    int code = ant__rnn_child(l, inner, prefix);
    return code ? code : ant__layer_build(inner, in, 1);
}

static int build(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    const ant_bidirectional_options *o = ANT__OPTIONS(bidirectional, l);
    int code = check_recurrent(l, o->layer);
    if (code)
        return code;
    ant_layer *forward = copy_of(o->layer, false);
    ant_layer *backward = o->backward_layer ? o->backward_layer : copy_of(o->layer, true);
    if (!forward || !backward)
        return l->context->error.code;
    code = check_pair(l, forward, backward);
    if (!code)
        code = add_direction(l, forward, "forward_", in);
    return code ? code : add_direction(l, backward, o->backward_layer ? "" : "backward_", in);
}

/* --- the call --- */
/* The states of one direction: a half of those given. */
static int run_direction(ant_layer_call *c, int direction, ant_layer_call *inner) {
    ant_value *const *given = c->n_states ? c->initial_state : c->in + 1;
    int n = c->n_states ? c->n_states : c->n_in - 1;
    if (n % 2)
        return ant__call_fail(c, ANT_E_SHAPE,
                              "takes as many initial states for each direction, "
                              "got %d in all",
                              n);
    ant__call_inner(c, direction, inner);
    inner->in[0] = c->in[0];
    inner->mask[0] = c->mask[0];
    inner->mask_said = c->mask_said;
    inner->n_states = n / 2;
    memcpy(inner->initial_state, given + direction * (n / 2), sizeof *given * (size_t)(n / 2));
    return ant__layer_write(inner);
}

static ant_value *join(ant_program *p, const char *mode, ant_value *a, ant_value *b) {
    if (!strcmp(mode, "concat"))
        return ant_op_concat(p, (ant_value *[]){a, b}, 2, -1);
    if (!strcmp(mode, "mul"))
        return ant_op_mul(p, a, b);
    ant_value *sum = ant_op_add(p, a, b);
    return strcmp(mode, "ave") ? sum : ant_op_scale(p, sum, 0.5);
}

/* The results in order: the sequence or last output (or both directions'), then the states. */
static void put_results(ant_layer_call *c, const ant_layer_call *in, ant_value *back) {
    const char *mode = ANT__OPTIONS(bidirectional, c->layer)->merge_mode;
    int states = ant__layer_outputs(in[FORWARD].layer) - 1, n = 0;
    c->out_mask[0] = in[FORWARD].out_mask[0];
    if (mode) {
        c->out[n++] = join(c->program, mode, in[FORWARD].out[0], back);
    } else {
        c->out_mask[1] = in[FORWARD].out_mask[0];
        c->out[n++] = in[FORWARD].out[0];
        c->out[n++] = back;
    }
    for (int direction = 0; direction < 2; direction++)
        for (int k = 0; k < states; k++)
            c->out[n++] = in[direction].out[1 + k];
}

static int call(ant_layer_call *c) {
    ant_layer_call in[2] = {{0}};
    int code = run_direction(c, FORWARD, &in[FORWARD]);
    if (!code)
        code = run_direction(c, BACKWARD, &in[BACKWARD]);
    if (code)
        return code;
    ant_value *back = in[BACKWARD].out[0];
    if (ant__rnn_flag(in[BACKWARD].layer, "return_sequences"))
        back = ant_op_reverse(c->program, back, 1);
    put_results(c, in, back);
    return 0;
}

static const ant_layer_class bidirectional = {
    .outputs = outputs,
    .build = build,
    .call = call,
    .mask = ANT__MASK_OWN,
    .inputs_min = 1,
    .inputs_max = ANT_MAX_PORTS - 1,
    .attributes = "forward_layer backward_layer",
    .arguments = "sequences initial_state*",
};

static const ant_row bidirectional_rows[] = {
    ANT__ROW(bidirectional, layer, "the recurrent layer that is run both ways"),
    ANT__ROW(bidirectional, merge_mode, "how both results are joined; none: two results",
             .words = "concat sum mul ave", .none = true),
    ANT__ROW(bidirectional, backward_layer, "another layer for the way back", .none = true),
    ANT__LAYER_ROWS(bidirectional)};

static const ant_class classes[] = {
    ANT__CLASS(Bidirectional, bidirectional, BIDIRECTIONAL, ANT_LAYER, &bidirectional)};

const ant_family ant__bidirectional_family = ANT__FAMILY("bidirectional", classes);
