/* Random numbers: by a key, which says where they are drawn, and a counter, which says when. */
#include "core/kernels/random.h"
#include "core/ops/fine.h"
#include "core/program/inside.h"

/* --- the counter --- */
static int64_t prep_none(const ant_op *o, ant_nums *n) {
    (void)o, (void)n;
    return 1;
}

static const ant_op_class mix_class = {.name = "mix_counter",
                                       .infer = ant__infer_like,
                                       .kernel = ANT__K_mix_counter,
                                       .prep = prep_none,
                                       .constant = true};

void ant__set_counter(ant_program *p, ant_value *counter) {
    if (ant__program_dead(p))
        return;
    counter = ant__local(p, counter);
    if (!counter || counter->dtype != ANT_INT64 || counter->dims.rank)
        ant__fail(ant__program_error(p), ANT_E_SHAPE,
                  "the counter of random numbers must be one int64");
    p->counter = counter;
}

/* In a scan's body the counter around is mixed with the step, once. */
ant_value *ant__program_counter(ant_program *p) {
    if (ant__program_dead(p))
        return NULL;
    if (!p->counter && p->parent)
        p->counter = ant__emit2(p, &mix_class, NULL, ant__program_counter(p->parent), p->step);
    if (!p->counter)
        ant__fail(ant__program_error(p), ANT_E_STATE,
                  "random numbers are asked for, but the program has no counter of steps");
    return p->counter;
}

/* --- the ops; attrs: key, dims --- */
enum { KEY, DIMS };

static int infer_random(ant_op *o) {
    o->out[0]->dtype = ant__program_real(o->program);
    o->out[0]->dims = ant__get_dims(&o->attrs, DIMS);
    return 0;
}

static int64_t prep_random(const ant_op *o, ant_nums *n) {
    int64_t total = ant__dims_count(&o->out[0]->dims);
    ant__num_int(n, total);
    ant__num_int(n, o->attrs.i[KEY]);
    return total > ANT__RANDOM_CELL ? (total + ANT__RANDOM_CELL - 1) / ANT__RANDOM_CELL : 1;
}

static const ant_op_class uniform_class = {.name = "random_uniform",
                                           .infer = infer_random,
                                           .kernel = ANT__K_random_uniform,
                                           .prep = prep_random,
                                           .constant = true,
                                           .impure = true};
static const ant_op_class normal_class = {.name = "random_normal",
                                          .infer = infer_random,
                                          .kernel = ANT__K_random_normal,
                                          .prep = prep_random,
                                          .constant = true,
                                          .impure = true};

static ant_value *draw(ant_program *p, const ant_op_class *cls, const ant_dims *dims,
                       uint64_t key) {
    ant_attrs attrs = {.i = {(int64_t)key}};
    ant__put_dims(&attrs, DIMS, dims);
    return ant__emit1(p, cls, &attrs, ant__program_counter(p));
}

ant_value *ant__random_uniform(ant_program *p, const ant_dims *dims, uint64_t key) {
    return draw(p, &uniform_class, dims, key);
}

ant_value *ant__random_normal(ant_program *p, const ant_dims *dims, uint64_t key) {
    return draw(p, &normal_class, dims, key);
}
