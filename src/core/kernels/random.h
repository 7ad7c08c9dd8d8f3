/* What random ops tell their kernels; input 0 is the counter, one int64. */
#ifndef ANT_CORE_KERNELS_RANDOM_H
#define ANT_CORE_KERNELS_RANDOM_H

enum ant_random_number { ANT__RANDOM_TOTAL, ANT__RANDOM_KEY };
enum { ANT__RANDOM_CELL = 8192 }; /* entries, a multiple of a block's four */
#endif
