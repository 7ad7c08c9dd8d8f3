/* The pool: every cell is done once, whatever the number of threads, and in the child of a fork. */
#define _GNU_SOURCE
#include "core/pool.h"
#include "support.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MANY = 1000 };

static void count(void *data, int64_t from, int64_t to) {
    int *times = data;
    for (int64_t i = from; i < to; i++)
        times[i]++;
}

static bool each_done(const int *times, int64_t cells, int expected) {
    for (int64_t i = 0; i < cells; i++)
        if (times[i] != expected)
            return false;
    return true;
}

START_TEST(every_cell_is_done_once) {
    ant_pool *p = ant__pool_new(1 + _i);
    ck_assert_ptr_nonnull(p);
    ck_assert_int_eq(ant__pool_threads(p), 1 + _i);
    for (int64_t cells = 0; cells <= MANY; cells = 2 * cells + 1) {
        int times[MANY + 1] = {0};
        ant__pool_run(p, count, times, cells);
        ck_assert(each_done(times, cells, 1));
        ck_assert_int_eq(times[cells], 0);
    }
    ant__pool_free(p);
}
END_TEST

START_TEST(no_pool_is_one_thread) {
    int times[7] = {0};
    ck_assert_int_eq(ant__pool_threads(NULL), 1);
    ant__pool_run(NULL, count, times, 7);
    ck_assert(each_done(times, 7, 1));
    ant__pool_free(NULL);
}
END_TEST

START_TEST(many_runs_in_a_row) {
    ant_pool *p = ant__pool_new(3);
    int times[5] = {0};
    for (int i = 0; i < 3000; i++)
        ant__pool_run(p, count, times, 5);
    ck_assert(each_done(times, 5, 3000));
    ant__pool_free(p);
}
END_TEST

/* Asleep since long, awake, and falling asleep just then. */
START_TEST(sleeping_workers_wake_up) {
    ant_pool *p = ant__pool_new(4);
    int times[9] = {0};
    for (int i = 0; i < 100; i++) {
        ant__pool_run(p, count, times, 9);
        if (i % 4 == 0)
            usleep(i % 8 == 0 ? 2000 : (useconds_t)(10 * i));
    }
    ck_assert(each_done(times, 9, 100));
    ant__pool_free(p);
}
END_TEST

typedef struct who {
    pthread_t thread[MANY];
} who;

static void note_thread(void *data, int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++)
        ((who *)data)->thread[i] = pthread_self();
}

/* Parts of nearly equal length, each done by one thread from its start to its end. */
START_TEST(parts_are_contiguous) {
    static who w;
    ant_pool *p = ant__pool_new(3);
    ant__pool_run(p, note_thread, &w, MANY);
    int changes = 0;
    for (int i = 1; i < MANY; i++)
        changes += !pthread_equal(w.thread[i], w.thread[i - 1]);
    ck_assert_int_le(changes, 5);
    ant__pool_free(p);
}
END_TEST

/* One thread is held up until all other cells are done: which the others must then do. */
typedef struct held {
    atomic_int begun, done;
} held;

static void hold_up_the_first_worker(void *data, int64_t from, int64_t to) {
    held *h = data;
    bool mine = from > 0 && atomic_fetch_add(&h->begun, 1) == 0;
    while (mine && atomic_load(&h->done) < 4 - (int)(to - from))
        sched_yield();
    atomic_fetch_add(&h->done, (int)(to - from));
}

START_TEST(who_is_held_up_holds_nobody_else_up) {
    ant_pool *p = ant__pool_new(2);
    for (int i = 0; i < 50; i++) {
        held h = {0};
        ant__pool_run(p, hold_up_the_first_worker, &h, 4);
        ck_assert_int_eq(atomic_load(&h.done), 4);
    }
    ant__pool_free(p);
}
END_TEST

/* The caller waits until another has done a part, which is a quarter of all. */
static void wait_for_another(void *data, int64_t from, int64_t to) {
    held *h = data;
    (void)to;
    while (from == 0 && atomic_load(&h->done) == 0)
        sched_yield();
    if (from > 0)
        atomic_store(&h->done, 1);
}

START_TEST(help_is_noticed) {
    ant_pool *p = ant__pool_new(2);
    held h = {0};
    ant__pool_run(p, wait_for_another, &h, 4);
    ck_assert(ant__pool_helped(p));
    ant__pool_free(p);
}
END_TEST

/* With workers asleep (_i 0) and while they spin (_i 1). */
START_TEST(the_child_of_a_fork_works_alone) {
    ant_pool *p = ant__pool_new(3);
    int times[100] = {0};
    ant__pool_run(p, count, times, 100);
    if (_i == 0)
        usleep(5000);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)ant__pool_helped(p);
        ant__pool_run(p, count, times, 100);
        ant__pool_run(p, count, times, 100);
        bool good = each_done(times, 100, 3) && !ant__pool_helped(p);
        ant__pool_free(p);
        _exit(good ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ant__pool_run(p, count, times, 100);
    ck_assert(each_done(times, 100, 2));
    ant__pool_free(p);
}
END_TEST

static int make_and_use(void *data) {
    (void)data;
    int times[10] = {0};
    ant_pool *p = ant__pool_new(2);
    if (!p)
        return -1;
    ant__pool_run(p, count, times, 10);
    ant__pool_free(p);
    return 0;
}

START_TEST(allocations_may_fail) {
    memory_fail_each(make_and_use, NULL);
}
END_TEST

START_TEST(cores_follow_the_affinity) {
    cpu_set_t old, one;
    ck_assert_int_eq(sched_getaffinity(0, sizeof old, &old), 0);
    int all = ant__cores();
    ck_assert_int_ge(all, 1);
    ck_assert_int_le(all, CPU_COUNT(&old));
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &old))
            CPU_SET(i, &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
    ck_assert_int_eq(ant__cores(), 1);
    sched_setaffinity(0, sizeof old, &old);
}
END_TEST

ANT_TEST_MAIN("pool", ANT_LOOP(every_cell_is_done_once, 5), {no_pool_is_one_thread},
              {many_runs_in_a_row}, {sleeping_workers_wake_up}, {parts_are_contiguous},
              {who_is_held_up_holds_nobody_else_up}, {help_is_noticed},
              ANT_LOOP(the_child_of_a_fork_works_alone, 2), {allocations_may_fail},
              {cores_follow_the_affinity})
