/* A train step holds everything: forward, losses and penalties, gradients, update, metrics. */
#include "train/write.h"
#include "core/random.h"

/* While one program is written. */
typedef struct writer {
    const ant_step_wanted *want;
    ant_program *program;
    ant_context *context;
    ant_lowering *lowering;
    ant_value *in[ANT__ROLES][ANT_MAX_PORTS]; /* by role and index; NULL: not fed */
    ant_model_values values;
    ant_value *total, *shown; /* scalars: for gradients and for logs */
    ant_value *each[ANT_MAX_PORTS];
} writer;

uint64_t ant__step_id(const ant_step_wanted *w) {
    uint64_t what =
        2 + (uint64_t)w->training + 2 * (uint64_t)w->kind + 8 * (uint64_t)w->feed->weighted;
    return ant__random_mix(w->compiled->generation, what);
}

/* --- forward --- */
static void declare_inputs(writer *w) {
    const ant_feed *f = w->want->feed;
    for (int k = 0; k < f->n; k++) {
        const ant_feed_port *p = &f->port[k];
        w->in[p->role][p->index] = ant__input(w->program, p->dtype, &f->dims[k]);
    }
}

static int write_model(writer *w) {
    w->values = (ant_model_values){.program = w->program,
                                   .context = w->context,
                                   .lowering = w->lowering,
                                   .in = w->in[ANT__INPUTS],
                                   .training = w->want->training};
    return ant__model_write(w->want->compiled->model, &w->values);
}

/* --- losses --- */
static ant_value *plus(ant_program *p, ant_value *a, ant_value *b) {
    return a ? ant_op_add(p, a, b) : b;
}

static void add_loss(writer *w, ant_value *total, ant_value *shown) {
    w->total = plus(w->program, w->total, total);
    w->shown = plus(w->program, w->shown, shown);
}

static void write_losses(writer *w) {
    const ant_compiled *c = w->want->compiled;
    for (int k = 0; k < c->n_out; k++) {
        const ant_output_use *u = &c->out[k];
        if (u->loss.part.cls == NULL)
            continue;
        ant_loss_result r =
            ant__loss_write(w->program, &u->loss, w->in[ANT__TARGETS][k], w->values.out[k],
                            w->in[ANT__WEIGHTS][k], w->values.out_mask[k]);
        double weight = u->options ? u->options->loss_weight : 1;
        w->each[k] = r.shown;
        add_loss(w, ant_op_scale(w->program, r.total, weight),
                 ant_op_scale(w->program, r.shown, weight));
    }
}

/* Activity penalties of the layers, then those of the weights that training changes. */
static void write_penalties(writer *w) {
    const ant_compiled *c = w->want->compiled;
    for (int k = 0; k < w->lowering->losses.n; k++)
        add_loss(w, w->lowering->losses.at[k], w->lowering->losses.at[k]);
    for (int k = 0; k < c->trained.n; k++) {
        ant_weight *weight = c->trained.at[k].weight;
        if (weight->regularizer == NULL)
            continue;
        ant_value *v = ant__read(w->program, &weight->variable);
        v = ant__regularizer_write(w->context, w->program, weight->regularizer, v);
        add_loss(w, v, v);
    }
}

static int check_loss(writer *w) {
    const ant_fault *told = ant__program_error(w->program);
    if (w->context->error.code || told->code)
        return w->context->error.code ? w->context->error.code : told->code;
    if (w->want->training && w->total == NULL)
        return ant__fail(&w->context->error, ANT_E_STATE,
                         "%s: no loss to train on: say .loss in ant_compile",
                         ant__layer_label(w->want->compiled->model));
    if (w->total == NULL)
        w->total = w->shown = ant_op_number(w->program, 0);
    return 0;
}

static void write_outputs(writer *w) {
    const ant_compiled *c = w->want->compiled;
    ant__output(w->program, w->shown);
    for (int k = 0; k < c->n_out; k++)
        if (c->out[k].logged)
            ant__output(w->program, w->each[k]);
}

/* --- update --- */
static int write_update(writer *w) {
    ant_compiled *c = w->want->compiled;
    int n = c->trained.n;
    ant_value **x = ant__alloc_array((size_t)n * 2 + 1, sizeof *x);
    if (x == NULL)
        return ant__fail_memory(&w->context->error);
    ant_value **g = x + n;
    for (int k = 0; k < n; k++)
        x[k] = ant__read(w->program, &c->trained.at[k].weight->variable);
    double scale = ant__optimizer_loss_scale(&c->optimizer);
    ant_value *seed = scale == 1 ? NULL : ant_op_number(w->program, scale);
    int code = n ? ant_op_gradient(w->program, &w->total, seed ? &seed : NULL, 1, x, g, n) : 0;
    if (code == 0)
        ant__optimizer_write(w->context, w->program, &c->optimizer, w->want->kind, g);
    ant__free(x);
    return code;
}

static void write_metrics(writer *w) {
    const ant_compiled *c = w->want->compiled;
    for (int k = 0; k < c->metrics.n; k++) {
        ant_metric_use *u = &c->metrics.at[k];
        ant__metric_write(
            w->program, &u->metric, w->in[ANT__TARGETS][u->output], w->values.out[u->output],
            u->weighted ? w->in[ANT__WEIGHTS][u->output] : NULL, w->values.out_mask[u->output]);
    }
}

int ant__step_write(ant_run *r, ant_program *p, ant_lowering *l, const void *data) {
    writer w = {.want = data, .program = p, .context = ant__run_context(r), .lowering = l};
    declare_inputs(&w);
    int code = write_model(&w);
    if (code)
        return code;
    write_losses(&w);
    write_penalties(&w);
    code = check_loss(&w);
    if (code)
        return code;
    write_outputs(&w);
    if (w.want->training && w.want->compiled->optimizer.cls)
        code = write_update(&w);
    if (code == 0)
        write_metrics(&w);
    return code ? code : w.context->error.code;
}
