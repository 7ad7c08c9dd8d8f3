/* EinsumDense: a product over the axes that an equation names, a bias and an activation. */
#include "antler/layers/core.h"
#include "layers/core/lora.h"
#include <ctype.h>
#include <string.h>

enum { KERNEL, BIAS };

/* --- the equation --- */

/* Letters of an operand, by axis; those that "…" stands for are digits. */
typedef char letters[2 * ANT_MAX_AXES + 1];

typedef struct equation {
    letters in, kernel, out;
    int dots; /* where "…" stands: -1 in front, 1 behind, 0 nowhere */
} equation;

static bool has(const char *in, char x) {
    return strchr(in, x) != NULL;
}

static bool distinct_letters(const char *text, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!isalpha((unsigned char)text[i]) || memchr(text, text[i], i))
            return false;
    return n > 0 && n <= ANT_MAX_AXES;
}

/* The letters of one operand, and where its "…" stands. */
static bool read_operand(const char *text, size_t n, char *out, int *dots) {
    *dots = 0;
    if (n > 3 && !memcmp(text, "...", 3)) {
        *dots = -1;
        text += 3;
    } else if (n > 3 && !memcmp(text + n - 3, "...", 3)) {
        *dots = 1;
    }
    n -= *dots ? 3 : 0;
    if (!distinct_letters(text, n))
        return false;
    memcpy(out, text, n);
    out[n] = 0;
    return true;
}

static bool read_equation(const char *text, equation *e) {
    const char *comma = strchr(text, ','), *arrow = comma ? strstr(comma, "->") : NULL;
    int in_kernel, in_out;
    if (!arrow)
        return false;
    return read_operand(text, (size_t)(comma - text), e->in, &e->dots) &&
           read_operand(comma + 1, (size_t)(arrow - comma - 1), e->kernel, &in_kernel) &&
           read_operand(arrow + 2, strlen(arrow + 2), e->out, &in_out) && in_kernel == 0 &&
           in_out == e->dots;
}

/* Digits for the axes that "…" stands for. */
static void write_out_dots(char *in, int dots, int elided) {
    letters digits = "";
    for (int k = 0; k < elided; k++)
        digits[k] = (char)('0' + k);
    digits[elided] = 0;
    letters own;
    memcpy(own, in, sizeof own);
    memcpy(in, dots < 0 ? digits : own, sizeof own);
    strcat(in, dots < 0 ? own : digits);
}

/* Every letter of the output and of the kernel comes from somewhere, once. */
static bool is_whole(const equation *e) {
    for (const char *x = e->out; *x; x++)
        if (!has(e->in, *x) && !has(e->kernel, *x))
            return false;
    for (const char *x = e->kernel; *x; x++)
        if (!has(e->in, *x) && !has(e->out, *x))
            return false;
    return true;
}

/* The equation for inputs of this rank; false when it is none or does not fit. */
static bool equation_for(const char *text, int rank, equation *e) {
    if (!text || !read_equation(text, e))
        return false;
    int elided = rank - (int)strlen(e->in);
    if (elided < 0 || (elided > 0 && !e->dots) || (elided == 0 && e->dots < 0) ||
        (int)strlen(e->out) + elided > ANT_MAX_AXES)
        return false;
    write_out_dots(e->in, e->dots, elided);
    write_out_dots(e->out, e->dots, elided);
    return is_whole(e);
}

/* --- sizes by letter --- */

typedef struct sizes {
    int64_t of[128]; /* 0: no such letter; -1: unknown */
} sizes;

static ant_dims dims_of(const sizes *s, const char *in) {
    ant_dims dims = {.rank = (int)strlen(in)};
    for (int k = 0; k < dims.rank; k++)
        dims.dim[k] = s->of[(int)in[k]];
    return dims;
}

static int take_size(ant_layer *l, sizes *s, char letter, int64_t said) {
    int64_t *size = &s->of[(int)letter];
    if (said == ANT_ANY && *size)
        return 0;
    if (*size > 0 && said > 0 && *size != said)
        return ant__layer_fail(l, ANT_E_SHAPE, "its output_shape has %lld for '%c', the input %lld",
                               (long long)said, letter, (long long)*size);
    if (said == ANT_ANY)
        return ant__layer_fail(l, ANT_E_OPTION, "its output_shape does not say the size of '%c'",
                               letter);
    *size = said;
    return 0;
}

/* From the input, then from output_shape, which leaves out the batch or what "…" stands for. */
static int find_sizes(ant_layer *l, const equation *e, const ant_dims *in, sizes *s) {
    const ant_einsum_dense_options *o = ANT__OPTIONS(einsum_dense, l);
    int first = 1, last = (int)strlen(e->out), said = 0;
    *s = (sizes){{0}};
    for (int k = 0; k < in->rank; k++)
        s->of[(int)e->in[k]] = in->dim[k];
    if (e->dots < 0)
        first = (int)strspn(e->out, "01234567");
    if (e->dots > 0)
        last = (int)strcspn(e->out, "01234567");
    while (said < ANT_MAX_AXES && o->output_shape[said])
        said++;
    if (said != last - first)
        return ant__layer_fail(l, ANT_E_OPTION, "its output_shape has %d sizes, '%s' needs %d",
                               said, o->equation, last - first);
    int code = 0;
    for (int k = first; k < last && !code; k++)
        code = take_size(l, s, e->out[k], o->output_shape[k - first]);
    return code;
}

/* --- building --- */

/* Axes of the kernel that the output has, or has not, in the arena. */
static ant_ints kernel_axes(ant_layer *l, const equation *e, bool out) {
    int *axes = ant__arena_array(&l->context->arena, ANT_MAX_AXES, sizeof *axes), n = 0;
    for (int k = 0; axes && e->kernel[k]; k++)
        if (has(e->out, e->kernel[k]) == out)
            axes[n++] = k;
    return (ant_ints){n, axes};
}

static bool set_axes(const ant_part *part, const char *name, ant_ints axes) {
    const ant_row *row = ant__row_find(part->cls, name);
    if (!row || row->field != ANT__INT_LIST)
        return false;
    memcpy((char *)(uintptr_t)part->options + row->offset, &axes, sizeof axes);
    return true;
}

/* The initializer with the equation's axes in its fans, where it goes by fans and says none. */
static const char *initializer_of(ant_layer *l, const equation *e, const char *text) {
    ant_context *c = l->context;
    ant_part part;
    if (!ant__part_read(c, ANT_INITIALIZER, text, &part))
        return NULL;
    const ant_row *in = part.cls->defaults ? ant__row_find(part.cls, "input_axes") : NULL;
    if (!in || ((const ant_ints *)(const void *)((const char *)part.options + in->offset))->count)
        return text;
    part.options = ant__options_copy(c, part.cls, part.options, part.cls->size);
    if (!part.options || !set_axes(&part, "input_axes", kernel_axes(l, e, false)) ||
        !set_axes(&part, "output_axes", kernel_axes(l, e, true)))
        return NULL;
    ant_tree *t = ant__options_tree(c, part.cls, part.options, NULL);
    return t ? ant__tree_text(c, t) : NULL;
}

/* From the first letter of bias_axes on: its size, or 1 where bias_axes leaves a letter out. */
static int bias_dims(ant_layer *l, const equation *e, const sizes *s, ant_dims *dims) {
    const char *axes = ANT__OPTIONS(einsum_dense, l)->bias_axes;
    for (const char *x = axes; *x; x++)
        if (!isalpha((unsigned char)*x) || !has(e->out, *x))
            return ant__layer_fail(l, ANT_E_OPTION,
                                   "its bias_axes are '%s': the output has no '%c'", axes, *x);
    const char *first = e->out + strcspn(e->out, axes);
    *dims = dims_of(s, first);
    for (int k = 0; first[k]; k++)
        if (!has(axes, first[k]))
            dims->dim[k] = 1;
    return 0;
}

static ant_lora lora_of(const ant_einsum_dense_options *o) {
    return (ant_lora){o->lora_rank, o->lora_alpha, "lora_kernel_a", "lora_kernel_b",
                      o->kernel_regularizer};
}

static int build(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    const ant_einsum_dense_options *o = ANT__OPTIONS(einsum_dense, l);
    char shape[ANT__DIMS_TEXT];
    equation e;
    sizes s;
    if (!equation_for(o->equation, in->rank, &e))
        return ant__layer_fail(l, ANT_E_OPTION,
                               "its equation is '%s', must be like 'ab,bc->ac', '...b,bc->...c' or "
                               "'ab...,bc->ac...' and fit the input %s",
                               o->equation ? o->equation : "", ant__dims_text(in, shape));
    int code = find_sizes(l, &e, in, &s);
    if (code)
        return code;
    ant_weight_spec kernel = {.name = "kernel",
                              .dims = dims_of(&s, e.kernel),
                              .initializer = initializer_of(l, &e, o->kernel_initializer),
                              .regularizer = o->kernel_regularizer,
                              .constraint = o->kernel_constraint};
    ant_weight_spec bias = {.name = "bias",
                            .initializer = o->bias_initializer,
                            .regularizer = o->bias_regularizer,
                            .constraint = o->bias_constraint};
    if (o->kernel_initializer && !kernel.initializer)
        return l->context->error.code;
    code = ant__weight_add(l, &kernel);
    if (!code && o->bias_axes && !(code = bias_dims(l, &e, &s, &bias.dims)))
        code = ant__weight_add(l, &bias);
    ant_lora lora = lora_of(o);
    return code ? code : ant__lora_add(l, &lora);
}

/* --- calling --- */

/* The kernel pins the axes that it shares with the input. */
static int check(ant_layer_call *c, const equation *e) {
    const ant_dims *in = &c->in[0]->dims, *built = &c->layer->built_dims;
    const ant_dims *kernel = &c->layer->weights.at[KERNEL]->variable.dims;
    char a[ANT__DIMS_TEXT], b[ANT__DIMS_TEXT];
    bool fits = in->rank == built->rank;
    for (int k = 0; fits && k < in->rank; k++) {
        const char *at = strchr(e->kernel, e->in[k]);
        fits = !at || in->dim[k] < 0 || in->dim[k] == kernel->dim[at - e->kernel];
    }
    if (fits)
        return 0;
    return ant__call_fail(c, ANT_E_SHAPE, "was built for %s, got %s", ant__dims_text(built, a),
                          ant__dims_text(in, b));
}

/* Appends the letters of `from` that a has (or not) and b has (or not). */
static void pick(char *out, const char *from, const char *a, bool in_a, const char *b, bool in_b) {
    size_t n = strlen(out);
    for (; *from; from++)
        if (has(a, *from) == in_a && has(b, *from) == in_b)
            out[n++] = *from;
    out[n] = 0;
}

static ant_value *ordered(ant_program *p, ant_value *v, const char *now, const char *wanted) {
    int order[ANT_MAX_AXES] = {0};
    if (!strcmp(now, wanted))
        return v;
    for (int k = 0; wanted[k]; k++)
        order[k] = (int)(strchr(now, wanted[k]) - now);
    return ant_op_transpose(p, v, order);
}

/* The axes that only the input has are summed over before all else. */
static ant_value *sum_alone(ant_program *p, ant_value *x, const equation *e, char *left) {
    unsigned axes = 0;
    for (int k = 0; e->in[k]; k++)
        if (!has(e->out, e->in[k]) && !has(e->kernel, e->in[k]))
            axes |= ANT_AXIS(k);
        else
            strncat(left, &e->in[k], 1);
    return axes ? ant_op_sum(p, x, axes, false) : x;
}

static void append(ant_dims *d, const ant_dims *more) {
    for (int k = 0; k < more->rank; k++)
        d->dim[d->rank++] = more->dim[k];
}

/* Axes that input, kernel and output share lead as in a batch; then rows of the input meet columns
 * of the kernel. Without shared axes the rows stay axes of their own, so that none has to be known.
 * A bias (or NULL) for just the columns is added to the product as it is, which it then becomes
 * part of. */
static ant_value *multiply(ant_program *p, ant_value *x, ant_value *w, ant_value *bias,
                           const equation *e, const sizes *s) {
    letters left = "", all = "", rows = "", inner = "", columns = "", to = "", kernel = "";
    x = sum_alone(p, x, e, left);
    pick(all, left, e->kernel, true, e->out, true);
    pick(rows, left, e->kernel, false, e->out, true);
    pick(inner, left, e->kernel, true, e->out, false);
    pick(columns, e->kernel, left, false, e->out, true);
    strcat(strcat(strcat(to, all), rows), inner);
    strcat(strcat(strcat(kernel, all), inner), columns);
    ant_dims lead = dims_of(s, all), r = dims_of(s, rows), k = dims_of(s, inner);
    ant_dims n = dims_of(s, columns), a = lead, b = lead, y = lead;
    const ant_dims flat = ANT__DIMS(ant__dims_count(&r)), depth = ANT__DIMS(ant__dims_count(&k));
    const ant_dims width = ANT__DIMS(ant__dims_count(&n));
    append(&a, *all || !*rows ? &flat : &r);
    append(&a, &depth);
    append(&b, &depth);
    append(&b, &width);
    append(&y, &r);
    append(&y, &n);
    x = ant__reshape_to(p, ordered(p, x, left, to), &a);
    w = ant__reshape_to(p, ordered(p, w, e->kernel, kernel), &b);
    letters made = "";
    strcat(strcat(strcat(made, all), rows), columns);
    ant_value *product_of_both = ant_op_matmul(p, x, w, false, false);
    const bool joins = bias && !strcmp(made, e->out) && ant__dims_equal(&bias->dims, &n);
    if (joins)
        product_of_both = ant_op_add(p, product_of_both, ant__reshape_to(p, bias, &width));
    product_of_both = ordered(p, ant__reshape_to(p, product_of_both, &y), made, e->out);
    return bias && !joins ? ant_op_add(p, product_of_both, bias) : product_of_both;
}

static ant_value *kernel_of(ant_layer_call *c) {
    const ant_lora lora = lora_of(ANT__OPTIONS(einsum_dense, c->layer));
    ant_value *kernel = ant__weight_read(c, KERNEL);
    return lora.rank == ANT_NONE ? kernel : ant__lora_write(c, &lora, kernel, ant__lora_a(c));
}

static int call(ant_layer_call *c) {
    const ant_einsum_dense_options *o = ANT__OPTIONS(einsum_dense, c->layer);
    ant_program *p = c->program;
    ant_value *x = ant_op_real(p, c->in[0]);
    equation e;
    sizes s = {{0}};
    if (!x || !equation_for(o->equation, c->layer->built_dims.rank, &e))
        return ANT_E_SHAPE;
    int code = check(c, &e);
    if (code)
        return code;
    const ant_dims *kernel = &c->layer->weights.at[KERNEL]->variable.dims;
    for (int k = 0; k < x->dims.rank; k++)
        s.of[(int)e.in[k]] = x->dims.dim[k];
    for (int k = 0; k < kernel->rank; k++)
        s.of[(int)e.kernel[k]] = kernel->dim[k];
    ant_value *bias = o->bias_axes ? ant__weight_read(c, BIAS) : NULL;
    ant_value *y = multiply(p, x, kernel_of(c), bias, &e, &s);
    c->out[0] = ant__activation_write(c, o->activation, y);
    return 0;
}

static const ant_layer_class einsum_dense = {.build = build, .call = call};

static const ant_row einsum_dense_rows[] = {
    ANT__ROW(einsum_dense, equation, "input,kernel->output, an axis by a letter"),
    ANT__ROW(einsum_dense, output_shape, "sizes of the output's axes behind the batch"),
    ANT__ROW(einsum_dense, activation, "applied to the output", .part = ANT_ACTIVATION),
    ANT__ROW(einsum_dense, bias_axes, "letters of the output that the bias has; none: no bias"),
    ANT__INITIALIZER_ROW(einsum_dense, kernel),
    ANT__INITIALIZER_ROW(einsum_dense, bias),
    ANT__REGULARIZER_ROW(einsum_dense, kernel),
    ANT__REGULARIZER_ROW(einsum_dense, bias),
    ANT__CONSTRAINT_ROW(einsum_dense, kernel),
    ANT__CONSTRAINT_ROW(einsum_dense, bias),
    ANT__ROW(einsum_dense, lora_rank, "rank of the low-rank update", ANT__AT_LEAST(1)),
    ANT__ROW(einsum_dense, lora_alpha, "scale of the low-rank update, times its rank"),
    ANT__ROW(einsum_dense, gptq_unpacked_column_size, "of quantized kernels",
             .refuse = "quantization is not built yet"),
    ANT__ROW(einsum_dense, quantization_config, "how weights are quantized",
             .refuse = "quantization is not built yet"),
    ANT__LAYER_ROWS(einsum_dense),
};

static const ant_class classes[] = {
    ANT__CLASS(EinsumDense, einsum_dense, EINSUM_DENSE, ANT_LAYER, &einsum_dense)};

const ant_family ant__einsum_dense_family = ANT__FAMILY("core", classes);
