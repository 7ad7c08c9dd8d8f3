/* The memory hook of the tests: counts blocks, and fails when asked to. */
#include "core/memory.h"
#include "support.h"
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

static atomic_llong calls, live, fail_at, bytes, peak;

static void count(long long more) {
    long long now = atomic_fetch_add(&bytes, more) + more, most = atomic_load(&peak);
    while (now > most && !atomic_compare_exchange_weak(&peak, &most, now))
        ;
}

/* Bytes are counted as the allocator gave them, which may be a few more than were asked for; while
 * a block is resized, both the old and the new one. */
void *ant__memory_hook(void *old, size_t size) {
    long long before = (long long)malloc_usable_size(old);
    if (!size) {
        atomic_fetch_sub(&live, old != NULL);
        count(-before);
        free(old);
        return NULL;
    }
    long long call = atomic_fetch_add(&calls, 1) + 1, limit = atomic_load(&fail_at);
    if (call == limit)
        return NULL;
    void *block = old ? realloc(old, size) : calloc(1, size);
    if (block) {
        count((long long)malloc_usable_size(block));
        count(-before);
    }
    atomic_fetch_add(&live, !old && block);
    return block;
}

void memory_fail_at(int64_t k) {
    atomic_store(&calls, 0);
    atomic_store(&fail_at, k);
    atomic_store(&bytes, 0);
    atomic_store(&peak, 0);
}

int64_t memory_peak(void) {
    return atomic_load(&peak);
}

int64_t memory_calls(void) {
    return atomic_load(&calls);
}
int64_t memory_live(void) {
    return atomic_load(&live);
}

void memory_fail_each(int (*body)(void *data), void *data) {
    for (int64_t k = 1;; k++) {
        int64_t before = memory_live();
        memory_fail_at(k);
        int code = body(data);
        bool failed = memory_calls() >= k;
        memory_fail_at(0);
        ck_assert_msg(failed == (code != 0), "allocation %lld of %s: code %d", (long long)k,
                      failed ? "a failing run" : "a good run", code);
        ck_assert_msg(memory_live() == before, "%lld blocks leaked when allocation %lld failed",
                      (long long)(memory_live() - before), (long long)k);
        if (!failed)
            return;
    }
}
