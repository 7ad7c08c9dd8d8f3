/* Models in files: what is written, and what comes back.
 *
 * One YAML text tells what the model is (`model:`), how it is compiled (`compile:`) and how rows
 * become its inputs (`data:`). In safetensors it stands in the metadata, under "config". Tensors
 * are the weights by path, and the optimizer's state under names that begin with '@'. */
#ifndef ANT_IO_MODEL_FILE_H
#define ANT_IO_MODEL_FILE_H
#include "core/text/buffer.h"
#include "graph/graph.h"
#include "io/recipe.h"
#include "io/safetensors.h"

/* --- config: model_file.c --- */
/* The YAML of a model; puts nothing and gives a code after an error in c. */
int ant__model_config(ant_context *c, ant_model *m, ant_buffer *out);
/* Saves as ant_save does; `recipe` (NULL: what the model's file held) is kept with the model. 0 or
 * an error in c. */
int ant__model_save(ant_context *c, ant_model *m, const ant_recipe *recipe, const char *path);
/* Can this be the content of a file that holds a whole model: safetensors, .keras, .h5? Those that
 * hold numbers alone are refused then. */
bool ant__model_is(const unsigned char *bytes, size_t size);
/* What becomes of what a file says of training. */
typedef enum ant_compiling {
    ANT__COMPILE,
    ANT__COMPILE_OR_WARN, /* where it cannot be compiled here, it stays as it is, with a warning */
    ANT__COMPILE_NOT
} ant_compiling;
/* Whether a model can be written under this name, by its ending; 0 or an error. */
int ant__model_path_check(ant_fault *e, const char *path);
/* As ant_load, from a file's content; *recipe is what it kept of its data section, NULL: nothing.
 * NULL after an error, which is the graph's. */
ant_model *ant__model_of_bytes(ant_graph *g, const char *path, const ant_bytes *b,
                               ant_compiling how, ant_recipe **recipe);
/* The parts of such a text, or of an experiment; each may be NULL but `model`. */
typedef struct ant_config {
    ant_tree *model, *compile, *data, *fit, *callbacks;
    const char *output;
} ant_config;
/* Sorts the entries of the outermost map. 0 or an error in c, with the place in the file. */
int ant__config_read(ant_context *c, const char *path, ant_tree *t, ant_config *out);
/* Builds, compiles and keeps the data section; NULL: the graph's error. */
ant_model *ant__config_model(ant_graph *g, const char *path, const ant_config *config,
                             ant_compiling how);
/* Compiles a model as a tree says. 0 or the graph's error. */
int ant__compile_tree_read(ant_graph *g, ant_model *m, const char *path, const ant_tree *t,
                           ant_compiling how);
/* "dir/name.yaml" -> "dir/name.safetensors"; NULL when out of memory. */
const char *ant__weights_beside(ant_context *c, const char *path);

/* --- numbers: model_state.c --- */
typedef enum ant_state_of { ANT__WEIGHTS, ANT__WEIGHTS_AND_OPTIMIZER } ant_state_of;
/* Writes weights (and the optimizer's state) as safetensors; 0 or an error in c. */
int ant__state_write(ant_context *c, ant_model *m, const char *path, ant_state_of what,
                     const ant_note *notes, int notes_n);
/* Sets the weights from tensors. Strict: all of them and no others, or none changes. */
int ant__weights_take(ant_context *c, ant_model *m, const char *path, const ant_safetensors *s,
                      bool skip_mismatch);
/* Sets the optimizer's state, where the file has one and the model an optimizer. */
int ant__optimizer_take(ant_context *c, ant_model *m, const char *path, const ant_safetensors *s);
/* Both, from a file, in a context of their own. */
int ant__state_read(ant_context *c, ant_model *m, const char *path, ant_state_of what,
                    bool skip_mismatch);
#endif
