/* The two steps of compiling: what was said, and what it means for a built model. */
#ifndef ANT_TRAIN_COMPILED_H
#define ANT_TRAIN_COMPILED_H
#include "train/train.h"

extern const ant_family ant__action_family; /* the options of outputs and of fit, as classes */

/* compile by a whole struct; 0 or the model's error, without the caller's place. */
int ant__compile(ant_model *m, const ant_compile_options *o);
void ant__compiled_free(void *compiled);
/* Resolves outputs by name, reads losses and metrics, collects weights, makes slots and totals. The
 * model is settled. 0 or an error in c->context. */
int ant__compiled_prepare(ant_compiled *c);
/* Weights that training changes, in the model's order, with their paths. */
int ant__trained_weights(ant_compiled *c);
/* Keras's names of logs. */
int ant__name_logs(ant_compiled *c);
#endif
