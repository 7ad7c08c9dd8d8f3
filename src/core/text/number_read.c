/* Decimal text into the nearest double: exactly in doubles where both digits and power of ten are
 * small, else by long division of large whole numbers. */
#include "core/text/big.h"
#include "core/text/tree.h"
#include <math.h>
#include <string.h>

enum {
    MOST_DIGITS = 800, /* 767 decide every rounding; more only tell that a half is exceeded */
    MOST_EXPONENT = 100000
};

/* digits * 10^exponent. The digits are those at `start`, without the point. */
typedef struct decimal {
    const char *start, *end;
    uint64_t head;    /* the first 19 digits */
    int64_t digits;   /* significant ones, from the first that is not 0 */
    int64_t exponent; /* of the last digit */
} decimal;

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static const char *scan_digits(decimal *d, const char *s, bool fraction, bool *any) {
    for (; is_digit(*s); s++) {
        *any = true;
        d->exponent -= fraction;
        if (!d->digits && *s == '0')
            continue;
        if (d->digits++ < 19)
            d->head = 10 * d->head + (uint64_t)(*s - '0');
    }
    return s;
}

static const char *scan_exponent(decimal *d, const char *s) {
    bool minus = s[1] == '-';
    const char *digit = s + 1 + (s[1] == '-' || s[1] == '+');
    if (!is_digit(*digit))
        return s;
    int64_t e = 0;
    for (; is_digit(*digit); digit++)
        if (e < MOST_EXPONENT)
            e = 10 * e + (*digit - '0');
    d->exponent += minus ? -e : e;
    return digit;
}

static bool scan(decimal *d, const char *s) {
    bool any = false;
    d->start = s;
    s = scan_digits(d, s, false, &any);
    if (*s == '.')
        s = scan_digits(d, s + 1, true, &any);
    d->end = s;
    if (any && (*s == 'e' || *s == 'E'))
        s = scan_exponent(d, s);
    return any && !*s;
}

/* num = the digits; of those beyond MOST_DIGITS only matters whether all are 0: a 1 stands for them
 * where they are not. */
static void load_digits(const decimal *d, ant_big *num, int64_t *exponent) {
    int taken = 0;
    bool more = false;
    ant__big_set(num, 0);
    for (const char *s = d->start; s < d->end; s++) {
        if (*s == '.' || (!taken && *s == '0'))
            continue;
        if (taken == MOST_DIGITS) {
            more = more || *s != '0';
            continue;
        }
        ant__big_multiply(num, 10, (uint32_t)(*s - '0'));
        taken++;
    }
    *exponent = d->exponent + (d->digits - taken) - more;
    if (more)
        ant__big_multiply(num, 10, 1);
}

/* num / den, rounded to 53 bits or to what a denormal has. */
static double divide(ant_big *num, ant_big *den) {
    int exponent = ant__big_bits(num) - ant__big_bits(den);
    ant__big_shift(exponent > 0 ? den : num, exponent > 0 ? exponent : -exponent);
    if (ant__big_compare(num, den) < 0) {
        ant__big_shift(num, 1);
        exponent--;
    }
    int bits = exponent < -1022 ? 53 - (-1022 - exponent) : 53;
    if (bits < 0)
        return 0;
    uint64_t quotient = 0;
    for (int k = 0; k < bits; k++) {
        bool one = ant__big_compare(num, den) >= 0;
        if (one)
            ant__big_subtract(num, den);
        quotient = 2 * quotient + one;
        ant__big_shift(num, 1);
    }
    int half = ant__big_compare(num, den);
    quotient += half > 0 || (half == 0 && quotient % 2);
    return ldexp((double)quotient, exponent - bits + 1);
}

static double convert(const decimal *d) {
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (!d->digits)
        return 0;
    if (d->digits <= 15 && d->exponent >= -22 && d->exponent <= 22)
        return d->exponent < 0 ? (double)d->head / tens[-d->exponent]
                               : (double)d->head * tens[d->exponent];
    int64_t magnitude = d->digits + d->exponent;
    if (magnitude > 310)
        return INFINITY;
    if (magnitude < -330)
        return 0;
    ant_big num, den;
    int64_t exponent;
    load_digits(d, &num, &exponent);
    ant__big_set(&den, 1);
    ant__big_power(exponent < 0 ? &den : &num, (int)(exponent < 0 ? -exponent : exponent));
    return divide(&num, &den);
}

static bool special(const char *s, double *x) {
    if (strchr(s, '_'))
        return false;
    if (ant__word_among("inf infinity .inf", s, true))
        *x = INFINITY;
    else if (ant__word_among("nan .nan", s, true))
        *x = NAN;
    else
        return false;
    return true;
}

bool ant__number_read(const char *text, double *x) {
    bool minus = *text == '-';
    text += *text == '-' || *text == '+';
    decimal d = {.digits = 0};
    double value;
    if (scan(&d, text))
        value = convert(&d);
    else if (!special(text, &value))
        return false;
    *x = minus ? -value : value;
    return true;
}

bool ant__whole_read(const char *text, int64_t *x) {
    bool minus = *text == '-';
    text += *text == '-' || *text == '+';
    uint64_t value = 0, most = (uint64_t)INT64_MAX + minus;
    if (!is_digit(*text))
        return false;
    for (; is_digit(*text); text++) {
        uint64_t digit = (uint64_t)(*text - '0');
        if (value > (most - digit) / 10)
            return false;
        value = 10 * value + digit;
    }
    *x = minus ? (int64_t)(0 - value) : (int64_t)value;
    return !*text;
}
