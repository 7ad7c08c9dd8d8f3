/* Every allocation of a whole run fails once in turn, those of the C library, libyaml and zlib
 * too: build, compile, fit, save, load, predict. No crash, no leak, and a code that says so.
 *
 * The allocator of the process is replaced here, so this does nothing under sanitizers, which
 * replace it themselves. */
#include "support.h"
#include <antler/antler.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED 1
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#if defined __GLIBC__ && !defined SANITIZED
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t align, size_t size);
void __libc_free(void *block);

static long calls, fail_at, live; /* the test runs on one thread */

static bool fails(void) {
    return ++calls == fail_at;
}

static void *counted(void *block) {
    live += block != NULL;
    return block;
}

void *malloc(size_t size) {
    return fails() ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size) {
    return fails() ? NULL : counted(__libc_calloc(count, size));
}

void *realloc(void *old, size_t size) {
    if (fails())
        return NULL;
    void *block = __libc_realloc(old, size);
    live += block && !old;
    return block;
}

void *aligned_alloc(size_t align, size_t size) {
    return fails() ? NULL : counted(__libc_memalign(align, size));
}

void *memalign(size_t align, size_t size);
void *memalign(size_t align, size_t size) {
    return aligned_alloc(align, size);
}

int posix_memalign(void **out, size_t align, size_t size) {
    *out = aligned_alloc(align, size);
    return *out ? 0 : ENOMEM;
}

void free(void *block) {
    live -= block != NULL;
    __libc_free(block);
}

/* --- the run --- */
static char path[] = "/tmp/antler-memory-XXXXXX.safetensors";

static ant_model *network(ant_graph *g) {
    ant_node *x = ant_input(g, {4, 2}, .name = "x");
    ant_node *h = ant_call(ant_lstm(g, 3), x);
    ant_node *y = ant_call(ant_dense(g, 2, "softmax", .kernel_regularizer = "l2"), h);
    return ant_model_new(g, ANT_NODES(x), ANT_NODES(y), "small");
}

static int train(ant_graph *g, const float *x, const int *y) {
    ant_model *m = network(g);
    int code = ant_compile(m, .optimizer = "adam", .loss = "sparse_categorical_crossentropy",
                           .metrics = {"accuracy"});
    if (!code)
        code = ant_fit(m, ant_array(x, 6, 4, 2), ant_array(y, 6), .epochs = 2, .batch_size = 4,
                       .validation_split = 0.3);
    return code ? code : ant_save(m, path);
}

static int use(ant_graph *g, const float *x, float *out) {
    ant_model *m = ant_load(g, path);
    return ant_predict(m, ant_array(x, 6, 4, 2), ant_array(out, 6, 2));
}

/* 0 when all went well. */
static int whole_run(void) {
    float x[6 * 4 * 2], out[6 * 2];
    int y[6];
    for (int i = 0; i < 48; i++)
        x[i] = (float)(i % 7) / 7;
    for (int i = 0; i < 6; i++)
        y[i] = i % 2;
    ant_graph *g = ant_graph_new(.seed = 1, .threads = 1), *h = NULL;
    int code = g ? train(g, x, y) : ANT_E_MEMORY;
    if (!code)
        code = (h = ant_graph_new(.threads = 1)) ? use(h, x, out) : ANT_E_MEMORY;
    code = code ? code : g ? ant_status(g) : 0;
    ant_graph_free(g);
    ant_graph_free(h);
    return code;
}

START_TEST(every_allocation_fails_once) {
    int fd = mkstemps(path, 12);
    ck_assert(fd >= 0 && !close(fd));
    ck_assert_int_eq(whole_run(), 0); /* what libraries set up once is set up now */
    calls = 0;
    long before = live;
    ck_assert_int_eq(whole_run(), 0);
    long needed = calls, forgiven = 0;
    ck_assert_int_eq(live, before);
    for (long k = 1; k <= needed; k++) {
        calls = 0;
        fail_at = k;
        int code = whole_run();
        fail_at = 0;
        forgiven += code == 0; /* done without: a smaller buffer of stdio's */
        if (live != before)
            ck_abort_msg("allocation %ld of %ld: %ld blocks leak", k, needed, live - before);
    }
    unlink(path);
    ck_assert_msg(forgiven < needed / 10, "%ld of %ld failures went unnoticed", forgiven, needed);
}
END_TEST
#else
START_TEST(every_allocation_fails_once) {}
END_TEST
#endif

ANT_TEST_MAIN("memory of a whole run", every_allocation_fails_once)
