/* What all metrics share: reading, names, means over samples. */
#include "train/metric.h"
#include "core/convert.h"
#include <string.h>

static const ant_metric_class *class_of(const ant_metric *m) {
    return m->part.cls->impl;
}

static bool by_output(const ant_metric *m) {
    const ant_metric_class *cls = class_of(m);
    return cls->by_output && cls->by_output(m->part.options);
}

/* --- reading --- */
/* The options that both classes have, from the metric's to the loss's, which begin as defaults. */
static void *loss_options(ant_context *c, const ant_class *loss, const ant_part *metric) {
    char *o = ant__arena_alloc(&c->arena, loss->size);
    if (o == NULL) {
        ant__fail_memory(&c->error);
        return NULL;
    }
    memcpy(o, loss->defaults, loss->size);
    for (int k = 0; k < loss->rows_n; k++) {
        const ant_row *to = &loss->rows[k], *from = ant__row_find(metric->cls, to->name);
        if (from)
            memcpy(o + to->offset, (const char *)metric->options + from->offset, to->size);
    }
    return o;
}

/* Keras's name: a word as it was said, a class by its name in snake case. */
static const char *shown_name(ant_context *c, const char *text, const ant_part *part) {
    const ant_row *row = part->options ? ant__row_find(part->cls, "name") : NULL;
    const char *said = NULL;
    if (row)
        memcpy(&said, (const char *)part->options + row->offset, sizeof said);
    if (said)
        return said;
    const char *word = ant__arena_bytes(&c->arena, text, strcspn(text, "( "));
    if (word == NULL)
        ant__fail_memory(&c->error);
    if (word == NULL || strcmp(word, part->cls->name) != 0)
        return word;
    return strcmp(word, "LogCoshError") == 0 ? "logcosh" : ant__snake(c, word);
}

int ant__metric_read(ant_context *c, const char *text, ant_metric *out) {
    *out = (ant_metric){.dims = {ANT__SCALAR, ANT__SCALAR}};
    if (!ant__part_read(c, ANT_METRIC, text, &out->part))
        return c->error.code;
    const ant_metric_class *cls = class_of(out);
    if (cls->check && cls->check(c, out->part.options))
        return c->error.code;
    if (cls->loss) {
        out->loss.cls = ant__class_find(c, ANT_LOSS, cls->loss);
        out->loss.options = loss_options(c, out->loss.cls, &out->part);
    }
    if (cls->totals && !by_output(out))
        cls->totals(out->part.options, 0, out->dims);
    out->name = shown_name(c, text, &out->part);
    return c->error.code;
}

/* --- totals --- */
int ant__metric_shape(ant_context *c, ant_metric *m, const ant_dims *output) {
    const ant_metric_class *cls = class_of(m);
    char text[ANT__DIMS_TEXT];
    if (!by_output(m))
        return 0;
    if (output->rank != 2 || output->dim[1] < 1)
        return ant__fail(&c->error, ANT_E_SHAPE, "%s: the output is %s, must be (batch, classes)",
                         m->part.cls->name, ant__dims_text(output, text));
    cls->totals(m->part.options, output->dim[1], m->dims);
    return cls->fits ? cls->fits(c, m->part.options, output->dim[1]) : 0;
}

/* Of either type. */
static size_t total_size(const ant_dims *d) {
    return ((size_t)ant__dims_count(d) * sizeof(double) + 63) / 64 * 64;
}

size_t ant__metric_size(const ant_metric *m) {
    size_t size = 0;
    for (int k = 0; k < ANT__TOTALS; k++)
        size += 2 * total_size(&m->dims[k]);
    return size;
}

void ant__metric_bind(ant_metric *m, int real, void *numbers) {
    char *at = numbers;
    for (int k = 0; k < ANT__TOTALS; k++) {
        m->total[k] =
            (ant_variable){.name = m->name, .dtype = real, .dims = m->dims[k], .data = at};
        at += total_size(&m->dims[k]);
        m->shown[k] = (double *)at;
        at += total_size(&m->dims[k]);
    }
}

static const double *shown(const ant_metric *m, int k) {
    const ant_variable *v = &m->total[k];
    for (int64_t i = 0, n = ant__dims_count(&v->dims); i < n; i++)
        m->shown[k][i] = ant__real_at(v->data, v->dtype, i);
    return m->shown[k];
}

double ant__metric_result(const ant_metric *m) {
    const ant_metric_class *cls = class_of(m);
    const double *const total[] = {shown(m, 0), shown(m, 1)};
    if (cls->result)
        return cls->result(m, total);
    double mean = total[1][0] == 0 ? 0 : total[0][0] / total[1][0];
    return cls->shape ? cls->shape(mean) : mean;
}

/* --- means --- */
/* The set of axes [from, rank); none when there are none. */
static ant_value *mean_from(ant_program *p, ant_value *x, int from) {
    if (x == NULL || x->dims.rank <= from)
        return x;
    unsigned axes = 0;
    for (int k = from; k < x->dims.rank; k++)
        axes |= ANT_AXIS(k);
    return ant_op_mean(p, x, axes, false);
}

static ant_value *total_of(ant_program *p, ant_value *x) {
    return ant_op_sum(p, x, ANT_ALL_AXES, false);
}

/* Without weights: a value per sample, each counted once. */
static void add_values(ant_metric_call *c, ant_value *values) {
    ant_program *p = c->program;
    values = mean_from(p, values, 1);
    c->total[0] = ant_op_add(p, c->total[0], total_of(p, values));
    c->total[1] = ant_op_add(p, c->total[1], ant__count(p, values));
}

/* Values are averaged over the axes that weights lack, then times weights. */
static void add_weighted(ant_metric_call *c, ant_value *values) {
    ant_program *p = c->program;
    ant_value *weight = c->weight;
    ant__align(p, &values, &weight);
    if (values == NULL || weight == NULL)
        return;
    values = mean_from(p, values, weight->dims.rank);
    if (values == NULL)
        return;
    weight = ant__broadcast_to(p, weight, &values->dims);
    values = mean_from(p, ant_op_mul(p, values, weight), 1);
    c->total[0] = ant_op_add(p, c->total[0], total_of(p, values));
    c->total[1] = ant_op_add(p, c->total[1], total_of(p, mean_from(p, weight, 1)));
}

static void update_mean(ant_metric_call *c) {
    const ant_metric *m = c->metric;
    const ant_metric_class *cls = class_of(m);
    /* the values are found as a loss's, with messages that name the metric */
    ant_class values_class = *m->part.cls;
    values_class.impl = m->loss.cls ? m->loss.cls->impl : &cls->mean;
    ant_loss_call l = {.program = c->program,
                       .cls = &values_class,
                       .options = m->loss.cls ? m->loss.options : m->part.options,
                       .target = c->target,
                       .output = c->output};
    ant_value *values = ant__loss_values(&l);
    if (values && cls->negate)
        values = ant_op_neg(c->program, values);
    if (values && l.mask) {
        ant_value *mask = ant_op_real(c->program, l.mask);
        c->weight = c->weight ? ant_op_mul(c->program, c->weight, mask) : mask;
    }
    if (values && c->weight)
        add_weighted(c, values);
    else
        add_values(c, values);
}

/* --- writing --- */
/* The product of both, either of which may be NULL; a mask with more axes reaches further back. */
static ant_value *merge(ant_program *p, ant_value *weight, ant_value *mask) {
    ant_value *m = mask ? ant_op_real(p, mask) : NULL;
    if (weight == NULL || m == NULL)
        return weight ? ant_op_real(p, weight) : m;
    ant__align(p, &m, &weight);
    while (m && weight && weight->dims.rank < m->dims.rank)
        weight = ant_op_expand(p, weight, -1);
    return ant_op_mul(p, weight, m);
}

void ant__metric_write(ant_program *p, ant_metric *m, ant_value *target, ant_value *output,
                       ant_value *weight, ant_value *mask) {
    const ant_metric_class *cls = class_of(m);
    ant_metric_call c = {.program = p, .metric = m, .target = target, .output = output};
    c.weight = weight || mask ? merge(p, weight, mask) : NULL;
    for (int k = 0; k < ANT__TOTALS; k++)
        c.total[k] = ant__read(p, &m->total[k]);
    if (cls->update)
        cls->update(&c);
    else
        update_mean(&c);
    for (int k = 0; k < ANT__TOTALS; k++)
        ant__assign(p, &m->total[k], c.total[k]);
}

/* --- which way is better --- */
bool ant__larger_is_better(const ant_context *c, const char *log) {
    const char *name = strncmp(log, "val_", 4) == 0 ? log + 4 : log;
    /* "kind_accuracy" ends in the metric's name, "auc_1" begins with it */
    for (; name; name = strchr(name, '_'), name += name != NULL) {
        char word[64];
        size_t n = strlen(name);
        while (n > 0 && strchr("0123456789", name[n - 1]))
            n--;
        n -= n > 0 && n < strlen(name) && name[n - 1] == '_';
        if (n == 0 || n >= sizeof word)
            continue;
        memcpy(word, name, n);
        word[n] = '\0';
        const ant_class *cls = ant__class_find(c, ANT_METRIC, word);
        if (cls)
            return ((const ant_metric_class *)cls->impl)->larger_is_better;
    }
    return false;
}
