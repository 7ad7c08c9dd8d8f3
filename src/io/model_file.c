/* Saving and loading whole models. */
#include "io/model_file.h"
#include "io/config.h"
#include "io/keras/keras.h"
#include "io/yaml_tree.h"
#include "io/zip.h"
#include "train/train.h"
#include <string.h>
#include <unistd.h>

/* The version of what stands in "config"; a later one may not be understood here. */
static const char version[] = "1";

/* --- the text --- */
static bool add(ant_tree *parent, ant_tree *child) {
    ant__tree_add(parent, child);
    return parent && child;
}

static ant_tree *section(ant_tree *t, const char *key) {
    if (t)
        t->key = key;
    return t;
}

/* The data section as the model keeps it. */
static ant_tree *kept_data(ant_context *c, const char *text) {
    return ant__yaml_parse(c, "data", text, strlen(text), NULL);
}

static ant_tree *config_tree(ant_context *c, ant_model *m) {
    const ant_model_body *b = ant__body(m);
    ant_tree *t = ant__tree_new(c, ANT__MAP, NULL, NULL);
    if (!add(t, section(ant__model_tree(c, m), "model")))
        return NULL;
    if (ant__compiled(m) && !add(t, section(ant__compile_tree(c, m), "compile")))
        return NULL;
    return !b->data || add(t, section(kept_data(c, b->data), "data")) ? t : NULL;
}

int ant__model_config(ant_context *c, ant_model *m, ant_buffer *out) {
    ant_tree *t = config_tree(c, m);
    if (!t)
        return c->error.code;
    return ant__yaml_put(out, t) ? ant__fail_memory(&c->error) : 0;
}

int ant__config_read(ant_context *c, const char *path, ant_tree *t, ant_config *out) {
    static const char *const keys[] = {"model", "compile", "data", "fit", "callbacks", "output"};
    bool had = c->error.code != 0;
    *out = (ant_config){0};
    const ant_tree *output = NULL;
    if (t->kind != ANT__MAP)
        ant__tree_fail(c, t, ANT_E_FORMAT, "expected 'model:'");
    else if (!ant__tree_keys(c, t, "the file", keys, (int)(sizeof keys / sizeof *keys))) {
        out->model = ant__tree_get(t, "model");
        out->compile = ant__tree_get(t, "compile");
        out->data = ant__tree_get(t, "data");
        out->fit = ant__tree_get(t, "fit");
        out->callbacks = ant__tree_get(t, "callbacks");
        output = ant__tree_get(t, "output");
        if (!out->model)
            ant__tree_fail(c, t, ANT_E_FORMAT, "no 'model:' in the file");
        else if (output && !ant__tree_scalar(output))
            ant__tree_fail(c, output, ANT_E_FORMAT, "output: expected a path");
    }
    out->output = output ? output->text : NULL;
    if (c->error.code && !had)
        ant__error_before(&c->error, "%s:", path);
    return c->error.code;
}

/* --- building --- */
static int keep_data(ant_context *c, ant_model *m, const ant_tree *data) {
    ant_buffer b = {0};
    int code = ant__yaml_put(&b, data);
    const char *kept = code ? NULL : ant__arena_text(&m->context->arena, b.at);
    ant__buffer_free(&b);
    if (!kept)
        return ant__fail_memory(&c->error);
    ant__body(m)->data = kept;
    return 0;
}

int ant__compile_tree_read(ant_graph *g, ant_model *m, const char *path, const ant_tree *t,
                           ant_compiling how) {
    int code = how == ANT__COMPILE_NOT ? 0 : ant__compile_read(m, t);
    const char *text = code ? ant_model_error(m) : "";
    const char *gap = *text >= '0' && *text <= '9' ? "" : " "; /* a place in the file, or none */
    if (!code)
        return 0;
    if (how == ANT__COMPILE)
        return ant__fail(&g->context.error, code, "%s:%s%s", path, gap, text);
    ant__warn(&g->context, "%s:%s%s; the model is not compiled", path, gap, text);
    return 0;
}

/* Compiles, and keeps the data section. */
static int finish(ant_graph *g, ant_model *m, const char *path, const ant_config *config,
                  ant_compiling how) {
    if (config->compile && ant__compile_tree_read(g, m, path, config->compile, how))
        return g->context.error.code;
    return config->data ? keep_data(&g->context, m, config->data) : 0;
}

ant_model *ant__config_model(ant_graph *g, const char *path, const ant_config *config,
                             ant_compiling how) {
    ant_model *m = ant__model_read(g, path, config->model);
    return m && !finish(g, m, path, config, how) ? m : NULL;
}

/* What is needed after the model was built, in `c`. */
static int keep_sections(ant_context *c, ant_config *config) {
    ant_tree **const kept[] = {&config->compile, &config->data};
    for (int k = 0; k < 2; k++)
        if (*kept[k] && !(*kept[k] = ant__tree_copy(c, *kept[k])))
            return c->error.code;
    return 0;
}

/* The text's tree goes once the model is built. */
static ant_model *model_of_tree(ant_graph *g, ant_context *keep, const char *path, const void *text,
                                size_t size, ant_config *config) {
    ant_context c = ant__context_fork(g);
    ant_model *m = NULL;
    c.arena.budget = keep->arena.budget;
    ant_tree *t = ant__yaml_parse(&c, path, text, size, NULL);
    if (t && !ant__config_read(&c, path, t, config) && !keep_sections(keep, config))
        m = ant__model_read(g, path, config->model);
    ant__fault_move(&g->context.error, &c.error);
    ant__arena_free(&c.arena);
    return m;
}

/* A text says a layer in a few words, which takes some KB, and more where it is compiled: that has
 * a budget of its own. */
static ant_model *model_of_text(ant_graph *g, const char *path, const void *text, size_t size,
                                ant_compiling how) {
    enum { MB = 1 << 20, MOST = 64 };
    ant_budget layers = {.left = (size_t)MOST * MB}, *budget = g->context.arena.budget;
    ant_fault *e = &g->context.error;
    const bool had = e->code != 0;
    ant_config config = {0};
    ant_context keep = ant__context_fork(g);
    keep.arena.budget = budget;
    g->context.arena.budget = &layers;
    ant_model *m = model_of_tree(g, &keep, path, text, size, &config);
    ant__fault_move(e, &keep.error);
    if (m && finish(g, m, path, &config, how))
        m = NULL;
    g->context.arena.budget = budget;
    ant__arena_free(&keep.arena);
    if (m || had || !layers.spent || e->code != ANT_E_MEMORY)
        return m;
    ant__error_clear(e);
    ant__fail(e, ANT_E_LIMIT, "%s: its layers take more than %d MB", path, MOST);
    return NULL;
}

const char *ant__weights_beside(ant_context *c, const char *path) {
    const char *dot = strrchr(ant__file_name(path), '.');
    int n = (int)(dot && dot != ant__file_name(path) ? dot - path : (long)strlen(path));
    return ant__print(c, "%.*s.safetensors", n, path);
}

static ant_model *model_of_yaml(ant_graph *g, const char *path, const ant_bytes *b,
                                ant_compiling how) {
    ant_context own = ant__context_fork(g); /* of the other file */
    ant_model *m = model_of_text(g, path, b->at, b->size, how);
    const char *weights = m ? ant__weights_beside(&own, path) : NULL;
    if (weights && !access(weights, F_OK))
        ant__state_read(&own, m, weights, ANT__WEIGHTS_AND_OPTIMIZER, false);
    const bool failed = own.error.code != 0;
    ant__fault_move(&g->context.error, &own.error);
    ant__arena_free(&own.arena);
    return failed ? NULL : m;
}

static int check_version(ant_context *c, const char *path, const ant_safetensors *s) {
    const char *said = ant__safetensors_note(s, "antler");
    if (!ant__safetensors_note(s, "config") || !said)
        return ant__fail(&c->error, ANT_E_FORMAT,
                         "%s: it holds tensors but does not tell what model they belong to; load "
                         "them as weights",
                         path);
    return strcmp(said, version) ? ant__fail(&c->error, ANT_E_FORMAT,
                                             "%s: written in version %.20s of the format; version "
                                             "%s is known",
                                             path, said, version)
                                 : 0;
}

static ant_model *model_of_tensors(ant_graph *g, const char *path, const ant_bytes *b,
                                   ant_compiling how) {
    ant_context *c = &g->context;
    ant_safetensors s;
    ant_model *m = NULL;
    ant_context own = ant__context_fork(g); /* of the file's header */
    own.arena.budget = g->context.arena.budget;
    if (!ant__safetensors_parse(&own, path, b->at, b->size, NULL, &s))
        check_version(&own, path, &s);
    const char *config = own.error.code ? NULL : ant__safetensors_note(&s, "config");
    const char *inside = config ? ant__print(&own, "%s: config", path) : NULL;
    ant__fault_move(&c->error, &own.error);
    if (inside)
        m = model_of_text(g, inside, config, strlen(config), how);
    if (m && (ant__weights_take(c, m, path, &s, false) || ant__optimizer_take(c, m, path, &s)))
        m = NULL;
    ant__arena_free(&own.arena);
    return m;
}

bool ant__model_is(const unsigned char *bytes, size_t size) {
    return ant__safetensors_is(bytes, size) || ant__zip_is(bytes, size) ||
           ant__hdf5_is(bytes, size);
}

static ant_model *model_of(ant_graph *g, const char *path, const ant_bytes *b, ant_compiling how) {
    if (ant__safetensors_is(b->at, b->size))
        return model_of_tensors(g, path, b, how);
    if (ant__zip_is(b->at, b->size))
        return ant__keras_model(g, path, b->at, b->size, how);
    if (ant__hdf5_is(b->at, b->size))
        return ant__keras_legacy_model(g, path, b->at, b->size, how);
    return model_of_yaml(g, path, b, how);
}

/* The same, within what a file may take. */
static ant_model *model_within(ant_graph *g, const char *path, const ant_bytes *b,
                               ant_compiling how) {
    ant_budget budget = ant__reading_budget(b->size);
    ant_fault *e = &g->context.error;
    bool had = e->code != 0;
    g->context.arena.budget = &budget;
    ant_model *m = model_of(g, path, b, how);
    g->context.arena.budget = NULL;
    if (!m && !had)
        ant__budget_tell(e, &budget, path, b->size);
    return m;
}

static ant_model *load(ant_graph *g, const char *path, ant_compiling how) {
    ant_bytes b;
    if (ant__file_read(&g->context.error, path, 0, NULL, &b))
        return NULL;
    ant_model *m = model_within(g, path, &b, how);
    ant__free(b.at);
    return m;
}

static ant_recipe *recipe_of(ant_context *c, const char *path, const char *text) {
    ant_recipe *r = ant__arena_alloc(&c->arena, sizeof *r);
    ant_tree *t = r ? kept_data(c, text) : NULL;
    if (!r)
        ant__fail_memory(&c->error);
    return t && !ant__recipe_read(c, path, t, r) ? r : NULL;
}

ant_model *ant__model_of_bytes(ant_graph *g, const char *path, const ant_bytes *b,
                               ant_compiling how, ant_recipe **recipe) {
    ant_model *m = model_within(g, path, b, how);
    const char *data = m ? ant__body(m)->data : NULL;
    *recipe = data ? recipe_of(&g->context, path, data) : NULL;
    return m && (!data || *recipe) ? m : NULL;
}

ant_model *ant_load_(const ant_load_options *o, size_t size, const char *file, int line) {
    ant_load_options own = {.compile = true};
    const char *wrong = ant__struct_take(&own, offsetof(ant_load_options, ant_end), o, size);
    ant_graph *g = own.graph;
    if (!g)
        return ant__dead_layer();
    bool had = g->context.error.code != 0;
    ant_model *m = NULL;
    if (wrong)
        ant__fail(&g->context.error, ANT_E_OPTION, "load: %s", wrong);
    else
        m = load(g, own.path, own.compile ? ANT__COMPILE : ANT__COMPILE_NOT);
    if (m)
        return m;
    ant__blame(&g->context, had, file, line);
    return ant__dead_layer();
}

/* --- saving --- */
static int save_tensors(ant_context *c, ant_model *m, const char *path) {
    ant_buffer b = {0};
    int code = ant__model_config(c, m, &b);
    ant_note notes[] = {{"antler", version}, {"config", b.at}};
    if (!code)
        code = ant__state_write(c, m, path, ANT__WEIGHTS_AND_OPTIMIZER, notes, 2);
    ant__buffer_free(&b);
    return code;
}

/* The numbers first: a text without its numbers would be drawn anew. The file beside it is a whole
 * model too, so that writing m.yaml takes nothing from a model that was saved as m.safetensors. */
static int save_yaml(ant_context *c, ant_model *m, const char *path) {
    ant_buffer b = {0};
    const char *weights = ant__weights_beside(c, path);
    int code = weights ? ant__model_config(c, m, &b) : c->error.code;
    if (!code)
        code = save_tensors(c, m, weights);
    if (!code)
        code = ant__file_write(&c->error, path, b.at, b.size);
    ant__buffer_free(&b);
    return code;
}

/* What a model can be written as. */
typedef int model_saver(ant_context *c, ant_model *m, const char *path);

static model_saver *saver_of(const char *path) {
    static const struct {
        const char *ending;
        model_saver *save;
    } formats[] = {{".safetensors", save_tensors},
                   {".yaml", save_yaml},
                   {".yml", save_yaml},
                   {".keras", ant__keras_save}};
    for (size_t k = 0; k < sizeof formats / sizeof *formats; k++)
        if (ant__file_ends(path, formats[k].ending))
            return formats[k].save;
    return NULL;
}

int ant__model_path_check(ant_fault *e, const char *path) {
    if (saver_of(path))
        return 0;
    if (ant__file_ends(path, ".h5"))
        return ant__fail(
            e, ANT_E_FORMAT,
            "%s: whole models in .h5 files are only read: expected a name that ends in "
            ".keras, .safetensors or .yaml",
            path);
    return ant__fail(e, ANT_E_FORMAT,
                     "%s: expected a name that ends in .safetensors, .yaml or .keras", path);
}

static int save(ant_context *c, ant_model *m, const char *path) {
    int code = ant__model_path_check(&c->error, path);
    return code ? code : saver_of(path)(c, m, path);
}

int ant__model_save(ant_context *c, ant_model *m, const ant_recipe *recipe, const char *path) {
    ant_tree *data = recipe ? ant__recipe_tree(c, recipe) : NULL;
    if ((recipe && !data) || (data && keep_data(c, m, data)))
        return c->error.code;
    return save(c, m, path);
}

/* Runs one action on a settled model with a context of its own. */
static int with_context(ant_model *m, int (*act)(ant_context *c, ant_model *m, const char *path),
                        const char *path) {
    int code = ant__action_begin(m);
    if (!code)
        code = ant__settle(m);
    if (code)
        return code;
    ant_context c = ant__context_fork(ant__layer_graph(m));
    act(&c, m, path);
    code = ant__model_take_error(m, &c.error);
    ant__arena_free(&c.arena);
    return code;
}

int ant_save(ant_model *m, const char *path) {
    return with_context(m, save, path);
}

static int save_weights(ant_context *c, ant_model *m, const char *path) {
    if (ant__file_ends(path, ".h5"))
        return ant__keras_save_weights(c, m, path);
    return ant__state_write(c, m, path, ANT__WEIGHTS, NULL, 0);
}

int ant_save_weights(ant_model *m, const char *path) {
    return with_context(m, save_weights, path);
}

static int load_strictly(ant_context *c, ant_model *m, const char *path) {
    return ant__state_read(c, m, path, ANT__WEIGHTS, false);
}

static int load_what_fits(ant_context *c, ant_model *m, const char *path) {
    return ant__state_read(c, m, path, ANT__WEIGHTS, true);
}

int ant_load_weights_(const ant_load_weights_options *o, size_t size) {
    ant_load_weights_options own = {0};
    const char *wrong =
        ant__struct_take(&own, offsetof(ant_load_weights_options, ant_end), o, size);
    int code = ant__action_begin(own.model);
    if (code)
        return code;
    if (wrong)
        return ant__model_fail(own.model, ANT_E_OPTION, "load_weights: %s", wrong);
    return with_context(own.model, own.skip_mismatch ? load_what_fits : load_strictly, own.path);
}
