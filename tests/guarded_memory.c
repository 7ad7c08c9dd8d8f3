#define _DEFAULT_SOURCE
#include "support.h"
#include <sys/mman.h>
#include <unistd.h>

static size_t page(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t whole_pages(size_t size) {
    return (size + page() - 1) / page() * page();
}

void *guarded_new(size_t size) {
    size_t room = whole_pages(size);
    char *base =
        mmap(NULL, room + page(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
        return NULL;
    if (mprotect(base + room, page(), PROT_NONE) != 0)
        return NULL;
    return base + room - size;
}

void guarded_free(void *block, size_t size) {
    if (block)
        munmap((char *)block + size - whole_pages(size), whole_pages(size) + page());
}
