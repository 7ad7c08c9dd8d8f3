/* HDF5: the tree, all attributes, all numbers and texts. */
#include "fuzz.h"
#include "io/array.h"
#include "io/hdf5/hdf5.h"
#include <string.h>

static void use_texts(const ant_texts *texts) {
    for (int k = 0; k < texts->count; k++)
        fuzz_use(texts->data[k], strlen(texts->data[k]));
}

static void use_array(const ant_array *a) {
    fuzz_use(a->data, ant__array_bytes(a));
}

/* What one attribute or dataset refuses is no reason not to look at the next. */
static void use_attributes(ant_context *c, const ant_hdf5_node *n) {
    for (const ant_hdf5_attribute *a = n->attributes; a; a = a->next) {
        ant_texts texts;
        ant_array numbers;
        if (!ant__hdf5_texts(c, n, a->name, &texts))
            use_texts(&texts);
        fuzz_check_error(&c->error);
        ant__error_clear(&c->error);
        if (!ant__hdf5_attribute_numbers(c, n, a->name, &numbers))
            use_array(&numbers);
        fuzz_check_error(&c->error);
        ant__error_clear(&c->error);
    }
}

static void use_dataset(ant_context *c, const ant_hdf5_node *n) {
    ant_texts texts;
    ant_array numbers;
    if (!ant__hdf5_texts(c, n, NULL, &texts))
        use_texts(&texts);
    fuzz_check_error(&c->error);
    ant__error_clear(&c->error);
    if (!ant__hdf5_numbers(c, n, &numbers))
        use_array(&numbers);
    fuzz_check_error(&c->error);
    ant__error_clear(&c->error);
}

static void use_tree(ant_context *c, const ant_hdf5_node *n) {
    use_attributes(c, n);
    if (!n->group) {
        use_dataset(c, n);
        return;
    }
    int members = 0;
    for (const ant_hdf5_node *m = n->first; m; m = m->next, members++) {
        fuzz_expect(ant__hdf5_find(n, m->name) == m, "a member is not found by its name");
        use_tree(c, m);
    }
    fuzz_expect(members == n->count, "a group counts its members wrong");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    ant_context c = {0};
    ant_hdf5_node *root;
    fuzz_budget(fuzz_promise(size));
    int code = ant__hdf5_parse(&c, "file", bytes, size, NULL, &root);
    fuzz_budget(0);
    fuzz_check_error(&c.error);
    fuzz_expect(code == c.error.code && !code == !!root, "a tree and an error");
    if (root)
        use_tree(&c, root);
    ant__arena_free(&c.arena);
    return 0;
}
