/* Arrays from files and into files. */
#include "io/array.h"
#include "io/csv.h"
#include "io/gzip.h"
#include "io/hdf5/hdf5.h"
#include "io/idx.h"
#include "io/npy.h"
#include "io/safetensors.h"
#include "io/zip.h"
#include <string.h>

ant_arrays *ant_arrays_new(void) {
    ant_arrays *d = ant__alloc(sizeof *d);
    if (d)
        d->limits = *ant__limits(NULL);
    return d;
}

void ant_arrays_free(ant_arrays *d) {
    if (!d)
        return;
    for (int k = 0; k < d->blocks.n; k++)
        ant__free(d->blocks.at[k]);
    ant__free(d->blocks.at);
    ant__free(d->list.at);
    ant__arena_free(&d->context.arena);
    ant__free(d);
}

void ant_arrays_limit(ant_arrays *d, const ant_limits *limits) {
    d->limits = *ant__limits(limits);
}

int ant_arrays_count(const ant_arrays *d) {
    return d->list.n;
}

ant_array ant_arrays_at(const ant_arrays *d, int k) {
    return k >= 0 && k < d->list.n ? d->list.at[k] : (ant_array){0};
}

ant_array ant_arrays_named(const ant_arrays *d, const char *name) {
    for (int k = 0; k < d->list.n; k++)
        if (d->list.at[k].name && !strcmp(d->list.at[k].name, name))
            return d->list.at[k];
    return (ant_array){0};
}

const char *ant_arrays_error(const ant_arrays *d) {
    return d->context.error.text;
}

/* --- in --- */
/* Numbers at odd addresses are copied to where C may read them. */
static int add_view(ant_arrays *d, const char *name, ant_array a) {
    ant_context *c = &d->context;
    size_t size = ant__dtype_size(a.dtype);
    a.name = NULL;
    if (name && !(a.name = ant__arena_text(&c->arena, name)))
        return ant__fail_memory(&c->error);
    if (size && (uintptr_t)a.data % size) {
        ant_array view = a;
        a.data = ant__arena_alloc(&c->arena, ant__array_bytes(&a));
        if (!a.data)
            return ant__fail_memory(&c->error);
        ant__array_copy(a.data, &view);
        memset(a.strides, 0, sizeof a.strides);
        a.swapped = false;
    }
    return ANT__PUSH(&d->list, a) ? 0 : ant__fail_memory(&c->error);
}

static int read_npy(ant_arrays *d, const char *path, ant_bytes b) {
    ant_array a;
    if (ant__npy_parse(&d->context.error, path, b.at, b.size, &a))
        return d->context.error.code;
    return add_view(d, NULL, a);
}

static int read_member(ant_arrays *d, const ant_zip *z, const ant_member *m) {
    ant_context *c = &d->context;
    unsigned char *bytes;
    ant_array a;
    if (!ant__file_ends(m->name, ".npy"))
        return ant__fail(&c->error, ANT_E_FORMAT, "%s: member '%.200s' is no .npy", z->path,
                         m->name);
    char *name = ant__arena_bytes(&c->arena, m->name, strlen(m->name) - strlen(".npy"));
    char *place = name ? ant__print(c, "%s: member '%s'", z->path, m->name) : NULL;
    if (!place)
        return ant__fail_memory(&c->error);
    if (ant__zip_extract(c, z, m, &bytes) ||
        ant__npy_parse(&c->error, place, bytes, (size_t)m->size, &a))
        return c->error.code;
    return add_view(d, name, a);
}

static int read_npz(ant_arrays *d, const char *path, ant_bytes b) {
    ant_zip z;
    if (ant__zip_open(&d->context, path, b.at, b.size, &d->limits, &z))
        return d->context.error.code;
    for (int k = 0; k < z.n; k++)
        if (read_member(d, &z, &z.members[k]))
            return d->context.error.code;
    return 0;
}

/* The end of what has a budget: arrays and their numbers are what was asked for. */
static int parsed(ant_arrays *d, const char *path, size_t size, int code) {
    ant_context *c = &d->context;
    if (code)
        ant__budget_tell(&c->error, c->arena.budget, path, size);
    c->arena.budget = NULL;
    return c->error.code;
}

static int read_safetensors(ant_arrays *d, const char *path, ant_bytes b) {
    ant_context *c = &d->context;
    ant_safetensors s;
    ant_array a;
    ant_budget budget = ant__reading_budget(b.size);
    c->arena.budget = &budget;
    int code = ant__safetensors_parse(c, path, b.at, b.size, &d->limits, &s);
    if (parsed(d, path, b.size, code))
        return c->error.code;
    for (int k = 0; k < s.n; k++)
        if (ant__tensor_array(c, path, &s, &s.tensors[k], &a) || add_view(d, a.name, a))
            return c->error.code;
    return 0;
}

/* A dataset of texts; its shape is the file's. */
static int read_texts(ant_context *c, const ant_hdf5_node *n, ant_array *out) {
    ant_texts texts;
    *out = (ant_array){.dtype = ANT_TEXT, .axes = 1, .shape = {1}};
    if (ant__hdf5_texts(c, n, NULL, &texts))
        return c->error.code;
    out->data = (void *)(uintptr_t)texts.data;
    out->shape[0] = texts.count;
    if (n->values.rank > 0)
        out->axes = n->values.rank;
    for (int k = 0; k < n->values.rank; k++)
        out->shape[k] = n->values.shape[k];
    return 0;
}

/* Paths repeat the names of groups: a long one over many datasets would fill any memory. */
typedef struct paths {
    const char *file;
    size_t bytes, most;
} paths;

static char *print_path(ant_context *c, paths *p, const char *before, const ant_hdf5_node *n) {
    p->bytes += strlen(before) + strlen(n->name) + 2;
    if (p->bytes <= p->most)
        return ant__print(c, n->group ? "%s%s/" : "%s%s", before, n->name);
    ant__fail(&c->error, ANT_E_LIMIT,
              "%s: hdf5: the paths of its datasets take more than %zu bytes", p->file, p->most);
    return NULL;
}

/* What is in a group; `before` is its path with a slash behind it. */
static int read_nodes(ant_arrays *d, paths *p, const ant_hdf5_node *group, const char *before) {
    ant_context *c = &d->context;
    for (const ant_hdf5_node *n = group->first; n; n = n->next) {
        char *name = print_path(c, p, before, n);
        ant_array a;
        if (!name)
            return c->error.code;
        if (n->group) {
            if (read_nodes(d, p, n, name))
                return c->error.code;
            continue;
        }
        bool is_text = n->values.dtype == ANT_TEXT;
        if ((is_text ? read_texts(c, n, &a) : ant__hdf5_numbers(c, n, &a)) || add_view(d, name, a))
            return c->error.code;
    }
    return 0;
}

static int read_hdf5(ant_arrays *d, const char *path, ant_bytes b) {
    const size_t room = (size_t)4 << 20; /* for paths, beside the size of the file */
    ant_hdf5_node *root;
    ant_budget budget = ant__reading_budget(b.size);
    d->context.arena.budget = &budget;
    int code = ant__hdf5_parse(&d->context, path, b.at, b.size, &d->limits, &root);
    if (parsed(d, path, b.size, code))
        return d->context.error.code;
    paths p = {.file = path, .most = b.size + room};
    return read_nodes(d, &p, root, "");
}

static int read_csv(ant_arrays *d, const char *path, ant_bytes b) {
    ant_context *c = &d->context;
    ant_table t;
    if (ant__csv_parse(c, path, b, &d->limits, &t))
        return c->error.code;
    for (int k = 0; k < t.n; k++) {
        const ant_column *x = &t.columns[k];
        ant_array a = {.data = x->is_text ? (void *)x->texts : x->numbers,
                       .dtype = x->is_text ? ANT_TEXT : ANT_FLOAT64,
                       .axes = 1,
                       .shape = {t.rows}};
        if (ant__column_check(c, &t, x, false) || add_view(d, x->name, a))
            return c->error.code;
    }
    return 0;
}

static int read_idx(ant_arrays *d, const char *path, ant_bytes b) {
    ant_array a;
    if (ant__idx_parse(&d->context.error, path, b.at, b.size, &a))
        return d->context.error.code;
    return add_view(d, NULL, a);
}

static int read_bytes(ant_arrays *d, const char *path, ant_bytes b) {
    if (ant__npy_is(b.at, b.size))
        return read_npy(d, path, b);
    if (ant__zip_is(b.at, b.size))
        return read_npz(d, path, b);
    if (ant__safetensors_is(b.at, b.size))
        return read_safetensors(d, path, b);
    if (ant__hdf5_is(b.at, b.size))
        return read_hdf5(d, path, b);
    if (ant__idx_is(b.at, b.size) || ant__idx_named(path))
        return read_idx(d, path, b);
    return read_csv(d, path, b);
}

static int own(ant_arrays *d, ant_bytes b) {
    if (ANT__PUSH(&d->blocks, b.at))
        return 0;
    ant__free(b.at);
    return ant__fail_memory(&d->context.error);
}

/* What is packed in what is packed stays packed: it is then no format. */
static int read_packed(ant_arrays *d, const char *path, ant_bytes b) {
    ant_bytes inside;
    ant_fault *e = &d->context.error;
    if (ant__gzip_unpack(e, path, b, &d->limits, &inside) || own(d, inside))
        return e->code;
    return read_bytes(d, path, inside);
}

int ant__arrays_parse(ant_arrays *d, const char *path, ant_bytes b) {
    int before = d->list.n;
    if (own(d, b))
        return d->context.error.code;
    if (ant__gzip_is(b.at, b.size) ? read_packed(d, path, b) : read_bytes(d, path, b))
        d->list.n = before;
    return d->context.error.code;
}

int ant_arrays_read(ant_arrays *d, const char *path) {
    ant_fault *e = &d->context.error;
    ant_bytes b;
    ant__error_clear(e);
    if (ant__file_read(e, path, 0, &d->limits, &b))
        return e->code;
    return ant__arrays_parse(d, strcmp(path, "-") ? path : "standard input", b);
}

static bool is_array_format(const unsigned char *at, size_t size) {
    return ant__npy_is(at, size) || ant__zip_is(at, size) || ant__safetensors_is(at, size) ||
           ant__hdf5_is(at, size) || ant__idx_is(at, size) || ant__gzip_is(at, size);
}

static bool is_array_name(const char *path) {
    static const char *const endings[] = {".npy", ".npz", ".safetensors", ".h5", ".hdf5", ".gz"};
    for (size_t k = 0; k < sizeof endings / sizeof *endings; k++)
        if (ant__file_ends(path, endings[k]))
            return true;
    return ant__idx_named(path);
}

bool ant__arrays_are(const char *path) {
    unsigned char first[16];
    size_t n = ant__file_first(path, first, sizeof first);
    return is_array_format(first, n) || is_array_name(path);
}

/* --- out --- */
int ant_arrays_add(ant_arrays *d, const char *name, ant_array values) {
    ant_context *c = &d->context;
    ant_dims dims = {.rank = values.axes};
    size_t bytes;
    ant__error_clear(&c->error);
    if (values.axes < 1 || values.axes > ANT_MAX_AXES || !ant__dtype_size(values.dtype))
        return ant__fail(&c->error, ANT_E_DATA, "array '%s' has no numbers", name ? name : "");
    memcpy(dims.dim, values.shape, sizeof dims.dim);
    if (!ant__dims_bytes(&dims, values.dtype, &bytes))
        return ant__fail(&c->error, ANT_E_DATA, "array '%s' is larger than any memory",
                         name ? name : "");
    ant_array a = values;
    a.data = ant__arena_alloc(&c->arena, bytes);
    if (!a.data)
        return ant__fail_memory(&c->error);
    ant__array_copy(a.data, &values);
    memset(a.strides, 0, sizeof a.strides);
    a.swapped = false;
    return add_view(d, name, a);
}

static int write_npy(ant_fault *e, ant_replacement *r, const ant_array *a) {
    ant_buffer header = {0};
    ant__npy_header(&header, a);
    int code =
        header.failed ? ant__fail_memory(e) : ant__replace_write(e, r, header.at, header.size);
    ant__buffer_free(&header);
    return code ? code : ant__replace_write(e, r, a->data, ant__array_bytes(a));
}

static int add_member(ant_zip_writer *w, ant_context *c, const ant_array *a, int k) {
    ant_buffer header = {0};
    char *name = a->name ? ant__print(c, "%s.npy", a->name) : ant__print(c, "arr_%d.npy", k);
    ant__npy_header(&header, a);
    int code = !name || header.failed
                   ? ant__fail_memory(w->error)
                   : ant__zip_add(w, name, header.at, header.size, a->data, ant__array_bytes(a));
    ant__buffer_free(&header);
    return code;
}

static int write_npz(ant_arrays *d, ant_replacement *r, const ant_array *arrays) {
    ant_zip_writer w = {.error = &d->context.error, .file = r};
    for (int k = 0; k < d->list.n && !w.error->code; k++)
        add_member(&w, &d->context, &arrays[k], k);
    return ant__zip_end(&w);
}

/* What is written must be row-major and of this machine's byte order. */
static int make_plain(ant_context *c, ant_array *a) {
    if (!ant__dtype_size(a->dtype))
        return ant__fail(&c->error, ANT_E_DATA, "array '%s' is text; only csv holds text",
                         a->name ? a->name : "");
    if (ant__array_plain(a))
        return 0;
    ant_array view = *a;
    a->data = ant__arena_alloc(&c->arena, ant__array_bytes(a));
    if (!a->data)
        return ant__fail_memory(&c->error);
    ant__array_copy(a->data, &view);
    memset(a->strides, 0, sizeof a->strides);
    a->swapped = false;
    return 0;
}

static int write_some(ant_arrays *d, const char *path, const ant_array *arrays, bool npy) {
    ant_fault *e = &d->context.error;
    ant_replacement r;
    if (ant__file_ends(path, ".safetensors"))
        return ant__safetensors_write(e, path, arrays, d->list.n, NULL, 0);
    if (ant__replace_begin(e, &r, path))
        return e->code;
    if (npy ? write_npy(e, &r, arrays) : write_npz(d, &r, arrays)) {
        ant__replace_cancel(&r);
        return e->code;
    }
    return ant__replace_commit(e, &r);
}

int ant_arrays_write(ant_arrays *d, const char *path) {
    ant_context *c = &d->context;
    bool standard = !strcmp(path, "-"), npy = ant__file_ends(path, ".npy");
    ant__error_clear(&c->error);
    if (!standard && !npy && !ant__file_ends(path, ".npz") && !ant__file_ends(path, ".safetensors"))
        return ant__fail(&c->error, ANT_E_FORMAT,
                         "%s: expected a name that ends in .npy, .npz or .safetensors", path);
    if (npy && d->list.n != 1)
        return ant__fail(&c->error, ANT_E_DATA,
                         "%s: an npy file holds one array, here are %d; "
                         "write .npz",
                         path, d->list.n);
    ant_array *arrays = ant__arena_array(&c->arena, (size_t)d->list.n + 1, sizeof *arrays);
    if (!arrays)
        return ant__fail_memory(&c->error);
    for (int k = 0; k < d->list.n; k++) {
        arrays[k] = d->list.at[k];
        if (make_plain(c, &arrays[k]))
            return c->error.code;
    }
    return write_some(d, path, arrays, npy || (standard && d->list.n == 1));
}
