/* One layer of Keras's config as it stands in a model tree. */
#include "core/options/option.h"
#include "io/keras/read.h"
#include <stdio.h>
#include <string.h>

/* --- types of numbers --- */
static const char *policy_name(const ant_tree *dtype) {
    if (dtype->kind == ANT__QUOTED)
        return dtype->text;
    const char *cls = ant__keras_class(dtype), *name = NULL;
    if (cls)
        name = ant__keras_text_of(ant__keras_config(dtype), "name");
    if (cls && !name)
        name = ant__keras_text_of(ant__keras_config(dtype), "default_policy");
    return name ? name : cls;
}

/* "float32_from_…" and the like are the types of stored weights. */
static bool quantised(const ant_tree *dtype, const char *name) {
    const char *cls = ant__keras_class(dtype);
    return (cls && !strncmp(cls, "Quantized", 9)) || strstr(name, "_from_") ||
           !strncmp(name, "int8", 4) || !strncmp(name, "int4", 4) || !strncmp(name, "float8", 6);
}

/* Notes the policy of a layer: one of float64 makes all of the model float64, what is of less than
 * float32 is warned of once, or refused. */
static int dtype_read(ant_keras_reader *r, const char *where, const ant_tree *dtype) {
    static const char others[] = "float16 bfloat16 mixed_float16 mixed_bfloat16";
    const char *name = ant__keras_is_null(dtype) ? "float32" : policy_name(dtype);
    ant_fault *e = &r->c->error;
    if (!name)
        return ant__fail(e, ANT_E_FORMAT, "%s: dtype is no name and no policy", where);
    r->float64 |= !strcmp(name, "float64");
    if (!strcmp(name, "float32") || !strcmp(name, "float64"))
        return 0;
    if (quantised(dtype, name))
        return ant__fail(e, ANT_E_OPTION,
                         "%s: its weights are quantised (%.60s), which is not read", where, name);
    if (!ant__word_among(others, name, false))
        return ant__fail(e, ANT_E_OPTION,
                         "%s: dtype is '%.60s', only float32 and float64 are computed in", where,
                         name);
    if (!r->warned)
        ant__warn(r->c, "%s: %s is of type %s; all is computed in float32", r->path, where, name);
    r->warned = true;
    return 0;
}

/* --- inputs --- */
/* What kernels have, for the whole numbers that they have not. */
static const char *input_dtype(ant_keras_reader *r, const char *where, const ant_tree *dtype) {
    static const struct {
        const char *said, *own;
    } types[] = {{"int8", "int32"},   {"uint8", "int32"},  {"int16", "int32"},
                 {"uint16", "int32"}, {"int32", "int32"},  {"int64", "int64"},
                 {"uint32", "int64"}, {"uint64", "int64"}, {"bool", "bool"}};
    const char *name = ant__keras_is_null(dtype) ? "float32" : policy_name(dtype);
    for (size_t k = 0; name && k < sizeof types / sizeof *types; k++)
        if (!strcmp(types[k].said, name))
            return types[k].own;
    return dtype_read(r, where, dtype) ? NULL : "float32";
}

static int add(ant_keras_reader *r, ant_tree *out, const char *key, ant_tree *value) {
    if (!value)
        return r->c->error.code;
    value->key = key;
    ant__tree_add(out, value);
    return 0;
}

static int add_word(ant_keras_reader *r, ant_tree *out, const char *key, const char *text) {
    return add(r, out, key, ant__tree_new(r->c, ANT__WORD, NULL, text));
}

/* batch_shape: the batch's size or null, then the sample's. */
static int batch_shape(ant_keras_reader *r, const char *where, const ant_tree *shape,
                       ant_tree *out) {
    ant_tree *sample = ant__tree_new(r->c, ANT__ITEMS, NULL, NULL);
    if (!sample)
        return r->c->error.code;
    if (shape->kind != ANT__ITEMS || !shape->first)
        return ant__fail(&r->c->error, ANT_E_FORMAT, "%s: expected a shape as [null, 3]", where);
    for (const ant_tree *t = shape->first; t; t = t->next) {
        if (!ant__tree_scalar(t))
            return ant__fail(&r->c->error, ANT_E_FORMAT, "%s: a size is no number", where);
        if (t == shape->first && !ant__keras_is_null(t) && add_word(r, out, "batch_size", t->text))
            return r->c->error.code;
        if (t != shape->first && add_word(r, sample, NULL, t->text))
            return r->c->error.code;
    }
    return sample->first ? add(r, out, "shape", sample) : 0;
}

static int input_flags(ant_keras_reader *r, const char *where, const ant_tree *config) {
    static const char *const refused[] = {"sparse", "ragged", "optional"};
    for (int k = 0; k < 3; k++) {
        const ant_tree *t = ant__tree_get(config, refused[k]);
        if (t && t->kind == ANT__WORD && !strcmp(t->text, "true"))
            return ant__fail(&r->c->error, ANT_E_OPTION, "%s: %s inputs are not read", where,
                             refused[k]);
    }
    return 0;
}

ant_tree *ant__keras_input_read(ant_keras_reader *r, const char *name, const ant_tree *config) {
    char where[ANT__KERAS_PLACE];
    const ant_tree *shape = ant__tree_get(config, "batch_shape");
    ant_tree *out = ant__tree_new(r->c, ANT__MAP, NULL, NULL);
    if (!shape)
        shape = ant__tree_get(config, "batch_input_shape");
    if (!out)
        return NULL;
    snprintf(where, sizeof where, "input '%.200s'", name);
    if (ant__keras_is_null(shape)) {
        ant__fail(&r->c->error, ANT_E_FORMAT, "%s: it has no shape", where);
        return NULL;
    }
    const char *dtype = input_dtype(r, where, ant__tree_get(config, "dtype"));
    if (!dtype || input_flags(r, where, config) || batch_shape(r, where, shape, out) ||
        (strcmp(dtype, "float32") && add_word(r, out, "dtype", dtype)))
        return NULL;
    return out;
}

/* --- layers --- */
/* What Keras would run or open, and what stands for nothing here. */
static const struct {
    const char *cls, *because;
} refused[] = {
    {"Lambda", "it holds code of Python, which is never run"},
    {"TFSMLayer", "it stands for another file, which is never opened"},
    {"TorchModuleWrapper", "it holds code of Python, which is never run"},
    {"FlaxLayer", "it holds code of Python, which is never run"},
    {"JaxLayer", "it holds code of Python, which is never run"},
};

static int check_class(ant_keras_reader *r, const char *where, const char *cls) {
    for (size_t k = 0; k < sizeof refused / sizeof *refused; k++)
        if (!strcmp(refused[k].cls, cls))
            return ant__fail(&r->c->error, ANT_E_OPTION, "%s: %s", where, refused[k].because);
    return 0;
}

typedef struct inner {
    ant_keras_reader *r;
    const char *path; /* of the layer around */
} inner;

static ant_tree *inner_read(void *data, const char *where, const ant_tree *object) {
    const inner *i = data;
    bool had = i->r->c->error.code != 0;
    ant_tree *t = ant__keras_layer_read(i->r, i->path, object, true);
    if (!t && !had)
        ant__error_before(&i->r->c->error, "%s: ", where);
    return t;
}

/* --- Bidirectional: Keras says both directions' layers, named forward_… and backward_… --- */
static bool same_but_direction(const ant_tree *a, const ant_tree *b) {
    static const char ignored[] = "name go_backwards zero_output_for_mask";
    if (a->key && ant__word_among(ignored, a->key, false))
        return true;
    if (a->kind != b->kind || !a->text != !b->text || (a->text && strcmp(a->text, b->text)))
        return false;
    const ant_tree *x = a->first, *y = b->first;
    for (; x && y; x = x->next, y = y->next)
        if ((x->key && strcmp(x->key, y->key)) || !same_but_direction(x, y))
            return false;
    return !x && !y;
}

static bool walks_back(const ant_tree *layer) {
    const ant_tree *t = layer->first ? ant__tree_get(layer->first, "go_backwards") : NULL;
    return t && t->text && !strcmp(t->text, "true");
}

static void tree_remove(ant_tree *parent, const ant_tree *child) {
    ant_tree *before = NULL, *t = parent->first;
    for (; t != child; t = t->next)
        before = t;
    if (before)
        before->next = t->next;
    else
        parent->first = t->next;
    if (parent->last == t)
        parent->last = before;
}

/* A way back that is the layer's copy is said once; the wrapper gives its names itself. */
static void simplify_directions(ant_tree *options) {
    static const char prefix[] = "forward_";
    ant_tree *layer = ant__tree_get(options, "layer");
    const ant_tree *back = ant__tree_get(options, "backward_layer");
    ant_tree *name = layer && layer->first ? ant__tree_get(layer->first, "name") : NULL;
    if (back && layer && back->kind == ANT__MAP && same_but_direction(layer, back) &&
        walks_back(back) && !walks_back(layer))
        tree_remove(options, back);
    if (name && !strncmp(name->text, prefix, sizeof prefix - 1) && name->text[sizeof prefix - 1])
        name->text += sizeof prefix - 1;
}

/* --- Keras 2 --- */
/* What its classes took for granted, where Keras 3 has another default. */
static const struct {
    const char *cls, *option, *value;
} old_defaults[] = {{"GRU", "reset_after", "false"}, {"GRUCell", "reset_after", "false"}};

/* Its hard_sigmoid is steeper. */
static void old_activations(const ant_class *cls, ant_tree *options) {
    for (ant_tree *t = options->first; t; t = t->next) {
        const ant_row *row = ant__row_find(cls, t->key);
        if (row && row->part == ANT_ACTIVATION && t->kind == ANT__WORD &&
            ant__same_name(t->text, "hard_sigmoid"))
            t->text = "hard_sigmoid(slope=0.2)";
    }
}

static int old_options(ant_keras_reader *r, const ant_class *cls, ant_tree *options) {
    int code = 0;
    for (size_t k = 0; k < sizeof old_defaults / sizeof *old_defaults && !code; k++)
        if (!strcmp(old_defaults[k].cls, cls->name) &&
            !ant__tree_get(options, old_defaults[k].option))
            code = add_word(r, options, old_defaults[k].option, old_defaults[k].value);
    old_activations(cls, options);
    return code;
}

/* --- any layer --- */
/* A user's class that was registered without its package keeps the one that the file says. */
static int keep_package(ant_keras_reader *r, const ant_class *cls, const ant_tree *object,
                        ant_tree *options) {
    const char *name = ant__keras_registered_name(object);
    const ant_row *row = ant__row_find(cls, "registered_name");
    if (!name || !row || !ant__class_registered(r->c, cls) || cls->alias)
        return 0;
    return add(r, options, row->name, ant__tree_new(r->c, ANT__QUOTED, NULL, name));
}

/* {Dense: {units: 3}} */
static ant_tree *options_read(ant_keras_reader *r, const char *where, const char *path,
                              const ant_tree *object) {
    const ant_class *cls = ant__keras_class_find(r->c, ANT_LAYER, where, object);
    const ant_tree *config = ant__keras_config(object);
    inner i = {r, path};
    ant_keras_layers layers = {inner_read, &i};
    if (!cls || dtype_read(r, where, ant__tree_get(config, "dtype")))
        return NULL;
    ant_tree *t = ant__tree_new(r->c, ANT__MAP, NULL, NULL);
    ant_tree *options = ant__tree_new(r->c, ANT__MAP, cls->name, NULL);
    if (!t || !options || ant__keras_options_read(r->c, cls, where, config, &layers, options))
        return NULL;
    if (!strcmp(cls->name, "Bidirectional"))
        simplify_directions(options);
    if (keep_package(r, cls, object, options))
        return NULL;
    ant__tree_add(t, options);
    return r->legacy && old_options(r, cls, options) ? NULL : t;
}

static ant_tree *input_item(ant_keras_reader *r, const char *name, const ant_tree *object) {
    ant_tree *t = ant__tree_new(r->c, ANT__MAP, NULL, NULL);
    ant_tree *options = ant__keras_input_read(r, name, ant__keras_config(object));
    if (!t || !options)
        return NULL;
    options->key = "InputLayer";
    ant__tree_add(t, options);
    return t;
}

static ant_tree *new_layer(ant_keras_reader *r, const char *name, const char *path,
                           const ant_tree *object) {
    const char *cls = ant__keras_class(object);
    char where[ANT__KERAS_PLACE];
    snprintf(where, sizeof where, "layer '%.200s' (%.60s)", name, cls);
    if (check_class(r, where, cls))
        return NULL;
    if (!strcmp(cls, "InputLayer"))
        return input_item(r, name, object);
    return ant__keras_is_model(object) ? ant__keras_model_read(r, path, object)
                                       : options_read(r, where, path, object);
}

static int name_layer(ant_keras_reader *r, ant_tree *t, const char *name) {
    ant_tree *in = t->kind == ANT__MAP && t->first && t->first->kind == ANT__MAP && !t->first->next
                       ? t->first
                       : t;
    return add_word(r, in, "name", name);
}

ant_tree *ant__keras_layer_read(ant_keras_reader *r, const char *outer, const ant_tree *object,
                                bool named) {
    const char *cls = ant__keras_class(object), *name = NULL, *path = NULL;
    ant_fault *e = &r->c->error;
    if (cls && !(name = ant__keras_text_of(object, "name")))
        name = ant__keras_text_of(ant__keras_config(object), "name");
    if (!cls)
        ant__fail(e, ANT_E_FORMAT, "expected a layer: {\"class_name\": …, \"config\": …}");
    else if (!name)
        ant__fail(e, ANT_E_FORMAT, "a %.60s has no name", cls);
    else
        path = ant__print(r->c, "%s/%s", outer, name);
    if (!path)
        return NULL;
    const char *above = ant__keras_shared(r, name, path, object);
    if (above)
        return e->code ? NULL : ant__tree_new(r->c, ANT__WORD, NULL, above);
    ant_tree *t = e->code ? NULL : new_layer(r, name, path, object);
    return t && (!named || !name_layer(r, t, name)) ? t : NULL;
}
