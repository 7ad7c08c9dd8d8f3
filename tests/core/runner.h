/* Lowers, binds and runs a program in a test. */
#ifndef ANT_TESTS_RUNNER_H
#define ANT_TESTS_RUNNER_H
#include "core/program/program.h"

typedef struct machine {
    ant_program *p;
    void *arena;
} machine;

/* Lowers p, which must go well, and binds an arena full of rubbish. Owns p. */
machine machine_of(ant_program *p, int passes);
void machine_run(const machine *m);
void machine_free(machine *m);
/* How many instructions have this name. */
int instructions_named(const ant_program *p, const char *name);
/* Entry i of numbers of this type. */
double number_in(const void *data, int dtype, int64_t i);
/* Entry i of output k, whatever its type. */
double machine_out(const machine *m, int k, int i);
/* Runs p, which gives y alone, and frees it: y is of this type and has these n numbers. */
void machine_expect(ant_program *p, ant_value *y, int dtype, const double *want, int n);
/* y is NULL as p has an error whose text has this part; frees p. */
void refused(const ant_value *y, ant_program *p, const char *part);
/* A float64 variable on numbers of the caller's. */
ant_variable variable_of(const char *name, double *data, ant_dims dims);
#endif
