/* Options into the arena: what every constructor does with what it is given. */
#include "core/options/field.h"
#include <string.h>

/* A part is made canonical, other text is copied. */
static int copy_text(ant_context *c, const ant_class *cls, const ant_row *r, const char **text) {
    if (!r->part) {
        *text = ant__arena_text(&c->arena, *text);
        return *text ? 0 : ant__fail_memory(&c->error);
    }
    bool clean = !c->error.code;
    *text = ant__part_text(c, r->part, *text);
    if (strcmp(*text, "!") != 0)
        return 0;
    if (clean)
        ant__error_before(&c->error, "%s: %s: ", cls->name, r->name);
    return c->error.code;
}

static int copy_list(ant_context *c, const ant_class *cls, const ant_row *r, void *field) {
    ant_list_view list = ant__list_get(field);
    if (!list.count)
        return 0;
    if (list.count < 0 || !list.data)
        return ant__fail(&c->error, ANT_E_OPTION, "%s: %s is a list of %d entries", cls->name,
                         r->name, list.count);
    size_t unit = ant__list_unit(r->field);
    void *data = ant__arena_array(&c->arena, (size_t)list.count, unit);
    if (!data)
        return ant__fail_memory(&c->error);
    memcpy(data, list.data, (size_t)list.count * unit);
    list.data = data;
    ant__list_set(field, list);
    int code = 0;
    for (int k = 0; r->field == ANT__TEXT_LIST && k < list.count && !code; k++)
        code = copy_text(c, cls, r, (const char **)data + k);
    return code;
}

static int copy_parts(ant_context *c, const ant_class *cls, const ant_row *r, const char **text) {
    int code = 0;
    if (text[ANT_MAX_LIST - 1])
        return ant__fail(&c->error, ANT_E_OPTION, "%s: %s has more than %d entries", cls->name,
                         r->name, ANT_MAX_LIST - 1);
    for (int k = 0; text[k] && !code; k++)
        code = copy_text(c, cls, r, &text[k]);
    return code;
}

static int copy_field(ant_context *c, const ant_class *cls, const ant_row *r, void *options) {
    void *field = ant__field_in(r, options);
    const char *also = ant__field_also(r, options);
    if (also) {
        int code = copy_text(c, cls, r, &also);
        memcpy((char *)options + r->also, &also, sizeof also);
        return code;
    }
    if (ant__field_is_list(r->field))
        return copy_list(c, cls, r, field);
    if (ant__field_none(r, field))
        return 0;
    if (r->field == ANT__STRING)
        return copy_text(c, cls, r, field);
    return r->field == ANT__PARTS ? copy_parts(c, cls, r, field) : 0;
}

void *ant__options_copy(ant_context *c, const ant_class *cls, const void *options, size_t size) {
    char *copy = ant__arena_alloc(&c->arena, cls->size + 1);
    if (!copy) {
        ant__fail_memory(&c->error);
        return NULL;
    }
    if (!cls->defaults)
        return copy;
    memcpy(copy, cls->defaults, cls->size);
    memcpy(copy, options, size < cls->size ? size : cls->size);
    for (int k = 0; k < cls->rows_n; k++)
        if (copy_field(c, cls, &cls->rows[k], copy))
            return NULL;
    return copy;
}

void *ant__options_take(ant_context *c, const ant_class *cls, const void *options, size_t size) {
    const char *wrong = ant__struct_wrong(cls->size, options, size);
    if (wrong) {
        ant__fail(&c->error, ANT_E_OPTION, "%s: %s", cls->name, wrong);
        return NULL;
    }
    void *copy = ant__options_copy(c, cls, options, size);
    return copy && !ant__options_check(c, cls, copy) ? copy : NULL;
}

int ant_options_init(int kind, const char *cls, void *options, size_t size) {
    const ant_class *found = ant__class_find(NULL, kind, cls);
    if (!found || !found->defaults || size > found->size)
        return ANT_E_OPTION;
    memcpy(options, found->defaults, size);
    ((char *)options)[size] = 0;
    return 0;
}
