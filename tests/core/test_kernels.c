/* The kernel tables: every set is whole, and every set computes the same. */
#include "core/kernels/kernel.h"
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

START_TEST(a_kernel_gives_the_same_on_every_set) {
    float x[6] = {1, 2, 3, -1000, 0, 1000}, y[6];
    double want[6] = {0.09003057, 0.24472847, 0.66524096, 0, 0, 1};
    ant_num numbers[] = {{.i = 2}, {.i = 3}, {.i = 1}, {.i = 2}, {.i = 0}};
    void *at[] = {x, y};
    for (const ant_kernel_set *const *s = ant__kernel_sets(); *s; s++) {
        (*s)->real[0][ANT__K_softmax](at, numbers, 0, 1);
        for (int i = 0; i < 6; i++)
            ck_assert_double_eq_tol(y[i], want[i], 1e-7);
    }
}
END_TEST

ANT_TEST_MAIN("kernels", {every_table_is_full}, {baseline_always_runs}, {the_choice_can_run},
              {a_kernel_gives_the_same_on_every_set})
