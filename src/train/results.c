/* What compile keeps of logs: their names, in Keras's order, and their numbers now. */
#include "train/compiled.h"
#include <string.h>

/* --- names --- */
static bool taken(const ant_compiled *c, int before, const char *log) {
    for (int k = 0; k < before; k++)
        if (strcmp(c->metrics.at[k].log, log) == 0)
            return true;
    return false;
}

/* "kind_accuracy"; a weighted metric whose name is taken becomes "kind_weighted_accuracy"; what is
 * still taken gets _1, _2 …, as in Keras. */
static const char *metric_log(ant_compiled *c, int at) {
    const ant_metric_use *u = &c->metrics.at[at];
    bool several = c->n_out > 1;
    const char *out = several ? ant__out_name(c->model, u->output) : "";
    const char *between = several ? "_" : "", *name = u->metric.name;
    const char *log = ant__print(&c->context, "%s%s%s", out, between, name);
    if (log && u->weighted && taken(c, at, log))
        log = ant__print(&c->context, "%s%sweighted_%s", out, between, name);
    const char *base = log;
    for (int k = 1; log && taken(c, at, log); k++)
        log = ant__print(&c->context, "%s_%d", base, k);
    return log;
}

/* Kept in the order of names, as Keras shows them. */
static int add_log(ant_compiled *c, const char *name, enum ant_log_source source, int index) {
    const char *val = name ? ant__print(&c->context, "val_%s", name) : NULL;
    ant_log_name_entry e = {name, val, source, index};
    if (val == NULL || !ANT__PUSH(&c->logs, e))
        return ant__fail_memory(&c->context.error);
    int k = c->logs.n - 1;
    for (; k > 0 && strcmp(c->logs.at[k - 1].name, name) > 0; k--)
        c->logs.at[k] = c->logs.at[k - 1];
    c->logs.at[k] = e;
    return 0;
}

int ant__name_logs(ant_compiled *c) {
    int code = add_log(c, "loss", ANT__LOG_LOSS, 0);
    for (int k = 0; k < c->n_out && c->n_losses > 1 && code == 0; k++) {
        if (c->out[k].loss.part.cls == NULL)
            continue;
        c->out[k].logged = true;
        const char *name = ant__print(&c->context, "%s_loss", ant__out_name(c->model, k));
        code = add_log(c, name, ANT__LOG_OUTPUT, k);
    }
    for (int k = 0; k < c->metrics.n && code == 0; k++) {
        c->metrics.at[k].log = metric_log(c, k);
        code = add_log(c, c->metrics.at[k].log, ANT__LOG_METRIC, k);
    }
    return code;
}

/* --- results --- */
static double mean(double sum, int64_t n) {
    return n > 0 ? sum / (double)n : 0;
}

static double log_value(const ant_compiled *c, const ant_log_name_entry *e, const ant_sums *sums) {
    if (e->source == ANT__LOG_METRIC)
        return ant__metric_result(&c->metrics.at[e->index].metric);
    return mean(e->source == ANT__LOG_LOSS ? sums->loss : sums->output[e->index], sums->samples);
}

bool ant__compiled_logs(const ant_compiled *c, const ant_sums *sums, bool val, ant_logs *out) {
    bool good = true;
    for (int k = 0; k < c->logs.n && good; k++) {
        const ant_log_name_entry *e = &c->logs.at[k];
        good = ant__logs_set(out, val ? e->val_name : e->name, log_value(c, e, sums));
    }
    return good;
}
