/* Files that h5py wrote, a feature of the format each: tests/golden/hdf5/generate.py made them, and
 * expected.txt says what is in them, or why they are refused. */
#include "hdf5_walk.h"
#include "hostile.h"
#include "io/file.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- expected.txt --- */
typedef struct section {
    char name[64];
    const char *text; /* of its lines */
    size_t size;
} section;

static ant_bytes read_file(const char *name) {
    char path[512];
    ant_fault e = {0};
    ant_bytes b;
    snprintf(path, sizeof path, "%s/%s", HDF5_DATA, name);
    ck_assert_msg(!ant__file_read(&e, path, 0, NULL, &b), "%s", e.text);
    return b;
}

/* The start of section k; NULL: there are not so many. */
static const char *find_section(const char *text, int k) {
    for (; text && k >= 0; k--) {
        text = strstr(text, "\n== ");
        text = text ? text + strlen("\n== ") : NULL;
    }
    return text;
}

static section get_section(const ant_bytes *expected, int k) {
    section s = {{0}, NULL, 0};
    const char *at = find_section((const char *)expected->at, k);
    ck_assert(at);
    size_t n = strcspn(at, "\n");
    snprintf(s.name, sizeof s.name, "%.*s.h5", (int)n, at);
    const char *next = strstr(at, "\n== ");
    s.text = at + n + 1;
    s.size = next ? (size_t)(next + 1 - s.text) : strlen(s.text);
    return s;
}

static int count_sections(void) {
    ant_fault e = {0};
    ant_bytes b;
    int n = 0;
    if (ant__file_read(&e, HDF5_DATA "/expected.txt", 0, NULL, &b))
        return 1; /* the test then tells why */
    while (find_section((const char *)b.at, n))
        n++;
    ant__free(b.at);
    return n;
}

/* --- what is in them --- */
START_TEST(reads_or_refuses) {
    static const char refused[] = "refused: ";
    ant_bytes expected = read_file("expected.txt");
    section s = get_section(&expected, _i);
    ant_bytes file = read_file(s.name);
    if (!strncmp(s.text, refused, strlen(refused))) {
        const char *error = hdf5_read(file.at, file.size);
        char because[256];
        snprintf(because, sizeof because, "%.*s", (int)(s.size - sizeof refused),
                 s.text + strlen(refused));
        ck_assert_msg(error && strstr(error, because), "%s: '%s' does not say '%s'", s.name,
                      error ? error : "it was read", because);
    } else {
        char *text = hdf5_text(file.at, file.size);
        ck_assert_msg(strlen(text) == s.size && !strncmp(text, s.text, s.size),
                      "%s holds\n%sexpected\n%.*s", s.name, text, (int)s.size, s.text);
        ant__free(text);
    }
    ant__free(file.at);
    ant__free(expected.at);
}
END_TEST

/* Every byte changed, every beginning: refused or read, but no more. */
START_TEST(cuts_and_flips) {
    ant_bytes expected = read_file("expected.txt");
    section s = get_section(&expected, _i);
    ant_bytes file = read_file(s.name);
    hostile_use(hdf5_read);
    hostile_cuts(file.at, 0, file.size);
    if (strncmp(s.name, "refused", strlen("refused")))
        hostile_flips(file.at, file.size);
    ant__free(file.at);
    ant__free(expected.at);
}
END_TEST

static int read_once(void *file) {
    const ant_bytes *b = file;
    ant_context c = {0};
    ant_buffer out = {0};
    ant_hdf5_node *root;
    int code = ant__hdf5_parse(&c, "f", b->at, b->size, NULL, &root);
    if (!code)
        code = hdf5_put(&c, root, &out);
    code = !code && out.failed ? ANT_E_MEMORY : code;
    ant__buffer_free(&out);
    ant__arena_free(&c.arena);
    return code;
}

START_TEST(memory_may_fail) {
    ant_bytes expected = read_file("expected.txt");
    section s = get_section(&expected, _i);
    ant_bytes file = read_file(s.name);
    if (strncmp(s.name, "refused", strlen("refused")))
        memory_fail_each(read_once, &file);
    ant__free(file.at);
    ant__free(expected.at);
}
END_TEST

int main(void) {
    int n = count_sections();
    const test_entry entries[] = {ANT_LOOP(reads_or_refuses, n), ANT_LOOP(cuts_and_flips, n),
                                  ANT_LOOP(memory_may_fail, n)};
    return test_run("hdf5_files", entries, sizeof entries / sizeof *entries);
}
