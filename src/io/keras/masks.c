/* Which masks Keras (3.15.1) has when a model runs. A mask hangs on the tensor that a call gives,
 * and MultiHeadAttention takes those of its inputs away, when it runs: what runs later on such a
 * tensor sees none. Here the graph alone tells, so calls are marked that run without a mask which
 * their input has.
 *
 * To find them, the calls are gone through in Keras's order. A layer that returns its input as it
 * is gives the same tensor, and what happens inside a model happens to the tensors that it was
 * called on. */
#include "core/options/field.h"
#include "core/options/option.h"
#include "io/keras/keras.h"
#include "layers/layer.h"
#include <stdlib.h>
#include <string.h>

/* What a model does to the tensors that it is called on. */
typedef struct effect {
    const ant_model_body *body;
    ant_ports may;           /* inputs that may have masks, as far as it was gone through */
    ant_ports gone;          /* inputs whose masks it takes away */
    ant_ports gone_out;      /* outputs whose masks were taken away inside it */
    int same[ANT_MAX_PORTS]; /* which input an output is; -1: none */
} effect;

typedef struct walk {
    ant_context *c;
    bool mark;             /* else it is only compared with the marks that are there */
    bool changed, differs; /* so far */
    const ant_layer *at;   /* the first call that differs */
    ant_names seen;        /* models, in the order of `effects` */
    ANT__LIST(effect) effects;
} walk;

/* One model, by places of its values. */
typedef struct pass {
    walk *w;
    const ant_model_body *body;
    bool inner;  /* it is a layer of another one: what its inputs carry is up to the calls */
    int *tensor; /* the first value that is the same tensor */
    bool *gone;  /* of tensors: the mask was taken away */
    bool *may;   /* the value may have a mask, as its call gave it … */
    bool *told; /* … and Keras knows of it where it builds the graph: not of those behind a model */
} pass;

/* --- Keras's order --- */
typedef struct turn {
    int step, depth, place; /* place: when it was first met */
} turn;

typedef struct turns {
    const ant_model_body *body;
    turn *at;     /* by step until they are sorted */
    int *made_by; /* by place of a value: its step; -1: an input */
    int *deepest; /* by layer, as far as it was met */
    ant_names layers;
    int met;
} turns;

static int by_turn(const void *a, const void *b) {
    const turn *x = a, *y = b;
    if (x->depth != y->depth)
        return x->depth > y->depth ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

static void meet(turns *t, int step, int depth) {
    turn *x = &t->at[step];
    if (x->place < 0)
        *x = (turn){step, 0, t->met++};
    if (x->depth < depth)
        x->depth = depth;
}

/* All calls of a layer lie as deep as its deepest so far; operands one deeper than their call. */
static int find_turn(turns *t, int step) {
    const ant_step *s = &t->body->steps.at[step];
    meet(t, step, 0);
    if (ant__names_place(&t->layers, s->use->layer) < 0 &&
        !ant__names_add(&t->layers, s->use->layer, NULL))
        return ANT_E_MEMORY;
    int *deepest = &t->deepest[ant__names_place(&t->layers, s->use->layer)];
    meet(t, step, *deepest);
    *deepest = t->at[step].depth;
    for (int k = 0; k < ant__use_operands(s->use); k++) {
        int from = t->made_by[t->body->from.at[s->from + k]];
        if (from >= 0)
            meet(t, from, *deepest + 1);
    }
    return 0;
}

static int sort_turns(turns *t) {
    const ant_model_body *b = t->body;
    int code = 0;
    for (int k = 0; k < b->values; k++)
        t->made_by[k] = -1;
    for (int i = 0; i < b->steps.n; i++) {
        t->at[i].place = -1;
        for (int k = 0; k < b->steps.at[i].use->n_out; k++)
            t->made_by[b->steps.at[i].first_out + k] = i;
    }
    for (int i = b->steps.n - 1; i >= 0 && !code; i--)
        code = find_turn(t, i);
    if (b->steps.n)
        qsort(t->at, (size_t)b->steps.n, sizeof *t->at, by_turn);
    return code;
}

/* --- layers --- */
/* In prediction they give the tensor that they were called on. */
static bool gives_input(const ant_layer *l) {
    if (!strcmp(l->cls->name, "Activation")) {
        const ant_row *row = ant__row_find(l->cls, "activation");
        const char *text = *(const char *const *)ant__field_at(row, l->options);
        return !text || !strcmp(text, "linear");
    }
    return ant__word_among(
        "Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D AlphaDropout "
        "GaussianDropout GaussianNoise Identity ActivityRegularization",
        l->cls->name, false);
}

/* Where Keras builds the graph it writes down the mask of a call with one input that knows masks,
 * and holds to it. */
static bool writes_mask(const ant_layer_use *u) {
    const ant_class *cls = u->layer->cls;
    return u->n_in == 1 && !u->n_states &&
           (ant__row_find(cls, "go_backwards") ||
            ant__word_among("Bidirectional TimeDistributed Softmax GlobalAveragePooling1D "
                            "BatchNormalization",
                            cls->name, false));
}

static bool takes_masks_away(const ant_layer *l) {
    return !strcmp(l->cls->name, "MultiHeadAttention");
}

/* --- one call --- */
static int place_in(const pass *p, const ant_step *s, int i) {
    return p->body->from.at[s->from + i];
}

static bool *gone_of(const pass *p, const ant_step *s, int i) {
    return &p->gone[p->tensor[place_in(p, s, i)]];
}

/* Inputs whose masks Keras has no more. */
static ant_ports lost_masks(const pass *p, const ant_step *s) {
    const ant_layer_use *u = s->use;
    ant_ports lost = 0;
    for (int i = 0; i < u->n_in; i++)
        if (!u->mask[i] && p->may[place_in(p, s, i)] && *gone_of(p, s, i) &&
            (p->w->mark || !writes_mask(u) || !p->told[place_in(p, s, i)]))
            lost |= (ant_ports)1 << i;
    return lost;
}

/* Inputs that may come with a mask. */
static ant_ports masked_inputs(const pass *p, const ant_step *s) {
    ant_ports masked = 0;
    for (int i = 0; i < s->use->n_in; i++)
        if (s->use->mask[i] || p->may[place_in(p, s, i)])
            masked |= (ant_ports)1 << i;
    return masked;
}

/* What a call of MultiHeadAttention says of the query's mask counts for nothing in Keras. */
static bool is_deaf(const ant_layer_use *u) {
    return takes_masks_away(u->layer) && u->mask[0];
}

static int settle_marks(pass *p, const ant_step *s, ant_ports lost) {
    walk *w = p->w;
    ant_layer_use *u = s->use;
    if (!w->mark) {
        ant_ports now = u->unmasked & masked_inputs(p, s);
        if ((now != lost || is_deaf(u)) && !w->differs) {
            w->differs = true;
            w->at = u->layer;
        }
        return 0;
    }
    w->changed |= (lost & ~u->unmasked) != 0;
    return w->changed ? ant__use_unmask(u, lost) : 0;
}

static int model_effect(walk *w, ant_model *m, ant_ports may, effect *out);

/* Keras hangs the masks that a model is called with on its inputs again; where it builds the graph
 * it writes down those that they have. */
static void renew_masks(const pass *p, const ant_step *s) {
    for (int i = 0; i < s->use->n_in; i++)
        if (s->use->mask[i] || (!p->w->mark && p->told[place_in(p, s, i)]))
            *gone_of(p, s, i) = false;
}

static int call_model(const pass *p, const ant_step *s, ant_ports masked, effect *out) {
    const ant_layer_use *u = s->use;
    int code = model_effect(p->w, u->layer, masked, out);
    for (int i = 0; i < u->n_in && !code; i++)
        *gone_of(p, s, i) |= out->gone >> i & 1;
    return code;
}

/* Within a model, what may come with its inputs counts beside what the graph tells. */
static bool may_have(const pass *p, const ant_layer_use *u, int k, ant_ports masked) {
    const ant_layer_class *impl = u->layer->cls->impl;
    return u->out[k]->mask || (p->inner && masked && impl->mask != ANT__MASK_DROP);
}

/* Is a mask of the results there when the graph is built? Embedding makes one, others pass
 * theirs. */
static bool tells(const pass *p, const ant_step *s) {
    const ant_layer_use *u = s->use;
    bool told = false;
    for (int i = 0; i < u->n_in; i++)
        told |= u->mask[i] || p->told[place_in(p, s, i)];
    return !ant__body(u->layer) && (told || !masked_inputs(p, s));
}

/* Which input a result is. */
static int same_as(const ant_layer_use *u, const effect *e, int k) {
    if (ant__body(u->layer))
        return e->same[k];
    return gives_input(u->layer) ? 0 : -1;
}

static int go_through(pass *p, const ant_step *s) {
    const ant_layer_use *u = s->use;
    const bool model = ant__body(u->layer) != NULL;
    effect e = {0};
    if (model)
        renew_masks(p, s);
    ant_ports lost = lost_masks(p, s), masked = masked_inputs(p, s) & ~(lost | u->unmasked);
    int code = model ? call_model(p, s, masked, &e) : 0;
    if (!code)
        code = settle_marks(p, s, lost);
    for (int k = 0; k < u->n_out && !code; k++) {
        int place = s->first_out + k, same = same_as(u, &e, k);
        p->tensor[place] = same < 0 ? place : p->tensor[place_in(p, s, same)];
        p->may[place] = may_have(p, u, k, masked);
        p->told[place] = p->may[place] && tells(p, s);
        p->gone[place] = e.gone_out >> k & 1;
    }
    for (int i = 0; i < u->n_in && takes_masks_away(u->layer); i++)
        *gone_of(p, s, i) = true;
    return code;
}

/* --- one model --- */
static void tell(const pass *p, ant_ports may, effect *out) {
    const ant_model_body *b = p->body;
    *out = (effect){.body = b, .may = may};
    for (int i = 0; i < b->n_in; i++)
        out->gone |= (ant_ports)p->gone[i] << i;
    for (int k = 0; k < b->n_out; k++) {
        int same = p->tensor[b->out_place[k]];
        out->same[k] = same < b->n_in ? same : -1;
        out->gone_out |= (ant_ports)p->gone[same] << k;
    }
}

static int pass_through(pass *p, turns *t, ant_ports may) {
    const ant_model_body *b = p->body;
    int code = sort_turns(t);
    for (int i = 0; i < b->n_in; i++) {
        p->tensor[i] = i;
        p->may[i] = may >> i & 1;
    }
    for (int i = 0; i < b->steps.n && !code; i++)
        code = go_through(p, &b->steps.at[t->at[i].step]);
    return code;
}

static int go_through_model(walk *w, ant_model *m, ant_ports may, bool inner, effect *out) {
    const ant_model_body *b = ant__body(m);
    size_t steps = (size_t)b->steps.n + 1, values = (size_t)b->values + 1;
    pass p = {.w = w, .body = b, .inner = inner};
    turns t = {.body = b};
    p.tensor = ant__alloc_array(values, sizeof *p.tensor);
    p.gone = ant__alloc_array(3 * values, sizeof *p.gone);
    t.made_by = ant__alloc_array(values, sizeof *t.made_by);
    t.deepest = ant__alloc_array(steps, sizeof *t.deepest);
    t.at = ant__alloc_array(steps, sizeof *t.at);
    bool room = p.tensor && p.gone && t.made_by && t.deepest && t.at;
    p.may = room ? p.gone + values : NULL;
    p.told = room ? p.may + values : NULL;
    int code = room ? pass_through(&p, &t, may) : ANT_E_MEMORY;
    if (!code)
        tell(&p, may, out);
    ant__free(p.tensor);
    ant__free(p.gone);
    ant__free(t.made_by);
    ant__free(t.deepest);
    ant__free(t.at);
    ant__names_free(&t.layers);
    return code;
}

/* Once for each model, and again where more of its inputs may have masks. */
static int model_effect(walk *w, ant_model *m, ant_ports may, effect *out) {
    int place = ant__names_place(&w->seen, m);
    if (place >= 0 && !(may & ~w->effects.at[place].may)) {
        *out = w->effects.at[place];
        return 0;
    }
    if (place >= 0)
        may |= w->effects.at[place].may;
    int code = go_through_model(w, m, may, true, out);
    if (code)
        return code;
    if (place < 0 && (!ANT__PUSH(&w->effects, *out) || !ant__names_add(&w->seen, m, NULL)))
        return ANT_E_MEMORY;
    if (place >= 0)
        w->effects.at[place] = *out;
    return 0;
}

static int go(walk *w, ant_model *m) {
    const ant_model_body *b = ant__body(m);
    effect e;
    int code = b->n_in ? ant__model_order(m) : 0;
    if (!code && b->n_in)
        code = go_through_model(w, m, 0, false, &e);
    ant__names_free(&w->seen);
    ant__free(w->effects.at);
    if (code == ANT_E_MEMORY)
        return ant__fail_memory(&w->c->error);
    return code ? ant__fail(&w->c->error, code, "%s", ant__layer_graph(m)->context.error.text) : 0;
}

int ant__keras_masks_mark(ant_context *c, ant_model *m) {
    walk w = {.c = c, .mark = true};
    return go(&w, m);
}

int ant__keras_masks_check(ant_context *c, ant_model *m) {
    walk w = {.c = c};
    int code = go(&w, m);
    if (!code && w.differs)
        ant__warn(
            c,
            "%s: Keras runs it with other masks: its MultiHeadAttention takes those of its inputs "
            "away, and takes no mask for its query",
            ant__layer_label(w.at));
    return code;
}
