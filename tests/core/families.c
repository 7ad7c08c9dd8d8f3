/* The families that tests of this floor may name. */
#include "core/options/class.h"

const ant_family *const ant__families[] = {NULL};
