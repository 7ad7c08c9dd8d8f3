/* Where the time of executions goes, for profiles and benchmarks. */
#include "core/clock.h"
#include "graph/graph.h"

static bool begin(ant_measure *m, ant_program *p, int n) {
    if (n > m->room || !m->seconds) {
        ant__free(m->seconds);
        m->seconds = ant__alloc_array(ANT__MEASURED_RUNS * ((size_t)n + 1), sizeof *m->seconds);
        m->room = n;
    }
    m->program = p;
    m->n = m->seconds ? n : 0;
    m->runs = 0;
    return m->seconds != NULL;
}

double *ant__measure_next(ant_measure *m, ant_program *p) {
    const int n = ant__program_instructions(p);
    if ((m->program != p || m->n != n) && !begin(m, p, n))
        return NULL;
    return m->seconds + (size_t)(m->runs++ % ANT__MEASURED_RUNS) * (size_t)n;
}

double ant__measure_seconds(const ant_measure *m, int k) {
    const int runs = m->runs < ANT__MEASURED_RUNS ? m->runs : ANT__MEASURED_RUNS;
    double of_run[ANT__MEASURED_RUNS] = {0};
    for (int i = 0; i < runs; i++)
        of_run[i] = m->seconds[(size_t)i * (size_t)m->n + (size_t)k];
    return ant__median(of_run, runs > 0 ? runs : 1);
}

void ant__measure_free(ant_measure *m) {
    ant__free(m->seconds);
    *m = (ant_measure){0};
}
