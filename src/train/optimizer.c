/* The optimizer's state, and the part of a train step that all optimizers share. */
#include "train/optimizer.h"
#include "core/convert.h"
#include <stdio.h>
#include <string.h>

/* Where the scalars that all optimizers share stand. */
enum { DECAY = ANT__SCALARS, AVERAGE, SCALARS };
static const char *const extra_slots[] = {"average", "gradient_accumulator"};

/* --- reading --- */
static int check_common(ant_context *c, const ant_optimizer *o) {
    const ant_optimizer_common *k = o->common;
    int clips =
        (k->clipnorm != ANT_NONE) + (k->clipvalue != ANT_NONE) + (k->global_clipnorm != ANT_NONE);
    if (clips > 1)
        return ant__fail(&c->error, ANT_E_OPTION,
                         "%s: only one of clipnorm, clipvalue and global_clipnorm may be said",
                         o->part.cls->name);
    if (k->ema_overwrite_frequency != ANT_NONE && !k->use_ema)
        return ant__fail(&c->error, ANT_E_OPTION, "%s: ema_overwrite_frequency without use_ema",
                         o->part.cls->name);
    return 0;
}

int ant__optimizer_read(ant_context *c, const char *text, ant_optimizer *out) {
    *out = (ant_optimizer){.memory = 1};
    if (!ant__part_read(c, ANT_OPTIMIZER, text, &out->part))
        return c->error.code;
    out->cls = out->part.cls->impl;
    const char *options = out->part.options;
    out->common = (const ant_optimizer_common *)(options + out->cls->common);
    const ant_row *rate = ant__row_find(out->part.cls, "learning_rate");
    memcpy(&out->learning_rate, options + rate->offset, sizeof out->learning_rate);
    if (out->common->schedule && ant__schedule_read(c, out->common->schedule, &out->schedule) != 0)
        return c->error.code;
    return check_common(c, out);
}

/* --- building --- */
/* The k-th of some words separated by spaces, kept in the context; NULL when there are fewer. */
static const char *word_at(ant_context *c, const char *words, int k) {
    while (k-- > 0 && (words = strchr(words, ' ')) != NULL)
        words++;
    return words ? ant__arena_bytes(&c->arena, words, strcspn(words, " ")) : NULL;
}

static void name_slots(ant_context *c, ant_optimizer *o) {
    o->slots = 0;
    for (int k = 0; k < ANT__SLOTS; k++) {
        if (!o->cls->uses || o->cls->uses(o->part.options, k))
            o->slot_name[k] = word_at(c, o->cls->slots, k);
        o->slot_at[k] = o->slots;
        o->slots += o->slot_name[k] != NULL;
    }
}

ant_variable *ant__optimizer_slot(const ant_optimizer *o, int i, int k) {
    return o->slot_name[k] ? &o->slot[i * o->slots + o->slot_at[k]] : NULL;
}

static bool accumulates(const ant_optimizer *o) {
    return o->common->gradient_accumulation_steps != ANT_NONE;
}

/* How the numbers of all slots lie in one slab: each begins at a cache line, so that slots of a few
 * numbers take many bytes beside these. */
enum { LINE = 64 };

static size_t place_size(const ant_weight *w) {
    int64_t n = ant__dims_count(&w->variable.dims);
    return ((size_t)n * ant__dtype_size(w->variable.dtype) + LINE - 1) / LINE * LINE;
}

static size_t per_weight(const ant_optimizer *o) {
    return (size_t)o->slots + (o->average != NULL) + (o->accumulator != NULL);
}

static size_t slab_size(const ant_optimizer *o) {
    size_t total = 0;
    for (int i = 0; i < o->n; i++)
        total += place_size(o->weights[i].weight);
    return total * per_weight(o);
}

/* One slot's variable at *at in the slab. */
static void make_slot(ant_context *c, ant_variable *v, const ant_trained *w, const char *name,
                      double start, char **at) {
    *v = w->weight->variable;
    v->name = ant__print(c, "%s/%s", name, w->path);
    v->version = 0;
    v->data = *at;
    *at += place_size(w->weight);
    for (int64_t k = 0, n = ant__dims_count(&v->dims); start != 0 && k < n; k++)
        ant__real_put(v->data, v->dtype, k, start);
}

static void make_slots(ant_context *c, ant_optimizer *o, int i, char **at) {
    for (int k = 0; k < ANT__SLOTS; k++) {
        ant_variable *slot = ant__optimizer_slot(o, i, k);
        double start = o->cls->start ? o->cls->start(o->part.options, k) : 0;
        if (slot)
            make_slot(c, slot, &o->weights[i], o->slot_name[k], start, at);
    }
    if (o->average)
        make_slot(c, &o->average[i], &o->weights[i], extra_slots[0], 0, at);
    if (o->accumulator)
        make_slot(c, &o->accumulator[i], &o->weights[i], extra_slots[1], 0, at);
}

static void make_scalars(ant_optimizer *o, int real) {
    for (int k = 0; k < SCALARS; k++)
        o->scalar[k] = (ant_variable){
            .name = "scalar", .dtype = real, .dims = ANT__SCALAR, .data = &o->scalars[k]};
}

int ant__optimizer_build(ant_context *c, ant_optimizer *o, const ant_trained *weights, int n) {
    size_t count = (size_t)n;
    o->weights = weights;
    o->n = n;
    name_slots(c, o);
    make_scalars(o, ant__real_type(c));
    o->slot = ant__arena_array(&c->arena, count * (size_t)o->slots + 1, sizeof *o->slot);
    if (o->common->use_ema)
        o->average = ant__arena_array(&c->arena, count + 1, sizeof *o->average);
    if (accumulates(o))
        o->accumulator = ant__arena_array(&c->arena, count + 1, sizeof *o->accumulator);
    if (ant__budget_take(c->arena.budget, count * per_weight(o) * LINE))
        o->numbers = ant__alloc_numbers(slab_size(o) + 1);
    bool whole = o->slot && o->numbers && (o->average || !o->common->use_ema) &&
                 (o->accumulator || !accumulates(o));
    if (!whole)
        return ant__fail_memory(&c->error);
    char *at = o->numbers;
    for (int i = 0; i < n; i++)
        make_slots(c, o, i, &at);
    return c->error.code;
}

void ant__optimizer_free(ant_optimizer *o) {
    ant__free_numbers(o->numbers);
    *o = (ant_optimizer){0};
}

/* --- the host's part of a step --- */
static int64_t per_update(const ant_optimizer *o) {
    return accumulates(o) ? o->common->gradient_accumulation_steps : 1;
}

int64_t ant__optimizer_updates(const ant_optimizer *o) {
    return o->calls / per_update(o);
}

double ant__optimizer_rate(const ant_optimizer *o) {
    return o->schedule.cls ? ant__schedule_rate(&o->schedule, o->calls) : o->learning_rate;
}

double ant__optimizer_loss_scale(const ant_optimizer *o) {
    return o->common->loss_scale_factor == ANT_NONE ? 1 : o->common->loss_scale_factor;
}

static void set_scalar(ant_optimizer *o, int k, double x) {
    ant__real_put(o->scalar[k].data, o->scalar[k].dtype, 0, x);
}

int ant__optimizer_prepare(ant_optimizer *o) {
    const ant_optimizer_common *k = o->common;
    int64_t updates = ant__optimizer_updates(o);
    int kind = (o->calls + 1) % per_update(o) != 0 ? ANT__STEP_ACCUMULATE : 0;
    if (k->ema_overwrite_frequency != ANT_NONE && (updates + 1) % k->ema_overwrite_frequency == 0)
        kind |= ANT__STEP_OVERWRITE;
    ant_optimizer_step s = {
        .rate = ant__optimizer_rate(o), .t = (double)updates + 1, .memory = &o->memory};
    if (!(kind & ANT__STEP_ACCUMULATE))
        o->cls->step(o->part.options, &s);
    for (int j = 0; j < o->cls->scalars; j++)
        set_scalar(o, j, s.scalar[j]);
    set_scalar(o, DECAY, k->weight_decay == ANT_NONE ? 1 : 1 - k->weight_decay * s.rate);
    set_scalar(o, AVERAGE, updates == 0 ? 0 : k->ema_momentum);
    return kind;
}

void ant__optimizer_done(ant_optimizer *o) {
    o->calls++;
}

void ant__optimizer_finish(ant_optimizer *o) {
    for (int i = 0; o->average && i < o->n && o->calls > 0; i++) {
        ant_variable *w = &o->weights[i].weight->variable;
        memcpy(w->data, o->average[i].data,
               (size_t)ant__dims_count(&w->dims) * ant__dtype_size(w->dtype));
        w->version++;
    }
}

/* --- the program's part --- */
static ant_value *sum_of_squares(ant_program *p, ant_value *x) {
    return ant_op_sum(p, ant_op_square(p, x), ANT_ALL_AXES, false);
}

/* g * limit / max(norm, limit) */
static ant_value *clip_norm(ant_program *p, ant_value *g, ant_value *norm, double limit) {
    ant_value *most = ant_op_maximum(p, norm, ant_op_number(p, limit));
    return ant_op_mul(p, g, ant_op_div(p, ant_op_number(p, limit), most));
}

static void clip_together(ant_program *p, double limit, ant_value **g, int n) {
    ant_value *squares = NULL;
    for (int i = 0; i < n; i++)
        if (g[i])
            squares =
                squares ? ant_op_add(p, squares, sum_of_squares(p, g[i])) : sum_of_squares(p, g[i]);
    ant_value *norm = squares ? ant_op_sqrt(p, squares) : NULL;
    for (int i = 0; i < n; i++)
        if (g[i])
            g[i] = clip_norm(p, g[i], norm, limit);
}

static void clip(ant_program *p, const ant_optimizer_common *k, ant_value **g, int n) {
    if (k->global_clipnorm != ANT_NONE)
        clip_together(p, k->global_clipnorm, g, n);
    for (int i = 0; i < n; i++) {
        if (g[i] == NULL)
            continue;
        if (k->clipnorm != ANT_NONE)
            g[i] = clip_norm(p, g[i], ant_op_sqrt(p, sum_of_squares(p, g[i])), k->clipnorm);
        else if (k->clipvalue != ANT_NONE)
            g[i] = ant_op_clip(p, g[i], -k->clipvalue, k->clipvalue);
    }
}

/* Adds to what former batches gave; where this step updates, the mean, and the sums start anew. */
static void accumulate(ant_program *p, ant_optimizer *o, int kind, ant_value **g) {
    for (int i = 0; i < o->n; i++) {
        if (g[i] == NULL)
            continue;
        ant_variable *sum = &o->accumulator[i];
        ant_value *all = ant_op_add(p, g[i], ant__read(p, sum));
        bool update = !(kind & ANT__STEP_ACCUMULATE);
        g[i] = update ? ant_op_scale(p, all, 1.0 / (double)per_update(o)) : NULL;
        ant__assign(p, sum, update ? ant__zeros(p, &sum->dims) : all);
    }
}

/* Weight i before its update. */
static void begin_update(ant_update *u, ant_program *p, ant_optimizer *o, int i, ant_value *g,
                         ant_value *const *scalar) {
    *u = (ant_update){.program = p, .options = o->part.options, .g = g};
    memcpy(u->scalar, scalar, sizeof u->scalar);
    u->w = ant__read(p, &o->weights[i].weight->variable);
    u->decay = o->common->weight_decay != ANT_NONE ? scalar[DECAY] : NULL;
    for (int k = 0; k < ANT__SLOTS; k++) {
        ant_variable *slot = ant__optimizer_slot(o, i, k);
        u->slot[k] = slot ? ant__read(p, slot) : NULL;
    }
}

/* The class's rule for the n weights in u, each of which becomes the new one. */
static void apply_rule(const ant_optimizer *o, ant_update *u, int n) {
    enum { TOGETHER = 32 }; /* of more, the program's passes would be slow */
    for (int i = 0; i < n; i += TOGETHER) {
        const int count = n - i < TOGETHER ? n - i : TOGETHER;
        if (o->cls->update_all && o->cls->update_all(u + i, count))
            continue;
        for (int k = i; k < i + count; k++) {
            if (u[k].decay)
                u[k].w = ant_op_mul(u[k].program, u[k].w, u[k].decay);
            u[k].w = o->cls->update(&u[k]);
        }
    }
}

static void assign_slots(ant_program *p, ant_optimizer *o, int i, const ant_update *u) {
    for (int k = 0; k < ANT__SLOTS; k++) {
        ant_variable *slot = ant__optimizer_slot(o, i, k);
        if (slot)
            ant__assign(p, slot, u->slot[k]);
    }
}

/* m * average + (1 - m) * w; gives what the weight becomes. */
static ant_value *average(ant_program *p, ant_optimizer *o, int i, int kind, ant_value *w,
                          ant_value *momentum) {
    ant_value *rest = ant_op_sub(p, ant_op_number(p, 1), momentum);
    ant_value *kept = ant_op_mul(p, ant__read(p, &o->average[i]), momentum);
    ant_value *mean = ant_op_add(p, kept, ant_op_mul(p, w, rest));
    ant__assign(p, &o->average[i], mean);
    return kind & ANT__STEP_OVERWRITE ? mean : w;
}

/* u NULL: this step does not update it. */
static void write_weight(ant_context *c, ant_program *p, ant_optimizer *o, int i, int kind,
                         const ant_update *u, ant_value *momentum) {
    ant_weight *weight = o->weights[i].weight;
    ant_value *old = ant__read(p, &weight->variable), *w = u ? u->w : old;
    if (u)
        assign_slots(p, o, i, u);
    if (o->average)
        w = average(p, o, i, kind, w, momentum);
    if (u && weight->constraint)
        w = ant__constraint_write(c, p, weight->constraint, w);
    if (w != old)
        ant__assign(p, &weight->variable, w);
}

/* The updates of those weights that have a gradient stand in their order. */
static void write_weights(ant_context *c, ant_program *p, ant_optimizer *o, int kind,
                          ant_value *const *gradients, ant_value *const *scalar) {
    ant_update *u = ant__arena_array(&c->arena, (size_t)o->n + 1, sizeof *u);
    const bool update_now = !(kind & ANT__STEP_ACCUMULATE);
    int n = 0;
    if (!u) {
        ant__fail_memory(&c->error);
        return;
    }
    for (int i = 0; i < o->n && update_now; i++)
        if (gradients[i])
            begin_update(&u[n++], p, o, i, gradients[i], scalar);
    apply_rule(o, u, n);
    for (int i = 0; i < o->n; i++)
        write_weight(c, p, o, i, kind, update_now && gradients[i] ? u++ : NULL, scalar[AVERAGE]);
}

void ant__optimizer_write(ant_context *c, ant_program *p, ant_optimizer *o, int kind,
                          ant_value **gradients) {
    ant_value *scalar[SCALARS];
    for (int k = 0; k < SCALARS; k++)
        scalar[k] = ant__read(p, &o->scalar[k]);
    double scale = ant__optimizer_loss_scale(o);
    for (int i = 0; i < o->n && scale != 1; i++)
        gradients[i] = gradients[i] ? ant_op_scale(p, gradients[i], 1 / scale) : NULL;
    if (o->accumulator)
        accumulate(p, o, kind, gradients);
    clip(p, o->common, gradients, o->n);
    write_weights(c, p, o, kind, gradients, scalar);
}

/* --- for files --- */

/* Slot k of all: each weight's own slots one after the other, then averages, then accumulators. */
ant_variable *ant__optimizer_variable(const ant_optimizer *o, int k) {
    if (k < o->n * o->slots)
        return &o->slot[k];
    k -= o->n * o->slots;
    ant_variable *const extra[] = {o->average, o->accumulator};
    for (int e = 0; e < 2; e++) {
        if (extra[e] && k < o->n)
            return &extra[e][k];
        k -= extra[e] ? o->n : 0;
    }
    return NULL;
}

int ant__optimizer_variables(const ant_optimizer *o) {
    return o->n * (int)per_weight(o);
}
