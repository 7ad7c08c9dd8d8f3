/* The central list of families: every class of Antler is in one of these tables. */
#include "core/options/class.h"

#define FAMILIES(X)                                                                                \
    X(action)                                                                                      \
    X(activation)                                                                                  \
    X(activations)                                                                                 \
    X(attention)                                                                                   \
    X(auc)                                                                                         \
    X(batch_normalization)                                                                         \
    X(bidirectional)                                                                               \
    X(callback)                                                                                    \
    X(concatenate)                                                                                 \
    X(confusion)                                                                                   \
    X(constraints)                                                                                 \
    X(conv)                                                                                        \
    X(dense)                                                                                       \
    X(depthwise)                                                                                   \
    X(dot)                                                                                         \
    X(dropout)                                                                                     \
    X(edges)                                                                                       \
    X(einsum_dense)                                                                                \
    X(embedding)                                                                                   \
    X(file_callback)                                                                               \
    X(global_pooling)                                                                              \
    X(gru)                                                                                         \
    X(initializers)                                                                                \
    X(input)                                                                                       \
    X(layer_normalization)                                                                         \
    X(limit)                                                                                       \
    X(loss)                                                                                        \
    X(lstm)                                                                                        \
    X(masking)                                                                                     \
    X(merging)                                                                                     \
    X(metric)                                                                                      \
    X(model)                                                                                       \
    X(multi_head)                                                                                  \
    X(noise)                                                                                       \
    X(normalization_statistics)                                                                    \
    X(operation)                                                                                   \
    X(optimizer)                                                                                   \
    X(pooling)                                                                                     \
    X(prelu)                                                                                       \
    X(progress)                                                                                    \
    X(regularizers)                                                                                \
    X(rescaling)                                                                                   \
    X(reshaping)                                                                                   \
    X(rms_normalization)                                                                           \
    X(rnn)                                                                                         \
    X(schedule)                                                                                    \
    X(score)                                                                                       \
    X(simple_rnn)                                                                                  \
    X(softmax)                                                                                     \
    X(time_distributed)                                                                            \
    X(upsampling)

#define X(name) extern const ant_family ant__##name##_family;
FAMILIES(X)
#undef X

const ant_family *const ant__families[] = {
#define X(name) &ant__##name##_family,
    FAMILIES(X)
#undef X
        NULL,
};
