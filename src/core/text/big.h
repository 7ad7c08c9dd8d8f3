/* Large whole numbers on the stack: as many bits as exact conversion between decimal text and
 * doubles needs. Little-endian words; the words at n and above are not used. */
#ifndef ANT_CORE_BIG_H
#define ANT_CORE_BIG_H
#include <stdbool.h>
#include <stdint.h>

/* The largest is 10^1131 (801 digits that are read, down to 10^-330): 3758 bits, 118 words. */
enum { ANT__BIG_WORDS = 124 };
typedef struct ant_big {
    int n;
    uint32_t word[ANT__BIG_WORDS];
} ant_big;

void ant__big_set(ant_big *a, uint64_t x);
void ant__big_multiply(ant_big *a, uint32_t factor, uint32_t term); /* a = a * factor + term */
void ant__big_power(ant_big *a, int tens);                          /* a = a * 10^tens */
void ant__big_shift(ant_big *a, int bits);                          /* a = a * 2^bits */
void ant__big_add(ant_big *a, const ant_big *b);
void ant__big_subtract(ant_big *a, const ant_big *b); /* b <= a */
int ant__big_compare(const ant_big *a, const ant_big *b);
int ant__big_bits(const ant_big *a); /* 0 for 0 */
#endif
