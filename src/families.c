/* The central list of families: every class of Antler is in one of these tables. */
#include "core/options/class.h"

#define FAMILIES(X) X(dense) X(embedding) X(input) X(model) X(masking)

#define X(name) extern const ant_family ant__##name##_family;
FAMILIES(X)
#undef X

const ant_family *const ant__families[] = {
#define X(name) &ant__##name##_family,
    FAMILIES(X)
#undef X
        NULL,
};
