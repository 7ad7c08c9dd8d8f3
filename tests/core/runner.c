/* Lowers, binds and runs a program in a test. */
#include "runner.h"
#include <check.h>
#include <string.h>

machine machine_of(ant_program *p, int passes) {
    ant__program_lower(p, passes);
    ck_assert_msg(!ant__program_error(p)->code, "%s", ant__program_error(p)->text);
    machine m = {p, ant__alloc_numbers(ant__program_arena(p))};
    memset(m.arena, 0x7f, ant__program_arena(p));
    ant__program_bind_arena(p, m.arena);
    return m;
}

void machine_run(const machine *m) {
    ck_assert_int_eq(ant__program_run(m->p, NULL, NULL), 0);
}

void machine_free(machine *m) {
    ant__program_free(m->p);
    ant__free_numbers(m->arena);
}

int instructions_named(const ant_program *p, const char *name) {
    int n = 0;
    for (int k = 0; k < ant__program_instructions(p); k++)
        n += strcmp(ant__program_instruction_name(p, k), name) == 0;
    return n;
}

double number_in(const void *data, int dtype, int64_t i) {
    switch (dtype) {
    case ANT_FLOAT32:
        return (double)((const float *)data)[i];
    case ANT_FLOAT64:
        return ((const double *)data)[i];
    case ANT_INT32:
        return ((const int32_t *)data)[i];
    case ANT_INT64:
        return (double)((const int64_t *)data)[i];
    default:
        return ((const uint8_t *)data)[i];
    }
}

double machine_out(const machine *m, int k, int i) {
    return number_in(ant__program_output(m->p, k), ant__program_output_value(m->p, k)->dtype, i);
}

ant_variable variable_of(const char *name, double *data, ant_dims dims) {
    return (ant_variable){.name = name, .dtype = ANT_FLOAT64, .dims = dims, .data = data};
}

void machine_expect(ant_program *p, ant_value *y, int dtype, const double *want, int n) {
    ck_assert_msg(y != NULL, "%s", ant__program_error(p)->text);
    ck_assert_int_eq(ant_value_dtype(y), dtype);
    ant__output(p, y);
    machine m = machine_of(p, ANT__ALL_PASSES);
    machine_run(&m);
    for (int i = 0; i < n; i++) {
        double x = machine_out(&m, 0, i);
        ck_assert_msg(x == want[i] || (isnan(x) && isnan(want[i])) || fabs(x - want[i]) < 1e-12,
                      "entry %d is %.17g, not %.17g", i, x, want[i]);
    }
    machine_free(&m);
}

void refused(const ant_value *y, ant_program *p, const char *part) {
    ck_assert_ptr_null(y);
    ck_assert_msg(strstr(ant__program_error(p)->text, part) != NULL, "%s",
                  ant__program_error(p)->text);
    ant__program_free(p);
}
