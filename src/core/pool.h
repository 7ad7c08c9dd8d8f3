/* Threads: a pool whose workers wait awake for a few hundred microseconds after each piece of work,
 * as the next step of a training or the next prediction often comes at once and to wake them takes
 * 20 us or more; then they sleep. Work is cut on a grid that depends on shapes only, so results do
 * not depend on the number of threads. */
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
/* Did the other threads do a quarter or more of what was shared since the last question? True
 * where nothing was. From the thread that runs the work. */
bool ant__pool_helped(ant_pool *p);
/* Cores that this process may use (affinity and cgroup limits counted in). */
int ant__cores(void);
#endif
