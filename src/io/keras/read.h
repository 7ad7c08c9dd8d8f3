/* What the readers of Keras's configs share.
 *
 * An object is {"class_name": …, "config": {…}}, since Keras 3 with "module" and
 * "registered_name". */
#ifndef ANT_IO_KERAS_READ_H
#define ANT_IO_KERAS_READ_H
#include "io/keras/keras.h"
#include "io/structure.h"

/* --- what is shared: shared.c --- */
typedef struct ant_keras_seen {
    const char *path; /* of a layer in the model tree: "/encoder/dense" */
    bool twice;       /* there is another one of its name */
} ant_keras_seen;

/* An object with an id. */
typedef struct ant_keras_id {
    int around;       /* the object that it stands in */
    int first, next;  /* places of the first and the next one of its id; next 0: none */
    const char *path; /* of the layer, at the first one; NULL: not yet */
} ant_keras_id;

typedef struct ant_keras_ids {
    ant_names ids; /* objects in the order of the text; the first of each id by it */
    ANT__LIST(ant_keras_id) n;
    ANT__LIST(int) ends; /* of each object: how many ids stand before its end */
    ant_names names;     /* layers by their names: the first of each, in the order of `seen` */
    ANT__LIST(ant_keras_seen) seen;
} ant_keras_ids;

typedef struct ant_keras_reader {
    ant_context *c;
    const char *path; /* of the file, for warnings */
    bool legacy;      /* written by Keras 2: its node numbers, its hard_sigmoid */
    bool warned;      /* about the types of numbers */
    bool float64;     /* some layer's numbers are */
    ant_keras_ids ids;
} ant_keras_reader;

/* Looks through the whole config, once. 0 or an error in c. */
int ant__keras_ids_find(ant_keras_reader *r, const ant_tree *config);
void ant__keras_ids_free(ant_keras_ids *s);
/* The path of the layer above that this one is; else it is noted as `path`, and NULL. Check for an
 * error in c. */
const char *ant__keras_shared(ant_keras_reader *r, const char *name, const char *path,
                              const ant_tree *object);

/* --- objects --- */
/* Room for the texts `where` below, which tell an error's place: "layer 'd' (Dense): units". */
enum { ANT__KERAS_PLACE = 512 };
/* The text under a key; NULL where there is none, or something else. */
const char *ant__keras_text_of(const ant_tree *map, const char *key);
/* The class of an object, NULL where it is none. */
const char *ant__keras_class(const ant_tree *object);
/* Its config; an empty one where it has none. */
const ant_tree *ant__keras_config(const ant_tree *object);
bool ant__keras_is_null(const ant_tree *t); /* not there, or null */
/* Is the object a class of Keras itself, as far as it says? */
bool ant__keras_built_in(const ant_tree *object);
/* "package>Class" of a user's own class, as far as the object says it; NULL. */
const char *ant__keras_registered_name(const ant_tree *object);
/* The class that an object names: a registered one by "package>Name" or Name, else Antler's. NULL
 * after an error that names the call to register it by. */
const ant_class *ant__keras_class_find(ant_context *c, int kind, const char *where,
                                       const ant_tree *object);
/* The object's text as one of a part of `kind`: L2(l2=0.01); a bare name or null stay. */
ant_tree *ant__keras_part_read(ant_context *c, int kind, const char *where, const ant_tree *json);

/* How layers among options become trees: by who knows the whole model. */
typedef struct ant_keras_layers {
    ant_tree *(*read)(void *data, const char *where, const ant_tree *object);
    void *data;
} ant_keras_layers;
/* Adds to `out` what `config` says of the options of `cls`, name and dtype left out. Options that
 * the class has none for may say only what means nothing. `layers` NULL: a layer is refused. */
int ant__keras_options_read(ant_context *c, const ant_class *cls, const char *where,
                            const ant_tree *config, const ant_keras_layers *layers, ant_tree *out);

/* --- models --- */
/* One layer: {Dense: {units: 3}}, a model's map, or the path of one above. `name` is added as an
 * option when `named`; the path of the model around it ends in `outer`. */
ant_tree *ant__keras_layer_read(ant_keras_reader *r, const char *outer, const ant_tree *object,
                                bool named);
ant_tree *ant__keras_model_read(ant_keras_reader *r, const char *path, const ant_tree *object);
ant_tree *ant__keras_functional_read(ant_keras_reader *r, const char *path, const ant_tree *object);
/* InputLayer's shape and dtype as options of Antler's. */
ant_tree *ant__keras_input_read(ant_keras_reader *r, const char *name, const ant_tree *config);
/* Adds to `call` what one of its recorded calls says. */
int ant__keras_call_read(ant_keras_reader *r, const char *where, const ant_tree *object,
                         const ant_tree *node, const ant_keras_tensors *tensors, ant_tree *call);
bool ant__keras_is_model(const ant_tree *object);

/* --- a model from its JSON: model_read.c --- */
typedef struct ant_keras_json {
    const char *where; /* for messages: "m.keras: config.json" */
    const void *text;  /* NULL: there is none */
    size_t size;
} ant_keras_json;

typedef struct ant_keras_source {
    ant_graph *g;
    const char *path;
    size_t file_size;
    ant_keras_json config, training; /* without the latter the config may have a compile_config */
    bool legacy;
    ant_compiling how;
} ant_keras_source;

/* The model, neither settled nor compiled, and in *compile the map under `compile:` in c (NULL: not
 * compiled). NULL after an error in c. */
ant_model *ant__keras_model_make(ant_context *c, const ant_keras_source *from, ant_tree **compile);

/* Of the JSON in a file of this size. */
ant_limits ant__keras_limits(size_t file_size);
/* Can the numbers of a file be the weights of the layers that were made after `before`? Asked
 * before they get memory: a few words of a config can claim any size. 0 or an error in c. */
int ant__keras_numbers_check(ant_context *c, const char *path, const ant_hdf5_node *root,
                             const ant_graph *g, const ant_layer *before);

/* --- structures: structure.c --- */
/* A number that is no less than 0 and no more than `most`; -1 where it is something else. */
int ant__keras_whole_of(const ant_tree *t, int most);
/* ["dense", 0, 0]: result 0 of call 0 of a layer (Keras 2 puts keywords behind). */
bool ant__keras_is_leaf(const ant_tree *t);
/* The leaves of input_layers or output_layers, in order. NULL, or what is wrong. */
const char *ant__keras_leaves(const ant_tree *t, const ant_tree *out[ANT_MAX_PORTS], int *n);
/* An output is named by the layer that makes it; a name that is among the keys of `taken` gets a
 * number, as in Keras 2. */
const char *ant__keras_output_name(ant_context *c, const ant_tree *taken, const ant_tree *leaf);
#endif
