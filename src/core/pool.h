/* Threads: a pool that spins while a step is under way and parks when it ends. Work is cut on a
 * grid that depends on shapes only, so results do not depend on the number of threads. */
#ifndef ANT_CORE_POOL_H
#define ANT_CORE_POOL_H
#include <stdbool.h>
#include <stdint.h>

typedef struct ant_pool ant_pool;
typedef void ant_work(void *data, int64_t from, int64_t to);

/* threads: the caller's own among them; 0: one per core that the process may use. NULL when out of
 * memory; fewer threads when the system gives no more. */
ant_pool *ant__pool_new(int threads);
void ant__pool_free(ant_pool *p);
int ant__pool_threads(const ant_pool *p); /* 1 for NULL */
/* Cells [0, cells) shared out; returns when all are done. From one thread at a time. */
void ant__pool_run(ant_pool *p, ant_work *work, void *data, int64_t cells);
/* Between steps workers spin; between bursts of steps they sleep. */
void ant__pool_park(ant_pool *p);
/* Cores that this process may use (affinity and cgroup limits counted in). */
int ant__cores(void);
#endif
