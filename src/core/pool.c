#include "core/pool.h"
#include "core/memory.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

enum {
    CACHE_LINE = 64,
    SPINS = 8000,         /* a few hundred microseconds, then a worker sleeps by itself */
    SPINS_TO_YIELD = 2000 /* after which a waiting thread lets others run */
};

/* One helper thread; the slots lie on cache lines of their own, as each is written by its thread
 * and watched by the caller. */
typedef struct worker {
    _Alignas(CACHE_LINE) _Atomic uint64_t done; /* the last job that it finished */
    ant_pool *pool;
    int index; /* from 1: the caller is 0 */
    pthread_t thread;
} worker;

/* Written by the caller before `posted` is raised, and read by workers after they saw it. */
typedef struct job {
    ant_work *work;
    void *data;
    int64_t cells;
} job;

struct ant_pool {
    _Alignas(CACHE_LINE) _Atomic uint64_t posted; /* number of the newest job */
    _Alignas(CACHE_LINE) atomic_int asleep;       /* workers that wait for `wake` */
    atomic_bool awake;                            /* false: workers go to sleep at once */
    atomic_bool closing;
    job job;
    int threads;
    pid_t process; /* after a fork there are no workers in the child */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    worker *workers; /* threads - 1 */
};

/* Tells the processor that this is a waiting loop. */
static void relax(void) {
#if defined __x86_64__ || defined __i386__
    __builtin_ia32_pause();
#elif defined __aarch64__
    __asm__ volatile("yield");
#endif
}

/* Part `index` of `threads` equal ones. */
static void do_part(const job *j, int index, int threads) {
    int64_t from = j->cells / threads * index, rest = j->cells % threads;
    from += index < rest ? index : rest;
    int64_t to = from + j->cells / threads + (index < rest);
    if (from < to)
        j->work(j->data, from, to);
}

/* --- workers --- */

static bool news(ant_pool *p, uint64_t seen) {
    return atomic_load_explicit(&p->posted, memory_order_acquire) != seen ||
           atomic_load_explicit(&p->closing, memory_order_relaxed);
}

/* The caller raises `posted` and then looks at `asleep`; a worker raises `asleep` and then looks
 * at `posted`. In this order, which both keep, no job is slept through. */
static void sleep_until_news(ant_pool *p, uint64_t seen) {
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->asleep, 1);
    while (atomic_load(&p->posted) == seen && !atomic_load(&p->closing))
        pthread_cond_wait(&p->wake, &p->lock);
    atomic_fetch_sub(&p->asleep, 1);
    pthread_mutex_unlock(&p->lock);
}

static void wait_for_news(ant_pool *p, uint64_t seen) {
    for (int i = 0; i < SPINS && atomic_load_explicit(&p->awake, memory_order_relaxed); i++) {
        if (news(p, seen))
            return;
        relax();
    }
    sleep_until_news(p, seen);
}

static void *work_loop(void *data) {
    worker *w = data;
    ant_pool *p = w->pool;
    for (uint64_t seen = 0;;) {
        wait_for_news(p, seen);
        uint64_t posted = atomic_load_explicit(&p->posted, memory_order_acquire);
        if (posted == seen)
            return NULL; /* closing */
        do_part(&p->job, w->index, p->threads);
        seen = posted;
        atomic_store_explicit(&w->done, seen, memory_order_release);
    }
}

/* --- the caller --- */

static void wake_all(ant_pool *p) {
    pthread_mutex_lock(&p->lock);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
}

/* Waits for a worker's part; false when it will never come, as this is the child of a fork. */
static bool wait_for_worker(ant_pool *p, const worker *w, uint64_t posted) {
    for (int spins = 0; atomic_load_explicit(&w->done, memory_order_acquire) != posted; spins++) {
        relax();
        if (spins < SPINS_TO_YIELD)
            continue;
        if (getpid() != p->process)
            return false;
        sched_yield();
    }
    return true;
}

/* In the child of a fork: from now on the caller is alone, and does what nobody else will. */
static void finish_alone(ant_pool *p, int from) {
    for (int i = from; i < p->threads; i++)
        do_part(&p->job, i, p->threads);
    p->threads = 1;
}

static void run_shared(ant_pool *p) {
    uint64_t posted = atomic_load_explicit(&p->posted, memory_order_relaxed) + 1;
    atomic_store_explicit(&p->awake, true, memory_order_relaxed);
    atomic_store(&p->posted, posted);
    if (atomic_load(&p->asleep) > 0) {
        if (getpid() != p->process) {
            finish_alone(p, 0);
            return;
        }
        wake_all(p);
    }
    do_part(&p->job, 0, p->threads);
    for (int i = 1; i < p->threads; i++)
        if (!wait_for_worker(p, &p->workers[i - 1], posted)) {
            finish_alone(p, i);
            return;
        }
}

void ant__pool_run(ant_pool *p, ant_work *work, void *data, int64_t cells) {
    if (!p || p->threads == 1 || cells < 2) {
        if (cells > 0)
            work(data, 0, cells);
        return;
    }
    p->job = (job){work, data, cells};
    run_shared(p);
}

void ant__pool_park(ant_pool *p) {
    if (p)
        atomic_store_explicit(&p->awake, false, memory_order_relaxed);
}

int ant__pool_threads(const ant_pool *p) {
    return p ? p->threads : 1;
}

/* --- making and freeing --- */

/* Starts threads until there are enough or the system gives no more. Signals are left to the
 * program's own threads. */
static void start_workers(ant_pool *p, int threads) {
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int started = 1;
    for (; started < threads; started++) {
        worker *w = &p->workers[started - 1];
        w->pool = p;
        w->index = started;
        if (pthread_create(&w->thread, NULL, work_loop, w) != 0)
            break;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    p->threads = started;
}

static void pool_free_memory(ant_pool *p) {
    if (p)
        ant__free_numbers(p->workers);
    ant__free_numbers(p);
}

ant_pool *ant__pool_new(int threads) {
    threads = threads > 0 ? threads : ant__cores();
    ant_pool *p = ant__alloc_numbers(sizeof *p);
    size_t room = 0;
    if (p && ant__mul((size_t)threads, sizeof *p->workers, &room))
        p->workers = ant__alloc_numbers(room);
    if (!p || !p->workers) {
        pool_free_memory(p);
        return NULL;
    }
    p->process = getpid();
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    start_workers(p, threads);
    return p;
}

void ant__pool_free(ant_pool *p) {
    if (!p)
        return;
    if (getpid() == p->process) {
        atomic_store(&p->closing, true);
        wake_all(p);
        for (int i = 1; i < p->threads; i++)
            pthread_join(p->workers[i - 1].thread, NULL);
        pthread_cond_destroy(&p->wake);
        pthread_mutex_destroy(&p->lock);
    }
    pool_free_memory(p);
}
