/* The shortest decimal text of a double or a float, by exact whole numbers (Steele and White 1990;
 * Burger and Dybvig, Printing floating-point numbers quickly and accurately, PLDI 1996). */
#include "core/text/big.h"
#include "core/text/tree.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    DIGITS = 17,                /* enough for every double */
    ROOM = ANT__NUMBER_TEXT - 1 /* behind the sign */
};

/* x = r / s; every number above (r - below) / s and under (r + above) / s reads back as x. */
typedef struct interval {
    ant_big r, s, below, above;
    bool closed; /* the ends read back as x too: its last bit is 0 */
} interval;

typedef struct format {
    int bits, least; /* of the significand; the exponent of the smallest number */
} format;
static const format of_double = {53, -1074}, of_float = {24, -149};

static void interval_of(interval *v, double x, format t) {
    int exponent;
    uint64_t f = (uint64_t)ldexp(frexp(x, &exponent), t.bits);
    exponent -= t.bits;
    if (exponent < t.least) { /* a denormal has fewer bits */
        f >>= t.least - exponent;
        exponent = t.least;
    }
    /* Below a power of two the neighbour is half as far. */
    int narrow = f == (uint64_t)1 << (t.bits - 1) && exponent > t.least;
    int up = exponent > 0 ? exponent : 0;
    v->closed = f % 2 == 0;
    ant__big_set(&v->r, f);
    ant__big_shift(&v->r, up + 1 + narrow);
    ant__big_set(&v->s, 1);
    ant__big_shift(&v->s, up - exponent + 1 + narrow);
    ant__big_set(&v->below, 1);
    ant__big_shift(&v->below, up);
    ant__big_set(&v->above, 1);
    ant__big_shift(&v->above, up + narrow);
}

/* Does the interval, or the digit after this one, reach over s? */
static bool reaches_over(const interval *v) {
    ant_big high = v->r;
    ant__big_add(&high, &v->above);
    int order = ant__big_compare(&high, &v->s);
    return v->closed ? order >= 0 : order > 0;
}

static bool reaches_zero(const interval *v) {
    int order = ant__big_compare(&v->r, &v->below);
    return v->closed ? order <= 0 : order < 0;
}

static void times_ten(interval *v, int tens) {
    ant__big_power(&v->r, tens);
    ant__big_power(&v->below, tens);
    ant__big_power(&v->above, tens);
}

/* Scales so that 0.1 <= x / 10^result < 1, and r, below, above by ten more. */
static int scale(interval *v, double x) {
    int power = (int)ceil(log10(x) - 1e-10);
    if (power >= 0)
        ant__big_power(&v->s, power);
    else
        times_ten(v, -power);
    if (reaches_over(v))
        return power + 1;
    times_ten(v, 1);
    return power;
}

static int next_digit(interval *v) {
    int digit = 0;
    for (; ant__big_compare(&v->r, &v->s) >= 0; digit++)
        ant__big_subtract(&v->r, &v->s);
    return digit;
}

/* 0.d1d2… * 10^power. */
static int shortest(double x, format t, char *digits, int *power) {
    interval v;
    interval_of(&v, x, t);
    *power = scale(&v, x);
    for (int n = 0;;) {
        int digit = next_digit(&v);
        bool low = reaches_zero(&v), high = reaches_over(&v);
        if (low && high) { /* the nearer end */
            ant__big_shift(&v.r, 1);
            low = ant__big_compare(&v.r, &v.s) < 0;
        }
        digits[n++] = (char)('0' + digit + (high && !low));
        if (low || high || n == DIGITS)
            return n;
        times_ten(&v, 1);
    }
}

static void write_plain(const char *digits, int n, int power, char *out) {
    if (power <= 0)
        snprintf(out, ROOM, "0.%.*s%.*s", -power, "0000", n, digits);
    else if (n <= power)
        snprintf(out, ROOM, "%.*s%.*s", n, digits, power - n, "0000000000000000");
    else
        snprintf(out, ROOM, "%.*s.%.*s", power, digits, n - power, digits + power);
}

static void write_scientific(const char *digits, int n, int power, char *out) {
    char sign = power > 0 ? '+' : '-';
    int exponent = power > 0 ? power - 1 : 1 - power;
    snprintf(out, ROOM, "%c%s%.*se%c%02d", *digits, n > 1 ? "." : "", n - 1, digits + 1, sign,
             exponent);
}

static const char *number_text(double x, format t, char out[ANT__NUMBER_TEXT]) {
    char digits[DIGITS], *start = out;
    if (isnan(x))
        return strcpy(out, "nan");
    if (signbit(x)) {
        *start++ = '-';
        x = -x;
    }
    if (isinf(x) || x == 0) {
        strcpy(start, x ? "inf" : "0");
        return out;
    }
    int power, n = shortest(x, t, digits, &power);
    bool plain = power > -4 && power <= 16;
    (plain ? write_plain : write_scientific)(digits, n, power, start);
    return out;
}

const char *ant__number_text(double x, char out[ANT__NUMBER_TEXT]) {
    return number_text(x, of_double, out);
}

double ant__number_of_float(double x) {
    char text[ANT__NUMBER_TEXT];
    if ((double)(float)x == x)
        ant__number_read(number_text(x, of_float, text), &x);
    return x;
}
