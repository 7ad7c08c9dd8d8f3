/* The kernel tables: every set is whole; its softmax and cross-entropy against plain twins. */
#include "core/kernels/kernel.h"
#include "core/kernels/softmax.h"
#include "core/program/program.h"
#include "naive.h"
#include "support.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

START_TEST(every_table_is_full) {
    for (const ant_kernel_set *const *s = ant__kernel_sets(); *s; s++)
        for (int real = 0; real < 2; real++)
            for (int row = 1; row < ANT__KERNELS; row++)
                ck_assert_msg((*s)->real[real][row] != NULL, "%s: row %d", (*s)->name, row);
}
END_TEST

START_TEST(baseline_always_runs) {
    const ant_kernel_set *const *s = ant__kernel_sets();
    ck_assert_ptr_nonnull(s[0]);
    while (s[1])
        s++;
    ck_assert_str_eq((*s)->name, "baseline");
}
END_TEST

START_TEST(the_choice_can_run) {
    const ant_kernel_set *const *s = ant__kernel_sets();
    const ant_kernel_set *chosen = ant__kernels();
    while (*s && *s != chosen)
        s++;
    ck_assert_ptr_nonnull(*s);
    const char *wish = getenv("ANTLER_KERNELS");
    if (!wish)
        ck_assert_ptr_eq(chosen, ant__kernel_sets()[0]);
    else if (strcmp(wish, "baseline") == 0)
        ck_assert_str_eq(chosen->name, "baseline");
}
END_TEST

/* --- softmax and cross-entropy on every set, in memory without a byte to spare --- */
typedef struct rows_case {
    const ant_kernel_set *set;
    int real; /* 0 float, 1 double */
    int64_t rows, n;
    void *x, *y, *p, *labels;
    double *x64, *want;
} rows_case;

static size_t bytes_of(const rows_case *c, int64_t entries) {
    return (size_t)entries * (c->real ? sizeof(double) : sizeof(float));
}

static void case_open(rows_case *c) {
    const int64_t all = c->rows * c->n;
    c->x = guarded_new(bytes_of(c, all));
    c->y = guarded_new(bytes_of(c, all));
    c->p = guarded_new(bytes_of(c, all));
    c->labels = guarded_new((size_t)c->rows * sizeof(int32_t));
    c->x64 = malloc((size_t)all * sizeof(double));
    c->want = malloc((size_t)all * sizeof(double));
    ck_assert(c->x && c->y && c->p && c->labels && c->x64 && c->want);
    naive_fill(c->x, c->real, 5, all);
    for (int64_t i = 0; i < all; i++)
        c->x64[i] = naive_get(c->x, c->real, i);
    for (int64_t r = 0; r < c->rows; r++)
        ((int32_t *)c->labels)[r] = (int32_t)(r * 7 % c->n);
}

static void case_close(rows_case *c) {
    const int64_t all = c->rows * c->n;
    guarded_free(c->x, bytes_of(c, all));
    guarded_free(c->y, bytes_of(c, all));
    guarded_free(c->p, bytes_of(c, all));
    guarded_free(c->labels, (size_t)c->rows * sizeof(int32_t));
    free(c->x64);
    free(c->want);
}

static void expect(const rows_case *c, const void *got, int64_t i, double want, const char *what) {
    double x = naive_get(got, c->real, i);
    if (!(fabs(x - want) <= naive_tolerance(c->real, 16)))
        ck_abort_msg("%s, %d bytes, %d x %d: %s %d is %g, not %g", c->set->name, c->real ? 8 : 4,
                     (int)c->rows, (int)c->n, what, (int)i, x, want);
}

static void run_softmax(const rows_case *c, void *y, const void *x, int64_t rows, int logarithm) {
    const int64_t block = 32, cells = (rows + block - 1) / block;
    ant_num n[ANT__SOFTMAX_NUMBERS] = {[ANT__SOFTMAX_OUTER] = {.i = rows},
                                       [ANT__SOFTMAX_LENGTH] = {.i = c->n},
                                       [ANT__SOFTMAX_INNER] = {.i = 1},
                                       [ANT__SOFTMAX_BLOCK] = {.i = block},
                                       [ANT__SOFTMAX_LOG] = {.i = logarithm}};
    void *at[] = {(void *)(uintptr_t)x, y};
    c->set->real[c->real][ANT__K_softmax](at, n, 0, cells);
}

/* The last row alone gives the bits that it had among others. */
static void check_alone(const rows_case *c, int logarithm) {
    const size_t row = bytes_of(c, c->n), before = bytes_of(c, (c->rows - 1) * c->n);
    run_softmax(c, c->p, (const char *)c->x + before, 1, logarithm);
    ck_assert_msg(!memcmp(c->p, (const char *)c->y + before, row), "%s: a row of %d alone differs",
                  c->set->name, (int)c->n);
}

static void check_softmax(rows_case *c, int logarithm) {
    run_softmax(c, c->y, c->x, c->rows, logarithm);
    check_alone(c, logarithm);
    naive_softmax(c->want, c->x64, logarithm, c->rows, c->n);
    for (int64_t i = 0; i < c->rows * c->n; i++)
        expect(c, c->y, i, c->want[i], logarithm ? "log_softmax" : "softmax");
}

static void check_cross_entropy(rows_case *c, bool probabilities) {
    const int64_t block = 32, cells = (c->rows + block - 1) / block;
    ant_num n[ANT__CROSS_ENTROPY_NUMBERS] = {[ANT__CROSS_ENTROPY_ROWS] = {.i = c->rows},
                                             [ANT__CROSS_ENTROPY_CLASSES] = {.i = c->n},
                                             [ANT__CROSS_ENTROPY_BLOCK] = {.i = block},
                                             [ANT__CROSS_ENTROPY_LABEL_BYTES] = {.i = 4}};
    ant_report report = {0};
    void *at[] = {c->x, c->labels, c->y, probabilities ? c->p : NULL, &report};
    c->set->real[c->real][ANT__K_softmax_cross_entropy](at, n, 0, cells);
    ck_assert_int_eq(report.code, 0);
    naive_softmax(c->want, c->x64, true, c->rows, c->n);
    for (int64_t r = 0; r < c->rows; r++)
        expect(c, c->y, r, -c->want[r * c->n + ((int32_t *)c->labels)[r]], "loss");
    for (int64_t i = 0; probabilities && i < c->rows * c->n; i++)
        expect(c, c->p, i, exp(c->want[i]), "probability");
}

/* Forth and back in one: the same bits as by two kernels, and a total that is their sum. */
static void check_train(rows_case *c, bool dense, bool probabilities) {
    const int64_t block = 32, cells = (c->rows + block - 1) / block, all = c->rows * c->n;
    const double dloss = 0.375;
    ant_num n[ANT__CROSS_ENTROPY_NUMBERS] = {
        [ANT__CROSS_ENTROPY_ROWS] = {.i = c->rows},
        [ANT__CROSS_ENTROPY_CLASSES] = {.i = c->n},
        [ANT__CROSS_ENTROPY_BLOCK] = {.i = block},
        [ANT__CROSS_ENTROPY_LABEL_BYTES] = {.i = dense ? 0 : 4},
        [ANT__CROSS_ENTROPY_DLOSS] = {.f = dloss},
        [ANT__CROSS_ENTROPY_FACTOR] = {.f = 0.5}};
    const size_t rows = bytes_of(c, c->rows), whole = bytes_of(c, all), one = bytes_of(c, 1);
    void *loss = guarded_new(rows), *seed = guarded_new(rows), *own = guarded_new(rows);
    void *p = guarded_new(whole), *dx = guarded_new(whole), *total = guarded_new(one);
    void *targets = dense ? c->x : c->labels;
    ant_kernel *const *k = c->set->real[c->real];
    ant_report report = {0};
    for (int64_t r = 0; r < c->rows; r++)
        if (c->real)
            ((double *)seed)[r] = dloss;
        else
            ((float *)seed)[r] = (float)dloss;
    k[ANT__K_softmax_cross_entropy]((void *[]){c->x, targets, loss, c->p, &report}, n, 0, cells);
    k[ANT__K_softmax_cross_entropy_grad]((void *[]){c->p, targets, seed, c->y}, n, 0, cells);
    void *at[] = {c->x, targets, own, probabilities ? p : NULL, dx, total, &report};
    n[ANT__CROSS_ENTROPY_BACK].i = 1;
    k[ANT__K_softmax_cross_entropy](at, n, 0, cells);
    ck_assert_int_eq(report.code, 0);
    ck_assert_msg(!memcmp(loss, own, rows) && !memcmp(dx, c->y, whole) &&
                      (!probabilities || !memcmp(p, c->p, whole)),
                  "%s: %d x %d: both in one differ", c->set->name, (int)c->rows, (int)c->n);
    double sum = 0;
    for (int64_t r = 0; r < c->rows; r++)
        sum += naive_get(loss, c->real, r);
    ck_assert_double_le(fabs(naive_get(total, c->real, 0) - sum / 2),
                        naive_tolerance(c->real, 16) * (1 + fabs(sum)));
    at[2] = NULL; /* nobody wants the losses of rows */
    k[ANT__K_softmax_cross_entropy](at, n, 0, cells);
    ck_assert(!memcmp(dx, c->y, whole));
    guarded_free(loss, rows);
    guarded_free(seed, rows);
    guarded_free(own, rows);
    guarded_free(p, whole);
    guarded_free(dx, whole);
    guarded_free(total, one);
}

START_TEST(rows_of_every_set) {
    const int64_t rows[] = {1, 15, 16, 17, 33, 70}, sizes[] = {1, 2, 3, 10, 16, 63, 64, 65, 300};
    for (const ant_kernel_set *const *s = ant__kernel_sets(); *s; s++)
        for (int real = 0; real < 2; real++)
            for (int i = 0; i < 6 * 9; i++) {
                rows_case c = {*s, real, rows[i / 9], sizes[i % 9], .x = NULL};
                case_open(&c);
                check_softmax(&c, 0);
                check_softmax(&c, 1);
                check_cross_entropy(&c, false);
                check_cross_entropy(&c, true);
                for (int k = 0; k < 4; k++)
                    check_train(&c, k & 1, k & 2);
                case_close(&c);
            }
}
END_TEST

ANT_TEST_MAIN("kernels", {every_table_is_full}, {baseline_always_runs}, {the_choice_can_run},
              {rows_of_every_set})
