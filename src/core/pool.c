#include "core/pool.h"
#include "core/memory.h"
#include "core/subnormal.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

enum {
    CACHE_LINE = 64,
    SPINS = 8000,          /* a few hundred microseconds, then a worker sleeps */
    SPINS_TO_YIELD = 2000, /* after which a waiting thread lets others run */
    MOST_THREADS = 1024,
    PARTS_PER_THREAD = 2 /* so that who is held up leaves some of his to the others */
};

/* One helper thread. */
typedef struct worker {
    ant_pool *pool;
    pthread_t thread;
} worker;

/* Written by the caller before the ticket is renewed, and read by those who drew one of its parts:
 * until these are done, the caller waits and writes nothing. */
typedef struct job {
    ant_work *work;
    void *data;
    int64_t cells;
    int parts;
} job;

struct ant_pool {
    /* The number of the newest job and which parts of it are left: whoever is free draws one, the
     * caller from the front, workers from the back. So two threads get nearly the same parts of the
     * same work in every step, and most of what they read is in their own caches: dirty lines of
     * another core cost more than any work on them. A thread that comes late finds all parts
     * drawn. */
    _Alignas(CACHE_LINE) _Atomic uint64_t ticket;
    _Alignas(CACHE_LINE) atomic_int done;   /* parts of the newest job */
    _Alignas(CACHE_LINE) atomic_int asleep; /* workers that wait for `wake` */
    atomic_bool closing;
    job job;
    int64_t parts, own; /* since the last question, all and the caller's; only he counts */
    int threads;
    pid_t process; /* after a fork there are no workers in the child */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    worker *workers; /* threads - 1 */
};

/* --- tickets: 32 bits job, 16 bits end of the parts that are left, 16 bits the first of them
 * --- */

static uint64_t new_ticket(uint64_t old, int parts) {
    return ((old >> 32) + 1) << 32 | (uint64_t)parts << 16;
}

static uint32_t job_of(uint64_t ticket) {
    return (uint32_t)(ticket >> 32);
}

static int end_of(uint64_t ticket) {
    return (int)(ticket >> 16 & 0xffff);
}

static int first_of(uint64_t ticket) {
    return (int)(ticket & 0xffff);
}

/* Part `index` of nearly equal ones. */
static void do_part(const job *j, int index) {
    int64_t from = j->cells / j->parts * index, rest = j->cells % j->parts;
    from += index < rest ? index : rest;
    j->work(j->data, from, from + j->cells / j->parts + (index < rest));
}

/* Draws parts of the newest job until there are none, from the front or from the back. How many? */
static int work_along(ant_pool *p, bool front) {
    enum { LAST_DRAWN = 1 << 16 };
    int parts = 0;
    uint64_t t = atomic_load_explicit(&p->ticket, memory_order_acquire);
    while (first_of(t) < end_of(t)) {
        const uint64_t drawn = front ? t + 1 : t - LAST_DRAWN;
        if (!atomic_compare_exchange_weak_explicit(&p->ticket, &t, drawn, memory_order_acq_rel,
                                                   memory_order_acquire))
            continue;
        do_part(&p->job, front ? first_of(t) : end_of(t) - 1);
        parts++;
        atomic_fetch_add_explicit(&p->done, 1, memory_order_release);
        t = atomic_load_explicit(&p->ticket, memory_order_acquire);
    }
    return parts;
}

/* Tells the processor that this is a waiting loop. */
static void relax(void) {
#if defined __x86_64__ || defined __i386__
    __builtin_ia32_pause();
#elif defined __aarch64__
    __asm__ volatile("yield");
#endif
}

/* --- workers --- */

static bool news(ant_pool *p, uint32_t seen) {
    return job_of(atomic_load_explicit(&p->ticket, memory_order_relaxed)) != seen ||
           atomic_load_explicit(&p->closing, memory_order_relaxed);
}

/* The caller renews the ticket and then looks at `asleep`; a worker raises `asleep` and then looks
 * at the ticket. In this order, which both keep, no job is slept through. */
static void sleep_until_news(ant_pool *p, uint32_t seen) {
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->asleep, 1);
    while (job_of(atomic_load(&p->ticket)) == seen && !atomic_load(&p->closing))
        pthread_cond_wait(&p->wake, &p->lock);
    atomic_fetch_sub(&p->asleep, 1);
    pthread_mutex_unlock(&p->lock);
}

static void wait_for_news(ant_pool *p, uint32_t seen) {
    for (int i = 0; i < SPINS; i++) {
        if (news(p, seen))
            return;
        relax();
    }
    sleep_until_news(p, seen);
}

static void *work_loop(void *data) {
    ant_pool *p = ((worker *)data)->pool;
    uint32_t seen = 0;
    ant__float_mode_set(ant__without_subnormals(ant__float_mode()));
    while (!atomic_load_explicit(&p->closing, memory_order_relaxed)) {
        wait_for_news(p, seen);
        seen = job_of(atomic_load_explicit(&p->ticket, memory_order_acquire));
        (void)work_along(p, false);
    }
    return NULL;
}

/* --- the caller --- */

static void wake_all(ant_pool *p) {
    pthread_mutex_lock(&p->lock);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
}

/* In the child of a fork nobody sleeps behind the counter, and the lock may be held for ever: the
 * caller is alone from now on, and draws every part himself. */
static void wake_sleepers(ant_pool *p) {
    if (getpid() == p->process)
        wake_all(p);
    else
        p->threads = 1;
}

static void wait_for_parts(ant_pool *p, int parts) {
    for (int spins = 0; atomic_load_explicit(&p->done, memory_order_acquire) != parts; spins++) {
        relax();
        if (spins >= SPINS_TO_YIELD)
            sched_yield();
    }
}

static void run_shared(ant_pool *p) {
    const int parts = p->job.parts;
    uint64_t old = atomic_load_explicit(&p->ticket, memory_order_relaxed);
    atomic_store_explicit(&p->done, 0, memory_order_relaxed);
    atomic_store(&p->ticket, new_ticket(old, parts));
    if (atomic_load(&p->asleep) > 0)
        wake_sleepers(p);
    p->own += work_along(p, true);
    p->parts += parts;
    wait_for_parts(p, parts);
}

void ant__pool_run(ant_pool *p, ant_work *work, void *data, int64_t cells) {
    if (!p || p->threads == 1 || cells < 2) {
        if (cells > 0)
            work(data, 0, cells);
        return;
    }
    const int64_t most = (int64_t)p->threads * PARTS_PER_THREAD;
    p->job = (job){work, data, cells, (int)(cells < most ? cells : most)};
    run_shared(p);
}

bool ant__pool_helped(ant_pool *p) {
    const int64_t others = p->parts - p->own;
    const bool helped = 4 * others >= p->parts;
    p->parts = p->own = 0;
    return helped;
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
        if (pthread_create(&w->thread, NULL, work_loop, w) != 0)
            break;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    p->threads = started;
}

static void pool_free_memory(ant_pool *p) {
    if (p)
        ant__free(p->workers);
    ant__free_numbers(p);
}

ant_pool *ant__pool_new(int threads) {
    threads = threads > 0 ? threads : ant__cores();
    threads = threads < MOST_THREADS ? threads : MOST_THREADS;
    ant_pool *p = ant__alloc_numbers(sizeof *p);
    if (p)
        p->workers = ant__alloc_array((size_t)threads, sizeof *p->workers);
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
