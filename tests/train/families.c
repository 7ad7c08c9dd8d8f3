/* The classes of the floors up to training. */
#include "core/options/class.h"

#define FAMILIES(X)                                                                                \
    X(action)                                                                                      \
    X(activations)                                                                                 \
    X(auc)                                                                                         \
    X(batch_normalization)                                                                         \
    X(callback)                                                                                    \
    X(concatenate)                                                                                 \
    X(confusion)                                                                                   \
    X(constraints)                                                                                 \
    X(dense)                                                                                       \
    X(dropout)                                                                                     \
    X(embedding)                                                                                   \
    X(initializers)                                                                                \
    X(input)                                                                                       \
    X(limit)                                                                                       \
    X(loss)                                                                                        \
    X(masking)                                                                                     \
    X(metric)                                                                                      \
    X(model)                                                                                       \
    X(optimizer)                                                                                   \
    X(progress)                                                                                    \
    X(regularizers)                                                                                \
    X(schedule)                                                                                    \
    X(score)

#define X(name) extern const ant_family ant__##name##_family;
FAMILIES(X)
#undef X

const ant_family *const ant__families[] = {
#define X(name) &ant__##name##_family,
    FAMILIES(X)
#undef X
        NULL,
};
