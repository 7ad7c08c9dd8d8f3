/* The families that tests of this floor may name. */
#include "core/options/class.h"

extern const ant_family ant__activations_family, ant__constraints_family, ant__initializers_family,
    ant__regularizers_family, ant__dropout_family, ant__noise_family,
    ant__batch_normalization_family, ant__conv_family, ant__global_pooling_family,
    ant__layer_normalization_family, ant__pooling_family;

const ant_family *const ant__families[] = {
    &ant__activations_family,
    &ant__batch_normalization_family,
    &ant__conv_family,
    &ant__global_pooling_family,
    &ant__layer_normalization_family,
    &ant__pooling_family,
    &ant__constraints_family,
    &ant__dropout_family,
    &ant__initializers_family,
    &ant__noise_family,
    &ant__regularizers_family,
    NULL,
};
