/* Rows of a table into arrays, and predictions back into the table's units. */
#include "core/convert.h"
#include "core/shape.h"
#include "graph/graph.h"
#include "io/recipe.h"
#include <limits.h>
#include <math.h>
#include <string.h>

typedef struct maker {
    ant_context *c;
    const ant_recipe *r;
    const ant_table *t;
    const int64_t *rows;
    int64_t n;
    const ant_port *p;
    ant_array *out;
    int real; /* what its numbers are of */
} maker;

/* --- scales --- */
/* scaled = (x - shift) / unit */
static double shift_of(const ant_port *p, int k) {
    return p->o.mean.count ? p->o.mean.data[k] : p->o.low.count ? p->o.low.data[k] : 0;
}

double ant__port_unit(const ant_port *p, int k) {
    double unit = p->o.deviation.count ? p->o.deviation.data[k]
                  : p->o.high.count    ? p->o.high.data[k] - p->o.low.data[k]
                                       : 1;
    return unit != 0 ? unit : 1; /* a column that never changes */
}

void ant__port_unscale(const ant_port *p, const ant_array *a, int64_t columns) {
    int own = ant__port_columns(p);
    for (int k = 0; p->o.scale && k < own && k < columns; k++)
        for (int64_t i = k; i < a->shape[0] * columns; i += columns) {
            double x = ant__real_at(a->data, a->dtype, i);
            ant__real_put(a->data, a->dtype, i, x * ant__port_unit(p, k) + shift_of(p, k));
        }
}

/* --- columns --- */
static const ant_column *column_of(maker *m, int k) {
    const char *name = m->p->o.columns.data[k];
    const ant_column *x = ant__table_column(m->t, name);
    if (!x)
        ant__fail(&m->c->error, ANT_E_DATA, "%s: no column '%s', which the model was trained with",
                  m->t->path, name);
    return x && !ant__column_check(m->c, m->t, x, true) ? x : NULL;
}

static int not_numbers(maker *m, const ant_column *x) {
    return ant__fail(&m->c->error, ANT_E_DATA,
                     "%s:%lld: column '%s': expected a number, found '%.60s'", m->t->path,
                     (long long)m->t->lines[0], x->name, x->texts[0]);
}

/* The numbers of a whole column, scaled, or the places of its classes. */
static int number_column(maker *m, int k, const ant_column *x, void *to) {
    double shift = shift_of(m->p, k), unit = ant__port_unit(m->p, k);
    if (x->is_text && m->t->rows)
        return not_numbers(m, x);
    for (int64_t row = 0; row < m->t->rows; row++)
        ant__real_put(to, m->real, row, (x->numbers[row] - shift) / unit);
    return 0;
}

static int unknown_class(maker *m, const ant_column *x, int64_t row, const ant_texts *classes) {
    char room[ANT__NUMBER_TEXT];
    const char *text = ant__cell_text(x, row, room);
    const char *near = ant__nearest(text, classes->data, classes->count);
    return ant__fail(&m->c->error, ANT_E_DATA,
                     "%s:%lld: column '%s': '%.60s' is none of the %d classes of the training "
                     "rows%s%s%s",
                     m->t->path, (long long)m->t->lines[row], x->name, text, classes->count,
                     near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int index_texts(maker *m, const ant_texts *texts, ant_names *out) {
    for (int k = 0; k < texts->count; k++)
        if (!ant__names_add(out, &texts->data[k], texts->data[k]))
            return ant__fail_memory(&m->c->error);
    return 0;
}

/* The place of a text in the list that `names` was made from; -1: not there. */
static int place_of(const ant_names *names, const ant_texts *texts, const char *text) {
    const char *const *at = ant__named(names, text);
    return at ? (int)(at - texts->data) : -1;
}

static int class_column(maker *m, const ant_texts *classes, const ant_column *x, void *to) {
    char room[ANT__NUMBER_TEXT];
    ant_names names = {0};
    int code = index_texts(m, classes, &names);
    for (int64_t row = 0; row < m->t->rows && !code; row++) {
        int place = place_of(&names, classes, ant__cell_text(x, row, room));
        if (place < 0)
            code = unknown_class(m, x, row, classes);
        ant__real_put(to, m->real, row, place);
    }
    ant__names_free(&names);
    return code;
}

static int any_column(maker *m, int k, void *to) {
    const ant_column *x = column_of(m, k);
    if (!x)
        return m->c->error.code;
    const ant_texts *classes = &m->p->classes[k];
    return classes->count ? class_column(m, classes, x, to) : number_column(m, k, x, to);
}

/* --- ports --- */
static int new_array(maker *m, int dtype, ant_dims dims) {
    size_t bytes;
    dims.dim[0] = m->n;
    *m->out = (ant_array){.dtype = dtype, .axes = dims.rank, .name = m->p->name};
    memcpy(m->out->shape, dims.dim, sizeof dims.dim);
    if (!ant__dims_bytes(&dims, dtype, &bytes) ||
        !(m->out->data = ant__arena_alloc(&m->c->arena, bytes)))
        return ant__fail_memory(&m->c->error);
    return 0;
}

/* The samples' values of one column, each of `window` rows. */
static void gather(maker *m, const void *column, int k) {
    int columns = ant__port_columns(m->p), window = m->p->o.window;
    bool windowed = window != ANT_NONE;
    int64_t steps = windowed ? window : 1, back = windowed ? steps + m->p->o.ahead - 1 : 0;
    int64_t to = k;
    for (int64_t i = 0; i < m->n; i++)
        for (int64_t s = 0; s < steps; s++, to += columns)
            ant__real_put(m->out->data, m->real, to,
                          ant__real_at(column, m->real, m->rows[i] - back + s));
}

static int numbers(maker *m) {
    int columns = ant__port_columns(m->p), window = m->p->o.window;
    ant_dims dims = window == ANT_NONE ? ANT__DIMS(0, columns) : ANT__DIMS(0, window, columns);
    void *column = ant__alloc_array((size_t)m->t->rows + 1, ant__dtype_size(m->real));
    if (!column || new_array(m, m->real, dims)) {
        ant__free(column);
        return ant__fail_memory(&m->c->error);
    }
    for (int k = 0; k < columns && !any_column(m, k, column); k++)
        gather(m, column, k);
    ant__free(column);
    return m->c->error.code;
}

static void encode(maker *m, const ant_names *names, const char *text, int32_t *to) {
    const ant_sequence_options *o = m->p->sequence;
    char token[ANT__TOKEN_ROOM];
    const char *at = text;
    for (int k = 0; k < o->length && ant__token_next(o->of, &at, token); k++)
        to[k] = place_of(names, &o->vocabulary, token) + 1;
}

static int sequences(maker *m) {
    const ant_sequence_options *o = m->p->sequence;
    char room[ANT__NUMBER_TEXT];
    const ant_column *x = column_of(m, 0);
    ant_names names = {0};
    if (!x || new_array(m, ANT_INT32, ANT__DIMS(0, o->length)))
        return m->c->error.code;
    int code = index_texts(m, &o->vocabulary, &names);
    for (int64_t i = 0; i < m->n && !code; i++)
        encode(m, &names, ant__cell_text(x, m->rows[i], room),
               (int32_t *)m->out->data + i * o->length);
    ant__names_free(&names);
    return code;
}

void ant__port_shape(const ant_port *p, int shape[ANT_MAX_AXES]) {
    int n = 0;
    memset(shape, 0, ANT_MAX_AXES * sizeof *shape);
    if (p->o.window != ANT_NONE)
        shape[n++] = p->o.window;
    shape[n] = p->sequence ? p->sequence->length : ant__port_columns(p);
}

/* Whole numbers that are not scaled are labels as well as numbers. */
static bool are_whole(const ant_port *p, const ant_array *a) {
    bool whole = !p->o.scale;
    for (int64_t k = 0; whole && k < a->shape[0] * a->shape[1]; k++) {
        double x = ant__real_at(a->data, a->dtype, k);
        whole = floor(x) == x && fabs(x) < 1 << 24;
    }
    return whole;
}

static void make_whole(ant_array *a) {
    for (int64_t k = 0; k < a->shape[0] * a->shape[1]; k++) { /* in place: ints are no wider */
        int32_t v = (int32_t)ant__real_at(a->data, a->dtype, k);
        memcpy((char *)a->data + (size_t)k * sizeof v, &v, sizeof v);
    }
    a->dtype = ANT_INT32;
}

static int targets(maker *m) {
    if (numbers(m))
        return m->c->error.code;
    if (are_whole(m->p, m->out))
        make_whole(m->out);
    return 0;
}

int ant__recipe_arrays(ant_context *c, const ant_recipe *r, const ant_table *t, const int64_t *rows,
                       int64_t n, ant_array *x, ant_array *y) {
    maker m = {.c = c, .r = r, .t = t, .rows = rows, .n = n, .real = ant__real_type(c)};
    for (int k = 0; k < r->n_x; k++) {
        m.p = &r->x[k];
        m.out = &x[k];
        if (m.p->sequence ? sequences(&m) : numbers(&m))
            return c->error.code;
    }
    for (int k = 0; y && k < r->n_y; k++) {
        m.p = &r->y[k];
        m.out = &y[k];
        if (targets(&m))
            return c->error.code;
    }
    return 0;
}
