/* A model from the JSON in a file, whichever file it is. What stands between the text and the model
 * goes as soon as it can, for it takes more memory than either: first the JSON's values, then the
 * model's tree and all texts. */
#include "io/config.h"
#include "io/keras/read.h"

typedef struct build {
    const ant_keras_source *from;
    ant_context c;   /* of texts and of the trees made of the JSON */
    ant_arena nodes; /* of the JSON */
} build;

static const ant_tree *parse(build *b, const ant_keras_json *json) {
    ant_limits limits = ant__keras_limits(b->from->file_size);
    return ant__json_parse(&b->c, &b->nodes, json->where, json->text, json->size, &limits);
}

/* The map under `compile:`; NULL without an error: none, or one that is left alone with a
 * warning. */
static const ant_tree *compile_tree(build *b, const ant_tree *config, const ant_tree *said) {
    const ant_keras_source *from = b->from;
    const ant_tree *t = NULL;
    if (!b->c.error.code)
        t = ant__keras_compile_tree(&b->c, from->path, config, said);
    if (!b->c.error.code || from->how == ANT__COMPILE)
        return t;
    ant__warn(&b->c, "%s; the model is not compiled", b->c.error.text);
    ant__error_clear(&b->c.error);
    return NULL;
}

/* Sets *compile, a copy in the caller's context, where the model was compiled. */
static ant_tree *trees(build *b, ant_context *keep, ant_tree **compile) {
    const ant_keras_source *from = b->from;
    const ant_tree *config = parse(b, &from->config), *said = NULL;
    ant_tree *model = NULL;
    if (config)
        model = ant__keras_model_tree(&b->c, from->path, config, from->legacy);
    if (!model || from->how == ANT__COMPILE_NOT)
        return model;
    said = from->training.text        ? parse(b, &from->training)
           : config->kind == ANT__MAP ? ant__tree_get(config, "compile_config")
                                      : NULL;
    const ant_tree *t = compile_tree(b, config, said);
    if (t && !(*compile = ant__tree_copy(keep, t)))
        return NULL;
    return b->c.error.code ? NULL : model;
}

ant_model *ant__keras_model_make(ant_context *c, const ant_keras_source *from, ant_tree **compile) {
    build b = {.from = from, .c = ant__context_fork(from->g)};
    b.c.arena.budget = b.nodes.budget = from->g->context.arena.budget;
    *compile = NULL;
    ant_tree *t = trees(&b, c, compile);
    ant__arena_free(&b.nodes);
    ant_model *m = t ? ant__model_read(from->g, from->path, t) : NULL;
    ant__fault_move(&c->error, &b.c.error);
    if (!m)
        ant__fault_move(&c->error, &from->g->context.error);
    ant__arena_free(&b.c.arena);
    return m && !from->legacy && ant__keras_masks_mark(c, m) ? NULL : m;
}
