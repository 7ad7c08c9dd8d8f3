/* TimeDistributed: a layer applied to every step, all at once where the steps cannot know of each
 * other, else one after the other in a scan. */
#include "antler/layers/rnn.h"
#include "layers/rnn/cell.h"
#include <string.h>

/* (batch, steps, …) as (batch * steps, …). */
static ant_dims flat(const ant_dims *in) {
    ant_dims all = ant__step_dims(in);
    all.dim[0] = ant__dims_span(in, 0, 2);
    return all;
}

static int build(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    ant_layer *inner = ANT__OPTIONS(time_distributed, l)->layer;
    char shape[ANT__DIMS_TEXT];
    if (in->rank < 3)
        return ant__layer_fail(l, ANT_E_SHAPE, "takes (batch, steps, …) of 3 axes or more, got %s",
                               ant__dims_text(in, shape));
    if (ant__layer_outputs(inner) != 1)
        return ant__layer_fail(l, ANT_E_OPTION, "takes a layer of one result, %s has %d",
                               ant__layer_label(inner), ant__layer_outputs(inner));
    int code = ant__rnn_child(l, inner, "");
    ant_dims step = ant__step_dims(in);
    return code ? code : ant__layer_build(inner, &step, 1);
}

/* A mask of the steps' own entries goes on to the layer. */
static ant_value *inner_mask(const ant_layer_call *c) {
    return c->mask[0] && c->mask[0]->dims.rank > 2 ? c->mask[0] : NULL;
}

/* --- all steps at once --- */
/* Can the steps be samples of one batch? Not when the layer draws random numbers or keeps averages:
 * found by writing it into a program that never runs. */
static int steps_apart(const ant_layer_call *c, bool *apart) {
    ant_lowering lowering = {.state = c->lowering->state, .host = c->lowering->host};
    ant_layer_call outer = *c, inner;
    const ant_value *mask = inner_mask(c);
    lowering.program = ant__program_new(ant__program_real(c->program));
    if (!lowering.program)
        return ant__fail_memory(&c->context->error);
    ant__call_inner(&outer, 0, &inner);
    inner.program = lowering.program;
    inner.steady = NULL;
    inner.bare = true;
    inner.lowering = &lowering;
    ant_dims x = flat(&c->in[0]->dims), m = mask ? flat(&mask->dims) : x;
    ant__set_counter(lowering.program, ant__input(lowering.program, ANT_INT64, &ANT__SCALAR));
    inner.in[0] = ant__input(lowering.program, c->in[0]->dtype, &x);
    inner.mask[0] = mask ? ant__input(lowering.program, ANT_BOOL, &m) : NULL;
    int code = ant__layer_write(&inner);
    *apart = ant__program_pure(lowering.program);
    ant__free(lowering.losses.at);
    ant__program_free(lowering.program);
    return code;
}

/* Penalties on results further inside are counted at every step, each as the mean over the
 * samples. */
static void scale_penalties(ant_layer_call *c, int from) {
    ant_lowering *all = c->lowering;
    double steps = (double)ant_value_size(c->in[0], 1);
    for (int k = from; k < all->losses.n; k++)
        all->losses.at[k] = ant_op_scale(c->program, all->losses.at[k], steps);
}

static int write_at_once(ant_layer_call *c) {
    ant_program *p = c->program;
    ant_layer_call inner;
    int penalties = c->lowering->losses.n;
    ant_value *mask = inner_mask(c);
    ant_dims all = flat(&c->in[0]->dims), masks = mask ? flat(&mask->dims) : all;
    ant__call_inner(c, 0, &inner);
    inner.bare = true;
    inner.in[0] = ant__reshape_to(p, c->in[0], &all);
    inner.mask[0] = mask ? ant__reshape_to(p, mask, &masks) : NULL;
    int code = ant__layer_write(&inner);
    if (code)
        return code;
    scale_penalties(c, penalties);
    ant_dims out = inner.out[0]->dims;
    if (out.rank == ANT_MAX_AXES)
        return ant__call_fail(c, ANT_E_SHAPE, "no axis is left for the steps");
    memmove(out.dim + 2, out.dim + 1, sizeof *out.dim * (size_t)(out.rank - 1));
    memcpy(out.dim, c->in[0]->dims.dim, sizeof *out.dim * 2);
    out.rank++;
    c->out[0] = ant__reshape_to(p, inner.out[0], &out);
    return 0;
}

/* --- one step after the other --- */
static int write_by_steps(ant_layer_call *c) {
    ant_program *p = c->program;
    ant_program *body = ant__scan_begin(p, ant_value_size(c->in[0], 1), false);
    ant_value *mask = inner_mask(c);
    ant_layer_call inner;
    if (!body)
        return ant__program_error(p)->code;
    ant__call_inner(c, 0, &inner);
    inner.program = body;
    inner.steady = NULL;
    inner.bare = true;
    inner.in[0] = ant__scan_sequence(body, ant__swap_steps(p, c->in[0]));
    inner.mask[0] = mask ? ant__scan_sequence(body, ant__swap_steps(p, mask)) : NULL;
    int code = ant__program_error(p)->code;
    if (!code)
        code = ant__layer_write(&inner);
    int y = code ? -1 : ant__scan_collect(body, inner.out[0]);
    ant_op *scan = code ? NULL : ant__scan_end(body);
    c->out[0] = scan ? ant__swap_steps(p, ant__scan_stacked(scan, y)) : NULL;
    return code;
}

static int call(ant_layer_call *c) {
    bool apart = true;
    int code = c->lowering->scratch ? 0 : steps_apart(c, &apart);
    if (code)
        return code;
    return apart ? write_at_once(c) : write_by_steps(c);
}

static const ant_layer_class time_distributed = {
    .build = build, .call = call, .mask = ANT__MASK_PASS, .attributes = "layer"};

static const ant_row time_distributed_rows[] = {
    ANT__ROW(time_distributed, layer, "the layer applied to every step"),
    ANT__LAYER_ROWS(time_distributed)};

static const ant_class classes[] = {
    ANT__CLASS(TimeDistributed, time_distributed, TIME_DISTRIBUTED, ANT_LAYER, &time_distributed)};

const ant_family ant__time_distributed_family = ANT__FAMILY("time_distributed", classes);
