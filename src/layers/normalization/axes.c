#include "layers/normalization/axes.h"

static void sort(ant_axes *a) {
    for (int i = 1; i < a->n; i++)
        for (int k = i; k > 0 && a->at[k] < a->at[k - 1]; k--) {
            int low = a->at[k];
            a->at[k] = a->at[k - 1];
            a->at[k - 1] = low;
        }
}

ant_axes ant__axes_said(ant_size axis) {
    int n = ant__size_count(axis);
    ant_axes a = {.n = n ? n : 1};
    for (int k = 0; k < a.n; k++)
        a.at[k] = ant__size_at(axis, k);
    sort(&a);
    return a;
}

ant_axes ant__axes_real(ant_size axis, int rank) {
    ant_axes a = ant__axes_said(axis);
    for (int k = 0; k < a.n; k++)
        if ((a.at[k] = ant__axis(a.at[k], rank)) < 0)
            return (ant_axes){.n = 0};
    sort(&a);
    return a;
}

bool ant__axes_twice(const ant_axes *a) {
    for (int k = 1; k < a->n; k++)
        if (a->at[k] == a->at[k - 1])
            return true;
    return false;
}

unsigned ant__axes_bits(const ant_axes *a) {
    unsigned bits = 0;
    for (int k = 0; k < a->n; k++)
        bits |= ANT_AXIS(a->at[k]);
    return bits;
}
