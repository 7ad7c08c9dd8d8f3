/* Damaged files, and a folder to write in. */
#include "hostile.h"
#include "io/array.h"
#include "support.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static hostile_reader *other_reader;

void hostile_use(hostile_reader *reader) {
    other_reader = reader;
}

const char *hostile_read(const void *bytes, size_t size) {
    if (other_reader)
        return other_reader(bytes, size);
    static char text[ANT__ERROR_SIZE];
    ant_bytes b = {ant__alloc(size + 1), size};
    ant_arrays *d = ant_arrays_new();
    ck_assert(b.at && d);
    if (size)
        memcpy(b.at, bytes, size);
    int code = ant__arrays_parse(d, "file", b);
    snprintf(text, sizeof text, "%s", ant_arrays_error(d));
    ck_assert_msg((code != 0) == (text[0] != 0), "code %d, text '%s'", code, text);
    ant_arrays_free(d);
    return code ? text : NULL;
}

void hostile_cuts(const void *bytes, size_t from, size_t size) {
    for (size_t n = from; n < size; n++)
        ck_assert_msg(hostile_read(bytes, n) != NULL, "the first %zu bytes of %zu were read", n,
                      size);
}

void hostile_flips(const void *bytes, size_t size) {
    static const unsigned char changes[] = {0x01, 0x80, 0xFF, 0x10, 0x7F};
    unsigned char *copy = malloc(size);
    ck_assert(copy);
    for (size_t at = 0; at < size; at++)
        for (size_t k = 0; k < sizeof changes; k++) {
            memcpy(copy, bytes, size);
            copy[at] ^= changes[k];
            hostile_read(copy, size);
        }
    free(copy);
}

void hostile_refused(const void *bytes, size_t size, const char *because) {
    const char *text = hostile_read(bytes, size);
    ck_assert_msg(text != NULL, "it was read; expected '%s'", because);
    ck_assert_msg(strstr(text, because) != NULL, "'%s' does not say '%s'", text, because);
}

static char folder[64];

static void empty_folder(void) {
    DIR *d = opendir(folder);
    ck_assert(d);
    for (struct dirent *f; (f = readdir(d));)
        unlinkat(dirfd(d), f->d_name, 0);
    closedir(d);
}

void scratch_begin(void) {
    snprintf(folder, sizeof folder, "/tmp/antler-test-XXXXXX");
    ck_assert(mkdtemp(folder));
}

void scratch_end(void) {
    empty_folder();
    ck_assert(!rmdir(folder));
}

const char *scratch_path(const char *name) {
    static char paths[4][256];
    static int k;
    k = (k + 1) % 4;
    snprintf(paths[k], sizeof paths[k], "%s/%s", folder, name);
    return paths[k];
}

void scratch_write(const char *path, const void *bytes, size_t size) {
    FILE *f = fopen(path, "wb");
    ck_assert(f);
    ck_assert_uint_eq(fwrite(bytes, 1, size, f), size);
    ck_assert(!fclose(f));
}

int scratch_count(void) {
    DIR *d = opendir(folder);
    int n = 0;
    ck_assert(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n - 2;
}

char *scratch_read(const char *path, size_t *size) {
    FILE *f = fopen(path, "rb");
    char *bytes = malloc(1 << 20);
    ck_assert(f && bytes);
    *size = fread(bytes, 1, 1 << 20, f);
    fclose(f);
    return bytes;
}
