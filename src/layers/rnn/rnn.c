/* RNN over any cell, and what all recurrent layers have in common: their cell, their states. */
#include "antler/layers/rnn.h"
#include "layers/rnn/cell.h"
#include <string.h>

bool ant__rnn_flag(const ant_layer *l, const char *name) {
    const bool *flag = ant__layer_option(l, name);
    return flag && *flag;
}

/* --- inner layers --- */
ant_dims ant__step_dims(const ant_dims *in) {
    ant_dims step = *in;
    step.rank--;
    memmove(step.dim + 1, step.dim + 2, sizeof *step.dim * (ANT_MAX_AXES - 2));
    return step;
}

static bool child_named(const ant_layer *l, const char *name) {
    for (int k = 0; k < l->child_names.n; k++)
        if (!strcmp(l->child_names.at[k], name))
            return true;
    return false;
}

int ant__rnn_child(ant_layer *l, ant_layer *child, const char *prefix) {
    ant_context *c = l->context;
    const char *base = child->said ? child->said : ant__snake(c, child->cls->name);
    base = base ? ant__print(c, "%s%s", prefix, base) : NULL;
    const char *name = base;
    for (int k = 1; name && child_named(l, name); k++)
        name = ant__print(c, "%s_%d", base, k);
    return name ? ant__child_add(l, child, name) : c->error.code;
}

/* --- the cell --- */
static ant_layer *const *given_cells(const ant_layer *l) {
    return ANT__OPTIONS(rnn, l)->cell;
}

static int check_cell(ant_layer *l, const ant_layer *cell) {
    if (ant__cell_class(cell))
        return 0;
    return ant__layer_fail(l, ANT_E_OPTION,
                           "takes a recurrent cell (LSTMCell, GRUCell, SimpleRNNCell, "
                           "StackedRNNCells), got %s",
                           ant__layer_label(cell));
}

/* Several cells are stacked. */
static ant_layer *stacked(ant_layer *l) {
    const ant_class *cls = ant__class_find(l->context, ANT_LAYER, "StackedRNNCells");
    ant_layer *stack = ant__layer_derive(l, cls);
    if (stack)
        memcpy(ant__layer_option(stack, "cells"), given_cells(l),
               sizeof(ant_layer *[ANT_MAX_LIST]));
    return stack;
}

/* The cell that the layer is given, or makes from its own options. */
static ant_layer *cell_of(ant_layer *l) {
    const ant_rnn_class *impl = l->cls->impl;
    ant_layer *cell;
    if (!impl->cell && !given_cells(l)[1])
        return given_cells(l)[0];
    if (impl->cell)
        cell = ant__layer_derive(l, ant__class_find(l->context, ANT_LAYER, impl->cell));
    else
        cell = stacked(l);
    if (cell) /* a penalty on the layer's output is not one on its cell's */
        ((ant_layer_common *)cell->options)->activity_regularizer = NULL;
    return cell;
}

/* How many states a layer has, built or not. */
static int count_states(const ant_layer *l) {
    const ant_rnn_class *impl = l->cls->impl;
    int64_t size[ANT_MAX_PORTS];
    int n = 0;
    if (impl->cell) {
        const ant_class *cls = ant__class_find(l->context, ANT_LAYER, impl->cell);
        const ant_layer_class *cell = cls->impl;
        return cell->outputs(NULL) - 1;
    }
    for (ant_layer *const *cell = given_cells(l); *cell; cell++)
        n += ant__cell_class(*cell) ? ant__cell_class(*cell)->states(*cell, size) : 0;
    return n;
}

int ant__rnn_outputs(const ant_layer *l) {
    return ant__rnn_flag(l, "return_state") ? 1 + count_states(l) : 1;
}

int ant__rnn_build(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    char shape[ANT__DIMS_TEXT];
    ant_layer *cell = cell_of(l);
    if (!cell)
        return l->context->error.code;
    if (in->rank < 3)
        return ant__layer_fail(l, ANT_E_SHAPE, "takes (batch, steps, features), got %s",
                               ant__dims_text(in, shape));
    int code = check_cell(l, cell);
    if (!code)
        code = ant__rnn_child(l, cell, "");
    ant_dims step = ant__step_dims(in);
    return code ? code : ant__layer_build(cell, &step, 1);
}

/* --- states --- */
static int check_given(ant_layer_call *c, int given, int wanted) {
    if (given == wanted)
        return 0;
    return ant__call_fail(c, ANT_E_SHAPE, "takes %d initial_state%s, got %d", wanted,
                          wanted == 1 ? "" : "s", given);
}

/* By keyword, or as further inputs. */
static int take_given(ant_layer_call *c, ant_walk *w) {
    ant_value *const *given = c->n_states ? c->initial_state : c->in + 1;
    int n = c->n_states ? c->n_states : c->n_in - 1;
    for (int k = 0; k < w->n_states && k < n; k++)
        w->state[k] = ant_op_real(c->program, given[k]);
    return check_given(c, n, w->n_states);
}

/* The state that outlives the batch; NULL where only shapes are wanted. */
static ant_variable *kept(ant_layer_call *c, int k, const ant_dims *dims) {
    ant_lowering *l = c->lowering;
    if (l->scratch || !ant__rnn_flag(c->layer, "stateful"))
        return NULL;
    return l->state(l->host, c->layer, k, ant__program_real(c->program), dims);
}

static int start_states(ant_layer_call *c, ant_walk *w, ant_variable **keep) {
    const ant_layer *cell = c->layer->children.at[0];
    int64_t size[ANT_MAX_PORTS], batch = ant_value_size(c->in[0], 0);
    w->n_states = ant__cell_class(cell)->states(cell, size);
    bool given = c->n_states || c->n_in > 1;
    w->zero_start = !given && !ant__rnn_flag(c->layer, "stateful");
    for (int k = 0; k < w->n_states; k++) {
        ant_dims dims = ANT__DIMS(batch, size[k]);
        keep[k] = kept(c, k, &dims);
        if (!given)
            w->state[k] = keep[k] ? ant__read(c->program, keep[k]) : ant__zeros(c->program, &dims);
    }
    return given ? take_given(c, w) : 0;
}

/* --- the call --- */
/* Keras hands on no mask to a call that says initial_state, unless it says the mask, too. */
static ant_value *mask_of(const ant_layer_call *c) {
    bool given = c->n_states || c->n_in > 1;
    return given && !c->mask_said ? NULL : c->mask[0];
}

static int check_inputs(ant_layer_call *c, ant_walk *w) {
    int rank = c->layer->built_dims.rank;
    char shape[ANT__DIMS_TEXT];
    if (w->x->dims.rank != rank)
        return ant__call_fail(c, ANT_E_SHAPE, "takes an input of %d axes, got %s", rank,
                              ant__dims_text(&w->x->dims, shape));
    if (w->mask && w->mask->dims.rank != 2)
        return ant__call_fail(c, ANT_E_SHAPE, "takes a mask (batch, steps), got %s",
                              ant__dims_text(&w->mask->dims, shape));
    return 0;
}

int ant__rnn_call(ant_layer_call *c) {
    const bool sequences = ant__rnn_flag(c->layer, "return_sequences");
    ant_variable *keep[ANT_MAX_PORTS] = {NULL};
    ant_walk w = {.x = ant_op_real(c->program, c->in[0]),
                  .mask = mask_of(c),
                  .reverse = ant__rnn_flag(c->layer, "go_backwards"),
                  .zero_masked = ant__rnn_flag(c->layer, "zero_output_for_mask")};
    int code = check_inputs(c, &w);
    if (!code)
        code = start_states(c, &w, keep);
    if (!code)
        code = ant__walk_write(c, 0, &w);
    if (code)
        return code;
    c->out[0] = sequences ? w.y : w.last;
    c->out_mask[0] = sequences ? c->mask[0] : NULL;
    for (int k = 0; k < w.n_states; k++) {
        if (ant__rnn_flag(c->layer, "return_state"))
            c->out[1 + k] = w.state[k];
        if (keep[k])
            ant__assign(c->program, keep[k], w.state[k]);
    }
    return 0;
}

/* --- StackedRNNCells: cells one above the other as one --- */
/* At most ANT_MAX_PORTS, which is too many: build says so. */
static int stack_states(const ant_layer *stack, int64_t *size) {
    ant_layer *const *cell = ANT__OPTIONS(stacked_rnn_cells, stack)->cells;
    int64_t own[ANT_MAX_PORTS];
    int n = 0;
    for (; *cell && ant__cell_class(*cell); cell++) {
        int m = ant__cell_class(*cell)->states(*cell, own);
        for (int k = 0; k < m && n < ANT_MAX_PORTS; k++)
            size[n++] = own[k];
    }
    return n;
}

static int check_states(ant_layer *l) {
    int64_t size[ANT_MAX_PORTS];
    if (stack_states(l, size) < ANT_MAX_PORTS)
        return 0;
    return ant__layer_fail(l, ANT_E_LIMIT, "its cells have more than %d states in all",
                           ANT_MAX_PORTS - 1);
}

static int stack_outputs(const ant_layer *stack) {
    int64_t size[ANT_MAX_PORTS];
    return 1 + stack_states(stack, size);
}

/* Each cell takes the output of the one below, which is as long as that one's first state. */
static int stack_build(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    ant_dims step = *in;
    int64_t size[ANT_MAX_PORTS];
    int code = check_states(l);
    for (ant_layer *const *cell = ANT__OPTIONS(stacked_rnn_cells, l)->cells; *cell && !code;
         cell++) {
        code = check_cell(l, *cell);
        if (!code)
            code = ant__rnn_child(l, *cell, "");
        if (!code)
            code = ant__layer_build(*cell, &step, 1);
        if (!code && ant__cell_class(*cell)->states(*cell, size))
            step = ANT__DIMS(in->dim[0], size[0]);
    }
    return code;
}

/* The states of cell `k` go in at `at`; its new ones come out behind the output. */
static int call_stacked(ant_layer_call *c, int k, ant_value **x, int *at) {
    ant_layer_call cell;
    int64_t size[ANT_MAX_PORTS];
    ant__call_inner(c, k, &cell);
    cell.in[0] = *x;
    cell.n_states = ant__cell_class(cell.layer)->states(cell.layer, size);
    memcpy(cell.initial_state, c->initial_state + *at, sizeof *x * (size_t)cell.n_states);
    int code = ant__layer_write(&cell);
    memcpy(c->out + 1 + *at, cell.out + 1, sizeof *x * (size_t)cell.n_states);
    *x = cell.out[0];
    *at += cell.n_states;
    return code;
}

static int stack_call(ant_layer_call *c) {
    int64_t size[ANT_MAX_PORTS];
    int n = stack_states(c->layer, size), at = 0;
    int code = check_given(c, c->n_states, n);
    ant_value *x = c->in[0];
    for (int k = 0; k < c->layer->children.n && !code; k++)
        code = call_stacked(c, k, &x, &at);
    c->out[0] = x;
    return code;
}

/* --- classes --- */
static const ant_cell_class as_cell = {.states = stack_states};
static const ant_layer_class stack = {.outputs = stack_outputs,
                                      .build = stack_build,
                                      .call = stack_call,
                                      .cell = &as_cell,
                                      .attributes = "cells*"};
static const ant_rnn_class layer = ANT__RNN_CLASS(NULL);

static const ant_row stacked_rnn_cells_rows[] = {
    ANT__ROW(stacked_rnn_cells, cells, "the cells, the lowest first"),
    ANT__LAYER_ROWS(stacked_rnn_cells)};
static const ant_row rnn_rows[] = {ANT__ROW(rnn, cell, "a cell; several are stacked"),
                                   ANT__RNN_ROWS(rnn), ANT__RNN_MASK_ROW(rnn),
                                   ANT__LAYER_ROWS(rnn)};

static const ant_class classes[] = {
    ANT__CLASS(StackedRNNCells, stacked_rnn_cells, STACKED_RNN_CELLS, ANT_LAYER, &stack),
    ANT__CLASS(RNN, rnn, RNN, ANT_LAYER, &layer),
};

const ant_family ant__rnn_family = ANT__FAMILY("rnn", classes);
