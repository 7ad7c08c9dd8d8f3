/* Tests of file formats need no classes. */
#include "core/options/class.h"

const ant_family *const ant__families[] = {NULL};
