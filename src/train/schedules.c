/* The schedules of antler/schedules.h; s is the step, d the steps of the decay, r a rate. */
#include "train/schedule.h"

static const double pi = 3.14159265358979323846;

static double exponential(const void *options, double s) {
    const ant_exponential_decay_options *o = options;
    double x = s / o->decay_steps;
    return o->initial_learning_rate * pow(o->decay_rate, o->staircase ? floor(x) : x);
}

static double inverse_time(const void *options, double s) {
    const ant_inverse_time_decay_options *o = options;
    double x = s / o->decay_steps;
    return o->initial_learning_rate / (1 + o->decay_rate * (o->staircase ? floor(x) : x));
}

static double piecewise(const void *options, double s) {
    const ant_piecewise_constant_decay_options *o = options;
    int k = 0;
    while (k < o->boundaries.count && s > o->boundaries.data[k])
        k++;
    return o->values.data[k];
}

static int piecewise_check(ant_context *c, const void *options) {
    const ant_piecewise_constant_decay_options *o = options;
    if (o->values.count != o->boundaries.count + 1)
        return ant__fail(&c->error, ANT_E_OPTION,
                         "PiecewiseConstantDecay: %d values for %d boundaries, must be one more",
                         o->values.count, o->boundaries.count);
    for (int k = 1; k < o->boundaries.count; k++)
        if (o->boundaries.data[k] <= o->boundaries.data[k - 1])
            return ant__fail(&c->error, ANT_E_OPTION,
                             "PiecewiseConstantDecay: boundaries must rise, %g comes after %g",
                             o->boundaries.data[k], o->boundaries.data[k - 1]);
    return 0;
}

static double polynomial(const void *options, double s) {
    const ant_polynomial_decay_options *o = options;
    double d = o->decay_steps;
    if (o->cycle)
        d *= s == 0 ? 1 : ceil(s / d);
    double left = 1 - fmin(s, d) / d;
    return (o->initial_learning_rate - o->end_learning_rate) * pow(left, o->power) +
           o->end_learning_rate;
}

/* From 1 at x = 0 to alpha at x = 1 along half a cosine. */
static double cosine_fall(double x, double alpha) {
    return (1 - alpha) * 0.5 * (1 + cos(pi * x)) + alpha;
}

static double cosine(const void *options, double s) {
    const ant_cosine_decay_options *o = options;
    double first = o->initial_learning_rate, target = o->warmup_target, w = o->warmup_steps;
    if (target == ANT_NONE)
        return first * cosine_fall(fmin(s, o->decay_steps) / o->decay_steps, o->alpha);
    if (s < w)
        return first + (target - first) * s / w;
    return target * cosine_fall(fmin(s - w, o->decay_steps) / o->decay_steps, o->alpha);
}

static double cosine_restarts(const void *options, double s) {
    const ant_cosine_decay_restarts_options *o = options;
    double x = s / o->first_decay_steps, period, k;
    if (o->t_mul == 1) {
        k = floor(x);
        period = x - k;
    } else {
        k = floor(log(1 - x * (1 - o->t_mul)) / log(o->t_mul));
        double before = (1 - pow(o->t_mul, k)) / (1 - o->t_mul);
        period = (x - before) / pow(o->t_mul, k);
    }
    double fall = 0.5 * pow(o->m_mul, k) * (1 + cos(pi * period));
    return o->initial_learning_rate * ((1 - o->alpha) * fall + o->alpha);
}

/* --- reading --- */
int ant__schedule_read(ant_context *c, const char *text, ant_part *out) {
    if (!ant__part_read(c, ANT_SCHEDULE, text, out))
        return c->error.code;
    const ant_schedule_class *cls = out->cls->impl;
    return cls->check ? cls->check(c, out->options) : 0;
}

double ant__schedule_rate(const ant_part *schedule, int64_t step) {
    const ant_schedule_class *cls = schedule->cls->impl;
    return cls->rate(schedule->options, (double)step);
}

/* --- the classes --- */
#define FIRST_ROW(T) ANT__ROW(T, initial_learning_rate, "rate of the first step", ANT__AT_LEAST(0))
#define STEPS_ROW(T) ANT__ROW(T, decay_steps, "steps of the decay", ANT__ABOVE(0))
#define STAIRCASE_ROW(T) ANT__ROW(T, staircase, "whether the rate changes once in decay_steps only")
#define ALPHA_ROW(T) ANT__ROW(T, alpha, "least rate, as a share of the first", ANT__AT_LEAST(0))

static const ant_row exponential_decay_rows[] = {
    FIRST_ROW(exponential_decay), STEPS_ROW(exponential_decay),
    ANT__ROW(exponential_decay, decay_rate, "factor of the rate in decay_steps", ANT__ABOVE(0)),
    STAIRCASE_ROW(exponential_decay), ANT__PART_ROWS(exponential_decay)};
static const ant_row inverse_time_decay_rows[] = {
    FIRST_ROW(inverse_time_decay), STEPS_ROW(inverse_time_decay),
    ANT__ROW(inverse_time_decay, decay_rate, "growth of the divisor in decay_steps",
             ANT__AT_LEAST(0)),
    STAIRCASE_ROW(inverse_time_decay), ANT__PART_ROWS(inverse_time_decay)};
static const ant_row piecewise_constant_decay_rows[] = {
    ANT__ROW(piecewise_constant_decay, boundaries, "steps after which the rate changes, rising"),
    ANT__ROW(piecewise_constant_decay, values, "rates, one more than boundaries"),
    ANT__PART_ROWS(piecewise_constant_decay)};
static const ant_row polynomial_decay_rows[] = {
    FIRST_ROW(polynomial_decay),
    STEPS_ROW(polynomial_decay),
    ANT__ROW(polynomial_decay, end_learning_rate, "rate after decay_steps", ANT__AT_LEAST(0)),
    ANT__ROW(polynomial_decay, power, "1: a straight line", ANT__AT_LEAST(0)),
    ANT__ROW(polynomial_decay, cycle, "whether it starts anew after decay_steps"),
    ANT__PART_ROWS(polynomial_decay)};
static const ant_row cosine_decay_rows[] = {
    FIRST_ROW(cosine_decay),
    STEPS_ROW(cosine_decay),
    ALPHA_ROW(cosine_decay),
    ANT__ROW(cosine_decay, warmup_target, "rate after the warm-up", ANT__AT_LEAST(0)),
    ANT__ROW(cosine_decay, warmup_steps, "steps of the warm-up", ANT__AT_LEAST(0)),
    ANT__PART_ROWS(cosine_decay)};
static const ant_row cosine_decay_restarts_rows[] = {
    FIRST_ROW(cosine_decay_restarts),
    ANT__ROW(cosine_decay_restarts, first_decay_steps, "steps of the first cosine", ANT__ABOVE(0)),
    ANT__ROW(cosine_decay_restarts, t_mul, "each cosine's length, as a factor of the last's",
             ANT__AT_LEAST(1)),
    ANT__ROW(cosine_decay_restarts, m_mul, "each cosine's height, as a factor of the last's",
             ANT__ABOVE(0)),
    ALPHA_ROW(cosine_decay_restarts),
    ANT__PART_ROWS(cosine_decay_restarts)};

#define SCHEDULE(Name, T, U, ...)                                                                  \
    ANT__CLASS(Name, T, U, ANT_SCHEDULE, (&(const ant_schedule_class){__VA_ARGS__}))
static const ant_class classes[] = {
    SCHEDULE(CosineDecay, cosine_decay, COSINE_DECAY, .rate = cosine),
    SCHEDULE(CosineDecayRestarts, cosine_decay_restarts, COSINE_DECAY_RESTARTS,
             .rate = cosine_restarts),
    SCHEDULE(ExponentialDecay, exponential_decay, EXPONENTIAL_DECAY, .rate = exponential),
    SCHEDULE(InverseTimeDecay, inverse_time_decay, INVERSE_TIME_DECAY, .rate = inverse_time),
    SCHEDULE(PiecewiseConstantDecay, piecewise_constant_decay, PIECEWISE_CONSTANT_DECAY,
             .rate = piecewise, .check = piecewise_check),
    SCHEDULE(PolynomialDecay, polynomial_decay, POLYNOMIAL_DECAY, .rate = polynomial),
};
const ant_family ant__schedule_family = ANT__FAMILY("schedules", classes);
