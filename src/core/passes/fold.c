/* Constant folding: an op on constants only is computed once, when the program is lowered. */
#include "core/passes/passes.h"

enum { MOST_BYTES = 4096 }; /* larger results are cheaper to compute anew than to keep */

static bool can_fold(const ant_op *o) {
    if (o->body || o->cls->impure || o->cls->reports || o->n_in == 0 || o->n_out != 1)
        return false;
    for (int k = 0; k < o->n_in; k++)
        if (o->in[k]->kind != ANT__CONST)
            return false;
    return ant__value_bytes(o->out[0]) <= MOST_BYTES;
}

/* Runs the op's kernel alone. */
static bool compute(ant_op *o, void *out) {
    ant_program *p = o->program;
    size_t workspace = o->cls->workspace ? o->cls->workspace(o) : 0;
    void **at = ant__program_alloc(p, (size_t)o->n_in + 2, sizeof *at);
    ant_nums nums = {0};
    if (!at)
        return false;
    for (int k = 0; k < o->n_in; k++)
        at[k] = o->in[k]->data;
    at[o->n_in] = out;
    at[o->n_in + 1] = workspace ? ant__program_numbers(p, workspace) : NULL;
    int64_t cells = o->cls->prep(o, &nums);
    bool ready = !nums.failed && (!workspace || at[o->n_in + 1]);
    if (ready)
        ant__op_kernel(o)(at, nums.at, 0, cells);
    else
        ant__program_fail_memory(p);
    ant__free(nums.at);
    return ready;
}

bool ant__fold(ant_op *o) {
    if (!can_fold(o))
        return false;
    ant_value *y = o->out[0];
    void *data = o->in[0]->data;
    if (!o->cls->view) {
        data = ant__program_numbers(o->program, ant__value_bytes(y));
        ant_op *ready = o->cls->elementwise ? ant__fused_op(&o, 1, o->in, o->n_in) : o;
        if (!data || !ready || !compute(ready, data))
            return false;
    }
    y->kind = ANT__CONST;
    y->data = data;
    y->from = NULL;
    o->dead = true;
    return true;
}
