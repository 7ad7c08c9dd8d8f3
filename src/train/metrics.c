/* Metrics that are means of values over samples: t is the target, y the output. */
#include "train/metric.h"

/* --- values --- */
static ant_value *squares(ant_loss_call *c) {
    return ant_op_square(c->program, ant_op_sub(c->program, c->target, c->output));
}

static ant_value *equal(ant_program *p, ant_value *a, ant_value *b) {
    return ant_op_real(p, ant_op_equal(p, a, b));
}

static ant_value *binary_at(ant_loss_call *c, double threshold) {
    ant_program *p = c->program;
    ant_value *called = ant_op_greater(p, c->output, ant_op_number(p, threshold));
    return equal(p, c->target, ant_op_real(p, called));
}

static ant_value *binary_accuracy(ant_loss_call *c) {
    const ant_binary_accuracy_options *o = c->options;
    return binary_at(c, o->threshold);
}

static ant_value *categorical_accuracy(ant_loss_call *c) {
    ant_program *p = c->program;
    return equal(p, ant_op_argmax(p, c->target, -1), ant_op_argmax(p, c->output, -1));
}

static ant_value *sparse_accuracy(ant_loss_call *c) {
    return equal(c->program, c->target, ant_op_argmax(c->program, c->output, -1));
}

/* The one of the three that the shapes call for. */
static ant_value *accuracy(ant_loss_call *c) {
    const char *who = c->cls->name;
    ant_class_kind kind = ant__class_kind(c->target, c->output);
    if (kind == ANT__SPARSE) {
        c->target = ant__labels(c->program, who, c->target, c->output);
        return c->target ? sparse_accuracy(c) : NULL;
    }
    if (!ant__align_equal(c->program, who, &c->target, &c->output))
        return NULL;
    return kind == ANT__BINARY ? binary_at(c, 0.5) : categorical_accuracy(c);
}

/* Whether fewer than k entries are larger than the class's own. */
static ant_value *in_top_k(ant_loss_call *c, ant_value *labels) {
    const ant_top_k_options *o = c->options;
    ant_program *p = c->program;
    ant_value *y = c->output;
    ant_value *hot = ant_op_one_hot(p, labels, y->dims.dim[y->dims.rank - 1]);
    ant_value *own = ant_op_sum(p, ant_op_mul(p, hot, y), ANT_LAST, true);
    ant_value *larger = ant_op_real(p, ant_op_greater(p, y, own));
    ant_value *before = ant_op_sum(p, larger, ANT_LAST, false);
    ant_value *inside = ant_op_sum(p, hot, ANT_LAST, false);
    return ant_op_mul(p, ant_op_real(p, ant_op_less(p, before, ant_op_number(p, o->k))), inside);
}

static ant_value *top_k(ant_loss_call *c) {
    return in_top_k(c, ant_op_argmax(c->program, c->target, -1));
}

static ant_value *sparse_top_k(ant_loss_call *c) {
    return in_top_k(c, c->target);
}

/* --- the classes --- */
#define AXIS_ROW(T) ANT__ROW(T, axis, "axis of the classes", ANT__BETWEEN(-8, 7))
#define LOGITS_ROW(T) ANT__ROW(T, from_logits, "whether outputs are logits")

static const ant_row metric_rows[] = {ANT__PART_ROWS(metric)};
static const ant_row binary_accuracy_rows[] = {
    ANT__PART_ROWS(binary_accuracy),
    ANT__ROW(binary_accuracy, threshold, "what an output must exceed to be called 1")};
static const ant_row top_k_rows[] = {
    ANT__ROW(top_k, k, "how many of the largest entries count", ANT__AT_LEAST(1)),
    ANT__PART_ROWS(top_k)};
static const ant_row crossentropy_metric_rows[] = {
    ANT__PART_ROWS(crossentropy_metric), LOGITS_ROW(crossentropy_metric),
    ANT__ROW(crossentropy_metric, label_smoothing, "share of a target that goes to all classes",
             ANT__BETWEEN(0, 1)),
    AXIS_ROW(crossentropy_metric)};
static const ant_row sparse_crossentropy_metric_rows[] = {
    ANT__PART_ROWS(sparse_crossentropy_metric), LOGITS_ROW(sparse_crossentropy_metric),
    ANT__ROW(sparse_crossentropy_metric, ignore_class, "targets of this class do not count"),
    AXIS_ROW(sparse_crossentropy_metric)};
static const ant_row cosine_similarity_metric_rows[] = {ANT__PART_ROWS(cosine_similarity_metric),
                                                        AXIS_ROW(cosine_similarity_metric)};

#define METRIC(Name, T, U, words, ...)                                                             \
    ANT__CLASS(Name, T, U, ANT_METRIC, (&(const ant_metric_class){__VA_ARGS__}), .alias = words)
#define MEAN(Name, words, ...) METRIC(Name, metric, METRIC, words, __VA_ARGS__)
#define OF_LOSS(Name, words) MEAN(Name, words, .loss = #Name)
static const ant_class classes[] = {
    MEAN(Accuracy, "acc", .mean = {.values = accuracy, .any_target = true},
         .larger_is_better = true),
    METRIC(BinaryAccuracy, binary_accuracy, BINARY_ACCURACY, NULL,
           .mean = {.values = binary_accuracy}, .larger_is_better = true),
    METRIC(BinaryCrossentropy, crossentropy_metric, CROSSENTROPY_METRIC, "bce",
           .loss = "BinaryCrossentropy"),
    MEAN(CategoricalAccuracy, NULL, .mean = {.values = categorical_accuracy},
         .larger_is_better = true),
    METRIC(CategoricalCrossentropy, crossentropy_metric, CROSSENTROPY_METRIC, NULL,
           .loss = "CategoricalCrossentropy"),
    OF_LOSS(CategoricalHinge, NULL),
    METRIC(CosineSimilarity, cosine_similarity_metric, COSINE_SIMILARITY_METRIC, NULL,
           .loss = "CosineSimilarity", .negate = true, .larger_is_better = true),
    OF_LOSS(Crossentropy, "ce"),
    OF_LOSS(Hinge, NULL),
    OF_LOSS(KLDivergence, "kld"),
    MEAN(LogCoshError, "logcosh", .loss = "LogCosh"),
    OF_LOSS(MeanAbsoluteError, "mae"),
    OF_LOSS(MeanAbsolutePercentageError, "mape"),
    OF_LOSS(MeanSquaredError, "mse"),
    OF_LOSS(MeanSquaredLogarithmicError, "msle"),
    OF_LOSS(Poisson, NULL),
    MEAN(RootMeanSquaredError, "rmse", .mean = {.values = squares}, .shape = sqrt),
    MEAN(SparseCategoricalAccuracy, NULL, .mean = {.values = sparse_accuracy, .labels = true},
         .larger_is_better = true),
    METRIC(SparseCategoricalCrossentropy, sparse_crossentropy_metric, SPARSE_CROSSENTROPY_METRIC,
           NULL, .loss = "SparseCategoricalCrossentropy"),
    METRIC(SparseTopKCategoricalAccuracy, top_k, TOP_K, NULL,
           .mean = {.values = sparse_top_k, .labels = true}, .larger_is_better = true),
    OF_LOSS(SquaredHinge, NULL),
    METRIC(TopKCategoricalAccuracy, top_k, TOP_K, NULL, .mean = {.values = top_k},
           .larger_is_better = true),
};
const ant_family ant__metric_family = ANT__FAMILY("metrics", classes);
