/* softmax_cross_entropy, its gradient, and both in one, as the losses pass joins them. */
#ifndef ANT_CORE_OPS_CROSS_ENTROPY_H
#define ANT_CORE_OPS_CROSS_ENTROPY_H
#include "core/program/program.h"

/* Logits, targets | loss (rows), probabilities. */
extern const ant_op_class ant__softmax_loss_class;
/* Probabilities, targets, dloss (rows) | dlogits. */
extern const ant_op_class ant__softmax_loss_grad_class;
/* Logits, targets | loss, probabilities, dlogits, total: the sum of all losses times a factor. */
extern const ant_op_class ant__softmax_loss_train_class;

enum { ANT__LOSS, ANT__PROBABILITIES, ANT__DLOGITS, ANT__LOSS_TOTAL, ANT__LOSS_OUTPUTS };
enum { ANT__LOSS_SEED, ANT__LOSS_FACTOR }; /* attrs.f: dloss, which is the same in every row */

/* May both in one, in the place of such an op, give the total? Only where its work is one cell. */
bool ant__loss_has_total(const ant_op *o);
#endif
