/* What the writers of Keras's JSON share. Trees are made in the context's arena. Whatever is NULL
 * is left out: one look at the context's error at the end is enough. */
#ifndef ANT_IO_KERAS_WRITE_H
#define ANT_IO_KERAS_WRITE_H
#include "io/keras/keras.h"
#include "io/structure.h"

/* --- objects_write.c --- */
ant_tree *ant__keras_map(ant_context *c);
ant_tree *ant__keras_items(ant_context *c);
ant_tree *ant__keras_null(ant_context *c);
ant_tree *ant__keras_text(ant_context *c, const char *s);
ant_tree *ant__keras_flag(ant_context *c, bool yes);
ant_tree *ant__keras_whole(ant_context *c, int64_t x);
ant_tree *ant__keras_number(ant_context *c, double x); /* as a float: 1.0 */
void ant__keras_put(ant_tree *map, const char *key, ant_tree *t);
/* {"module": …, "class_name": …, "config": …, "registered_name": null}; `registered` NULL: null. */
ant_tree *ant__keras_object(ant_context *c, const char *module, const char *cls, ant_tree *config,
                            const char *registered);
/* The value of an option that holds no layers. */
ant_tree *ant__keras_option_write(ant_context *c, const ant_row *row, const void *options);

/* Makes a learning rate of a scalar: Keras keeps it as a float32. */
void ant__keras_rate(ant_context *c, ant_tree *t, double rate);

/* --- calls_write.c --- */
/* The calls of one model while it is written. */
typedef struct ant_keras_calls {
    ant_context *c;
    const ant_model_body *body;
    int *number;       /* per step: which call of its layer it is */
    int *next;         /* per step: the next one of its layer; -1: none */
    int *first;        /* per layer, in the order of body->layers: its first step */
    const char **name; /* per layer: as Keras is to know it */
} ant_keras_calls;
/* In the context's arena. 0 or an error in c. */
int ant__keras_calls_begin(ant_context *c, const ant_model *m, ant_keras_calls *out);
const char *ant__keras_layer_name(const ant_keras_calls *s, const ant_layer *l);
/* {"class_name": "__keras_tensor__", …} */
ant_tree *ant__keras_tensor_write(const ant_keras_calls *s, const ant_node *n);
/* The inbound_nodes of a layer (an Operation's are put together by who writes the rest of it). */
ant_tree *ant__keras_layer_calls(const ant_keras_calls *s, const ant_layer *l);
/* What input_layers or output_layers says: ["dense", 0, 0], a list of such, or what the structure
 * says (NULL: none). */
ant_tree *ant__keras_ports(const ant_keras_calls *s, const ant_tree *structure,
                           ant_node *const *nodes, int n);
#endif
