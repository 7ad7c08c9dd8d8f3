/* Antler: Keras-like neural networks in C. This header is all that most programs include.
 *
 *     #include <antler/antler.h>
 *
 *     ant_graph *g = ant_graph_new(.seed = 1);
 *     ant_model *m = ant_sequential(g, ant_dense(g, 16, "relu", .input_shape = {4}),
 *                                      ant_dense(g, 3, "softmax"));
 *     ant_compile(m, .optimizer = "adam", .loss = "sparse_categorical_crossentropy");
 *     ant_fit(m, ant_array(x, 150, 4), ant_array(y, 150), .epochs = 20);
 *     if (ant_status(g)) fprintf(stderr, "%s\n", ant_error(g));
 *     ant_graph_free(g);
 *
 * Constructors override their defaults on purpose: for the file that includes this header, the
 * warnings -Woverride-init (gcc), -Winitializer-overrides and -Wmissing-braces (clang) are off.
 */
#ifndef ANTLER_ANTLER_H
#define ANTLER_ANTLER_H
#include "antler/types.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif

#include "antler/activations.h"
#include "antler/callbacks.h"
#include "antler/constraints.h"
#include "antler/custom.h"
#include "antler/data.h"
#include "antler/files.h"
#include "antler/graph.h"
#include "antler/initializers.h"
#include "antler/layers/activation.h"
#include "antler/layers/attention.h"
#include "antler/layers/convolutional.h"
#include "antler/layers/core.h"
#include "antler/layers/merging.h"
#include "antler/layers/normalization.h"
#include "antler/layers/pooling.h"
#include "antler/layers/preprocessing.h"
#include "antler/layers/regularization.h"
#include "antler/layers/reshaping.h"
#include "antler/layers/rnn.h"
#include "antler/losses.h"
#include "antler/metrics.h"
#include "antler/operations.h"
#include "antler/ops.h"
#include "antler/optimizers.h"
#include "antler/regularizers.h"
#include "antler/schedules.h"
#include "antler/train.h"

#endif
