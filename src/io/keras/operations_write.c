/* Operations back as Keras records them, by the rows that reading has too. */
#include "core/options/field.h"
#include "io/keras/operations.h"
#include "io/keras/write.h"
#include <string.h>

static const char *op_of(const ant_layer *l) {
    const char *op;
    memcpy(&op, ant__field_at(ant__row_find(l->cls, "op"), l->options), sizeof op);
    return op;
}

/* Rows that follow from names alone: no values by keyword, no options that share one field. */
static const ant_keras_operation *row_of(const char *op) {
    for (int k = 0; k < ant__keras_operations_n; k++) {
        const ant_keras_operation *o = &ant__keras_operations[k];
        if (!o->activation && !strcmp(o->op, op))
            return strpbrk(o->values, "=+") || (o->options && strpbrk(o->options, "|&")) ? NULL : o;
    }
    return NULL;
}

static const ant_row *option_named(const ant_layer *l, const ant_keras_name *name) {
    const ant_row *row = NULL;
    for (int k = 0; k < l->cls->rows_n && !row; k++)
        if (ant__keras_name_is(name->ours, name->ours_n, l->cls->rows[k].name))
            row = &l->cls->rows[k];
    return row;
}

static bool is_said(const ant_layer *l, const ant_row *row) {
    return row && !ant__field_equal(row, l->options, l->cls->defaults);
}

static const char *theirs(ant_context *c, const ant_keras_name *name) {
    return ant__print(c, "%.*s", name->theirs_n, name->theirs);
}

/* One axis stands without a list, but where Keras permutes or shapes. */
static ant_tree *option_value(ant_context *c, const ant_layer *l, const ant_row *row,
                              const char *op) {
    ant_tree *t = ant__keras_option_write(c, row, l->options);
    bool one = t && t->kind == ANT__ITEMS && t->first && !t->first->next;
    return one && row->field == ANT__INT_LIST && !strcmp(row->name, "axis") &&
                   strcmp(op, "transpose") != 0
               ? t->first
               : t;
}

/* An axis that was not said, where Keras would take another one. */
static const char *own_axis(const char *op) {
    return !strcmp(op, "concatenate") ? "-1" : !strcmp(op, "take") ? "0" : NULL;
}

/* What was said; for the rest Keras's defaults are the same, but for some axes. */
static int put_options(ant_context *c, const ant_layer *l, const ant_keras_operation *o,
                       ant_tree *config) {
    ant_keras_name name;
    for (const char *list = o->options; list && ant__keras_name_next(&list, &name);) {
        const ant_row *row = option_named(l, &name);
        if (is_said(l, row))
            ant__keras_put(config, theirs(c, &name), option_value(c, l, row, o->op));
        else if (row && !strcmp(row->name, "axis") && own_axis(o->op))
            ant__keras_put(config, "axis", ant__tree_new(c, ANT__WORD, NULL, own_axis(o->op)));
    }
    return c->error.code;
}

/* A value, or the number that stands in its place. */
static ant_tree *value_at(ant_context *c, const ant_layer *l, const ant_keras_name *name,
                          ant_tree *const *operands, int n, int *next) {
    const ant_row *row = option_named(l, name);
    if (is_said(l, row))
        return ant__keras_option_write(c, row, l->options);
    return *next < n ? operands[(*next)++] : NULL;
}

static ant_tree *args_of(ant_context *c, const ant_layer *l, const ant_keras_operation *o,
                         ant_tree *const *operands, int n) {
    ant_tree *args = ant__keras_items(c), *list = args;
    ant_keras_name name;
    int next = 0;
    if (strchr(o->values, '*')) {
        list = ant__keras_items(c);
        ant__tree_add(args, list);
        for (; next < n; next++)
            ant__tree_add(list, operands[next]);
    }
    for (const char *words = o->values; list == args && ant__keras_name_next(&words, &name);)
        ant__tree_add(args, value_at(c, l, &name, operands, n, &next));
    if (next < n)
        ant__fail(&c->error, ANT_E_OPTION, "%s: takes fewer values in Keras", ant__layer_label(l));
    return args;
}

/* Every option that was said must have found its place. */
static int check_options(ant_context *c, const ant_layer *l, const ant_keras_operation *o) {
    for (int k = 0; k < l->cls->rows_n; k++) {
        const ant_row *row = &l->cls->rows[k];
        ant_keras_name name;
        bool found = ant__word_among("op name dtype trainable input_shape", row->name, false);
        for (const char *list = o->options; list && ant__keras_name_next(&list, &name);)
            found |= ant__keras_name_is(name.ours, name.ours_n, row->name);
        for (const char *list = o->values; ant__keras_name_next(&list, &name);)
            found |= ant__keras_name_is(name.ours, name.ours_n, row->name);
        if (!found && is_said(l, row))
            return ant__fail(&c->error, ANT_E_OPTION, "%s: Keras's %s has no option %s",
                             ant__layer_label(l), o->cls, row->name);
    }
    return 0;
}

ant_tree *ant__keras_operation_write(ant_context *c, const ant_layer *l, ant_tree *const *operands,
                                     int n, ant_tree **args, ant_tree **kwargs) {
    const ant_keras_operation *o = row_of(op_of(l));
    ant_tree *config = ant__keras_map(c);
    if (!o) {
        ant__fail(&c->error, ANT_E_OPTION, "%s: the operation %s cannot be written for Keras",
                  ant__layer_label(l), op_of(l));
        return NULL;
    }
    if (check_options(c, l, o) || put_options(c, l, o, config))
        return NULL;
    *args = args_of(c, l, o, operands, n);
    *kwargs = ant__keras_map(c);
    const char *module = ant__print(c, "keras.src.ops.%s", o->module);
    return module ? ant__keras_object(c, module, o->cls, config, o->cls) : NULL;
}
