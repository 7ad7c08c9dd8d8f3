/* All families of operations. */
#include "layers/operation/operation.h"

extern const ant_operation_family ant__elementwise_operations, ant__reducing_operations,
    ant__shape_operations, ant__piece_operations, ant__product_operations, ant__index_operations,
    ant__network_operations;

const ant_operation_family *const ant__operation_families[] = {
    &ant__elementwise_operations, &ant__reducing_operations,
    &ant__shape_operations,       &ant__piece_operations,
    &ant__product_operations,     &ant__index_operations,
    &ant__network_operations,     NULL};
