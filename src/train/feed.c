#include "train/feed.h"
#include "core/convert.h"
#include <math.h>
#include <string.h>

static const char *const roles[] = {"input", "target", "sample weight"};

/* --- ports --- */

/* "input 'left'": by hand, as every predict comes here and formatting would take longer than a
 * small network. */
static void say_what(char what[ANT__WHAT], const char *role, const char *name) {
    enum { LONGEST = 64 };
    size_t n = strlen(role), length = strlen(name);
    length = length < LONGEST ? length : LONGEST;
    memcpy(what, role, n);
    memcpy(what + n, " '", 2);
    memcpy(what + n + 2, name, length);
    memcpy(what + n + 2 + length, "'", 2);
}

static void add_port(ant_feed *f, enum ant_feed_role role, int index, const char *name, int dtype,
                     const ant_dims *wanted) {
    ant_feed_port *p = &f->port[f->n++];
    p->role = role;
    p->index = index;
    p->name = name;
    p->dtype = dtype;
    p->wanted = wanted;
    p->array.axes = 0;
    p->buffer = NULL;
    p->at = NULL;
    say_what(p->what, roles[role], name);
}

void ant__feed_ports(ant_feed *f, ant_run *run, enum ant_feed_bank bank, const bool *targets,
                     const bool *labels, ant_fault *e) {
    const ant_model *m = ant__run_model(run);
    const ant_model_body *b = ant__body(m);
    memset(f, 0, offsetof(ant_feed, port));
    f->model = m;
    f->run = run;
    f->bank = bank;
    f->error = e;
    for (int k = 0; k < b->n_in; k++)
        add_port(f, ANT__INPUTS, k, ant__in_name(m, k), b->in[k]->dtype, &b->in[k]->dims);
    for (int k = 0; targets && k < b->n_out; k++)
        if (targets[k])
            add_port(f, ANT__TARGETS, k, ant__out_name(m, k),
                     labels[k] ? ANT_INT32 : ant__real_type(m->context), NULL);
}

static ant_feed_port *port_of(ant_feed *f, enum ant_feed_role role, int index) {
    for (int k = 0; k < f->n; k++)
        if (f->port[k].role == role && f->port[k].index == index)
            return &f->port[k];
    return NULL;
}

static int count_role(const ant_feed *f, enum ant_feed_role role) {
    int n = 0;
    for (int k = 0; k < f->n; k++)
        n += f->port[k].role == role;
    return n;
}

/* --- matching --- */
static int unknown_name(ant_feed *f, enum ant_feed_role role, const char *name) {
    const char *names[ANT__MAX_FEEDS];
    char hint[ANT__HINT_TEXT];
    int n = 0;
    for (int k = 0; k < f->n; k++)
        if (f->port[k].role == role)
            names[n++] = f->port[k].name;
    return ant__fail(f->error, ANT_E_DATA, "%s: no %s '%s'%s", ant__layer_label(f->model),
                     roles[role], name, ant__hint(hint, name, names, n));
}

static ant_feed_port *port_named(ant_feed *f, enum ant_feed_role role, const char *name) {
    for (int k = 0; k < f->n; k++)
        if (f->port[k].role == role && strcmp(f->port[k].name, name) == 0)
            return &f->port[k];
    return NULL;
}

static int match_by_name(ant_feed *f, enum ant_feed_role role, const ant_array *list, int n) {
    for (int k = 0; k < n; k++) {
        ant_feed_port *p = list[k].name ? port_named(f, role, list[k].name) : NULL;
        if (list[k].name == NULL)
            return ant__fail(f->error, ANT_E_DATA,
                             "%s: %s array %d has no name, but others have: name all or none",
                             ant__layer_label(f->model), roles[role], k);
        if (p == NULL)
            return unknown_name(f, role, list[k].name);
        p->array = list[k];
    }
    return 0;
}

static void match_by_order(ant_feed *f, enum ant_feed_role role, const ant_array *list) {
    int at = 0;
    for (int k = 0; k < f->n; k++)
        if (f->port[k].role == role)
            f->port[k].array = list[at++];
}

/* Targets may be given for all outputs, those that nobody looks at too. */
static bool for_all_outputs(const ant_feed *f, enum ant_feed_role role, int n) {
    return role == ANT__TARGETS && n == ant__body(f->model)->n_out && n > count_role(f, role);
}

static void match_outputs(ant_feed *f, const ant_array *list) {
    for (int k = 0; k < f->n; k++)
        if (f->port[k].role == ANT__TARGETS)
            f->port[k].array = list[f->port[k].index];
}

/* What ant_several says must be all there is, and arrays that are there. */
int ant__arrays_check(const ant_model *m, const char *what, const ant_array *list, ant_fault *e) {
    int n;
    const ant_array *several = ant__arrays_of(list, &n);
    if (list[1].axes || several == NULL)
        return ant__fail(e, ANT_E_DATA, "%s: ant_several %s", ant__layer_label(m),
                         several ? "stands beside another array" : "has NULL for its arrays");
    for (int k = 0; k < n; k++)
        if (several[k].axes == 0)
            return ant__fail(e, ANT_E_DATA, "%s: %s array %d of ant_several is none",
                             ant__layer_label(m), what, k);
    return 0;
}

static int match(ant_feed *f, enum ant_feed_role role, const ant_array *said) {
    int n, wanted = count_role(f, role);
    const ant_array *list = ant__arrays_of(said, &n);
    bool named = false;
    if (list != said && ant__arrays_check(f->model, roles[role], said, f->error))
        return f->error->code;
    for (int k = 0; k < n; k++)
        named |= list[k].name != NULL;
    if (named && n <= wanted) {
        int code = match_by_name(f, role, list, n);
        if (code)
            return code;
    } else if (!named && for_all_outputs(f, role, n))
        match_outputs(f, list);
    else if (n == wanted)
        match_by_order(f, role, list);
    else
        return ant__fail(f->error, ANT_E_DATA, "%s: %d %s arrays given, needs %d",
                         ant__layer_label(f->model), n, roles[role], wanted);
    for (int k = 0; k < f->n; k++)
        if (f->port[k].role == role && f->port[k].array.axes == 0)
            return ant__fail(f->error, ANT_E_DATA, "%s: no array for %s '%s'",
                             ant__layer_label(f->model), roles[role], f->port[k].name);
    return 0;
}

/* --- sample weights --- */
static void add_weight_port(ant_feed *f, int target) {
    const ant_feed_port *t = &f->port[target];
    if (port_of(f, ANT__WEIGHTS, t->index) == NULL)
        add_port(f, ANT__WEIGHTS, t->index, t->name, ant__real_type(f->model->context), NULL);
}

static int match_weights(ant_feed *f, const ant_array *list) {
    int given, targets = f->n;
    const ant_array *one = ant__arrays_of(list, &given);
    f->weighted = given > 0 || f->class_weight.count > 0;
    if (given > 0 && f->class_weight.count > 0)
        return ant__fail(f->error, ANT_E_OPTION, "%s: sample_weight and class_weight are both said",
                         ant__layer_label(f->model));
    if (f->class_weight.count > 0 && count_role(f, ANT__TARGETS) != 1)
        return ant__fail(f->error, ANT_E_OPTION, "%s: class_weight is for models with one output",
                         ant__layer_label(f->model));
    for (int k = 0; k < targets && f->weighted; k++)
        if (f->port[k].role == ANT__TARGETS)
            add_weight_port(f, k);
    if (given == 0)
        return 0;
    if (given > 1 || one->name)
        return match(f, ANT__WEIGHTS, list);
    for (int k = 0; k < f->n; k++) /* one for all outputs */
        if (f->port[k].role == ANT__WEIGHTS)
            f->port[k].array = *one;
    return 0;
}

/* --- shapes --- */
/* A last axis of 1 may be there or not. */
static void fix_rank(ant_array *a, int rank, bool one) {
    if (a->axes == rank + 1 && a->axes > 1 && a->shape[a->axes - 1] == 1)
        a->axes--;
    else if (a->axes == rank - 1 && one) {
        a->strides[a->axes] = a->strides[0] ? (int64_t)ant__dtype_size(a->dtype) : 0;
        a->shape[a->axes++] = 1;
    }
}

static int shape_unlike(const ant_feed *f, const ant_feed_port *p, const ant_dims *d) {
    char got[ANT__DIMS_TEXT], wanted[ANT__DIMS_TEXT];
    return ant__fail(f->error, ANT_E_SHAPE, "%s: %s takes %s, got %s", ant__layer_label(f->model),
                     p->what, ant__dims_text(p->wanted, wanted), ant__dims_text(d, got));
}

/* Of a row; the batch may be any. */
static bool shape_fits(const ant_dims *d, const ant_dims *wanted) {
    bool fits = d->rank == wanted->rank;
    for (int k = 1; fits && k < wanted->rank; k++)
        fits = wanted->dim[k] < 0 || wanted->dim[k] == d->dim[k];
    return fits;
}

/* Sets the port's dims. */
static int check_shape(ant_feed *f, int k) {
    ant_feed_port *p = &f->port[k];
    ant_dims *d = &f->dims[k];
    const ant_dims *w = p->wanted;
    int code = ant__array_check(&p->array, p->what, f->error);
    if (code)
        return code;
    if (w)
        fix_rank(&p->array, w->rank, w->rank > 1 && w->dim[w->rank - 1] == 1);
    ant__array_shape(d, &p->array);
    return !w || shape_fits(d, w) ? 0 : shape_unlike(f, p, d);
}

static int check_rows(ant_feed *f, const ant_feed_port *p, int64_t rows) {
    if (p->array.shape[0] == rows)
        return 0;
    return ant__fail(f->error, ANT_E_DATA, "%s: %s has %lld rows, %s has %lld",
                     ant__layer_label(f->model), p->what, (long long)p->array.shape[0],
                     f->port[0].what, (long long)rows);
}

static bool from_classes(const ant_feed_port *p) {
    return p->role == ANT__WEIGHTS && p->array.axes == 0;
}

/* Class weights need a class per row: (n), (n, 1) or one-hot. */
static int check_classes(ant_feed *f) {
    for (int k = 0; k < f->n && f->class_weight.count > 0; k++)
        if (f->port[k].role == ANT__TARGETS && f->port[k].array.axes > 2)
            return ant__fail(f->error, ANT_E_OPTION,
                             "%s: class_weight needs one class a row, target '%s' has %d axes",
                             ant__layer_label(f->model), f->port[k].name, f->port[k].array.axes);
    return 0;
}

int ant__feed_arrays(ant_feed *f, const ant_feed_arrays *a) {
    int code = match(f, ANT__INPUTS, a->list[ANT__INPUTS]);
    if (code == 0 && count_role(f, ANT__TARGETS) > 0)
        code = match(f, ANT__TARGETS, a->list[ANT__TARGETS]);
    if (code == 0 && count_role(f, ANT__TARGETS) > 0)
        code = match_weights(f, a->list[ANT__WEIGHTS]);
    for (int k = 0; k < f->n && code == 0; k++)
        if (from_classes(&f->port[k]))
            f->dims[k] = ANT__DIMS(1);
        else
            code = check_shape(f, k);
    int64_t rows = f->port[0].array.shape[0];
    for (int k = 0; k < f->n && code == 0; k++)
        if (!from_classes(&f->port[k]))
            code = check_rows(f, &f->port[k], rows);
    f->rows = rows;
    f->first = 0;
    return code ? code : check_classes(f);
}

/* --- buffers --- */
static bool stays(const ant_feed *f, const ant_feed_port *p) {
    ant_rows_wanted rows = {.first = f->first};
    return !f->shuffles && !f->order && !from_classes(p) &&
           ant__array_view(&p->array, &rows, p->dtype) != NULL;
}

int ant__feed_reserve(ant_feed *f, int64_t batch) {
    for (int k = 0; k < f->n; k++) {
        ant_feed_port *p = &f->port[k];
        size_t size;
        p->buffer = NULL;
        f->dims[k].dim[0] = batch;
        if (stays(f, p))
            continue;
        if (!ant__dims_bytes(&f->dims[k], p->dtype, &size))
            return ant__fail(f->error, ANT_E_LIMIT, "%s: a batch of %lld rows is too large",
                             ant__layer_label(f->model), (long long)batch);
        p->buffer = ant__run_buffer(f->run, f->bank * ANT__MAX_FEEDS + k, size);
        if (p->buffer == NULL)
            return ant__fail_memory(f->error);
    }
    return 0;
}

/* --- batches --- */
static double number(const ant_feed_port *p, int64_t i) {
    return ant__real_at(p->at, p->dtype, i);
}

/* The class of row i of a target's buffer: the number itself, or the place of the largest. */
static double class_of(const ant_feed_port *t, int64_t i) {
    int64_t n = t->array.axes > 1 ? t->array.shape[1] : 1, best = 0;
    if (t->dtype == ANT_INT32)
        return ((const int32_t *)t->at)[i * n];
    for (int64_t k = 1; k < n; k++)
        if (number(t, i * n + k) > number(t, i * n + best))
            best = k;
    return n == 1 ? nearbyint(number(t, i)) : (double)best;
}

static void weigh_classes(ant_feed *f, ant_feed_port *w, int64_t count) {
    const ant_feed_port *t = port_of(f, ANT__TARGETS, w->index);
    for (int64_t i = 0; i < count; i++) {
        double class = class_of(t, i);
        bool known = class >= 0 && class < f->class_weight.count;
        ant__real_put(w->buffer, w->dtype, i, known ? f->class_weight.data[(int)class] : 1);
    }
}

static int gather(ant_feed *f, ant_feed_port *p, const ant_rows_wanted *rows) {
    p->at = p->buffer;
    if (from_classes(p)) {
        weigh_classes(f, p, rows->count);
        return 0;
    }
    if (p->buffer)
        return ant__array_read(&p->array, rows, p->dtype, p->buffer, p->what, f->error);
    p->at = ant__array_view(&p->array, rows, p->dtype);
    return 0;
}

int ant__feed_batch(ant_feed *f, int64_t at, int64_t count) {
    ant_rows_wanted rows = {
        .order = f->order ? f->order + at : NULL, .first = f->first + at, .count = count};
    int code = 0;
    for (int k = 0; k < f->n && code == 0; k++) {
        f->dims[k].dim[0] = count;
        code = gather(f, &f->port[k], &rows);
    }
    return code;
}

void ant__feed_bind(const ant_feed *f, ant_program *p) {
    for (int k = 0; k < f->n; k++)
        ant__program_bind_input(p, k, f->port[k].at);
}
