/* What the fuzz targets share. */
#include "fuzz.h"
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t alive, most;
static volatile unsigned sum;

void fuzz_expect(bool good, const char *what) {
    if (good)
        return;
    fprintf(stderr, "finding: %s\n", what);
    abort();
}

void fuzz_budget(size_t bytes) {
    most = bytes ? alive + bytes : 0;
}

size_t fuzz_promise(size_t size) {
    return 2 * size + ((size_t)16 << 20);
}

/* The library's every allocation. */
void *ant__memory_hook(void *old, size_t size) {
    size_t before = malloc_usable_size(old);
    if (!size) {
        alive -= before;
        free(old);
        return NULL;
    }
    fuzz_expect(!most || (size <= most && alive <= most - size), "more memory than the budget");
    void *block = old ? realloc(old, size) : calloc(1, size);
    if (block)
        alive += malloc_usable_size(block) - before;
    return block;
}

void fuzz_check_error(const ant_fault *e) {
    fuzz_expect(!e->code == !e->text[0], "a code without a text, or a text without a code");
    for (const char *s = e->text; *s; s++)
        fuzz_expect(*s != '\n', "a message of two lines");
}

void fuzz_use(const void *bytes, size_t size) {
    for (size_t k = 0; k < size; k++)
        sum = sum + ((const unsigned char *)bytes)[k];
}
