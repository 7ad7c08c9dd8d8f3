#include "tool/profile_table.h"
#include <stdio.h>

double profile_seconds(const ant_measure *m) {
    double total = 0;
    for (int k = 0; k < m->n; k++)
        total += ant__measure_seconds(m, k);
    return total;
}

/* 1e-9 * work / seconds: GFLOP/s, GB/s. */
static double rate(double work, double seconds) {
    return seconds > 0 ? 1e-9 * work / seconds : 0;
}

void profile_print_table(const ant_measure *m) {
    const double all = profile_seconds(m);
    ant_cost sum = {0};
    printf("%-28s %10s %6s %9s %9s\n", "instruction", "us", "%", "GFLOP/s", "GB/s");
    for (int k = 0; k < m->n; k++) {
        const ant_cost c = ant__program_cost(m->program, k);
        const double s = ant__measure_seconds(m, k);
        printf("%-28s %10.2f %6.1f %9.2f %9.2f\n", ant__program_instruction_name(m->program, k),
               1e6 * s, all > 0 ? 100 * s / all : 0, rate(c.operations, s), rate(c.bytes, s));
        sum.operations += c.operations;
        sum.bytes += c.bytes;
    }
    printf("%-28s %10.2f %6s %9.2f %9.2f\n", "all", 1e6 * all, "", rate(sum.operations, all),
           rate(sum.bytes, all));
}

/* Names of instructions are plain words. */
void profile_print_json(const ant_measure *m) {
    printf("{\"seconds\": %.9g, \"instructions\": [", profile_seconds(m));
    for (int k = 0; k < m->n; k++) {
        const ant_cost c = ant__program_cost(m->program, k);
        printf("%s\n  {\"name\": \"%s\", \"seconds\": %.9g, \"operations\": %.0f, \"bytes\": %.0f}",
               k ? "," : "", ant__program_instruction_name(m->program, k),
               ant__measure_seconds(m, k), c.operations, c.bytes);
    }
    printf("\n]}\n");
}
