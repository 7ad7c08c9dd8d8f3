/* Operation: any op as a layer. */
#include "layers/operation/operation.h"
#include <math.h>
#include <string.h>

/* --- looking up --- */
static const ant_operation *find(const char *name) {
    for (int i = 0; i < ant__operations_n && name; i++)
        if (!strcmp(ant__operations[i].name, name))
            return &ant__operations[i];
    return NULL;
}

static int unknown(ant_layer *l, const char *name) {
    enum { MOST = 256 };
    const char *names[MOST];
    int n = ant__operations_n < MOST ? ant__operations_n : MOST;
    for (int i = 0; i < n; i++)
        names[i] = ant__operations[i].name;
    if (!name)
        return ant__layer_fail(l, ANT_E_OPTION, "op is missing");
    const char *near = ant__nearest(name, names, n);
    if (near)
        return ant__layer_fail(l, ANT_E_OPTION, "no operation '%s', did you mean '%s'?", name,
                               near);
    return ant__layer_fail(l, ANT_E_OPTION, "no operation '%s'", name);
}

/* --- options that are said --- */
static bool said_number(double x) {
    return x != ANT_NONE;
}

static unsigned said(const ant_operation_options *o) {
    const struct {
        unsigned option;
        bool said;
    } all[] = {
        {ANT__OP_AXIS, o->axis.count > 0},
        {ANT__OP_KEEPDIMS, o->keepdims},
        {ANT__OP_NUMBERS, said_number(o->x1) || said_number(o->x2)},
        {ANT__OP_LIMITS, said_number(o->x_min) || said_number(o->x_max)},
        {ANT__OP_SHAPE, o->shape.count > 0},
        {ANT__OP_START, o->start != ANT_NONE},
        {ANT__OP_COUNT, o->count != ANT_NONE},
        {ANT__OP_STEP, o->step != ANT_NONE},
        {ANT__OP_AROUND, o->before != ANT_NONE || o->after != ANT_NONE || said_number(o->value)},
        {ANT__OP_TO, o->to != NULL},
    };
    unsigned set = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        set |= all[i].said ? all[i].option : 0;
    return set;
}

/* The first of a set of options by name. */
static const char *option_name(unsigned set) {
    static const char *const names[] = {
        "axis",  "keepdims", "x1, x2", "x_min, x_max",         "shape",
        "start", "count",    "step",   "before, after, value", "to"};
    int k = 0;
    while (!(set >> k & 1))
        k++;
    return names[k];
}

static int check_options(ant_layer *l, const ant_operation *op) {
    const ant_operation_options *o = ANT__OPTIONS(operation, l);
    unsigned set = said(o);
    if (set & ~op->takes)
        return ant__layer_fail(l, ANT_E_OPTION, "%s takes no option %s", op->name,
                               option_name(set & ~op->takes));
    if (op->must & ~set)
        return ant__layer_fail(l, ANT_E_OPTION, "%s: %s is missing", op->name,
                               option_name(op->must & ~set));
    if (op->takes & ANT__OP_LIMITS && (!said_number(o->x_min) || !said_number(o->x_max)))
        return ant__layer_fail(l, ANT_E_OPTION, "%s: x_min and x_max are both needed", op->name);
    if (!op->reduce && strcmp(op->name, "transpose") != 0 && o->axis.count > 1)
        return ant__layer_fail(l, ANT_E_OPTION, "%s: axis is one number, got %d", op->name,
                               o->axis.count);
    return 0;
}

static int build(ant_layer *l, const ant_dims *in, int n_in) {
    (void)in, (void)n_in;
    const ant_operation_options *o = ANT__OPTIONS(operation, l);
    const ant_operation *op = find(o->op);
    if (!op)
        return unknown(l, o->op);
    return check_options(l, op);
}

/* --- writing --- */
/* A whole number stays one among ints, so that they keep their type. */
static ant_value *number(ant_program *p, double x, const ant_value *beside) {
    ant_value *v = ant_op_number(p, x);
    int dtype = ant_value_dtype(beside);
    bool ints = dtype == ANT_INT32 || dtype == ANT_INT64;
    return ints && x == floor(x) ? ant_op_cast(p, v, dtype) : v;
}

/* Nodes and numbers in their places; `where` has its condition before x1 and x2. */
static int place_operands(ant_operands *o, const ant_operation *op) {
    const ant_layer_call *c = o->call;
    const double x[] = {o->options->x1, o->options->x2};
    int n = c->n_in + said_number(x[0]) + said_number(x[1]), first = op->min == 3, next = 0;
    if (n < op->min || n > op->max)
        return ant__call_fail(o->call, ANT_E_SHAPE, "%s takes %d value%s, got %d", op->name,
                              op->min, op->min == 1 ? "" : "s", n);
    for (; o->n < n; o->n++) {
        int k = o->n - first;
        bool is_number = (k == 0 || k == 1) && said_number(x[k]);
        o->in[o->n] = is_number ? number(o->program, x[k], c->in[c->n_in - 1]) : c->in[next++];
    }
    return 0;
}

/* Axes as a set; none said: all. */
static int axes_of(ant_operands *o, unsigned *set) {
    const ant_ints *axis = &o->options->axis;
    int rank = ant_value_rank(o->in[0]);
    *set = axis->count ? 0 : ANT_ALL_AXES;
    for (int i = 0; i < axis->count; i++) {
        int k = ant__axis(axis->data[i], rank);
        if (k < 0)
            return ant__call_fail(o->call, ANT_E_SHAPE, "axis %d is outside of %d axes",
                                  axis->data[i], rank);
        *set |= ANT_AXIS(k);
    }
    return 0;
}

static ant_value *write(ant_operands *o, const ant_operation *op, unsigned axes) {
    if (op->unary)
        return op->unary(o->program, o->in[0]);
    if (op->binary)
        return op->binary(o->program, o->in[0], o->in[1]);
    if (op->reduce)
        return op->reduce(o->program, o->in[0], axes, o->options->keepdims);
    if (op->along)
        return op->along(o->program, o->in[0], o->options->axis.data[0]);
    return op->write(o);
}

static int call(ant_layer_call *c) {
    const ant_operation_options *options = ANT__OPTIONS(operation, c->layer);
    const ant_operation *op = find(options->op);
    ant_operands o = {.program = c->program, .call = c, .options = options};
    unsigned axes = 0;
    int code = place_operands(&o, op);
    if (!code && op->reduce)
        code = axes_of(&o, &axes);
    if (!code)
        c->out[0] = write(&o, op, axes);
    return code;
}

static const char *base_name(const ant_layer *l) {
    return ANT__OPTIONS(operation, l)->op;
}

static const ant_layer_class operation = {
    .build = build,
    .call = call,
    .base_name = base_name,
    .mask = ANT__MASK_OWN,
    .inputs_min = 1,
    .inputs_max = ANT_MAX_PORTS - 1,
};

static const ant_row operation_rows[] = {
    ANT__ROW(operation, op, "the operation, as in keras.ops"),
    ANT__ROW(operation, axis, "axes, the batch among them"),
    ANT__ROW(operation, keepdims, "whether reduced axes stay, of size 1"),
    ANT__ROW(operation, x1, "a number in the place of the first value"),
    ANT__ROW(operation, x2, "a number in the place of the second value"),
    ANT__ROW(operation, x_min, "the least value"),
    ANT__ROW(operation, x_max, "the greatest value"),
    ANT__ROW(operation, shape, "all axes; one may be -1"),
    ANT__ROW(operation, start, "first entry"),
    ANT__ROW(operation, count, "how many", ANT__AT_LEAST(1)),
    ANT__ROW(operation, step, "between entries"),
    ANT__ROW(operation, before, "entries in front", ANT__AT_LEAST(0)),
    ANT__ROW(operation, after, "entries behind", ANT__AT_LEAST(0)),
    ANT__ROW(operation, value, "of new entries"),
    ANT__ROW(operation, to, "a type", .words = "float32 int32 int64 bool"),
    ANT__LAYER_ROWS(operation),
};

static const ant_class classes[] = {
    ANT__CLASS(Operation, operation, OPERATION, ANT_LAYER, &operation)};

const ant_family ant__operation_family = ANT__FAMILY("operation", classes);
