/* Files: arrays (npy, npz, csv, safetensors, HDF5, idx) and models (YAML, safetensors).
 *
 *     ant_arrays *d = ant_arrays_new();
 *     if (ant_arrays_read(d, "digits.npz"))
 *         fprintf(stderr, "%s\n", ant_arrays_error(d));
 *     ant_array x = ant_arrays_named(d, "x");
 *     …
 *     ant_arrays_free(d);
 *
 * A file is read whole, checked, and only then used; what it is, is told by its content. No file
 * runs code, names another file, or changes a limit. Every file written appears whole or not at
 * all: it is written beside its place, synced and renamed; a full disk leaves the old one as it
 * was.
 *
 * Threads: two objects, two threads: no restriction.
 */
#ifndef ANTLER_FILES_H
#define ANTLER_FILES_H
#include "antler/types.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* What a reader accepts at most; one struct for all formats.
 *
 * Memory has no number here, for it follows from the file: a model or weights take at most twice
 * the size of their file and 16 MB. What they are read for does not count: the numbers of weights
 * that the model's shapes demand (which are held against the numbers in the file before they get
 * memory), and as much again for those that are packed in it while they are unpacked; a file of
 * weights packed whole, as zip can, may have 16 bytes (of float64: 32) for each number of the
 * model, its optimizer's three included. So weights that are all zeros load, though they pack a
 * thousand to one, and a bomb does not. Arrays that are read (ant_arrays) are what was asked for,
 * within `ratio`. A model said in YAML, where a word makes a layer, may take 64 MB for its
 * layers. */
typedef struct ant_limits {
    int64_t text_bytes;   /* of YAML and of the JSON header of safetensors */
    int64_t stream_bytes; /* from a pipe or device, whose size nobody knows */
    int depth;            /* of nested values */
    int nodes;            /* values in one YAML file */
    int string_bytes;     /* of one name, word or cell */
    int tensors;          /* in one file */
    int members;          /* of a zip file */
    int columns;          /* of a csv file */
    int ratio;            /* of what is unpacked to its stored bytes, above 1 MB */
} ant_limits;
#define ANT_LIMITS_DEFAULTS                                                                        \
    .text_bytes = INT64_C(64) << 20, .stream_bytes = INT64_C(4) << 30, .depth = 64,                \
    .nodes = 1000000, .string_bytes = 1 << 20, .tensors = 1000000, .members = 4096,                \
    .columns = 1000000, .ratio = 1100

/* --- arrays --- */
/* Arrays with names, from a file or for one. */
typedef struct ant_arrays ant_arrays;
/* NULL only when out of memory. */
ANT_API ant_arrays *ant_arrays_new(void);
/* Frees the numbers too. NULL is fine. */
ANT_API void ant_arrays_free(ant_arrays *d);
/* Limits of later reads, copied; NULL: the defaults. */
ANT_API void ant_arrays_limit(ant_arrays *d, const ant_limits *limits);
/* Reads a file ("-": standard input) and adds what is in it:
 *     npy          one array without a name
 *     npz          one array per member, named as the member without ".npy"
 *     safetensors  one array per tensor
 *     HDF5         one array per dataset, named by its path ("layers/dense/vars/0"): what Keras and
 *                  h5py write; a scalar has one axis of one entry
 *     idx          one array without a name: MNIST and its kin
 *     csv          one array per column, named by the header: float64 (NAN where a cell is empty,
 *                  NA or so), or ANT_TEXT
 * Any of them may be packed by gzip. Types: all integers, bool, float16, float32, float64, in
 * either byte order (`swapped`); an array in Fortran's order gets strides. 0, ANT_E_FILE,
 * ANT_E_FORMAT, ANT_E_LIMIT or ANT_E_MEMORY; nothing is added then. */
ANT_API int ant_arrays_read(ant_arrays *d, const char *path);
/* Adds a copy, row-major and in this machine's byte order; name NULL: none. */
ANT_API int ant_arrays_add(ant_arrays *d, const char *name, ant_array values);
/* Writes all of them: .npy (exactly one), .npz, .safetensors, by the ending of `path`.
 * "-" is standard output, as npz, or npy where there is one array. Same errors. */
ANT_API int ant_arrays_write(ant_arrays *d, const char *path);
/* Columns of a table side by side: names or patterns (* and ?), separated by commas, into `out` of
 * (rows, columns), or (rows) for a single one, of any numeric type but float16:
 *     ant_arrays_pack(d, "pixel*", ant_array(*pixels, 1797, 64));
 * 0, ANT_E_DATA (no such column, text), ANT_E_SHAPE or ANT_E_MEMORY. */
ANT_API int ant_arrays_pack(ant_arrays *d, const char *columns, ant_array out);
ANT_API int ant_arrays_count(const ant_arrays *d);
/* A view, valid until ant_arrays_free; axes 0 where there is none. */
ANT_API ant_array ant_arrays_at(const ant_arrays *d, int k);
ANT_API ant_array ant_arrays_named(const ant_arrays *d, const char *name);
/* The text of the last failed call, "" when it went well: file:line:column, what was found and what
 * was expected. */
ANT_API const char *ant_arrays_error(const ant_arrays *d);

/* --- models --- */
/* Saves a model, by the ending of `path`:
 *     .safetensors  all in one file: weights, what compile was told, the optimizer's state; loaded
 *                   again, the model predicts the same bits and trains on as if never interrupted
 *     .yaml, .yml   what the model is and how it is compiled, as text; beside it, under the same
 *                   name with .safetensors, the same as above, from where its numbers are read
 *     .keras        Keras's own file (its 3.15.1): Keras loads it, predicts the same, and trains on
 *                   from the same optimizer's state. What its files have no word for is refused by
 *                   name: layers shared by two models, '/' in names, gelu(approximate=true) …
 *                   What LoRA learnt is in the kernel there, as Keras does it (layers/core.h).
 *                   Several inputs or outputs are a list there, unless a file told how Keras nests
 *                   them (dicts, lists in lists): then so again, in .safetensors and YAML too. A
 *                   call that says .training is written so, with a warning, for Keras does not keep
 *                   to it, and so is attention whose masks Keras would take away (tutorial
 *                   6); where masks are about, a layer called `concatenate` is written as
 *                   `concatenate_layer`, for Keras gives that name to a mask
 * States of stateful layers are a run's and are not saved. 0, or the model's error. */
ANT_API int ant_save(ant_model *m, const char *path);
/* A model from a file, told apart by its content:
 *     safetensors   as saved above
 *     YAML          in any of its forms (docs/yaml.md) with its weights beside it, where there are
 *                   some; else they are newly drawn
 *     .keras, .h5   of Keras 3, Keras 2 and tf.keras, with weights, what compile was told and the
 *                   optimizer's state (docs/tutorials/6-from-keras-to-c.md); inputs and outputs
 *                   stand in Keras's order, which sorts the keys of dicts, and the outputs of a
 *                   dict are named by its keys
 * Layers, losses … of one's own are registered before. Never NULL: after an error the model is
 * dead, and the graph tells what was wrong, with file, line and column, or the layer. */
typedef struct ant_load_options {
    ant_graph *graph;
    const char *path;
    bool compile; /* false: what the file says of training is left alone, be it known here or not */
    char ant_end;
} ant_load_options;
/* ant_load(g, "model.keras", .compile = false) */
#define ant_load(...)                                                                              \
    ant_load_(&(ant_load_options){.compile = true, .graph = __VA_ARGS__},                          \
              offsetof(ant_load_options, ant_end), __FILE__, __LINE__)
ANT_API ant_model *ant_load_(const ant_load_options *o, size_t size, const char *file, int line);

/* Weights alone: .weights.h5, as Keras has them, by the places of their layers; any other name:
 * safetensors, by their names ("encoder/dense/kernel"). */
ANT_API int ant_save_weights(ant_model *m, const char *path);
typedef struct ant_load_weights_options {
    ant_model *model;
    const char *path;
    bool
        skip_mismatch; /* weights that the file lacks or has in another shape stay as they are, with
                           a warning, and what is only in the file is left alone; else an error, and
                           no weight changes */
    char ant_end;
} ant_load_weights_options;
/* ant_load_weights(m, "pretrained.safetensors", .skip_mismatch = true); any numeric type. Also
 * those in .weights.h5 and .keras, which belong to layers by class and order: what such a file has
 * beyond the model's layers is always left alone. In .h5 of Keras 2 they belong to the layers that
 * have weights, in order; with skip_mismatch to those of the same names. */
#define ant_load_weights(M, ...)                                                                   \
    ant_load_weights_(&(ant_load_weights_options){.model = (M), .path = __VA_ARGS__},              \
                      offsetof(ant_load_weights_options, ant_end))
ANT_API int ant_load_weights_(const ant_load_weights_options *o, size_t size);

/* --- callbacks that write files (the others: callbacks.h) --- */
/* A row of numbers per epoch, as Keras's CSVLogger writes them: epoch (from 0), then the names of
 * the logs, sorted; where there is no validation, also val_… with NA. Lines end in CR LF. Flushed
 * after every epoch. */
typedef struct ant_csv_logger_options {
    ANT_PART_OPTIONS;
    const char *filename, *separator; /* the separator is one character */
    bool append; /* to what is there; the first line is written to an empty file */
    char ant_end;
} ant_csv_logger_options;
#define ANT_CSV_LOGGER_DEFAULTS ANT_PART_DEFAULTS, .separator = ","
#define ant_csv_logger(...)                                                                        \
    ANT__PART(ANT_CALLBACK, "CSVLogger", ant_csv_logger_options, ANT_CSV_LOGGER_DEFAULTS,          \
              .graph = __VA_ARGS__)

/* Saves the model (or its weights) after epochs: always, or when the monitored number got better.
 * `filepath` may hold {epoch}, {epoch:02d} (counted from 1) and numbers of the logs:
 * {val_loss:.2f}; its ending says the format, as in ant_save. */
typedef struct ant_model_checkpoint_options {
    ANT_PART_OPTIONS;
    const char *filepath, *monitor;
    int verbose; /* 0: callbacks that write files say nothing */
    bool save_best_only, save_weights_only;
    const char *mode; /* "auto", "min", "max" */
    int save_freq;    /* ANT_NONE ("epoch"): after every epoch; else after so many batches */
    double initial_value_threshold; /* what the first has to be better than; ANT_NONE */
    char ant_end;
} ant_model_checkpoint_options;
#define ANT_MODEL_CHECKPOINT_DEFAULTS                                                              \
    ANT_PART_DEFAULTS, .monitor = "val_loss", .mode = "auto", .save_freq = ANT_NONE,               \
                       .initial_value_threshold = ANT_NONE
#define ant_model_checkpoint(...)                                                                  \
    ANT__PART(ANT_CALLBACK, "ModelCheckpoint", ant_model_checkpoint_options,                       \
              ANT_MODEL_CHECKPOINT_DEFAULTS, .graph = __VA_ARGS__)

/* Saves all that training needs to go on (weights, optimizer, epoch) into a folder after every
 * epoch, and keeps the newest `keep`: what `antler train --resume` goes on from. The folder is made
 * where it is missing. */
typedef struct ant_checkpoints_options {
    ANT_PART_OPTIONS;
    const char *folder;
    int keep; /* at least 1 */
    char ant_end;
} ant_checkpoints_options;
#define ANT_CHECKPOINTS_DEFAULTS ANT_PART_DEFAULTS, .keep = 2
#define ant_checkpoints(...)                                                                       \
    ANT__PART(ANT_CALLBACK, "Checkpoints", ant_checkpoints_options, ANT_CHECKPOINTS_DEFAULTS,      \
              .graph = __VA_ARGS__)
/* The newest one in a folder into a compiled model; returns the epochs it had done, for ant_fit's
 * .initial_epoch: 0 where there is none, or a negative code (the model's error). */
ANT_API int ant_resume(ant_model *m, const char *folder);

#ifdef __cplusplus
}
#endif
#endif
