/* The walk of a recurrent layer over its sequence: at once where the cell knows how, else step by
 * step in a scan. */
#include "layers/rnn/cell.h"

/* --- masks of a walk that was written at once --- */
/* (batch, steps) to the rank of v. */
static ant_value *spread(ant_program *p, ant_value *mask, const ant_value *v) {
    while (mask && v && mask->dims.rank < v->dims.rank)
        mask = ant_op_expand(p, mask, mask->dims.rank);
    return mask;
}

static ant_value *zero_unless(ant_program *p, ant_value *mask, ant_value *v) {
    return ant_op_where(p, spread(p, mask, v), v, ant_op_number(p, 0));
}

/* True from the first step that counts on. */
static ant_value *begun(ant_program *p, ant_value *mask) {
    ant_value *count = ant_op_cumsum(p, ant_op_real(p, mask), 1);
    return ant_op_greater(p, count, ant_op_number(p, 0));
}

static ant_value *last_step(ant_program *p, ant_value *v) {
    return ant_op_squeeze(p, ant_op_slice(p, v, 1, -1, 1, 1), 1);
}

/* At a masked step the state stays, and so does the output: which is zeros before the first step
 * that counts, whatever the state was at the start. */
static void mask_outputs(ant_program *p, ant_walk *w, bool zero_start) {
    if (!w->mask || (zero_start && !w->zero_masked))
        return;
    ant_value *mask = w->reverse ? ant_op_reverse(p, w->mask, 1) : w->mask;
    mask = w->zero_masked ? mask : begun(p, mask);
    w->y = zero_unless(p, mask, w->y);
    w->last = zero_unless(p, last_step(p, mask), w->last);
}

/* --- step by step --- */
ant_value *ant__swap_steps(ant_program *p, ant_value *v) {
    int order[ANT_MAX_AXES] = {1, 0};
    for (int k = 2; k < ANT_MAX_AXES; k++)
        order[k] = k;
    return v ? ant_op_transpose(p, v, order) : NULL;
}

/* Masked steps keep what was before. */
static ant_value *next(ant_program *body, ant_value *mask, ant_value *now, ant_value *before) {
    return mask ? ant_op_where(body, spread(body, mask, now), now, before) : now;
}

/* The scan's results: its last states, then the output as one more carry. */
static void take_results(ant_program *p, ant_op *scan, ant_walk *w, int stacked) {
    if (!scan)
        return;
    for (int k = 0; k < w->n_states; k++)
        w->state[k] = ant__scan_last(scan, k);
    w->last = ant__scan_last(scan, w->n_states);
    ant_value *y = ant__scan_stacked(scan, stacked);
    w->y = ant__swap_steps(p, w->reverse ? ant_op_reverse(p, y, 0) : y);
}

static int by_steps(ant_layer_call *cell, ant_walk *w) {
    ant_program *p = cell->program;
    ant_program *body = ant__scan_begin(p, ant_value_size(w->x, 1), w->reverse);
    ant_value *x = ant__swap_steps(p, w->x), *mask = ant__swap_steps(p, w->mask);
    cell->steady = p;
    cell->program = body;
    cell->in[0] = ant__scan_sequence(body, x);
    mask = mask ? ant__scan_sequence(body, mask) : NULL;
    cell->n_states = w->n_states;
    for (int k = 0; k < w->n_states; k++)
        cell->initial_state[k] = ant__scan_carry(body, w->state[k]);
    int code = ant__program_error(p)->code ? ANT_E_SHAPE : ant__layer_write(cell);
    if (code)
        return code;
    ant_value *zeros = ant__zeros(p, &cell->out[0]->dims);
    ant_value *before = ant__scan_carry(body, zeros);
    ant_value *y = next(body, mask, cell->out[0], w->zero_masked ? zeros : before);
    for (int k = 0; k < w->n_states; k++)
        ant__scan_next(body, cell->initial_state[k],
                       next(body, mask, cell->out[1 + k], cell->initial_state[k]));
    ant__scan_next(body, before, y);
    int stacked = ant__scan_collect(body, y);
    take_results(p, ant__scan_end(body), w, stacked);
    return 0;
}

int ant__walk_write(ant_layer_call *c, int child, ant_walk *w) {
    ant_layer_call cell;
    ant__call_inner(c, child, &cell);
    const ant_cell_class *cls = ant__cell_class(cell.layer);
    if (!cls->walk || !cls->walk(&cell, w))
        return by_steps(&cell, w);
    mask_outputs(c->program, w, w->zero_start);
    return 0;
}
