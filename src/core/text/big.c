/* Large whole numbers. */
#include "core/text/big.h"
#include <string.h>

void ant__big_set(ant_big *a, uint64_t x) {
    a->n = 0;
    for (; x; x >>= 32)
        a->word[a->n++] = (uint32_t)x;
}

void ant__big_multiply(ant_big *a, uint32_t factor, uint32_t term) {
    uint64_t carry = term;
    for (int i = 0; i < a->n; i++) {
        carry += (uint64_t)a->word[i] * factor;
        a->word[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry)
        a->word[a->n++] = (uint32_t)carry;
}

void ant__big_power(ant_big *a, int tens) {
    for (; tens >= 9; tens -= 9)
        ant__big_multiply(a, 1000000000, 0);
    for (; tens > 0; tens--)
        ant__big_multiply(a, 10, 0);
}

void ant__big_shift(ant_big *a, int bits) {
    int words = bits / 32;
    if (a->n && words) {
        memmove(a->word + words, a->word, (size_t)a->n * sizeof *a->word);
        memset(a->word, 0, (size_t)words * sizeof *a->word);
        a->n += words;
    }
    if (bits % 32)
        ant__big_multiply(a, (uint32_t)1 << bits % 32, 0);
}

void ant__big_add(ant_big *a, const ant_big *b) {
    uint64_t carry = 0;
    while (a->n < b->n)
        a->word[a->n++] = 0;
    for (int i = 0; i < a->n; i++) {
        carry += (uint64_t)a->word[i] + (i < b->n ? b->word[i] : 0);
        a->word[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry)
        a->word[a->n++] = (uint32_t)carry;
}

void ant__big_subtract(ant_big *a, const ant_big *b) {
    uint32_t borrow = 0;
    for (int i = 0; i < a->n; i++) {
        uint64_t take = (uint64_t)(i < b->n ? b->word[i] : 0) + borrow;
        borrow = a->word[i] < take;
        a->word[i] -= (uint32_t)take;
    }
    while (a->n && !a->word[a->n - 1])
        a->n--;
}

int ant__big_compare(const ant_big *a, const ant_big *b) {
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    for (int i = a->n - 1; i >= 0; i--)
        if (a->word[i] != b->word[i])
            return a->word[i] < b->word[i] ? -1 : 1;
    return 0;
}

int ant__big_bits(const ant_big *a) {
    int bits = 32 * a->n;
    if (bits)
        for (uint32_t top = a->word[a->n - 1]; !(top >> 31); top <<= 1)
            bits--;
    return bits;
}
