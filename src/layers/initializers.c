/* Initializers. Number i of a weight is a pure function of the key and i. */
#include "antler/initializers.h"
#include "core/convert.h"
#include "core/random.h"
#include "layers/layer.h"
#include <math.h>
#include <string.h>

int ant__initializer_fill(ant_context *c, const char *text, uint64_t key, ant_variable *out) {
    ant_part part;
    if (!ant__part_read(c, ANT_INITIALIZER, text, &part))
        return c->error.code;
    const ant_initializer_class *impl = part.cls->impl;
    return impl->fill(c, &part, key, out);
}

static uint64_t key_of(uint64_t key, int seed) {
    return seed == ANT_NONE ? key : ant__random_key((uint64_t)(int64_t)seed, "");
}

/* --- constants --- */
static void put(ant_variable *out, int64_t i, double x) {
    ant__real_put(out->data, out->dtype, i, x);
}

static void fill_with(double x, ant_variable *out) {
    int64_t n = ant__dims_count(&out->dims);
    for (int64_t i = 0; i < n; i++)
        put(out, i, x);
}

static int zeros(ant_context *c, const ant_part *part, uint64_t key, ant_variable *out) {
    (void)c, (void)part, (void)key;
    fill_with(0, out);
    return 0;
}

static int ones(ant_context *c, const ant_part *part, uint64_t key, ant_variable *out) {
    (void)c, (void)part, (void)key;
    fill_with(1, out);
    return 0;
}

static int constant(ant_context *c, const ant_part *part, uint64_t key, ant_variable *out) {
    (void)c, (void)key;
    fill_with(ANT__PART_OPTIONS(constant, part)->value, out);
    return 0;
}

static int wrong_shape(ant_context *c, const ant_part *part, const char *takes,
                       const ant_dims *dims) {
    char shape[ANT__DIMS_TEXT];
    return ant__fail(&c->error, ANT_E_SHAPE, "%s: takes shapes of %s, got %s", part->cls->name,
                     takes, ant__dims_text(dims, shape));
}

static int identity(ant_context *c, const ant_part *part, uint64_t key, ant_variable *out) {
    (void)key;
    const ant_dims *dims = &out->dims;
    if (dims->rank != 2)
        return wrong_shape(c, part, "two axes", dims);
    fill_with(0, out);
    for (int64_t i = 0; i < dims->dim[0] && i < dims->dim[1]; i++)
        put(out, i * dims->dim[1] + i, ANT__PART_OPTIONS(identity_initializer, part)->gain);
    return 0;
}

/* --- distributions --- */
static void fill_normal(uint64_t key, double mean, double stddev, ant_variable *out) {
    int64_t n = ant__dims_count(&out->dims);
    for (int64_t i = 0; i < n; i++)
        put(out, i, mean + stddev * ant__random_gauss(key, 0, (uint64_t)i));
}

/* The counter numbers the draws of one entry: one in twenty is drawn again. */
static double truncated_gauss(uint64_t key, uint64_t i) {
    double x = 3;
    for (uint64_t draw = 0; fabs(x) > 2; draw++)
        x = ant__random_gauss(key, draw, i);
    return x;
}

static void fill_truncated(uint64_t key, double mean, double stddev, ant_variable *out) {
    int64_t n = ant__dims_count(&out->dims);
    for (int64_t i = 0; i < n; i++)
        put(out, i, mean + stddev * truncated_gauss(key, (uint64_t)i));
}

static void fill_uniform(uint64_t key, double low, double high, ant_variable *out) {
    int64_t n = ant__dims_count(&out->dims);
    for (int64_t i = 0; i < n; i++)
        put(out, i, low + (high - low) * ant__random_double(key, 0, (uint64_t)i));
}

static int random_normal(ant_context *c, const ant_part *part, uint64_t key, ant_variable *out) {
    (void)c;
    const ant_random_normal_options *o = part->options;
    fill_normal(key_of(key, o->seed), o->mean, o->stddev, out);
    return 0;
}

static int truncated_normal(ant_context *c, const ant_part *part, uint64_t key, ant_variable *out) {
    (void)c;
    const ant_random_normal_options *o = part->options;
    fill_truncated(key_of(key, o->seed), o->mean, o->stddev, out);
    return 0;
}

static int random_uniform(ant_context *c, const ant_part *part, uint64_t key, ant_variable *out) {
    (void)c;
    const ant_random_uniform_options *o = part->options;
    fill_uniform(key_of(key, o->seed), o->minval, o->maxval, out);
    return 0;
}

/* --- by the fans --- */
static int fan_of_axes(ant_context *c, const ant_part *part, ant_ints axes, const ant_dims *dims,
                       double *fan) {
    *fan = 1;
    for (int k = 0; k < axes.count; k++) {
        int axis = ant__axis(axes.data[k], dims->rank);
        char shape[ANT__DIMS_TEXT];
        if (axis < 0)
            return ant__fail(&c->error, ANT_E_SHAPE, "%s: no axis %d in %s", part->cls->name,
                             axes.data[k], ant__dims_text(dims, shape));
        *fan *= (double)dims->dim[axis];
    }
    return 0;
}

typedef struct fans {
    double in, out;
} fans;

static int fans_of(ant_context *c, const ant_part *part, ant_ints in, ant_ints out,
                   const ant_dims *dims, fans *f) {
    if (in.count && out.count) {
        int code = fan_of_axes(c, part, in, dims, &f->in);
        return code ? code : fan_of_axes(c, part, out, dims, &f->out);
    }
    int rank = dims->rank;
    *f = (fans){1, 1};
    if (rank == 1)
        f->in = f->out = (double)dims->dim[0];
    if (rank < 2)
        return 0;
    double field = (double)ant__dims_span(dims, 0, rank - 2);
    f->in = field * (double)dims->dim[rank - 2];
    f->out = field * (double)dims->dim[rank - 1];
    return 0;
}

static double at_least_1(double x) {
    return x > 1 ? x : 1;
}

static void fill_scaled(double variance, const char *distribution, uint64_t key,
                        ant_variable *out) {
    if (!strcmp(distribution, "uniform"))
        fill_uniform(key, -sqrt(3 * variance), sqrt(3 * variance), out);
    else if (!strcmp(distribution, "untruncated_normal"))
        fill_normal(key, 0, sqrt(variance), out);
    else /* the deviation of a normal cut at 2 is 0.8796… */
        fill_truncated(key, 0, sqrt(variance) / 0.87962566103423978, out);
}

static int variance_scaling_by(ant_context *c, const ant_part *part,
                               const ant_variance_scaling_options *o, uint64_t key,
                               ant_variable *out) {
    fans f;
    int code = fans_of(c, part, o->input_axes, o->output_axes, &out->dims, &f);
    if (code)
        return code;
    double fan = !strcmp(o->mode, "fan_in")    ? f.in
                 : !strcmp(o->mode, "fan_out") ? f.out
                                               : (f.in + f.out) / 2;
    fill_scaled(o->scale / at_least_1(fan), o->distribution, key_of(key, o->seed), out);
    return 0;
}

static int variance_scaling(ant_context *c, const ant_part *part, uint64_t key, ant_variable *out) {
    return variance_scaling_by(c, part, part->options, key, out);
}

/* Glorot, He and Lecun: variance scaling with some options fixed. */
typedef struct fan_class {
    ant_initializer_class base;
    double scale;
    const char *mode, *distribution;
} fan_class;

static int by_fan(ant_context *c, const ant_part *part, uint64_t key, ant_variable *out) {
    const fan_class *fixed = part->cls->impl;
    const ant_fan_options *said = part->options;
    const ant_variance_scaling_options o = {
        .scale = fixed->scale,
        .mode = fixed->mode,
        .distribution = fixed->distribution,
        .seed = said->seed,
        .input_axes = said->input_axes,
        .output_axes = said->output_axes,
    };
    return variance_scaling_by(c, part, &o, key, out);
}

/* --- orthogonal --- */
/* In eight sums, which the compiler can keep in one vector. */
static double dot(const double *a, const double *b, int64_t n) {
    double sum[8] = {0}, total = 0;
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int k = 0; k < 8; k++)
            sum[k] += a[i + k] * b[i + k];
    for (; i < n; i++)
        total += a[i] * b[i];
    for (int k = 0; k < 8; k++)
        total += sum[k];
    return total;
}

/* a -= (q · a) q for the k vectors before it. */
static void subtract_projections(double *a, const double *q, int64_t k, int64_t n) {
    for (int64_t j = 0; j < k; j++) {
        double s = dot(q + j * n, a, n);
        for (int64_t i = 0; i < n; i++)
            a[i] -= s * q[j * n + i];
    }
}

/* Gram and Schmidt on k vectors of n numbers, again where most of a vector was taken away: twice is
 * enough (Giraud et al. 2005). R's diagonal is positive by construction. */
static void orthonormalize(double *q, int64_t k, int64_t n) {
    for (int64_t j = 0; j < k; j++) {
        double *a = q + j * n, before = sqrt(dot(a, a, n));
        subtract_projections(a, q, j, n);
        double norm = sqrt(dot(a, a, n));
        if (norm < 0.7 * before) {
            subtract_projections(a, q, j, n);
            norm = sqrt(dot(a, a, n));
        }
        for (int64_t i = 0; i < n; i++)
            a[i] /= norm;
    }
}

static int orthogonal(ant_context *c, const ant_part *part, uint64_t key, ant_variable *out) {
    const ant_orthogonal_options *o = part->options;
    const ant_dims *dims = &out->dims;
    if (dims->rank < 2)
        return wrong_shape(c, part, "two axes or more", dims);
    int64_t rows = ant__dims_span(dims, 0, dims->rank - 1), columns = dims->dim[dims->rank - 1];
    bool wide = rows < columns;
    int64_t k = wide ? rows : columns, n = wide ? columns : rows;
    double *q = ant__alloc_array((size_t)(rows * columns), sizeof *q);
    if (!q)
        return ant__fail_memory(&c->error);
    for (int64_t i = 0; i < rows * columns; i++)
        q[i] = ant__random_gauss(key_of(key, o->seed), 0, (uint64_t)i);
    orthonormalize(q, k, n);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t column = 0; column < columns; column++)
            put(out, r * columns + column,
                o->gain * (wide ? q[r * n + column] : q[column * n + r]));
    ant__free(q);
    return 0;
}

/* --- the tables --- */
#define SEED_ROW(T) ANT__ROW(T, seed, "own random numbers; none: by the weight's path")
#define FAN_ROWS(T)                                                                                \
    SEED_ROW(T), ANT__ROW(T, input_axes, "axes whose product is the fan in"),                      \
        ANT__ROW(T, output_axes, "axes whose product is the fan out"), ANT__PART_ROWS(T)

static const ant_row constant_rows[] = {
    ANT__ROW(constant, value, "every number"),
    ANT__PART_ROWS(constant),
};
static const ant_row identity_initializer_rows[] = {
    ANT__ROW(identity_initializer, gain, "on the diagonal"),
    ANT__PART_ROWS(identity_initializer),
};
static const ant_row random_normal_rows[] = {
    ANT__ROW(random_normal, mean, "of the numbers"),
    ANT__ROW(random_normal, stddev, "standard deviation", ANT__AT_LEAST(0)),
    SEED_ROW(random_normal),
    ANT__PART_ROWS(random_normal),
};
static const ant_row random_uniform_rows[] = {
    ANT__ROW(random_uniform, minval, "smallest number"),
    ANT__ROW(random_uniform, maxval, "all are below it"),
    SEED_ROW(random_uniform),
    ANT__PART_ROWS(random_uniform),
};
static const ant_row variance_scaling_rows[] = {
    ANT__ROW(variance_scaling, scale, "variance times the fan", ANT__ABOVE(0)),
    ANT__ROW(variance_scaling, mode, "which fan", .words = "fan_in fan_out fan_avg"),
    ANT__ROW(variance_scaling, distribution, "of the numbers",
             .words = "truncated_normal normal untruncated_normal uniform"),
    FAN_ROWS(variance_scaling),
};
static const ant_row fan_rows[] = {FAN_ROWS(fan)};
static const ant_row orthogonal_rows[] = {
    ANT__ROW(orthogonal, gain, "factor of the matrix"),
    SEED_ROW(orthogonal),
    ANT__PART_ROWS(orthogonal),
};

#define FILL(f)                                                                                    \
    &(const ant_initializer_class) {                                                               \
        f                                                                                          \
    }
#define PLAIN(title, f, other)                                                                     \
    { .name = (title), .alias = (other), .kind = ANT_INITIALIZER, .impl = FILL(f) }
#define WITH(Name, T, U, ...) ANT__CLASS(Name, T, U, ANT_INITIALIZER, __VA_ARGS__)
#define FAN(Name, scale, mode, distribution)                                                       \
    WITH(Name, fan, FAN, &(const fan_class){{by_fan}, scale, mode, distribution})

static const ant_class classes[] = {
    PLAIN("Zeros", zeros, "zero"),
    PLAIN("Ones", ones, "one"),
    WITH(Constant, constant, CONSTANT, FILL(constant)),
    WITH(Identity, identity_initializer, IDENTITY_INITIALIZER, FILL(identity),
         .alias = "IdentityInitializer"),
    WITH(RandomNormal, random_normal, RANDOM_NORMAL, FILL(random_normal), .alias = "normal"),
    WITH(TruncatedNormal, random_normal, RANDOM_NORMAL, FILL(truncated_normal)),
    WITH(RandomUniform, random_uniform, RANDOM_UNIFORM, FILL(random_uniform), .alias = "uniform"),
    WITH(VarianceScaling, variance_scaling, VARIANCE_SCALING, FILL(variance_scaling)),
    FAN(GlorotUniform, 1, "fan_avg", "uniform"),
    FAN(GlorotNormal, 1, "fan_avg", "truncated_normal"),
    FAN(HeUniform, 2, "fan_in", "uniform"),
    FAN(HeNormal, 2, "fan_in", "truncated_normal"),
    FAN(LecunUniform, 1, "fan_in", "uniform"),
    FAN(LecunNormal, 1, "fan_in", "truncated_normal"),
    WITH(Orthogonal, orthogonal, ORTHOGONAL, FILL(orthogonal), .alias = "OrthogonalInitializer"),
};

const ant_family ant__initializers_family = ANT__FAMILY("initializers", classes);
