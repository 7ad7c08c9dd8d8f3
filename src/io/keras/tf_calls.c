/* What tf.keras records where users compute with symbolic tensors: layers of class TFOpLambda,
 * which name a function of TensorFlow, and SlicingOpLambda. Each becomes the operation of Keras 3
 * that does the same, and is then read as one. Source: tf_keras/src/layers/core/tf_op_layer.py. */
#include "io/keras/operations.h"
#include "io/keras/read.h"
#include <string.h>

typedef struct function {
    const char *name; /* "math.truediv" */
    const char *cls;  /* the operation of Keras 3 */
    /* TensorFlow's names of what the operation is called with, in its order; the first one is given
     * by place. "=key": what slices. */
    const char *values;
    const char
        *options;      /* of the operation's config, "axes:perm" where TensorFlow's names differ */
    const char *fixed; /* what is only read where it says this: "conjugate=false" */
} function;

#define ROW(name, cls, ...)                                                                        \
    { name, cls, __VA_ARGS__ }
#define ONE(name, cls) ROW(name, cls, "x", "", "")
#define TWO(name, cls) ROW(name, cls, "x y", "", "")
#define OVER(name, cls) ROW(name, cls, "input_tensor", "axis keepdims", "")

static const function functions[] = {
    TWO("__operators__.add", "Add"),
    TWO("math.add", "Add"),
    TWO("math.subtract", "Subtract"),
    TWO("math.multiply", "Multiply"),
    TWO("math.truediv", "TrueDivide"),
    TWO("math.divide", "TrueDivide"),
    TWO("math.divide_no_nan", "DivideNoNan"),
    TWO("math.floordiv", "FloorDivide"),
    TWO("compat.v1.floor_div", "FloorDivide"),
    TWO("math.floormod", "Mod"),
    TWO("math.pow", "Power"),
    TWO("math.maximum", "Maximum"),
    TWO("math.minimum", "Minimum"),
    TWO("math.greater", "Greater"),
    TWO("math.greater_equal", "GreaterEqual"),
    TWO("math.less", "Less"),
    TWO("math.less_equal", "LessEqual"),
    TWO("math.equal", "Equal"),
    TWO("math.not_equal", "NotEqual"),
    TWO("math.logical_and", "LogicalAnd"),
    TWO("math.logical_or", "LogicalOr"),
    TWO("math.logical_xor", "LogicalXor"),
    ONE("math.logical_not", "LogicalNot"),
    ONE("math.abs", "Absolute"),
    ONE("math.negative", "Negative"),
    ONE("math.sign", "Sign"),
    ONE("math.square", "Square"),
    ONE("math.sqrt", "Sqrt"),
    ONE("math.rsqrt", "Rsqrt"),
    ONE("math.reciprocal", "Reciprocal"),
    ONE("math.exp", "Exp"),
    ONE("math.expm1", "Expm1"),
    ONE("math.log", "Log"),
    ONE("math.log1p", "Log1p"),
    ONE("math.erf", "Erf"),
    ONE("math.sin", "Sin"),
    ONE("math.cos", "Cos"),
    ONE("math.tan", "Tan"),
    ONE("math.asin", "Arcsin"),
    ONE("math.acos", "Arccos"),
    ONE("math.atan", "Arctan"),
    ONE("math.sinh", "Sinh"),
    ONE("math.cosh", "Cosh"),
    ONE("math.tanh", "Tanh"),
    ONE("math.floor", "Floor"),
    ONE("math.ceil", "Ceil"),
    ONE("math.round", "Round"),
    ONE("round", "Round"),
    ONE("math.is_nan", "Isnan"),
    ONE("math.is_inf", "Isinf"),
    ONE("math.is_finite", "Isfinite"),
    ONE("math.sigmoid", "Sigmoid"),
    ROW("math.softplus", "Softplus", "features", "", ""),
    ROW("nn.relu", "Relu", "features", "", ""),
    ROW("nn.relu6", "Relu6", "features", "", ""),
    ROW("nn.elu", "Elu", "features", "", ""),
    ROW("nn.selu", "Selu", "features", "", ""),
    ROW("nn.gelu", "Gelu", "features", "approximate", ""),
    ROW("nn.silu", "Silu", "features", "", "beta=1.0"),
    ROW("nn.softsign", "Softsign", "features", "", ""),
    ROW("nn.leaky_relu", "LeakyRelu", "features", "negative_slope:alpha", ""),
    ROW("nn.softmax", "Softmax", "logits", "axis", ""),
    ROW("nn.log_softmax", "LogSoftmax", "logits", "axis", ""),
    OVER("math.reduce_sum", "Sum"),
    OVER("math.reduce_mean", "Mean"),
    OVER("math.reduce_max", "Max"),
    OVER("math.reduce_min", "Min"),
    OVER("math.reduce_prod", "Prod"),
    OVER("math.reduce_std", "Std"),
    OVER("math.reduce_variance", "Var"),
    OVER("math.reduce_all", "All"),
    OVER("math.reduce_any", "Any"),
    OVER("math.reduce_logsumexp", "Logsumexp"),
    ROW("reshape", "Reshape", "tensor", "newshape:shape", ""),
    ROW("transpose", "Transpose", "a", "axes:perm", "conjugate=false"),
    ROW("compat.v1.transpose", "Transpose", "a", "axes:perm", "conjugate=false"),
    ROW("expand_dims", "ExpandDims", "input", "axis", ""),
    ROW("squeeze", "Squeeze", "input", "axis", ""),
    ROW("compat.v1.squeeze", "Squeeze", "input", "axis", ""),
    ROW("tile", "Tile", "input", "repeats:multiples", ""),
    ROW("concat", "Concatenate", "values", "axis", ""),
    ROW("stack", "Stack", "values", "axis", ""),
    ROW("cast", "Cast", "x", "dtype", ""),
    ROW("clip_by_value", "Clip", "t", "x_min:clip_value_min x_max:clip_value_max", ""),
    ROW("where", "Where", "condition x y", "", ""),
    ROW("linalg.matmul", "Matmul", "a b", "",
        "transpose_a=false transpose_b=false adjoint_a=false adjoint_b=false a_is_sparse=false "
        "b_is_sparse=false"),
    ROW("__operators__.getitem", "GetItem", "tensor =slice_spec", "", ""),
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

bool ant__keras_is_tf_call(const ant_tree *object) {
    const char *cls = ant__keras_class(object);
    return cls && (!strcmp(cls, "TFOpLambda") || !strcmp(cls, "SlicingOpLambda"));
}

/* --- what is being read --- */
typedef struct reader {
    ant_context *c;
    const char *where; /* "layer 'tf.nn.relu' (TFOpLambda)" */
    const function *f;
    const ant_tree *given; /* the keywords of the call */
    ant_tree *config, *args;
} reader;

static int add(reader *r, ant_tree *parent, ant_tree *child) {
    ant__tree_add(parent, child);
    return child ? 0 : r->c->error.code;
}

static ant_tree *new_tree(reader *r, ant_tree_kind kind, const char *key, const char *text) {
    return ant__tree_new(r->c, kind, key, text);
}

/* The same value, to stand somewhere else. */
static ant_tree *again(reader *r, const char *key, const ant_tree *t) {
    ant_tree *copy = new_tree(r, t->kind, key, t->text);
    if (copy) {
        copy->first = t->first;
        copy->last = t->last;
    }
    return copy;
}

static const function *find(ant_context *c, const char *where, const ant_tree *object) {
    const char *name = ant__keras_text_of(ant__keras_config(object), "function");
    const char *names[FUNCTIONS];
    char hint[ANT__HINT_TEXT];
    for (int k = 0; k < FUNCTIONS; k++) {
        names[k] = functions[k].name;
        if (name && !strcmp(name, names[k]))
            return &functions[k];
    }
    ant__fail(&c->error, ANT_E_FORMAT, "%s: TensorFlow's '%.100s' is not read%s", where,
              name ? name : "?", name ? ant__hint(hint, name, names, FUNCTIONS) : "");
    return NULL;
}

/* --- values --- */
/* ["dense", 0, 0, …], or ["_CONSTANT_VALUE", -1, 0.5, …]. */
static ant_tree *value_of(reader *r, const ant_tree *t) {
    if (ant__keras_is_leaf(t) && !strcmp(t->first->text, "_CONSTANT_VALUE"))
        t = t->first->next->next;
    return again(r, NULL, t);
}

static ant_tree *values_of(reader *r, const ant_tree *node) {
    ant_tree *list = new_tree(r, ANT__ITEMS, NULL, NULL);
    for (const ant_tree *t = node->first; t && list; t = t->next)
        if (add(r, list, value_of(r, t)))
            return NULL;
    return list;
}

/* {"start": 1, "stop": null, "step": null} as Keras 3 writes it. */
static ant_tree *slice_of(reader *r, const ant_tree *t) {
    if (t->kind != ANT__MAP)
        return again(r, NULL, t);
    ant_tree *slice = new_tree(r, ANT__MAP, NULL, NULL);
    if (!slice || add(r, slice, new_tree(r, ANT__QUOTED, "class_name", "__slice__")) ||
        add(r, slice, again(r, "config", t)))
        return NULL;
    return slice;
}

static ant_tree *key_of(reader *r, const ant_tree *spec) {
    ant_tree *key = new_tree(r, ANT__ITEMS, NULL, NULL);
    if (spec->kind != ANT__ITEMS)
        return slice_of(r, spec);
    for (const ant_tree *t = spec->first; t && key; t = t->next)
        if (add(r, key, slice_of(r, t)))
            return NULL;
    return key;
}

/* The argument that TensorFlow calls so; the first stands in the node itself. */
static int add_argument(reader *r, const ant_keras_name *name, const ant_tree *node) {
    const bool first = !r->args->first;
    const char *said = ant__print(r->c, "%.*s", name->ours_n, name->ours);
    const ant_tree *t = said && !first ? ant__tree_get(r->given, said) : node;
    if (!said)
        return r->c->error.code;
    if (first)
        return add(r, r->args, ant__keras_is_leaf(t) ? value_of(r, t) : values_of(r, t));
    if (!t)
        return ant__fail(&r->c->error, ANT_E_FORMAT, "%s: %s has no '%s'", r->where, r->f->name,
                         said);
    return add(r, r->args, name->mark == '=' ? key_of(r, t) : value_of(r, t));
}

/* --- options --- */
static int add_option(reader *r, const ant_keras_name *name) {
    const char *ours = ant__print(r->c, "%.*s", name->ours_n, name->ours);
    const char *theirs = ant__print(r->c, "%.*s", name->theirs_n, name->theirs);
    const ant_tree *t = ours && theirs ? ant__tree_get(r->given, theirs) : NULL;
    if (!ours || !theirs)
        return r->c->error.code;
    return t ? add(r, r->config, again(r, ours, t)) : 0;
}

/* Is the keyword among the names of a list? */
static bool named(const char *list, const char *keyword) {
    ant_keras_name name;
    while (ant__keras_name_next(&list, &name))
        if (ant__keras_name_is(name.theirs, name.theirs_n, keyword))
            return true;
    return false;
}

static int check_keyword(reader *r, const ant_tree *t) {
    const char *said = ant__tree_scalar(t) ? ant__print(r->c, "%s=%s", t->key, t->text) : "";
    if (!said)
        return r->c->error.code;
    if (ant__keras_is_null(t) || !strcmp(t->key, "name") || named(r->f->values, t->key) ||
        named(r->f->options, t->key) || named(r->f->fixed, said))
        return 0;
    return ant__fail(&r->c->error, ANT_E_FORMAT,
                     "%s: the keyword '%.100s' of TensorFlow's %s is not read", r->where, t->key,
                     r->f->name);
}

/* --- the operation --- */
static int fill(reader *r, const ant_tree *node) {
    const char *list = r->f->values;
    ant_keras_name name;
    int code = 0;
    for (const ant_tree *t = r->given->first; t && !code; t = t->next)
        code = check_keyword(r, t);
    while (!code && ant__keras_name_next(&list, &name))
        code = add_argument(r, &name, node);
    for (list = r->f->options; !code && ant__keras_name_next(&list, &name);)
        code = add_option(r, &name);
    return code;
}

static ant_tree *object_of(reader *r, const ant_tree *object) {
    const char *name = ant__keras_text_of(object, "name");
    ant_tree *t = new_tree(r, ANT__MAP, NULL, NULL);
    if (!t || add(r, t, new_tree(r, ANT__QUOTED, "class_name", r->f->cls)) ||
        add(r, t, new_tree(r, ANT__QUOTED, "name", name ? name : r->f->name)) ||
        add(r, t, r->config))
        return NULL;
    return t;
}

/* The keywords stand behind a leaf, the first one of a list. */
static const ant_tree *keywords(const ant_tree *node) {
    static const ant_tree none = {.kind = ANT__MAP};
    const ant_tree *leaf = ant__keras_is_leaf(node) ? node : node->first;
    const ant_tree *t = leaf && ant__keras_is_leaf(leaf) ? leaf->first->next->next->next : NULL;
    return t && t->kind == ANT__MAP ? t : &none;
}

ant_tree *ant__keras_tf_call_read(ant_context *c, const ant_tree *object, const ant_tree *node,
                                  const ant_keras_tensors *tensors, ant_tree *call) {
    const char *name = ant__keras_text_of(object, "name");
    const char *where =
        ant__print(c, "layer '%.200s' (%s)", name ? name : "?", ant__keras_class(object));
    reader r = {.c = c, .where = where, .given = keywords(node)};
    if (!where || !(r.f = find(c, where, object)))
        return NULL;
    r.config = new_tree(&r, ANT__MAP, "config", NULL);
    r.args = new_tree(&r, ANT__ITEMS, "args", NULL);
    ant_tree *as = new_tree(&r, ANT__MAP, NULL, NULL);
    if (!r.config || !r.args || !as || fill(&r, node))
        return NULL;
    ant__tree_add(as, r.args);
    ant_tree *operation = object_of(&r, object);
    return operation ? ant__keras_operation_read(c, operation, as, tensors, call) : NULL;
}
