/* What a call of a user's own class may do: call layers inside, read and assign weights. */
#include "graph/custom.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool has_failed(const ant_layer_call *c) {
    return c->context->error.code || ant__program_error(c->program)->code;
}

ant_value *ant_call_error(ant_layer_call *c, int code, const char *format, ...) {
    char text[ANT__ERROR_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    ant__call_fail(c, code, "%s", text);
    return NULL;
}

bool ant_call_training(const ant_layer_call *c) {
    return c->training;
}

void ant_call_result(ant_layer_call *c, int k, ant_value *v) {
    if (k > 0 && k < c->n_out)
        c->out[k] = v;
    else
        ant__call_fail(c, ANT_E_OPTION, "result %d was set, its class has %d", k, c->n_out);
}

ant_value *ant_call_activation(ant_layer_call *c, const char *text, ant_value *x) {
    return has_failed(c) ? NULL : ant__activation_write(c, text, x);
}

/* --- masks travel with the values that layers give --- */
ant_value *ant_call_mask(const ant_layer_call *c, const ant_value *v) {
    const ant_own_call *own = c->own;
    for (int k = own->carried.n; v && k-- > 0;)
        if (own->carried.at[k].value == v)
            return own->carried.at[k].mask;
    return NULL;
}

void ant_call_set_mask(ant_layer_call *c, ant_value *v, ant_value *mask) {
    ant_own_call *own = c->own;
    if (v && !ANT__PUSH(&own->carried, (ant_carried){v, mask}))
        ant__fail_memory(&c->context->error);
}

/* --- own weights --- */
static int find_weight(ant_layer_call *c, const char *name) {
    const char *names[32];
    char hint[ANT__HINT_TEXT];
    int n = 0, found = ant__own_weight(c->layer, name);
    if (found >= 0)
        return found;
    for (; n < c->layer->weights.n && n < (int)(sizeof names / sizeof *names); n++)
        names[n] = c->layer->weights.at[n]->variable.name;
    ant__call_fail(c, ANT_E_OPTION, "it has no weight '%s' of its own%s", name ? name : "",
                   ant__hint(hint, name ? name : "", names, n));
    return -1;
}

ant_value *ant_own_read(ant_layer_call *c, const char *name) {
    int k = has_failed(c) ? -1 : find_weight(c, name);
    return k < 0 ? NULL : ant__weight_read(c, k);
}

void ant_own_assign(ant_layer_call *c, const char *name, ant_value *v) {
    int k = has_failed(c) || !v ? -1 : find_weight(c, name);
    if (k >= 0)
        ant__weight_assign(c, k, ant_op_stop_gradient(c->program, v));
}

/* --- layers inside --- */
static int find_inner(ant_layer_call *c, const ant_inner_options *o) {
    const ant_layer *l = c->layer;
    char level[128], hint[ANT__HINT_TEXT];
    int n = o->index == ANT_NONE ? snprintf(level, sizeof level, "%s", o->name ? o->name : "")
                                 : snprintf(level, sizeof level, "%s.%d", o->name, o->index);
    for (int k = 0; k < l->children.n && n < (int)sizeof level; k++)
        if (!strcmp(l->child_names.at[k], level))
            return k;
    ant__call_fail(c, ANT_E_OPTION, "it has no layer '%s'%s", level,
                   ant__hint(hint, level, l->child_names.at, l->child_names.n));
    return -1;
}

static int count_values(ant_layer_call *c, ant_value *const *in, const char *what) {
    int n = 0;
    while (n < ANT_MAX_PORTS && in[n])
        n++;
    for (int k = n; k < ANT_MAX_PORTS; k++)
        if (in[k])
            return ant__call_fail(c, ANT_E_GRAPH, "%s %d of a call inside is NULL", what, n);
    return n < ANT_MAX_PORTS ? n
                             : ant__call_fail(c, ANT_E_LIMIT, "more than %d %ss in a call inside",
                                              ANT_MAX_PORTS - 1, what);
}

/* Attention's keywords say nothing to other layers. */
static int check_keywords(ant_layer_call *c, const ant_layer *inner, const ant_inner_options *o) {
    const ant_layer_class *impl = inner->cls->impl;
    const char *said = o->attention_mask && !impl->attention_mask       ? "attention_mask"
                       : o->use_causal_mask && !impl->attention         ? "use_causal_mask"
                       : o->return_attention_scores && !impl->attention ? "return_attention_scores"
                                                                        : NULL;
    if (said)
        return ant__call_fail(c, ANT_E_OPTION, "the call of %s takes no keyword '%s'",
                              ant__layer_label(inner), said);
    if (o->training != ANT_NONE && o->training != 0 && o->training != 1)
        return ant__call_fail(c, ANT_E_OPTION, "training is %d, must be 0 or 1", o->training);
    return o->too_many ? ant__call_fail(c, ANT_E_LIMIT, "more than %d inputs in a call inside",
                                        ANT_MAX_PORTS - 1)
                       : 0;
}

static int fill_inner(ant_layer_call *c, ant_layer_call *inner, const ant_inner_options *o) {
    inner->n_in = count_values(c, o->in, "input");
    inner->n_states =
        inner->n_in < 0 ? inner->n_in : count_values(c, o->initial_state, "initial state");
    if (inner->n_states < 0)
        return inner->n_states;
    memcpy(inner->in, o->in, sizeof inner->in);
    memcpy(inner->initial_state, o->initial_state, sizeof inner->initial_state);
    for (int k = 0; k < inner->n_in; k++)
        inner->mask[k] = o->mask[k] ? o->mask[k] : ant_call_mask(c, o->in[k]);
    inner->mask_said = o->mask[0] != NULL;
    inner->attention_mask = o->attention_mask;
    inner->use_causal_mask = o->use_causal_mask;
    inner->return_attention_scores = o->return_attention_scores;
    inner->training = o->training == ANT_NONE ? c->training : o->training;
    return check_keywords(c, inner->layer, o);
}

/* Only where shapes are found, which one thread does. What its first call does not call, no later
 * one may. */
static int build_inner(ant_layer_call *c, const ant_layer_call *inner) {
    ant_own_call *own = c->own;
    ant_dims dims[ANT_MAX_PORTS];
    for (int k = 0; k < inner->n_in; k++)
        dims[k] = inner->in[k]->dims;
    if (!c->lowering->scratch && inner->layer->built)
        return 0;
    if (!c->lowering->scratch)
        return ant__call_fail(c, ANT_E_STATE, "its first call did not call %s, this one does",
                              ant__layer_label(inner->layer));
    own->started |= !inner->layer->built;
    int code = ant__layer_build(inner->layer, dims, inner->n_in);
    return code ? ant__call_fail(c, code, "%s", inner->layer->context->error.text) : 0;
}

static int write_inner(ant_layer_call *c, ant_layer_call *inner) {
    bool had = c->context->error.code != 0;
    int code = build_inner(c, inner);
    if (code)
        return code;
    code = ant__layer_write(inner);
    if (code && !had)
        ant__error_before(&c->context->error, "%s: ", ant__layer_label(c->layer));
    return code;
}

ant_value *ant_inner_call_(const ant_inner_options *o, size_t size) {
    ant_inner_options own = {.index = ANT_NONE, .training = ANT_NONE};
    ant_layer_call inner, *c = o->call;
    const char *wrong = ant__struct_take(&own, offsetof(ant_inner_options, ant_end), o, size);
    if (own.results)
        memset(own.results, 0, sizeof *own.results * ANT_MAX_PORTS);
    if (wrong && !has_failed(c))
        ant__call_fail(c, ANT_E_OPTION, "ant_inner_call: %s", wrong);
    if (has_failed(c))
        return NULL;
    int k = find_inner(c, &own);
    if (k < 0)
        return NULL;
    ant__call_inner(c, k, &inner);
    if (fill_inner(c, &inner, &own) || write_inner(c, &inner))
        return NULL;
    for (int i = 0; i < inner.n_out; i++)
        ant_call_set_mask(c, inner.out[i], inner.out_mask[i]);
    if (own.results)
        memcpy(own.results, inner.out, sizeof *own.results * (size_t)inner.n_out);
    return inner.out[0];
}

/* --- the call --- */
static int write_once(ant_layer_call *c) {
    const ant_custom_class *custom = c->layer->cls->impl;
    const ant_own_call *own = c->own;
    for (int k = 0; k < c->n_in; k++)
        if (c->mask[k])
            ant_call_set_mask(c, c->in[k], c->mask[k]);
    c->out[0] = custom->twin.call(c, c->program, c->layer->options, c->in);
    for (int k = 0; k < c->n_out && own->carried.n; k++)
        c->out_mask[k] = ant_call_mask(c, c->out[k]);
    if (custom->twin.supports_masking && !c->out_mask[0])
        c->out_mask[0] = c->mask[0];
    if (has_failed(c))
        return c->context->error.code ? c->context->error.code
                                      : ant__program_error(c->program)->code;
    return 0;
}

static bool all_built(const ant_layer *l) {
    for (int k = 0; k < l->children.n; k++)
        if (!l->children.at[k]->built)
            return false;
    return true;
}

/* A layer that only training calls, a Dropout, is built too, for later calls may not build. */
static int write_all(ant_layer_call *c) {
    int code = write_once(c);
    if (code || !c->lowering->scratch || all_built(c->layer))
        return code;
    ant_layer_call other = *c;
    other.training = !c->training;
    return write_once(&other);
}

static int rebuild(ant_layer_call *c) {
    ant_dims dims[ANT_MAX_PORTS];
    for (int k = 0; k < c->n_in; k++)
        dims[k] = c->in[k]->dims;
    int code = ant__layer_build(c->layer, dims, c->n_in);
    return code ? ant__fail(&c->context->error, code, "%s", c->layer->context->error.text) : 0;
}

int ant__own_write(ant_layer_call *c) {
    ant_own_call own = {.carried = {0}};
    int code = c->layer->built ? 0 : rebuild(c);
    c->own = &own;
    if (!code)
        code = write_all(c);
    if (code && own.started) /* on other shapes it may be tried again */
        ant__layer_unbuild(c->layer);
    c->own = NULL;
    ant__free(own.carried.at);
    return code;
}
