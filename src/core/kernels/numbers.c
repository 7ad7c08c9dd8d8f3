#include "core/kernels/kernel.h"

void ant__num_int(ant_nums *n, int64_t x) {
    n->failed |= !ANT__PUSH(n, (ant_num){.i = x});
}

void ant__num_real(ant_nums *n, double x) {
    n->failed |= !ANT__PUSH(n, (ant_num){.f = x});
}

void ant__num_pointer(ant_nums *n, const void *p) {
    n->failed |= !ANT__PUSH(n, (ant_num){.p = p});
}
