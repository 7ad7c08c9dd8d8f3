/* A model file with what stands beside the model: data, fit, callbacks, output. What the command
 * line works on; any model file that Antler reads can be opened as one. */
#ifndef ANT_IO_EXPERIMENT_H
#define ANT_IO_EXPERIMENT_H
#include "antler/files.h"
#include "antler/train.h"
#include "core/text/buffer.h"
#include "io/model_file.h"
#include "io/recipe.h"

typedef struct ant_experiment {
    ant_graph *graph;
    const char *path;    /* as it was given */
    ant_tree *tree;      /* the whole file, overrides in it; NULL: no text was read */
    ant_model *model;    /* compiled where the file says how */
    ant_recipe *recipe;  /* data:, or what a model file kept of it; NULL: none */
    ant_fit_options fit; /* fit: and callbacks:, else Keras's defaults; without model and rows */
    bool has_weights;    /* trained ones: from the file itself, beside it, or `weights` */
    const char *output;  /* output:, from this process's folder; NULL: not said */
    const char *waiting; /* weights to be read once data gives the model its shape; NULL: none */
    const char *const *sets; /* n_sets overrides, as they were given: borrowed */
    int n_sets;
    ANT__LIST(ant_arrays *) held; /* files whose numbers rowsets point at */
} ant_experiment;

/* Opens a file, told apart by its content. `how`: what becomes of what a model file of another
 * program says of training. `weights` (NULL: none) gives its weights. `overrides` are n texts
 * PATH=VALUE ("fit.epochs=3") that stand in place of what the file says and live as long as the
 * experiment; fit.seed becomes the graph's seed. 0 or the graph's error, with file, line and
 * column. */
int ant__experiment_open(ant_graph *g, const char *path, ant_compiling how, const char *weights,
                         const char *const *overrides, int n, ant_experiment *out);

/* Weights from a file, by name; a Sequential without a shape gets them with its first rows. 0 or
 * the graph's error. */
int ant__experiment_weights(ant_experiment *e, const char *path);
/* A path that the file says, as this process reaches it; NULL when out of memory. */
const char *ant__experiment_path(const ant_experiment *e, const char *said);
/* Frees what an experiment holds beside the graph's memory; the graph stays. */
void ant__experiment_close(ant_experiment *e);

/* Which rows of `data` (NULL: the file's own) are trained or evaluated on: of other data than the
 * file's all are evaluated on, unless an override says which ones are for that. An override of what
 * `data` and `targets` take the place of is refused. 0 or the graph's error. */
int ant__experiment_data(const ant_experiment *e, const char *data, const char *targets,
                         bool training, ant_rows_of *which);

/* Rows as arrays for the model's inputs and outputs, in the graph's memory. */
typedef struct ant_rowset {
    ant_array x[ANT_MAX_PORTS], y[ANT_MAX_PORTS], sample_weight[ANT_MAX_PORTS];
    int64_t rows;
} ant_rowset;
/* data: NULL (the file's own), .csv (by the recipe, or by `targets`: names of columns separated by
 * commas, NULL: none), .npz (x, x/NAME, y, y/NAME, sample_weight, sample_weight/NAME; for
 * prediction NAME alone), a file with one array: .npy, idx (inputs; targets: another such file). A
 * recipe that was not fitted yet is, on the training rows of the file's own data (when training, of
 * this data). A Sequential without a shape gets that of x. 0 or the graph's error. */
int ant__experiment_rows(ant_experiment *e, const char *data, const char *targets,
                         ant_rows_of which, bool want_targets, ant_rowset *out);

/* Saves model, compile state, optimizer state and recipe: .safetensors, or .yaml with its weights
 * beside it. Whole or not at all. 0 or the graph's or model's error. */
int ant__experiment_save(ant_experiment *e, const char *path);

/* What a file is and what is in it, as lines; an error tells why it would be refused. */
int ant__file_describe(ant_context *c, const char *path, ant_buffer *out);
#endif
