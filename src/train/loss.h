/* Losses inside: classes that write a value per sample, and their reduction to one number. */
#ifndef ANT_TRAIN_LOSS_H
#define ANT_TRAIN_LOSS_H
#include "antler/losses.h"
#include "core/options/option.h"
#include "core/program/program.h"

/* What losses keep away from 0 and 1. */
#define ANT__EPSILON 1e-7

/* One use of a loss (or of a metric's formula) while its ops are written. */
typedef struct ant_loss_call {
    ant_program *program;
    const ant_class *cls; /* for messages */
    const void *options;
    ant_value *target, *output; /* brought to the same rank and real, unless the class has labels */
    ant_value *mask;            /* set by the class: bool, false where a value is left out */
} ant_loss_call;

/* `impl` of the kind ANT_LOSS. */
typedef struct ant_loss_class {
    ant_value *(*values)(ant_loss_call *c); /* (batch, …), or a scalar; NULL after an error */
    bool labels;                            /* targets are classes, one axis less than outputs */
    bool any_target;                        /* it looks at the shapes itself */
    ant_write_fn *write;                    /* of a user's own, with its data */
    const void *data;
} ant_loss_class;

/* A loss said in compile. */
typedef struct ant_loss {
    ant_part part;
    const char *reduction;
} ant_loss;
int ant__loss_read(ant_context *c, const char *text, ant_loss *out);

/* The values before weights and reduction, checked and of equal rank. Sets c->mask. */
ant_value *ant__loss_values(ant_loss_call *c);

/* What one loss gives for a batch. */
typedef struct ant_loss_result {
    ant_value *total; /* scalar: what gradients are taken of */
    ant_value *shown; /* scalar: what logs say; the same but for the reduction "none" */
} ant_loss_result;
/* weight (batch) or a prefix of the values' shape, and mask (bool) may be NULL. */
ant_loss_result ant__loss_write(ant_program *p, const ant_loss *loss, ant_value *target,
                                ant_value *output, ant_value *weight, ant_value *mask);

/* --- shared with metrics --- */
/* Ranks that differ by one: a last axis of 1 of the longer goes, or the other gets one where it has
 * rank 1. */
void ant__align(ant_program *p, ant_value **a, ant_value **b);
/* Both real, aligned and of equal shapes; else the program's error names `who` and both shapes. */
bool ant__align_equal(ant_program *p, const char *who, ant_value **target, ant_value **output);
/* Classes as int32 with one axis less than `output`; else the program's error. */
ant_value *ant__labels(ant_program *p, const char *who, ant_value *target, ant_value *output);
/* What "accuracy" and "crossentropy" mean for these shapes. */
typedef enum ant_class_kind { ANT__BINARY, ANT__SPARSE, ANT__CATEGORICAL } ant_class_kind;
ant_class_kind ant__class_kind(const ant_value *target, const ant_value *output);
/* x / y, 0 where y is 0. */
ant_value *ant__divide_no_nan(ant_program *p, ant_value *x, ant_value *y);
/* The number of entries, as a constant of the program's real type; needs known sizes (else 1). */
ant_value *ant__count(ant_program *p, const ant_value *x);
/* The logits that an output comes straight from, through a softmax or sigmoid; NULL: it does
 * not. */
ant_value *ant__logits_of(ant_value *output, bool softmax);
#endif
