/* compile_config as the map that stands under `compile:`: what is said of each output, in their
 * order. Keras says it for all of them at once, by place, or by the keys and names of outputs. */
#include "io/keras/read.h"
#include <string.h>

typedef struct reader {
    ant_context *c;
    const ant_tree *outputs; /* the model's structure; NULL: it has one */
    const char *name[ANT_MAX_PORTS];
    int n;
    const char *key; /* loss, metrics … */
} reader;

/* What a key says of each output; NULL: nothing. */
typedef struct slots {
    const ant_tree *of[ANT_MAX_PORTS];
} slots;

static int fail(reader *r, const char *what) {
    return ant__fail(&r->c->error, ANT_E_OPTION, "compile: %s: %s", r->key, what);
}

static int add(reader *r, ant_tree *out, const char *key, ant_tree *value) {
    if (!value)
        return r->c->error.code;
    value->key = key;
    ant__tree_add(out, value);
    return 0;
}

/* --- which output --- */
static int find_outputs(reader *r, const ant_tree *model) {
    const ant_tree *leaf[ANT_MAX_PORTS];
    ant_tree *taken = ant__tree_new(r->c, ANT__MAP, NULL, NULL);
    r->outputs = ant__tree_get(ant__keras_config(model), "output_layers");
    r->n = 1;
    const char *wrong = r->outputs ? ant__keras_leaves(r->outputs, leaf, &r->n) : NULL;
    if (wrong || !taken)
        return wrong ? fail(r, wrong) : r->c->error.code;
    for (int k = 0; k < r->n && r->outputs; k++) {
        r->name[k] = ant__keras_output_name(r->c, taken, leaf[k]);
        if (!r->name[k] ||
            add(r, taken, r->name[k], ant__tree_new(r->c, ANT__WORD, NULL, r->name[k])))
            return r->c->error.code;
    }
    return 0;
}

static int count(const ant_tree *outputs) {
    int n = 0;
    if (!outputs || ant__keras_is_leaf(outputs))
        return 1;
    for (const ant_tree *t = outputs->first; t; t = t->next)
        n += count(t);
    return n;
}

static bool is_dict(const ant_tree *t) {
    return t->kind == ANT__MAP && !ant__keras_class(t);
}

/* Places what is said of the outputs from `at` on, which have this structure. */
static int place(reader *r, slots *s, const ant_tree *said, const ant_tree *outputs, int at);

/* How many outputs stand before the one under a key. */
static int before(const ant_tree *outputs, const char *key) {
    int n = 0;
    for (const ant_tree *t = outputs->first; t; t = t->next)
        n += strcmp(t->key, key) < 0 ? count(t) : 0;
    return n;
}

static int place_key(reader *r, slots *s, const ant_tree *said, const ant_tree *outputs, int at) {
    bool dict = outputs && outputs->kind == ANT__MAP;
    const ant_tree *own = dict ? ant__tree_get(outputs, said->key) : NULL;
    if (own)
        return place(r, s, said, own, at + before(outputs, said->key));
    for (int k = 0; k < r->n; k++)
        if (r->name[k] && !strcmp(r->name[k], said->key)) {
            s->of[k] = said;
            return 0;
        }
    if (r->n == 1 && !r->name[0])
        return place(r, s, said, NULL, at);
    return ant__fail(&r->c->error, ANT_E_OPTION, "compile: %s: there is no output '%.200s'", r->key,
                     said->key);
}

static int place_list(reader *r, slots *s, const ant_tree *said, const ant_tree *outputs, int at) {
    int code = 0, entries = ant__tree_count(said);
    bool nested = outputs->kind == ANT__ITEMS && entries == ant__tree_count(outputs);
    const ant_tree *own = nested ? outputs->first : NULL;
    if (!nested && entries != count(outputs))
        return ant__fail(&r->c->error, ANT_E_OPTION, "compile: %s: %d entries for %d outputs",
                         r->key, entries, count(outputs));
    for (const ant_tree *t = said->first; t && !code; t = t->next) {
        code = place(r, s, t, own, at);
        at += own ? count(own) : 1;
        own = own ? own->next : NULL;
    }
    return code;
}

static int place(reader *r, slots *s, const ant_tree *said, const ant_tree *outputs, int at) {
    int n = count(outputs), code = 0;
    if (ant__keras_is_null(said))
        return 0;
    if (is_dict(said)) {
        for (const ant_tree *t = said->first; t && !code; t = t->next)
            code = place_key(r, s, t, outputs, at);
        return code;
    }
    if (said->kind == ANT__ITEMS && n > 1)
        return place_list(r, s, said, outputs, at);
    for (int k = 0; k < n; k++)
        s->of[at + k] = said;
    return 0;
}

/* --- values --- */
static ant_tree *none(reader *r) {
    return ant__tree_new(r->c, ANT__WORD, NULL, "none");
}

/* The only entry of a list, however deep. */
static const ant_tree *single(const ant_tree *t) {
    while (t && t->kind == ANT__ITEMS && t->first && !t->first->next)
        t = t->first;
    return t;
}

static ant_tree *loss_read(reader *r, const ant_tree *said) {
    said = single(said);
    return said ? ant__keras_part_read(r->c, ANT_LOSS, "compile: loss", said) : none(r);
}

static ant_tree *weight_read(reader *r, const ant_tree *said) {
    said = single(said);
    if (!said || ant__keras_is_null(said))
        return ant__tree_new(r->c, ANT__WORD, NULL, "1");
    if (said->kind == ANT__WORD)
        return ant__tree_new(r->c, ANT__WORD, NULL, said->text);
    fail(r, "a weight is no number");
    return NULL;
}

/* All metrics of one output: lists may stand in lists. */
static int add_metrics(reader *r, ant_tree *list, const ant_tree *said) {
    int code = 0;
    if (ant__keras_is_null(said))
        return 0;
    if (said->kind != ANT__ITEMS)
        return add(r, list, NULL, ant__keras_part_read(r->c, ANT_METRIC, "compile: metrics", said));
    for (const ant_tree *t = said->first; t && !code; t = t->next)
        code = add_metrics(r, list, t);
    return code;
}

static ant_tree *metrics_read(reader *r, const ant_tree *said) {
    ant_tree *list = ant__tree_new(r->c, ANT__ITEMS, NULL, NULL);
    return list && !add_metrics(r, list, said) ? list : NULL;
}

typedef ant_tree *value_reader(reader *r, const ant_tree *said);

/* A single loss goes to every output as such; what is said of none is left out. */
static int read_key(reader *r, const ant_tree *config, const char *key, value_reader *read,
                    ant_tree *out) {
    const ant_tree *said = ant__tree_get(config, key);
    slots s = {0};
    r->key = key;
    if (ant__keras_is_null(said) || (!ant__tree_scalar(said) && !said->first))
        return 0;
    bool one = r->n == 1 || (read == loss_read && said->kind != ANT__ITEMS && !is_dict(said));
    int code = place(r, &s, said, r->outputs, 0);
    if (code || one)
        return code || !s.of[0] ? code : add(r, out, key, read(r, s.of[0]));
    ant_tree *list = ant__tree_new(r->c, ANT__ITEMS, key, NULL);
    for (int k = 0; k < r->n && list && !code; k++)
        code = add(r, list, NULL, read(r, s.of[k]));
    ant__tree_add(out, list);
    return r->c->error.code;
}

/* --- the optimizer --- */
static int read_optimizer(reader *r, const ant_tree *said, ant_tree *out) {
    const char *cls = said ? ant__keras_class(said) : NULL;
    const ant_tree *inner = NULL;
    if (cls && strstr(cls, "LossScaleOptimizer"))
        inner = ant__tree_get(ant__keras_config(said), "inner_optimizer");
    if (inner)
        ant__warn(r->c, "compile: losses are not scaled: nothing is computed in less than float32");
    return add(
        r, out, "optimizer",
        ant__keras_part_read(r->c, ANT_OPTIMIZER, "compile: optimizer", inner ? inner : said));
}

static ant_tree *compile_read(reader *r, const ant_tree *model, const ant_tree *config) {
    ant_tree *out = ant__tree_new(r->c, ANT__MAP, NULL, NULL);
    const ant_tree *optimizer = ant__tree_get(config, "optimizer");
    r->key = "outputs";
    int code = out ? find_outputs(r, model) : r->c->error.code;
    if (!optimizer)
        optimizer = ant__tree_get(config, "optimizer_config");
    if (!code)
        code = read_optimizer(r, optimizer, out);
    if (!code)
        code = read_key(r, config, "loss", loss_read, out);
    if (!code)
        code = read_key(r, config, "loss_weights", weight_read, out);
    if (!code)
        code = read_key(r, config, "metrics", metrics_read, out);
    if (!code)
        code = read_key(r, config, "weighted_metrics", metrics_read, out);
    return code ? NULL : out;
}

ant_tree *ant__keras_compile_tree(ant_context *c, const char *path, const ant_tree *model,
                                  const ant_tree *config) {
    reader r = {.c = c};
    bool had = c->error.code != 0;
    if (!config || config->kind != ANT__MAP || !config->first)
        return NULL;
    ant_tree *t = compile_read(&r, model, config);
    if (!t && !had)
        ant__error_before(&c->error, "%s: ", path);
    return t;
}
