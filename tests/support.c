/* The runner around Check. */
#include "support.h"
#include <stdlib.h>

int test_run(const char *name, const test_entry *entries, int n) {
    Suite *suite = suite_create(name);
    TCase *all = tcase_create(name);
    tcase_set_timeout(all, 240);
    for (int k = 0; k < n; k++) {
        if (entries[k].times)
            tcase_add_loop_test(all, entries[k].test, 0, entries[k].times);
        else
            tcase_add_test(all, entries[k].test);
    }
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
