/* Programs: making and freeing them, their values and their ops. */
#include "core/program/inside.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static ant_program *add_program(ant_shared *shared, ant_program *parent, int real) {
    ant_program *p = ant__alloc(sizeof *p);
    if (!p || !ANT__PUSH(&shared->all, p)) {
        ant__free(p);
        return NULL;
    }
    p->shared = shared;
    p->parent = parent;
    p->real = real;
    return p;
}

ant_program *ant__program_new(int real) {
    ant_shared *shared = ant__alloc(sizeof *shared);
    if (!shared)
        return NULL;
    ant_program *p = add_program(shared, NULL, real);
    if (!p) {
        ant__free(shared->all.at);
        ant__free(shared);
    }
    return p;
}

void ant__program_set_shapes_only(ant_program *p) {
    p->shared->shapes_only = true;
}

bool ant__program_shapes_only(const ant_program *p) {
    return p->shared->shapes_only;
}

ant_program *ant__program_within(ant_program *parent) {
    ant_program *p = add_program(parent->shared, parent, parent->real);
    if (!p)
        ant__program_fail_memory(parent);
    return p;
}

static void free_one(ant_program *p) {
    for (int i = 0; i < p->kept.n; i++)
        ant__free(p->kept.at[i].sources.at);
    void *lists[] = {p->ops.at,      p->values.at,  p->inputs.at,  p->outputs.at,
                     p->cells.at,    p->cell_table, p->carries.at, p->sequences.at,
                     p->captures.at, p->stacked.at, p->code.at,    p->places.at,
                     p->slots.at,    p->commits.at, p->kept.at,    p->written.at};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        ant__free(lists[i]);
    ant__free(p);
}

void ant__program_free(ant_program *p) {
    if (!p)
        return;
    ant_shared *shared = p->shared;
    for (int i = 0; i < shared->all.n; i++)
        free_one(shared->all.at[i]);
    ant__free(shared->all.at);
    ant__arena_free(&shared->arena);
    ant__free(shared);
}

int ant__program_real(const ant_program *p) {
    return p->real;
}

void ant__program_set_fast(ant_program *p, bool fast) {
    p->shared->fast = fast;
}

bool ant__program_fast(const ant_program *p) {
    return p->shared->fast;
}

ant_fault *ant__program_error(ant_program *p) {
    return &p->shared->error;
}

bool ant__program_dead(const ant_program *p) {
    return !p || p->shared->error.code;
}

static bool pure(const ant_program *p) {
    for (int i = 0; i < p->cells.n; i++)
        if (p->cells.at[i].now != p->cells.at[i].old)
            return false;
    for (int i = 0; i < p->ops.n; i++)
        if (p->ops.at[i]->cls->impure)
            return false;
    return true;
}

bool ant__program_pure(const ant_program *p) {
    for (int i = 0; i < p->shared->all.n; i++)
        if (!pure(p->shared->all.at[i]))
            return false;
    return true;
}

int ant__program_fail_memory(ant_program *p) {
    return ant__fail_memory(&p->shared->error);
}

int ant__op_fail(const ant_op *o, const char *format, ...) {
    char text[ANT__ERROR_SIZE];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return ant__fail(&o->program->shared->error, ANT_E_SHAPE, "%s: %s", o->cls->name, text);
}

void *ant__program_alloc(ant_program *p, size_t count, size_t size) {
    void *block = ant__arena_array(&p->shared->arena, count, size);
    if (!block)
        ant__program_fail_memory(p);
    return block;
}

void *ant__program_numbers(ant_program *p, size_t bytes) {
    void *numbers = ant__arena_numbers(&p->shared->arena, bytes);
    if (!numbers)
        ant__program_fail_memory(p);
    return numbers;
}

size_t ant__value_bytes(const ant_value *v) {
    return ant__dtype_size(v->dtype) * (size_t)ant__dims_count(&v->dims);
}

ant_value *ant__value_new(ant_program *p, ant_value_kind kind, int dtype, const ant_dims *dims) {
    struct {
        ant_value value;
        struct ant_value_pass pass;
    } *both = ant__program_alloc(p, 1, sizeof *both);
    if (!both)
        return NULL;
    ant_value *v = &both->value;
    if (!ANT__PUSH(&p->values, v)) {
        ant__program_fail_memory(p);
        return NULL;
    }
    v->program = p;
    v->id = p->values.n - 1;
    v->kind = kind;
    v->dtype = dtype;
    v->dims = *dims;
    v->pass = &both->pass;
    return v;
}

ant_value *ant__constant_new(ant_program *p, int dtype, const ant_dims *dims) {
    size_t bytes;
    if (ant__program_dead(p))
        return NULL;
    if (!ant__dims_bytes(dims, dtype, &bytes)) {
        ant__program_fail_memory(p);
        return NULL;
    }
    ant_value *v = ant__value_new(p, ANT__CONST, dtype, dims);
    return v && (v->data = ant__program_numbers(p, bytes)) ? v : NULL;
}

static bool make_outputs(ant_op *o) {
    for (int k = 0; k < o->n_out; k++) {
        o->out[k] = ant__value_new(o->program, ANT__TEMP, o->program->real, &ANT__SCALAR);
        if (!o->out[k])
            return false;
        o->out[k]->from = o;
    }
    return true;
}

ant_op *ant__op_bare(ant_program *p, const ant_op_class *cls, const ant_attrs *attrs, int n_in,
                     int n_out) {
    ant_op *o = ant__program_alloc(p, 1, sizeof *o);
    ant_value **ports = ant__program_alloc(p, (size_t)n_in + (size_t)n_out + 1, sizeof *ports);
    if (!o || !ports)
        return NULL;
    o->cls = cls;
    o->program = p;
    o->n_in = n_in;
    o->n_out = n_out;
    o->in = ports;
    o->out = ports + n_in;
    if (attrs)
        o->attrs = *attrs;
    return o;
}

ant_op *ant__op_new(ant_program *p, const ant_op_class *cls, const ant_attrs *attrs, int n_in,
                    int n_out) {
    ant_op *o = ant__op_bare(p, cls, attrs, n_in, n_out);
    return o && make_outputs(o) ? o : NULL;
}
