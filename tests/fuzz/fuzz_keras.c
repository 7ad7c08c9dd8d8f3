/* Keras's files: whole ones (.keras, legacy .h5), and texts that an archive is made around.
 *
 * An input that begins as neither is a config.json; behind a zero byte may follow another
 * metadata.json, behind one more a list of three bytes each: where in the weights' file a byte is
 * changed, and by what. The weights' file is the one that Antler itself would write for the model,
 * so that a changed config is read to its end, with weights and optimizer's state. What was read is
 * written and must be readable again. */
#include "fuzz.h"
#include "io/config.h"
#include "io/keras/read.h"
#include "io/zip.h"
#include "json_mutate.h"
#include "train/train.h"
#include "twins.h"
#include <stdlib.h>
#include <string.h>

enum { MOST_WEIGHTS = 4096 }; /* numbers in a model that weights are made for */

static const char metadata_text[] = "{\"keras_version\": \"3.15.1\"}";

typedef struct part {
    const char *at;
    size_t size;
} part;

/* --- an archive of stored members; the build checks no checksums --- */
static void put_header(ant_buffer *b, const char *name, size_t size) {
    ant__put_u16(b, 20);
    ant__put_u16(b, 0);
    ant__put_u16(b, 0);
    ant__put_u32(b, 0); /* time and date */
    ant__put_u32(b, 0);
    ant__put_u32(b, size);
    ant__put_u32(b, size);
    ant__put_u16(b, (unsigned)strlen(name));
    ant__put_u16(b, 0);
}

static void archive(ant_buffer *b, const char *const *names, const part *parts, int n) {
    ant_buffer directory = {0};
    for (int k = 0; k < n; k++) {
        ant__put_u32(&directory, 0x02014b50);
        ant__put_u16(&directory, 20);
        put_header(&directory, names[k], parts[k].size);
        ant__put_bytes(&directory, "\0\0\0\0\0\0\0\0\0\0", 10);
        ant__put_u32(&directory, b->size);
        ant__put(&directory, names[k]);
        ant__put_u32(b, 0x04034b50);
        put_header(b, names[k], parts[k].size);
        ant__put(b, names[k]);
        ant__put_bytes(b, parts[k].at, parts[k].size);
    }
    size_t at = b->size;
    ant__put_bytes(b, directory.at, directory.size);
    ant__put_u32(b, 0x06054b50);
    ant__put_u32(b, 0);
    ant__put_u16(b, (unsigned)n);
    ant__put_u16(b, (unsigned)n);
    ant__put_u32(b, directory.size);
    ant__put_u32(b, at);
    ant__put_u16(b, 0);
    ant__buffer_free(&directory);
}

/* --- reading --- */
/* One that has the classes of tests/golden/custom_layers.py. */
static ant_graph *new_graph(void) {
    ant_graph *g = ant_graph_new(.threads = 1);
    fuzz_expect(g && !twins_register(g), "the twins are not registered");
    return g;
}

typedef ant_model *reader(ant_graph *g, const char *path, const unsigned char *bytes, size_t size,
                          ant_compiling how);

static void check(const ant_graph *g, const ant_model *m) {
    fuzz_check_error(&g->context.error);
    fuzz_expect(!m == !!g->context.error.code, "a model and an error, or neither");
}

/* Within the promised memory. NULL: the graph has the error. */
static ant_model *load(ant_graph *g, reader *read, const void *bytes, size_t size) {
    fuzz_budget(fuzz_promise(size));
    ant_model *m = read(g, "file", bytes, size, ANT__COMPILE);
    fuzz_budget(0);
    check(g, m);
    return m;
}

/* What stands in the config of a model that was read can be read. */
static void write_again(ant_graph *g, ant_model *m) {
    ant_context c = ant__context_fork(g);
    ant_graph *other = new_graph();
    ant_buffer text = {0};
    ant_tree *t = ant__keras_config_write(&c, m);
    fuzz_check_error(&c.error);
    fuzz_expect(!t == !!c.error.code, "a config and an error, or neither");
    if (t && !ant__json_put(&text, t)) {
        t = ant__json_parse(&c, NULL, "written", text.at, text.size, NULL);
        t = t ? ant__keras_model_tree(&c, "written", t, false) : NULL;
        fuzz_expect(t && ant__model_read(other, "written", t), "what was written is not read");
    }
    ant__buffer_free(&text);
    ant__arena_free(&c.arena);
    ant_graph_free(other);
}

static void whole(reader *read, const void *bytes, size_t size) {
    ant_graph *g = new_graph();
    ant_model *m = load(g, read, bytes, size);
    if (m)
        write_again(g, m);
    ant_graph_free(g);
}

/* --- a weights' file --- */
/* For the model of a config, where that is one; else a file without numbers. */
static ant_hdf5_node *weights_tree(ant_context *c, ant_graph *g, const ant_tree *config) {
    int64_t most = MOST_WEIGHTS;
    ant_hdf5_node numbers = {.values = {.rank = 1, .shape = &most}};
    ant_tree *t = config ? ant__keras_model_tree(c, "file", config, false) : NULL;
    ant_model *m = t ? ant__model_read(g, "file", t) : NULL;
    if (!m || ant__keras_numbers_check(c, "file", &numbers, g, NULL) || !ant__body(m)->n_in)
        return NULL;
    const ant_tree *said = ant__tree_get(config, "compile_config");
    t = ant__keras_compile_tree(c, "file", config, said);
    if (t && ant__compile_tree_read(g, m, "file", t, ANT__COMPILE))
        return NULL;
    return ant__keras_weights_tree(c, m, ANT__WEIGHTS_AND_OPTIMIZER);
}

/* Whether the config is one of a model. */
static bool put_weights(ant_buffer *out, part config) {
    ant_graph *g = new_graph();
    ant_context c = ant__context_fork(g);
    ant_tree *t = ant__json_parse(&c, NULL, "file", config.at, config.size, NULL);
    ant_hdf5_node *root = t && t->kind == ANT__MAP ? weights_tree(&c, g, t) : NULL;
    fuzz_check_error(&c.error);
    fuzz_check_error(&g->context.error);
    ant__error_clear(&c.error);
    bool made = root != NULL;
    if (!root)
        root = ant__hdf5_group(&c, NULL, NULL);
    fuzz_expect(!ant__hdf5_write(&c, root, out), "weights that cannot be written");
    ant__arena_free(&c.arena);
    ant_graph_free(g);
    return made;
}

/* Gives the rest behind the next zero byte. */
static part cut(part *whole) {
    const char *end = whole->size ? memchr(whole->at, 0, whole->size) : NULL;
    part first = {whole->at, end ? (size_t)(end - whole->at) : whole->size};
    size_t past = first.size + (end != NULL);
    *whole = (part){whole->at + past, whole->size - past};
    return first;
}

static void damage(ant_buffer *weights, part list) {
    for (; list.size >= 3; list.at += 3, list.size -= 3) {
        const unsigned char *d = (const unsigned char *)list.at;
        weights->at[(d[0] | (size_t)d[1] << 8) % weights->size] ^= (char)d[2];
    }
}

static void texts(part rest) {
    static const char *const names[] = {"metadata.json", "config.json", "model.weights.h5"};
    ant_buffer weights = {0}, file = {0};
    part config = cut(&rest), metadata = cut(&rest);
    if (!metadata.size)
        metadata = (part){metadata_text, sizeof metadata_text - 1};
    fuzz_budget(fuzz_promise(config.size));
    bool made = put_weights(&weights, config);
    fuzz_budget(0);
    damage(&weights, rest);
    const part parts[] = {metadata, config, {weights.at, weights.size}};
    archive(&file, names, parts, 3);
    ant__buffer_free(&weights);
    if (made ||
        config.size % 8 == 0) /* what was refused is refused again: seldom asked, for speed */
        whole(ant__keras_model, file.at, file.size);
    ant__buffer_free(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    if (ant__zip_is(bytes, size))
        whole(ant__keras_model, bytes, size);
    else if (ant__hdf5_is(bytes, size))
        whole(ant__keras_legacy_model, bytes, size);
    else
        texts((part){(const char *)bytes, size});
    return 0;
}

/* --- mutations --- */
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t most, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
                                 uint8_t *out, size_t most, unsigned seed);

static size_t text_size(const uint8_t *bytes, size_t size) {
    const uint8_t *end = size ? memchr(bytes, 0, size) : NULL;
    return end ? (size_t)(end - bytes) : size;
}

static bool is_binary(const uint8_t *bytes, size_t size) {
    return ant__zip_is(bytes, size) || ant__hdf5_is(bytes, size);
}

/* Mostly the config; what follows it is put back behind. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t most, unsigned seed) {
    size_t n = text_size(bytes, size), rest = size - n;
    if (is_binary(bytes, size) || !(seed % 16))
        return LLVMFuzzerMutate(bytes, size, most);
    uint8_t *kept = malloc(rest + 1);
    if (!kept)
        return size;
    memcpy(kept, bytes + n, rest);
    n = fuzz_json_mutate((char *)bytes, n, most - rest, seed / 16);
    memcpy(bytes + n, kept, rest);
    free(kept);
    return n + rest;
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
                                 uint8_t *out, size_t most, unsigned seed) {
    size_t n = text_size(a, a_size);
    if (is_binary(a, a_size) || is_binary(b, b_size) || n > most)
        return 0;
    memcpy(out, a, n);
    return fuzz_json_cross((char *)out, n, most, (const char *)b, text_size(b, b_size), seed);
}
