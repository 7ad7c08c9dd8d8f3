/* The classes of the floors up to the graph. */
#include "core/options/class.h"

#define FAMILIES(X)                                                                                \
    X(activations)                                                                                 \
    X(attention)                                                                                   \
    X(batch_normalization)                                                                         \
    X(bidirectional)                                                                               \
    X(concatenate)                                                                                 \
    X(constraints)                                                                                 \
    X(dense)                                                                                       \
    X(dropout)                                                                                     \
    X(einsum_dense)                                                                                \
    X(embedding)                                                                                   \
    X(gru)                                                                                         \
    X(initializers)                                                                                \
    X(input)                                                                                       \
    X(lstm)                                                                                        \
    X(masking)                                                                                     \
    X(merging)                                                                                     \
    X(model)                                                                                       \
    X(multi_head)                                                                                  \
    X(normalization_statistics)                                                                    \
    X(operation)                                                                                   \
    X(regularizers)                                                                                \
    X(rescaling)                                                                                   \
    X(reshaping)                                                                                   \
    X(rnn)                                                                                         \
    X(simple_rnn)                                                                                  \
    X(time_distributed)

#define X(name) extern const ant_family ant__##name##_family;
FAMILIES(X)
#undef X

const ant_family *const ant__families[] = {
#define X(name) &ant__##name##_family,
    FAMILIES(X)
#undef X
        NULL,
};
