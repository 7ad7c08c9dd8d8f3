/* HDF5 as Antler writes it, read back; and what the writer refuses. */
#include "hdf5_walk.h"
#include "hostile.h"
#include "io/array.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A tree with some of everything. */
static ant_hdf5_node *some_tree(ant_context *c) {
    static const float kernel[] = {1, 2, 3, 4, 5, 6};
    static const int64_t step[] = {7};
    static const unsigned char truth[] = {1, 0, 1};
    static const char *const names[] = {"dense", "", "input_1"};
    ant_hdf5_node *root = ant__hdf5_group(c, NULL, NULL),
                  *layers = ant__hdf5_group(c, root, "layers"),
                  *vars = ant__hdf5_group(c, ant__hdf5_group(c, layers, "dense"), "vars");
    ant_array scalar = ant_array(step, 1), bools = ant_array(truth, 3);
    scalar.axes = 0;
    bools.dtype = ANT_BOOL;
    if (c->error.code)
        return NULL;
    ant__hdf5_dataset(c, vars, "0", ant_array(kernel, 2, 3));
    ant__hdf5_dataset(c, vars, "step", scalar);
    ant__hdf5_dataset(c, layers, "bools", bools);
    ant__hdf5_put_text(c, vars, "name", "h\xC3\xBCtte");
    ant__hdf5_put_text(c, vars, "empty", "");
    ant__hdf5_put_texts(c, root, "layer_names", (ant_texts){3, names});
    ant__hdf5_put_texts(c, root, "none", (ant_texts){0, NULL});
    return c->error.code ? NULL : root;
}

static ant_buffer some_file(void) {
    ant_context c = {0};
    ant_buffer out = {0};
    ant_hdf5_node *root = some_tree(&c);
    ck_assert_msg(root && !ant__hdf5_write(&c, root, &out), "%s", c.error.text);
    ant__arena_free(&c.arena);
    return out;
}

START_TEST(round_trip) {
    ant_buffer file = some_file();
    char *text = hdf5_text(file.at, file.size);
    ck_assert_str_eq(text, "/ group 1\n"
                           "@layer_names text (3): \"dense\" \"\" \"input_1\"\n"
                           "@none float64 (0):\n"
                           "/layers group 2\n"
                           "/layers/bools bool (3): 1 0 1\n"
                           "/layers/dense group 1\n"
                           "/layers/dense/vars group 2\n"
                           "/layers/dense/vars@empty text: \"\"\n"
                           "/layers/dense/vars@name text: \"h\xC3\xBCtte\"\n"
                           "/layers/dense/vars/0 float32 (2, 3): 1 2 3 4 5 6\n"
                           "/layers/dense/vars/step int64: 7\n");
    ant__free(text);
    ant__buffer_free(&file);
}
END_TEST

static const int dtypes[] = {ANT_FLOAT32, ANT_FLOAT64, ANT_INT32,  ANT_INT64,
                             ANT_INT8,    ANT_UINT8,   ANT_INT16,  ANT_UINT16,
                             ANT_UINT32,  ANT_UINT64,  ANT_FLOAT16};
enum { DTYPES = sizeof dtypes / sizeof *dtypes };

/* Bits are kept; strides and the other byte order are evened out. */
START_TEST(types_round_trip) {
    unsigned char numbers[3 * 2 * 8];
    size_t size = ant__dtype_size(dtypes[_i]);
    for (size_t k = 0; k < sizeof numbers; k++)
        numbers[k] = (unsigned char)(7 * k + 1);
    ant_array plain = {.data = numbers, .dtype = dtypes[_i], .axes = 2, .shape = {2, 3}},
              turned = plain, read;
    turned.strides[0] = (int64_t)size, turned.strides[1] = (int64_t)(2 * size);
    turned.swapped = true;
    ant_context c = {0};
    ant_buffer file = {0};
    ant_hdf5_node *root = ant__hdf5_group(&c, NULL, NULL);
    ant__hdf5_dataset(&c, root, "plain", plain);
    ant__hdf5_dataset(&c, root, "turned", turned);
    ck_assert(!ant__hdf5_write(&c, root, &file));
    ck_assert(!ant__hdf5_parse(&c, "f", (unsigned char *)file.at, file.size, NULL, &root));
    ck_assert(!ant__hdf5_numbers(&c, ant__hdf5_find(root, "plain"), &read));
    ck_assert_int_eq(read.dtype, dtypes[_i]);
    ck_assert(!memcmp(read.data, numbers, 6 * size));
    unsigned char evened[sizeof numbers];
    ant__array_copy(evened, &turned);
    ck_assert(!ant__hdf5_numbers(&c, ant__hdf5_find(root, "turned"), &read));
    ck_assert(!memcmp(read.data, evened, 6 * size));
    ant__arena_free(&c.arena);
    ant__buffer_free(&file);
}
END_TEST

START_TEST(finds_paths) {
    ant_buffer file = some_file();
    ant_context c = {0};
    ant_hdf5_node *root;
    ck_assert(!ant__hdf5_parse(&c, "f", (unsigned char *)file.at, file.size, NULL, &root));
    const ant_hdf5_node *layers = ant__hdf5_find(root, "layers");
    ck_assert(layers && layers->group);
    ck_assert_ptr_eq(ant__hdf5_find(root, ""), root);
    ck_assert_ptr_eq(ant__hdf5_find(layers, "dense/vars/0"),
                     ant__hdf5_find(root, "layers/dense/vars/0"));
    ck_assert_str_eq(ant__hdf5_find(root, "layers/dense/vars/0")->name, "0");
    static const char *const missing[] = {"dens",    "layer", "layers/d",     "layers/bools/x",
                                          "layerss", "/",     "layers//dense"};
    for (size_t k = 0; k < sizeof missing / sizeof *missing; k++)
        ck_assert_msg(!ant__hdf5_find(root, missing[k]), "%s", missing[k]);
    ck_assert(!ant__hdf5_find(NULL, "x"));
    ant__arena_free(&c.arena);
    ant__buffer_free(&file);
}
END_TEST

/* More than one level of B-trees, names of many lengths, in any order. */
START_TEST(many_members) {
    enum { MEMBERS = 3000 };
    ant_context c = {0};
    ant_buffer file = {0};
    ant_hdf5_node *root = ant__hdf5_group(&c, NULL, NULL);
    static const int number[] = {1};
    char name[64];
    for (int k = 0; k < MEMBERS; k++) {
        snprintf(name, sizeof name, "layer_%d%.*s", k * 7 % MEMBERS, k % 20,
                 "____________________");
        ant__hdf5_dataset(&c, root, name, ant_array(number, 1));
    }
    ck_assert(!ant__hdf5_write(&c, root, &file));
    ck_assert(!ant__hdf5_parse(&c, "f", (unsigned char *)file.at, file.size, NULL, &root));
    ck_assert_int_eq(root->count, MEMBERS);
    for (int k = 0; k < MEMBERS; k++) {
        snprintf(name, sizeof name, "layer_%d%.*s", k * 7 % MEMBERS, k % 20,
                 "____________________");
        ck_assert_msg(ant__hdf5_find(root, name) != NULL, "%s", name);
    }
    ant__arena_free(&c.arena);
    ant__buffer_free(&file);
}
END_TEST

/* Lists of more than 64,512 bytes become several attributes, texts of more than a heap one heap. */
START_TEST(long_texts) {
    enum { TEXTS = 5001, LONGEST = 30, CONFIG = 200001 };
    ant_context c = {0};
    ant_buffer file = {0};
    ant_hdf5_node *root = ant__hdf5_group(&c, NULL, NULL);
    const char **names = ant__arena_array(&c.arena, TEXTS, sizeof *names);
    char *config = ant__arena_alloc(&c.arena, CONFIG + 1);
    memset(config, 'x', CONFIG);
    for (int k = 0; k < TEXTS; k++)
        names[k] = ant__print(&c, "layer_%d%.*s", k, k % 20, "____________________");
    ant__hdf5_put_texts(&c, root, "layer_names", (ant_texts){TEXTS, names});
    ant__hdf5_put_text(&c, root, "model_config", config);
    ck_assert(!ant__hdf5_write(&c, root, &file));
    ck_assert(!ant__hdf5_parse(&c, "f", (unsigned char *)file.at, file.size, NULL, &root));
    ant_texts read;
    ck_assert(ant__hdf5_attribute(root, "layer_names2") &&
              !ant__hdf5_attribute(root, "layer_names"));
    ck_assert(ant__hdf5_has(root, "layer_names") && !ant__hdf5_has(root, "layer_name"));
    ck_assert_msg(!ant__hdf5_texts(&c, root, "layer_names", &read), "%s", c.error.text);
    ck_assert_int_eq(read.count, TEXTS);
    for (int k = 0; k < TEXTS; k++)
        ck_assert_str_eq(read.data[k], names[k]);
    ck_assert(!ant__hdf5_texts(&c, root, "model_config", &read));
    ck_assert_str_eq(read.data[0], config);
    ant__arena_free(&c.arena);
    ant__buffer_free(&file);
}
END_TEST

/* What the reader is asked for but cannot give. */
START_TEST(asks_wrongly) {
    ant_buffer file = some_file();
    ant_context c = {0};
    ant_hdf5_node *root;
    ant_texts texts;
    ant_array numbers;
    ck_assert(!ant__hdf5_parse(&c, "f.h5", (unsigned char *)file.at, file.size, NULL, &root));
    ck_assert(ant__hdf5_texts(&c, root, "missing", &texts));
    ck_assert_str_eq(c.error.text, "f.h5: hdf5: '/', attribute 'missing': it is not there");
    ant__error_clear(&c.error);
    ck_assert(ant__hdf5_numbers(&c, root, &numbers));
    ck_assert_str_eq(c.error.text, "f.h5: hdf5: '/': it is a group; expected a dataset");
    ant__error_clear(&c.error);
    ck_assert(ant__hdf5_texts(&c, ant__hdf5_find(root, "layers/bools"), NULL, &texts));
    ck_assert_str_eq(c.error.text, "f.h5: hdf5: '/layers/bools': it holds numbers; expected texts");
    ant__error_clear(&c.error);
    ck_assert(ant__hdf5_attribute_numbers(&c, root, "layer_names", &numbers));
    ck_assert(strstr(c.error.text, "it holds texts; expected numbers"));
    ant__arena_free(&c.arena);
    ant__buffer_free(&file);
}
END_TEST

static void expect_error(ant_context *c, int code, const char *because) {
    ck_assert(code && code == c->error.code);
    ck_assert_msg(strstr(c->error.text, because) != NULL, "'%s' does not say '%s'", c->error.text,
                  because);
    ant__error_clear(&c->error);
}

START_TEST(writer_refuses) {
    static const char *const bad[] = {"", ".", "..", "a/b", "\xFF"};
    static const double x[] = {1};
    static char huge[70000];
    memset(huge, 'x', sizeof huge - 1);
    const char *const list[] = {huge};
    ant_context c = {0};
    ant_buffer file = {0};
    ant_hdf5_node *root = ant__hdf5_group(&c, NULL, NULL);
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
        expect_error(&c, ant__hdf5_dataset(&c, root, bad[k], ant_array(x, 1)), "cannot be a name");
    expect_error(&c, ant__hdf5_dataset(&c, root, "x", (ant_array){.axes = 1, .shape = {1}}),
                 "is no array of numbers");
    expect_error(&c, ant__hdf5_put_texts(&c, root, "x", (ant_texts){1, list}), "64,512");
    ck_assert(!ant__hdf5_put_text(&c, root, "x", "y"));
    expect_error(&c, ant__hdf5_put_text(&c, root, "x", "y"), "is an attribute already");
    ck_assert(!ant__hdf5_dataset(&c, root, "x", ant_array(x, 1)));
    ck_assert(!ant__hdf5_group(&c, root, "x"));
    expect_error(&c, c.error.code, "is a dataset already");
    ck_assert(!ant__hdf5_dataset(&c, root, "x", ant_array(x, 1)));
    expect_error(&c, ant__hdf5_write(&c, root, &file), "'x' stands twice");
    ant__buffer_free(&file);
    ant__arena_free(&c.arena);
}
END_TEST

START_TEST(cuts_and_flips) {
    ant_buffer file = some_file();
    hostile_use(hdf5_read);
    hostile_cuts(file.at, 0, file.size);
    hostile_flips(file.at, file.size);
    ant__buffer_free(&file);
}
END_TEST

/* --- through ant_arrays --- */
START_TEST(arrays_have_paths) {
    ant_buffer file = some_file();
    ant_arrays *d = ant_arrays_new();
    ant_bytes bytes = {ant__alloc(file.size + 1), file.size};
    memcpy(bytes.at, file.at, file.size);
    ck_assert_msg(!ant__arrays_parse(d, "f.h5", bytes), "%s", ant_arrays_error(d));
    ck_assert_int_eq(ant_arrays_count(d), 3);
    ant_array a = ant_arrays_named(d, "layers/dense/vars/0");
    ck_assert(a.axes == 2 && a.shape[1] == 3 && ((float *)a.data)[5] == 6);
    ck_assert_int_eq(ant_arrays_named(d, "layers/dense/vars/step").axes, 1);
    ant_arrays_free(d);
    ant__buffer_free(&file);
}
END_TEST

static int write_once(void *unused) {
    ant_context c = {0};
    ant_buffer out = {0};
    (void)unused;
    ant_hdf5_node *root = some_tree(&c);
    int code = root ? ant__hdf5_write(&c, root, &out) : c.error.code;
    ant__buffer_free(&out);
    ant__arena_free(&c.arena);
    return code;
}

static int read_once(void *file) {
    const ant_buffer *b = file;
    ant_context c = {0};
    ant_buffer out = {0};
    ant_hdf5_node *root;
    int code = ant__hdf5_parse(&c, "f", (unsigned char *)b->at, b->size, NULL, &root);
    if (!code)
        code = hdf5_put(&c, root, &out);
    code = !code && out.failed ? ANT_E_MEMORY : code;
    ant__buffer_free(&out);
    ant__arena_free(&c.arena);
    return code;
}

START_TEST(memory_may_fail) {
    ant_buffer file = some_file();
    memory_fail_each(write_once, NULL);
    memory_fail_each(read_once, &file);
    ant__buffer_free(&file);
}
END_TEST

ANT_TEST_MAIN("hdf5", {round_trip, 0}, ANT_LOOP(types_round_trip, DTYPES), {finds_paths, 0},
              {many_members, 0}, {long_texts, 0}, {asks_wrongly, 0}, {writer_refuses, 0},
              {cuts_and_flips, 0}, {arrays_have_paths, 0}, {memory_may_fail, 0})
