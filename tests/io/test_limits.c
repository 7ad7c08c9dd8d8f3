/* Hostile files of every kind of model: whatever a file holds, it takes twice its size and 16 MB
 * beside the weights of the model, and less than two seconds. */
#include "antler/antler.h"
#include "hostile.h"
#include "io/hdf5/hdf5.h"
#include "io/zip.h"
#include "keras_make.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef ANT__ZLIB
#include <zlib.h>
#endif

enum { FREE = 16 << 20, LAYERS = 64 << 20 };

/* n times a text with the number k in it, between two ends; ' stands for ". */
static char *many(const char *begin, const char *each, const char *end, int n) {
    char *text = malloc(strlen(begin) + strlen(end) + (strlen(each) + 128) * (size_t)n + 1);
    ck_assert(text);
    char *at = text + sprintf(text, "%s", begin);
    for (int k = 0; k < n; k++)
        at += sprintf(at, each, k);
    strcpy(at, end);
    char *out = quoted(text);
    free(text);
    return out;
}

static int64_t size_of(const char *path) {
    FILE *f = fopen(path, "rb");
    ck_assert(f && !fseek(f, 0, SEEK_END));
    int64_t size = ftell(f);
    fclose(f);
    return size;
}

/* Loads it, with `more` bytes for what its weights take; the error, "" when it was read. */
static const char *load_within(const char *path, int64_t more) {
    const int64_t most = 2 * size_of(path) + FREE + more;
    clock_t from = clock();
    memory_fail_at(0);
    const char *text = error_of(path);
    int64_t peak = memory_peak();
    ck_assert_msg(peak <= most, "%lld bytes, at most %lld: %s", (long long)peak, (long long)most,
                  text);
#ifndef __SANITIZE_ADDRESS__
    ck_assert_msg(clock() - from < 2 * CLOCKS_PER_SEC, "too slow: %s", text);
#endif
    (void)from;
    return text;
}

static void refused_within(const char *path, const char *because) {
    const char *text = load_within(path, 0);
    ck_assert_msg(strstr(text, because) != NULL, "'%s' does not say '%s'", text, because);
}

/* --- .keras: many layers, each said in few words --- */
#define SEQUENTIAL(shape)                                                                          \
    "{'class_name': 'Sequential', 'compile_config': {'optimizer': 'adam', 'loss': 'mse'}, "        \
    "'config': {'layers': [{'class_name': 'InputLayer', 'config': {'batch_shape': " shape          \
    ", 'name': 'x'}}"

static const struct {
    const char *begin, *each;
} small_layers[] = {
    {SEQUENTIAL("[null, 4]"), ",{'class_name':'ReLU','config':{'name':'%d'}}"},
    {SEQUENTIAL("[null, 4]"), ",{'class_name':'Dense','config':{'name':'%d','units':1}}"},
    {SEQUENTIAL("[null, 4]"), ",{'class_name':'BatchNormalization','config':{'name':'%d'}}"},
    {SEQUENTIAL("[null, 3, 1]"),
     ",{'class_name':'LSTM','config':{'name':'%d','units':1,'return_sequences':true}}"},
    {SEQUENTIAL("[null, 3, 1]"), ",{'class_name':'TimeDistributed','config':{'name':'%d','layer':{'"
                                 "class_name':'Dense','config':"
                                 "{'name':'g','units':1}}}}"},
    {SEQUENTIAL("[null, 3, 1]"),
     ",{'class_name':'Bidirectional','config':{'name':'%d','layer':{'class_name':'GRU','config':"
     "{'name':'g','units':1,'return_sequences':true}}}}"},
};
enum { SMALL = sizeof small_layers / sizeof *small_layers };

/* An HDF5 file that claims more numbers than these models have. */
static ant_buffer zeros_file(void) {
    static const float zeros[1 << 16];
    ant_context c = {0};
    ant_buffer out = {0};
    ant_hdf5_node *root = ant__hdf5_group(&c, NULL, "");
    ck_assert(!ant__hdf5_dataset(&c, root, "x", ant_array(zeros, 1 << 16)));
    ck_assert(!ant__hdf5_write(&c, root, &out));
    ant__arena_free(&c.arena);
    return out;
}

START_TEST(small_layers_are_counted) {
    static const int counts[] = {1000, 2000, 4000, 6000, 8000, 10000, 13000, 16500, 30000};
    const int kind = _i % SMALL, n = counts[_i / SMALL];
    ant_buffer weights = zeros_file();
    char *config = many(small_layers[kind].begin, small_layers[kind].each, "]}}", n);
    const part parts[] = {{"metadata.json", metadata, 0},
                          {"config.json", config, 0},
                          {"model.weights.h5", weights.at, weights.size}};
    scratch_begin();
    load_within(archive(parts, 3), 4 << 16);
    scratch_end();
    free(config);
    ant__buffer_free(&weights);
}
END_TEST

/* --- .keras: much in one layer --- */
#define ONE(layer) SEQUENTIAL("[null, 1]") ", {'class_name': '" layer "', 'config': {'name': 's', "
#define ADD                                                                                        \
    "{'class_name': 'Functional', 'config': {'layers': [" X                                        \
    ", {'module': 'keras.src.ops.numpy', 'class_name': 'Add', 'name': 'o', 'config': {'name': "    \
    "'o'}, 'inbound_nodes': [{'args': [{'class_name': '__keras_tensor__', 'config': {'shape': "    \
    "[null, 4], 'dtype': 'float32', 'keras_history': ['x', 0, 0]}}, {'class_name': '__numpy__', "  \
    "'config': {'dtype': 'float32', 'value': ["
#define ADD_END                                                                                    \
    "0]}}], 'kwargs': {}}]}], 'input_layers': ['x', 0, 0], 'output_layers': ['o', 0, 0]}}"

static const struct {
    const char *begin, *each, *end;
} much[] = {
    {ONE("Discretization") "'bin_boundaries': [", "%d,", "2000000]}}]}}"},
    {ONE("StringLookup") "'vocabulary': [", "'%d',", "'x']}}]}}"},
    {ONE("Normalization") "'variance': 1, 'mean': [", "%d,", "0]}}]}}"},
    {ONE("Dense") "'units': 1, 'kernel_initializer': [", "%d,", "0]}}]}}"},
    {ONE("Dense") "'units': 1, '", "%d", "': 0}}]}}"},
    {ADD, "%d,", ADD_END},
    {ADD, "1%0100d,", ADD_END},
};
enum { MUCH = sizeof much / sizeof *much };

START_TEST(much_in_a_layer_is_counted) {
    static const int counts[] = {50000, 130000, 149000, 400000, 1000000};
    const int kind = _i % MUCH, n = counts[_i / MUCH];
    char *config = many(much[kind].begin, much[kind].each, much[kind].end, n);
    scratch_begin();
    load_within(with_config(config), 0);
    scratch_end();
    free(config);
}
END_TEST

/* --- .keras: a few words that ask for much --- */
#define IMAGE(layer)                                                                               \
    SEQUENTIAL("[null, 40, 40, 1]")                                                                \
    ", {'class_name': 'UpSampling2D', 'config': {'name': 's', " layer "}}]}}"

static const struct {
    const char *config, *because;
} large[] = {
    {IMAGE("'size': [60000, 60000], 'interpolation': 'bilinear'"), "model.weights.h5"},
    {SEQUENTIAL("[null, 4]") ", {'class_name': 'Dense', 'config': {'name': 's', 'units': "
                             "2000000000}}]}}",
     "model.weights.h5"},
    {SEQUENTIAL("[null, 4]") ", {'class_name': 'Embedding', 'config': {'name': 's', 'input_dim': "
                             "2000000000, 'output_dim': 2000000000}}]}}",
     "does not fit"},
    {SEQUENTIAL("[null, 2000000000, 2000000000, 2000000000]") ", {'class_name': 'Flatten', "
                                                              "'config': {'name': 's'}}]}}",
     "model.weights.h5"},
};

START_TEST(large_claims_take_nothing) {
    char *config = quoted(large[_i].config);
    scratch_begin();
    refused_within(with_config(config), large[_i].because);
    scratch_end();
    free(config);
}
END_TEST

/* --- .keras: packed --- */
#ifdef ANT__ZLIB
#define TINY                                                                                       \
    SEQUENTIAL("[null, 4]") ", {'class_name': 'Dense', 'config': {'name': 's', 'units': 3}}]}}"

static void put_packed(ant_buffer *out, const part *p, bool record, size_t at) {
    const size_t size = p->size ? p->size : strlen(p->text);
    uLongf room = compressBound((uLong)size);
    unsigned char *packed = malloc(room);
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)p->text, .avail_in = (uInt)size};
    ck_assert(packed && deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    z.next_out = packed, z.avail_out = (uInt)room;
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    ant__put_u32(out, record ? 0x02014b50 : 0x04034b50);
    for (int k = 0; k <= record; k++)
        ant__put_u16(out, 20);
    ant__put_u16(out, 0);
    ant__put_u16(out, 8);
    ant__put_u32(out, 0);
    ant__put_u32(out, ant__crc32(0, p->text, size));
    ant__put_u32(out, room - z.avail_out);
    ant__put_u32(out, size);
    ant__put_u16(out, (unsigned)strlen(p->name));
    ant__put_bytes(out, "\0\0\0\0\0\0\0\0\0\0\0\0", record ? 12 : 2);
    if (record)
        ant__put_u32(out, at);
    ant__put(out, p->name);
    if (!record)
        ant__put_bytes(out, packed, room - z.avail_out);
    free(packed);
}

static const char *packed_archive(const part parts[3]) {
    const char *path = scratch_path("p.keras");
    ant_buffer out = {0}, directory = {0};
    for (int k = 0; k < 3; k++) {
        put_packed(&directory, &parts[k], true, out.size);
        put_packed(&out, &parts[k], false, 0);
    }
    size_t at = out.size;
    ant__put_bytes(&out, directory.at, directory.size);
    ant__put_u32(&out, 0x06054b50);
    ant__put_u32(&out, 0);
    ant__put_u16(&out, 3);
    ant__put_u16(&out, 3);
    ant__put_u32(&out, directory.size);
    ant__put_u32(&out, at);
    ant__put_u16(&out, 0);
    scratch_write(path, out.at, out.size);
    ant__buffer_free(&directory);
    ant__buffer_free(&out);
    return path;
}

static char *blanks(size_t size, const char *text) {
    char *out = malloc(size + strlen(text) + 1);
    ck_assert(out);
    memset(out, ' ', size);
    strcpy(out + size, text);
    return out;
}

START_TEST(packed_texts_are_counted) {
    char *config = quoted(TINY), *bomb = blanks(40 << 20, config), *other = blanks(40 << 20, "{}");
    part parts[] = {{"metadata.json", metadata, 0},
                    {"config.json", bomb, 0},
                    {"model.weights.h5", "nothing", 0}};
    scratch_begin();
    refused_within(packed_archive(parts), "more memory than twice its");
    parts[0].text = other, parts[1].text = config;
    refused_within(packed_archive(parts), "more memory than twice its");
    scratch_end();
    free(other);
    free(bomb);
    free(config);
}
END_TEST

START_TEST(packed_weights_are_held_against_the_model) {
    enum { SIZE = 40 << 20 };
    char *config = quoted(TINY), *zeros = calloc(1, SIZE);
    ck_assert(zeros);
    part parts[] = {{"metadata.json", metadata, 0},
                    {"config.json", config, 0},
                    {"model.weights.h5", zeros, SIZE}};
    scratch_begin();
    const char *path = packed_archive(parts);
    refused_within(path, "for a model of 15 numbers");
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = ant_sequential(g, ant_dense(g, 3, .input_shape = {4}));
    memory_fail_at(0);
    ck_assert_int_eq(ant_load_weights(m, path), ANT_E_LIMIT);
    ck_assert_int_lt(memory_peak(), 2 * size_of(path) + FREE);
    scratch_end();
    free(zeros);
    free(config);
    ant_graph_free(g);
}
END_TEST

/* Weights that are all zeros pack a thousand to one, and are loaded: unpacked they are as large as
 * the model's own. */
START_TEST(legitimate_weights_may_be_packed) {
    enum { UNITS = 1 << 20, BYTES = 5 * UNITS * (int)sizeof(float) };
    char *config = quoted(SEQUENTIAL("[null, 4]") ", {'class_name': 'Dense', 'config': {'name': "
                                                  "'dense', 'units': 1048576}}]}}");
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m =
        ant_sequential(g, ant_dense(g, UNITS, .kernel_initializer = "zeros", .input_shape = {4}));
    scratch_begin();
    const char *plain = scratch_path("plain.weights.h5");
    ck_assert(!ant_save_weights(m, plain));
    FILE *f = fopen(plain, "rb");
    size_t size = (size_t)size_of(plain);
    char *bytes = malloc(size);
    ck_assert(f && bytes && fread(bytes, 1, size, f) == size);
    fclose(f);
    const part parts[] = {{"metadata.json", metadata, 0},
                          {"config.json", config, 0},
                          {"model.weights.h5", bytes, size}};
    const char *path = packed_archive(parts);
    ck_assert_int_lt(size_of(path), BYTES / 500);
    ck_assert_str_eq(load_within(path, 4 * (int64_t)BYTES), "");
    scratch_end();
    free(bytes);
    free(config);
    ant_graph_free(g);
}
END_TEST
#define PACKED_TESTS                                                                               \
    {packed_texts_are_counted, 0}, {packed_weights_are_held_against_the_model, 0},                 \
        {legitimate_weights_may_be_packed, 0},
#else
#define PACKED_TESTS
#endif

/* --- .h5: the same configs as an attribute --- */
START_TEST(attributes_are_counted) {
    const int kind = _i % SMALL, n = _i < SMALL ? 10000 : 30000;
    char *config = many(small_layers[kind].begin, small_layers[kind].each, "]}}", n);
    ant_context c = {0};
    ant_buffer out = {0};
    ant_hdf5_node *root = ant__hdf5_group(&c, NULL, "");
    ck_assert(!ant__hdf5_put_text(&c, root, "model_config", config));
    ck_assert(!ant__hdf5_write(&c, root, &out));
    scratch_begin();
    const char *path = scratch_path("m.h5");
    scratch_write(path, out.at, out.size);
    load_within(path, 0);
    scratch_end();
    ant__buffer_free(&out);
    ant__arena_free(&c.arena);
    free(config);
}
END_TEST

/* --- YAML: layers are what it is about, and have 64 MB of their own --- */
static const struct {
    const char *begin, *each, *end;
    int n;
    int64_t more;
} yaml[] = {
    {"model:\n  Sequential:\n  - Dense: [", "%d,", "0]\n", 900000, 0},
    {"", "k%d: v\n", "", 450000, 0},
    {"model: '", "%d", "'\n", 300000, 0},
    {"model:\n  Sequential:\n  - InputLayer: {shape: [4]}\n", "  - ReLU: {name: r%d}\n", "", 100000,
     LAYERS},
    {"model:\n  Sequential:\n  - InputLayer: {shape: [3, 1]}\n",
     "  - LSTM: {units: 1, return_sequences: true, name: r%d}\n",
     "compile: {optimizer: adam, loss: mse}\n", 30000, LAYERS},
};

START_TEST(yaml_is_counted) {
    char *text = many(yaml[_i].begin, yaml[_i].each, yaml[_i].end, yaml[_i].n);
    scratch_begin();
    const char *path = scratch_path("m.yaml");
    scratch_write(path, text, strlen(text));
    load_within(path, yaml[_i].more);
    scratch_end();
    free(text);
}
END_TEST

/* --- safetensors --- */
static const struct {
    const char *begin, *each, *end;
    int n;
} headers[] = {
    {"{", "'%d':{'dtype':'F32','shape':[0],'data_offsets':[0,0]},", "'x':0}", 1000000},
    {"{", "'%d':{'dtype':'F32','shape':[0],'data_offsets':[0,0]},", "'x':0}", 100000},
    {"{'__metadata__':{", "'%d':'',", "'x':''}}", 500000},
    {"{'a':[", "%d,", "0]}", 1000000},
    {"{'__metadata__':{'antler':'1','config':'model: [", "%d,", "0]'}}", 100000},
};

START_TEST(headers_are_counted) {
    char *header = many(headers[_i].begin, headers[_i].each, headers[_i].end, headers[_i].n);
    ant_buffer out = {0};
    ant__put_u64(&out, strlen(header));
    ant__put(&out, header);
    scratch_begin();
    const char *path = scratch_path("m.safetensors");
    scratch_write(path, out.at, out.size);
    ck_assert(*load_within(path, 0));
    scratch_end();
    ant__buffer_free(&out);
    free(header);
}
END_TEST

#define COUNT(list) ((int)(sizeof(list) / sizeof *(list)))
ANT_TEST_MAIN("limits", ANT_LOOP(small_layers_are_counted, 9 * SMALL),
              ANT_LOOP(much_in_a_layer_is_counted, 5 * MUCH),
              ANT_LOOP(large_claims_take_nothing, COUNT(large)),
              PACKED_TESTS ANT_LOOP(attributes_are_counted, 2 * SMALL),
              ANT_LOOP(yaml_is_counted, COUNT(yaml)), ANT_LOOP(headers_are_counted, COUNT(headers)))
