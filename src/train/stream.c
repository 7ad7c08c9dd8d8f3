#include "train/stream.h"
#include <string.h>

static int take_options(ant_data *d, const ant_data_options *said, size_t size, ant_fault *e) {
    ant_data_options *o = &d->options;
    *o = (ant_data_options){.count = ANT_NONE};
    const char *wrong = ant__struct_take(o, offsetof(ant_data_options, ant_end), said, size);
    if (wrong)
        return ant__fail(e, ANT_E_OPTION, "data: %s", wrong);
    if (o->read == NULL)
        return ant__fail(e, ANT_E_OPTION, "data: read is missing");
    if (o->count != ANT_NONE && o->count < 1)
        return ant__fail(e, ANT_E_OPTION, "data: count is %lld, must be at least 1",
                         (long long)o->count);
    return 0;
}

ant_data *ant_data_new_(const ant_data_options *o, size_t size, const char *file, int line) {
    ant_graph *g = o->graph;
    if (g == NULL)
        return NULL;
    ant_context *c = &g->context;
    const bool had = c->error.code != 0;
    ant_data *d = ant__arena_alloc(&c->arena, sizeof *d);
    int code = d ? take_options(d, o, size, &c->error) : ant__fail_memory(&c->error);
    if (code)
        ant__blame(c, had, file, line);
    if (d)
        d->graph = g;
    return d;
}

static int stream_fail(ant_session *s, int code, const char *what) {
    return ant__fail(&s->error, code, "%s: %s", ant__layer_label(s->model), what);
}

/* Rows of a known number are always asked for by index: at first as they lie. */
int ant__stream_open(ant_session *s) {
    const ant_data_options *o = &s->feed.data->options;
    if (o->read == NULL)
        return stream_fail(s, ANT_E_OPTION, "the data has no read function");
    s->feed.rows = -1;
    if (o->count == ANT_NONE)
        return 0;
    s->order = ant__alloc_array((size_t)o->count, sizeof *s->order);
    if (s->order == NULL)
        return ant__fail_memory(&s->error);
    for (int64_t k = 0; k < o->count; k++)
        s->order[k] = k;
    s->feed.order = s->order;
    s->feed.rows = o->count;
    return 0;
}

int ant__stream_restart(ant_session *s) {
    const ant_data_options *o = &s->feed.data->options;
    int code = o->restart ? o->restart(o->data) : 0;
    return code < 0 ? stream_fail(s, code, "the data's restart function failed") : 0;
}

/* Matches what came to the ports; the rows lie one after the other. */
static int64_t take_rows(ant_session *s, const ant_rows *rows, int64_t count) {
    ant_feed_arrays a = {{rows->x, rows->y, rows->sample_weight}};
    const int64_t *order = s->feed.order;
    int64_t known = s->feed.rows;
    int code = ant__feed_arrays(&s->feed, &a);
    int64_t given = s->feed.rows;
    if (code == 0 && given != count)
        code = stream_fail(s, ANT_E_DATA,
                           "the data's read function gave arrays of another number "
                           "of rows than it said");
    code = code ? code : ant__feed_reserve(&s->feed, count);
    s->feed.order = NULL;
    code = code ? code : ant__session_batch(s, 0, count);
    s->feed.order = order;
    s->feed.rows = known;
    return code ? code : count;
}

static int64_t read_rows(ant_session *s, int64_t at, int64_t batch, ant_rows *rows) {
    const ant_data_options *o = &s->feed.data->options;
    if (o->count == ANT_NONE)
        return o->read(o->data, NULL, batch, rows);
    int64_t left = o->count - at, n = left < batch ? left : batch;
    return n > 0 ? o->read(o->data, s->feed.order + at, n, rows) : 0;
}

int64_t ant__stream_batch(ant_session *s, int64_t at, int64_t batch) {
    ant_rows rows = {0};
    int64_t count = read_rows(s, at, batch, &rows);
    if (count < 0)
        return stream_fail(s, (int)count, "the data's read function failed");
    return count == 0 ? 0 : take_rows(s, &rows, count);
}

int ant__stream_pass(ant_session *s, int64_t batch, int64_t steps) {
    int code = ant__stream_restart(s);
    int64_t at = 0, count = 1;
    while (code == 0 && count > 0 && steps-- != 0) {
        count = ant__stream_batch(s, at, batch);
        at += count;
    }
    return code ? code : count < 0 ? (int)count : 0;
}
