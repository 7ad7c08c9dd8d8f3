/* The memory hook of the tests: counts blocks, and fails when asked to. */
#include "core/memory.h"
#include "support.h"
#include <stdatomic.h>
#include <stdlib.h>

static atomic_llong calls, live, fail_at;

void *ant__memory_hook(void *old, size_t size) {
    if (!size) {
        atomic_fetch_sub(&live, old != NULL);
        free(old);
        return NULL;
    }
    long long call = atomic_fetch_add(&calls, 1) + 1, limit = atomic_load(&fail_at);
    if (call == limit)
        return NULL;
    void *block = old ? realloc(old, size) : calloc(1, size);
    atomic_fetch_add(&live, !old && block);
    return block;
}

void memory_fail_at(int64_t k) {
    atomic_store(&calls, 0);
    atomic_store(&fail_at, k);
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
