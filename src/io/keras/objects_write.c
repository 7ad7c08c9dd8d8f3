/* Options and parts as Keras's JSON has them. Names, ranges and meaning are Keras's already: what
 * is left are its spellings, and the few things for which it has none. */
#include "core/options/field.h"
#include "io/keras/write.h"
#include <string.h>

/* --- leaves --- */
static ant_tree *leaf(ant_context *c, ant_tree_kind kind, const char *text) {
    return text ? ant__tree_new(c, kind, NULL, text) : NULL;
}

ant_tree *ant__keras_map(ant_context *c) {
    return ant__tree_new(c, ANT__MAP, NULL, NULL);
}

ant_tree *ant__keras_items(ant_context *c) {
    return ant__tree_new(c, ANT__ITEMS, NULL, NULL);
}

ant_tree *ant__keras_null(ant_context *c) {
    return leaf(c, ANT__WORD, "null");
}

ant_tree *ant__keras_text(ant_context *c, const char *s) {
    return leaf(c, ANT__QUOTED, s);
}

ant_tree *ant__keras_flag(ant_context *c, bool yes) {
    return leaf(c, ANT__WORD, yes ? "true" : "false");
}

ant_tree *ant__keras_whole(ant_context *c, int64_t x) {
    return leaf(c, ANT__WORD, ant__print(c, "%lld", (long long)x));
}

ant_tree *ant__keras_number(ant_context *c, double x) {
    char text[ANT__NUMBER_TEXT];
    bool bare = !strpbrk(ant__number_text(x, text), ".en");
    return leaf(c, ANT__WORD, ant__print(c, "%s%s", text, bare ? ".0" : ""));
}

void ant__keras_put(ant_tree *map, const char *key, ant_tree *t) {
    if (t)
        t->key = key;
    ant__tree_add(map, t);
}

ant_tree *ant__keras_object(ant_context *c, const char *module, const char *cls, ant_tree *config,
                            const char *registered) {
    ant_tree *t = ant__keras_map(c);
    ant__keras_put(t, "module", module ? ant__keras_text(c, module) : ant__keras_null(c));
    ant__keras_put(t, "class_name", ant__keras_text(c, cls));
    ant__keras_put(t, "config", config);
    ant__keras_put(t, "registered_name",
                   registered ? ant__keras_text(c, registered) : ant__keras_null(c));
    return c->error.code ? NULL : t;
}

/* --- values of options --- */
static ant_tree *whole_leaf(ant_context *c, int x) {
    return x == ANT_NONE ? ant__keras_null(c) : ant__keras_whole(c, x);
}

static ant_tree *number_leaf(ant_context *c, double x) {
    return x == ANT_NONE ? ant__keras_null(c) : ant__keras_number(c, x);
}

static bool is_row(const ant_row *row, const char *names) {
    return ant__word_among(names, row->name, false);
}

/* Two edges per axis: [[1, 2], [0, 0]]. */
static ant_tree *edges(ant_context *c, ant_size s) {
    ant_tree *list = ant__keras_items(c);
    for (int k = 0; k < ant__size_count(s); k += 2) {
        ant_tree *pair = ant__keras_items(c);
        ant__tree_add(pair, whole_leaf(c, ant__size_at(s, k)));
        ant__tree_add(pair, whole_leaf(c, ant__size_at(s, k + 1)));
        ant__tree_add(list, pair);
    }
    return list;
}

static ant_tree *size(ant_context *c, const ant_row *row, ant_size s) {
    int n = ant__size_count(s);
    if (!n)
        return whole_leaf(c, (int)s);
    if (n > 2 && is_row(row, "padding cropping"))
        return edges(c, s);
    ant_tree *list = ant__keras_items(c);
    for (int k = 0; k < n; k++)
        ant__tree_add(list, whole_leaf(c, ant__size_at(s, k)));
    return list;
}

/* An open axis is None, but for Reshape, which computes it. */
static ant_tree *shape(ant_context *c, const ant_row *row, const int *x) {
    ant_tree *list = ant__keras_items(c);
    const char *open = is_row(row, "target_shape") ? "-1" : "null";
    for (int k = 0; k < ANT_MAX_AXES && x[k]; k++)
        ant__tree_add(list, x[k] == ANT_ANY ? leaf(c, ANT__WORD, open) : whole_leaf(c, x[k]));
    return list;
}

static ant_tree *span(ant_context *c, const ant_span *s) {
    if (s->high == ANT_NONE)
        return number_leaf(c, s->low);
    ant_tree *list = ant__keras_items(c);
    ant__tree_add(list, number_leaf(c, s->low));
    ant__tree_add(list, number_leaf(c, s->high));
    return list;
}

/* Numbers by the row's words: {"rmin": 0.5, "dmax": 3.0}. */
static ant_tree *keyed(ant_context *c, const ant_row *row, ant_list_view l) {
    ant_tree *map = ant__keras_map(c);
    for (int k = 0; k < l.count; k++) {
        const char *word, *key;
        size_t n = ant__word_at(row->words, k, &word);
        double x = ((const double *)l.data)[k];
        if (x != ANT_NONE && (key = ant__print(c, "%.*s", (int)n, word)))
            ant__keras_put(map, key, number_leaf(c, x));
    }
    return map;
}

static ant_tree *counted(ant_context *c, const ant_row *row, ant_list_view l) {
    if (row->field == ANT__FLOAT_LIST && row->words)
        return keyed(c, row, l);
    if (l.count == 1 && is_row(row, "thresholds mean variance"))
        return ant__keras_number(c, *(const double *)l.data);
    ant_tree *list = ant__keras_items(c);
    for (int k = 0; k < l.count; k++)
        ant__tree_add(list, row->field == ANT__INT_LIST ? whole_leaf(c, ((const int *)l.data)[k])
                            : row->field == ANT__FLOAT_LIST
                                ? number_leaf(c, ((const double *)l.data)[k])
                                : ant__keras_text(c, ((const char *const *)l.data)[k]));
    return list;
}

/* Words for whole numbers: "auto min max". */
static ant_tree *whole_or_word(ant_context *c, const ant_row *row, int x) {
    const char *text;
    size_t n = row->words ? ant__word_at(row->words, x, &text) : 0;
    char *kept = n ? ant__arena_bytes(&c->arena, text, n) : NULL;
    if (n && !kept)
        ant__fail_memory(&c->error);
    return n ? ant__keras_text(c, kept) : whole_leaf(c, x);
}

static ant_tree *string(ant_context *c, const ant_row *row, const char *text) {
    if (row->part)
        return ant__keras_part_write(c, row->part, text);
    if (is_row(row, "use_cudnn"))
        return strcmp(text, "auto") ? leaf(c, ANT__WORD, text) : ant__keras_text(c, text);
    return ant__keras_text(c, text);
}

/* What stands for None where Keras writes something else, lest it take the user's setting. */
static ant_tree *none(ant_context *c, const ant_row *row) {
    if (row->part == ANT_ACTIVATION)
        return ant__keras_text(c, "linear");
    return is_row(row, "data_format") ? ant__keras_text(c, "channels_last") : ant__keras_null(c);
}

static ant_tree *value(ant_context *c, const ant_row *row, const void *field) {
    switch (row->field) {
    case ANT__INT:
        return whole_or_word(c, row, *(const int *)field);
    case ANT__FLOAT:
        return number_leaf(c, *(const double *)field);
    case ANT__BOOL:
        return ant__keras_flag(c, *(const bool *)field);
    case ANT__SIZE:
        return size(c, row, *(const ant_size *)field);
    case ANT__SHAPE:
        return shape(c, row, field);
    case ANT__SPAN:
        return span(c, field);
    case ANT__STRING:
        return string(c, row, *(const char *const *)field);
    case ANT__PARTS:
    case ANT__ONE_LAYER:
    case ANT__LAYERS:
        ant__fail(&c->error, ANT_E_OPTION, "%s: cannot be written for Keras", row->name);
        return NULL;
    case ANT__INT_LIST:
    case ANT__FLOAT_LIST:
    case ANT__TEXT_LIST:
        break;
    }
    return counted(c, row, ant__list_get(field));
}

ant_tree *ant__keras_option_write(ant_context *c, const ant_row *row, const void *options) {
    const char *also = ant__field_also(row, options);
    const void *field = ant__field_at(row, options);
    if (also)
        return ant__keras_part_write(c, row->part, also);
    return ant__field_none(row, field) ? none(c, row) : value(c, row, field);
}

/* --- parts --- */
static const char *module_of(int kind) {
    switch (kind) {
    case ANT_INITIALIZER:
        return "keras.initializers";
    case ANT_REGULARIZER:
        return "keras.regularizers";
    case ANT_CONSTRAINT:
        return "keras.constraints";
    case ANT_OPTIMIZER:
        return "keras.optimizers";
    case ANT_SCHEDULE:
        return "keras.optimizers.schedules";
    case ANT_LOSS:
        return "keras.losses";
    case ANT_METRIC:
        return "keras.metrics";
    default:
        return "keras.layers";
    }
}

/* Whether all options are as they are when nothing is said. */
static bool is_plain(const ant_part *part) {
    for (int k = 0; k < part->cls->rows_n; k++)
        if (!ant__field_equal(&part->cls->rows[k], part->options, part->cls->defaults))
            return false;
    return true;
}

/* Options that Keras's class does not have. */
static bool is_own(const ant_class *cls, const ant_row *row) {
    static const struct {
        int kind;
        const char *cls, *option;
    } own[] = {{ANT_METRIC, "BinaryCrossentropy", "axis"}};
    for (size_t k = 0; k < sizeof own / sizeof *own; k++)
        if (own[k].kind == cls->kind && !strcmp(own[k].cls, cls->name) &&
            !strcmp(own[k].option, row->name))
            return true;
    return false;
}

/* All options; a name only where it was said, for Keras gives the same. */
static ant_tree *config_of(ant_context *c, const ant_part *part) {
    ant_tree *config = ant__keras_map(c);
    for (int k = 0; k < part->cls->rows_n; k++) {
        const ant_row *row = &part->cls->rows[k];
        bool own = is_own(part->cls, row), name = !strcmp(row->name, "name");
        bool said = !ant__field_equal(row, part->options, part->cls->defaults);
        if (own && said)
            ant__fail(&c->error, ANT_E_OPTION, "%s: Keras's has no option %s", part->cls->name,
                      row->name);
        if (said || !(own || name))
            ant__keras_put(config, row->keras ? row->keras : row->name,
                           ant__keras_option_write(c, row, part->options));
    }
    return config;
}

/* A function of the user's, whom Keras asks for it by this name. */
static ant_tree *function(ant_context *c, const char *name) {
    return ant__keras_object(c, "builtins", "function", ant__keras_text(c, name), "function");
}

/* Keras says an activation with options as the layer that does the same, where there is one. */
static ant_tree *activation(ant_context *c, const ant_part *part) {
    static const char *const layers[][2] = {
        {"relu", "ReLU"}, {"leaky_relu", "LeakyReLU"}, {"elu", "ELU"}, {"softmax", "Softmax"}};
    if (is_plain(part))
        return ant__keras_text(c, part->cls->name);
    for (size_t k = 0; k < sizeof layers / sizeof *layers; k++)
        if (!strcmp(layers[k][0], part->cls->name))
            return ant__keras_object(c, "keras.layers", layers[k][1], config_of(c, part), NULL);
    ant__fail(&c->error, ANT_E_OPTION,
              "Keras's files have no word for the activation %s with options", part->cls->name);
    return NULL;
}

/* Is the word by which a metric was said one that Keras knows? */
static bool is_keras_word(ant_context *c, const ant_class *cls, const char *word) {
    const char *snake = ant__snake(c, cls->name);
    return ant__word_among("accuracy acc mse MSE mae MAE mape MAPE msle MSLE bce BCE", word,
                           false) ||
           (snake && !strcmp(word, snake));
}

/* Said by another word, a metric keeps it as its name, for logs show it; said by its class it has
 * that of the class, which Keras gives to objects alone. */
static ant_tree *metric(ant_context *c, const ant_part *part, const char *text) {
    bool plain = is_plain(part);
    if (!strcmp(part->cls->name, "Crossentropy")) {
        ant__fail(&c->error, ANT_E_OPTION,
                  "Keras's files have no word for the metric %s: say which crossentropy", text);
        return NULL;
    }
    if (plain && is_keras_word(c, part->cls, text))
        return ant__keras_text(c, text);
    ant_tree *config = config_of(c, part);
    if (plain && strcmp(text, part->cls->name) != 0)
        ant__keras_put(config, "name", ant__keras_text(c, text));
    return ant__keras_object(c, module_of(ANT_METRIC), part->cls->name, config, NULL);
}

/* The loss "crossentropy" is only a word in Keras, too. */
static ant_tree *loss(ant_context *c, const ant_part *part, const char *text) {
    if (is_plain(part))
        return ant__keras_text(c, text);
    if (!strcmp(part->cls->name, "Crossentropy")) {
        ant__fail(&c->error, ANT_E_OPTION,
                  "Keras's files have no word for the loss %s: say which crossentropy", text);
        return NULL;
    }
    return ant__keras_object(c, module_of(ANT_LOSS), part->cls->name, config_of(c, part), NULL);
}

void ant__keras_rate(ant_context *c, ant_tree *t, double rate) {
    const ant_tree *narrow = ant__keras_number(c, (float)rate);
    if (narrow)
        t->text = narrow->text;
}

static ant_tree *optimizer(ant_context *c, const ant_part *part) {
    ant_tree *config = config_of(c, part);
    ant_tree *rate = config ? ant__tree_get(config, "learning_rate") : NULL;
    double x;
    if (rate && ant__tree_scalar(rate) && ant__number_read(rate->text, &x))
        ant__keras_rate(c, rate, x);
    return ant__keras_object(c, module_of(ANT_OPTIMIZER), part->cls->name, config, NULL);
}

ant_tree *ant__keras_part_write(ant_context *c, int kind, const char *text) {
    ant_part part;
    if (!text)
        return ant__keras_null(c);
    if (!ant__part_read(c, kind, text, &part))
        return NULL;
    if (ant__class_registered(c, part.cls))
        return function(c, part.cls->name);
    switch (kind) {
    case ANT_ACTIVATION:
        return activation(c, &part);
    case ANT_METRIC:
        return metric(c, &part, text);
    case ANT_LOSS:
        return loss(c, &part, text);
    case ANT_OPTIMIZER:
        return optimizer(c, &part);
    default:
        return ant__keras_object(c, module_of(kind), part.cls->name, config_of(c, &part), NULL);
    }
}
