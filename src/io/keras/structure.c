/* Structures of tensors: one, lists and dicts of them, nested. */
#include "io/keras/read.h"
#include <string.h>

int ant__keras_whole_of(const ant_tree *t, int most) {
    int64_t x;
    bool fits = t && t->kind == ANT__WORD && ant__whole_read(t->text, &x) && x >= 0 && x <= most;
    return fits ? (int)x : -1;
}

bool ant__keras_is_leaf(const ant_tree *t) {
    int n = t->kind == ANT__ITEMS ? ant__tree_count(t) : 0;
    return (n == 3 || n == 4) && t->first->kind == ANT__QUOTED &&
           t->first->next->kind == ANT__WORD && ant__tree_scalar(t->first->next->next);
}

/* `*n` counts on: an empty list ends it, so that no walk is longer than the limit of leaves. */
static const char *leaves(const ant_tree *t, const ant_tree *out[ANT_MAX_PORTS], int *n) {
    const char *wrong = NULL;
    if (ant__tree_scalar(t) || !t->first)
        return "expected [layer, call, result] among its inputs and outputs";
    if (ant__keras_is_leaf(t)) {
        if (*n == ANT_MAX_PORTS - 1)
            return "it has more than 63 inputs or outputs";
        out[(*n)++] = t;
    } else if (t->kind == ANT__MAP) {
        for (const ant_tree *x = ant__next_key(t, NULL); x && !wrong; x = ant__next_key(t, x->key))
            wrong = leaves(x, out, n);
    } else {
        for (const ant_tree *x = t->first; x && !wrong; x = x->next)
            wrong = leaves(x, out, n);
    }
    return wrong;
}

const char *ant__keras_leaves(const ant_tree *t, const ant_tree *out[ANT_MAX_PORTS], int *n) {
    *n = 0;
    return leaves(t, out, n);
}

const char *ant__keras_output_name(ant_context *c, const ant_tree *taken, const ant_tree *leaf) {
    const char *layer = leaf->first->text, *name = layer;
    for (int k = 1; name && ant__tree_get(taken, name); k++)
        name = ant__print(c, "%s_%d", layer, k);
    return name;
}
