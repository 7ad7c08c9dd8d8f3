/* The matmul kernel of every set against its plain twin: odd sizes, all strides, everything that a
 * product may have beside its operands, exact memory. */
#include "core/kernels/gemm_size.h"
#include "core/kernels/kernel.h"
#include "core/kernels/matmul.h"
#include "core/kernels/pack.h"
#include "naive.h"
#include "support.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct product {
    int64_t m, n, k;
    bool ta, tb, relu;
    int parts; /* enum ant_matmul_part */
    int64_t block_rows, block_columns;
    int64_t depth; /* of a piece; 0: all of k at once */
    int64_t span;  /* rows whose sum is one of C; 0: C has them all */
} product;

enum { A, B, BIAS, REST, GATE, C, SUMS, PANELS, WORK, ARRAYS };
typedef struct arrays {
    size_t size[ARRAYS];
    void *at[ARRAYS];
} arrays;

static int64_t rows_of_c(const product *p) {
    return p->span > 0 ? p->m / p->span : p->m;
}

static int64_t cells_of(const product *p) {
    int64_t rows = p->span > 0 ? rows_of_c(p) : (p->m + p->block_rows - 1) / p->block_rows;
    int64_t cells = rows * ((p->n + p->block_columns - 1) / p->block_columns);
    return cells > 0 ? cells : 1;
}

/* As the op has it: none where B is read in place. */
static int64_t cell_workspace(const ant_kernel_set *set, int real, const product *p) {
    const int64_t rows = p->span > 0            ? ANT__MATMUL_TOGETHER
                         : p->m < p->block_rows ? p->m
                                                : p->block_rows;
    bool in_place = !p->tb && p->k > 0 && set->vector_bytes > 16 && ant__gemm_in_place(rows);
    int64_t panel = in_place || p->parts & ANT__MATMUL_PACKED ? 0 : ant__gemm_workspace(p->k);
    const bool fights = ant__gemm_fights(p->m * (int64_t)(real ? 8 : 4), p->k);
    const int64_t copy =
        p->ta && fights && set->vector_bytes > 16 ? ant__gemm_copy(p->block_rows, p->k) : 0;
    return panel + copy + (p->span > 0 ? ANT__MATMUL_TOGETHER * ANT__GEMM_WIDEST : 0);
}

static arrays arrays_new(const product *p, const ant_kernel_set *set, int real) {
    const int64_t entries[ARRAYS] = {p->m * p->k,
                                     p->k * p->n,
                                     p->n,
                                     p->m * p->n,
                                     p->m * p->n,
                                     rows_of_c(p) * p->n,
                                     p->n,
                                     ant__gemm_packed(p->k, p->n),
                                     cells_of(p) * cell_workspace(set, real, p)};
    arrays a;
    for (int i = 0; i < ARRAYS; i++) {
        a.size[i] = (size_t)entries[i] * (real ? 8 : 4);
        a.at[i] = guarded_new(a.size[i]);
        ck_assert_ptr_nonnull(a.at[i]);
        naive_fill(a.at[i], real, (uint64_t)i, entries[i]);
    }
    return a;
}

static void arrays_free(arrays *a) {
    for (int i = 0; i < ARRAYS; i++)
        guarded_free(a->at[i], a->size[i]);
}

static void numbers_of(const product *p, const ant_kernel_set *set, int real,
                       ant_num n[ANT__MATMUL_LEAD]) {
    n[ANT__MATMUL_M].i = p->m;
    n[ANT__MATMUL_N].i = p->n;
    n[ANT__MATMUL_K].i = p->k;
    n[ANT__MATMUL_A_ROW].i = p->ta ? 1 : p->k;
    n[ANT__MATMUL_A_COLUMN].i = p->ta ? p->m : 1;
    n[ANT__MATMUL_B_ROW].i = p->tb ? 1 : p->n;
    n[ANT__MATMUL_B_COLUMN].i = p->tb ? p->k : 1;
    n[ANT__MATMUL_WITH].i = p->parts;
    n[ANT__MATMUL_ACTIVATION].i = p->relu;
    n[ANT__MATMUL_BLOCK_ROWS].i = p->block_rows;
    n[ANT__MATMUL_BLOCK_COLUMNS].i = p->block_columns;
    n[ANT__MATMUL_CELLS].i = cells_of(p);
    n[ANT__MATMUL_WORKSPACE].i = cell_workspace(set, real, p);
    n[ANT__MATMUL_SPAN].i = p->span;
    n[ANT__MATMUL_DEPTH].i = p->depth > 0 ? p->depth : p->k;
    n[ANT__MATMUL_AXES].i = 0;
}

static double *as_double(const void *from, int real, int64_t count) {
    double *out = malloc((size_t)count * sizeof *out + 1);
    for (int64_t i = 0; i < count; i++)
        out[i] = naive_get(from, real, i);
    return out;
}

static void check_entry(const product *p, const ant_kernel_set *set, int real, const char *what,
                        int64_t i, double want, double got) {
    const int64_t terms = p->k * (p->span > 0 ? p->span : 1);
    if (!(fabs(want - got) <= naive_tolerance(real, terms)))
        ck_abort_msg("%s, %d bytes: %d x %d x %d ta %d tb %d relu %d parts %d: %s %d is %g, not %g",
                     set->name, real ? 8 : 4, (int)p->m, (int)p->n, (int)p->k, p->ta, p->tb,
                     p->relu, p->parts, what, (int)i, got, want);
}

static void check_result(const product *p, const arrays *v, const ant_kernel_set *set, int real,
                         const double *sums) {
    for (int64_t i = 0; i < p->m * p->n; i++) {
        double want = sums[i];
        want += p->parts & ANT__MATMUL_REST ? naive_get(v->at[REST], real, i) : 0;
        want = p->relu && want < 0 ? 0 : want;
        if (p->parts & ANT__MATMUL_GATE && !(naive_get(v->at[GATE], real, i) > 0))
            want = 0;
        check_entry(p, set, real, "entry", i, want, naive_get(v->at[C], real, i));
    }
}

static void check_spans(const product *p, const arrays *v, const ant_kernel_set *set, int real,
                        const double *entries) {
    for (int64_t i = 0; i < rows_of_c(p) * p->n; i++) {
        double sum = 0;
        for (int64_t r = 0; r < p->span; r++) {
            double x = entries[(i / p->n * p->span + r) * p->n + i % p->n];
            sum += p->relu && x < 0 ? 0 : x;
        }
        check_entry(p, set, real, "span", i, sum, naive_get(v->at[C], real, i));
    }
}

static void check_sums(const product *p, const arrays *v, const ant_kernel_set *set, int real) {
    for (int64_t j = 0; p->parts & ANT__MATMUL_SUMS && j < p->n; j++) {
        double sum = 0;
        for (int64_t i = 0; i < p->k; i++)
            sum += naive_get(v->at[B], real, i * p->n + j);
        check_entry(p, set, real, "sum", j, sum, naive_get(v->at[SUMS], real, j));
    }
}

static void compare(const product *p, const arrays *v, const ant_kernel_set *set, int real) {
    double *a = as_double(v->at[A], real, p->m * p->k), *b = as_double(v->at[B], real, p->k * p->n);
    double *bias = as_double(v->at[BIAS], real, p->n),
           *sums = malloc((size_t)(p->m * p->n) * 8 + 1);
    naive_matmul(sums, (naive_matrix){a, p->ta ? 1 : p->k, p->ta ? p->m : 1},
                 (naive_matrix){b, p->tb ? 1 : p->n, p->tb ? p->k : 1},
                 p->parts & ANT__MATMUL_BIAS ? bias : NULL, p->m, p->n, p->k);
    if (p->span > 0)
        check_spans(p, v, set, real, sums);
    else
        check_result(p, v, set, real, sums);
    check_sums(p, v, set, real);
    free(a);
    free(b);
    free(bias);
    free(sums);
}

static void run(const ant_kernel_set *set, int real, const product *p, const arrays *v,
                int64_t from, int64_t to) {
    static const int optional[] = {BIAS, REST, GATE};
    ant_num n[ANT__MATMUL_LEAD];
    numbers_of(p, set, real, n);
    void *at[8] = {v->at[A], v->at[p->parts & ANT__MATMUL_PACKED ? PANELS : B]};
    int next = 2;
    for (int i = 0; i < 3; i++)
        if (p->parts >> i & 1)
            at[next++] = v->at[optional[i]];
    at[next++] = v->at[C];
    if (p->parts & ANT__MATMUL_SUMS)
        at[next++] = v->at[SUMS];
    at[next] = v->at[WORK];
    set->real[real][ANT__K_matmul](at, n, from, to);
}

static void pack(const ant_kernel_set *set, int real, const product *p, const arrays *v) {
    const ant_num n[] = {
        {.i = p->k}, {.i = p->n}, {.i = p->tb ? 1 : p->n}, {.i = p->tb ? p->k : 1}};
    const int64_t cells = (p->n + ANT__PACK_COLUMNS - 1) / ANT__PACK_COLUMNS;
    for (int64_t i = cells; i-- > 0;)
        set->real[real][ANT__K_pack]((void *[]){v->at[B], v->at[PANELS]}, n, i, i + 1);
}

/* As one call, then cell by cell from the last: the same bits. */
static void check_product(const ant_kernel_set *set, int real, const product *p) {
    arrays v = arrays_new(p, set, real);
    pack(set, real, p, &v);
    run(set, real, p, &v, 0, cells_of(p));
    compare(p, &v, set, real);
    void *once = malloc(v.size[C] + 1);
    memcpy(once, v.at[C], v.size[C]);
    memset(v.at[C], 0xff, v.size[C]);
    for (int64_t i = cells_of(p); i-- > 0;)
        run(set, real, p, &v, i, i + 1);
    ck_assert_msg(memcmp(once, v.at[C], v.size[C]) == 0, "%s: the cut changes bits", set->name);
    free(once);
    arrays_free(&v);
}

static void check_sets(const product *p) {
    for (const ant_kernel_set *const *s = ant__kernel_sets(); *s; s++)
        for (int real = 0; real < 2; real++)
            check_product(*s, real, p);
}

static void check_forms(int64_t m, int64_t n, int64_t k, int64_t rows, int64_t columns) {
    for (int form = 0; form < 16; form++)
        check_sets(&(product){m, n, k, form & 1, form & 2, form & 4,
                              form & 8 ? ANT__MATMUL_BIAS : 0, rows, columns});
}

/* All sets of parts; sums need B's rows as they are. */
static void check_parts(int64_t m, int64_t n, int64_t k, int64_t rows, int64_t columns) {
    for (int parts = 0; parts < 32; parts++) {
        bool packed = parts & ANT__MATMUL_PACKED, sums = parts & ANT__MATMUL_SUMS;
        for (int form = 0; form < 8 && !(packed && sums); form++)
            if (!(form & 2 && sums))
                check_sets(&(product){m, n, k, form & 1, form & 2, form & 4, parts, rows, columns});
    }
}

START_TEST(small_sizes) {
    const int64_t sizes[] = {1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33};
    const int64_t columns[] = {1, 3, 4, 8, 15, 16, 17, 31, 32, 33, 50, 65};
    for (int i = 0; i < 12; i++)
        for (int j = i % 3; j < 12; j += 3)
            check_forms(sizes[i], columns[j], 1 + (i * 7 + j * 5) % 23, 1000, 1024);
}
END_TEST

START_TEST(all_parts) {
    const int64_t sizes[] = {1, 3, 6, 8, 13, 20};
    const int64_t columns[] = {1, 7, 8, 16, 19, 32, 45};
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < 7; j++)
            check_parts(sizes[i], columns[j], 1 + (i * 5 + j * 3) % 19, 1000, 1024);
    check_parts(30, 70, 9, 7, 32);
    check_parts(1, 300, 37, 1, 1024);
    check_parts(0, 5, 3, 1, 1024);
}
END_TEST

START_TEST(one_row) {
    const int64_t columns[] = {1, 16, 127, 128, 129, 256, 300};
    for (int j = 0; j < 7; j++)
        check_forms(1, columns[j], 40, 1, 1024);
}
END_TEST

START_TEST(many_rows) {
    check_forms(97, 40, 33, 1000, 1024);
    check_forms(200, 64, 10, 1000, 1024);
    check_parts(100, 40, 7, 1000, 1024);
}
END_TEST

/* As many rows and columns as two panels at once are multiplied for, and their rests. */
START_TEST(two_panels) {
    const int64_t columns[] = {32, 48, 64, 65, 100, 130};
    for (int i = 0; i < 6; i++)
        check_parts(6 + 7 * i, columns[i], 5 + i, 1000, 1024);
    for (int rows = 7; rows < 12; rows++)
        check_forms(rows, 128, 8, 1000, 64);
    check_forms(13, 130, 257, 1000, 128);
    check_forms(99, 64, 129, 1000, 64);
    check_sets(&(product){99, 128, 129, true, .parts = ANT__MATMUL_SUMS, .block_rows = 1000,
                          .block_columns = 128});
}
END_TEST

START_TEST(long_sums) {
    check_sets(&(product){3, 20, 3000, true, .parts = ANT__MATMUL_SUMS, .block_rows = 3,
                          .block_columns = 32});
}
END_TEST

START_TEST(blocks) {
    check_forms(50, 100, 20, 16, 32);
    check_forms(50, 100, 20, 50, 64);
    check_forms(13, 33, 5, 1, 32);
}
END_TEST

/* As a kernel's gradient is multiplied: piece by piece of a long k. */
START_TEST(pieces) {
    const int64_t sizes[][4] = {{45, 70, 300, 64},   {1, 1, 100, 7},   {97, 33, 256, 64},
                                {100, 40, 130, 128}, {8, 32, 129, 64}, {6, 16, 128, 64}};
    for (int i = 0; i < 6; i++)
        for (int rows = 48; rows <= 1000; rows += 952)
            check_sets(&(product){sizes[i][0], sizes[i][1], sizes[i][2], true, .block_rows = rows,
                                  .block_columns = 32, .depth = sizes[i][3]});
}
END_TEST

/* Long enough that tiles ask for memory on their way. */
START_TEST(deep) {
    const int64_t depths[] = {128, 129, 256, 257, 300, 385};
    for (int i = 0; i < 6; i++)
        check_forms(9 + 8 * (i % 2), 33 + i, depths[i], 8, 32);
    check_forms(100, 65, 385, 104, 32);
    check_parts(9, 33, 257, 8, 32);
}
END_TEST

/* Rows of a transposed A that fight for lines of the cache. */
START_TEST(fighting_rows) {
    const int64_t rows[] = {32, 104};
    for (int i = 0; i < 2; i++)
        check_sets(&(product){1024, 40, 256 + i, true, .parts = i ? ANT__MATMUL_SUMS : 0,
                              .block_rows = rows[i], .block_columns = 32});
    check_sets(&(product){1024, 9, 600, true, .block_rows = 40, .block_columns = 32, .depth = 280});
}
END_TEST

/* Rows that are added up as they are made. */
START_TEST(spans) {
    const int64_t sizes[][4] = {{6, 33, 7, 3},   {196, 70, 9, 98}, {5, 1, 3, 1},
                                {88, 32, 5, 88}, {89, 40, 5, 89},  {400, 16, 20, 200},
                                {60, 130, 4, 30}};
    for (int i = 0; i < 7; i++)
        for (int form = 0; form < 16; form++)
            check_sets(&(product){
                sizes[i][0], sizes[i][1], sizes[i][2], .tb = form & 1, .relu = form & 2,
                .parts = (form & 4 ? ANT__MATMUL_BIAS : 0) | (form & 8 ? ANT__MATMUL_PACKED : 0),
                .block_rows = 1, .block_columns = i & 1 ? 64 : 32, .span = sizes[i][3]});
}
END_TEST

START_TEST(no_depth_gives_bias_or_zero) {
    check_sets(
        &(product){3, 5, 0, .parts = ANT__MATMUL_BIAS, .block_rows = 3, .block_columns = 32});
    check_sets(&(product){3, 5, 0, .block_rows = 3, .block_columns = 32});
}
END_TEST

ANT_TEST_MAIN("matmul kernel", {small_sizes}, {all_parts}, {one_row}, {many_rows}, {two_panels},
              {long_sums}, {blocks}, {pieces}, {deep}, {fighting_rows}, {spans},
              {no_depth_gives_bias_or_zero})
