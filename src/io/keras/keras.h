/* Keras's own files: what is in `.keras`, `.h5` and `.weights.h5`, and how it becomes a model here.
 *
 * Both ways go through the trees of io/config.h, which YAML uses too: reading turns Keras's JSON
 * into the map that stands under `model:` and the one under `compile:`; writing turns a model into
 * JSON. Nothing is built here that ant__model_read does not build.
 *
 *     file_read.c, file_write.c        the zip around it; weights_file.c: weights alone
 *     model_read.c                     a model from the JSON of either kind of file
 *     config_read.c, config_write.c    config.json: models and layers
 *     graph_read.c                     the graph of a Functional model; structure.c: nested ports
 *     call_read.c, calls_write.c       recorded calls
 *     layer_read.c, shared.c           one layer; one that stood before
 *     objects.c, objects_write.c       {"class_name": …, "config": {…}} and the texts of parts
 *     compile_read.c, compile_write.c  compile_config and `compile:`
 *     operations*.c                    recorded operations (x * 2 + y), layers of class Operation
 *     tf_calls.c                       the same in files of tf.keras
 *     paths.c                          which weight stands where in the HDF5 file
 *     weights.c, optimizer_state.c     the numbers there
 *     notes.c                          what only Antler keeps
 *     masks.c                          masks that Keras loses
 *     legacy*.c                        whole models of Keras 2 and tf.keras in one HDF5 file
 *
 * Names in a file are data: they are never looked up as modules, paths or code. */
#ifndef ANT_IO_KERAS_H
#define ANT_IO_KERAS_H
#include "graph/graph.h"
#include "io/hdf5/hdf5.h"
#include "io/json.h"
#include "io/model_file.h"
#include "io/zip.h"

/* --- objects_write.c: {"module": …, "class_name": "L2", "config": {"l2": 0.01}} --- */
/* A part as Keras writes it: a word, or an object with all its options. NULL after an error in c,
 * which names what Keras cannot say. */
ant_tree *ant__keras_part_write(ant_context *c, int kind, const char *text);

/* --- operations.c: {"module": "keras.src.ops.numpy", "class_name": "Multiply", …} --- */
/* What stands for a tensor among a recorded call's arguments: {"class_name": "__keras_tensor__", …}
 * becomes a reference to the value, as calls in a model tree write it. NULL after an error. */
typedef struct ant_keras_tensors {
    ant_tree *(*read)(void *data, const ant_tree *tensor);
    void *data;
} ant_keras_tensors;
bool ant__keras_is_operation(const ant_tree *object);
bool ant__keras_is_tensor(const ant_tree *t);
/* One recorded operation, {"class_name", "config", "inbound_nodes": [{"args", "kwargs"}]}: gives
 * the layer (a map {Operation: {op: …}}, or a layer class that does the same) and adds its operands
 * to `call`, a tree of kind ANT__CALL. NULL after an error in c, which names operation and
 * argument. */
ant_tree *ant__keras_operation_read(ant_context *c, const ant_tree *object, const ant_tree *node,
                                    const ant_keras_tensors *tensors, ant_tree *call);
/* A call of a layer of class Operation back: the object without name and inbound_nodes, and its
 * args and kwargs, with `operands` (one tree of __keras_tensor__ per node) put in their places.
 * NULL after an error in c, which names what Keras cannot say. */
ant_tree *ant__keras_operation_write(ant_context *c, const ant_layer_use *u,
                                     ant_tree *const *operands, ant_tree **args, ant_tree **kwargs);

/* --- tf_calls.c: {"class_name": "TFOpLambda", "config": {"function": "math.add"}, …} --- */
bool ant__keras_is_tf_call(const ant_tree *object);
/* One recorded call of tf.keras, ["dense", 0, 0, {"y": 3.0}]: the same. */
ant_tree *ant__keras_tf_call_read(ant_context *c, const ant_tree *object, const ant_tree *node,
                                  const ant_keras_tensors *tensors, ant_tree *call);

/* --- config_read.c, compile_read.c --- */
/* The map under `model:` from config.json of a Functional or Sequential model. NULL after an error
 * in c that names the layer. */
ant_tree *ant__keras_model_tree(ant_context *c, const char *path, const ant_tree *config,
                                bool legacy);
/* The map under `compile:` from compile_config and the model it is of, which tells the outputs;
 * NULL without an error: not compiled. */
ant_tree *ant__keras_compile_tree(ant_context *c, const char *path, const ant_tree *model,
                                  const ant_tree *config);

/* --- config_write.c, compile_write.c --- */
/* config.json of a settled model, compile_config included. NULL after an error in c. */
ant_tree *ant__keras_config_write(ant_context *c, ant_model *m);
/* compile_config of a compiled model. NULL after an error in c. */
ant_tree *ant__keras_compile_write(ant_context *c, const ant_model *m);

/* --- paths.c: "layers/lstm/cell/vars/0" --- */
/* A weight of a model and its place in the file, or a group that must exist though it holds
 * none. */
typedef struct ant_keras_place {
    const char *group;  /* "layers/lstm/cell" */
    const char *name;   /* of the layer: the attribute of its `vars` group; NULL: none is written */
    ant_weight *weight; /* NULL: only the group */
    int index;          /* vars/<index> */
    bool own;           /* of a user's class, or a layer in one that it never calls: nothing in
                         * the group may be left over */
} ant_keras_place;
typedef struct ant_keras_places {
    ANT__LIST(ant_keras_place) list;
} ant_keras_places;
/* All of them, in the order in which Keras writes them; each shared layer once, at its first path.
 * The list is freed with ant__free(list.at). 0 or an error in c. */
int ant__keras_places(ant_context *c, ant_model *m, ant_keras_places *out);

/* The attribute under which Keras's layer holds child k, and whether that is a list. NULL after an
 * error in c. */
const char *ant__keras_attribute(ant_context *c, const ant_layer *l, int k, bool *listed);

/* --- weights.c, optimizer_state.c: numbers in and out of the HDF5 file --- */
/* How weights are set. */
typedef enum ant_keras_taking {
    ANT__TAKE_ALL,  /* all of them, or none and an error */
    ANT__TAKE_FITS, /* as skip_mismatch in ant_load_weights */
    ANT__TAKE_NEW   /* all; after an error the model is thrown away, so that none is kept beside */
} ant_keras_taking;
/* Sets the weights by their places. `root` is the file's, or a group that holds a model. What the
 * file has beyond the model's layers is left alone. */
int ant__keras_weights_take(ant_context *c, ant_model *m, const char *path,
                            const ant_hdf5_node *root, ant_keras_taking how);
/* Sets the optimizer's state where the file has one and the model an optimizer; a state that does
 * not fit is left out with a warning, as Keras does. */
int ant__keras_optimizer_take(ant_context *c, ant_model *m, const char *path,
                              const ant_hdf5_node *root);
/* The tree of groups that Keras writes: weights, and if it is wanted the optimizer's state where
 * there is one. The weights' numbers are borrowed. NULL after an error in c. */
ant_hdf5_node *ant__keras_weights_tree(ant_context *c, ant_model *m, ant_state_of what);
/* Adds the optimizer's state to such a tree, where there is one. 0 or an error in c. */
int ant__keras_optimizer_put(ant_context *c, ant_model *m, ant_hdf5_node *root);

/* --- notes.c: what only Antler keeps in metadata.json, under "antler" --- */
/* {"outputs": [names], "data": the YAML of the data section}; NULL after an error in c. */
ant_tree *ant__keras_notes(ant_context *c, const ant_model *m);
/* Takes them from metadata.json, where there are some: to be called once the model is built, before
 * it is settled and compiled. 0 or an error in c. */
int ant__keras_notes_take(ant_context *c, ant_model *m, const char *path, const ant_tree *metadata);

/* --- masks.c --- */
/* Marks the calls that Keras runs without a mask that their input has. 0 or an error in c. */
int ant__keras_masks_mark(ant_context *c, ant_model *m);
/* Warns where a call is marked otherwise. Likewise. */
int ant__keras_masks_check(ant_context *c, ant_model *m);

/* --- whole files --- */
/* Is it a zip archive with a config.json? */
bool ant__keras_is(const unsigned char *bytes, size_t size);
/* Was it written by Keras 2, by its version ("2.15.0")? */
bool ant__keras_legacy(const char *version);
/* A model from the bytes of a .keras file, with weights and compile state. NULL: the graph's
 * error. */
ant_model *ant__keras_model(ant_graph *g, const char *path, const unsigned char *bytes, size_t size,
                            ant_compiling how);
/* A model from a legacy .h5 file, as ant__keras_model. */
ant_model *ant__keras_legacy_model(ant_graph *g, const char *path, const unsigned char *bytes,
                                   size_t size, ant_compiling how);
/* Does a file of HDF5 hold a whole model? */
bool ant__keras_legacy_is(const unsigned char *bytes, size_t size);
/* Weights as such files have them, alone or with a model. */
bool ant__keras_legacy_weights_are(const ant_hdf5_node *root);
/* Sets the weights by the names of the layers, or by their places: all of them, or none and an
 * error; with skip_mismatch what does not fit stays, with a warning. */
int ant__keras_legacy_weights_take(ant_context *c, ant_model *m, const char *path,
                                   const ant_hdf5_node *root, bool by_name, bool skip_mismatch);
/* The same of its optimizer's state; one that does not fit is left out with a warning. */
int ant__keras_legacy_optimizer_take(ant_context *c, ant_model *m, const char *path,
                                     const ant_hdf5_node *root);
/* Writes a settled model; the file appears whole or not at all. 0 or an error in c. */
int ant__keras_save(ant_context *c, ant_model *m, const char *path);
/* Weights, and the optimizer's state if that is wanted, from the bytes of a .weights.h5 or a .keras
 * file; as ant__state_read. */
bool ant__keras_is_weights(const unsigned char *bytes, size_t size);
int ant__keras_state_read(ant_context *c, ant_model *m, const char *path,
                          const unsigned char *bytes, size_t size, ant_state_of what,
                          bool skip_mismatch);
extern const char ant__keras_weights_member[]; /* of .keras: the HDF5 file in it */
/* Its bytes, for a model of so many numbers of type `real`. 0 or an error in c. */
int ant__keras_unpack(ant_context *c, const ant_zip *z, const ant_member *m, uint64_t numbers,
                      int real, const unsigned char **bytes);
/* Its weights alone, as Keras's .weights.h5. */
int ant__keras_save_weights(ant_context *c, ant_model *m, const char *path);
#endif
