/* compile as a map of texts, both ways:
 *
 *     {optimizer: Adam(learning_rate=0.01), loss: {tmax: mse, rain: bce},
 *      loss_weights: {tmax: 1, rain: 0.5}, metrics: {tmax: [mae], rain: [accuracy]}}
 *
 * With one output its values stand alone: {loss: mse, metrics: [mae]}. */
#include "core/options/field.h"
#include "train/compiled.h"
#include <string.h>

/* What is read, output by output. */
typedef struct reader {
    ant_context *context;
    ant_model *model;
    const char *optimizer;
    ant_output_options out[ANT_MAX_PORTS];
    int n; /* outputs */
} reader;

/* How one key's value goes into an output's options. */
typedef int value_reader(reader *r, ant_output_options *out, ant_tree *t);

static bool is_none(const ant_tree *t) {
    return ant__tree_scalar(t) &&
           (ant__same_name(t->text, "none") || ant__same_name(t->text, "null"));
}

/* --- values --- */
static int read_loss(reader *r, ant_output_options *out, ant_tree *t) {
    if (is_none(t))
        return 0;
    out->loss = ant__part_canonical(r->context, ANT_LOSS, t);
    return out->loss ? 0 : r->context->error.code;
}

static int read_weight(reader *r, ant_output_options *out, ant_tree *t) {
    if (ant__tree_scalar(t) && ant__number_read(t->text, &out->loss_weight))
        return 0;
    return ant__tree_fail(r->context, t, ANT_E_OPTION, "compile: a loss weight must be a number");
}

static int read_parts(reader *r, const char **parts, ant_tree *t) {
    int n = 0;
    bool list = t->kind == ANT__ITEMS;
    for (ant_tree *i = list ? t->first : t; i && !is_none(i); i = list ? i->next : NULL) {
        if (n == ANT_MAX_LIST - 1)
            return ant__tree_fail(r->context, i, ANT_E_LIMIT, "compile: more than %d metrics", n);
        parts[n] = ant__part_canonical(r->context, ANT_METRIC, i);
        if (parts[n++] == NULL)
            return r->context->error.code;
    }
    return 0;
}

static int read_metrics(reader *r, ant_output_options *out, ant_tree *t) {
    return read_parts(r, out->metrics, t);
}

static int read_weighted(reader *r, ant_output_options *out, ant_tree *t) {
    return read_parts(r, out->weighted_metrics, t);
}

/* --- which output --- */
static int output_named(const reader *r, const char *name) {
    for (int k = 0; k < r->n; k++)
        if (r->out[k].name && strcmp(r->out[k].name, name) == 0)
            return k;
    return -1;
}

/* A map is by names unless it is one part with options: {Huber: {delta: 2}}. */
static bool by_names(const reader *r, const ant_tree *t, int kind) {
    if (t->kind != ANT__MAP || t->first == NULL)
        return false;
    if (output_named(r, t->first->key) >= 0)
        return true;
    return kind == 0 || ant__class_find(r->context, kind, t->first->key) == NULL;
}

static int unknown_output(reader *r, const ant_tree *t) {
    const char *names[ANT_MAX_PORTS];
    char hint[ANT__HINT_TEXT];
    int n = 0;
    for (int k = 0; k < r->n; k++)
        if (r->out[k].name)
            names[n++] = r->out[k].name;
    return ant__tree_fail(r->context, t, ANT_E_OPTION, "compile: no output '%s'%s", t->key,
                          ant__hint(hint, t->key, names, n));
}

static int read_named(reader *r, const ant_tree *t, value_reader *read) {
    for (ant_tree *i = t->first; i; i = i->next) {
        int k = output_named(r, i->key), code = k < 0 ? unknown_output(r, i) : 0;
        code = code ? code : read(r, &r->out[k], i);
        if (code)
            return code;
    }
    return 0;
}

static int read_list(reader *r, const ant_tree *t, value_reader *read) {
    int k = 0, code = 0;
    for (ant_tree *i = t->first; i && code == 0; i = i->next, k++)
        code = k < r->n ? read(r, &r->out[k], i)
                        : ant__tree_fail(r->context, i, ANT_E_OPTION,
                                         "compile: the model has %d outputs", r->n);
    return code;
}

static int read_all(reader *r, ant_tree *t, value_reader *read) {
    int code = 0;
    for (int k = 0; k < r->n && code == 0; k++)
        code = read(r, &r->out[k], t);
    return code;
}

/* By name, by place, or one for every output. A list of metrics of a model with one output is that
 * output's list. */
static int read_value(reader *r, ant_tree *t, int kind, value_reader *read) {
    bool metrics = kind == ANT_METRIC;
    if (by_names(r, t, kind))
        return read_named(r, t, read);
    if (t->kind == ANT__ITEMS && (r->n > 1 || !metrics))
        return read_list(r, t, read);
    return read_all(r, t, read);
}

/* --- the map --- */
static int read_optimizer(reader *r, ant_tree *t) {
    if (is_none(t))
        return 0;
    r->optimizer = ant__part_canonical(r->context, ANT_OPTIMIZER, t);
    return r->optimizer ? 0 : r->context->error.code;
}

static int read_key(reader *r, ant_tree *t) {
    static const struct {
        const char *key;
        int kind;
        value_reader *read;
    } keys[] = {{"loss", ANT_LOSS, read_loss},
                {"loss_weights", 0, read_weight},
                {"metrics", ANT_METRIC, read_metrics},
                {"weighted_metrics", ANT_METRIC, read_weighted}};
    static const char *const words[] = {"optimizer", "loss", "loss_weights", "metrics",
                                        "weighted_metrics"};
    char hint[ANT__HINT_TEXT];
    if (strcmp(t->key, "optimizer") == 0)
        return read_optimizer(r, t);
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        if (strcmp(t->key, keys[k].key) == 0)
            return read_value(r, t, keys[k].kind, keys[k].read);
    return ant__tree_fail(r->context, t, ANT_E_OPTION, "compile: no option '%s'%s", t->key,
                          ant__hint(hint, t->key, words, 5));
}

static int read_map(reader *r, const ant_tree *t) {
    const ant_model_body *b = ant__body(r->model);
    r->optimizer = "rmsprop";
    r->n = b->n_out ? b->n_out : 1;
    for (int k = 0; k < r->n; k++)
        r->out[k] = (ant_output_options){ANT_OUTPUT_DEFAULTS,
                                         .name = b->n_out ? ant__out_name(r->model, k) : NULL};
    if (t->kind != ANT__MAP && (t->kind != ANT__ITEMS || t->first))
        return ant__tree_fail(r->context, t, ANT_E_OPTION, "compile: must be a map");
    int code = 0;
    for (ant_tree *i = t->first; i && code == 0; i = i->next)
        code = read_key(r, i);
    return code;
}

static int use(const reader *r) {
    const ant_output_options *one = &r->out[0];
    ant_compile_options o = {ANT_COMPILE_DEFAULTS, .model = r->model};
    o.optimizer = r->optimizer;
    if (one->name)
        memcpy(o.outputs, r->out, sizeof *r->out * (size_t)r->n);
    else {
        o.loss[0] = one->loss;
        o.loss_weights[0] = one->loss_weight;
        memcpy(o.metrics[0], one->metrics, sizeof o.metrics[0]);
        memcpy(o.weighted_metrics[0], one->weighted_metrics, sizeof o.weighted_metrics[0]);
    }
    return ant__compile(r->model, &o);
}

int ant__compile_read(ant_model *m, const ant_tree *t) {
    int code = ant__action_begin(m);
    if (code == 0 && ant__body(m)->n_in > 0)
        code = ant__settle(m);
    reader *r = code ? NULL : ant__alloc(sizeof *r);
    if (r == NULL)
        return code ? code : ant__model_fail(m, ANT_E_MEMORY, "%s", ant_code_text(ANT_E_MEMORY));
    ant_context c = ant__context_fork(ant__layer_graph(m));
    r->context = &c;
    r->model = m;
    code = read_map(r, t);
    code = code ? ant__model_take_error(m, &c.error) : use(r);
    ant__arena_free(&c.arena);
    ant__free(r);
    return code;
}

/* --- writing --- */
/* A part under a key; NULL for a part that is not there. */
static ant_tree *part_tree(ant_context *c, const char *key, const char *text) {
    ant_tree *t = text ? ant__text_parse(c, text, 0, 0) : NULL;
    if (t)
        t->key = key;
    return t;
}

static ant_tree *loss_tree(ant_context *c, const char *key, const ant_output_options *o) {
    return part_tree(c, key, o->loss);
}

static ant_tree *weight_tree(ant_context *c, const char *key, const ant_output_options *o) {
    char text[ANT__NUMBER_TEXT];
    if (o->loss_weight == 1)
        return NULL;
    const char *kept = ant__arena_text(&c->arena, ant__number_text(o->loss_weight, text));
    if (kept == NULL)
        ant__fail_memory(&c->error);
    return kept ? ant__tree_new(c, ANT__WORD, key, kept) : NULL;
}

static ant_tree *parts_tree(ant_context *c, const char *key, const char *const *parts) {
    ant_tree *list = parts[0] ? ant__tree_new(c, ANT__ITEMS, key, NULL) : NULL;
    for (int k = 0; list && k < ANT_MAX_LIST && parts[k]; k++)
        ant__tree_add(list, part_tree(c, NULL, parts[k]));
    return list;
}

static ant_tree *metrics_tree(ant_context *c, const char *key, const ant_output_options *o) {
    return parts_tree(c, key, o->metrics);
}

static ant_tree *weighted_tree(ant_context *c, const char *key, const ant_output_options *o) {
    return parts_tree(c, key, o->weighted_metrics);
}

typedef ant_tree *value_writer(ant_context *c, const char *key, const ant_output_options *o);

/* The name of the output that what was said at place k is for. */
static const char *said_name(const ant_compiled *s, int k) {
    return s->said[k]->name ? s->said[k]->name : ant__out_name(s->model, k);
}

/* The value of a single output, or a map by output names. */
static ant_tree *value_tree(ant_context *c, const ant_compiled *s, const char *key,
                            value_writer *write) {
    bool alone = ant__body(s->model)->n_out <= 1;
    if (s->n_said == 0 || alone)
        return s->n_said == 0 ? NULL : write(c, key, s->said[0]);
    ant_tree *map = ant__tree_new(c, ANT__MAP, key, NULL);
    for (int k = 0; map && k < s->n_said; k++)
        ant__tree_add(map, write(c, said_name(s, k), s->said[k]));
    return map && map->first ? map : NULL;
}

/* One loss said for all outputs is written so. */
static ant_tree *losses_tree(ant_context *c, const ant_compiled *s) {
    return s->one_for_all ? part_tree(c, "loss", s->said[0]->loss)
                          : value_tree(c, s, "loss", loss_tree);
}

ant_tree *ant__compile_tree(ant_context *c, const ant_model *m) {
    const ant_compiled *s = ant__compiled(m);
    ant_tree *t = s ? ant__tree_new(c, ANT__MAP, NULL, NULL) : NULL;
    if (t == NULL)
        return NULL;
    ant__tree_add(t, s->optimizer_text ? part_tree(c, "optimizer", s->optimizer_text)
                                       : ant__tree_new(c, ANT__WORD, "optimizer", "none"));
    ant__tree_add(t, losses_tree(c, s));
    ant__tree_add(t, value_tree(c, s, "loss_weights", weight_tree));
    ant__tree_add(t, value_tree(c, s, "metrics", metrics_tree));
    ant__tree_add(t, value_tree(c, s, "weighted_metrics", weighted_tree));
    return c->error.code ? NULL : t;
}
