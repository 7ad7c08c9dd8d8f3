/* Updates of many weights as one op: what an optimizer's rule is as fine ops, in one pass over the
 * numbers of all. Same numbers as those but for the last bits (tests/core/test_update.c). No
 * gradient. */
#ifndef ANT_CORE_OPS_UPDATE_H
#define ANT_CORE_OPS_UPDATE_H
#include "core/program/program.h"

/* One weight: w, m and v become the new ones. */
typedef struct ant_adam_item {
    ant_value *w, *g, *m, *v;
} ant_adam_item;

/* m += (g - m)(1 - beta_1), v += (g² - v)(1 - beta_2), w = decay w - rate m / (sqrt(v) + epsilon);
 * `rate` and `decay` are scalar values. All of the program's real type. false after an error. */
bool ant__adam(ant_program *p, ant_adam_item *item, int n, ant_value *rate, ant_value *decay,
               double beta_1, double beta_2, double epsilon);

/* As passes see it. Inputs: the rate and the decay, then w, g, m, v of each weight; outputs: w, m,
 * v of each. */
enum { ANT__ADAM_RATE, ANT__ADAM_DECAY, ANT__ADAM_SCALARS };
enum {
    ANT__ADAM_W,
    ANT__ADAM_G,
    ANT__ADAM_M,
    ANT__ADAM_V,
    ANT__ADAM_INPUTS,
    ANT__ADAM_OUTPUTS = 3
};
/* One weight, and the product a' x b that its gradient is (a (k, m), b (k, n)): inputs a, b, the
 * rate, the decay, w, m, v. The same attributes; of the product's, ANT__MATMUL_TA is set, and
 * ANT__MATMUL_PARTS says whether b is packed. */
enum {
    ANT__DENSE_ADAM_A,
    ANT__DENSE_ADAM_B,
    ANT__DENSE_ADAM_RATE,
    ANT__DENSE_ADAM_DECAY,
    ANT__DENSE_ADAM_W,
    ANT__DENSE_ADAM_SLOTS,
    ANT__DENSE_ADAM_INPUTS = ANT__DENSE_ADAM_SLOTS + 2
};
extern const ant_op_class ant__adam_class, ant__dense_adam_class;
#endif
