/* compile: takes what was said into a state of its own, which the model keeps. */
#include "train/compiled.h"
#include <stdio.h>
#include <string.h>

/* --- the options of one output, as a class --- */
static const ant_row output_rows[] = {
    ANT__ROW(output, name, "the output's name"),
    ANT__ROW(output, loss, "what is made small", .part = ANT_LOSS),
    ANT__ROW(output, loss_weight, "factor of its loss in the sum"),
    ANT__ROW(output, metrics, "what is measured", .part = ANT_METRIC),
    ANT__ROW(output, weighted_metrics, "what is measured with sample weights", .part = ANT_METRIC)};
static const ant_row fit_rows[] = {
    ANT__ROW(fit, batch_size, "rows per step", ANT__AT_LEAST(1)),
    ANT__ROW(fit, epochs, "passes over the data", ANT__AT_LEAST(0)),
    ANT__ROW(fit, verbose, "0 nothing, 1 a bar, 2 a line an epoch", ANT__BETWEEN(0, 2)),
    ANT__ROW(fit, callbacks, "called as training goes on", .part = ANT_CALLBACK),
    ANT__ROW(fit, validation_split, "share of the rows held back, from the end",
             ANT__BETWEEN(0, 1)),
    ANT__ROW(fit, shuffle, "whether every epoch has an order of its own"),
    ANT__ROW(fit, class_weight, "a factor per class", ANT__AT_LEAST(0)),
    ANT__ROW(fit, initial_epoch, "the epoch to go on from", ANT__AT_LEAST(0)),
    ANT__ROW(fit, steps_per_epoch, "steps of an epoch", ANT__AT_LEAST(1)),
    ANT__ROW(fit, validation_steps, "steps of a validation", ANT__AT_LEAST(1)),
    ANT__ROW(fit, validation_batch_size, "rows per step of a validation", ANT__AT_LEAST(1)),
    ANT__ROW(fit, validation_freq, "epochs between validations", ANT__AT_LEAST(1)),
};
static const ant_class classes[] = {
    ANT__CLASS(compile, output, OUTPUT, ANT_ACTION, NULL),
    ANT__CLASS(fit, fit, FIT, ANT_ACTION, NULL),
};
const ant_family ant__action_family = ANT__FAMILY("actions", classes);

/* --- what was said --- */
static int take_output(ant_compiled *c, const ant_output_options *o) {
    size_t size = offsetof(ant_output_options, ant_end);
    if (c->n_said == ANT_MAX_PORTS)
        return ant__fail(&c->context.error, ANT_E_LIMIT, "compile: more than %d outputs",
                         ANT_MAX_PORTS);
    c->said[c->n_said] = ant__options_take(&c->context, &classes[0], o, size);
    return c->said[c->n_said++] ? 0 : c->context.error.code;
}

static bool says_place(const ant_compile_options *o, int k) {
    return o->loss[k] || o->metrics[k][0] || o->weighted_metrics[k][0];
}

static int take_names(ant_compiled *c, const ant_compile_options *o) {
    for (int k = 0; k < ANT_MAX_PORTS; k++)
        if (says_place(o, k) || (k == 0 && o->loss_weights[0] != ANT_NONE))
            return ant__fail(&c->context.error, ANT_E_OPTION,
                             "compile: outputs stands in place of loss, loss_weights and metrics");
    for (int k = 0; k < ANT_MAX_PORTS && o->outputs[k].name; k++)
        if (take_output(c, &o->outputs[k]))
            return c->context.error.code;
    return 0;
}

/* The options of the output at place k. */
static ant_output_options output_at(const ant_compile_options *o, int k) {
    ant_output_options out = {.loss = o->loss[k], .loss_weight = 1};
    if (o->loss_weights[0] != ANT_NONE)
        out.loss_weight = o->loss_weights[k];
    for (int i = 0; i < ANT_MAX_PARTS; i++) {
        out.metrics[i] = o->metrics[k][i];
        out.weighted_metrics[i] = o->weighted_metrics[k][i];
    }
    return out;
}

static int take_places(ant_compiled *c, const ant_compile_options *o) {
    int n = o->loss_weights[0] != ANT_NONE ? ant__body(c->model)->n_out : 0;
    for (int k = n; k < ANT_MAX_PORTS; k++)
        if (says_place(o, k) || (o->loss_weights[0] != ANT_NONE && o->loss_weights[k] != 0))
            n = k + 1;
    c->one_for_all = o->loss[0] != NULL;
    for (int k = 1; k < n; k++)
        c->one_for_all &= o->loss[k] == NULL;
    for (int k = 0; k < n; k++) {
        ant_output_options out = output_at(o, k);
        if (c->one_for_all)
            out.loss = o->loss[0];
        if (take_output(c, &out))
            return c->context.error.code;
    }
    return 0;
}

static int take(ant_compiled *c, const ant_compile_options *o) {
    int code = o->outputs[0].name ? take_names(c, o) : take_places(c, o);
    if (code || o->optimizer == NULL)
        return code;
    c->optimizer_text = ant__part_text(&c->context, ANT_OPTIMIZER, o->optimizer);
    if (strcmp(c->optimizer_text, "!") == 0)
        return c->context.error.code;
    return ant__optimizer_read(&c->context, c->optimizer_text, &c->optimizer);
}

/* --- the state --- */
void ant__compiled_free(void *compiled) {
    ant_compiled *c = compiled;
    if (c == NULL)
        return;
    ant__optimizer_free(&c->optimizer);
    ant__free(c->metrics.at);
    ant__free(c->logs.at);
    ant__free(c->trained.at);
    ant__free_numbers(c->totals);
    ant__logs_free(&c->results);
    ant__history_free(&c->history);
    ant__arena_free(&c->context.arena);
    ant__free(c);
}

static ant_compiled *compiled_new(ant_model *m) {
    ant_compiled *c = ant__alloc(sizeof *c), *old = ant__compiled(m);
    if (c == NULL)
        return NULL;
    c->model = m;
    c->context = ant__context_fork(ant__layer_graph(m));
    c->generation = old ? old->generation + 1 : 1;
    return c;
}

ant_compiled *ant__compiled(const ant_model *m) {
    const ant_model_body *b = m ? ant__body(m) : NULL;
    return b ? b->train : NULL;
}

/* Builds what can be built now: a Sequential may still wait for its first data. */
static int prepare_if_built(ant_compiled *c) {
    const ant_model_body *b = ant__body(c->model);
    if (b->n_in == 0)
        return 0;
    int code = ant__settle(c->model);
    return code ? code : ant__compiled_prepare(c);
}

/* For the summary: Keras's optimizers have variables from the first step on. */
static int64_t optimizer_numbers(const void *compiled) {
    const ant_compiled *c = compiled;
    int64_t sum = 0;
    if (!c->prepared || !c->optimizer.calls)
        return -1;
    for (int k = 0; k < ant__optimizer_variables(&c->optimizer); k++)
        sum += ant__dims_count(&ant__optimizer_variable(&c->optimizer, k)->dims);
    return sum;
}

int ant__compile(ant_model *m, const ant_compile_options *o) {
    ant_model_body *b = ant__body(m);
    const ant_compiled *old = b->train;
    if (old && old->fitting)
        return ant__model_fail(m, ANT_E_STATE, "cannot be compiled while it is trained");
    ant_compiled *c = compiled_new(m);
    if (c == NULL)
        return ant__model_fail(m, ANT_E_MEMORY, "%s", ant_code_text(ANT_E_MEMORY));
    c->context.arena.budget = m->context->arena.budget; /* of a file that is read */
    int code = take(c, o);
    if (code == 0)
        code = prepare_if_built(c);
    c->context.arena.budget = NULL;
    if (c->context.error.code)
        code = ant__model_take_error(m, &c->context.error);
    if (code) {
        ant__compiled_free(c);
        return code;
    }
    ant__compiled_free(b->train);
    b->train = c;
    b->train_free = ant__compiled_free;
    b->train_numbers = optimizer_numbers;
    return 0;
}

int ant_compile_(const ant_compile_options *o, size_t size, const char *file, int line) {
    ant_compile_options said = {ANT_COMPILE_DEFAULTS};
    int code = ant__action_begin(o->model);
    if (code)
        return code;
    const char *wrong = ant__struct_take(&said, offsetof(ant_compile_options, ant_end), o, size);
    if (wrong)
        return ant__model_fail(o->model, ANT_E_OPTION, "compile: %s", wrong);
    code = ant__compile(o->model, &said);
    if (code)
        ant__error_before(&ant__body(o->model)->error, "%s:%d: ", file, line);
    return code;
}

/* --- for actions --- */
ant_compiled *ant__compiled_ready(ant_model *m) {
    ant_compiled *c = ant__compiled(m);
    const ant_model_body *b = ant__body(m);
    if (c == NULL) {
        ant__model_fail(m, ANT_E_STATE, "is not compiled: call ant_compile first");
        return NULL;
    }
    if (ant__settle(m))
        return NULL;
    if (c->prepared && c->changes != b->changes) {
        ant__model_fail(m, ANT_E_STATE, "has changed since it was compiled: compile it again");
        return NULL;
    }
    ant__error_clear(&c->context.error);
    if (!c->prepared && ant__compiled_prepare(c)) {
        ant__model_take_error(m, &c->context.error);
        return NULL;
    }
    return c;
}

void ant__compiled_reset(ant_compiled *c) {
    if (c->totals)
        memset(c->totals, 0, c->totals_size);
}
