/* predict: forward programs, into arrays of the caller. */
#include "core/random.h"
#include "train/action.h"
#include "train/write.h"
#include <string.h>

/* What is wanted of a prediction. */
typedef struct prediction {
    ant_model *model;
    ant_run *run;
    ant_feed *feed;
    ant_ports wanted;             /* outputs, as bits */
    ant_array out[ANT_MAX_PORTS]; /* … and where they go */
    int64_t rows, batch;
    ant_fault *error; /* the run's */
} prediction;

/* --- the program --- */
typedef struct predict_wanted {
    ant_model *model;
    const ant_dims *dims; /* of the inputs */
    ant_ports outputs;
} predict_wanted;

static uint64_t predict_id(ant_ports outputs) {
    return ant__random_mix(0, (uint64_t)ANT__PREDICT_ID << 32 | outputs);
}

/* Its outputs are those wanted, in order. */
static int predict_write(ant_run *r, ant_program *p, ant_lowering *l, const void *data) {
    const predict_wanted *w = data;
    const ant_model_body *b = ant__body(w->model);
    ant_value *in[ANT_MAX_PORTS];
    for (int k = 0; k < b->n_in; k++)
        in[k] = ant__input(p, b->in[k]->dtype, &w->dims[k]);
    ant_model_values v = {.program = p, .context = ant__run_context(r), .lowering = l, .in = in};
    int code = ant__model_write(w->model, &v);
    for (int k = 0; k < b->n_out && code == 0; k++)
        if (w->outputs & (ant_ports)1 << k)
            ant__output(p, v.out[k]);
    return code;
}

static ant_program *program_for(ant_run *r, ant_model *m, const ant_dims *dims, ant_ports outputs) {
    predict_wanted w = {m, dims, outputs};
    return ant__run_program(r, predict_id(outputs), dims, ant__body(m)->n_in, predict_write, &w);
}

/* --- the caller's arrays --- */
static int out_place(const prediction *p, const char *name) {
    for (int k = 0; k < ant__body(p->model)->n_out; k++)
        if (strcmp(ant__out_name(p->model, k), name) == 0)
            return k;
    return -1;
}

static int match_outputs(prediction *p, const ant_array *said) {
    int n, n_out = ant__body(p->model)->n_out;
    const ant_array *out = ant__arrays_of(said, &n);
    if (out != said && ant__arrays_check(p->model, "output", said, p->error))
        return p->error->code;
    if (n < 1 || n > n_out)
        return ant__fail(p->error, ANT_E_DATA, "%s: predict: %d output arrays given, it has %d",
                         ant__layer_label(p->model), n, n_out);
    for (int k = 0; k < n; k++) {
        int at = out[k].name ? out_place(p, out[k].name) : k;
        if (at < 0 || p->wanted & (ant_ports)1 << at)
            return ant__fail(p->error, ANT_E_DATA, "%s: predict: %s output '%s'",
                             ant__layer_label(p->model), at < 0 ? "no" : "two arrays for",
                             out[k].name ? out[k].name : ant__out_name(p->model, at));
        p->out[at] = out[k];
        p->wanted |= (ant_ports)1 << at;
    }
    return 0;
}

static int check_type(prediction *p, int k, const ant_value *v) {
    const ant_array *a = &p->out[k];
    bool real = ant__dtype_real(a->dtype);
    if (!a->swapped && a->dtype != ANT_FLOAT16 && (real || !ant__dtype_real(v->dtype)))
        return 0;
    return ant__fail(
        p->error, ANT_E_DATA, "%s: predict: output '%s' is %s, it cannot be written as %s%s",
        ant__layer_label(p->model), ant__out_name(p->model, k), ant__dtype_name(v->dtype),
        ant__dtype_name(a->dtype), a->swapped ? " of the other byte order" : "");
}

static int no_room(const prediction *p, int k, const ant_value *v) {
    char wants[ANT__DIMS_TEXT], has[ANT__DIMS_TEXT];
    const ant_dims given = ant__array_dims(&p->out[k]);
    ant_dims d = v->dims;
    d.dim[0] = p->rows;
    return ant__fail(p->error, ANT_E_SHAPE, "%s: predict: output '%s' is %s, the array is %s",
                     ant__layer_label(p->model), ant__out_name(p->model, k),
                     ant__dims_text(&d, wants), ant__dims_text(&given, has));
}

/* Is the array of so many rows of d? */
static bool takes(const ant_array *a, const ant_dims *d, int64_t rows) {
    bool same = a->axes == d->rank && a->shape[0] == rows;
    for (int k = 1; same && k < d->rank; k++)
        same = a->shape[k] == d->dim[k];
    return same;
}

/* The array must take all rows of what the program gives. */
static int check_output(prediction *p, int k, const ant_value *v) {
    ant_array *a = &p->out[k];
    const ant_dims *d = &v->dims;
    int code = ant__array_check(a, "predict: output", p->error);
    if (code || d->rank == 0)
        return code ? code
                    : ant__fail(p->error, ANT_E_SHAPE, "%s: output '%s' has no rows",
                                ant__layer_label(p->model), ant__out_name(p->model, k));
    if (d->rank > 1 && a->axes == d->rank - 1 && d->dim[d->rank - 1] == 1) {
        a->strides[a->axes] = a->strides[0] ? (int64_t)ant__dtype_size(a->dtype) : 0;
        a->shape[a->axes++] = 1;
    }
    return takes(a, d, p->rows) ? check_type(p, k, v) : no_room(p, k, v);
}

static int check_outputs(prediction *p, const ant_program *program) {
    int at = 0, code = 0, n_out = ant__body(p->model)->n_out;
    for (int k = 0; k < n_out && code == 0; k++)
        if (p->wanted & (ant_ports)1 << k)
            code = check_output(p, k, ant__program_output_value(program, at++));
    return code;
}

static int write_outputs(prediction *p, const ant_program *program, int64_t first, int64_t count) {
    int at = 0, code = 0, n_out = ant__body(p->model)->n_out;
    for (int k = 0; k < n_out && code == 0; k++) {
        if (!(p->wanted & (ant_ports)1 << k))
            continue;
        const ant_value *v = ant__program_output_value(program, at);
        code = ant__array_write(&p->out[k], first, count, v->dtype,
                                ant__program_output(program, at++), "predict: output", p->error);
    }
    return code;
}

/* --- running --- */
static int predict_batch(prediction *p, int64_t at, int64_t count) {
    int code = ant__feed_batch(p->feed, at, count);
    if (code)
        return code;
    ant_program *program = program_for(p->run, p->model, p->feed->dims, p->wanted);
    if (program == NULL)
        return p->error->code;
    if (at == 0)
        code = check_outputs(p, program);
    ant__feed_bind(p->feed, program);
    code = code ? code : ant__run_execute(p->run, program);
    return code ? code : write_outputs(p, program, at, count);
}

static int open_feed(prediction *p, const ant_predict_options *o) {
    ant_feed_arrays a = {{o->x}};
    ant__feed_ports(p->feed, p->run, ANT__BANK_FIRST, NULL, NULL, p->error);
    int code = ant__feed_arrays(p->feed, &a);
    p->rows = p->feed->rows;
    p->batch = o->batch_size == ANT_NONE ? 32 : o->batch_size;
    if (p->batch > p->rows)
        p->batch = p->rows;
    return code || p->rows == 0 ? code : ant__feed_reserve(p->feed, p->batch);
}

static int predict(prediction *p, const ant_predict_options *o) {
    int code = open_feed(p, o);
    code = code ? code : match_outputs(p, o->out);
    for (int64_t at = 0; at < p->rows && code == 0; at += p->batch)
        code = predict_batch(p, at, p->rows - at < p->batch ? p->rows - at : p->batch);
    return code;
}

/* The sizes of all outputs, as the first batch has them; the run keeps its program. */
static int measure(prediction *p, const ant_predict_options *o, ant_dims *dims) {
    const ant_model_body *b = ant__body(p->model);
    int code = open_feed(p, o);
    p->wanted = ((ant_ports)1 << b->n_out) - 1;
    if (code || p->rows == 0 || (code = ant__feed_batch(p->feed, 0, p->batch)))
        return code;
    ant_program *program = program_for(p->run, p->model, p->feed->dims, p->wanted);
    for (int k = 0; k < b->n_out && program; k++) {
        dims[k] = ant__program_output_value(program, k)->dims;
        if (dims[k].rank)
            dims[k].dim[0] = p->rows;
    }
    return program ? 0 : p->error->code;
}

/* dims NULL: predicts; else tells the sizes of the outputs. */
static int predict_in(ant_run *r, ant_model *m, const ant_predict_options *o, ant_dims *dims) {
    ant_feed feed;
    prediction p;
    p.model = m;
    p.run = r;
    p.feed = &feed;
    p.wanted = 0;
    p.error = ant__run_error(r);
    ant__error_clear(p.error);
    if (o->batch_size != ANT_NONE && o->batch_size < 1)
        return ant__fail(p.error, ANT_E_OPTION, "predict: batch_size is %d, must be at least 1",
                         o->batch_size);
    return dims ? measure(&p, o, dims) : predict(&p, o);
}

static const ant_predict_options predict_defaults = {ANT_PREDICT_DEFAULTS};
static const ant_action_struct predict_struct = {"predict", &predict_defaults,
                                                 offsetof(ant_predict_options, ant_end)};

static int act(const ant_predict_options *said, size_t size, ant_dims *dims) {
    ant_model *m = said->model;
    ant_predict_options room;
    int code = ant__action_begin(m);
    if (code)
        return code;
    const ant_predict_options *o = ant__take_struct(m, &predict_struct, &room, said, size);
    code = o ? ant__build_for(m, o->x) : ant__body(m)->error.code;
    code = code ? code : ant__settle(m);
    if (code || o->run)
        return code ? code : predict_in(o->run, m, o, dims);
    ant_run *r = ant__run_take(m);
    if (r == NULL)
        return ANT_E_MEMORY;
    code = predict_in(r, m, o, dims);
    if (code)
        ant__model_take_error(m, ant__run_error(r));
    ant__run_put(m, r);
    return code;
}

int ant_predict_(const ant_predict_options *said, size_t size) {
    return act(said, size, NULL);
}

int ant__predict_dims(const ant_predict_options *o, ant_dims dims[ANT_MAX_PORTS]) {
    for (int k = 0; k < ant_model_outputs(o->model); k++)
        dims[k] = ant_model_output(o->model, k)->dims;
    return act(o, offsetof(ant_predict_options, ant_end), dims);
}

/* --- runs of users --- */
ant_run *ant_run_new(ant_model *m) {
    if (ant__action_begin(m) || ant__settle(m))
        return NULL;
    return ant__run_new(m);
}

void ant_run_free(ant_run *r) {
    ant__run_free(r);
}

const char *ant_run_error(const ant_run *r) {
    return r ? ant__run_error((ant_run *)(uintptr_t)r)->text : "no run";
}

static int one_dims(ant_run *r, const ant_model_body *b, ant_dims *dims) {
    char text[ANT__DIMS_TEXT];
    for (int k = 0; k < b->n_in; k++) {
        dims[k] = b->in[k]->dims;
        dims[k].dim[0] = 1;
        if (!ant__dims_known(&dims[k]))
            return ant__fail(ant__run_error(r), ANT_E_SHAPE,
                             "predict_one: input %d is %s, its sizes must be known", k,
                             ant__dims_text(&b->in[k]->dims, text));
    }
    return 0;
}

static size_t sample_size(const ant_dims *dims, int dtype) {
    return (size_t)ant__dims_count(dims) * ant__dtype_size(dtype);
}

int ant_predict_one(ant_run *r, const void *const *in, void *const *out) {
    if (r == NULL)
        return ANT_E_MEMORY;
    ant_model *m = ant__run_model(r);
    const ant_model_body *b = ant__body(m);
    ant_dims dims[ANT_MAX_PORTS];
    ant__error_clear(ant__run_error(r));
    int code = one_dims(r, b, dims);
    ant_program *p = code ? NULL : program_for(r, m, dims, ((ant_ports)1 << b->n_out) - 1);
    if (p == NULL)
        return ant__run_error(r)->code;
    for (int k = 0; k < b->n_in; k++)
        ant__program_bind_input(p, k, in[k]);
    code = ant__run_execute(r, p);
    for (int k = 0; k < b->n_out && code == 0; k++) {
        const ant_value *v = ant__program_output_value(p, k);
        if (out[k])
            memcpy(out[k], ant__program_output(p, k), sample_size(&v->dims, v->dtype));
    }
    return code;
}
