#include "train/session.h"
#include "core/convert.h"
#include "train/write.h"
#include <string.h>

void ant__session_open(ant_session *s, ant_compiled *c, ant_run *run, bool training) {
    bool targets[ANT_MAX_PORTS], labels[ANT_MAX_PORTS];
    s->model = c->model;
    s->compiled = c;
    s->run = run;
    s->training = training;
    s->order = NULL;
    s->loss = 0;
    s->sums = (ant_sums){0};
    ant__error_clear(&s->error);
    for (int k = 0; k < c->n_out; k++) {
        targets[k] = c->out[k].wanted;
        labels[k] = c->out[k].labels;
    }
    ant__feed_ports(&s->feed, run, training ? ANT__BANK_FIRST : ANT__BANK_SECOND, targets, labels,
                    &s->error);
}

void ant__session_close(ant_session *s) {
    ant__free(s->order);
    s->order = NULL;
}

void ant__session_reset(ant_session *s) {
    s->sums = (ant_sums){0};
    ant__compiled_reset(s->compiled);
}

/* --- one batch --- */
static double scalar_output(const ant_program *p, int k) {
    return ant__real_at(ant__program_output(p, k), ant__program_real(p), 0);
}

/* Output 0 is the whole loss, then come those of the outputs that have one in logs. */
static void read_losses(ant_session *s, const ant_program *p, int64_t count) {
    const ant_compiled *c = s->compiled;
    int at = 1;
    s->loss = scalar_output(p, 0);
    s->sums.loss += s->loss * (double)count;
    for (int k = 0; k < c->n_out; k++)
        if (c->out[k].logged)
            s->sums.output[k] += scalar_output(p, at++) * (double)count;
    s->sums.samples += count;
}

static int take_run_error(ant_session *s) {
    const ant_fault *e = ant__run_error(s->run);
    return ant__fail(&s->error, e->code, "%s", e->text);
}

static int run_batch(ant_session *s, int64_t count) {
    ant_compiled *c = s->compiled;
    bool update = s->training && c->optimizer.cls;
    ant_step_wanted want = {.compiled = c, .feed = &s->feed, .training = s->training};
    want.kind = update ? ant__optimizer_prepare(&c->optimizer) : 0;
    ant_program *p = ant__run_program(s->run, ant__step_id(&want), s->feed.dims, s->feed.n,
                                      ant__step_write, &want);
    if (p == NULL)
        return take_run_error(s);
    ant__feed_bind(&s->feed, p);
    if (update)
        *ant__run_counter(s->run) = c->optimizer.calls;
    if (ant__run_execute(s->run, p))
        return take_run_error(s);
    if (update)
        ant__optimizer_done(&c->optimizer);
    read_losses(s, p, count);
    return 0;
}

int ant__session_batch(ant_session *s, int64_t at, int64_t count) {
    int code = ant__feed_batch(&s->feed, at, count);
    return code ? code : run_batch(s, count);
}

int ant__session_pass(ant_session *s, int64_t batch, int64_t steps) {
    int64_t rows = s->feed.rows;
    int code = 0;
    for (int64_t at = 0; at < rows && steps-- != 0 && code == 0; at += batch)
        code = ant__session_batch(s, at, rows - at < batch ? rows - at : batch);
    return code;
}
