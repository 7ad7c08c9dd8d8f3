/* Cross-entropy from logits, of softmax over the last axis and of sigmoid. */
#include "core/ops/cross_entropy.h"
#include "core/kernels/softmax.h"
#include "core/ops/ops.h"

enum { LOSS = ANT__LOSS, PROBABILITIES = ANT__PROBABILITIES };

static int64_t classes_of(const ant_value *v) {
    return v->dims.dim[v->dims.rank - 1];
}

static ant_dims without_last(const ant_value *v) {
    ant_dims dims = v->dims;
    dims.rank--;
    return dims;
}

static bool sparse(const ant_value *targets) {
    return targets->dtype == ANT_INT32 || targets->dtype == ANT_INT64;
}

static bool fits(int64_t a, int64_t b) {
    return a == b || a < 0 || b < 0;
}

static bool dims_fit(const ant_dims *a, const ant_dims *b) {
    bool same = a->rank == b->rank;
    for (int axis = 0; same && axis < a->rank; axis++)
        same = fits(a->dim[axis], b->dim[axis]);
    return same;
}

static int check_targets(const ant_op *o, const ant_value *x, const ant_value *targets,
                         const ant_dims *want) {
    char have[ANT__DIMS_TEXT], need[ANT__DIMS_TEXT], logits[ANT__DIMS_TEXT];
    if (!dims_fit(&targets->dims, want))
        return ant__op_fail(o, "targets of shape %s for logits of shape %s, must be %s",
                            ant__dims_text(&targets->dims, have), ant__dims_text(&x->dims, logits),
                            ant__dims_text(want, need));
    return 0;
}

/* Types: real logits; int32 or int64 labels, or targets of the logits' type. */
static int check_types(const ant_op *o, const ant_value *x, const ant_value *targets, bool labels) {
    if (!ant__dtype_real(x->dtype) || (!labels && targets->dtype != x->dtype))
        return ant__op_fail(o, "logits of type %s and targets of type %s",
                            ant__dtype_name(x->dtype), ant__dtype_name(targets->dtype));
    return 0;
}

/* --- softmax --- */

static int infer_softmax(ant_op *o) {
    const ant_value *x = o->in[0], *targets = o->in[1];
    if (x->dims.rank < 1)
        return ant__op_fail(o, "the logits are one number, need an axis of classes");
    const ant_dims rows = without_last(x);
    int code = check_types(o, x, targets, sparse(targets));
    if (!code)
        code = check_targets(o, x, targets, sparse(targets) ? &rows : &x->dims);
    o->out[LOSS]->dtype = o->out[PROBABILITIES]->dtype = x->dtype;
    o->out[LOSS]->dims = rows;
    o->out[PROBABILITIES]->dims = x->dims;
    return code;
}

/* In the order of enum ant_cross_entropy_number. */
static int64_t push_numbers(ant_nums *n, int64_t rows, int64_t classes, const ant_value *targets,
                            bool back) {
    int64_t block = ant__softmax_block(classes);
    ant__num_int(n, rows);
    ant__num_int(n, classes);
    ant__num_int(n, block);
    ant__num_int(n, sparse(targets) ? (int64_t)ant__dtype_size(targets->dtype) : 0);
    ant__num_int(n, back);
    return rows > block ? (rows + block - 1) / block : 1;
}

static int64_t push_batch(const ant_op *o, ant_nums *n, bool back) {
    const ant_dims rows = without_last(o->in[0]);
    return push_numbers(n, ant__dims_count(&rows), classes_of(o->in[0]), o->in[1], back);
}

static int64_t prep_softmax(const ant_op *o, ant_nums *n) {
    return push_batch(o, n, false);
}

static int infer_softmax_grad(ant_op *o) {
    o->out[0]->dtype = o->in[0]->dtype;
    o->out[0]->dims = o->in[0]->dims;
    return 0;
}

static bool over_probabilities(const ant_op *o, int out, int in) {
    (void)o, (void)out;
    return in == 0;
}

const ant_op_class ant__softmax_loss_grad_class = {.name = "softmax_cross_entropy_grad",
                                                   .infer = infer_softmax_grad,
                                                   .kernel = ANT__K_softmax_cross_entropy_grad,
                                                   .prep = prep_softmax,
                                                   .inplace = over_probabilities};

static ant_value *per_row(ant_program *p, ant_value *v) {
    return ant_op_expand(p, v, -1);
}

static void gradient_softmax(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    ant_value *probabilities = o->out[PROBABILITIES], *in[] = {probabilities, o->in[1], dy[LOSS]};
    ant_value *from_loss = NULL, *from_probabilities = NULL;
    if (dy[LOSS] && o->in[0]->needs)
        from_loss = ant__emit(p, &ant__softmax_loss_grad_class, NULL, in, 3, 1);
    if (dy[PROBABILITIES] && o->in[0]->needs)
        from_probabilities = ant__softmax_gradient(p, probabilities, dy[PROBABILITIES],
                                                   ANT_AXIS((unsigned)o->in[0]->dims.rank - 1));
    dx[0] = from_loss && from_probabilities ? ant_op_add(p, from_loss, from_probabilities)
            : from_loss                     ? from_loss
                                            : from_probabilities;
    if (dy[LOSS] && o->in[1]->needs && !sparse(o->in[1]))
        dx[1] =
            ant_op_neg(p, ant_op_mul(p, per_row(p, dy[LOSS]), ant_op_log_softmax(p, o->in[0], -1)));
}

const ant_op_class ant__softmax_loss_class = {.name = "softmax_cross_entropy",
                                              .infer = infer_softmax,
                                              .kernel = ANT__K_softmax_cross_entropy,
                                              .prep = prep_softmax,
                                              .grad = gradient_softmax,
                                              .reports = true};

ant_value *ant__op_softmax_cross_entropy(ant_program *p, ant_value *logits, ant_value *targets) {
    ant_value *in[] = {logits, targets};
    return ant__emit(p, &ant__softmax_loss_class, NULL, in, 2, 2);
}

/* --- softmax, forth and back in one --- */

static int64_t prep_train(const ant_op *o, ant_nums *n) {
    const int64_t cells = push_batch(o, n, true);
    ant__num_real(n, o->attrs.f[ANT__LOSS_SEED]);
    ant__num_real(n, o->attrs.f[ANT__LOSS_FACTOR]);
    return cells;
}

const ant_op_class ant__softmax_loss_train_class = {.name = "softmax_cross_entropy_train",
                                                    .kernel = ANT__K_softmax_cross_entropy,
                                                    .prep = prep_train,
                                                    .reports = true};

bool ant__loss_has_total(const ant_op *o) {
    const ant_dims rows = without_last(o->in[0]);
    return ant__dims_count(&rows) <= ant__softmax_block(classes_of(o->in[0]));
}

/* --- sigmoid --- */

static int infer_sigmoid(ant_op *o) {
    const ant_value *x = o->in[0], *targets = o->in[1];
    int code = check_types(o, x, targets, false);
    if (!code)
        code = check_targets(o, x, targets, &x->dims);
    o->out[0]->dtype = x->dtype;
    o->out[0]->dims = x->dims;
    return code;
}

static int64_t prep_sigmoid(const ant_op *o, ant_nums *n) {
    return push_numbers(n, ant__dims_count(&o->in[0]->dims), 1, o->in[1], false);
}

static bool over_either(const ant_op *o, int out, int in) {
    (void)o, (void)out, (void)in;
    return true;
}

static void gradient_sigmoid(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    ant_value *x = o->in[0], *targets = o->in[1];
    if (dy[0] && x->needs)
        dx[0] = ant_op_mul(p, dy[0], ant_op_sub(p, ant_op_sigmoid(p, x), targets));
    if (dy[0] && targets->needs)
        dx[1] = ant_op_neg(p, ant_op_mul(p, dy[0], x));
}

static const ant_op_class sigmoid_class = {.name = "sigmoid_cross_entropy",
                                           .infer = infer_sigmoid,
                                           .kernel = ANT__K_sigmoid_cross_entropy,
                                           .prep = prep_sigmoid,
                                           .inplace = over_either,
                                           .grad = gradient_sigmoid};

ant_value *ant__op_sigmoid_cross_entropy(ant_program *p, ant_value *logits, ant_value *targets) {
    ant_value *in[] = {logits, targets};
    return ant__emit(p, &sigmoid_class, NULL, in, 2, 1);
}
