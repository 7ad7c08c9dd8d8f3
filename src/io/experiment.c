/* Opening an experiment: data, model, compile, fit, callbacks, output. */
#include "io/experiment.h"
#include "graph/graph.h"
#include "io/array.h"
#include "io/config.h"
#include "io/model_file.h"
#include "io/yaml_tree.h"
#include "train/train.h"
#include <string.h>
#include <unistd.h>

/* --- fit: as a file says it --- */
typedef struct ant_fit_section_options {
    int epochs, batch_size;
    double validation_split;
    bool shuffle;
    int seed;
    ant_floats class_weight;
    int initial_epoch, steps_per_epoch, validation_steps, validation_batch_size, validation_freq;
    char ant_end;
} ant_fit_section_options;
#define ANT_FIT_SECTION_DEFAULTS                                                                   \
    .epochs = 1, .batch_size = ANT_NONE, .shuffle = true, .seed = ANT_NONE,                        \
    .steps_per_epoch = ANT_NONE, .validation_steps = ANT_NONE, .validation_batch_size = ANT_NONE,  \
    .validation_freq = 1

static const ant_row fit_section_rows[] = {
    ANT__ROW(fit_section, epochs, "passes over the rows", ANT__AT_LEAST(1)),
    ANT__ROW(fit_section, batch_size, "rows per step", ANT__AT_LEAST(1)),
    ANT__ROW(fit_section, validation_split, "share of rows, from the end", ANT__BETWEEN(0, 1)),
    ANT__ROW(fit_section, shuffle, "a new order in every epoch"),
    ANT__ROW(fit_section, seed, "of all random numbers"),
    ANT__ROW(fit_section, class_weight, "the k-th number for class k"),
    ANT__ROW(fit_section, initial_epoch, "where numbers of epochs go on", ANT__AT_LEAST(0)),
    ANT__ROW(fit_section, steps_per_epoch, "at most", ANT__AT_LEAST(1)),
    ANT__ROW(fit_section, validation_steps, "at most", ANT__AT_LEAST(1)),
    ANT__ROW(fit_section, validation_batch_size, "rows per step", ANT__AT_LEAST(1)),
    ANT__ROW(fit_section, validation_freq, "epochs between validations", ANT__AT_LEAST(1)),
};
static const ant_class fit_class = ANT__CLASS(fit, fit_section, FIT_SECTION, ANT_ACTION, NULL);

static int read_fit(ant_experiment *e, const ant_tree *t) {
    ant_context *c = &e->graph->context;
    ant_fit_section_options o = {ANT_FIT_SECTION_DEFAULTS};
    if (t && t->kind != ANT__MAP)
        return ant__tree_fail(c, t, ANT_E_OPTION, "fit: expected {option: value, …}");
    if (t &&
        (ant__options_set(c, &fit_class, &o, t, NULL) || ant__options_check(c, &fit_class, &o)))
        return c->error.code;
    e->fit = (ant_fit_options){
        ANT_FIT_DEFAULTS,
        .epochs = o.epochs,
        .batch_size = o.batch_size,
        .validation_split = o.validation_split,
        .shuffle = o.shuffle,
        .class_weight = o.class_weight,
        .initial_epoch = o.initial_epoch,
        .steps_per_epoch = o.steps_per_epoch,
        .validation_steps = o.validation_steps,
        .validation_batch_size = o.validation_batch_size,
        .validation_freq = o.validation_freq,
    };
    if (o.seed != ANT_NONE)
        c->seed = (uint64_t)(int64_t)o.seed;
    return 0;
}

static int read_callbacks(ant_experiment *e, const ant_tree *t) {
    ant_context *c = &e->graph->context;
    int n = 0;
    if (t && t->kind != ANT__ITEMS)
        return ant__tree_fail(c, t, ANT_E_OPTION, "callbacks: expected a list");
    for (ant_tree *x = t ? t->first : NULL; x; x = x->next) {
        if (n == ANT_MAX_LIST - 1)
            return ant__tree_fail(c, x, ANT_E_LIMIT, "more than %d callbacks", n);
        ant_tree *call = ant__tree_expand(c, x);
        const char *text = call ? ant__tree_text(c, call) : NULL;
        if (!text || !strcmp(text = ant__part_text(c, ANT_CALLBACK, text), "!"))
            return c->error.code;
        e->fit.callbacks[n++] = text;
    }
    return 0;
}

/* --- paths --- */
/* A path said in a file is meant from the file's folder. */
const char *ant__experiment_path(const ant_experiment *e, const char *said) {
    const char *slash = strrchr(e->path, '/');
    if (*said == '/' || !slash)
        return said;
    return ant__print(&e->graph->context, "%.*s/%s", (int)(slash - e->path), e->path, said);
}

static int read_output(ant_experiment *e, const ant_tree *t) {
    if (!t)
        return 0;
    if (!t->text || t->first)
        return ant__tree_fail(&e->graph->context, t, ANT_E_OPTION,
                              "output: expected a file's name");
    e->output = ant__experiment_path(e, t->text);
    return e->output ? 0 : e->graph->context.error.code;
}

/* --- overrides: PATH=VALUE in place of what the file says --- */
static ant_tree *step_into(ant_context *c, ant_tree *t, const char *key) {
    int64_t index;
    ant_tree *x = ant__tree_get(t, key);
    if (t->kind == ANT__ITEMS && ant__whole_read(key, &index)) {
        for (x = t->first; x && index > 0; index--)
            x = x->next;
        return x;
    }
    if (x || t->kind != ANT__MAP)
        return x;
    x = ant__tree_new(c, ANT__MAP, key, NULL);
    ant__tree_add(t, x);
    return x;
}

/* It stands at no place of the file. */
static void forget_place(ant_tree *t) {
    t->line = t->column = 0;
    for (ant_tree *x = t->first; x; x = x->next)
        forget_place(x);
}

/* {a: b}, as in the file. */
static ant_tree *parse_map(ant_context *c, const char *value) {
    ant_tree *t = ant__yaml_parse(c, value, value, strlen(value), NULL);
    if (t)
        forget_place(t);
    return t;
}

/* A list is written as [a, b], a map as {a: b}; anything else is a scalar, whose type its reader
 * knows. */
static int set_value(ant_context *c, ant_tree *t, const char *value) {
    ant_tree *v = *value == '['   ? ant__text_parse(c, value, 0, 0)
                  : *value == '{' ? parse_map(c, value)
                                  : ant__tree_new(c, ANT__WORD, NULL, value);
    if (!v)
        return c->error.code;
    t->kind = v->kind;
    t->text = v->text;
    t->first = v->first;
    t->last = v->last;
    return 0;
}

static int override(ant_context *c, ant_tree *t, const char *said) {
    const char *equals = strchr(said, '='), *at = said;
    if (!equals || equals == said)
        return ant__fail(&c->error, ANT_E_OPTION, "'%s': expected PATH=VALUE, as fit.epochs=3",
                         said);
    while (t && at < equals) {
        size_t n = strcspn(at, ".=");
        const char *key = ant__arena_bytes(&c->arena, at, n);
        t = key ? step_into(c, t, key) : NULL;
        at += n + 1;
    }
    if (!t)
        return c->error.code
                   ? c->error.code
                   : ant__fail(&c->error, ANT_E_OPTION, "'%s': the file has no such place", said);
    return set_value(c, t, equals + 1);
}

/* Is it said of this place, or of one in it? */
static bool is_below(const char *said, const char *place) {
    size_t n = strlen(place);
    return !strncmp(said, place, n) && (said[n] == '.' || said[n] == '=');
}

static int override_all(ant_experiment *e, const char *const *sets, int n) {
    for (int k = 0; k < n; k++)
        if (override(&e->graph->context, e->tree, sets[k]))
            return e->graph->context.error.code;
    return 0;
}

/* --- what the file holds --- */
static int read_recipe(ant_experiment *e, ant_tree *t) {
    ant_context *c = &e->graph->context;
    if (!t)
        return 0;
    e->recipe = ant__arena_alloc(&c->arena, sizeof *e->recipe);
    return e->recipe ? ant__recipe_read(c, e->path, t, e->recipe) : ant__fail_memory(&c->error);
}

static int compile(ant_experiment *e, const ant_tree *t) {
    if (!t || !ant__compile_read(e->model, t))
        return 0;
    const char *text = ant_model_error(e->model); /* "12:5: …": a place in the file */
    bool placed = *text >= '0' && *text <= '9';
    return ant__fail(&e->graph->context.error, ANT_E_OPTION, "%s%s%s", placed ? e->path : "",
                     placed ? ":" : "", text);
}

/* A Sequential without an input gets the shape of the data section's rows, where the file with them
 * can be read; else it waits for other rows. */
static int build_from_data(ant_experiment *e, ant_tree *data) {
    ant_context c = ant__context_fork(e->graph);
    int shape[ANT_MAX_AXES] = {0}, code = 0;
    ant_recipe r;
    ant_table t;
    if (ant_model_inputs(e->model) || !e->recipe || !e->recipe->file)
        return 0;
    const char *path = ant__experiment_path(e, e->recipe->file);
    if (path && !ant__recipe_read(&c, e->path, data, &r) && !ant__csv_read(&c, path, NULL, &t) &&
        !ant__recipe_fit(&c, &r, &t) && r.n_x == 1) {
        ant__port_shape(&r.x[0], shape);
        code = ant_build(e->model, shape);
    }
    ant__arena_free(&c.arena);
    if (!path)
        return e->graph->context.error.code;
    return code ? ant__fail(&e->graph->context.error, code, "%s", ant_model_error(e->model)) : 0;
}

static const char *const known[] = {"data", "compile", "fit", "callbacks", "output", "model"};
enum { KNOWN = sizeof known / sizeof *known };

static int check_keys(ant_experiment *e) {
    ant_context *c = &e->graph->context;
    if (e->tree->kind != ANT__MAP || !ant__tree_get(e->tree, "model"))
        return ant__tree_fail(c, e->tree, ANT_E_FORMAT, "expected a model: no key 'model:'");
    return ant__tree_keys(c, e->tree, "experiment", known, KNOWN);
}

static int read_tree(ant_experiment *e) {
    const ant_tree *t = e->tree;
    if (check_keys(e) || read_fit(e, ant__tree_get(t, "fit")) ||
        read_recipe(e, ant__tree_get(t, "data")) ||
        read_callbacks(e, ant__tree_get(t, "callbacks")) ||
        read_output(e, ant__tree_get(t, "output")))
        return e->graph->context.error.code;
    e->model = ant__model_read(e->graph, e->path, ant__tree_get(t, "model"));
    if (!e->model || build_from_data(e, ant__tree_get(t, "data")))
        return e->graph->context.error.code;
    return compile(e, ant__tree_get(t, "compile"));
}

/* A model's YAML has its weights beside it: net.yaml, net.safetensors. An experiment begins
 * anew. */
static int weights_beside(ant_experiment *e) {
    const char *dot = strrchr(e->path, '.');
    bool kept = !e->recipe || e->recipe->fitted;
    if (!kept || ant__tree_get(e->tree, "fit") || !dot)
        return 0;
    const char *path =
        ant__print(&e->graph->context, "%.*s.safetensors", (int)(dot - e->path), e->path);
    if (!path || access(path, F_OK))
        return path ? 0 : e->graph->context.error.code;
    e->has_weights = true;
    return ant__state_read(&e->graph->context, e->model, path, ANT__WEIGHTS_AND_OPTIMIZER, false);
}

int ant__experiment_weights(ant_experiment *e, const char *path) {
    e->has_weights = true;
    if (!ant_model_inputs(e->model)) {
        e->waiting = path;
        return 0;
    }
    e->waiting = NULL;
    if (ant_load_weights(e->model, path))
        return ant__fail(&e->graph->context.error, ANT_E_FILE, "%s", ant_model_error(e->model));
    return 0;
}

/* --- other rows than the file's --- */
static bool is_used(const ant_experiment *e, const char *said, const char *data,
                    const char *targets, bool training) {
    bool table = !ant__arrays_are(data) && !(e->recipe && e->recipe->arrays);
    if (is_below(said, "data.file")) /* which columns are fitted on, unless they are on `data` */
        return table && !training && !targets;
    if (is_below(said, "data.y"))
        return table && !targets;
    return table || !is_below(said, "data.x");
}

int ant__experiment_data(const ant_experiment *e, const char *data, const char *targets,
                         bool training, ant_rows_of *which) {
    ant_fault *error = &e->graph->context.error;
    bool test = !data;
    for (int k = 0; k < e->n_sets; k++) {
        const char *said = e->sets[k];
        test |= is_below(said, "data.test");
        if (data && !is_used(e, said, data, targets, training))
            return ant__fail(error, ANT_E_OPTION,
                             "'%s' says nothing where the rows are those of %s", said,
                             targets && is_below(said, "data.y") ? targets : data);
    }
    *which = training ? ANT__TRAIN_ROWS : test ? ANT__TEST_ROWS : ANT__ALL_ROWS;
    return 0;
}

/* --- opening --- */
static int open_text(ant_experiment *e, const ant_bytes *bytes, const char *weights,
                     const char *const *sets, int n) {
    ant_context *c = &e->graph->context;
    e->tree = ant__yaml_parse(c, e->path, bytes->at, bytes->size, NULL);
    if (!e->tree || override_all(e, sets, n) || read_tree(e))
        return c->error.code;
    return weights ? 0 : weights_beside(e);
}

/* What was said of the data of a saved model: its columns are fitted, so that only the rows to
 * evaluate on can be chosen, or columns where it has none. */
static int read_saved_data(ant_experiment *e) {
    ant_context *c = &e->graph->context;
    ant_tree *said = ant__tree_get(e->tree, "data");
    ant_recipe *kept = e->recipe;
    if (!said || read_recipe(e, said) || !kept)
        return c->error.code;
    if (e->recipe->file || e->recipe->n_x || e->recipe->n_y)
        return ant__fail(&c->error, ANT_E_OPTION,
                         "%s: what the model takes from columns is fitted: of its data only "
                         "data.test can be set",
                         e->path);
    kept->test = e->recipe->test;
    kept->has_test = e->recipe->has_test;
    e->recipe = kept;
    return 0;
}

/* A saved model knows how it is compiled; what is said instead compiles it anew. */
static int open_saved(ant_experiment *e, const ant_bytes *bytes, ant_compiling how,
                      const char *const *sets, int n) {
    ant_context *c = &e->graph->context;
    bool again = false;
    e->model = ant__model_of_bytes(e->graph, e->path, bytes, how, &e->recipe);
    e->tree = e->model ? ant__tree_new(c, ANT__MAP, NULL, NULL) : NULL;
    if (!e->tree)
        return c->error.code;
    ant_tree *compiled = ant__compiled(e->model) ? ant__compile_tree(c, e->model) : NULL;
    if (compiled) {
        compiled->key = "compile";
        ant__tree_add(e->tree, compiled);
    }
    e->has_weights = true;
    for (int k = 0; k < n; k++)
        again |= is_below(sets[k], "compile");
    if (override_all(e, sets, n) || ant__tree_keys(c, e->tree, "saved model", known, KNOWN - 1) ||
        read_fit(e, ant__tree_get(e->tree, "fit")) || read_saved_data(e) ||
        read_callbacks(e, ant__tree_get(e->tree, "callbacks")) ||
        read_output(e, ant__tree_get(e->tree, "output")))
        return c->error.code;
    return again ? compile(e, ant__tree_get(e->tree, "compile")) : 0;
}

static int open_bytes(ant_experiment *e, const ant_bytes *bytes, ant_compiling how,
                      const char *weights, const char *const *sets, int n) {
    int code = ant__model_is(bytes->at, bytes->size) ? open_saved(e, bytes, how, sets, n)
                                                     : open_text(e, bytes, weights, sets, n);
    if (!code && weights)
        code = ant__experiment_weights(e, weights);
    return code;
}

int ant__experiment_open(ant_graph *g, const char *path, ant_compiling how, const char *weights,
                         const char *const *overrides, int n, ant_experiment *out) {
    ant_bytes bytes = {0};
    *out = (ant_experiment){.graph = g, .path = path, .sets = overrides, .n_sets = n};
    if (ant__file_read(&g->context.error, path, 0, NULL, &bytes))
        return g->context.error.code;
    int code = open_bytes(out, &bytes, how, weights, overrides, n);
    ant__free(bytes.at);
    /* A place in the file without the file. */
    char first = g->context.error.text[0];
    if (code && first >= '0' && first <= '9')
        ant__error_before(&g->context.error, "%s:", path);
    return code;
}

void ant__experiment_close(ant_experiment *e) {
    for (int k = 0; k < e->held.n; k++)
        ant_arrays_free(e->held.at[k]);
    ant__free(e->held.at);
}

int ant__experiment_save(ant_experiment *e, const char *path) {
    const ant_recipe *r = e->recipe;
    bool columns = r && !r->arrays && (r->n_x || r->n_y);
    return ant__model_save(&e->graph->context, e->model, columns ? r : NULL, path);
}
