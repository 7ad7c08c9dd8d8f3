/* Trees into models. */
#include "antler/layers/core.h"
#include "io/config.h"
#include "io/structure.h"
#include <ctype.h>
#include <string.h>

typedef struct reader {
    ant_graph *g;
    const char *path;    /* of the file */
    ant_context scratch; /* of what the model does not keep; errors are the graph's */
    ant_names all;       /* layers by their paths from the outermost model */
} reader;

/* The names of one model while it is read. */
typedef struct scope {
    reader *r;
    const char *path;
    ant_names layers, nodes;
} scope;

static ant_model *body_read(reader *r, const char *path, ant_tree *t, const char *name);

static ant_context *context_of(const scope *s) {
    return &s->r->g->context;
}

static int bind(scope *s, ant_names *names, const char *name, const void *of) {
    return ant__names_add(names, of, name) ? 0 : ant__fail_memory(&context_of(s)->error);
}

static int names_nearest(scope *s, const ant_tree *t, const ant_names *names, const char *what,
                         const char *name) {
    ant_context *c = context_of(s);
    const char **words =
        ant__arena_array(&s->r->scratch.arena, (size_t)names->n + 1, sizeof *words);
    if (!words)
        return ant__fail_memory(&c->error);
    for (int k = 0; k < names->n; k++)
        words[k] = names->at[k].name;
    const char *near = ant__nearest(name, words, names->n);
    if (near)
        return ant__tree_fail(c, t, ANT_E_GRAPH, "no %s '%s' above, did you mean '%s'?", what, name,
                              near);
    return ant__tree_fail(c, t, ANT_E_GRAPH, "no %s '%s' above", what, name);
}

/* --- layers --- */
static bool is_model(const ant_tree *t) {
    return t->kind == ANT__MAP && (ant__tree_get(t, "inputs") || ant__tree_get(t, "Sequential"));
}

static ant_layer *layer_above(scope *s, const ant_tree *t) {
    const ant_layer *l = ant__named(&s->r->all, t->text);
    if (!l)
        names_nearest(s, t, &s->r->all, "layer", t->text);
    return (ant_layer *)(uintptr_t)l;
}

/* The file, where the tree has a place in it. */
static const char *file_of(const scope *s, const ant_tree *t) {
    return t->line ? s->r->path : NULL;
}

/* The name that a layer says among its options; NULL: none. */
static const char *said_name(const ant_tree *t) {
    const ant_tree *in = t;
    if (t->kind == ANT__MAP && !is_model(t))
        in = t->first;
    bool map = in && (in->kind == ANT__MAP || in->kind == ANT__CALL);
    const ant_tree *name = map ? ant__tree_get(in, "name") : NULL;
    return name && ant__tree_scalar(name) ? name->text : NULL;
}

/* Where layers inside a layer stand: in this model, under that layer's path. */
typedef struct within {
    scope *s;
    const char *path;
} within;

static ant_layer *layer_read(scope *s, const char *outer, ant_tree *t, const char *name);

static ant_layer *inner_read(void *data, ant_tree *t) {
    const within *w = data;
    return layer_read(w->s, w->path, t, said_name(t));
}

/* Its place, and its name in this model, for messages of later calls. */
static ant_layer *one_layer(scope *s, const char *path, ant_tree *t, const char *name) {
    ant_context *c = context_of(s);
    within w = {s, path};
    ant_layer_texts inner = {.read = inner_read, .data = &w};
    bool had = c->error.code != 0;
    ant_layer *l = ant__layer_read(s->r->g, t, &inner);
    if (!l && !had && name && !t->line)
        ant__error_before(&c->error, "layer '%.200s': ", name);
    if (!l || (name && !l->said && ant__layer_rename(l, name)))
        return NULL;
    l->file = file_of(s, t);
    l->line = t->line;
    return l;
}

/* A new layer, or one above by its path; known from here on by `name` under `outer`, unless that is
 * NULL. */
static ant_layer *layer_read(scope *s, const char *outer, ant_tree *t, const char *name) {
    ant_context *c = context_of(s);
    if (t->kind == ANT__WORD && *t->text == '/')
        return layer_above(s, t);
    const char *path = ant__print(&s->r->scratch, "%s/%s", outer, name ? name : "");
    if (!path) {
        ant__fail_memory(&c->error);
        return NULL;
    }
    ant_layer *l = is_model(t) ? body_read(s->r, path, t, name) : one_layer(s, path, t, name);
    return l && name && bind(s, &s->r->all, path, l) ? NULL : l;
}

/* --- calls --- */
static ant_node *node_read(scope *s, ant_tree *t, const char *name);

static int flag_read(scope *s, const ant_tree *t, bool *yes) {
    *yes = t->kind == ANT__WORD && ant__word_among("true yes on 1", t->text, true);
    if (*yes || (t->kind == ANT__WORD && ant__word_among("false no off 0", t->text, true)))
        return 0;
    return ant__tree_fail(context_of(s), t, ANT_E_OPTION, "%s: expected true or false", t->key);
}

static int training_read(scope *s, ant_call_options *o, const ant_tree *t) {
    bool yes;
    int code = flag_read(s, t, &yes);
    if (!code)
        o->training = yes;
    return code;
}

static int states_read(scope *s, ant_call_options *o, ant_tree *t) {
    bool one = t->kind != ANT__ITEMS;
    int n = 0;
    for (ant_tree *x = one ? t : t->first; x; x = one ? NULL : x->next) {
        if (n == ANT_MAX_PORTS - 1)
            return ant__tree_fail(context_of(s), x, ANT_E_LIMIT, "more than %d states", n);
        if (!(o->initial_state[n++] = node_read(s, x, NULL)))
            return context_of(s)->error.code;
    }
    return 0;
}

/* One mask, or a list with one for each input, or none. */
static int masks_read(scope *s, ant_call_options *o, ant_tree *t) {
    bool one = t->kind != ANT__ITEMS;
    int n = 0;
    for (ant_tree *x = one ? t : t->first; x; x = one ? NULL : x->next, n++) {
        if (n == ANT_MAX_PORTS - 1)
            return ant__tree_fail(context_of(s), x, ANT_E_LIMIT, "more than %d masks", n);
        if (!one && x->kind == ANT__WORD && ant__word_among("none None null ~", x->text, false))
            continue;
        if (!one && !x->raw && x->kind == ANT__WORD && !strcmp(x->text, "off"))
            o->mask[n] = ant_unmasked();
        else if (!(o->mask[n] = node_read(s, x, NULL)))
            return context_of(s)->error.code;
    }
    return 0;
}

static int one_read(scope *s, ant_node **to, ant_tree *t) {
    *to = node_read(s, t, NULL);
    return *to ? 0 : context_of(s)->error.code;
}

static int keyword_read(scope *s, ant_call_options *o, ant_tree *t) {
    static const char *const known[] = {
        "training",        "initial_state",          "mask", "value", "key", "attention_mask",
        "use_causal_mask", "return_attention_scores"};
    enum { TRAINING, STATE, MASK, VALUE, KEY, ATTENTION, CAUSAL, SCORES, N };
    int k = 0;
    while (k < N && strcmp(t->key, known[k]))
        k++;
    switch (k) {
    case TRAINING:
        return training_read(s, o, t);
    case STATE:
        return states_read(s, o, t);
    case MASK:
        return masks_read(s, o, t);
    case VALUE:
        return one_read(s, &o->value, t);
    case KEY:
        return one_read(s, &o->key, t);
    case ATTENTION:
        return one_read(s, &o->attention_mask, t);
    case CAUSAL:
        return flag_read(s, t, &o->use_causal_mask);
    case SCORES:
        return flag_read(s, t, &o->return_attention_scores);
    }
    const char *near = ant__nearest(t->key, known, N);
    return ant__tree_fail(context_of(s), t, ANT_E_OPTION, "no keyword '%s' in a call%s%s%s", t->key,
                          near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int operands_read(scope *s, ant_call_options *o, ant_tree *t) {
    int n = 0;
    for (ant_tree *x = t->first; x; x = x->next) {
        if (x->key && keyword_read(s, o, x))
            return context_of(s)->error.code;
        if (x->key)
            continue;
        if (n == ANT_MAX_PORTS - 1)
            return ant__tree_fail(context_of(s), x, ANT_E_LIMIT, "more than %d inputs", n);
        if (!(o->in[n++] = node_read(s, x, NULL)))
            return context_of(s)->error.code;
    }
    return 0;
}

static ant_node *call_read(scope *s, ant_tree *t, const char *name) {
    ant_call_options o = {.training = ANT_NONE, .name = name};
    o.layer = (ant_layer *)(uintptr_t)ant__named(&s->layers, t->text);
    if (!o.layer) {
        names_nearest(s, t, &s->layers, "layer", t->text);
        return NULL;
    }
    if (operands_read(s, &o, t))
        return NULL;
    ant_node *n = ant_call_(&o, offsetof(ant_call_options, ant_end), file_of(s, t), t->line);
    return ant__node_dead(n) ? NULL : n;
}

static ant_node *named_node(scope *s, const ant_tree *t) {
    if (!ant__tree_scalar(t)) {
        ant__tree_fail(context_of(s), t, ANT_E_GRAPH, "expected a name or layer(input, …)");
        return NULL;
    }
    const ant_node *n = ant__named(&s->nodes, t->text);
    if (!n)
        names_nearest(s, t, &s->nodes, "input or call", t->text);
    return (ant_node *)(uintptr_t)n;
}

static ant_node *node_read(scope *s, ant_tree *t, const char *name) {
    ant_node *n = t->kind == ANT__CALL ? call_read(s, t, name) : named_node(s, t);
    if (!n || !t->index)
        return n;
    if (!n->use || t->index >= n->use->n_out) {
        ant__tree_fail(context_of(s), t, ANT_E_GRAPH, "'%s' has no result %d", t->text, t->index);
        return NULL;
    }
    return n->use->out[t->index];
}

/* What a scalar says, as a tree; NULL after an error. */
static ant_tree *expanded(scope *s, ant_tree *t) {
    ant_context *c = &s->r->scratch;
    ant_tree *x = ant__tree_expand(c, t);
    if (!x)
        ant__fault_move(&context_of(s)->error, &c->error);
    return x;
}

static ant_node *expression(scope *s, ant_tree *t, const char *name) {
    ant_context_mark before = ant__context_mark(&s->r->scratch);
    ant_tree *x = t->raw ? t : expanded(s, t);
    ant_node *n = x ? node_read(s, x, name) : NULL;
    ant__context_release(&s->r->scratch, &before);
    return n;
}

/* --- inputs --- */
/* What follows an input's name: a shape, Input(…), or {shape: …, dtype: …}. */
static int input_options(scope *s, const ant_class *cls, ant_tree *t, ant_input_layer_options *o) {
    ant_context *c = context_of(s);
    ant_tree first = *t, call = {.kind = ANT__CALL, .text = cls->name, .first = &first};
    bool wrapped = t->kind == ANT__MAP && !ant__tree_get(t, "shape") && ant__tree_count(t) == 1 &&
                   ant__class_find(c, ANT_LAYER, t->first->key) == cls;
    if (wrapped || (ant__tree_scalar(t) && strchr(t->text, '('))) {
        ant_tree *x = expanded(s, t);
        if (!x)
            return c->error.code;
        if (x->kind != ANT__CALL || ant__class_find(c, ANT_LAYER, x->text) != cls)
            return ant__tree_fail(c, t, ANT_E_OPTION, "expected a shape, or Input(…)");
        return ant__options_set(c, cls, o, x, NULL);
    }
    if (t->kind == ANT__MAP)
        return ant__options_set(c, cls, o, t, NULL);
    first.key = NULL;
    first.next = NULL;
    return ant__options_set(c, cls, o, &call, NULL);
}

static ant_node *input_read(scope *s, ant_tree *t) {
    ant_context *c = context_of(s);
    const ant_class *cls = ant__class_find(NULL, ANT_LAYER, "InputLayer");
    ant_input_layer_options o = {ANT_INPUT_LAYER_DEFAULTS};
    if (input_options(s, cls, t, &o))
        return NULL;
    bool had = c->error.code != 0;
    if (ant__options_check(c, cls, &o)) {
        if (!had && t->line)
            ant__error_before(&c->error, "%d:%d: ", t->line, t->column);
        return NULL;
    }
    ant_input_options in = {
        .graph = s->r->g, .name = t->key, .dtype = o.dtype, .batch_size = o.batch_size};
    memcpy(in.shape, o.shape, sizeof in.shape);
    ant_node *n = ant_input_(&in, offsetof(ant_input_options, ant_end), file_of(s, t), t->line);
    return ant__node_dead(n) ? NULL : n;
}

static int inputs_read(scope *s, ant_tree *t, ant_node **in) {
    int n = 0;
    if (t->kind != ANT__MAP || !t->first)
        return ant__tree_fail(context_of(s), t, ANT_E_GRAPH,
                              "inputs: expected names with shapes: {x: [2, 3]}");
    for (ant_tree *x = t->first; x; x = x->next) {
        if (n == ANT_MAX_PORTS - 1)
            return ant__tree_fail(context_of(s), x, ANT_E_LIMIT, "more than %d inputs", n);
        if (!(in[n] = input_read(s, x)) || bind(s, &s->nodes, x->key, in[n++]))
            return context_of(s)->error.code;
    }
    return 0;
}

/* --- models --- */
/* Each entry of a map in turn; a missing map has none. */
static int each(scope *s, ant_tree *map, int (*read)(scope *s, ant_tree *t)) {
    if (map && map->kind != ANT__MAP)
        return ant__tree_fail(context_of(s), map, ANT_E_GRAPH, "%s: expected {name: …}", map->key);
    for (ant_tree *t = map ? map->first : NULL; t; t = t->next) {
        int code = read(s, t);
        if (code)
            return code;
    }
    return 0;
}

static int read_layer(scope *s, ant_tree *t) {
    ant_layer *l = layer_read(s, s->path, t, t->key);
    return l ? bind(s, &s->layers, t->key, l) : context_of(s)->error.code;
}

static int read_call(scope *s, ant_tree *t) {
    ant_node *n = expression(s, t, t->key);
    return n ? bind(s, &s->nodes, t->key, n) : context_of(s)->error.code;
}

static int outputs_read(scope *s, ant_tree *t, ant_node **out, const char **names) {
    int n = 0;
    bool named = t->kind == ANT__MAP;
    if ((!named && t->kind != ANT__ITEMS) || !t->first)
        return ant__tree_fail(context_of(s), t, ANT_E_GRAPH,
                              "outputs: expected {name: call} or a list of calls");
    for (ant_tree *x = t->first; x; x = x->next, n++) {
        if (n == ANT_MAX_PORTS - 1)
            return ant__tree_fail(context_of(s), x, ANT_E_LIMIT, "more than %d outputs", n);
        names[n] = named ? x->key : NULL;
        if (!(out[n] = expression(s, x, NULL)))
            return context_of(s)->error.code;
    }
    return 0;
}

/* The names that a file gives hold in this model only. */
static ant_model *with_names(scope *s, ant_model *m) {
    if (m->dead)
        return NULL;
    ant_model_body *b = m->extra;
    for (int k = 0; k < s->layers.n; k++) {
        const char *name = ant__arena_text(&context_of(s)->arena, s->layers.at[k].name);
        if (!name)
            ant__fail_memory(&context_of(s)->error);
        if (!name || bind(s, &b->wished, name, s->layers.at[k].of))
            return NULL;
    }
    return m;
}

static ant_model *functional_read(scope *s, ant_tree *t, const char *name) {
    ant_node *in[ANT_MAX_PORTS] = {0}, *out[ANT_MAX_PORTS] = {0};
    ant_model_options o = {.graph = s->r->g, .inputs = in, .outputs = out, .name = name};
    ant_tree *outputs = ant__tree_get(t, "outputs");
    if (!outputs) {
        ant__tree_fail(context_of(s), t, ANT_E_GRAPH, "the model has inputs but no outputs");
        return NULL;
    }
    if (inputs_read(s, ant__tree_get(t, "inputs"), in) ||
        each(s, ant__tree_get(t, "layers"), read_layer) ||
        each(s, ant__tree_get(t, "calls"), read_call) ||
        outputs_read(s, outputs, out, o.output_names))
        return NULL;
    ant_model *m = with_names(
        s, ant_model_new_(&o, offsetof(ant_model_options, ant_end), file_of(s, t), t->line));
    return m && !ant__structures_take(context_of(s), m->extra, t, o.output_names) ? m : NULL;
}

static ant_model *sequence_read(scope *s, ant_tree *t, const char *name) {
    ant_context *c = context_of(s);
    ant_tree *list = ant__tree_get(t, "Sequential");
    if (list->kind != ANT__ITEMS) {
        ant__tree_fail(c, list, ANT_E_GRAPH, "Sequential: expected a list of layers");
        return NULL;
    }
    size_t n = (size_t)ant__tree_count(list);
    ant_layer **layers = ant__arena_array(&s->r->scratch.arena, n + 1, sizeof *layers);
    if (!layers) {
        ant__fail_memory(&c->error);
        return NULL;
    }
    n = 0;
    for (ant_tree *x = list->first; x; x = x->next, n++) {
        const char *said = said_name(x);
        if (!(layers[n] = layer_read(s, s->path, x, said)))
            return NULL;
        if (said && strcmp(layers[n]->cls->name, "InputLayer") &&
            bind(s, &s->layers, said, layers[n]))
            return NULL;
    }
    return with_names(s, ant_sequential_(s->r->g, layers, name, file_of(s, t), t->line));
}

/* A frozen model freezes all its layers, as ant_set_trainable does. */
static ant_model *freeze(scope *s, ant_model *m, const ant_tree *t) {
    bool yes = true;
    if (t && flag_read(s, t, &yes))
        return NULL;
    if (!yes)
        ant_set_trainable(m, false);
    return m;
}

static ant_model *body_fill(scope *s, ant_tree *t, const char *name) {
    static const char *const keys[] = {
        "name",       "inputs",          "layers",           "calls", "outputs", "trainable",
        "Sequential", "input_structure", "output_structure", "dtype"};
    const int known = (int)(sizeof keys / sizeof *keys) - (*s->path != 0); /* of the outermost */
    const ant_tree *said = ant__tree_get(t, "name"), *trainable = ant__tree_get(t, "trainable");
    bool sequential = ant__tree_get(t, "Sequential") != NULL;
    if (ant__tree_keys(context_of(s), t, "model", keys, known))
        return NULL;
    if (sequential && ant__tree_get(t, "inputs")) {
        ant__tree_fail(context_of(s), t, ANT_E_GRAPH,
                       "a model has either 'Sequential:' or 'inputs:', not both");
        return NULL;
    }
    if (said && ant__tree_scalar(said))
        name = said->text;
    ant_model *m = sequential ? sequence_read(s, t, name) : functional_read(s, t, name);
    return m ? freeze(s, m, trainable) : NULL;
}

static ant_model *body_read(reader *r, const char *path, ant_tree *t, const char *name) {
    scope s = {.r = r, .path = path};
    s.layers.payer = s.nodes.payer = &r->g->context.arena;
    ant_model *m = body_fill(&s, t, name);
    ant__names_free(&s.layers);
    ant__names_free(&s.nodes);
    return m;
}

/* The outermost model says the type of all reals. */
static int dtype_read(reader *r, const ant_tree *t) {
    const char *name = !t ? "float32" : ant__tree_scalar(t) ? t->text : "";
    if (!strcmp(name, "float32"))
        return 0;
    if (strcmp(name, "float64"))
        return ant__tree_fail(&r->g->context, t, ANT_E_OPTION,
                              "dtype: expected float32 or float64");
    ant__graph_widen(r->g, r->path);
    return 0;
}

ant_model *ant__model_read(ant_graph *g, const char *path, ant_tree *t) {
    ant_context *c = &g->context;
    reader r = {.g = g, .path = ant__arena_text(&c->arena, path), .scratch = ant__context_fork(g)};
    bool before = c->loading, had = c->error.code != 0;
    ant_model *m = NULL;
    c->loading = true;
    r.scratch.arena.budget = c->arena.budget;
    r.all.payer = &c->arena;
    if (!r.path)
        ant__fail_memory(&c->error);
    else if (!is_model(t))
        ant__tree_fail(c, t, ANT_E_GRAPH,
                       "model: expected 'Sequential:', or 'inputs:' and 'outputs:'");
    else if (!dtype_read(&r, ant__tree_get(t, "dtype")))
        m = body_read(&r, "", t, NULL);
    c->loading = before;
    ant__names_free(&r.all);
    ant__arena_free(&r.scratch.arena);
    if (!m && !had && strncmp(c->error.text, path, strlen(path)))
        ant__error_before(&c->error, "%s:%s", path,
                          isdigit((unsigned char)*c->error.text) ? "" : " ");
    return m;
}
