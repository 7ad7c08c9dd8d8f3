/* evaluate, and single batches. */
#include "train/action.h"
#include "train/stream.h"

/* The results of the sums so far, for ant_results. */
static int keep_results(ant_session *s) {
    ant_compiled *c = s->compiled;
    ant__logs_clear(&c->results);
    return ant__compiled_logs(c, &s->sums, false, &c->results) ? 0 : ant__fail_memory(&s->error);
}

static int rows_there(ant_session *s) {
    if (s->feed.rows > 0)
        return 0;
    return ant__fail(&s->error, ANT_E_DATA, "%s: there are no rows", ant__layer_label(s->model));
}

static int pass_arrays(ant_session *s, const ant_evaluate_options *o) {
    ant_feed_arrays a = {{o->x, o->y, o->sample_weight}};
    int code = ant__session_arrays(s, &a, (ant_floats){0});
    code = code ? code : rows_there(s);
    if (code)
        return code;
    int64_t batch = ant__batch_size(o->batch_size, o->steps, s->feed.rows);
    code = ant__feed_reserve(&s->feed, batch < s->feed.rows ? batch : s->feed.rows);
    return code ? code : ant__session_pass(s, batch, o->steps == ANT_NONE ? -1 : o->steps);
}

static int pass_stream(ant_session *s, const ant_evaluate_options *o) {
    s->feed.data = o->data;
    int code = ant__stream_open(s);
    int64_t batch = ant__batch_size(o->batch_size, o->steps, s->feed.rows);
    return code ? code : ant__stream_pass(s, batch, o->steps == ANT_NONE ? -1 : o->steps);
}

/* Runs `body` in a session; its error becomes the model's. */
typedef int session_body(ant_session *s, const void *options);

static int with_session(ant_model *m, bool training, session_body *body, const void *options) {
    ant_compiled *c = ant__compiled_ready(m);
    ant_run *r = c ? ant__run_take(m) : NULL;
    if (r == NULL)
        return ant__body(m)->error.code;
    ant_session s;
    ant__session_open(&s, c, r, training);
    ant__session_reset(&s);
    int code = body(&s, options);
    code = code ? code : keep_results(&s);
    ant__session_close(&s);
    ant__run_put(m, r);
    return code ? ant__model_take_error(m, &s.error) : 0;
}

/* --- evaluate --- */
static int evaluate(ant_session *s, const void *options) {
    const ant_evaluate_options *o = options;
    if (o->data && o->x[0].axes)
        return ant__fail(&s->error, ANT_E_OPTION, "%s: evaluate: data stands in place of x and y",
                         ant__layer_label(s->model));
    return o->data ? pass_stream(s, o) : pass_arrays(s, o);
}

static int check_evaluate(ant_model *m, const ant_evaluate_options *o) {
    if (o->batch_size != ANT_NONE && o->batch_size < 1)
        return ant__model_fail(m, ANT_E_OPTION, "evaluate: batch_size is %d, must be at least 1",
                               o->batch_size);
    if (o->steps != ANT_NONE && o->steps < 1)
        return ant__model_fail(m, ANT_E_OPTION, "evaluate: steps is %d, must be at least 1",
                               o->steps);
    return o->data ? 0 : ant__build_for(m, o->x);
}

static const ant_evaluate_options evaluate_defaults = {ANT_EVALUATE_DEFAULTS};
static const ant_action_struct evaluate_struct = {"evaluate", &evaluate_defaults,
                                                  offsetof(ant_evaluate_options, ant_end)};

int ant_evaluate_(const ant_evaluate_options *said, size_t size) {
    ant_model *m = said->model;
    ant_evaluate_options room;
    int code = ant__action_begin(m);
    if (code)
        return code;
    const ant_evaluate_options *o = ant__take_struct(m, &evaluate_struct, &room, said, size);
    code = o ? check_evaluate(m, o) : ant__body(m)->error.code;
    return code ? code : with_session(m, false, evaluate, o);
}

/* --- one batch --- */
static int one_batch(ant_session *s, const void *options) {
    const ant_batch_options *o = options;
    ant_feed_arrays a = {{o->x, o->y, o->sample_weight}};
    int code = ant__session_arrays(s, &a, o->class_weight);
    code = code ? code : rows_there(s);
    code = code ? code : ant__feed_reserve(&s->feed, s->feed.rows);
    return code ? code : ant__session_batch(s, 0, s->feed.rows);
}

static const ant_batch_options batch_defaults;
static const ant_action_struct batch_struct = {"batch", &batch_defaults,
                                               offsetof(ant_batch_options, ant_end)};

static int on_batch(const ant_batch_options *said, size_t size, bool training) {
    ant_model *m = said->model;
    ant_batch_options room;
    int code = ant__action_begin(m);
    if (code)
        return code;
    const ant_batch_options *o = ant__take_struct(m, &batch_struct, &room, said, size);
    code = o ? ant__build_for(m, o->x) : ant__body(m)->error.code;
    const ant_compiled *c = ant__compiled(m);
    if (code == 0 && training && c && c->optimizer.cls == NULL)
        return ant__model_fail(m, ANT_E_STATE, "was compiled without an optimizer");
    return code ? code : with_session(m, training, one_batch, o);
}

int ant_train_on_batch_(const ant_batch_options *o, size_t size) {
    return on_batch(o, size, true);
}

int ant_test_on_batch_(const ant_batch_options *o, size_t size) {
    return on_batch(o, size, false);
}
