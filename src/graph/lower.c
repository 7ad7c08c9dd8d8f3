/* Lowering: the calls of a model write their ops into a program, each with its operands' values. */
#include "core/random.h"
#include "graph/graph.h"

/* Values and masks by place: the inputs, then the results of each step. */
typedef struct ant_places {
    ant_value **value, **mask;
} ant_places;

static bool fits(const ant_dims *wanted, const ant_dims *got) {
    for (int k = 0; k < wanted->rank; k++)
        if (wanted->dim[k] >= 0 && got->dim[k] >= 0 && wanted->dim[k] != got->dim[k])
            return false;
    return wanted->rank == got->rank;
}

/* As Keras does, a last axis of size 1 may be there or not. */
static ant_value *fix_rank(ant_program *p, const ant_dims *wanted, ant_value *x) {
    const ant_dims *got = x ? &x->dims : NULL;
    if (!x)
        return NULL;
    if (got->rank == wanted->rank + 1 && got->dim[got->rank - 1] == 1)
        return ant_op_squeeze(p, x, -1);
    if (got->rank == wanted->rank - 1 && wanted->dim[wanted->rank - 1] == 1)
        return ant_op_expand(p, x, -1);
    return x;
}

static int misfit(const ant_model *m, ant_model_values *v, const ant_node *n, const ant_value *x) {
    char wanted[ANT__DIMS_TEXT], got[ANT__DIMS_TEXT];
    const char *quote = n->said ? "'" : "";
    return ant__fail(&v->context->error, ANT_E_SHAPE, "%s: its input %s%s%s takes %s, got %s",
                     ant__layer_label(m), quote, n->said ? n->said : "", quote,
                     ant__dims_text(&n->dims, wanted), ant__dims_text(&x->dims, got));
}

static int dead_value(ant_model_values *v) {
    const ant_fault *told = ant__program_error(v->program);
    return ant__fail(&v->context->error, told->code ? told->code : ANT_E_GRAPH, "%s", told->text);
}

static int take_input(ant_model *m, ant_model_values *v, int k, ant_places *at) {
    const ant_model_body *b = m->extra;
    const ant_node *n = b->in[k];
    ant_value *x = v->in[k] ? fix_rank(v->program, &n->dims, v->in[k]) : NULL;
    if (!x)
        return dead_value(v);
    if (!fits(&n->dims, &x->dims))
        return misfit(m, v, n, x);
    if (x->dtype != n->dtype)
        x = ant__dtype_real(n->dtype) ? ant_op_real(v->program, x)
                                      : ant_op_cast(v->program, x, n->dtype);
    at->value[k] = x;
    at->mask[k] = v->in_mask ? v->in_mask[k] : NULL;
    return x ? 0 : dead_value(v);
}

static void take_operands(ant_layer_call *c, const ant_model_body *b, const ant_step *s,
                          const ant_places *at) {
    const ant_layer_use *u = s->use;
    const int *from = b->from.at + s->from;
    ant__use_flags(c, u);
    for (int k = 0; k < ant__use_operands(u); k++) {
        int i;
        ant_role role = ant__use_role(u, k, &i);
        ant_value *value = at->value[from[k]];
        if (role == ANT__IN) {
            c->in[i] = value;
            c->mask[i] = ant__use_unmasks(u, i) ? NULL : at->mask[from[k]];
        } else if (role == ANT__STATE) {
            c->initial_state[i] = value;
        } else if (role == ANT__MASK) {
            c->mask[i] = value;
            c->mask_said |= i == 0;
        } else {
            c->attention_mask = value;
        }
    }
}

static int write_step(ant_model *m, const ant_step *s, ant_model_values *v, ant_places *at) {
    const ant_layer_use *u = s->use;
    ant_layer_call c = {
        .layer = u->layer,
        .program = v->program,
        .context = v->context,
        .training = u->training == ANT_NONE ? v->training : u->training == 1,
        .key = ant__random_mix(v->key, s->key),
        .lowering = v->lowering,
    };
    take_operands(&c, m->extra, s, at);
    int code = ant__layer_write(&c);
    for (int k = 0; k < u->n_out && !code; k++) {
        at->value[s->first_out + k] = c.out[k];
        at->mask[s->first_out + k] = c.out_mask[k];
    }
    return code;
}

static int write_steps(ant_model *m, ant_model_values *v, ant_places *at) {
    const ant_model_body *b = m->extra;
    int code = 0;
    for (int i = 0; i < b->n_in && !code; i++)
        code = take_input(m, v, i, at);
    for (int i = 0; i < b->steps.n && !code; i++)
        code = write_step(m, &b->steps.at[i], v, at);
    return code;
}

/* Writes all calls and gives the values at the places asked for. */
static int write_places(ant_model *m, ant_model_values *v, const int *place, int n) {
    const ant_model_body *b = m->extra;
    ant_places at = {.value = ant__alloc_array((size_t)b->values, 2 * sizeof *at.value)};
    if (!at.value)
        return ant__fail_memory(&v->context->error);
    at.mask = at.value + b->values;
    int code = write_steps(m, v, &at);
    for (int k = 0; k < n && !code; k++) {
        v->out[k] = at.value[place[k]];
        v->out_mask[k] = at.mask[place[k]];
    }
    ant__free(at.value);
    return code;
}

int ant__model_write(ant_model *m, ant_model_values *v) {
    const ant_model_body *b = m->extra;
    return write_places(m, v, b->out_place, b->n_out);
}

/* The inputs are the first nodes of a settled model, then come the calls in order. */
static int place_of(const ant_model_body *b, const ant_node *n) {
    int place = ant__names_place(&b->nodes, n);
    if (place >= 0 || !n->use)
        return place;
    place = ant__names_place(&b->nodes, n->use);
    return place < 0 ? -1 : b->steps.at[place - b->n_in].first_out + n->result;
}

int ant__nodes_write(ant_model *m, ant_node *const *nodes, int n, ant_model_values *v) {
    int place[ANT_MAX_PORTS];
    if (n > ANT_MAX_PORTS)
        return ant__fail(&v->context->error, ANT_E_LIMIT, "more than %d nodes", ANT_MAX_PORTS);
    for (int k = 0; k < n; k++)
        if ((place[k] = place_of(m->extra, nodes[k])) < 0)
            return ant__fail(&v->context->error, ANT_E_GRAPH,
                             "%s: node %d does not lie between its inputs and outputs",
                             ant__layer_label(m), k);
    return write_places(m, v, place, n);
}
