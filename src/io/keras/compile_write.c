/* How a model is compiled, as Keras's compile_config. */
#include "io/keras/write.h"
#include "train/train.h"
#include <string.h>

/* One key of the config for one output; NULL: nothing was said. */
typedef ant_tree *value_writer(ant_context *c, const ant_output_options *o);

/* --- optimizer --- */
/* The learning rate as it is by now. */
static ant_tree *optimizer(ant_context *c, const ant_compiled *s) {
    ant_tree *t = ant__keras_part_write(c, ANT_OPTIMIZER, s->optimizer_text);
    ant_tree *config = t && s->optimizer_text ? ant__tree_get(t, "config") : NULL;
    ant_tree *rate = config ? ant__tree_get(config, "learning_rate") : NULL;
    if (rate && ant__tree_scalar(rate))
        ant__keras_rate(c, rate, s->optimizer.learning_rate);
    return t;
}

/* --- outputs --- */
static ant_tree *loss(ant_context *c, const ant_output_options *o) {
    return o->loss ? ant__keras_part_write(c, ANT_LOSS, o->loss) : NULL;
}

static ant_tree *loss_weight(ant_context *c, const ant_output_options *o) {
    return o->loss_weight != 1 ? ant__keras_number(c, o->loss_weight) : NULL;
}

static ant_tree *parts(ant_context *c, const char *const *text) {
    ant_tree *list = text[0] ? ant__keras_items(c) : NULL;
    for (int k = 0; k < ANT_MAX_LIST && text[k]; k++)
        ant__tree_add(list, ant__keras_part_write(c, ANT_METRIC, text[k]));
    return list;
}

static ant_tree *metrics(ant_context *c, const ant_output_options *o) {
    return parts(c, o->metrics);
}

static ant_tree *weighted_metrics(ant_context *c, const ant_output_options *o) {
    return parts(c, o->weighted_metrics);
}

/* What was said for output k: by its name, or by place. NULL: nothing. */
static const ant_output_options *said_of(const ant_compiled *s, int k) {
    const char *name = ant__out_name(s->model, k);
    for (int i = 0; i < s->n_said; i++)
        if (s->said[i]->name ? name && !strcmp(s->said[i]->name, name) : i == k)
            return s->said[i];
    return NULL;
}

/* Keras takes losses of deeper structures by place alone, and so metrics of a list that has an
 * entry for each output. */
static bool has_keys(const ant_tree *structure) {
    bool flat = structure->kind == ANT__MAP;
    for (const ant_tree *t = structure->first; t && flat; t = t->next)
        flat = ant__tree_scalar(t);
    return flat;
}

/* A single output's value stands alone, those of several in the outputs' structure or in a list. */
static ant_tree *together(ant_context *c, const ant_model_body *b, ant_tree *const *of,
                          bool metric) {
    const ant_tree *structure = b->out_structure;
    bool deep =
        structure && (structure->kind == ANT__MAP || ant__tree_count(structure) != b->n_out);
    if (structure && (has_keys(structure) || (metric && deep)))
        return ant__structure_fill(c, structure, of);
    if (b->n_out == 1)
        return of[0];
    ant_tree *list = ant__keras_items(c);
    for (int k = 0; k < b->n_out; k++)
        ant__tree_add(list, of[k]);
    return list;
}

/* Nothing at all is null. */
static ant_tree *values(ant_context *c, const ant_compiled *s, value_writer *write,
                        const char *unsaid) {
    const ant_model_body *b = ant__body(s->model);
    ant_tree *of[ANT_MAX_PORTS] = {0};
    int found = 0;
    for (int k = 0; k < b->n_out; k++) {
        const ant_output_options *o = said_of(s, s->one_for_all && write == loss ? 0 : k);
        of[k] = o ? write(c, o) : NULL;
        found += of[k] != NULL;
        if (!of[k])
            of[k] = ant__tree_new(c, ANT__WORD, NULL, unsaid);
    }
    bool metric = write == metrics || write == weighted_metrics;
    return found ? together(c, b, of, metric) : ant__keras_null(c);
}

ant_tree *ant__keras_compile_write(ant_context *c, const ant_model *m) {
    const ant_compiled *s = ant__compiled(m);
    ant_tree *t = ant__keras_map(c);
    ant__keras_put(t, "optimizer", optimizer(c, s));
    ant__keras_put(t, "loss", values(c, s, loss, "null"));
    ant__keras_put(t, "loss_weights", values(c, s, loss_weight, "1.0"));
    ant__keras_put(t, "metrics", values(c, s, metrics, "null"));
    ant__keras_put(t, "weighted_metrics", values(c, s, weighted_metrics, "null"));
    ant__keras_put(t, "run_eagerly", ant__keras_flag(c, false));
    ant__keras_put(t, "steps_per_execution", ant__keras_whole(c, 1));
    ant__keras_put(t, "jit_compile", ant__keras_flag(c, false));
    return c->error.code ? NULL : t;
}
