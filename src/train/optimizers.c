/* The update rules of antler/optimizers.h. w is the weight, g its gradient, l the rate, t the
 * number of the update, m and v running means of g and g². scalar[0] is always l or what stands for
 * it. */
#include "core/ops/update.h"
#include "core/program/inside.h"
#include "train/optimizer.h"

/* a * x + (1 - a) * y, as Keras writes running means: x + (y - x) * (1 - a). */
static ant_value *follow(ant_program *p, ant_value *x, ant_value *y, double a) {
    return ant_op_add(p, x, ant_op_scale(p, ant_op_sub(p, y, x), 1 - a));
}

/* a * x + (1 - a) * y, both products rounded. */
static ant_value *blend(ant_program *p, ant_value *x, ant_value *y, double a) {
    return ant_op_add(p, ant_op_scale(p, x, a), ant_op_scale(p, y, 1 - a));
}

/* sqrt(x + epsilon) */
static ant_value *root(ant_program *p, ant_value *x, double epsilon) {
    return ant_op_sqrt(p, ant_op_shift(p, x, epsilon));
}

static void rate_only(const void *options, ant_optimizer_step *s) {
    (void)options;
    s->scalar[0] = s->rate;
}

/* --- SGD: slot 0 is the momentum --- */
static bool sgd_uses(const void *options, int slot) {
    (void)slot;
    return ((const ant_sgd_options *)options)->momentum != 0;
}

static ant_value *sgd_update(ant_update *u) {
    const ant_sgd_options *o = u->options;
    ant_program *p = u->program;
    ant_value *step = ant_op_mul(p, u->g, u->scalar[0]);
    if (o->momentum == 0)
        return ant_op_sub(p, u->w, step);
    ant_value *m = ant_op_sub(p, ant_op_scale(p, u->slot[0], o->momentum), step);
    u->slot[0] = m;
    if (o->nesterov)
        m = ant_op_sub(p, ant_op_scale(p, m, o->momentum), step);
    return ant_op_add(p, u->w, m);
}

/* --- RMSprop: slots are the velocity, the momentum and the mean gradient --- */
static bool rmsprop_uses(const void *options, int slot) {
    const ant_rmsprop_options *o = options;
    return slot == 0 || (slot == 1 ? o->momentum != 0 : o->centered);
}

static ant_value *rmsprop_update(ant_update *u) {
    const ant_rmsprop_options *o = u->options;
    ant_program *p = u->program;
    ant_value *v = blend(p, u->slot[0], ant_op_square(p, u->g), o->rho), *d = v;
    u->slot[0] = v;
    if (o->centered) {
        u->slot[2] = blend(p, u->slot[2], u->g, o->rho);
        d = ant_op_sub(p, v, ant_op_square(p, u->slot[2]));
    }
    ant_value *step = ant_op_div(p, ant_op_mul(p, u->g, u->scalar[0]), root(p, d, o->epsilon));
    if (o->momentum != 0)
        step = u->slot[1] = ant_op_add(p, ant_op_scale(p, u->slot[1], o->momentum), step);
    return ant_op_sub(p, u->w, step);
}

/* --- Adam and its kin: slots m and v (u) --- */
static ant_value *first_moment(ant_update *u, double beta) {
    return u->slot[0] = follow(u->program, u->slot[0], u->g, beta);
}

static ant_value *second_moment(ant_update *u, double beta) {
    ant_value *square = ant_op_square(u->program, u->g);
    return u->slot[1] = follow(u->program, u->slot[1], square, beta);
}

static bool adam_uses(const void *options, int slot) {
    return slot < 2 || ((const ant_adam_options *)options)->amsgrad;
}

static void adam_step(const void *options, ant_optimizer_step *s) {
    const ant_adam_options *o = options;
    s->scalar[0] = s->rate * sqrt(1 - pow(o->beta_2, s->t)) / (1 - pow(o->beta_1, s->t));
}

static ant_value *adam_update(ant_update *u) {
    const ant_adam_options *o = u->options;
    ant_program *p = u->program;
    ant_value *m = first_moment(u, o->beta_1), *v = second_moment(u, o->beta_2);
    if (o->amsgrad)
        v = u->slot[2] = ant_op_maximum(p, u->slot[2], v);
    ant_value *size = ant_op_shift(p, ant_op_sqrt(p, v), o->epsilon);
    return ant_op_sub(p, u->w, ant_op_div(p, ant_op_mul(p, m, u->scalar[0]), size));
}

/* One op for all weights; the largest squares are kept by fine ops. */
static bool adam_update_all(ant_update *u, int n) {
    const ant_adam_options *o = u->options;
    ant_adam_item *item = ant__program_alloc(u->program, (size_t)n, sizeof *item);
    if (o->amsgrad || !item)
        return false;
    for (int i = 0; i < n; i++)
        item[i] = (ant_adam_item){u[i].w, u[i].g, u[i].slot[0], u[i].slot[1]};
    ant_value *decay = u->decay ? u->decay : ant_op_number(u->program, 1);
    if (!ant__adam(u->program, item, n, u->scalar[0], decay, o->beta_1, o->beta_2, o->epsilon))
        return false;
    for (int i = 0; i < n; i++) {
        u[i].w = item[i].w;
        u[i].slot[0] = item[i].m;
        u[i].slot[1] = item[i].v;
    }
    return true;
}

static void adamax_step(const void *options, ant_optimizer_step *s) {
    const ant_adamax_options *o = options;
    s->scalar[0] = s->rate / (1 - pow(o->beta_1, s->t));
}

static ant_value *adamax_update(ant_update *u) {
    const ant_adamax_options *o = u->options;
    ant_program *p = u->program;
    ant_value *m = first_moment(u, o->beta_1);
    ant_value *old = ant_op_scale(p, u->slot[1], o->beta_2);
    ant_value *size = u->slot[1] = ant_op_maximum(p, old, ant_op_abs(p, u->g));
    ant_value *step =
        ant_op_div(p, ant_op_mul(p, m, u->scalar[0]), ant_op_shift(p, size, o->epsilon));
    return ant_op_sub(p, u->w, step);
}

/* Scalars: l, the factors of m and of g in the corrected mean, and of v. The product of all u so
 * far is the optimizer's memory. */
static void nadam_step(const void *options, ant_optimizer_step *s) {
    const ant_nadam_options *o = options;
    double now = o->beta_1 * (1 - 0.5 * pow(0.96, s->t));
    double next = o->beta_1 * (1 - 0.5 * pow(0.96, s->t + 1));
    *s->memory *= now;
    s->scalar[0] = s->rate;
    s->scalar[1] = next / (1 - *s->memory * next);
    s->scalar[2] = (1 - now) / (1 - *s->memory);
    s->scalar[3] = 1 / (1 - pow(o->beta_2, s->t));
}

static ant_value *nadam_update(ant_update *u) {
    const ant_nadam_options *o = u->options;
    ant_program *p = u->program;
    ant_value *m = first_moment(u, o->beta_1), *v = second_moment(u, o->beta_2);
    ant_value *mean =
        ant_op_add(p, ant_op_mul(p, m, u->scalar[1]), ant_op_mul(p, u->g, u->scalar[2]));
    ant_value *size = ant_op_shift(p, ant_op_sqrt(p, ant_op_mul(p, v, u->scalar[3])), o->epsilon);
    return ant_op_sub(p, u->w, ant_op_div(p, ant_op_mul(p, mean, u->scalar[0]), size));
}

/* Scalars: l and the corrections of m and v. */
static void lamb_step(const void *options, ant_optimizer_step *s) {
    const ant_lamb_options *o = options;
    s->scalar[0] = s->rate;
    s->scalar[1] = 1 / (1 - pow(o->beta_1, s->t));
    s->scalar[2] = 1 / (1 - pow(o->beta_2, s->t));
}

static ant_value *norm(ant_program *p, ant_value *x) {
    return ant_op_sqrt(p, ant_op_sum(p, ant_op_square(p, x), ANT_ALL_AXES, false));
}

static ant_value *lamb_update(ant_update *u) {
    const ant_lamb_options *o = u->options;
    ant_program *p = u->program;
    ant_value *m = first_moment(u, o->beta_1), *v = second_moment(u, o->beta_2);
    ant_value *size = ant_op_shift(p, ant_op_sqrt(p, ant_op_mul(p, v, u->scalar[2])), o->epsilon);
    ant_value *r = ant_op_div(p, ant_op_mul(p, m, u->scalar[1]), size);
    ant_value *w_norm = norm(p, u->w), *r_norm = norm(p, r), *zero = ant_op_number(p, 0);
    ant_value *both =
        ant_op_logical_and(p, ant_op_greater(p, w_norm, zero), ant_op_greater(p, r_norm, zero));
    ant_value *ratio = ant_op_where(p, both, ant_op_div(p, w_norm, r_norm), ant_op_number(p, 1));
    return ant_op_sub(p, u->w, ant_op_mul(p, r, ant_op_mul(p, ratio, u->scalar[0])));
}

static ant_value *lion_update(ant_update *u) {
    const ant_lion_options *o = u->options;
    ant_program *p = u->program;
    ant_value *way = ant_op_sign(p, blend(p, u->slot[0], u->g, o->beta_1));
    ant_value *w = ant_op_sub(p, u->w, ant_op_mul(p, way, u->scalar[0]));
    u->slot[0] = blend(p, u->slot[0], u->g, o->beta_2); /* last, so that it is in place */
    return w;
}

/* --- Adagrad, Adadelta, Ftrl --- */
static double adagrad_start(const void *options, int slot) {
    (void)slot;
    return ((const ant_adagrad_options *)options)->initial_accumulator_value;
}

static ant_value *adagrad_update(ant_update *u) {
    const ant_adagrad_options *o = u->options;
    ant_program *p = u->program;
    ant_value *a = u->slot[0] = ant_op_add(p, u->slot[0], ant_op_square(p, u->g));
    ant_value *step = ant_op_div(p, ant_op_mul(p, u->g, u->scalar[0]), root(p, a, o->epsilon));
    return ant_op_sub(p, u->w, step);
}

static ant_value *adadelta_update(ant_update *u) {
    const ant_adadelta_options *o = u->options;
    ant_program *p = u->program;
    ant_value *a = u->slot[0] = blend(p, u->slot[0], ant_op_square(p, u->g), o->rho);
    ant_value *ratio = ant_op_div(p, root(p, u->slot[1], o->epsilon), root(p, a, o->epsilon));
    ant_value *d = ant_op_neg(p, ant_op_mul(p, ratio, u->g));
    u->slot[1] = blend(p, u->slot[1], ant_op_square(p, d), o->rho);
    return ant_op_add(p, u->w, ant_op_mul(p, d, u->scalar[0]));
}

static double ftrl_start(const void *options, int slot) {
    return slot == 0 ? ((const ant_ftrl_options *)options)->initial_accumulator_value : 0;
}

/* n^-power, of which nearly everyone asks for the root. */
static ant_value *ftrl_power(ant_program *p, ant_value *n, double power) {
    return power == -0.5 ? ant_op_sqrt(p, n) : ant_op_pow(p, n, ant_op_number(p, -power));
}

/* Scalars: 1 / l, and twice the l2 strength with beta's share. */
static void ftrl_step(const void *options, ant_optimizer_step *s) {
    const ant_ftrl_options *o = options;
    s->scalar[0] = 1 / s->rate;
    s->scalar[1] = 2 * (o->l2_regularization_strength + o->beta / (2 * s->rate));
}

static ant_value *ftrl_update(ant_update *u) {
    const ant_ftrl_options *o = u->options;
    ant_program *p = u->program;
    ant_value *shrink = ant_op_scale(p, u->w, 2 * o->l2_shrinkage_regularization_strength);
    ant_value *n = ant_op_add(p, u->slot[0], ant_op_square(p, u->g));
    ant_value *now = ftrl_power(p, n, o->learning_rate_power);
    ant_value *before = ftrl_power(p, u->slot[0], o->learning_rate_power);
    ant_value *pull = ant_op_mul(p, ant_op_mul(p, ant_op_sub(p, now, before), u->scalar[0]), u->w);
    ant_value *z = ant_op_add(p, u->slot[1], ant_op_sub(p, ant_op_add(p, u->g, shrink), pull));
    ant_value *divisor = ant_op_add(p, ant_op_mul(p, now, u->scalar[0]), u->scalar[1]);
    double l1 = o->l1_regularization_strength;
    u->slot[0] = n, u->slot[1] = z;
    return ant_op_div(p, ant_op_sub(p, ant_op_clip(p, z, -l1, l1), z), divisor);
}

/* --- the classes --- */
#define RATE_ROW(T, ...)                                                                           \
    ANT__ROW(T, learning_rate, "size of a step, or a schedule", ANT__ALSO(T, schedule),            \
             .part = ANT_SCHEDULE, .old = "lr", __VA_ARGS__)
#define MEMORY_ROW(T, f, what) ANT__ROW(T, f, "memory of the " what, ANT__BETWEEN(0, 1))
#define EPSILON_ROW(T) ANT__ROW(T, epsilon, "keeps divisors above zero", ANT__AT_LEAST(0))
#define COMMON_ROWS(T)                                                                             \
    ANT__ROW(T, weight_decay, "share of the weight taken off, times the rate", ANT__AT_LEAST(0)),  \
        ANT__ROW(T, clipnorm, "largest norm of one weight's gradient", ANT__ABOVE(0)),             \
        ANT__ROW(T, clipvalue, "largest entry of a gradient", ANT__ABOVE(0)),                      \
        ANT__ROW(T, global_clipnorm, "largest norm of all gradients together", ANT__ABOVE(0)),     \
        ANT__ROW(T, use_ema, "whether averages of the weights are kept"),                          \
        ANT__ROW(T, ema_momentum, "memory of those averages", ANT__BETWEEN(0, 1)),                 \
        ANT__ROW(T, ema_overwrite_frequency, "steps after which the averages become the weights",  \
                 ANT__AT_LEAST(1)),                                                                \
        ANT__ROW(T, loss_scale_factor, "of the loss while gradients are computed", ANT__ABOVE(0)), \
        ANT__ROW(T, gradient_accumulation_steps, "batches per update", ANT__AT_LEAST(2)),          \
        ANT__PART_ROWS(T)
#define MOMENTS_ROWS(T)                                                                            \
    RATE_ROW(T, ANT__AT_LEAST(0)), MEMORY_ROW(T, beta_1, "mean gradient"),                         \
        MEMORY_ROW(T, beta_2, "size of gradients"), EPSILON_ROW(T)

static const ant_row sgd_rows[] = {
    RATE_ROW(sgd, ANT__AT_LEAST(0)), MEMORY_ROW(sgd, momentum, "former steps"),
    ANT__ROW(sgd, nesterov, "whether the gradient is looked for ahead"), COMMON_ROWS(sgd)};
static const ant_row rmsprop_rows[] = {
    RATE_ROW(rmsprop, ANT__AT_LEAST(0)),
    MEMORY_ROW(rmsprop, rho, "squares"),
    MEMORY_ROW(rmsprop, momentum, "former steps"),
    EPSILON_ROW(rmsprop),
    ANT__ROW(rmsprop, centered, "whether it divides by the deviation"),
    COMMON_ROWS(rmsprop)};
static const ant_row adam_rows[] = {
    MOMENTS_ROWS(adam), ANT__ROW(adam, amsgrad, "whether the largest square so far is used"),
    COMMON_ROWS(adam)};
static const ant_row adamw_rows[] = {
    MOMENTS_ROWS(adamw), ANT__ROW(adamw, amsgrad, "whether the largest square so far is used"),
    COMMON_ROWS(adamw)};
static const ant_row adamax_rows[] = {MOMENTS_ROWS(adamax), COMMON_ROWS(adamax)};
static const ant_row nadam_rows[] = {MOMENTS_ROWS(nadam), COMMON_ROWS(nadam)};
static const ant_row lamb_rows[] = {MOMENTS_ROWS(lamb), COMMON_ROWS(lamb)};
static const ant_row lion_rows[] = {RATE_ROW(lion, ANT__AT_LEAST(0)),
                                    MEMORY_ROW(lion, beta_1, "step"),
                                    MEMORY_ROW(lion, beta_2, "mean gradient"), COMMON_ROWS(lion)};
static const ant_row adagrad_rows[] = {
    RATE_ROW(adagrad, ANT__AT_LEAST(0)),
    ANT__ROW(adagrad, initial_accumulator_value, "start of the squares' sum", ANT__AT_LEAST(0)),
    EPSILON_ROW(adagrad), COMMON_ROWS(adagrad)};
static const ant_row adadelta_rows[] = {RATE_ROW(adadelta, ANT__AT_LEAST(0)),
                                        MEMORY_ROW(adadelta, rho, "squares"), EPSILON_ROW(adadelta),
                                        COMMON_ROWS(adadelta)};
static const ant_row ftrl_rows[] = {
    RATE_ROW(ftrl, ANT__ABOVE(0)),
    ANT__ROW(ftrl, learning_rate_power, "how the rate falls with the squares' sum",
             .min = -INFINITY, .max = 0),
    ANT__ROW(ftrl, initial_accumulator_value, "start of the squares' sum", ANT__AT_LEAST(0)),
    ANT__ROW(ftrl, l1_regularization_strength, "pull to zero", ANT__AT_LEAST(0)),
    ANT__ROW(ftrl, l2_regularization_strength, "pull to small weights", ANT__AT_LEAST(0)),
    ANT__ROW(ftrl, l2_shrinkage_regularization_strength, "pull through the gradient",
             ANT__AT_LEAST(0)),
    ANT__ROW(ftrl, beta, "more l2, over the rate", ANT__AT_LEAST(0)),
    COMMON_ROWS(ftrl)};

/* The alias is how it is written: "adamw", where Keras's snake case would say "adam_w". */
#define OPTIMIZER(Name, T, U, Update, ...)                                                         \
    ANT__CLASS(Name, T, U, ANT_OPTIMIZER,                                                          \
               (&(const ant_optimizer_class){.common = offsetof(ant_##T##_options, weight_decay),  \
                                             .scalars = 1,                                         \
                                             .step = rate_only,                                    \
                                             .update = Update,                                     \
                                             __VA_ARGS__}),                                        \
               .alias = #T)
#define ADAM_SLOTS                                                                                 \
    .slots = "momentum velocity velocity_hat", .apart = 1 << 2, .uses = adam_uses,                 \
    .step = adam_step, .update_all = adam_update_all
static const ant_class classes[] = {
    OPTIMIZER(Adadelta, adadelta, ADADELTA, adadelta_update,
              .slots = "accumulated_grad accumulated_delta_var"),
    OPTIMIZER(Adagrad, adagrad, ADAGRAD, adagrad_update, .slots = "accumulator",
              .start = adagrad_start),
    OPTIMIZER(Adam, adam, ADAM, adam_update, ADAM_SLOTS),
    OPTIMIZER(AdamW, adamw, ADAMW, adam_update, ADAM_SLOTS),
    OPTIMIZER(Adamax, adamax, ADAMAX, adamax_update, .slots = "momentum norm", .step = adamax_step),
    OPTIMIZER(Ftrl, ftrl, FTRL, ftrl_update, .slots = "accumulator linear", .start = ftrl_start,
              .scalars = 2, .step = ftrl_step),
    OPTIMIZER(Lamb, lamb, LAMB, lamb_update, .slots = "momentum velocity", .scalars = 3,
              .step = lamb_step),
    OPTIMIZER(Lion, lion, LION, lion_update, .slots = "momentum"),
    OPTIMIZER(Nadam, nadam, NADAM, nadam_update, .slots = "momentum velocity", .scalars = 4,
              .step = nadam_step, .remembers = true),
    OPTIMIZER(RMSprop, rmsprop, RMSPROP, rmsprop_update,
              .slots = "velocity momentum average_gradient", .apart = 1 << 0 | 1 << 1 | 1 << 2,
              .uses = rmsprop_uses),
    OPTIMIZER(SGD, sgd, SGD, sgd_update, .slots = "momentum", .uses = sgd_uses),
};
const ant_family ant__optimizer_family = ANT__FAMILY("optimizers", classes);
