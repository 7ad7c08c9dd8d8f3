/* Totals per threshold of what was called positive: shared by the metrics that look at them.
 *
 * Total 0 has a row per threshold: weights of true and of false positives. Total 1 has the weights
 * of all positives and of all negatives. True and false negatives are the differences. */
#ifndef ANT_TRAIN_CONFUSION_H
#define ANT_TRAIN_CONFUSION_H
#include "train/metric.h"

typedef struct ant_counts {
    double tp, fp, tn, fn;
} ant_counts;

/* The counts at threshold k. */
ant_counts ant__counts_at(const double *const total[ANT__TOTALS], int k);
void ant__count_totals(int thresholds, ant_dims dims[ANT__TOTALS]);
/* x / y, 0 where y is 0. */
double ant__share(double x, double y);
/* Adds the counts of this batch for outputs above each threshold, a column (n, 1); weighted by the
 * call's weights, or by a weight for every entry. */
void ant__count_above(ant_metric_call *c, ant_value *t, ant_value *y, ant_value *thresholds);
void ant__count_weighted(ant_metric_call *c, ant_value *t, ant_value *y, ant_value *thresholds,
                         ant_value *weight);
/* The call's weights for every entry of an output of these dims; ones where there are none. */
ant_value *ant__full_weight(ant_metric_call *c, const ant_dims *dims);
ant_value *ant__threshold_column(ant_program *p, const double *x, int n);
/* Entry `id` of the last axis; NULL after an error. */
ant_value *ant__class_column(ant_metric_call *c, ant_value *x, int id);
#endif
