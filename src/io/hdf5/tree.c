/* B-trees of version 2: records in nodes of one size; pointers know how many are below them. */
#include "io/hdf5/parts.h"

enum {
    HEADER = 38,   /* with the checksum */
    NODE_HEAD = 6, /* signature, version, type */
    HASH = 4,
    DEEPEST = 16,
};

/* What nodes of each level look like; level 0: leaves. */
typedef struct level {
    uint64_t most;  /* records of a node */
    uint64_t below; /* records of a node and all below it, at most */
    int pointer;    /* bytes of a pointer to a child */
    int total;      /* of which the number of all records below it takes so many */
} level;

typedef struct walk {
    ant_hdf5_tree *t;
    uint64_t size; /* of a node */
    int count;     /* bytes of the number of records in a node */
    level levels[DEEPEST + 1];
} walk;

/* a * b + c, or more than any file can hold. */
static uint64_t times(uint64_t a, uint64_t b, uint64_t c) {
    const uint64_t most = UINT64_MAX / 2;
    return b && a > (most - c) / b ? most : a * b + c;
}

/* False: a node has no room for a record. */
static bool size_levels(walk *w, int depth) {
    const uint64_t record = (uint64_t)w->t->record, room = w->size - NODE_HEAD - HASH;
    if (w->size < NODE_HEAD + HASH + record)
        return false;
    w->levels[0] = (level){.most = room / record, .below = room / record};
    w->count = ant__hdf5_width(room / record);
    for (int k = 1; k <= depth; k++) {
        level *l = &w->levels[k];
        l->total = k > 1 ? ant__hdf5_width(w->levels[k - 1].below) : 0;
        l->pointer = 8 + w->count + l->total;
        if (room < (uint64_t)l->pointer + record)
            return false;
        l->most = (room - (uint64_t)l->pointer) / (record + (uint64_t)l->pointer);
        l->below = times(l->most + 1, w->levels[k - 1].below, l->most);
    }
    return true;
}

static int visit_node(walk *w, int depth, uint64_t address, uint64_t records, uint64_t *total);

static int visit_child(walk *w, int depth, const unsigned char *pointer, uint64_t *total) {
    const level *l = &w->levels[depth];
    uint64_t address = ant__hdf5_little(pointer, 8),
             records = ant__hdf5_little(pointer + 8, w->count), below = 0;
    if (visit_node(w, depth - 1, address, records, &below))
        return w->t->r->c->error.code;
    if (l->total && below != ant__hdf5_little(pointer + 8 + w->count, l->total))
        return ant__hdf5_fail(w->t->r, pointer, "the counts in a B-tree do not add up");
    *total += below;
    return 0;
}

/* Records stand before the pointers; in the order of the tree, they take turns. */
static int visit_node(walk *w, int depth, uint64_t address, uint64_t records, uint64_t *total) {
    ant_hdf5_tree *t = w->t;
    const level *l = &w->levels[depth];
    const char *sign = depth ? "BTIN" : "BTLF";
    const unsigned char *at =
        ant__hdf5_claim_signed(t->r, address, w->size, sign, "a node of a B-tree");
    if (!at)
        return t->r->c->error.code;
    if (records > l->most || at[4] || at[5] != t->type)
        return ant__hdf5_fail(t->r, at, "a node of a B-tree is damaged");
    size_t head = NODE_HEAD + (size_t)records * (size_t)t->record,
           size = head + (depth ? (size_t)(records + 1) * (size_t)l->pointer : 0);
    if (ant__hdf5_check_hash(t->r, at, size, "a node of a B-tree"))
        return t->r->c->error.code;
    for (uint64_t k = 0; k <= records; k++) {
        if (depth && visit_child(w, depth, at + head + k * (uint64_t)l->pointer, total))
            return t->r->c->error.code;
        if (k < records && t->visit(t, at + NODE_HEAD + k * (uint64_t)t->record))
            return t->r->c->error.code;
    }
    *total += records;
    return 0;
}

int ant__hdf5_tree_walk(ant_hdf5_tree *t) {
    const unsigned char *at = ant__hdf5_claim_signed(t->r, t->address, HEADER, "BTHD", "a B-tree");
    if (!at || ant__hdf5_check_hash(t->r, at, HEADER - HASH, "a B-tree"))
        return t->r->c->error.code;
    walk w = {.t = t};
    ant_hdf5_cursor k = ant__hdf5_cursor(at + 4, HEADER - 4);
    uint64_t version = ant__hdf5_take(&k, 1), type = ant__hdf5_take(&k, 1), total = 0;
    w.size = ant__hdf5_take(&k, 4);
    t->record = (int)ant__hdf5_take(&k, 2);
    uint64_t depth = ant__hdf5_take(&k, 2);
    ant__hdf5_skip(&k, 2); /* when nodes are split and merged: for writers only */
    uint64_t root = ant__hdf5_take(&k, 8), records = ant__hdf5_take(&k, 2),
             said = ant__hdf5_take(&k, 8);
    if (version || type != (uint64_t)t->type || t->record < t->least || depth > DEEPEST ||
        !size_levels(&w, (int)depth))
        return ant__hdf5_fail(t->r, at, "a B-tree is of a kind that is not known");
    if (root != ANT__HDF5_NOWHERE && visit_node(&w, (int)depth, root, records, &total))
        return t->r->c->error.code;
    if (total != said)
        return ant__hdf5_fail(t->r, at, "the counts in a B-tree do not add up");
    return 0;
}
