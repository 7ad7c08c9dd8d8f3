#include "core/options/struct.h"
#include <string.h>

const char *ant__struct_wrong(size_t known, const void *said, size_t size) {
    if (size > known)
        return "the program was built with a newer Antler";
    return ((const char *)said)[size] ? "one positional option too many" : NULL;
}

const char *ant__struct_take(void *own, size_t known, const void *said, size_t size) {
    memcpy(own, said, size < known ? size : known);
    return ant__struct_wrong(known, said, size);
}
