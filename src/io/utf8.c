/* UTF-8. */
#include "io/utf8.h"

/* Bytes of the character that begins with `first`; 0 when none does. */
static int length_of(unsigned char first) {
    if (first < 0x80)
        return 1;
    if (first < 0xC2 || first > 0xF4)
        return 0;
    return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

/* The second byte alone decides about overlong forms, surrogates and the end at U+10FFFF. */
static int second_fits(unsigned char first, unsigned char second) {
    unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    return second >= low && second <= high;
}

size_t ant__utf8_valid(const void *text, size_t n) {
    const unsigned char *s = text;
    size_t i = 0;
    while (i < n) {
        if (s[i] < 0x80) {
            i++;
            continue;
        }
        int k = length_of(s[i]);
        if (!k || n - i < (size_t)k || !second_fits(s[i], s[i + 1]))
            return i;
        for (int j = 2; j < k; j++)
            if ((s[i + (size_t)j] & 0xC0) != 0x80)
                return i;
        i += (size_t)k;
    }
    return n;
}

int ant__utf8_next(const char *s, unsigned *code) {
    int n = length_of((unsigned char)*s);
    if (n < 1)
        n = 1;
    unsigned c = (unsigned char)*s & (n == 1 ? 0x7Fu : 0xFFu >> (n + 1));
    for (int k = 1; k < n; k++)
        c = c << 6 | ((unsigned char)s[k] & 0x3Fu);
    if (code)
        *code = c;
    return n;
}
