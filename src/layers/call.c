/* Writing one call of a layer into a program: what is the same for every class. */
#include "core/random.h"
#include "layers/layer.h"

/* Ops keep their errors in the program; here they get the layer's name. */
static int check_program(ant_layer_call *c) {
    const ant_fault *told = ant__program_error(c->program);
    if (c->context->error.code)
        return c->context->error.code;
    return told->code ? ant__call_fail(c, told->code, "%s", told->text) : 0;
}

/* Real inputs come as the program's real type; integers and masks stay what they are. No class has
 * to ask whether a value is dead. */
static int take_inputs(ant_layer_call *c) {
    for (int i = 0; i < c->n_in; i++)
        if (c->in[i] && ant__dtype_real(ant_value_dtype(c->in[i])))
            c->in[i] = ant_op_real(c->program, c->in[i]);
    int code = check_program(c);
    for (int i = 0; i < c->n_in && !code; i++)
        if (!c->in[i])
            code = ant__call_fail(c, ANT_E_GRAPH, "its input %d is no value", i);
    return code;
}

static int check_results(ant_layer_call *c, int code) {
    int earlier = check_program(c);
    if (earlier || code)
        return earlier ? earlier : ant__call_fail(c, code, "%s", ant_code_text(code));
    for (int k = 0; k < c->n_out; k++)
        if (!c->out[k])
            return ant__call_fail(c, ANT_E_GRAPH, "its writer gave no result %d", k);
    return 0;
}

static void pass_mask(ant_layer_call *c) {
    const ant_layer_class *impl = c->layer->cls->impl;
    if (impl->mask == ANT__MASK_PASS)
        c->out_mask[0] = c->mask[0];
    if (impl->mask == ANT__MASK_DROP && c->mask[0] && c->lowering->scratch)
        ant__warn(c->context, "%s does not use masks: the mask of its input ends here",
                  ant__layer_label(c->layer));
}

int ant__penalty_add(ant_layer_call *c, const char *regularizer, ant_value *out) {
    if (c->bare && c->lowering->scratch)
        ant__warn(c->context, "%s: its activity penalty is not counted inside TimeDistributed",
                  ant__layer_label(c->layer));
    if (c->bare || c->lowering->scratch)
        return 0;
    if (c->program != c->lowering->program)
        return ant__call_fail(c, ANT_E_OPTION,
                              "an activity_regularizer cannot work step by step inside a loop");
    ant_value *loss = ant__regularizer_write(c->context, c->program, regularizer, out);
    if (loss && ant_value_rank(out))
        loss = ant_op_scale(c->program, loss, 1.0 / (double)ant_value_size(out, 0));
    if (!loss)
        return check_results(c, ANT_E_OPTION);
    return ANT__PUSH(&c->lowering->losses, loss) ? 0 : ant__fail_memory(&c->context->error);
}

/* Keras's activity regularizer: the penalty of every result. */
static int add_penalties(ant_layer_call *c) {
    const ant_layer_class *impl = c->layer->cls->impl;
    const char *regularizer = ((const ant_layer_common *)c->layer->options)->activity_regularizer;
    int code = 0;
    for (int k = 0; regularizer && !impl->penalty_inside && k < c->n_out && !code; k++)
        code = ant__penalty_add(c, regularizer, c->out[k]);
    return code;
}

int ant__layer_write(ant_layer_call *c) {
    const ant_layer_class *impl = c->layer->cls->impl;
    int code = take_inputs(c);
    c->n_out = ant__layer_outputs(c->layer);
    if (!code)
        code = check_results(c, impl->call(c));
    if (code)
        return code;
    pass_mask(c);
    return add_penalties(c);
}

void ant__call_inner(ant_layer_call *c, int child, ant_layer_call *inner) {
    uint64_t path = ant__random_key(c->key, c->layer->child_names.at[child]);
    *inner = (ant_layer_call){
        .layer = c->layer->children.at[child],
        .program = c->program,
        .steady = c->steady,
        .context = c->context,
        .n_in = 1,
        .training = c->training,
        .key = ant__random_mix(path, (uint64_t)c->draws++),
        .lowering = c->lowering,
    };
}

/* c->key tells only where the call stands, so that a layer's own seed gives the same numbers
 * whatever the graph's is. */
uint64_t ant__call_key(ant_layer_call *c, int seed) {
    uint64_t base = seed == ANT_NONE ? c->context->seed : (uint64_t)(int64_t)seed;
    return ant__random_mix(ant__random_mix(c->key, base), (uint64_t)c->draws++);
}
