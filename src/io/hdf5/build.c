/* A tree for the writer. */
#include "core/shape.h"
#include "io/hdf5/parts.h"
#include "io/utf8.h"
#include <string.h>

enum {
    MOST_LIST = 64512, /* bytes of a list; Keras splits longer ones */
    MOST_NAME = 256,   /* of an attribute, which shares its 64 KB with the list */
};

static int fail(ant_context *c, const char *name, const char *what) {
    return ant__fail(&c->error, ANT_E_FORMAT, "hdf5: '%.200s' %s", name, what);
}

/* --- groups and datasets --- */
static ant_hdf5_node *add_node(ant_context *c, ant_hdf5_node *parent, const char *name) {
    size_t n = strlen(name);
    if (parent && (!n || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, "..") ||
                   ant__utf8_valid(name, n) < n)) {
        fail(c, name, "cannot be a name");
        return NULL;
    }
    ant_hdf5_node *m = ant__arena_alloc(&c->arena, sizeof *m);
    if (!m || !(m->name = ant__arena_text(&c->arena, name))) {
        ant__fail_memory(&c->error);
        return NULL;
    }
    if (parent) {
        *(parent->first ? &parent->last->next : &parent->first) = m;
        parent->last = m;
        parent->count++;
    }
    return m;
}

ant_hdf5_node *ant__hdf5_group(ant_context *c, ant_hdf5_node *parent, const char *name) {
    if (c->error.code)
        return NULL;
    for (ant_hdf5_node *m = parent ? parent->first : NULL; m; m = m->next)
        if (!strcmp(m->name, name)) {
            if (!m->group)
                fail(c, name, "is a dataset already");
            return m->group ? m : NULL;
        }
    ant_hdf5_node *m = add_node(c, parent, parent ? name : "");
    if (m)
        m->group = true;
    return m;
}

int ant__hdf5_dataset(ant_context *c, ant_hdf5_node *group, const char *name, ant_array values) {
    ant_dims dims = {.rank = values.axes};
    size_t bytes;
    if (c->error.code)
        return c->error.code;
    for (int k = 0; k < values.axes && k < ANT_MAX_AXES; k++)
        dims.dim[k] = values.shape[k];
    if (values.axes < 0 || values.axes > ANT_MAX_AXES || !ant__dtype_size(values.dtype) ||
        !ant__dims_bytes(&dims, values.dtype, &bytes) || (bytes && !values.data))
        return fail(c, name, "is no array of numbers");
    ant_hdf5_node *m = add_node(c, group, name);
    ant_array *kept = m ? ant__arena_alloc(&c->arena, sizeof *kept) : NULL;
    if (!kept)
        return c->error.code ? c->error.code : ant__fail_memory(&c->error);
    *kept = values;
    m->values = (ant_hdf5_values){.rank = (int8_t)values.axes,
                                  .dtype = (int8_t)values.dtype,
                                  .size = (uint32_t)ant__dtype_size(values.dtype),
                                  .shape = kept->shape,
                                  .bytes = kept};
    return 0;
}

/* --- attributes --- */
static ant_hdf5_attribute *add_attribute(ant_context *c, ant_hdf5_node *node, const char *name) {
    ant_hdf5_attribute **end = &node->attributes;
    if (c->error.code)
        return NULL;
    for (; *end; end = &(*end)->next)
        if (!strcmp((*end)->name, name)) {
            fail(c, name, "is an attribute already");
            return NULL;
        }
    ant_hdf5_attribute *a = ant__arena_alloc(&c->arena, sizeof *a);
    if (!a || !(a->name = ant__arena_text(&c->arena, name))) {
        ant__fail_memory(&c->error);
        return NULL;
    }
    if (!*name || strlen(name) > MOST_NAME)
        fail(c, name, "cannot be the name of an attribute");
    *end = a;
    return a;
}

int ant__hdf5_put_text(ant_context *c, ant_hdf5_node *node, const char *name, const char *text) {
    char *copy = ant__arena_text(&c->arena, text);
    ant_hdf5_attribute *a = add_attribute(c, node, name);
    if (!copy || strlen(text) > UINT32_MAX)
        return ant__fail_memory(&c->error);
    if (a)
        a->values = (ant_hdf5_values){
            .dtype = ANT_TEXT, .form = ANT__HDF5_VARIABLE, .size = 16, .bytes = copy};
    return c->error.code;
}

/* One array of texts of `size` bytes; without texts, of numbers. */
static int put_list(ant_context *c, ant_hdf5_node *node, const char *name, const char *const *texts,
                    int n, size_t size) {
    ant_hdf5_attribute *a = add_attribute(c, node, name);
    int64_t *shape = ant__arena_array(&c->arena, 1, sizeof *shape);
    char *bytes = ant__arena_array(&c->arena, (size_t)n, size);
    if (!a || !shape || !bytes)
        return c->error.code ? c->error.code : ant__fail_memory(&c->error);
    *shape = n;
    for (int k = 0; k < n; k++)
        memcpy(bytes + (size_t)k * size, texts[k], strlen(texts[k]));
    a->values = (ant_hdf5_values){.rank = 1,
                                  .dtype = n ? ANT_TEXT : ANT_FLOAT64,
                                  .form = ANT__HDF5_PADDED,
                                  .size = (uint32_t)size,
                                  .shape = shape,
                                  .bytes = bytes};
    return c->error.code;
}

/* Parts of sizes as equal as can be, the longer ones first. */
int ant__hdf5_put_texts(ant_context *c, ant_hdf5_node *node, const char *name, ant_texts texts) {
    size_t size = texts.count ? 1 : sizeof(double);
    for (int k = 0; k < texts.count; k++)
        size = strlen(texts.data[k]) > size ? strlen(texts.data[k]) : size;
    if (size > MOST_LIST)
        return fail(c, name, "has a text of more than 64,512 bytes");
    int most = (int)(MOST_LIST / size), parts = texts.count ? (texts.count - 1) / most + 1 : 1;
    if (parts == 1)
        return put_list(c, node, name, texts.data, texts.count, size);
    for (int k = 0, at = 0; k < parts && !c->error.code; k++) {
        int here = texts.count / parts + (k < texts.count % parts);
        const char *part = ant__print(c, "%s%d", name, k);
        if (part)
            put_list(c, node, part, texts.data + at, here, size);
        at += here;
    }
    return c->error.code;
}
