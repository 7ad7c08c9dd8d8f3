/* Assembling: instructions with their pointers and numbers, and the slots that binding patches. */
#include "core/kernels/elementwise.h"
#include "core/passes/passes.h"

/* While the code is written, numbers may move: instructions know them by index first. */
typedef struct assembler {
    ant_program *p;
    ant_nums nums;
    ANT__LIST(int) first_num; /* by instruction */
} assembler;

static bool is_real_double(const ant_op *o) {
    for (int k = 0; k < o->n_out; k++)
        if (ant__dtype_real(o->out[k]->dtype))
            return o->out[k]->dtype == ANT_FLOAT64;
    for (int k = 0; k < o->n_in; k++)
        if (ant__dtype_real(o->in[k]->dtype))
            return o->in[k]->dtype == ANT_FLOAT64;
    return true;
}

ant_kernel *ant__op_kernel(const ant_op *o) {
    return o->body ? ant__scan_kernel : ant__kernels()->real[is_real_double(o)][o->cls->kernel];
}

static bool add_slot(ant_program *p, void **at, const ant_value *v) {
    const struct ant_value_pass *pass = v->pass;
    if (pass->place == ANT__PLACE_NONE)
        return true;
    if (pass->place == ANT__PLACE_FIXED) {
        *at = ant__at(ant__base((ant_value *)v)->data, pass->offset);
        return true;
    }
    return ANT__PUSH(&p->slots, (ant_slot){at, pass->offset, pass->place});
}

/* inputs, outputs, workspace, report */
static bool set_pointers(ant_program *p, const ant_op *o, void **at) {
    bool ok = true;
    for (int k = 0; k < o->n_in; k++)
        ok = ok && add_slot(p, at++, o->in[k]);
    for (int k = 0; k < o->n_out; k++, at++)
        if (o->out[k]->pass->uses > 0)
            ok = ok && add_slot(p, at, o->out[k]);
    if (o->cls->workspace)
        ok = ok && ANT__PUSH(&p->slots, (ant_slot){at++, p->workspace[o->index], ANT__ARENA_PLACE});
    if (o->cls->reports)
        *at = &p->shared->report;
    return ok;
}

static bool begin_instruction(assembler *a, const char *name, ant_kernel *kernel, int pointers) {
    void **at = ant__program_alloc(a->p, (size_t)pointers, sizeof *at);
    ant_instruction in = {.kernel = kernel, .at = at, .cells = 1, .name = name};
    return at && ANT__PUSH(&a->first_num, a->nums.n) && ANT__PUSH(&a->p->code, in);
}

static bool add_op(assembler *a, const ant_op *o) {
    const char *name = o->fused ? o->fused->name : o->cls->name;
    if (!begin_instruction(a, name, ant__op_kernel(o), o->n_in + o->n_out + 2))
        return false;
    ant_instruction *in = &a->p->code.at[a->p->code.n - 1];
    in->cells = o->cls->prep(o, &a->nums);
    return set_pointers(a->p, o, in->at);
}

static bool add_commit(assembler *a, const ant_commit *c) {
    if (!begin_instruction(a, "commit", ant__kernels()->real[0][ANT__K_copy], 2))
        return false;
    ant__num_int(&a->nums, (int64_t)ant__value_bytes(c->from));
    void **at = a->p->code.at[a->p->code.n - 1].at;
    return add_slot(a->p, at, c->from) && add_slot(a->p, at + 1, c->to);
}

/* --- slots by place --- */
static bool sort_slots(ant_program *p) {
    int n = p->slots.n;
    ant_slot *sorted = ant__alloc_array((size_t)n + 1, sizeof *sorted);
    if (!sorted || !ANT__PUSH(&p->places, (ant_place){0})) {
        ant__free(sorted);
        return false;
    }
    p->places.n--; /* the one at the end is no place of its own */
    ant_place *places = p->places.at;
    for (int i = 0; i < n; i++)
        places[p->slots.at[i].place + 1].first_slot++;
    for (int i = 1; i <= p->places.n; i++)
        places[i].first_slot += places[i - 1].first_slot;
    for (int i = 0; i < n; i++)
        sorted[places[p->slots.at[i].place].first_slot++] = p->slots.at[i];
    for (int i = p->places.n; i > 0; i--)
        places[i].first_slot = places[i - 1].first_slot;
    places[0].first_slot = 0;
    ant__free(p->slots.at);
    p->slots.at = sorted;
    p->slots.room = n + 1;
    return true;
}

void ant__place_bind(ant_program *p, int place, const void *pointer) {
    ant_place *at = &p->places.at[place];
    at->pointer = pointer;
    for (int i = at[0].first_slot; i < at[1].first_slot; i++)
        *p->slots.at[i].at = ant__at(pointer, p->slots.at[i].offset);
}

/* --- a whole program --- */
static bool assemble_ops(assembler *a) {
    ant_program *p = a->p;
    for (int i = 0; i < p->ops.n; i++) {
        const ant_op *o = p->ops.at[i];
        if (o->body && ant__program_assemble(o->body))
            return false;
        if (!o->cls->view && !add_op(a, o))
            return false;
    }
    for (int i = 0; i < p->commits.n; i++)
        if (!add_commit(a, &p->commits.at[i]))
            return false;
    return !a->nums.failed;
}

static bool fix_numbers(assembler *a) {
    ant_program *p = a->p;
    ant_num *nums = ant__program_alloc(p, (size_t)a->nums.n + 1, sizeof *nums);
    if (!nums)
        return false;
    for (int i = 0; i < a->nums.n; i++)
        nums[i] = a->nums.at[i];
    for (int i = 0; i < p->code.n; i++)
        p->code.at[i].nums = nums + a->first_num.at[i];
    return true;
}

int ant__program_assemble(ant_program *p) {
    assembler a = {.p = p};
    if (!assemble_ops(&a) || !fix_numbers(&a) || !sort_slots(p))
        ant__program_fail_memory(p);
    ant__free(a.nums.at);
    ant__free(a.first_num.at);
    return p->shared->error.code;
}
