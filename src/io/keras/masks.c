/* Masks that Keras loses. Its MultiHeadAttention takes the masks away from the tensors that it is called
 * on, when it runs: attention that runs later on such a tensor, or on what was made of it, has no mask in
 * Keras (3.15.1). Here the graph alone tells, and it has one. */
#include "io/keras/keras.h"
#include <string.h>

typedef struct search {
    const ant_model_body *body;
    bool *lost; /* by places of values: Keras's tensor has no mask any more */
} search;

/* Has one of its inputs lost a mask that it has here? */
static bool takes_lost(const search *s, const ant_step *step) {
    const ant_layer_use *u = step->use;
    for (int i = 0; i < u->n_in; i++)
        if (u->in[i]->mask && !u->mask[i] && s->lost[s->body->from.at[step->from + i]])
            return true;
    return false;
}

static void note(search *s, const ant_step *step, bool lost) {
    const ant_layer_use *u = step->use;
    for (int k = 0; k < u->n_out; k++)
        s->lost[step->first_out + k] = lost;
    for (int i = 0; i < u->n_in && !strcmp(u->layer->cls->name, "MultiHeadAttention"); i++)
        s->lost[s->body->from.at[step->from + i]] = true;
}

static bool is_attention(const ant_layer *l) {
    return ant__word_among("MultiHeadAttention GroupQueryAttention Attention AdditiveAttention",
                           l->cls->name, false);
}

int ant__keras_masks_check(ant_context *c, ant_model *m) {
    search s = {.body = ant__body(m)};
    int code = s.body->n_in ? ant__model_order(m) : 0;
    if (code || !s.body->n_in)
        return code;
    s.lost = ant__arena_array(&c->arena, (size_t)s.body->values + 1, sizeof *s.lost);
    if (!s.lost)
        return ant__fail_memory(&c->error);
    for (int k = 0; k < s.body->steps.n; k++) {
        const ant_step *step = &s.body->steps.at[k];
        bool lost = takes_lost(&s, step);
        if (lost && is_attention(step->use->layer)) {
            ant__warn(c,
                      "%s: a MultiHeadAttention before it takes the mask of its input away in "
                      "Keras, which computes something else here",
                      ant__layer_label(step->use->layer));
            return 0;
        }
        note(&s, step, lost);
    }
    return 0;
}
