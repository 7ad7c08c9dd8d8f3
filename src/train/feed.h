/* Feeding programs: arrays are matched to a model's inputs, targets and sample weights, checked,
 * and gathered batch by batch straight into the programs' input buffers, or read where they lie. */
#ifndef ANT_TRAIN_FEED_H
#define ANT_TRAIN_FEED_H
#include "antler/train.h"
#include "core/array.h"
#include "graph/graph.h"

enum { ANT__MAX_FEEDS = 3 * ANT_MAX_PORTS, ANT__WHAT = 96 };
enum ant_feed_role { ANT__INPUTS, ANT__TARGETS, ANT__WEIGHTS, ANT__ROLES };

/* One input of a program. */
typedef struct ant_feed_port {
    enum ant_feed_role role;
    int index; /* which input or output of the model */
    const char *name;
    char what[ANT__WHAT]; /* in messages: "input 'left'" */
    int dtype;
    const ant_dims *wanted; /* what a row must be like, batch first; NULL: anything */
    ant_array array;        /* what is read now; axes 0: weights made of classes */
    void *buffer;           /* of the run; NULL: all is read where it lies */
    const void *at;         /* the present batch */
} ant_feed_port;

typedef struct ant_feed {
    int n;
    int64_t rows, first;     /* rows first … first + rows of the arrays */
    const int64_t *order;    /* or those listed here; NULL: as they lie */
    ant_floats class_weight; /* count 0: none */
    bool shuffles;           /* order will be said */
    bool weighted;           /* has sample weights or class weights */
    ant_data *data;          /* rows from functions, in place of arrays */
    const ant_model *model;
    ant_run *run; /* whose buffers it fills, … */
    int bank;     /* … the first half of them or the second */
    ant_fault *error;
    ant_feed_port port[ANT__MAX_FEEDS]; /* the first n; the others are never cleared */
    ant_dims dims[ANT__MAX_FEEDS];      /* of the present batch */
} ant_feed;

/* Arrays as options hold them. */
typedef struct ant_feed_arrays {
    const ant_array *list[ANT__ROLES]; /* NULL: none */
} ant_feed_arrays;

enum ant_feed_bank { ANT__BANK_FIRST, ANT__BANK_SECOND };
/* The ports of a program for the run's model: its inputs, and the targets of those outputs that
 * `targets` marks, with a dtype each. Two feeds of one run must differ in their bank. */
void ant__feed_ports(ant_feed *f, ant_run *run, enum ant_feed_bank bank, const bool *targets,
                     const bool *labels, ant_fault *e);
/* Matches arrays by name or order, adds ports for weights, checks shapes and row counts. */
int ant__feed_arrays(ant_feed *f, const ant_feed_arrays *a);
/* Buffers for batches of `batch` rows, where these cannot stay where they lie. */
int ant__feed_reserve(ant_feed *f, int64_t batch);
/* Gathers rows [at, at + count); no allocation. Sets dims. 0 or the feed's error. */
int ant__feed_batch(ant_feed *f, int64_t at, int64_t count);
/* The present batch becomes the program's inputs. */
void ant__feed_bind(const ant_feed *f, ant_program *p);
/* Of a list with an ant_several: that is all there is, and none of its arrays is missing. 0 or an
 * error. */
int ant__arrays_check(const ant_model *m, const char *what, const ant_array *list, ant_fault *e);
#endif
