/* Writing ops into a program: capture of outer values, inputs, outputs, variables. */
#include "core/program/inside.h"
#include <string.h>

/* --- values of outer programs --- */
static ant_value *copy_constant(ant_program *p, const ant_value *v) {
    ant_value *c = ant__value_new(p, ANT__CONST, v->dtype, &v->dims);
    if (c)
        c->data = v->data;
    return c;
}

static ant_value *add_capture(ant_program *p, ant_value *outer) {
    if (p->ended) {
        ant__fail(&p->shared->error, ANT_E_STATE, "a scan that has ended takes no more values");
        return NULL;
    }
    ant_port port = {.in = ant__value_new(p, ANT__INPUT, outer->dtype, &outer->dims),
                     .outer = outer};
    if (!port.in)
        return NULL;
    if (!ANT__PUSH(&p->captures, port)) {
        ant__program_fail_memory(p);
        return NULL;
    }
    return port.in;
}

/* A variable's port is not shared: when the body assigns it, it becomes a carry. */
static ant_value *capture(ant_program *p, ant_value *outer) {
    for (int i = 0; i < p->captures.n; i++)
        if (p->captures.at[i].outer == outer && !p->captures.at[i].in->variable)
            return p->captures.at[i].in;
    return add_capture(p, outer);
}

ant_value *ant__local(ant_program *p, ant_value *v) {
    if (!v || !p || v->program == p)
        return p ? v : NULL;
    if (v->program->shared == p->shared && v->kind == ANT__CONST)
        return copy_constant(p, v);
    if (!p->parent) {
        ant__fail(&p->shared->error, ANT_E_GRAPH,
                  "a value of another program, or of a scan's body, is used outside of it");
        return NULL;
    }
    v = ant__local(p->parent, v);
    if (!v)
        return NULL;
    return capture(p, v);
}

/* --- ops --- */
static bool take_inputs(ant_op *o, ant_value *const *in) {
    for (int i = 0; i < o->n_in; i++) {
        if (!in[i]) {
            ant__op_fail(o, "input %d is missing", i);
            return false;
        }
        o->in[i] = ant__local(o->program, in[i]);
        if (!o->in[i])
            return false;
    }
    return true;
}

/* No computer holds more: what is larger comes from a mistake, or from a file that lies. The limit
 * leaves room for sums and strides. */
static int check_outputs(const ant_op *o) {
    const int64_t most = (int64_t)1 << 48;
    for (int k = 0; k < o->n_out; k++) {
        const ant_dims *dims = &o->out[k]->dims;
        int64_t entries = 1;
        char text[ANT__DIMS_TEXT];
        for (int axis = 0; axis < dims->rank; axis++) {
            int64_t size = dims->dim[axis] > 0 ? dims->dim[axis] : 1;
            if (size > most / entries)
                return ant__op_fail(o, "a value of shape %s is too large",
                                    ant__dims_text(dims, text));
            entries *= size;
        }
    }
    return 0;
}

ant_value *ant__emit(ant_program *p, const ant_op_class *cls, const ant_attrs *attrs,
                     ant_value *const *in, int n_in, int n_out) {
    if (ant__program_dead(p))
        return NULL;
    ant_op *o = ant__op_new(p, cls, attrs, n_in, n_out);
    if (!o || !take_inputs(o, in) || cls->infer(o) || check_outputs(o))
        return NULL;
    o->index = p->ops.n;
    if (!ANT__PUSH(&p->ops, o)) {
        ant__program_fail_memory(p);
        return NULL;
    }
    return o->out[0];
}

ant_value *ant__result(ant_value *first, int k) {
    return first ? first->from->out[k] : NULL;
}

ant_value *ant__input(ant_program *p, int dtype, const ant_dims *dims) {
    if (ant__program_dead(p))
        return NULL;
    ant_value *v = ant__value_new(p, ANT__INPUT, dtype, dims);
    if (v && !ANT__PUSH(&p->inputs, v)) {
        ant__program_fail_memory(p);
        return NULL;
    }
    return v;
}

int ant__output(ant_program *p, ant_value *v) {
    if (ant__program_dead(p))
        return -1;
    if (!v) {
        ant__fail(&p->shared->error, ANT_E_GRAPH, "an output of the program is missing");
        return -1;
    }
    v = ant__local(p, v);
    if (v && !ANT__PUSH(&p->outputs, v))
        ant__program_fail_memory(p);
    return p->outputs.n - 1;
}

/* --- variables --- */
static int *table_entry(ant_program *p, const ant_variable *v) {
    uint64_t hash = (uint64_t)(uintptr_t)v * 0x9E3779B97F4A7C15u;
    int k = (int)(hash >> 40) & (p->cell_room - 1);
    while (p->cell_table[k] && p->cells.at[p->cell_table[k] - 1].variable != v)
        k = (k + 1) & (p->cell_room - 1);
    return &p->cell_table[k];
}

/* Keeps at most half of the table used. */
static bool table_room(ant_program *p) {
    if (2 * (p->cells.n + 1) <= p->cell_room)
        return true;
    int room = p->cell_room ? 2 * p->cell_room : 16;
    int *table = ant__alloc_array((size_t)room, sizeof *table);
    if (!table) {
        ant__program_fail_memory(p);
        return false;
    }
    ant__free(p->cell_table);
    p->cell_table = table;
    p->cell_room = room;
    for (int i = 0; i < p->cells.n; i++)
        *table_entry(p, p->cells.at[i].variable) = i + 1;
    return true;
}

/* What the variable is when the program begins: its memory, or in a body what it is outside. */
static ant_value *first_value(ant_program *p, ant_variable *v) {
    ant_value *outer = p->parent ? ant__read(p->parent, v) : NULL, *old;
    if (p->parent)
        old = outer ? add_capture(p, outer) : NULL;
    else
        old = ant__value_new(p, ANT__VARIABLE, v->dtype, &v->dims);
    if (old)
        old->variable = v;
    return old;
}

static ant_cell *cell_of(ant_program *p, ant_variable *v) {
    if (ant__program_dead(p) || !table_room(p))
        return NULL;
    int *entry = table_entry(p, v);
    if (*entry)
        return &p->cells.at[*entry - 1];
    ant_cell cell = {.variable = v, .old = first_value(p, v)};
    cell.now = cell.old;
    if (!cell.old)
        return NULL;
    if (!ANT__PUSH(&p->cells, cell)) {
        ant__program_fail_memory(p);
        return NULL;
    }
    *entry = p->cells.n;
    return &p->cells.at[p->cells.n - 1];
}

ant_value *ant__read(ant_program *p, ant_variable *v) {
    ant_cell *cell = cell_of(p, v);
    return cell ? cell->now : NULL;
}

void ant__assign(ant_program *p, ant_variable *v, ant_value *x) {
    if (ant__program_dead(p))
        return;
    x = ant__local(p, x);
    if (x && x->dtype == v->dtype && ant__dims_equal(&x->dims, &v->dims)) {
        ant_cell *cell = cell_of(p, v);
        if (cell)
            cell->now = x;
        return;
    }
    char is[ANT__DIMS_TEXT], given[ANT__DIMS_TEXT];
    ant__fail(&p->shared->error, ANT_E_SHAPE, "assign: '%s' is %s %s, the value %s %s", v->name,
              ant__dtype_name(v->dtype), ant__dims_text(&v->dims, is),
              x ? ant__dtype_name(x->dtype) : "", x ? ant__dims_text(&x->dims, given) : "missing");
}
