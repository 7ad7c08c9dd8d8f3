/* What antler-bench can do. All give the process's exit code. */
#ifndef ANT_BENCH_BENCH_H
#define ANT_BENCH_BENCH_H
#include "jobs.h"

int bench_worker(int threads);
/* All cells of these workloads ("W1,W2"; NULL: all), each in a process of its own, then loading and
 * sizes. `self`: this program. */
int bench_report(const char *self, const char *ids, int threads);
/* One line of the report. */
int bench_cell(const workload *w, enum mode mode, int threads);
/* The instructions of one step. */
int bench_profile(const workload *w, enum mode mode, int threads, bool json);
/* Loads a model and predicts one sample of zeros. */
int bench_first_predict(const char *path);
/* How long it is until a process has done that. */
int bench_load(const char *self);
#endif
