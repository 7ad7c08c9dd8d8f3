/* The op that a chain of elementwise ops becomes: what its kernel reads (kernels/elementwise.h). */
#include "core/kernels/elementwise.h"
#include "core/passes/passes.h"

/* While one is made. */
typedef struct maker {
    ant_op *const *member;
    ant_value *const *in;
    ant_fused *fused;
    int real; /* the type of registers */
    bool busy[ANT__E_BUFFERS];
} maker;

static int take_buffer(maker *m) {
    int k = 0;
    while (m->busy[k])
        k++;
    m->busy[k] = true;
    return k;
}

/* --- inputs --- */
static void input_strides(const ant_dims *dims, const ant_dims *full, int64_t *stride) {
    int64_t own[ANT_MAX_AXES];
    ant__dims_strides(dims, own);
    int missing = full->rank - dims->rank;
    for (int r = 0; r < full->rank; r++)
        stride[r] = r < missing || dims->dim[r - missing] == 1 ? 0 : own[r - missing];
}

static void make_input(maker *m, int k, const ant_dims *full) {
    ant_fused_input *in = &m->fused->in[k];
    const ant_value *v = m->in[k];
    int64_t count = ant__dims_count(&v->dims);
    in->dtype = v->dtype;
    in->buffer = -1;
    input_strides(&v->dims, full, in->stride);
    if (count == m->fused->total && v->dtype == m->real) {
        in->mode = ANT__E_DIRECT;
        return;
    }
    in->mode = count == 1 ? ANT__E_SCALAR : ANT__E_STRIDED;
    in->buffer = take_buffer(m);
}

/* Can axes r and r + 1 be walked as one by every input? */
static bool one_axis(const ant_fused *fused, int r) {
    for (int k = 0; k < fused->n_in; k++) {
        const ant_fused_input *in = &fused->in[k];
        if (in->mode == ANT__E_STRIDED && in->stride[r] != in->stride[r + 1] * fused->dim[r + 1])
            return false;
    }
    return true;
}

static void drop_axis(ant_fused *fused, int r) {
    fused->dim[r + 1] *= fused->dim[r];
    fused->rank--;
    for (int i = r; i < fused->rank; i++) {
        fused->dim[i] = fused->dim[i + 1];
        for (int k = 0; k < fused->n_in; k++)
            fused->in[k].stride[i] = fused->in[k].stride[i + 1];
    }
}

static void merge_axes(ant_fused *fused) {
    for (int r = fused->rank - 2; r >= 0; r--)
        if (one_axis(fused, r))
            drop_axis(fused, r);
}

/* --- steps --- */
static int register_of(const maker *m, const ant_value *v, int before) {
    for (int s = 0; s < before; s++)
        if (m->member[s]->out[0] == v)
            return m->fused->n_in + s;
    int k = 0;
    while (m->in[k] != v)
        k++;
    return k;
}

static void make_step(maker *m, int s) {
    const ant_op *o = m->member[s];
    ant_fused_step *step = &m->fused->step[s];
    int *operand[] = {&step->a, &step->b, &step->c};
    step->code = o->cls->elementwise;
    step->f = o->attrs.f[0];
    step->g = o->attrs.f[1];
    step->dtype = o->out[0]->dtype;
    step->output = -1;
    for (int k = 0; k < 3; k++) /* what a step has no use for repeats its first operand */
        *operand[k] = k < o->n_in ? register_of(m, o->in[k], s) : step->a;
}

static bool reads(const ant_fused_step *step, int r) {
    return step->a == r || step->b == r || step->c == r;
}

/* The last step that reads step s's register; s itself where none does. */
static int last_use(const ant_fused *fused, int s) {
    for (int t = fused->n_steps - 1; t > s; t--)
        if (reads(&fused->step[t], fused->n_in + s))
            return t;
    return s;
}

static void give_buffers(maker *m) {
    int last[ANT__E_STEPS];
    for (int s = 0; s < m->fused->n_steps; s++) {
        ant_fused_step *step = &m->fused->step[s];
        bool straight = step->output >= 0 && step->dtype == m->real;
        step->buffer = straight ? -1 : take_buffer(m);
        last[s] = last_use(m->fused, s);
        for (int t = 0; t <= s; t++)
            if (last[t] == s && m->fused->step[t].buffer >= 0)
                m->busy[m->fused->step[t].buffer] = false;
    }
}

/* --- outputs --- */
/* A member's output leaves the chain when it has uses that are not the chain's own. */
static void find_outputs(maker *m, ant_op *fused_op) {
    ant_fused *fused = m->fused;
    for (int s = 0; s < fused->n_steps && fused->n_steps > 1; s++)
        for (int k = 0; k < m->member[s]->n_in; k++)
            m->member[s]->in[k]->pass->uses -=
                register_of(m, m->member[s]->in[k], s) >= fused->n_in;
    for (int s = 0; s < fused->n_steps; s++) {
        ant_value *v = m->member[s]->out[0];
        if (v->pass->uses <= 0 && s < fused->n_steps - 1)
            continue;
        fused->step[s].output = fused->n_out;
        fused_op->out[fused->n_out++] = v;
    }
    fused_op->n_out = fused->n_out;
}

/* An output may lie over an input that no later step reads from memory. */
static void find_replaced(const ant_fused *fused, const ant_value *v, int k) {
    ant_fused_input *in = &fused->in[k];
    bool whole = ant__dims_count(&v->dims) == fused->total;
    in->replaced = 0;
    for (int s = fused->n_steps - 1; s >= 0 && whole; s--) {
        const ant_fused_step *step = &fused->step[s];
        if (step->output >= 0)
            in->replaced |= 1u << step->output;
        if (in->mode == ANT__E_DIRECT && reads(step, k))
            break;
    }
}

static ant_fused *allocate(ant_program *p, int n, int n_in) {
    ant_fused *fused = ant__program_alloc(p, 1, sizeof *fused);
    if (!fused)
        return NULL;
    fused->chains = 1;
    fused->count = &fused->total;
    fused->n_steps = n;
    fused->n_in = n_in;
    fused->in = ant__program_alloc(p, (size_t)n_in + 1, sizeof *fused->in);
    fused->step = ant__program_alloc(p, (size_t)n, sizeof *fused->step);
    return fused->in && fused->step ? fused : NULL;
}

static void set_dims(ant_fused *fused, const ant_dims *dims) {
    fused->total = ant__dims_count(dims);
    fused->rank = dims->rank;
    for (int r = 0; r < dims->rank; r++)
        fused->dim[r] = dims->dim[r];
    if (!dims->rank)
        fused->dim[fused->rank++] = 1;
}

/* The program's real type as soon as one real value is at hand. */
static int register_type(ant_op *const *member, int n) {
    for (int s = 0; s < n; s++)
        for (int k = -1; k < member[s]->n_in; k++) {
            int dtype = k < 0 ? member[s]->out[0]->dtype : member[s]->in[k]->dtype;
            if (ant__dtype_real(dtype))
                return dtype;
        }
    return ANT_FLOAT64;
}

ant_op *ant__fused_op(ant_op *const *member, int n, ant_value *const *in, int n_in) {
    ant_program *p = member[0]->program;
    const ant_dims *dims = &member[n - 1]->out[0]->dims;
    ant_op *o = ant__op_bare(p, &ant__fused_class, NULL, n_in, n);
    ant_fused *fused = allocate(p, n, n_in);
    if (!o || !fused)
        return NULL;
    maker m = {.member = member, .in = in, .fused = fused, .real = register_type(member, n)};
    o->fused = fused;
    fused->name = member[n - 1]->cls->name;
    set_dims(fused, dims);
    ant_dims full = {.rank = fused->rank};
    for (int r = 0; r < full.rank; r++)
        full.dim[r] = fused->dim[r];
    for (int k = 0; k < n_in; k++) {
        o->in[k] = in[k];
        make_input(&m, k, &full);
    }
    for (int s = 0; s < n; s++)
        make_step(&m, s);
    find_outputs(&m, o);
    ant__join_pairs(fused);
    give_buffers(&m);
    for (int k = 0; k < n_in; k++)
        find_replaced(fused, in[k], k);
    merge_axes(fused);
    return o;
}

/* --- the class --- */
static int64_t prep_fused(const ant_op *o, ant_nums *n) {
    ant__num_pointer(n, o->fused);
    int64_t cells = (o->fused->total + ANT__E_CELL - 1) / ANT__E_CELL;
    return cells ? cells : 1;
}

static bool fused_inplace(const ant_op *o, int out, int in) {
    const ant_fused *f = o->fused;
    return in / f->n_in == out / f->n_out && f->in[in % f->n_in].replaced >> out % f->n_out & 1;
}

const ant_op_class ant__fused_class = {
    .name = "fused", .kernel = ANT__K_elementwise, .prep = prep_fused, .inplace = fused_inplace};
