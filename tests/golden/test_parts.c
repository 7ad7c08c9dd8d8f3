/* Losses, metrics and schedules against real Keras: values, gradients, totals over two batches. */
#include "golden.h"
#include "support.h"
#include "train/metric.h"
#include "train/schedule.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A program written by a test, with what it needs to run. */
typedef struct machine {
    ant_program *program;
    void *arena;
    float *input[3];
    int n;
} machine;

static ant_value *feed(machine *m, const golden_entry *e) {
    if (!e)
        return NULL;
    ant_array a = golden_array(e, NULL);
    size_t size = (size_t)e->count * ant__dtype_size(e->dtype);
    m->input[m->n] = ant__alloc_numbers(size + 1);
    memcpy(m->input[m->n++], a.data, size);
    free(a.data);
    return ant__input(m->program, e->dtype, &e->dims);
}

static int run(machine *m) {
    ant_report report = {0};
    ck_assert_msg(!ant__program_error(m->program)->code, "%s",
                  ant__program_error(m->program)->text);
    ck_assert_int_eq(ant__program_lower(m->program, ANT__ALL_PASSES), 0);
    m->arena = ant__alloc_numbers(ant__program_arena(m->program) + 1);
    ant__program_bind_arena(m->program, m->arena);
    ant__program_bind_variables(m->program);
    for (int k = 0; k < m->n; k++)
        ant__program_bind_input(m->program, k, m->input[k]);
    return ant__program_run(m->program, NULL, &report);
}

static void machine_free(machine *m) {
    ant__program_free(m->program);
    ant__free_numbers(m->arena);
    for (int k = 0; k < m->n; k++)
        ant__free_numbers(m->input[k]);
}

static bool check_loss(ant_context *c, const golden_case *g) {
    machine m = {.program = ant__program_new(ANT_FLOAT32)};
    ant_loss loss;
    ant_value *dx = NULL;
    ck_assert_msg(!ant__loss_read(c, golden_word(g, "part", ""), &loss), "%s", c->error.text);
    ant_value *t = feed(&m, golden_get(g, "target", 0)), *y = feed(&m, golden_get(g, "in", 0));
    ant_value *w = feed(&m, golden_get(g, "sample_weight", 0));
    ant_value *total = ant__loss_write(m.program, &loss, t, y, w, NULL).total;
    int value = ant__output(m.program, total);
    ck_assert_int_eq(ant_op_gradient(m.program, &total, NULL, 1, &y, &dx, 1), 0);
    int gradient = ant__output(m.program, dx);
    ck_assert_int_eq(run(&m), 0);
    const char *name = g->name;
    bool good =
        golden_close_to(name, golden_get(g, "out", 0), ant__program_output(m.program, value), 2e-6);
    good &= golden_close_to(name, golden_get(g, "din", 0), ant__program_output(m.program, gradient),
                            1e-5);
    machine_free(&m);
    return good;
}

static bool check_metric(ant_context *c, const golden_case *g) {
    ant_metric metric;
    ck_assert_msg(!ant__metric_read(c, golden_word(g, "part", ""), &metric), "%s", c->error.text);
    void *totals = ant__alloc_numbers(ant__metric_size(&metric));
    ant__metric_bind(&metric, totals);
    for (int k = 0; k < 2; k++) {
        machine m = {.program = ant__program_new(ANT_FLOAT32)};
        ant_value *t = feed(&m, golden_get(g, "target", k)), *y = feed(&m, golden_get(g, "in", k));
        ant_value *w = feed(&m, golden_get(g, "sample_weight", k));
        ant__metric_write(m.program, &metric, t, y, w, NULL);
        ck_assert_int_eq(run(&m), 0);
        machine_free(&m);
    }
    float got = (float)ant__metric_result(&metric);
    ant__free_numbers(totals);
    return golden_close_to(g->name, golden_get(g, "out", 0), &got, 2e-6);
}

static bool check_schedule(ant_context *c, const golden_case *g) {
    ant_part schedule;
    float got[64];
    const golden_entry *steps = golden_get(g, "in", 0);
    ck_assert_msg(!ant__schedule_read(c, golden_word(g, "part", ""), &schedule), "%s",
                  c->error.text);
    for (int64_t k = 0; k < steps->count; k++)
        got[k] = (float)ant__schedule_rate(&schedule, (int64_t)steps->at[k]);
    return golden_close_to(g->name, golden_get(g, "out", 0), got, 2e-6);
}

/* Each kind by its index in the loop. */
static const struct {
    const char *kind;
    bool (*check)(ant_context *c, const golden_case *g);
} kinds[] = {{"loss", check_loss}, {"metric", check_metric}, {"schedule", check_schedule}};

START_TEST(parts) {
    golden_file f = golden_open("parts");
    golden_case g = {0};
    ant_context c = {0};
    int seen = 0, bad = 0;
    while (golden_next(&f, &g)) {
        if (strcmp(golden_word(&g, "kind", ""), kinds[_i].kind) != 0)
            continue;
        bad += !kinds[_i].check(&c, &g);
        seen++;
    }
    golden_close(&f);
    ant__arena_free(&c.arena);
    ck_assert_int_gt(seen, 5);
    ck_assert_int_eq(bad, 0);
}
END_TEST

ANT_TEST_MAIN("golden parts", ANT_LOOP(parts, 3))
