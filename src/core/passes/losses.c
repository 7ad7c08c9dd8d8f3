/* The losses pass: in a program that trains, softmax's cross-entropy, its gradient and the mean
 * over the batch become one op. Where no weights of samples come between, the same number comes
 * back to every row: nothing of the gradient has to wait for the rest of the program, and the
 * probabilities need not leave the registers. */
#include "core/kernels/elementwise.h"
#include "core/ops/cross_entropy.h"
#include "core/ops/fine.h"
#include "core/passes/passes.h"

typedef struct step {
    ant_op *loss, *back;
    ant_op *sum, *scale; /* NULL: they stay as they are, or there are none */
    double seed;
} step;

/* All entries of a constant are one number, as they were broadcast. */
static bool is_uniform(const ant_value *v, double *x) {
    if (v->from && v->from->cls == &ant__broadcast_class)
        return ant__scalar_of(v->from->in[0], x);
    const int64_t n = ant__dims_count(&v->dims);
    if (v->kind != ANT__CONST || n < 1)
        return false;
    const bool wide = v->dtype == ANT_FLOAT64;
    const float *narrow = v->data;
    const double *long_ones = v->data;
    *x = wide ? long_ones[0] : (double)narrow[0];
    for (int64_t i = 1; i < n; i++)
        if ((wide ? long_ones[i] : (double)narrow[i]) != *x)
            return false;
    return true;
}

static bool is_back(const ant_op *o, const ant_op *loss, double *seed) {
    return !o->dead && o->cls == &ant__softmax_loss_grad_class &&
           o->in[0] == loss->out[ANT__PROBABILITIES] && o->in[1] == loss->in[1] &&
           is_uniform(o->in[2], seed);
}

static bool sums_all(const ant_op *o, const ant_value *v) {
    return !o->dead && o->in[0] == v && ant__sums_all(o);
}

static bool scales(const ant_op *o, const ant_op *sum) {
    return !o->dead && sum && o->cls->elementwise == ANT__E_scale && o->in[0] == sum->out[0] &&
           sum->out[0]->pass->uses == 1;
}

static void look_ahead(step *s) {
    const ant_program *p = s->loss->program;
    const bool total = ant__loss_has_total(s->loss);
    for (int i = s->loss->index + 1; i < p->ops.n; i++) {
        ant_op *o = p->ops.at[i];
        if (!s->back && is_back(o, s->loss, &s->seed))
            s->back = o;
        else if (total && !s->sum && sums_all(o, s->loss->out[ANT__LOSS]))
            s->sum = o;
        else if (!s->scale && scales(o, s->sum))
            s->scale = o;
    }
}

/* The joint op makes v from now on. */
static void give(ant_op *joint, int out, ant_value *v) {
    joint->out[out] = v;
    v->from = joint;
}

static bool give_total(const step *s, ant_op *joint) {
    const ant_op *last = s->scale ? s->scale : s->sum;
    ant_value *v = last ? last->out[0]
                        : ant__value_new(joint->program, ANT__TEMP, joint->in[0]->dtype,
                                         &(ant_dims){.rank = 0});
    if (v)
        give(joint, ANT__LOSS_TOTAL, v);
    return v != NULL;
}

static bool join(step *s) {
    ant_program *p = s->loss->program;
    const ant_attrs attrs = {
        .f = {
            [ANT__LOSS_SEED] = s->seed, [ANT__LOSS_FACTOR] = s->scale ? s->scale->attrs.f[0] : 1}};
    ant_op *joint = ant__op_bare(p, &ant__softmax_loss_train_class, &attrs, 2, ANT__LOSS_OUTPUTS);
    if (!joint)
        return false;
    joint->in[0] = s->loss->in[0];
    joint->in[1] = s->loss->in[1];
    if (!give_total(s, joint))
        return false;
    give(joint, ANT__LOSS, s->loss->out[ANT__LOSS]);
    give(joint, ANT__PROBABILITIES, s->loss->out[ANT__PROBABILITIES]);
    give(joint, ANT__DLOGITS, s->back->out[0]);
    joint->index = s->loss->index;
    p->ops.at[joint->index] = joint;
    s->loss->dead = s->back->dead = true;
    if (s->sum)
        s->sum->dead = true;
    if (s->scale)
        s->scale->dead = true;
    return true;
}

int ant__join_losses(ant_program *p) {
    for (int i = 0; i < p->ops.n; i++) {
        ant_op *o = p->ops.at[i];
        if (o->body && ant__join_losses(o->body))
            return p->shared->error.code;
        step s = {.loss = o};
        if (o->dead || o->cls != &ant__softmax_loss_class || o->in[0]->dims.rank < 1)
            continue;
        look_ahead(&s);
        if (s.back && !join(&s))
            return ant__program_fail_memory(p);
    }
    ant__drop_dead(p);
    return 0;
}
