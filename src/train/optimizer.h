/* Optimizers inside: classes with an update rule, and the state that one compiled model has.
 *
 * An update is ops: `update` writes how a weight and its slots change. What depends on the step
 * alone (rate, bias corrections) is a handful of scalars that the host computes in double
 * precision before each step and the program reads, so that a step has no scalar chains of its own.
 */
#ifndef ANT_TRAIN_OPTIMIZER_H
#define ANT_TRAIN_OPTIMIZER_H
#include "antler/optimizers.h"
#include "core/options/option.h"
#include "layers/layer.h"
#include "train/schedule.h"

enum { ANT__SLOTS = 4, ANT__SCALARS = 6 };

/* The common options, as they stand in every optimizer's struct from `weight_decay` on. */
typedef struct ant_optimizer_common {
    ANT_OPTIMIZER_OPTIONS;
} ant_optimizer_common;

/* One step, as the host sees it. */
typedef struct ant_optimizer_step {
    double rate;                 /* the learning rate l */
    double t;                    /* the update's number, from 1 */
    double *memory;              /* a number that lives as long as the optimizer, 1 at first */
    double scalar[ANT__SCALARS]; /* what the class's update reads as u->scalar */
} ant_optimizer_step;

/* One weight's update while its ops are written. */
typedef struct ant_update {
    ant_program *program;
    const void *options;
    ant_value *w, *g;
    ant_value *slot[ANT__SLOTS];     /* read before; `update` replaces them by what they become */
    ant_value *scalar[ANT__SCALARS]; /* of this step */
    ant_value *decay;                /* scalar that w is multiplied by first; NULL: none */
} ant_update;

/* `impl` of the kind ANT_OPTIMIZER. */
typedef struct ant_optimizer_class {
    size_t common;     /* offset of the common options */
    const char *slots; /* Keras's names of the slots per weight, separated by spaces */
    /* How Keras's files have them: slot after slot of one weight, then those of the next; after
     * all, one slot of all weights at a time, the slots of this set (1 << k). */
    unsigned apart;
    bool remembers; /* it has a use for the memory of a step, which files then hold last */
    bool (*uses)(const void *options, int slot);    /* whether it is needed; NULL: yes */
    double (*start)(const void *options, int slot); /* a slot's first numbers; NULL: 0 */
    int scalars;                                    /* how many `step` gives */
    void (*step)(const void *options, ant_optimizer_step *s);
    ant_value *(*update)(ant_update *u); /* gives the new weight, of one that has decayed */
    /* The same, with the decay, for all weights at once, each of which gets its new one as `w`;
     * false where these options need `update`. NULL: never. */
    bool (*update_all)(ant_update *u, int n);
} ant_optimizer_class;

/* A weight that training changes, with the path it has in the model. */
typedef struct ant_trained {
    ant_weight *weight;
    const char *path; /* "dense/kernel" */
} ant_trained;

/* Every variable of the state, named as files know it: "m/dense/kernel". */
typedef struct ant_optimizer {
    ant_part part;
    const ant_optimizer_class *cls;
    const ant_optimizer_common *common;
    ant_part schedule;    /* cls NULL: a plain rate */
    double learning_rate; /* where no schedule rules */
    int64_t calls;        /* train steps made; with accumulation several per update */
    double memory;
    const ant_trained *weights;
    int n;
    const char *slot_name[ANT__SLOTS];     /* of the class's slots; NULL: not used */
    int slot_at[ANT__SLOTS];               /* where it is among those that are used, … */
    int slots;                             /* … so many of each weight */
    ant_variable *slot;                    /* n * slots: ant__optimizer_slot finds one */
    ant_variable *average;                 /* n with use_ema, else NULL */
    ant_variable *accumulator;             /* n with gradient accumulation, else NULL */
    double scalars[ANT__SCALARS + 2];      /* room for them, each of the model's type */
    ant_variable scalar[ANT__SCALARS + 2]; /* the class's, then weight decay and average */
    void *numbers;                         /* the slab of all slots */
} ant_optimizer;

/* What kind of train step a program is for: programs differ by it. */
enum ant_step_kind {
    ANT__STEP_ACCUMULATE = 1, /* gradients are only added up */
    ANT__STEP_OVERWRITE = 2   /* the averages become the weights */
};

/* Reads the text; what it points at lives in the context. 0 or an error in the context. */
int ant__optimizer_read(ant_context *c, const char *text, ant_optimizer *out);
/* Makes the slots for these weights (kept, borrowed), with their first numbers; names go to the
 * context. 0 or an error in it. */
int ant__optimizer_build(ant_context *c, ant_optimizer *o, const ant_trained *weights, int n);
void ant__optimizer_free(ant_optimizer *o);
/* Of weight i, number k of the class's slots; NULL where it is not used. */
ant_variable *ant__optimizer_slot(const ant_optimizer *o, int i, int k);

double ant__optimizer_rate(const ant_optimizer *o); /* of the next step */
int64_t ant__optimizer_updates(const ant_optimizer *o);
/* Before a step: the scalars for it, and which kind of step it is. */
int ant__optimizer_prepare(ant_optimizer *o);
void ant__optimizer_done(ant_optimizer *o); /* after it */
/* What losses are multiplied by before gradients are taken. */
double ant__optimizer_loss_scale(const ant_optimizer *o);
/* Writes the whole step for these gradients (NULL: the weight has none and stays). */
void ant__optimizer_write(ant_context *c, ant_program *p, ant_optimizer *o, int kind,
                          ant_value **gradients);
/* With use_ema: the averages become the weights. What Keras does when fit ends. */
void ant__optimizer_finish(ant_optimizer *o);

/* All variables with their names, for files. */
int ant__optimizer_variables(const ant_optimizer *o);
ant_variable *ant__optimizer_variable(const ant_optimizer *o, int k);
#endif
