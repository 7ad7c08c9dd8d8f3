/* ant_size: one number for every axis, or several in one integer (antler/types.h). */
#include "core/options/option.h"

int ant__size_count(ant_size s) {
    return s < 0 ? 0 : (int)(s >> 60);
}

int ant__size_at(ant_size s, int k) {
    int n = ant__size_count(s);
    if (!n)
        return (int)s;
    int bits = 60 / n;
    int64_t sign = (int64_t)1 << (bits - 1);
    int64_t entry = s >> bits * k & (((int64_t)1 << bits) - 1);
    return (int)((entry ^ sign) - sign);
}

bool ant__size_pack(ant_size *out, const int *x, int n) {
    if (n < 1 || n > 6 || n == 5)
        return false;
    int bits = 60 / n;
    ant_size s = (ant_size)n << 60;
    for (int k = 0; k < n; k++)
        s |= (x[k] & (((ant_size)1 << bits) - 1)) << bits * k;
    for (int k = 0; k < n; k++)
        if (ant__size_at(s, k) != x[k])
            return false;
    *out = s;
    return true;
}
