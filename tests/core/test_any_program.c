/* Programs drawn at random: whatever is written, every set of passes gives the same numbers, state
 * and gradients. */
#include "core/pool.h"
#include "core/program/program.h"
#include "core/random.h"
#include "runner.h"
#include "support.h"
#include <math.h>
#include <string.h>

enum { SIDE = 4, ENTRIES = SIDE * SIDE, VARIABLES = 4, VALUES = 40, OPS = 25, OUTPUTS = 3 };

/* Everything is a SIDE x SIDE matrix, or a vector of SIDE that broadcasts. */
typedef struct draw {
    uint64_t key, count;
    ant_variable *variable;
    ant_value *value[VALUES];
    int n;
} draw;

static int pick(draw *d, int n) {
    return (int)(ant__random_double(d->key, 0, d->count++) * n);
}

static ant_value *any(draw *d) {
    return d->value[pick(d, d->n)];
}

static void keep(draw *d, ant_value *v) {
    d->value[d->n < VALUES ? d->n++ : pick(d, d->n)] = v;
}

static ant_value *moved(ant_program *p, draw *d, ant_value *a) {
    switch (pick(d, 5)) {
    case 0:
        return ant_op_transpose(p, a, (const int[]){1, 0});
    case 1:
        return ant__reshape_to(p, ant__reshape_to(p, a, &ANT__DIMS(2, 8)), &ANT__DIMS(SIDE, SIDE));
    case 2:
        return ant_op_reverse(p, a, pick(d, 2));
    case 3: {
        ant_value *half = ant_op_slice(p, a, 0, pick(d, 3), 2, 1);
        return ant_op_concat(p, (ant_value *[]){half, half}, 2, 0);
    }
    default:
        return ant_op_pad(p, ant_op_slice(p, a, 1, 1, 3, 1), 1, pick(d, 2), 1, 0.25);
    }
}

static ant_value *fixed_side(ant_program *p, ant_value *a) {
    int64_t columns = ant_value_size(a, 1);
    return columns > SIDE ? ant_op_slice(p, a, 1, columns - SIDE, SIDE, 1) : a;
}

static ant_value *reduced(ant_program *p, draw *d, ant_value *a) {
    unsigned axes = 1u << pick(d, 2);
    ant_value *r = pick(d, 2) ? ant_op_max(p, a, axes, true) : ant_op_mean(p, a, axes, true);
    return pick(d, 2) ? ant_op_add(p, a, r) : ant__broadcast_to(p, r, &ANT__DIMS(SIDE, SIDE));
}

static ant_value *elementwise(ant_program *p, draw *d, ant_value *a, ant_value *b) {
    switch (pick(d, 10)) {
    case 0:
        return ant_op_tanh(p, a);
    case 1:
        return ant_op_sigmoid(p, ant_op_scale(p, a, 0.7));
    case 2:
        return ant_op_where(p, ant_op_greater(p, a, b), a, ant_op_sin(p, b));
    case 3:
        return ant_op_mul(p, a, ant_op_sigmoid(p, b));
    case 4:
        return ant_op_sub(p, ant_op_scale(p, a, 0.5), b);
    case 5:
        return ant_op_add(p, ant_op_scale(p, ant_op_sub(p, a, b), 0.1), b);
    case 6:
        return ant_op_relu(p, ant_op_shift(p, a, 0.1));
    case 7:
        return ant_op_div(p, a, ant_op_shift(p, ant_op_sqrt(p, ant_op_square(p, b)), 1));
    case 8:
        return ant_op_real(p, ant_op_cast(p, ant_op_scale(p, a, 3), ANT_INT32));
    default:
        return ant_op_add(p, a, ant_op_number(p, 0.3));
    }
}

static ant_value *scanned(ant_program *p, draw *d, int depth);

static ant_value *any_op(ant_program *p, draw *d, int depth) {
    switch (pick(d, 9)) {
    case 0:
        return ant_op_tanh(p, ant_op_matmul(p, any(d), any(d), pick(d, 2), pick(d, 2)));
    case 1:
        return fixed_side(p, moved(p, d, any(d)));
    case 2:
        return reduced(p, d, any(d));
    case 3:
        return ant__read(p, &d->variable[pick(d, VARIABLES)]);
    case 4:
        ant__assign(p, &d->variable[pick(d, VARIABLES)], ant_op_tanh(p, any(d)));
        return any(d);
    case 5:
        if (depth < 2)
            return scanned(p, d, depth + 1);
        /* fall through */
    default:
        return elementwise(p, d, any(d), any(d));
    }
}

/* A scan over the rows of nothing, or of one value's: its body is drawn too. What is drawn inside
 * is forgotten afterwards, as it is no value outside. */
static ant_value *scanned(ant_program *p, draw *d, int depth) {
    ant_program *b = ant__scan_begin(p, SIDE, pick(d, 2));
    ant_value *row = ant__scan_sequence(b, any(d)), *old = ant__scan_carry(b, any(d));
    draw inner = *d;
    keep(&inner, ant_op_add(b, old, row));
    keep(&inner, old);
    for (int i = 0; i < 5; i++)
        keep(&inner, any_op(b, &inner, depth));
    ant_value *next = ant_op_tanh(b, ant_op_add(b, any(&inner), inner.value[d->n % VALUES]));
    ant__scan_next(b, old, next);
    int k = ant__scan_collect(b, ant_op_mean(b, any(&inner), ANT_AXIS(1), false));
    d->count = inner.count;
    ant_op *scan = ant__scan_end(b);
    return pick(d, 2) ? ant__scan_last(scan, 0)
                      : ant_op_add(p, ant__scan_stacked(scan, k), ant__scan_last(scan, 0));
}

/* Outputs: some values, a loss, and its gradient by every variable. */
static ant_program *write_any(uint64_t seed, ant_variable *variables) {
    ant_program *p = ant__program_new(ANT_FLOAT64);
    if (!p)
        return NULL;
    draw d = {.key = seed, .variable = variables};
    ant_value *x[VARIABLES], *dx[VARIABLES];
    for (int i = 0; i < VARIABLES; i++)
        keep(&d, x[i] = ant__read(p, &variables[i]));
    for (int i = 0; i < OPS; i++)
        keep(&d, any_op(p, &d, 0));
    for (int i = 0; i < OUTPUTS; i++)
        ant__output(p, any(&d));
    ant_value *loss =
        ant_op_sum(p, ant_op_tanh(p, ant_op_add(p, any(&d), any(&d))), ANT_ALL_AXES, false);
    ant__output(p, loss);
    ant_op_gradient(p, &loss, NULL, 1, x, dx, VARIABLES);
    for (int i = 0; i < VARIABLES; i++)
        ant__output(p, dx[i] ? dx[i] : ant_op_number(p, 0));
    return p;
}

/* --- runs --- */
typedef struct result {
    double out[OUTPUTS + 1 + VARIABLES][ENTRIES];
    double state[VARIABLES][ENTRIES];
} result;

static void take(const machine *m, result *r) {
    memset(r->out, 0, sizeof r->out);
    for (int k = 0; k < OUTPUTS + 1 + VARIABLES; k++) {
        const ant_value *v = ant__program_output_value(m->p, k);
        for (int i = 0; i < ant__dims_count(&v->dims); i++)
            r->out[k][i] = machine_out(m, k, i);
    }
}

static void run_any(uint64_t seed, int passes, result *r) {
    ant_variable v[VARIABLES];
    for (int k = 0; k < VARIABLES; k++) {
        v[k] = variable_of("v", r->state[k], ANT__DIMS(SIDE, SIDE));
        v[k].versioned = true;
        for (int i = 0; i < ENTRIES; i++)
            r->state[k][i] = sin(1.7 * i + k + (double)seed);
    }
    machine m = machine_of(write_any(seed, v), passes);
    machine_run(&m);
    machine_run(&m); /* on the state that the first run left */
    take(&m, r);
    machine_free(&m);
}

static void compare(const double *a, const double *b, int n, uint64_t seed, int passes) {
    for (int i = 0; i < n; i++)
        ck_assert_msg(fabs(a[i] - b[i]) <= 1e-9 * (1 + fabs(a[i])) || (isnan(a[i]) && isnan(b[i])),
                      "seed %llu, passes %d: entry %d is %.15g, without passes %.15g",
                      (unsigned long long)seed, passes, i, b[i], a[i]);
}

START_TEST(all_passes_agree) {
    static result plain, r;
    for (uint64_t seed = (uint64_t)_i * 20; seed < (uint64_t)_i * 20 + 20; seed++) {
        run_any(seed, 0, &plain);
        for (int passes = 1; passes <= ANT__ALL_PASSES; passes++) {
            run_any(seed, passes, &r);
            compare(plain.out[0], r.out[0], sizeof r.out / sizeof(double), seed, passes);
            compare(plain.state[0], r.state[0], sizeof r.state / sizeof(double), seed, passes);
        }
    }
}
END_TEST

static int lower_any(void *data) {
    ant_variable v[VARIABLES];
    double numbers[ENTRIES];
    for (int k = 0; k < VARIABLES; k++)
        v[k] = variable_of("v", numbers, ANT__DIMS(SIDE, SIDE));
    ant_program *p = write_any(*(const uint64_t *)data, v);
    int code = p ? ant__program_lower(p, ANT__ALL_PASSES) : ANT_E_MEMORY;
    ant__program_free(p);
    return code;
}

START_TEST(every_allocation_may_fail) {
    uint64_t seed = (uint64_t)_i;
    memory_fail_each(lower_any, &seed);
}
END_TEST

ANT_TEST_MAIN("any program", ANT_LOOP(all_passes_agree, 20), ANT_LOOP(every_allocation_may_fail, 4))
