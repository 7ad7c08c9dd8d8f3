#include "core/kernels/gemm_blis.h"
#include <stddef.h>

#ifdef ANT__BLIS
#include <blis.h>
#include <stdlib.h>
#include <string.h>

enum { SET_UP_BYTES = 1 << 20 };

/* Sets BLIS up (once, whichever thread comes first) unless memory is too short for it. */
static bool ready(void) {
    void *probe = malloc(SET_UP_BYTES);
    if (!probe)
        return false;
    free(probe);
    bli_init();
    return true;
}

const char *ant__blis_arch(void) {
    return ready() ? bli_arch_string(bli_arch_query_id()) : NULL;
}

static bool packs_plainly(num_t type, bszid_t size, cntx_t *context) {
    return bli_cntx_get_blksz_def_dt(type, size, context) ==
           bli_cntx_get_blksz_max_dt(type, size, context);
}

bool ant__blis_kernel(ant_blis_kernel *out, bool is_double) {
    if (!ready() || bli_arch_query_id() == BLIS_ARCH_GENERIC)
        return false;
    cntx_t *context = bli_gks_query_cntx();
    const num_t type = is_double ? BLIS_DOUBLE : BLIS_FLOAT;
    void_fp kernel = bli_cntx_get_l3_nat_ukr_dt(type, BLIS_GEMM_UKR, context);
    out->is_double = is_double;
    out->rows = (int)bli_cntx_get_blksz_def_dt(type, BLIS_MR, context);
    out->columns = (int)bli_cntx_get_blksz_def_dt(type, BLIS_NR, context);
    out->by_columns = !bli_cntx_l3_nat_ukr_prefers_rows_dt(type, BLIS_GEMM_UKR, context);
    memcpy(&out->kernel, &kernel, sizeof kernel);
    out->context = context;
    return packs_plainly(type, BLIS_MR, context) && packs_plainly(type, BLIS_NR, context);
}

static void tile32(const ant_blis_kernel *b, float *c, const inc_t stride[2], bool add,
                   const void *a_packed, const void *b_packed, const int64_t size[3]) {
    sgemm_ukr_ft kernel;
    memcpy(&kernel, &b->kernel, sizeof kernel);
    auxinfo_t next = {0};
    bli_auxinfo_set_next_ab((void *)a_packed, (void *)b_packed, &next);
    float one = 1, old = add;
    kernel(size[0], size[1], size[2], &one, (void *)a_packed, (void *)b_packed, &old, c, stride[0],
           stride[1], &next, b->context);
}

static void tile64(const ant_blis_kernel *b, double *c, const inc_t stride[2], bool add,
                   const void *a_packed, const void *b_packed, const int64_t size[3]) {
    dgemm_ukr_ft kernel;
    memcpy(&kernel, &b->kernel, sizeof kernel);
    auxinfo_t next = {0};
    bli_auxinfo_set_next_ab((void *)a_packed, (void *)b_packed, &next);
    double one = 1, old = add;
    kernel(size[0], size[1], size[2], &one, (void *)a_packed, (void *)b_packed, &old, c, stride[0],
           stride[1], &next, b->context);
}

void ant__blis_tile(const ant_blis_kernel *b, void *c, int64_t c_row, int64_t c_column, bool add,
                    const void *a_packed, const void *b_packed, const int64_t size[3]) {
    const inc_t stride[2] = {c_row, c_column};
    if (b->is_double)
        tile64(b, c, stride, add, a_packed, b_packed, size);
    else
        tile32(b, c, stride, add, a_packed, b_packed, size);
}

#else

const char *ant__blis_arch(void) {
    return NULL;
}

bool ant__blis_kernel(ant_blis_kernel *out, bool is_double) {
    (void)out, (void)is_double;
    return false;
}

void ant__blis_tile(const ant_blis_kernel *b, void *c, int64_t c_row, int64_t c_column, bool add,
                    const void *a_packed, const void *b_packed, const int64_t size[3]) {
    (void)b, (void)c, (void)c_row, (void)c_column, (void)add;
    (void)a_packed, (void)b_packed, (void)size;
}
#endif
