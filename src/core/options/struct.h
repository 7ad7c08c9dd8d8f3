/* Structs of options that a macro of a public header filled in the caller's program. `size` is that
 * of their fields as the program was built: an older one's struct is shorter. Behind them stands
 * ant_end, which nobody says but by one positional option too many. */
#ifndef ANT_CORE_STRUCT_H
#define ANT_CORE_STRUCT_H
#include <stddef.h>

/* Why the struct can't be taken where `known` bytes of fields are known, or NULL. */
const char *ant__struct_wrong(size_t known, const void *said, size_t size);
/* Lays what was said over the defaults in `own`, whether or not it is wrong; returns that. */
const char *ant__struct_take(void *own, size_t known, const void *said, size_t size);
#endif
