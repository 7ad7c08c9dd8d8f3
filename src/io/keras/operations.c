/* Recorded operations into layers of class Operation. */
#include "io/keras/operations.h"
#include "core/text/buffer.h"
#include "io/keras/read.h"
#include <string.h>

/* --- names --- */
bool ant__keras_name_next(const char **list, ant_keras_name *out) {
    const char *s = *list ? *list + strspn(*list, " ") : "", *end = s + strcspn(s, " ");
    if (s == end)
        return false;
    *list = end;
    const char before = *s, *ours = s + (before == '='), *cut = ours + strcspn(ours, ":|& ");
    const char between = *cut, behind = cut[-1];
    const bool one = cut == end, many = behind == '*' || behind == '+';
    *out = (ant_keras_name){.ours = ours, .ours_n = (int)(cut - ours) - many};
    out->theirs = one ? ours : cut + 1;
    out->theirs_n = one ? out->ours_n : (int)(end - out->theirs);
    out->mark = before == '=' ? before : many ? behind : one || between == ':' ? 0 : between;
    return true;
}

bool ant__keras_name_is(const char *name, int n, const char *word) {
    return (size_t)n == strlen(word) && !memcmp(name, word, (size_t)n);
}

static bool of_class(const ant_tree *t, const char *cls) {
    const char *name = ant__keras_text_of(t, "class_name");
    return name && !strcmp(name, cls);
}

static bool is_word(const ant_tree *t, const char *text) {
    return t->kind == ANT__WORD && !strcmp(t->text, text);
}

bool ant__keras_is_tensor(const ant_tree *t) {
    return of_class(t, "__keras_tensor__");
}

static const ant_keras_operation *of_name(const char *cls) {
    for (int k = 0; cls && k < ant__keras_operations_n; k++)
        if (!strcmp(ant__keras_operations[k].cls, cls))
            return &ant__keras_operations[k];
    return NULL;
}

/* A .h5 file of Keras 3 names no modules, and Add may be a layer too: but every layer's config has
 * a type of numbers, and no operation's. */
static bool bare_operation(const ant_tree *object) {
    const ant_tree *config = ant__keras_config(object);
    return of_name(ant__keras_text_of(object, "class_name")) && !ant__tree_get(config, "dtype") &&
           !ant__tree_get(config, "trainable");
}

bool ant__keras_is_operation(const ant_tree *object) {
    static const char inside[] = "keras.src.ops.";
    const char *module = ant__keras_text_of(object, "module");
    return module ? !strncmp(module, inside, sizeof inside - 1) : bare_operation(object);
}

/* --- what is being read --- */
typedef struct reader {
    ant_context *c;
    const ant_keras_operation *op;
    const char *name; /* of the operation in its model */
    const ant_tree *config;
    const ant_keras_tensors *tensors;
    ant_tree *options, *constants, *call;
    bool ints;  /* one of the tensors holds whole numbers or bools */
    bool plain; /* x1 and x2 are numbers, both */
} reader;

static int fail(reader *r, const char *what) {
    return ant__fail(&r->c->error, ANT_E_FORMAT, "operation '%.200s' (%s): %s", r->name, r->op->cls,
                     what);
}

static int fail_named(reader *r, const char *name, int n, const char *what) {
    return ant__fail(&r->c->error, ANT_E_FORMAT, "operation '%.200s' (%s): %.*s %s", r->name,
                     r->op->cls, n, name, what);
}

static ant_tree *word(reader *r, ant_tree_kind kind, const char *key, const char *text) {
    return ant__tree_new(r->c, kind, key, text);
}

static int add(reader *r, ant_tree *parent, ant_tree *child) {
    ant__tree_add(parent, child);
    return child ? 0 : r->c->error.code;
}

/* --- constants: "x2=int64([0, 2])" --- */
/* Numbers and nested lists of them, as Antler writes them; false where there is anything else. */
static bool copy_numbers(reader *r, const ant_tree *t, ant_tree **out) {
    bool items = t->kind == ANT__ITEMS;
    if (!items && (t->kind != ANT__WORD || ant__keras_is_null(t)))
        return false;
    *out = word(r, items ? ANT__ITEMS : ANT__WORD, NULL, t->text);
    for (const ant_tree *x = t->first; x && *out; x = x->next) {
        ant_tree *inner;
        if (!copy_numbers(r, x, &inner))
            return false;
        ant__tree_add(*out, inner);
    }
    return true;
}

static int add_constant(reader *r, const char *name, const ant_tree *t) {
    const ant_tree *value = t;
    const char *dtype = NULL, *text;
    ant_tree *numbers = NULL;
    if (of_class(t, "__numpy__") || of_class(t, "__tensor__")) {
        value = ant__tree_get(ant__keras_config(t), "value");
        dtype = ant__keras_text_of(ant__keras_config(t), "dtype");
    }
    if (!value || !copy_numbers(r, value, &numbers))
        return fail_named(r, name, (int)strlen(name), "is no tensor and no numbers");
    text = numbers ? ant__tree_text(r->c, numbers) : NULL;
    if (text)
        text = dtype ? ant__print(r->c, "%s=%s(%s)", name, dtype, text)
                     : ant__print(r->c, "%s=%s", name, text);
    return text ? add(r, r->constants, word(r, ANT__QUOTED, NULL, text)) : r->c->error.code;
}

/* --- values --- */
static bool is_number(const ant_tree *t) {
    return t && t->kind == ANT__WORD && !ant__keras_is_null(t) && !is_word(t, "true") &&
           !is_word(t, "false");
}

/* A whole number with a point makes reals of ints, which only a constant can say; two without one
 * are ints, where options would be reals. */
static bool as_option(const reader *r, const char *name, const ant_tree *t) {
    bool place = !strcmp(name, "x1") || !strcmp(name, "x2");
    if (!place || !is_number(t))
        return false;
    bool whole = !t->text[strspn(t->text, "-0123456789")];
    return !(r->plain && whole) && !(r->ints && strpbrk(t->text, ".eE"));
}

static int read_value(reader *r, const char *name, const ant_tree *t) {
    if (ant__keras_is_tensor(t) || ant__keras_is_leaf(t))
        return add(r, r->call, r->tensors->read(r->tensors->data, t));
    if (as_option(r, name, t))
        return add(r, r->options, word(r, ANT__WORD, name, t->text));
    return add_constant(r, name, t);
}

/* xs[0], xs[1] … of a list. */
static int read_values(reader *r, const char *name, const ant_tree *first) {
    int k = 0, code = 0;
    for (const ant_tree *x = first; x && !code; x = x->next, k++) {
        const char *entry = ant__print(r->c, "%s[%d]", name, k);
        code = entry ? read_value(r, entry, x) : r->c->error.code;
    }
    return k ? code : fail(r, "a list of tensors is empty");
}

/* --- options --- */
static int flatten(reader *r, ant_tree *out, const ant_tree *t) {
    int code = 0;
    for (const ant_tree *x = t->first; x && !code; x = x->next) {
        if (x->kind == ANT__ITEMS)
            code = flatten(r, out, x);
        else if (ant__tree_scalar(x))
            code = add(r, out, word(r, x->kind, NULL, ant__keras_is_null(x) ? "-1" : x->text));
        else
            return fail(r, "a list holds what is no number");
    }
    return code;
}

static int put(reader *r, const char *name, int n, const ant_tree *t) {
    const char *key = ant__print(r->c, "%.*s", n, name);
    if (!key || ant__keras_is_null(t))
        return r->c->error.code;
    if (t->kind != ANT__ITEMS && !ant__tree_scalar(t))
        return fail_named(r, name, n, "is no number, text or list");
    ant_tree *out = word(r, t->kind, key, t->text);
    return add(r, r->options, out) || flatten(r, out, t) ? r->c->error.code : 0;
}

/* What stands between brackets: ":, 1:, None, -1". */
static int key_item(reader *r, ant_buffer *b, const ant_tree *t) {
    const ant_tree *config = t->kind == ANT__MAP ? ant__tree_get(t, "config") : NULL;
    static const char *const parts[] = {"start", "stop", "step"};
    bool rest = of_class(t, "__ellipsis__");
    if (t->kind == ANT__WORD || rest) {
        ant__put(b, rest ? "..." : ant__keras_is_null(t) ? "None" : t->text);
        return 0;
    }
    if (!of_class(t, "__slice__") || !config)
        return fail(r, "an index is neither a number nor a slice");
    for (int k = 0; k < 3; k++) {
        const ant_tree *part = ant__tree_get(config, parts[k]);
        if (k == 2 && ant__keras_is_null(part))
            break;
        if (k)
            ant__put(b, ":");
        if (!ant__keras_is_null(part) && part->kind != ANT__WORD)
            return fail(r, "a slice is not of numbers");
        if (!ant__keras_is_null(part))
            ant__put(b, part->text);
    }
    return 0;
}

static int put_key(reader *r, const ant_tree *t) {
    ant_buffer b = {0};
    bool list = t->kind == ANT__ITEMS;
    int code = 0;
    for (const ant_tree *x = list ? t->first : t; x && !code; x = list ? x->next : NULL) {
        if (list && x != t->first)
            ant__put(&b, ", ");
        code = key_item(r, &b, x);
    }
    const char *text = code || b.failed ? NULL : ant__arena_text(&r->c->arena, b.at ? b.at : "");
    ant__buffer_free(&b);
    if (!code && !text)
        code = ant__fail_memory(&r->c->error);
    return code ? code : add(r, r->options, word(r, ANT__QUOTED, "key", text));
}

/* count|axes: a number of parts (axes), or a list of places (of the axes of each value). */
static int put_count(reader *r, const ant_tree *t) {
    if (ant__keras_is_null(t) || t->kind != ANT__ITEMS)
        return put(r, "count", 5, t);
    if (strcmp(r->op->op, "tensordot"))
        return put(r, "indices", 7, t);
    if (ant__tree_count(t) != 2)
        return fail(r, "axes are not of two values");
    return put(r, "axis", 4, t->first) || put(r, "axis_2", 6, t->first->next) ? r->c->error.code
                                                                              : 0;
}

/* axis&axis1: one more entry of the list. */
static int put_entry(reader *r, const char *name, int n, const ant_tree *t) {
    const char *key = ant__print(r->c, "%.*s", n, name);
    ant_tree *list = key ? ant__tree_get(r->options, key) : NULL;
    if (!key || ant__keras_is_null(t) || !ant__tree_scalar(t))
        return key ? fail_named(r, name, n, "is no number") : r->c->error.code;
    if (!list && add(r, r->options, list = word(r, ANT__ITEMS, key, NULL)))
        return r->c->error.code;
    return add(r, list, word(r, t->kind, NULL, t->text));
}

static const ant_tree *said(const ant_tree *map, const char *name, int n) {
    for (const ant_tree *t = map->first; t; t = t->next)
        if (ant__keras_name_is(name, n, t->key))
            return t;
    return NULL;
}

static int read_option(reader *r, const ant_keras_name *o) {
    const ant_tree *t = said(r->config, o->theirs, o->theirs_n);
    return o->mark == '|'   ? put_count(r, t)
           : o->mark == '&' ? put_entry(r, o->ours, o->ours_n, t)
                            : put(r, o->ours, o->ours_n, t);
}

static int read_options(reader *r) {
    const char *list = r->op->options;
    ant_keras_name o;
    while (ant__keras_name_next(&list, &o))
        if (read_option(r, &o))
            return r->c->error.code;
    for (list = r->op->fixed; ant__keras_name_next(&list, &o);) {
        const char *is = memchr(o.ours, '=', (size_t)o.ours_n);
        const ant_tree *t = said(r->config, o.ours, (int)(is - o.ours));
        int n = o.ours_n - (int)(is - o.ours) - 1;
        if (!ant__keras_is_null(t) && !(t->text && ant__keras_name_is(is + 1, n, t->text)))
            return fail_named(r, o.ours, (int)(is - o.ours), "has a value that is not read here");
    }
    return r->c->error.code;
}

/* Unstack may leave its number of results to the shape of its value. */
static int count_results(reader *r, const ant_tree *args) {
    const ant_tree *value = args ? args->first : NULL, *axis = ant__tree_get(r->options, "axis");
    int64_t k = 0;
    if (strcmp(r->op->op, "unstack") || ant__tree_get(r->options, "count") || !value ||
        !ant__keras_is_tensor(value) || (axis && !ant__whole_read(axis->text, &k)))
        return 0;
    const ant_tree *shape = ant__tree_get(ant__keras_config(value), "shape");
    const ant_tree *size = shape && shape->kind == ANT__ITEMS ? shape->first : NULL;
    for (k += k < 0 && shape ? ant__tree_count(shape) : 0; size && k > 0; k--)
        size = size->next;
    return size ? put(r, "count", 5, size) : 0;
}

/* --- parameters of the call --- */
enum { MOST = 8 };
typedef struct parameters {
    ant_keras_name name[MOST];
    const ant_tree *value[MOST];
    int n;
} parameters;

static int place_of(const parameters *p, const char *keyword) {
    int k = 0;
    while (k < p->n && !ant__keras_name_is(p->name[k].theirs, p->name[k].theirs_n, keyword))
        k++;
    return k < p->n ? k : -1;
}

static const ant_tree *value_of(const parameters *p, const char *keyword) {
    int k = place_of(p, keyword);
    return k < 0 ? NULL : p->value[k];
}

static int find_parameters(reader *r, const ant_tree *args, const ant_tree *kwargs, parameters *p) {
    const char *list = r->op->values;
    if ((args && args->kind != ANT__ITEMS) || (kwargs && kwargs->kind != ANT__MAP))
        return fail(r, "its call is no list and no dict of arguments");
    const ant_tree *x = args ? args->first : NULL;
    while (p->n < MOST && ant__keras_name_next(&list, &p->name[p->n])) {
        const ant_keras_name *o = &p->name[p->n];
        p->value[p->n] = x ? x : kwargs ? said(kwargs, o->theirs, o->theirs_n) : NULL;
        x = x && o->mark != '+' ? x->next : NULL;
        p->n++;
    }
    if (x)
        return fail(r, "its call has more arguments than are known");
    for (x = kwargs ? kwargs->first : NULL; x; x = x->next)
        if (!ant__keras_is_null(x) && place_of(p, x->key) < 0)
            return fail_named(r, x->key, (int)strlen(x->key), "is a keyword that is not known");
    return 0;
}

static int read_parameter(reader *r, const ant_keras_name *o, const ant_tree *t, bool last) {
    const char *name = ant__print(r->c, "%.*s", o->ours_n, o->ours);
    if (!name)
        return r->c->error.code;
    if (o->mark == '=')
        return !strcmp(name, "key") && !ant__keras_is_null(t) ? put_key(r, t)
                                                              : put(r, name, (int)strlen(name), t);
    if (ant__keras_is_null(t)) {
        const char *none = last ? NULL : ant__print(r->c, "%s=none", name);
        return none ? add(r, r->constants, word(r, ANT__QUOTED, NULL, none)) : r->c->error.code;
    }
    if (o->mark == '+')
        return read_values(r, name, t);
    if (o->mark == '*')
        return t->kind == ANT__ITEMS ? read_values(r, name, t->first)
                                     : fail(r, "expected a list of tensors");
    return read_value(r, name, t);
}

/* Behind the last value that is given, none needs to be said. */
static int read_parameters(reader *r, const parameters *p) {
    int last = p->n - 1;
    while (last > 0 && (ant__keras_is_null(p->value[last]) || p->name[last].mark == '='))
        last--;
    for (int k = 0; k < p->n; k++)
        if (read_parameter(r, &p->name[k], p->value[k], k >= last))
            return r->c->error.code;
    return 0;
}

static void find_ints(reader *r, const ant_tree *t) {
    const char *dtype =
        ant__keras_is_tensor(t) ? ant__keras_text_of(ant__keras_config(t), "dtype") : NULL;
    r->ints |= dtype && strncmp(dtype, "float", 5) && strcmp(dtype, "bfloat16");
    for (const ant_tree *x = t->kind == ANT__ITEMS ? t->first : NULL; x; x = x->next)
        find_ints(r, x);
}

/* --- the layer --- */
/* An activation's options stand in its text: "elu(alpha=0.5)". */
static ant_tree *op_text(reader *r) {
    if (!r->op->activation || !r->options->first)
        return word(r, ANT__WORD, "op", r->op->op);
    ant_tree *text = word(r, ANT__CALL, NULL, r->op->op);
    if (!text)
        return NULL;
    text->first = r->options->first;
    text->last = r->options->last;
    r->options->first = r->options->last = NULL;
    const char *said = ant__tree_text(r->c, text);
    return said ? word(r, ANT__QUOTED, "op", said) : NULL;
}

static ant_tree *layer_of(reader *r) {
    ant_tree *op = op_text(r), *layer = word(r, ANT__MAP, NULL, NULL);
    ant_tree *body = word(r, ANT__MAP, "Operation", NULL);
    if (!op || !layer || !body)
        return NULL;
    ant__tree_add(layer, body);
    ant__tree_add(body, op);
    if (op->next || r->options->first) {
        op->next = r->options->first;
        body->last = r->options->last;
    }
    if (r->constants->first)
        ant__tree_add(body, r->constants);
    return layer;
}

static const ant_keras_operation *find(ant_context *c, const ant_tree *object) {
    const char *cls = ant__keras_text_of(object, "class_name"),
               *name = ant__keras_text_of(object, "name");
    const char *names[512], *at = name ? name : "?";
    const ant_keras_operation *op = of_name(cls);
    char hint[ANT__HINT_TEXT];
    int n = 0;
    if (op)
        return op;
    for (int k = 0; k < ant__keras_operations_n && n < 512; k++)
        names[n++] = ant__keras_operations[k].cls;
    ant__fail(&c->error, ANT_E_FORMAT,
              "operation '%.200s': Keras's operation '%.100s' is not read%s", at, cls ? cls : "?",
              cls ? ant__hint(hint, cls, names, n) : "");
    return NULL;
}

ant_tree *ant__keras_operation_read(ant_context *c, const ant_tree *object, const ant_tree *node,
                                    const ant_keras_tensors *tensors, ant_tree *call) {
    const ant_tree *args = ant__tree_get(node, "args"), *kwargs = ant__tree_get(node, "kwargs");
    reader r = {.c = c, .op = find(c, object), .tensors = tensors, .call = call};
    parameters p = {.n = 0};
    if (!r.op)
        return NULL;
    r.name = ant__keras_text_of(object, "name");
    r.name = r.name ? r.name : r.op->cls;
    r.config = ant__keras_config(object);
    r.options = word(&r, ANT__MAP, NULL, NULL);
    r.constants = word(&r, ANT__ITEMS, "constants", NULL);
    if (!r.options || !r.constants)
        return NULL;
    if (args)
        find_ints(&r, args);
    if (find_parameters(&r, args, kwargs, &p))
        return NULL;
    r.plain = is_number(value_of(&p, "x1")) && is_number(value_of(&p, "x2"));
    if (read_parameters(&r, &p) || read_options(&r) || count_results(&r, args))
        return NULL;
    return layer_of(&r);
}
