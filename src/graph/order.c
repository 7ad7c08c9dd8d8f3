/* The order of a model's calls: depth first from its outputs in argument order, so that nothing
 * depends on the order in which it was built. */
#include "graph/graph.h"
#include <stdlib.h>

typedef struct ant_frame {
    ant_layer_use *use;
    int next; /* operand to look at */
} ant_frame;

typedef struct ant_walk {
    ant_model *model;
    ant_model_body *body;
    ant_names seen, done; /* calls; `done` in the order of steps */
    ant_names
        ranked; /* inputs and layers, in the order of the body's ranks until these are sorted */
    ANT__LIST(ant_frame) stack;
} ant_walk;

static ant_context *context(ant_walk *w) {
    return w->model->context;
}

static int input_place(const ant_model_body *b, const ant_node *n) {
    for (int i = 0; i < b->n_in; i++)
        if (b->in[i] == n)
            return i;
    return -1;
}

static int place_of(ant_walk *w, const ant_node *n) {
    int input = input_place(w->body, n);
    if (input >= 0)
        return input;
    return w->body->steps.at[ant__names_place(&w->done, n->use)].first_out + n->result;
}

/* An input that is not among the model's: who needs it, and where it was made. */
static int disconnected(ant_walk *w, const ant_node *n) {
    const ant_layer_use *user = w->stack.n ? w->stack.at[w->stack.n - 1].use : NULL;
    return ant__fail(
        &context(w)->error, ANT_E_GRAPH,
        "the input%s%s%s made at %s:%d is needed by %s, but is not among the inputs of "
        "the model",
        n->said ? " '" : "", n->said ? n->said : "", n->said ? "'" : "", n->file ? n->file : "?",
        n->line, user ? ant__layer_label(user->layer) : "an output");
}

/* The rank of an input or a layer; its visit is that of the first call. */
static int rank(ant_walk *w, ant_node *input, ant_layer *layer, int visit) {
    const void *of = input ? (const void *)input : layer;
    if (ant__names_place(&w->ranked, of) >= 0)
        return 0;
    ant_rank r = {.input = input, .layer = layer, .visit = visit};
    if (!ant__names_add(&w->ranked, of, NULL) ||
        !ANT__PUSH_PAID(&context(w)->arena, &w->body->ranks, r))
        return ant__fail_memory(&context(w)->error);
    return 0;
}

static int visit(ant_walk *w, ant_node *n) {
    if (input_place(w->body, n) >= 0)
        return rank(w, n, NULL, w->body->ranks.n);
    if (!n->use)
        return disconnected(w, n);
    if (ant__names_place(&w->seen, n->use) >= 0)
        return 0;
    if (!ant__names_add(&w->seen, n->use, NULL) ||
        !ANT__PUSH_PAID(&context(w)->arena, &w->stack, (ant_frame){.use = n->use}))
        return ant__fail_memory(&context(w)->error);
    return rank(w, NULL, n->use->layer, w->body->ranks.n);
}

/* All operands have their places: the call takes the next one. */
static int finish(ant_walk *w, ant_layer_use *u) {
    ant_model_body *b = w->body;
    ant_step step = {.use = u, .from = b->from.n, .first_out = b->values};
    for (int k = 0; k < ant__use_operands(u); k++)
        if (!ANT__PUSH_PAID(&context(w)->arena, &b->from, place_of(w, ant__use_operand(u, k))))
            return ant__fail_memory(&context(w)->error);
    if (!ANT__PUSH_PAID(&context(w)->arena, &b->steps, step) || !ant__names_add(&w->done, u, NULL))
        return ant__fail_memory(&context(w)->error);
    b->values += u->n_out;
    return 0;
}

static int walk(ant_walk *w, ant_node *out) {
    int code = visit(w, out);
    while (!code && w->stack.n) {
        ant_frame *top = &w->stack.at[w->stack.n - 1];
        if (top->next < ant__use_operands(top->use)) {
            code = visit(w, ant__use_operand(top->use, top->next++));
        } else {
            w->stack.n--;
            code = finish(w, top->use);
        }
    }
    return code;
}

/* --- Keras's order --- */
static ant_rank *rank_of(ant_walk *w, const void *of) {
    return &w->body->ranks.at[ant__names_place(&w->ranked, of)];
}

static void raise(int *depth, int to) {
    if (*depth < to)
        *depth = to;
}

/* From the last call to the first: operands lie one further from the outputs than their call, and
 * all calls of a layer as far as the furthest. */
static void find_depths(ant_walk *w, int *depth) {
    ant_model_body *b = w->body;
    for (int i = b->steps.n - 1; i >= 0; i--) {
        const ant_layer_use *u = b->steps.at[i].use;
        ant_rank *r = rank_of(w, u->layer);
        raise(&r->depth, depth[i]);
        for (int k = 0; k < ant__use_operands(u); k++) {
            const ant_node *n = ant__use_operand(u, k);
            bool input = input_place(b, n) >= 0;
            raise(input ? &rank_of(w, n)->depth : &depth[ant__names_place(&w->done, n->use)],
                  r->depth + 1);
        }
    }
}

static int by_rank(const void *a, const void *b) {
    const ant_rank *x = a, *y = b;
    if (x->depth != y->depth)
        return x->depth > y->depth ? -1 : 1;
    return x->visit < y->visit ? -1 : x->visit > y->visit;
}

static int rank_all(ant_walk *w) {
    ant_model_body *b = w->body;
    int code = 0;
    for (int i = 0; i < b->n_in && !code;
         i++) /* inputs that lead nowhere stand first of the last */
        code = rank(w, b->in[i], NULL, i - b->n_in);
    int *depth = ant__alloc_array((size_t)b->steps.n + 1, sizeof *depth);
    if (code || !depth) {
        ant__free(depth);
        return ant__fail_memory(&context(w)->error);
    }
    find_depths(w, depth);
    ant__free(depth);
    if (b->ranks.n)
        qsort(b->ranks.at, (size_t)b->ranks.n, sizeof *b->ranks.at, by_rank);
    return 0;
}

/* --- nesting --- */
static int depth_of(const ant_layer *l) {
    const ant_model_body *b = ant__body(l);
    int depth = b ? b->depth : 0;
    for (int i = 0; i < l->children.n; i++) {
        int inner = depth_of(l->children.at[i]);
        depth = inner > depth ? inner : depth;
    }
    return depth;
}

/* Models inside models are walked by recursion: the stack must bear the deepest. */
static int check_depth(ant_walk *w) {
    ant_model_body *b = w->body;
    b->depth = 0;
    for (int i = 0; i < b->steps.n; i++)
        raise(&b->depth, depth_of(b->steps.at[i].use->layer));
    if (b->depth++ < ANT__MODEL_DEPTH)
        return 0;
    return ant__fail(&context(w)->error, ANT_E_LIMIT, "more than %d models inside each other",
                     ANT__MODEL_DEPTH);
}

int ant__model_order(ant_model *m) {
    ant_model_body *b = m->extra;
    if (b->ordered)
        return 0;
    ant_walk w = {.model = m, .body = b};
    w.seen.payer = w.done.payer = w.ranked.payer = &m->context->arena;
    int code = 0;
    b->steps.n = b->from.n = b->ranks.n = 0;
    b->values = b->n_in;
    for (int i = 0; i < b->n_out && !code; i++)
        code = walk(&w, b->out[i]);
    for (int i = 0; i < b->n_out && !code; i++)
        b->out_place[i] = place_of(&w, b->out[i]);
    if (!code)
        code = rank_all(&w);
    if (!code)
        code = check_depth(&w);
    b->ordered = !code;
    ant__names_free(&w.seen);
    ant__names_free(&w.done);
    ant__names_free(&w.ranked);
    ANT__FREE_PAID(&m->context->arena, &w.stack);
    return code;
}
