/* Where the time of executions goes, for profiles and benchmarks. */
#include "graph/graph.h"
#include <string.h>

bool ant__measure_begin(ant_measure *m, ant_program *p) {
    const int n = ant__program_instructions(p);
    if (m->program == p && m->n == n)
        return true;
    if (n > m->room || !m->seconds) {
        ant__free(m->seconds);
        m->seconds = ant__alloc_array((size_t)n + 1, sizeof *m->seconds);
        m->room = n;
    }
    m->program = p;
    m->n = m->seconds ? n : 0;
    m->runs = 0;
    if (m->seconds)
        memset(m->seconds, 0, (size_t)n * sizeof *m->seconds);
    return m->seconds != NULL;
}

void ant__measure_free(ant_measure *m) {
    ant__free(m->seconds);
    *m = (ant_measure){0};
}
