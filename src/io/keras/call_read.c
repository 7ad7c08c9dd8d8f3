/* One recorded call of a layer: {"args": […], "kwargs": {…}}, or Keras 2's list of
 * [layer, call, result, {keyword: value}], as layer(input, …, key=value). */
#include "core/options/option.h"
#include "io/keras/read.h"
#include <string.h>

/* What a call says, by the names of Keras's parameters. */
typedef enum slot {
    INPUTS, /* sequences, query … */
    VALUE,
    KEY,
    STATES,
    MASK,
    QUERY_MASK,
    VALUE_MASK,
    KEY_MASK,
    ATTENTION_MASK,
    CAUSAL,
    SCORES,
    TRAINING,
    SLOTS
} slot;

static const char *const words[SLOTS] = {
    [INPUTS] = "inputs sequences sequence query x",
    [VALUE] = "value",
    [KEY] = "key",
    [STATES] = "initial_state",
    [MASK] = "mask",
    [QUERY_MASK] = "query_mask",
    [VALUE_MASK] = "value_mask",
    [KEY_MASK] = "key_mask",
    [ATTENTION_MASK] = "attention_mask",
    [CAUSAL] = "use_causal_mask",
    [SCORES] = "return_attention_scores",
    [TRAINING] = "training",
};

typedef struct reader {
    ant_keras_reader *r;
    const char *where;
    const ant_tree *object; /* the layer */
    const ant_keras_tensors *tensors;
    ant_tree *call;
    const ant_tree *said[SLOTS];
    const char *own; /* of a user's class: its names for the inputs, "" for none; else NULL */
} reader;

static int fail(reader *r, const char *what) {
    return ant__fail(&r->r->c->error, ANT_E_FORMAT, "%s: in a call of it, %s", r->where, what);
}

/* --- which parameter --- */
/* Parameters by place. */
static const slot in_attention[] = {INPUTS,   VALUE,          KEY,    QUERY_MASK, VALUE_MASK,
                                    KEY_MASK, ATTENTION_MASK, SCORES, TRAINING,   CAUSAL};
static const slot in_recurrent[] = {INPUTS, STATES, MASK, TRAINING};
static const slot in_dot_attention[] = {INPUTS, MASK, TRAINING, SCORES, CAUSAL};
static const slot in_others[] = {INPUTS, TRAINING, MASK};
static const slot in_masked[] = {INPUTS, MASK};

typedef struct signature {
    const slot *at;
    int n;
} signature;
#define SIGNATURE(list) ((signature){list, (int)(sizeof(list) / sizeof *(list))})

static bool recurrent(const char *name) {
    const ant_class *cls = ant__class_find(NULL, ANT_LAYER, name);
    return !strcmp(name, "Bidirectional") || (cls && ant__row_find(cls, "go_backwards"));
}

static signature signature_of(const ant_tree *object) {
    const char *cls = ant__keras_class(object);
    if (ant__word_among("MultiHeadAttention GroupedQueryAttention GroupQueryAttention", cls, false))
        return SIGNATURE(in_attention);
    if (ant__word_among("Attention AdditiveAttention", cls, false))
        return SIGNATURE(in_dot_attention);
    if (ant__word_among("Softmax GlobalAveragePooling1D", cls, false))
        return SIGNATURE(in_masked);
    return recurrent(cls) ? SIGNATURE(in_recurrent) : SIGNATURE(in_others);
}

static bool is_true(const ant_tree *t) {
    return t->kind == ANT__WORD && !strcmp(t->text, "true");
}

static bool is_false(const ant_tree *t) {
    return t->kind == ANT__WORD && !strcmp(t->text, "false");
}

static int say(reader *r, slot s, const ant_tree *value) {
    if (ant__keras_is_null(value))
        return 0;
    if (r->said[s])
        return fail(r, "a parameter is said twice");
    r->said[s] = value;
    return 0;
}

/* Every layer may have such a parameter, a user's own too. */
static bool is_of_any(int s) {
    return s == INPUTS || s == MASK || s == TRAINING;
}

static int say_keyword(reader *r, const ant_tree *value) {
    for (int s = 0; s < SLOTS; s++)
        if (ant__word_among(words[s], value->key, false) && (!r->own || is_of_any(s)))
            return say(r, (slot)s, value);
    if (!r->own && (ant__keras_is_null(value) || is_false(value)))
        return 0;
    return ant__fail(&r->r->c->error, ANT_E_OPTION,
                     "%s: the keyword '%.100s' of a call of it is not read", r->where, value->key);
}

/* --- tensors --- */
static bool is_tensor(const ant_tree *t) {
    return ant__keras_is_tensor(t) || ant__keras_is_leaf(t);
}

static int add(reader *r, ant_tree *out, const char *key, ant_tree *value) {
    if (!value)
        return r->r->c->error.code;
    value->key = key;
    ant__tree_add(out, value);
    return 0;
}

/* The leaves of a structure in order: tensors, null and constants. */
static int flatten(reader *r, const ant_tree *t, const ant_tree **out, int *n) {
    bool leaf = is_tensor(t) || ant__tree_scalar(t) || ant__keras_class(t);
    int code = 0;
    if (leaf && *n == ANT_MAX_PORTS - 1)
        return fail(r, "there are more than 63 values");
    if (leaf)
        out[(*n)++] = t;
    else if (!t->first)
        return fail(r, "a list is empty");
    else if (t->kind == ANT__MAP)
        for (const ant_tree *x = ant__next_key(t, NULL); x && !code; x = ant__next_key(t, x->key))
            code = flatten(r, x, out, n);
    else
        for (const ant_tree *x = t->first; x && !code; x = x->next)
            code = flatten(r, x, out, n);
    return code;
}

/* All tensors in a structure, one after the other. */
static int add_tensors(reader *r, ant_tree *out, const ant_tree *t) {
    const ant_tree *leaf[ANT_MAX_PORTS];
    int n = 0, code = flatten(r, t, leaf, &n);
    for (int k = 0; k < n && !code; k++)
        code = is_tensor(leaf[k]) ? add(r, out, NULL, r->tensors->read(r->tensors->data, leaf[k]))
                                  : fail(r, "a constant stands in the place of a tensor");
    return code;
}

/* A model that lists its inputs takes a dict by their names: what it says in their order. */
static const ant_tree *by_names(reader *r, const ant_tree *map) {
    const ant_tree *inputs = ant__tree_get(ant__keras_config(r->object), "input_layers");
    bool dict = map && map->kind == ANT__MAP && !ant__keras_class(map);
    if (!dict || !ant__keras_is_model(r->object) || !inputs || inputs->kind != ANT__ITEMS)
        return map;
    bool one = ant__keras_is_leaf(inputs);
    ant_tree *list = ant__tree_new(r->r->c, ANT__ITEMS, NULL, NULL);
    for (const ant_tree *x = one ? inputs : inputs->first; x && list; x = one ? NULL : x->next) {
        const ant_tree *t = ant__keras_is_leaf(x) ? ant__tree_get(map, x->first->text) : NULL;
        ant_tree *copy = t ? ant__tree_new(r->r->c, t->kind, NULL, t->text) : NULL;
        if (!t)
            fail(r, "an input of the model is missing");
        if (!copy)
            return NULL;
        copy->first = t->first;
        copy->last = t->last;
        ant__tree_add(list, copy);
    }
    return list;
}

/* --- the call --- */
static int add_flag(reader *r, slot s) {
    const ant_tree *t = r->said[s];
    if (!t || is_false(t))
        return 0;
    if (!is_true(t))
        return fail(r, "a flag is neither true nor false");
    return add(r, r->call, words[s], ant__tree_new(r->r->c, ANT__WORD, NULL, "true"));
}

/* What fit and predict of Keras 3 say of training overrides what a call recorded; Keras 2 held to
 * it. */
static int add_training(reader *r) {
    const ant_tree *t = r->said[TRAINING];
    if (!t || !r->r->legacy)
        return 0;
    if (!is_true(t) && !is_false(t))
        return fail(r, "training is neither true nor false");
    return add(r, r->call, "training", ant__tree_new(r->r->c, ANT__WORD, NULL, t->text));
}

static ant_tree *mask_value(reader *r, const ant_tree *t) {
    if (ant__keras_is_null(t))
        return ant__tree_new(r->r->c, ANT__WORD, NULL, "none");
    if (is_tensor(t))
        return r->tensors->read(r->tensors->data, t);
    fail(r, "a mask is no tensor");
    return NULL;
}

/* A mask for each input, as far as one is said. */
static int add_masks(reader *r, const ant_tree *const *masks, int n) {
    while (n && ant__keras_is_null(masks[n - 1]))
        n--;
    if (n < 2)
        return n ? add(r, r->call, "mask", mask_value(r, masks[0])) : 0;
    ant_tree *list = ant__tree_new(r->r->c, ANT__ITEMS, "mask", NULL);
    if (!list)
        return r->r->c->error.code;
    for (int k = 0; k < n; k++)
        if (add(r, list, NULL, mask_value(r, masks[k])))
            return r->r->c->error.code;
    ant__tree_add(r->call, list);
    return 0;
}

/* Keras's MultiHeadAttention asks the query for its mask, whatever the call says. */
static void forget_query_mask(reader *r) {
    if (!strcmp(ant__keras_class(r->object), "MultiHeadAttention"))
        r->said[QUERY_MASK] = NULL;
}

static int add_mask(reader *r) {
    const ant_tree *masks[ANT_MAX_PORTS];
    int n = 0;
    forget_query_mask(r);
    if (!r->said[MASK])
        return add_masks(r, r->said + QUERY_MASK, 3);
    int code = flatten(r, r->said[MASK], masks, &n);
    return code ? code : add_masks(r, masks, n);
}

static int add_states(reader *r) {
    if (!r->said[STATES])
        return 0;
    ant_tree *list = ant__tree_new(r->r->c, ANT__ITEMS, "initial_state", NULL);
    if (!list)
        return r->r->c->error.code;
    int code = add_tensors(r, list, r->said[STATES]);
    if (!code && list->first)
        ant__tree_add(r->call, list);
    return code;
}

static int put_inputs(reader *r) {
    if (!r->said[INPUTS])
        return fail(r, "there is no input");
    r->said[INPUTS] = by_names(r, r->said[INPUTS]);
    r->said[MASK] = by_names(r, r->said[MASK]);
    int code = r->r->c->error.code;
    if (!code)
        code = add_tensors(r, r->call, r->said[INPUTS]);
    for (int s = VALUE; s <= KEY && !code; s++)
        if (r->said[s])
            code = add_tensors(r, r->call, r->said[s]);
    return code;
}

/* All but the inputs. */
static int put_rest(reader *r) {
    int code = add_states(r);
    if (!code)
        code = add_mask(r);
    if (!code && r->said[ATTENTION_MASK])
        code = add(r, r->call, "attention_mask", mask_value(r, r->said[ATTENTION_MASK]));
    if (!code)
        code = add_flag(r, CAUSAL);
    if (!code)
        code = add_flag(r, SCORES);
    return code ? code : add_training(r);
}

static int put_call(reader *r) {
    int code = put_inputs(r);
    return code ? code : put_rest(r);
}

/* --- calls of users' own classes --- */
/* The names that the class was registered with; NULL: no user's class, or an error. */
static const char *own_names(const ant_keras_reader *r, const char *where, const ant_tree *object) {
    if (ant__keras_is_model(object))
        return NULL;
    const ant_class *cls = ant__keras_class_find(r->c, ANT_LAYER, where, object);
    const ant_layer_class *impl = cls ? cls->impl : NULL;
    if (!cls || !ant__class_registered(r->c, cls))
        return NULL;
    return impl->arguments ? impl->arguments : "";
}

/* The place of a parameter among the names; -1: it is none of them. */
static int place_named(const char *names, const char *key) {
    size_t n = strlen(key);
    for (int k = 0; *names; k++) {
        size_t length = strcspn(names, " *");
        if (length == n && !strncmp(names, key, n))
            return k;
        names += strcspn(names, " ");
        names += *names == ' ';
    }
    return -1;
}

static int put_own(reader *r, const ant_tree *const *place) {
    int last = ANT_MAX_PORTS - 1, code = 0;
    while (last >= 0 && !place[last])
        last--;
    if (last < 0)
        return fail(r, "there is no input");
    for (int k = 0; k <= last && !code; k++)
        code = place[k] ? add_tensors(r, r->call, place[k]) : fail(r, "an input is missing");
    return code ? code : put_rest(r);
}

/* Its inputs stand by place or by name, each a tensor or a structure of some. */
static int read_own(reader *r, const ant_tree *args, const ant_tree *kwargs) {
    const ant_tree *place[ANT_MAX_PORTS] = {0};
    int k = 0, code = 0;
    for (const ant_tree *t = args->first; t && !code; t = t->next, k++) {
        if (k == ANT_MAX_PORTS)
            code = fail(r, "there are more than 63 values");
        else if (!ant__keras_is_null(t))
            place[k] = t;
    }
    for (const ant_tree *t = kwargs ? kwargs->first : NULL; t && !code; t = t->next) {
        int at = place_named(r->own, t->key);
        if (at >= 0 && at < ANT_MAX_PORTS && place[at])
            code = fail(r, "a parameter is said twice");
        else if (at >= 0 && at < ANT_MAX_PORTS)
            place[at] = ant__keras_is_null(t) ? NULL : t;
        else
            code = say_keyword(r, t);
    }
    if (!code && r->said[INPUTS] && !place[0])
        place[0] = r->said[INPUTS];
    return code ? code : put_own(r, place);
}

/* --- both forms --- */
/* Arguments by place. */
static int read_arguments(reader *r, const ant_tree *args) {
    signature s = signature_of(r->object);
    int k = 0, code = 0;
    for (const ant_tree *t = args->first; t && !code; t = t->next, k++) {
        if (k < s.n)
            code = say(r, s.at[k], t);
        else if (!ant__keras_is_null(t))
            code = fail(r, "there are too many arguments");
    }
    return code;
}

static int read_keywords(reader *r, const ant_tree *kwargs) {
    int code = 0;
    if (!kwargs || kwargs->kind != ANT__MAP)
        return 0;
    for (const ant_tree *t = kwargs->first; t && !code; t = t->next)
        code = say_keyword(r, t);
    return code;
}

static const ant_tree *first_leaf(const ant_tree *t) {
    while (t && !ant__keras_is_leaf(t))
        t = t->first;
    return t;
}

/* Keras 2: the keywords stand in the first tensor; states follow the sequence. */
static int read_list(reader *r, const ant_tree *node) {
    const ant_tree *leaf = first_leaf(node);
    const ant_tree *kwargs = leaf ? leaf->first->next->next->next : NULL;
    int code = read_keywords(r, kwargs);
    if (code)
        return code;
    if (!recurrent(ant__keras_class(r->object)) || ant__keras_is_leaf(node) ||
        node->kind != ANT__ITEMS || !node->first || !node->first->next)
        return say(r, INPUTS, node);
    ant_tree *states = ant__tree_new(r->r->c, ANT__ITEMS, NULL, NULL);
    if (!states)
        return r->r->c->error.code;
    states->first = node->first->next;
    states->last = node->last;
    code = say(r, INPUTS, node->first);
    return code ? code : say(r, STATES, states);
}

int ant__keras_call_read(ant_keras_reader *r, const char *where, const ant_tree *object,
                         const ant_tree *node, const ant_keras_tensors *tensors, ant_tree *call) {
    reader s = {.r = r, .where = where, .object = object, .tensors = tensors, .call = call};
    s.own = own_names(r, where, object);
    if (r->c->error.code)
        return r->c->error.code;
    if (node->kind == ANT__ITEMS) {
        int code = read_list(&s, node);
        return code ? code : put_call(&s);
    }
    const ant_tree *args = node->kind == ANT__MAP ? ant__tree_get(node, "args") : NULL;
    const ant_tree *kwargs = args ? ant__tree_get(node, "kwargs") : NULL;
    if (!args || args->kind != ANT__ITEMS)
        return fail(&s, "there are no arguments");
    if (s.own)
        return read_own(&s, args, kwargs && kwargs->kind == ANT__MAP ? kwargs : NULL);
    int code = read_arguments(&s, args);
    if (!code)
        code = read_keywords(&s, kwargs);
    return code ? code : put_call(&s);
}
