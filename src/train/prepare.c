/* What was said in compile, resolved against a built model. */
#include "train/compiled.h"
#include <stdio.h>
#include <string.h>

/* --- outputs by name --- */
static int unknown_output(ant_compiled *c, const char *name) {
    const char *names[ANT_MAX_PORTS];
    char hint[ANT__HINT_TEXT];
    for (int k = 0; k < c->n_out; k++)
        names[k] = ant__out_name(c->model, k);
    return ant__fail(&c->context.error, ANT_E_OPTION, "compile: no output '%s'%s", name,
                     ant__hint(hint, name, names, c->n_out));
}

static int place_of(const ant_compiled *c, const char *name) {
    for (int k = 0; k < c->n_out; k++)
        if (strcmp(ant__out_name(c->model, k), name) == 0)
            return k;
    return -1;
}

static int place_outputs(ant_compiled *c) {
    for (int k = 0; k < c->n_said; k++) {
        const ant_output_options *o = c->said[k];
        int at = o->name ? place_of(c, o->name) : k;
        if (at < 0)
            return unknown_output(c, o->name);
        if (at >= c->n_out)
            return ant__fail(&c->context.error, ANT_E_OPTION,
                             "compile: options for %d outputs, the model has %d", c->n_said,
                             c->n_out);
        if (c->out[at].options)
            return ant__fail(&c->context.error, ANT_E_OPTION, "compile: output '%s' is said twice",
                             o->name);
        c->out[at].options = o;
    }
    return 0;
}

/* --- losses and metrics --- */
static const char *loss_text(const ant_compiled *c, int k) {
    if (c->out[k].options && !c->one_for_all)
        return c->out[k].options->loss;
    return c->one_for_all ? c->said[0]->loss : NULL;
}

static int read_losses(ant_compiled *c) {
    for (int k = 0; k < c->n_out; k++) {
        const char *text = loss_text(c, k);
        if (text == NULL)
            continue;
        if (ant__loss_read(&c->context, text, &c->out[k].loss))
            return c->context.error.code;
        c->out[k].wanted = true;
        c->out[k].labels = ((const ant_loss_class *)c->out[k].loss.part.cls->impl)->labels;
        c->n_losses++;
    }
    return 0;
}

/* Whether a metric's targets are classes. */
static bool metric_labels(const ant_metric *m) {
    const ant_metric_class *cls = m->part.cls->impl;
    const ant_loss_class *loss = m->loss.cls ? m->loss.cls->impl : &cls->mean;
    return loss->labels;
}

static int read_metrics(ant_compiled *c, int output, bool weighted) {
    ant_output_use *out = &c->out[output];
    if (out->options == NULL)
        return 0;
    const char *const *text = weighted ? out->options->weighted_metrics : out->options->metrics;
    for (int k = 0; k < ANT_MAX_LIST && text[k]; k++) {
        ant_metric_use use = {.output = output, .weighted = weighted};
        const ant_node *node = ant__body(c->model)->out[output];
        if (ant__metric_read(&c->context, text[k], &use.metric) ||
            ant__metric_shape(&c->context, &use.metric, &node->dims))
            return c->context.error.code;
        if (out->loss.part.cls == NULL)
            out->labels |= metric_labels(&use.metric);
        out->wanted = true;
        if (!ANT__PUSH(&c->metrics, use))
            return ant__fail_memory(&c->context.error);
    }
    return 0;
}

static int read_all(ant_compiled *c) {
    int code = read_losses(c);
    for (int weighted = 0; weighted < 2; weighted++)
        for (int k = 0; k < c->n_out && !code; k++)
            code = read_metrics(c, k, weighted);
    return code;
}

/* --- numbers --- */
static int make_totals(ant_compiled *c) {
    size_t size = 0;
    for (int k = 0; k < c->metrics.n; k++)
        size += ant__metric_size(&c->metrics.at[k].metric);
    c->totals = ant__alloc_numbers(size + 1);
    c->totals_size = size;
    if (c->totals == NULL)
        return ant__fail_memory(&c->context.error);
    char *at = c->totals;
    for (int k = 0; k < c->metrics.n; k++) {
        ant__metric_bind(&c->metrics.at[k].metric, ant__real_type(&c->context), at);
        at += ant__metric_size(&c->metrics.at[k].metric);
    }
    return 0;
}

static int make_slots(ant_compiled *c) {
    if (c->optimizer.cls == NULL)
        return 0;
    return ant__optimizer_build(&c->context, &c->optimizer, c->trained.at, c->trained.n);
}

/* Back to what was said, after a failure on the way. */
static void forget(ant_compiled *c) {
    memset(c->out, 0, sizeof c->out);
    c->n_losses = c->metrics.n = c->trained.n = c->logs.n = 0;
    ant__free_numbers(c->totals);
    ant__free_numbers(c->optimizer.numbers);
    c->totals = c->optimizer.numbers = NULL;
}

int ant__compiled_prepare(ant_compiled *c) {
    const ant_model_body *b = ant__body(c->model);
    c->n_out = b->n_out;
    c->changes = b->changes;
    int code = place_outputs(c);
    code = code ? code : read_all(c);
    code = code ? code : ant__name_logs(c);
    code = code ? code : ant__trained_weights(c);
    code = code ? code : make_slots(c);
    code = code ? code : make_totals(c);
    c->prepared = code == 0;
    if (code)
        forget(c);
    return code;
}

/* --- weights that training changes --- */
/* Marks those of a layer and what is inside it; a frozen layer freezes all of that. */
static void mark(const ant_names *weights, const ant_layer *l, bool trainable, bool *marks) {
    const ant_model_body *inner = ant__body(l);
    trainable = trainable && l->trainable;
    for (int i = 0; trainable && i < l->weights.n; i++) {
        const ant_weight *w = l->weights.at[i];
        int place = ant__names_place(weights, w);
        if (place >= 0 && ant__weight_trained(w))
            marks[place] = true;
    }
    for (int i = 0; i < l->children.n; i++)
        mark(weights, l->children.at[i], trainable, marks);
    for (int i = 0; inner && i < inner->layers.n; i++)
        mark(weights, inner->layers.at[i].of, trainable, marks);
}

int ant__trained_weights(ant_compiled *c) {
    const ant_names *weights = &ant__body(c->model)->weights;
    bool *marks = ant__alloc_array((size_t)weights->n + 1, sizeof *marks);
    bool good = marks != NULL;
    if (good)
        mark(weights, c->model, true, marks);
    for (int i = 0; i < weights->n && good; i++) {
        ant_weight *w = (ant_weight *)(uintptr_t)weights->at[i].of;
        if (marks[i])
            good = ANT__PUSH(&c->trained, (ant_trained){w, weights->at[i].name});
    }
    ant__free(marks);
    return good ? 0 : ant__fail_memory(&c->context.error);
}
