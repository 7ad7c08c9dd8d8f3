/* What every test shares: a runner around Check, and memory that fails when asked to.
 *
 *     START_TEST(adds) { ck_assert_int_eq(1 + 1, 2); }
 *     END_TEST
 *     ANT_TEST_MAIN("sums", adds, ANT_LOOP(each_row, 12))
 */
#ifndef ANT_TESTS_SUPPORT_H
#define ANT_TESTS_SUPPORT_H
#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- the runner: one suite of one case; the exit code tells --- */
typedef struct test_entry {
    const TTest *test;
    int times; /* of a loop test: _i runs over 0 … times-1; 0: once */
} test_entry;
/* A loop test in the list of ANT_TEST_MAIN. */
#define ANT_LOOP(test, times)                                                                      \
    { test, times }
int test_run(const char *name, const test_entry *entries, int n);
#define ANT_TEST_MAIN(name, ...)                                                                   \
    int main(void) {                                                                               \
        const test_entry entries[] = {__VA_ARGS__};                                                \
        return test_run(name, entries, (int)(sizeof entries / sizeof *entries));                   \
    }

/* --- failing memory (failing_memory.c, linked with every test) --- */
/* The k-th allocation from now on fails (k from 1), those after it do not; 0: none fails. */
void memory_fail_at(int64_t k);
/* Allocations and resizes since the last memory_fail_at. */
int64_t memory_calls(void);
/* The most bytes that were alive at once since the last memory_fail_at, beyond those alive then. */
int64_t memory_peak(void);
/* Blocks that are alive: the same before and after means that nothing leaked. */
int64_t memory_live(void);
/* Runs `body` with every allocation failing in turn, until one run needs no more allocations than
 * are given. `body` returns 0 when it went well and a code when it did not; it must say so exactly
 * when memory failed, and must free all that it made. */
void memory_fail_each(int (*body)(void *data), void *data);

/* --- memory that ends where it ends (guarded_memory.c) --- */
/* Memory of exactly `size` bytes that ends where an inaccessible page begins: touching one byte
 * behind it kills the test. Its start is aligned as its size allows. NULL: out of memory. */
void *guarded_new(size_t size);
void guarded_free(void *block, size_t size);
#endif
