/* Objects of Keras's configs as texts of parts: {"class_name": "L2", "config": {"l2": 0.01}}. */
#include "core/options/field.h"
#include "io/keras/read.h"
#include <stdio.h>
#include <string.h>

/* --- what an object says --- */
const char *ant__keras_text_of(const ant_tree *map, const char *key) {
    const ant_tree *t = map->kind == ANT__MAP ? ant__tree_get(map, key) : NULL;
    return t && t->kind == ANT__QUOTED ? t->text : NULL;
}

bool ant__keras_is_null(const ant_tree *t) {
    return !t || (t->kind == ANT__WORD && !strcmp(t->text, "null"));
}

const char *ant__keras_class(const ant_tree *object) {
    bool map = object && object->kind == ANT__MAP;
    return map && ant__tree_get(object, "config") ? ant__keras_text_of(object, "class_name") : NULL;
}

const ant_tree *ant__keras_config(const ant_tree *object) {
    static const ant_tree empty = {.kind = ANT__MAP};
    const ant_tree *config = ant__tree_get(object, "config");
    return config && config->kind == ANT__MAP ? config : &empty;
}

/* Does the dotted name `module` begin with the package? */
static bool within(const char *module, const char *package) {
    size_t n = strlen(package);
    return !strncmp(module, package, n) && (module[n] == '.' || !module[n]);
}

bool ant__keras_built_in(const ant_tree *object) {
    const ant_tree *said = ant__tree_get(object, "module");
    const char *module = ant__keras_text_of(object, "module");
    if (module)
        return within(module, "keras") || within(module, "tf_keras") ||
               within(module, "tensorflow.keras") || within(module, "tensorflow.python") ||
               within(module, "builtins");
    return !said && !strchr(ant__keras_class(object), '>'); /* Keras 2 tells no modules */
}

/* --- classes --- */
/* Names of a user's own: they must be registered before the file is read. */
static int fail_custom(ant_context *c, int kind, const char *where, const char *name) {
    const char *call = ant__kind_register(kind);
    if (call)
        return ant__fail(&c->error, ANT_E_OPTION,
                         "%s: '%.200s' is not of Keras itself; register one of that name by %s "
                         "before the file is read",
                         where, name, call);
    return ant__fail(&c->error, ANT_E_OPTION,
                     "%s: '%.200s' is not of Keras itself, and no other %ss are read", where, name,
                     ant__kind_name(kind));
}

/* Classes of Keras's own models, LayerScale of ConvNeXt, which it tells by the file they are in. */
static bool inside_keras(const char *module) {
    return module && (within(module, "keras.src") || within(module, "tf_keras.src"));
}

static int fail_inside(ant_context *c, int kind, const char *where, const char *name,
                       const char *module) {
    return ant__fail(&c->error, ANT_E_OPTION,
                     "%s: '%.200s' is a class inside of Keras (%.200s) that Antler does not have; "
                     "register one of that name by %s before the file is read",
                     where, name, module, ant__kind_register(kind));
}

static int fail_unknown(ant_context *c, int kind, const char *where, const char *name) {
    bool had = c->error.code != 0;
    ant__class_unknown(c, NULL, kind, name);
    if (!had)
        ant__error_before(&c->error, "%s: ", where);
    return c->error.code;
}

/* A class that the user registered, under the whole name or the class's alone. One that was
 * registered with a package is of no other one. */
static const ant_class *registered(const ant_context *c, int kind, const char *name,
                                   const char *whole) {
    const ant_class *cls = name ? ant__class_find(c, kind, name) : NULL;
    bool other = cls && cls->alias && whole && strchr(whole, '>') && strcmp(cls->alias, whole) != 0;
    return cls && !other && ant__class_registered(c, cls) ? cls : NULL;
}

static const char *behind_package(const char *name) {
    const char *mark = strrchr(name, '>');
    return mark ? mark + 1 : name;
}

const char *ant__keras_registered_name(const ant_tree *object) {
    const char *name = ant__keras_class(object),
               *whole = ant__keras_text_of(object, "registered_name");
    return whole || !name || !strchr(name, '>') ? whole : name;
}

const ant_class *ant__keras_class_find(ant_context *c, int kind, const char *where,
                                       const ant_tree *object) {
    const char *name = ant__keras_class(object), *whole = ant__keras_registered_name(object),
               *module = ant__keras_text_of(object, "module");
    if (!strcmp(name, "function") && !(name = ant__keras_text_of(object, "config"))) {
        ant__fail(&c->error, ANT_E_FORMAT, "%s: a function without a name", where);
        return NULL;
    }
    const ant_class *cls = registered(c, kind, whole, whole);
    if (!cls)
        cls = registered(c, kind, name, whole);
    if (!cls)
        cls = registered(c, kind, behind_package(name), whole);
    if (cls)
        return cls;
    bool ours = ant__keras_built_in(object) && !strchr(name, '>');
    ours |= !strncmp(name, "Custom>", 7); /* Keras 2's Adam */
    if (ours && (cls = ant__class_find(NULL, kind, behind_package(name))))
        return cls;
    if (ours && ant__kind_register(kind) && inside_keras(module))
        fail_inside(c, kind, where, name, module);
    else if (ours && strcmp(ant__keras_class(object), "function"))
        fail_unknown(c, kind, where, name);
    else
        fail_custom(c, kind, where, whole && strchr(whole, '>') ? whole : name);
    return NULL;
}

/* --- options --- */
/* What Antler has no option for, and what it may say: `words` NULL: anything. (kernel_initializer
 * is of separable convolutions in Keras 2, which use two others.) */
static const struct extra {
    const char *key, *words;
} extras[] = {
    {"autocast", "true"},   {"fn", NULL},
    {"groups", "1"},        {"implementation", NULL},
    {"input_length", NULL}, {"is_legacy_optimizer", NULL},
    {"jit_compile", NULL},  {"kernel_initializer", NULL},
    {"lora_alpha", NULL},   {"num_regressors", "0"},
};

static bool means_nothing(const ant_tree *t) {
    for (size_t k = 0; k < sizeof extras / sizeof *extras; k++)
        if (!strcmp(extras[k].key, t->key) &&
            (!extras[k].words || (t->text && ant__word_among(extras[k].words, t->text, false))))
            return true;
    if (!ant__tree_scalar(t))
        return !t->first;
    return t->kind == ANT__WORD && ant__word_among("null false", t->text, false);
}

static ant_tree *word(ant_context *c, const char *text) {
    return ant__tree_new(c, ANT__WORD, NULL, text);
}

/* Without its place: messages tell the layer. */
static ant_tree *copy_of(ant_context *c, const ant_tree *t, const char *key) {
    return ant__tree_new(c, t->kind, key, t->text);
}

static int add_value(ant_context *c, ant_tree *out, const char *key, ant_tree *value) {
    if (!value)
        return c->error.code;
    value->key = key;
    ant__tree_add(out, value);
    return 0;
}

static ant_tree *layers_read(ant_context *c, const char *where, const ant_tree *json,
                             const ant_keras_layers *layers) {
    if (!layers) {
        ant__fail(&c->error, ANT_E_FORMAT, "%s: a layer cannot stand here", where);
        return NULL;
    }
    if (json->kind != ANT__ITEMS)
        return layers->read(layers->data, where, json);
    ant_tree *list = ant__tree_new(c, ANT__ITEMS, NULL, NULL);
    for (const ant_tree *t = json->first; t && list; t = t->next)
        if (add_value(c, list, NULL, layers->read(layers->data, where, t)))
            return NULL;
    return list;
}

/* What an option says, as Antler's own grammar has it: a bare string, a number and null stay; an
 * object becomes a call, L2(l2=0.01); __tensor__ and __numpy__ become lists. */
static ant_tree *value_read(ant_context *c, const char *where, const ant_tree *json);

static ant_tree *parts_read(ant_context *c, const ant_row *row, const char *where,
                            const ant_tree *json) {
    if (json->kind != ANT__ITEMS || row->field != ANT__PARTS)
        return ant__keras_part_read(c, row->part, where, json);
    ant_tree *list = ant__tree_new(c, ANT__ITEMS, NULL, NULL);
    for (const ant_tree *t = json->first; t && list; t = t->next)
        if (add_value(c, list, NULL, ant__keras_part_read(c, row->part, where, t)))
            return NULL;
    return list;
}

/* BatchNormalization's axis stood in a list once. */
static const ant_tree *number_of(const ant_row *row, const ant_tree *json) {
    bool one = json->kind == ANT__ITEMS && json->first && !json->first->next;
    return row->field == ANT__INT && one ? json->first : json;
}

static ant_tree *option_value(ant_context *c, const ant_row *row, const char *where,
                              const ant_tree *json, const ant_keras_layers *layers) {
    bool layer = row->field == ANT__ONE_LAYER || row->field == ANT__LAYERS;
    bool number = row->also && json->kind == ANT__WORD;
    bool no_axis = row->field == ANT__SIZE && json->kind == ANT__ITEMS && !json->first;
    if (ant__keras_is_null(json) || no_axis)
        return word(c, "none");
    if (layer)
        return layers_read(c, where, json, layers);
    return row->part && !number ? parts_read(c, row, where, json)
                                : value_read(c, where, number_of(row, json));
}

static int fail_option(ant_context *c, const ant_class *cls, const char *place, const char *key) {
    const char **names = ant__arena_array(&c->arena, (size_t)cls->rows_n + 1, sizeof *names);
    char hint[ANT__HINT_TEXT];
    if (!names)
        return ant__fail_memory(&c->error);
    for (int k = 0; k < cls->rows_n; k++)
        names[k] = cls->rows[k].name;
    return ant__fail(&c->error, ANT_E_OPTION, "%s: %s has no such option here%s", place, cls->name,
                     ant__hint(hint, key, names, cls->rows_n));
}

/* Of a user's class every word counts: what it has no option for would not be written back. */
static int option_read(ant_context *c, const ant_class *cls, const char *where,
                       const ant_tree *json, const ant_keras_layers *layers, ant_tree *out) {
    const ant_row *row = ant__row_find(cls, json->key);
    char place[ANT__KERAS_PLACE];
    if (!row && means_nothing(json) && !ant__class_registered(c, cls))
        return 0;
    snprintf(place, sizeof place, "%s: %s", where, json->key);
    if (!row)
        return fail_option(c, cls, place, json->key);
    /* null is Keras's own default wherever None is not a choice; "auto" was Keras 2's reduction. */
    if (ant__keras_is_null(json) && !ant__row_takes_none(cls, row))
        return 0;
    if (!strcmp(row->name, "reduction") && json->text && !strcmp(json->text, "auto"))
        return 0;
    return add_value(c, out, row->name, option_value(c, row, place, json, layers));
}

int ant__keras_options_read(ant_context *c, const ant_class *cls, const char *where,
                            const ant_tree *config, const ant_keras_layers *layers, ant_tree *out) {
    int code = 0;
    for (const ant_tree *t = config->first; t && !code; t = t->next)
        if (!ant__word_among("name dtype batch_input_shape decay", t->key, false))
            code = option_read(c, cls, where, t, layers, out);
    return code;
}

/* --- parts --- */
/* A bare name; what the grammar of parts would read as more than one word is refused. */
static ant_tree *name_read(ant_context *c, int kind, const char *where, const char *name) {
    if (strchr(name, '>') && !ant__class_find(c, kind, name)) {
        fail_custom(c, kind, where, name);
        return NULL;
    }
    if (*name && !strpbrk(name, " \t\r\n,()[]=\"'"))
        return word(c, name);
    ant__fail(&c->error, ANT_E_OPTION, "%s: '%.200s' is no name of a %s", where, name,
              ant__kind_name(kind));
    return NULL;
}

/* A metric's name, which logs show, is kept where it is another than its class's. */
static int keep_name(ant_context *c, const ant_class *cls, const ant_tree *config, ant_tree *out) {
    const char *name = ant__keras_text_of(config, "name"), *own = ant__snake(c, cls->name);
    if (!own)
        return c->error.code;
    if (!name || cls->kind != ANT_METRIC || ant__same_name(name, own) ||
        !ant__row_find(cls, "name"))
        return 0;
    return add_value(c, out, "name", ant__tree_new(c, ANT__QUOTED, NULL, name));
}

/* What the activation takes over of a layer's options; another one must not say anything. */
static int take_over(ant_context *c, const ant_class *cls, void *to, const ant_class *layer,
                     const void *from) {
    for (int k = 0; k < layer->rows_n; k++) {
        const ant_row *row = &layer->rows[k], *same = ant__row_find(cls, row->name);
        const ant_size *axes = ant__field_at(row, from);
        if (same && same->field == row->field)
            memcpy(ant__field_in(same, to), ant__field_at(row, from), row->size);
        else if (same && same->field == ANT__INT && row->field == ANT__SIZE &&
                 !ant__size_count(*axes))
            *(int *)ant__field_in(same, to) = (int)*axes; /* Softmax's axis */
        else if (!ant__field_equal(row, from, layer->defaults))
            return ant__fail(&c->error, ANT_E_OPTION, "the activation %s has no option '%s'",
                             cls->name, row->name);
    }
    return 0;
}

/* A layer in an activation's place, LeakyReLU for example: the layer's options and defaults. */
static ant_tree *layer_activation(ant_context *c, const ant_class *cls, const char *where,
                                  const ant_tree *object) {
    const ant_class *layer = ant__class_find(NULL, ANT_LAYER, ant__keras_class(object));
    ant_tree *said = ant__tree_new(c, ANT__CALL, NULL, layer->name);
    if (!said || ant__keras_options_read(c, layer, where, ant__keras_config(object), NULL, said))
        return NULL;
    void *from = ant__options_copy(c, layer, layer->defaults, layer->size);
    void *to = ant__options_copy(c, cls, cls->defaults, cls->size);
    if (!from || !to || ant__options_set(c, layer, from, said, NULL) ||
        take_over(c, cls, to, layer, from))
        return NULL;
    return ant__options_tree(c, cls, to, NULL);
}

/* Keras 2's wrappers say the function that they wrap. */
static const ant_tree *wrapped(const ant_tree *object) {
    const char *cls = ant__keras_class(object);
    bool wraps = ant__word_among("MeanMetricWrapper LossFunctionWrapper", cls, false);
    return wraps ? ant__tree_get(ant__keras_config(object), "fn") : NULL;
}

/* Keras 2's optimizers let the rate fall by `decay`: rate / (1 + decay * step). */
static int add_decay(ant_context *c, const ant_class *cls, const ant_tree *decay, ant_tree *out) {
    double x;
    ant_tree *rate = ant__tree_get(out, "learning_rate");
    if (cls->kind != ANT_OPTIMIZER || !decay || decay->kind != ANT__WORD ||
        !ant__number_read(decay->text, &x) || x == 0 || !rate)
        return 0;
    ant_tree *first = ant__tree_new(c, rate->kind, NULL, rate->text);
    const ant_class *schedule = ant__class_find(NULL, ANT_SCHEDULE, "InverseTimeDecay");
    if (!first)
        return c->error.code;
    rate->kind = ANT__CALL;
    rate->text = schedule->name;
    rate->first = rate->last = NULL;
    int code = add_value(c, rate, "initial_learning_rate", first);
    if (!code)
        code = add_value(c, rate, "decay_steps", word(c, "1"));
    return code ? code : add_value(c, rate, "decay_rate", word(c, decay->text));
}

/* A rate is a float in Keras and has its digits: 0.0010000000474974513 is 0.001. */
static int shorten_rate(ant_context *c, const ant_class *cls, const ant_tree *call) {
    ant_tree *rate = cls->kind == ANT_OPTIMIZER ? ant__tree_get(call, "learning_rate") : NULL;
    char text[ANT__NUMBER_TEXT];
    double x;
    if (!rate || rate->kind != ANT__WORD || !ant__number_read(rate->text, &x))
        return 0;
    rate->text = ant__print(c, "%s", ant__number_text(ant__number_of_float(x), text));
    return c->error.code;
}

static ant_tree *part_of_object(ant_context *c, int kind, const char *where,
                                const ant_tree *object) {
    if (wrapped(object))
        return ant__keras_part_read(c, kind, where, wrapped(object));
    const ant_class *cls = ant__keras_class_find(c, kind, where, object);
    if (!cls)
        return NULL;
    const ant_tree *config = ant__keras_config(object);
    if (!cls->defaults || !strcmp(ant__keras_class(object), "function"))
        return word(c, cls->name);
    if (kind == ANT_ACTIVATION && ant__class_find(NULL, ANT_LAYER, ant__keras_class(object)))
        return layer_activation(c, cls, where, object);
    ant_tree *call = ant__tree_new(c, ANT__CALL, NULL, cls->name);
    if (!call)
        return NULL;
    int code = ant__keras_options_read(c, cls, where, config, NULL, call);
    if (!code)
        code = shorten_rate(c, cls, call);
    if (!code)
        code = add_decay(c, cls, ant__tree_get(config, "decay"), call);
    if (!code)
        code = keep_name(c, cls, config, call);
    return code ? NULL : call;
}

ant_tree *ant__keras_part_read(ant_context *c, int kind, const char *where, const ant_tree *json) {
    const char *cls = ant__keras_class(json);
    if (ant__keras_is_null(json))
        return word(c, "none");
    if (json->kind == ANT__QUOTED)
        return name_read(c, kind, where, json->text);
    if (!cls) {
        ant__fail(&c->error, ANT_E_FORMAT, "%s: expected the name of a %s, or an object of Keras",
                  where, ant__kind_name(kind));
        return NULL;
    }
    if (!strcmp(cls, "__lambda__")) {
        ant__fail(&c->error, ANT_E_OPTION,
                  "%s: it is code of Python (a lambda), which is never run", where);
        return NULL;
    }
    return part_of_object(c, kind, where, json);
}

/* --- any value --- */
/* Kinds by the module that an object says. */
static int kind_of(const ant_tree *object) {
    static const struct {
        const char *word;
        int kind;
    } kinds[] = {
        {"schedules", ANT_SCHEDULE},
        {"optimizers", ANT_OPTIMIZER},
        {"initializers", ANT_INITIALIZER},
        {"regularizers", ANT_REGULARIZER},
        {"constraints", ANT_CONSTRAINT},
        {"activations", ANT_ACTIVATION},
        {"losses", ANT_LOSS},
        {"metrics", ANT_METRIC},
    };
    const char *module = ant__keras_text_of(object, "module");
    for (size_t k = 0; module && k < sizeof kinds / sizeof *kinds; k++)
        if (strstr(module, kinds[k].word))
            return kinds[k].kind;
    return 0;
}

static ant_tree *children_read(ant_context *c, const char *where, const ant_tree *json) {
    ant_tree *out = copy_of(c, json, NULL);
    for (const ant_tree *t = json->first; t && out; t = t->next)
        if (add_value(c, out, t->key, value_read(c, where, t)))
            return NULL;
    return out;
}

static ant_tree *value_read(ant_context *c, const char *where, const ant_tree *json) {
    const char *cls = ant__keras_class(json);
    if (!cls)
        return children_read(c, where, json);
    const ant_tree *value = ant__tree_get(ant__keras_config(json), "value");
    if ((!strcmp(cls, "__tensor__") || !strcmp(cls, "__numpy__")) && value)
        return value_read(c, where, value);
    if (!strncmp(cls, "__", 2) && strcmp(cls, "__lambda__")) {
        ant__fail(&c->error, ANT_E_OPTION, "%s: a %.60s cannot stand here", where, cls);
        return NULL;
    }
    return ant__keras_part_read(c, kind_of(json), where, json);
}
