/* Object headers of versions 1 and 2: lists of messages, perhaps in several blocks. */
#include "io/hdf5/parts.h"
#include <string.h>

enum {
    OLD_PREFIX = 16,
    OLD_MESSAGE = 8, /* type 2, size 2, flags 1, nothing 3 */
    NEW_MESSAGE = 4, /* type 1, size 2, flags 1; with an order 2 more */
    HASH = 4,
    SIGN = 4,
    SHARED = 2, /* flag of a message: it stands elsewhere */
    REFERENCES = 0x16,
};

/* --- what each message is to us --- */
enum role { SKIP, ONCE, LINK, ATTRIBUTE, CONTINUE, COUNT, EXTENSION, REFUSE };
#define ONCE(field) ONCE, offsetof(ant_hdf5_object, field)
static const struct kind {
    int type;
    enum role role;
    size_t field;
    const char *what;
} kinds[] = {
    {0x00, SKIP, 0, "nothing"},
    {0x01, ONCE(space), "a dataspace"},
    {0x02, ONCE(links), "a link info"},
    {0x03, ONCE(type), "a datatype"},
    {0x04, ONCE(old_fill), "an old fill value"},
    {0x05, ONCE(fill), "a fill value"},
    {0x06, LINK, 0, "a link"},
    {0x07, REFUSE, 0, "data in other files"},
    {0x08, ONCE(layout), "a data layout"},
    {0x0A, SKIP, 0, "a group info"},
    {0x0B, ONCE(filters), "a filter pipeline"},
    {0x0C, ATTRIBUTE, 0, "an attribute"},
    {0x0D, SKIP, 0, "a comment"},
    {0x0E, SKIP, 0, "an old modification time"},
    {0x0F, REFUSE, 0, "a table of shared messages"},
    {0x10, CONTINUE, 0, "a continuation"},
    {0x11, ONCE(symbols), "a symbol table"},
    {0x12, SKIP, 0, "a modification time"},
    {0x13, EXTENSION, 0, "B-tree sizes"},
    {0x14, REFUSE, 0, "a driver, so that it may be spread over files"},
    {0x15, ONCE(attributes), "an attribute info"},
    {REFERENCES, COUNT, 0, "a reference count"},
    {0x17, EXTENSION, 0, "file space info"},
};

/* --- walking over messages --- */
typedef struct block {
    uint64_t address, size;
} block;

typedef struct message {
    int type;
    unsigned flags;
    ant_hdf5_span body;
} message;

typedef struct walk {
    ant_hdf5_reader *r;
    ant_hdf5_node *node; /* NULL: the superblock's extension, of `file` */
    ant_hdf5_file *file;
    ant_hdf5_object object;
    ANT__LIST(block) blocks; /* continuations that were met */
    int version;
    bool ordered; /* messages have a creation order */
    uint64_t messages;
} walk;

static int read_continuation(walk *w, const message *m) {
    ant_hdf5_cursor k = ant__hdf5_cursor(m->body.at, m->body.size);
    block b;
    b.address = ant__hdf5_take(&k, 8);
    b.size = ant__hdf5_take(&k, 8);
    if (k.failed || b.size < OLD_MESSAGE)
        return ant__hdf5_fail(w->r, m->body.at, "a continuation of its header is too short");
    return ANT__PUSH(&w->blocks, b) ? 0 : ant__fail_memory(&w->r->c->error);
}

static int read_once(walk *w, const message *m, const struct kind *kind) {
    ant_hdf5_span *field = (ant_hdf5_span *)(void *)((char *)&w->object + kind->field);
    if (field->at)
        return ant__hdf5_fail(w->r, m->body.at, "%s stands twice in its header", kind->what);
    *field = m->body;
    return 0;
}

static int check_references(walk *w, const message *m) {
    ant_hdf5_cursor k = ant__hdf5_cursor(m->body.at, m->body.size);
    uint64_t version = ant__hdf5_take(&k, 1), count = ant__hdf5_take(&k, 4);
    if (!k.failed && !version && count == 1)
        return 0;
    return ant__hdf5_fail(w->r, m->body.at, "it has %llu names (hard links); only one is read",
                          (unsigned long long)count);
}

static int refuse(walk *w, const message *m, const char *what) {
    return ant__hdf5_fail(w->r, m->body.at, "it has %s, which is not read here", what);
}

/* How many entries the nodes of B-trees have room for. */
static int read_extension(walk *w, const message *m) {
    if (m->type != 0x13)
        return 0;
    ant_hdf5_cursor k = ant__hdf5_cursor(m->body.at, m->body.size);
    uint64_t version = ant__hdf5_take(&k, 1);
    w->file->chunk = (unsigned)ant__hdf5_take(&k, 2);
    w->file->inner = (unsigned)ant__hdf5_take(&k, 2);
    w->file->leaf = (unsigned)ant__hdf5_take(&k, 2);
    if (k.failed || version || !w->file->chunk || !w->file->inner || !w->file->leaf)
        return ant__hdf5_fail(w->r, m->body.at, "the sizes of its B-trees make no sense");
    return 0;
}

static int read_message(walk *w, const message *m) {
    const struct kind *kind = NULL;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (kinds[k].type == m->type)
            kind = &kinds[k];
    if (!kind)
        return ant__hdf5_fail(w->r, m->body.at, "a header message of type %d is not known",
                              m->type);
    if (m->flags & SHARED)
        return refuse(w, m, m->type == 3 ? "a committed datatype" : "a shared message");
    switch (kind->role) {
    case SKIP:
        return 0;
    case CONTINUE:
        return read_continuation(w, m);
    case COUNT:
        return check_references(w, m);
    case EXTENSION:
        return w->node ? refuse(w, m, kind->what) : read_extension(w, m);
    case REFUSE:
        return refuse(w, m, kind->what);
    default:
        break;
    }
    if (!w->node)
        return refuse(w, m, kind->what);
    return kind->role == ONCE   ? read_once(w, m, kind)
           : kind->role == LINK ? ant__hdf5_link_read(w->r, w->node, m->body)
                                : ant__hdf5_attribute_read(w->r, w->node, m->body);
}

static int read_messages(walk *w, const unsigned char *at, size_t size) {
    ant_hdf5_cursor k = ant__hdf5_cursor(at, size);
    size_t head = w->version == 1 ? OLD_MESSAGE : w->ordered ? NEW_MESSAGE + 2 : NEW_MESSAGE;
    while ((size_t)(k.end - k.at) >= head) {
        message m = {.type = (int)ant__hdf5_take(&k, w->version == 1 ? 2 : 1)};
        m.body.size = (size_t)ant__hdf5_take(&k, 2);
        m.flags = (unsigned)ant__hdf5_take(&k, 1);
        ant__hdf5_skip(&k, head - (w->version == 1 ? 5 : 4));
        m.body.at = ant__hdf5_skip(&k, m.body.size);
        if (k.failed || (w->version == 1 && m.body.size % 8))
            return ant__hdf5_fail(w->r, k.at, "a message of its header does not fit into it");
        w->messages++;
        if (read_message(w, &m))
            return w->r->c->error.code;
    }
    if (w->version == 1 && k.at < k.end)
        return ant__hdf5_fail(w->r, k.at, "its header ends within a message");
    return 0;
}

static int read_blocks(walk *w) {
    for (int i = 0; i < w->blocks.n; i++) {
        block b = w->blocks.at[i];
        const unsigned char *at =
            w->version == 1
                ? ant__hdf5_claim(w->r, b.address, b.size, "a continuation of its header")
                : ant__hdf5_claim_signed(w->r, b.address, b.size, "OCHK",
                                         "a continuation of its header");
        if (!at)
            return w->r->c->error.code;
        size_t size = (size_t)b.size;
        if (w->version == 2) {
            if (ant__hdf5_check_hash(w->r, at, size - HASH, "a continuation of its header"))
                return w->r->c->error.code;
            at += SIGN;
            size -= SIGN + HASH;
        }
        if (read_messages(w, at, size))
            return w->r->c->error.code;
    }
    return 0;
}

/* --- the beginnings --- */
static int read_old(walk *w, uint64_t address) {
    ant_hdf5_reader *r = w->r;
    const unsigned char *at = ant__hdf5_claim(r, address, OLD_PREFIX, "an object's header");
    if (!at)
        return r->c->error.code;
    ant_hdf5_cursor k = ant__hdf5_cursor(at + 2, OLD_PREFIX - 2);
    uint64_t messages = ant__hdf5_take(&k, 2), names = ant__hdf5_take(&k, 4),
             size = ant__hdf5_take(&k, 4);
    if (names != 1)
        return ant__hdf5_fail(r, at, "it has %llu names (hard links); only one is read",
                              (unsigned long long)names);
    const unsigned char *body =
        ant__hdf5_claim(r, address + OLD_PREFIX, size, "an object's header");
    if (!body || read_messages(w, body, (size_t)size) || read_blocks(w))
        return r->c->error.code;
    if (w->messages != messages)
        return ant__hdf5_fail(r, at, "its header has %llu messages and says %llu",
                              (unsigned long long)w->messages, (unsigned long long)messages);
    return 0;
}

/* Flags: the width of the size, creation orders kept and indexed, when attributes move out,
 * times. */
static int read_new(walk *w, uint64_t address) {
    enum { WIDTH = 3, ORDERED = 4, PHASES = 16, TIMES = 32, KNOWN = 63 };
    ant_hdf5_reader *r = w->r;
    const ant_hdf5_file *f = r->file;
    const unsigned char *at = f->bytes + address;
    ant_hdf5_cursor k = ant__hdf5_cursor(at, f->size - (size_t)address);
    ant__hdf5_skip(&k, SIGN);
    uint64_t version = ant__hdf5_take(&k, 1), flags = ant__hdf5_take(&k, 1);
    ant__hdf5_skip(&k, (flags & TIMES ? 16 : 0) + (flags & PHASES ? 4 : 0));
    uint64_t size = ant__hdf5_take(&k, 1 << (flags & WIDTH)), head = (uint64_t)(k.at - at);
    if (k.failed || size > f->size)
        return ant__hdf5_fail(r, at, "an object's header does not fit into the file");
    if (version != 2 || flags & ~(uint64_t)KNOWN)
        return ant__hdf5_fail(r, at, "an object's header of a kind that is not known");
    w->ordered = flags & ORDERED;
    if (!ant__hdf5_claim(r, address, head + size + HASH, "an object's header") ||
        ant__hdf5_check_hash(r, at, (size_t)(head + size), "an object's header") ||
        read_messages(w, at + head, (size_t)size))
        return r->c->error.code;
    return read_blocks(w);
}

static int read_header(walk *w, uint64_t address) {
    ant_hdf5_reader *r = w->r;
    const ant_hdf5_file *f = r->file;
    if (address > f->size || f->size - address < SIGN)
        return ant__hdf5_fail(r, NULL, "its header at address %llu lies outside the file",
                              (unsigned long long)address);
    const unsigned char *at = f->bytes + address;
    bool is_new = !memcmp(at, "OHDR", SIGN);
    w->version = is_new ? 2 : 1;
    if (!is_new && *at != 1)
        return ant__hdf5_fail(r, at, "expected an object's header");
    int code = is_new ? read_new(w, address) : read_old(w, address);
    ant__free(w->blocks.at);
    return code;
}

/* --- objects --- */
static int read_body(ant_hdf5_reader *r, ant_hdf5_node *node, const ant_hdf5_object *o) {
    if (node->group && (o->type.at || o->space.at || o->layout.at))
        return ant__hdf5_fail(r, NULL, "it is a group and a dataset at once");
    if (ant__hdf5_attributes_finish(r, node, o->attributes))
        return r->c->error.code;
    return node->group ? ant__hdf5_group_read(r, node, o) : ant__hdf5_dataset_read(r, node, o);
}

int ant__hdf5_object_read(ant_hdf5_reader *r, ant_hdf5_node *node, uint64_t address) {
    walk w = {.r = r, .node = node};
    r->node = node;
    node->group = false;
    node->first = node->last = NULL;
    node->sorted = NULL;
    node->count = 0;
    if (read_header(&w, address))
        return r->c->error.code;
    node->group |= w.object.symbols.at || w.object.links.at;
    return read_body(r, node, &w.object);
}

int ant__hdf5_extension_read(ant_hdf5_reader *r, ant_hdf5_file *file, uint64_t address) {
    walk w = {.r = r, .file = file};
    return read_header(&w, address);
}
