/* The families that tests of this floor may name. */
#include "demo.h"

const ant_family *const ant__families[] = {&ant__demo_family, NULL};
