/* Gradients against finite differences: a writer writes a scalar from variables; its gradient by
 * every variable is compared with central differences in float64, and the float32 program with the
 * float64 one.
 *
 *     static ant_value *product(ant_program *p, check_case *c) {
 *         return check_loss(p, ant_op_mul(p, check_read(p, c, 0), check_read(p, c, 1)));
 *     }
 *     check_gradient("mul", product, (ant_dims[]){ANT__DIMS(2, 3), ANT__DIMS(3)}, 2);
 *
 * Every combination of passes must give the same; so must every number of threads. */
#ifndef ANT_TESTS_GRADIENT_CHECK_H
#define ANT_TESTS_GRADIENT_CHECK_H
#include "core/program/program.h"

enum { CHECK_VARIABLES = 12 };

typedef struct check_case check_case;
/* Writes a scalar. Called once for each type and set of passes. */
typedef ant_value *check_writer(ant_program *p, check_case *c);

struct check_case {
    const char *name;
    check_writer *write;
    int n;
    ant_variable variable[CHECK_VARIABLES];
    int number;             /* free for the writer: which one of a table it is */
    double low, high;       /* of the variables' numbers; both 0: -1 and 1 */
    double tolerance;       /* of differences; 0: 1e-6 */
    double float_tolerance; /* of float32 against float64; 0: 1e-3 */
};

/* The k-th variable of the case, as the program's real type. */
ant_value *check_read(ant_program *p, check_case *c, int k);
/* A scalar that tells every entry of y: sum of y tanh(y) weighted by place. */
ant_value *check_loss(ant_program *p, ant_value *y);
/* An int32 input of the program, given once: its numbers. */
ant_value *check_ints(ant_program *p, const int32_t *x, const ant_dims *dims);

/* Runs everything on a case whose dims are given; fails the test where something differs. */
void check_gradient_of(check_case *c, const ant_dims *dims);
void check_gradient(const char *name, check_writer *write, const ant_dims *dims, int n);
/* The case's variables alone, with their numbers: for tests that run programs themselves. */
void check_make(check_case *c, const ant_dims *dims, int real);
void check_free(check_case *c);
#endif
