/* Operation: any op as a layer. */
#include "layers/operation/operation.h"
#include "core/options/field.h"
#include <string.h>

/* What a built layer keeps. */
typedef struct ant_operation_extra {
    const ant_operation *op; /* NULL: an activation */
    ant_constant *constants;
    int n;
} ant_operation_extra;

int ant__operation_constants(const ant_layer *l, const ant_constant **out) {
    const ant_operation_extra *extra = l->extra;
    *out = extra->constants;
    return extra->n;
}

/* --- looking up --- */
const ant_operation *ant__operation_find(const char *name) {
    for (const ant_operation_family *const *f = ant__operation_families; *f && name; f++)
        for (int i = 0; i < (*f)->n; i++)
            if (!strcmp((*f)->rows[i].name, name))
                return &(*f)->rows[i];
    return NULL;
}

static int names_of(const char **names) {
    int n = 0;
    for (const ant_operation_family *const *f = ant__operation_families; *f; f++)
        for (int i = 0; i < (*f)->n; i++, n++)
            if (names)
                names[n] = (*f)->rows[i].name;
    return n;
}

static int unknown(ant_layer *l, const char *name) {
    const char **names =
        ant__arena_array(&l->context->arena, (size_t)names_of(NULL), sizeof *names);
    char hint[ANT__HINT_TEXT];
    if (!names)
        return ant__fail_memory(&l->context->error);
    int n = names_of(names);
    return ant__layer_fail(l, ANT_E_OPTION, "no operation '%s'%s", name,
                           ant__hint(hint, name, names, n));
}

const char *ant__operation_name(const ant_layer *l) {
    const char *op = ANT__OPTIONS(operation, l)->op;
    size_t n = op ? strcspn(op, "(") : 0;
    return op && op[n] ? ant__print(l->context, "%.*s", (int)n, op) : op;
}

/* The text of an activation, in canonical form; NULL: it is none, which is an error. */
static const char *activation_of(ant_layer *l, const char *op) {
    const char *name = ant__operation_name(l);
    if (!name || !ant__class_find(l->context, ANT_ACTIVATION, name)) {
        unknown(l, op);
        return NULL;
    }
    const char *text = ant__part_text(l->context, ANT_ACTIVATION, op);
    return text && *text != '!' ? text : NULL;
}

/* --- options --- */
/* Options that are checked for every operation: those behind op, before those of all layers. */
static bool is_own(const ant_row *r) {
    static const char *const others[] = {
        "op",        "x1",         "x2", "constants", "name", "dtype", "activity_regularizer",
        "trainable", "input_shape"};
    for (size_t k = 0; k < sizeof others / sizeof *others; k++)
        if (!strcmp(r->name, others[k]))
            return false;
    return true;
}

static int check_option(ant_layer *l, const ant_operation *op, const ant_row *r) {
    bool said = !ant__field_equal(r, l->options, l->cls->defaults);
    const char *name = op ? op->name : ant__operation_name(l);
    bool must = op && ant__word_among(op->must, r->name, false);
    bool takes = must || (op && ant__word_among(op->takes, r->name, false));
    if (said && !takes)
        return ant__layer_fail(l, ANT_E_OPTION, "%s takes no option %s", name, r->name);
    if (must && !said)
        return ant__layer_fail(l, ANT_E_OPTION, "%s: %s is missing", name, r->name);
    return 0;
}

static int check_numbers(ant_layer *l, const ant_operation *op) {
    const ant_operation_options *o = ANT__OPTIONS(operation, l);
    const double x[] = {o->x1, o->x2};
    for (int k = 0; k < 2; k++) {
        const char *name = k ? "x2" : "x1";
        if (x[k] != ANT_NONE && (!op || ant__operand_index(op->values, name, 2) < 0))
            return ant__layer_fail(l, ANT_E_OPTION, "%s takes no option %s", ant__operation_name(l),
                                   name);
    }
    return 0;
}

static int check_words(ant_layer *l, const ant_operation *op) {
    const ant_operation_options *o = ANT__OPTIONS(operation, l);
    if (op && op->axes >= 0 && o->axis.count > (op->axes ? op->axes : 1))
        return ant__layer_fail(l, ANT_E_OPTION, "%s: axis is %s, got %d entries", op->name,
                               op->axes ? "a list" : "one number", o->axis.count);
    if (op && op->axes > 1 && o->axis.count && o->axis.count < op->axes)
        return ant__layer_fail(l, ANT_E_OPTION, "%s: axis has %d entries, must have %d", op->name,
                               o->axis.count, op->axes);
    if (o->mode && op && !ant__word_among(op->modes, o->mode, false))
        return ant__layer_fail(l, ANT_E_OPTION, "%s: mode is '%s', must be one of: %s", op->name,
                               o->mode, op->modes);
    return 0;
}

static int check_options(ant_layer *l, const ant_operation *op) {
    int code = check_numbers(l, op);
    for (int k = 0; k < l->cls->rows_n && !code; k++)
        if (is_own(&l->cls->rows[k]))
            code = check_option(l, op, &l->cls->rows[k]);
    return code ? code : check_words(l, op);
}

/* --- building --- */
static int read_constants(ant_layer *l, ant_operation_extra *extra) {
    const ant_texts *texts = &ANT__OPTIONS(operation, l)->constants;
    ant_fault *e = &l->context->error;
    bool had = e->code != 0;
    extra->constants =
        ant__arena_array(&l->context->arena, (size_t)texts->count + 1, sizeof *extra->constants);
    if (!extra->constants)
        return ant__fail_memory(e);
    for (; extra->n < texts->count; extra->n++)
        if (ant__constant_read(l->context, texts->data[extra->n], &extra->constants[extra->n])) {
            if (!had)
                ant__error_before(e, "%s: ", ant__layer_label(l));
            return e->code;
        }
    return 0;
}

static int build(ant_layer *l, const ant_dims *in, int n_in) {
    (void)in, (void)n_in;
    const ant_operation_options *o = ANT__OPTIONS(operation, l);
    ant_operation_extra *extra = ant__arena_alloc(&l->context->arena, sizeof *extra);
    if (!extra)
        return ant__fail_memory(&l->context->error);
    *extra = (ant_operation_extra){.op = ant__operation_find(o->op)};
    l->extra = extra;
    if (!o->op)
        return ant__layer_fail(l, ANT_E_OPTION, "op is missing");
    if (!extra->op && !activation_of(l, o->op))
        return l->context->error.code;
    int code = check_options(l, extra->op);
    return code ? code : read_constants(l, extra);
}

static int results(const ant_layer *l) {
    const ant_operation_options *o = ANT__OPTIONS(operation, l);
    const ant_operation *op = ant__operation_find(o->op);
    return op && op->results ? op->results(o) : 1;
}

/* --- writing --- */
static bool two_bools(const ant_operands *o) {
    return o->n == 2 && o->op->bools && ant_value_dtype(o->in[0]) == ANT_BOOL &&
           ant_value_dtype(o->in[1]) == ANT_BOOL;
}

static ant_value *write(ant_operands *o) {
    const ant_operation *op = o->op;
    unsigned axes;
    if (op->unary)
        return op->unary(o->program, o->in[0]);
    if (op->binary)
        return (two_bools(o) ? op->bools : op->binary)(o->program, o->in[0], o->in[1]);
    if (op->along)
        return op->along(o->program, o->in[0], o->options->axis.data[0]);
    if (!op->reduce)
        return op->write(o);
    return ant__axes_set(o, o->in[0], &axes)
               ? op->reduce(o->program, o->in[0], axes, o->options->keepdims)
               : NULL;
}

static int write_activation(ant_layer_call *c, const char *text) {
    if (c->n_in != 1)
        return ant__call_fail(c, ANT_E_SHAPE, "%s takes 1 value (x), got %d",
                              ant__operation_name(c->layer), c->n_in);
    c->out[0] = ant__activation_write(c, text, c->in[0]);
    return 0;
}

static int call(ant_layer_call *c) {
    const ant_operation_extra *extra = c->layer->extra;
    const ant_operation_options *options = ANT__OPTIONS(operation, c->layer);
    ant_operands o = {.program = c->program, .call = c, .op = extra->op, .options = options};
    if (!extra->op)
        return write_activation(c, options->op);
    int code = ant__operands_place(&o);
    if (!code)
        c->out[0] = write(&o);
    return code;
}

static const ant_layer_class operation = {
    .outputs = results,
    .build = build,
    .call = call,
    .base_name = ant__operation_name,
    .mask = ANT__MASK_OWN,
    .inputs_min = 1,
    .inputs_max = ANT_MAX_PORTS - 1,
};

static const ant_row operation_rows[] = {
    ANT__ROW(operation, op, "the operation, as in keras.ops, or an activation"),
    ANT__ROW(operation, axis, "axes, the batch among them", .old = "axes source"),
    ANT__ROW(operation, keepdims, "whether reduced axes stay, of size 1"),
    ANT__ROW(operation, x1, "a number in the place of the value x1"),
    ANT__ROW(operation, x2, "a number in the place of the value x2", .old = "fill_value"),
    ANT__ROW(operation, constants, "values in the text: \"x2=[1, 2]\""),
    ANT__ROW(operation, x_min, "the least value", .old = "neginf"),
    ANT__ROW(operation, x_max, "the greatest value", .old = "posinf max_val"),
    ANT__ROW(operation, shape, "all axes; one may be -1", .old = "newshape"),
    ANT__ROW(operation, start, "first entry of each axis", .old = "start_indices"),
    ANT__ROW(operation, count, "how many: classes, parts, times, the largest",
             .old = "num_classes decimals block_size"),
    ANT__ROW(operation, repeats, "times that entries are repeated"),
    ANT__ROW(operation, indices, "where an axis is split"),
    ANT__ROW(operation, shift, "places that entries move on"),
    ANT__ROW(operation, pad_width, "entries before and after, for each axis", ANT__AT_LEAST(0)),
    ANT__ROW(operation, mode, "one of the operation's words", .old = "method side data_format"),
    ANT__ROW(operation, value, "a number that fills, begins or scales",
             .old = "constant_values initial nan scale"),
    ANT__ROW(operation, axis_2, "axes of the second value, or where axes go", .old = "destination"),
    ANT__ROW(operation, offset, "of the diagonal, above the main one"),
    ANT__ROW(operation, order, "of a norm: a number, inf, -inf, fro", .old = "ord"),
    ANT__ROW(operation, epsilon, "keeps the divisor above 0", ANT__AT_LEAST(0)),
    ANT__ROW(operation, rtol, "relative difference", ANT__AT_LEAST(0)),
    ANT__ROW(operation, atol, "absolute difference", ANT__AT_LEAST(0)),
    ANT__ROW(operation, equal_nan, "whether what is not a number equals itself"),
    ANT__ROW(operation, invert, "the opposite"),
    ANT__ROW(operation, from_logits, "the output is not yet a probability"),
    ANT__ROW(operation, causal, "no step sees later ones", .old = "is_causal"),
    ANT__ROW(operation, to, "a type", .words = "float32 int32 int64 bool float64 float16 bfloat16"),
    ANT__ROW(operation, key, "what stands in x[…]: \":, 1:, None\""),
    ANT__ROW(operation, subscripts, "labels of axes: \"bij,bjk->bik\""),
    ANT__LAYER_ROWS(operation),
};

static const ant_class classes[] = {
    ANT__CLASS(Operation, operation, OPERATION, ANT_LAYER, &operation)};

const ant_family ant__operation_family = ANT__FAMILY("operation", classes);
