/* Memory, errors and the texts of a context. */
#include "core/context.h"
#include "support.h"
#include <string.h>

START_TEST(sizes_do_not_overflow) {
    size_t bytes;
    ck_assert(ant__mul(SIZE_MAX / 2, 2, &bytes));
    ck_assert_uint_eq(bytes, SIZE_MAX - 1);
    ck_assert(!ant__mul(SIZE_MAX / 2 + 1, 2, &bytes));
    ck_assert(ant__mul(SIZE_MAX, 0, &bytes) && bytes == 0);
    ck_assert_ptr_null(ant__alloc_array(SIZE_MAX / 8, 9));
    ck_assert_ptr_null(ant__resize(NULL, SIZE_MAX / 8, 9));
    ck_assert_ptr_null(ant__alloc_numbers(SIZE_MAX - 16));
    ant_arena arena = {NULL};
    ck_assert_ptr_null(ant__arena_alloc(&arena, SIZE_MAX));
    ck_assert_ptr_null(ant__arena_alloc(&arena, SIZE_MAX - 32));
    ck_assert_ptr_null(ant__arena_array(&arena, SIZE_MAX / 4, 5));
    ant__arena_free(&arena);
    ck_assert_int_eq(memory_live(), 0);
}
END_TEST

START_TEST(numbers_are_aligned_with_slack) {
    for (size_t n = 0; n < 200; n += 7) {
        unsigned char *x = ant__alloc_numbers(n);
        ck_assert_uint_eq((uintptr_t)x % 64, 0);
        for (size_t i = 0; i < n + 128; i++)
            ck_assert_uint_eq(x[i], 0);
        memset(x, 255, n + 128);
        ant__free_numbers(x);
    }
    ant__free_numbers(NULL);
    ck_assert_int_eq(memory_live(), 0);
}
END_TEST

START_TEST(arena_keeps_everything) {
    ant_arena arena = {NULL};
    char *text[300];
    for (int i = 0; i < 300; i++) {
        size_t size = (size_t)i * i + 1;
        text[i] = ant__arena_alloc(&arena, size);
        ck_assert_uint_eq((uintptr_t)text[i] % 16, 0);
        ck_assert_int_eq(text[i][0], 0);
        ck_assert(!memcmp(text[i], text[i] + 1, size - 1));
        memset(text[i], i % 127 + 1, size);
    }
    for (int i = 0; i < 300; i++)
        ck_assert_int_eq(text[i][i * i], i % 127 + 1);
    ck_assert_str_eq(ant__arena_bytes(&arena, "abc", 2), "ab");
    ck_assert_str_eq(ant__arena_text(&arena, "abc"), "abc");
    ck_assert_ptr_null(ant__arena_text(&arena, NULL));
    ant__arena_free(&arena);
    ck_assert_ptr_null(arena.blocks);
    ck_assert_int_eq(memory_live(), 0);
}
END_TEST

static int push_many(void *data) {
    ANT__LIST(int) list = {NULL, 0, 0};
    bool pushed = true;
    for (int i = 0; i < 100 && pushed; i++)
        pushed = ANT__PUSH(&list, i);
    for (int i = 0; i < list.n; i++)
        ck_assert_int_eq(list.at[i], i);
    ant__free(list.at);
    (void)data;
    return pushed ? 0 : ANT_E_MEMORY;
}

/* What is taken after a release is zero again, and what was kept before the mark is kept. */
START_TEST(contexts_go_back) {
    ant_context c = {0};
    const char *kept = ant__text_once(&c, "relu");
    ck_assert_ptr_eq(ant__text_once(&c, "relu"), kept);
    ant_context_mark before = ant__context_mark(&c);
    for (int k = 0; k < 100; k++)
        ck_assert_ptr_nonnull(memset(ant__arena_alloc(&c.arena, 1000), 7, 1000));
    ant__text_once(&c, "tanh");
    ant__context_release(&c, &before);
    ck_assert_ptr_eq(ant__text_once(&c, "relu"), kept);
    const char *again = ant__arena_alloc(&c.arena, 1000);
    for (int k = 0; k < 1000; k++)
        ck_assert_int_eq(again[k], 0);
    ck_assert_str_eq(ant__text_once(&c, "tanh"), "tanh");
    ant_context empty = {0};
    before = ant__context_mark(&empty);
    ant__text_once(&empty, "x");
    ant__context_release(&empty, &before);
    ck_assert_ptr_null(empty.arena.blocks);
    ant__arena_free(&c.arena);
    ck_assert_int_eq(memory_live(), 0);
}
END_TEST

/* Arenas and lists that share a budget take no more together, and give back what they free. */
START_TEST(budgets_are_shared) {
    ant_budget budget = {.left = 100000};
    ant_arena a = {.budget = &budget}, b = {.budget = &budget};
    ANT__LIST(int) list = {0};
    ck_assert_ptr_nonnull(ant__arena_alloc(&a, 50000));
    ck_assert_ptr_null(ant__arena_alloc(&b, 50000));
    ck_assert(budget.spent);
    ck_assert_ptr_nonnull(ant__arena_alloc(&b, 40000));
    for (int k = 0; k < 1000; k++)
        ck_assert(ANT__PUSH_PAID(&a, &list, k));
    ck_assert_uint_lt(budget.left, 10000 - 1000 * sizeof(int));
    for (int k = 0; k < 10000 && ANT__PUSH_PAID(&a, &list, k); k++)
        ;
    ck_assert_int_lt(list.n, 3000);
    ANT__FREE_PAID(&a, &list);
    ant__arena_free(&a);
    ant__arena_free(&b);
    ck_assert_uint_eq(budget.left, 100000);
    ck_assert_int_eq(memory_live(), 0);
}
END_TEST

START_TEST(lists_grow_or_say_no) {
    memory_fail_each(push_many, NULL);
}
END_TEST

static int print(void *data) {
    ant_context c = {.seed = 0};
    char *text = ant__print(&c, "%s is %d", "units", -3);
    if (text)
        ck_assert_str_eq(text, "units is -3");
    int code = c.error.code;
    ant__arena_free(&c.arena);
    (void)data;
    return code;
}

START_TEST(print_tells_when_memory_is_out) {
    memory_fail_each(print, NULL);
}
END_TEST

START_TEST(first_error_stays) {
    ant_fault e = {0};
    ck_assert_int_eq(ant__fail(&e, ANT_E_OPTION, "units is %d", -3), ANT_E_OPTION);
    ck_assert_int_eq(ant__fail(&e, ANT_E_SHAPE, "other"), ANT_E_OPTION);
    ant__error_before(&e, "demo.c:%d: ", 12);
    ck_assert_str_eq(e.text, "demo.c:12: units is -3");
    ant__error_clear(&e);
    ck_assert_int_eq(e.code, 0);
    ck_assert_str_eq(e.text, "");
}
END_TEST

START_TEST(long_errors_are_cut) {
    static char name[3 * ANT__ERROR_SIZE];
    memset(name, 'x', sizeof name - 1);
    ant_fault e = {0};
    ant__fail(&e, ANT_E_OPTION, "%s", name);
    ck_assert_uint_eq(strlen(e.text), ANT__ERROR_SIZE - 1);
    ant__error_before(&e, "here: ");
    ck_assert_uint_eq(strlen(e.text), ANT__ERROR_SIZE - 1);
    ck_assert_int_eq(strncmp(e.text, "here: xxx", 9), 0);
    ant__error_before(&e, "%s", name);
    ck_assert_uint_eq(strlen(e.text), ANT__ERROR_SIZE - 1);
}
END_TEST

START_TEST(errors_are_one_line) {
    ant_fault e = {0};
    ant__fail(&e, ANT_E_OPTION, "%s", "a\nb\tc\x1B[2Jd\x7F\xC3\xA4");
    ck_assert_str_eq(e.text, "a?b?c?[2Jd?\xC3\xA4");
    ant__error_before(&e, "x\r");
    ck_assert_str_eq(e.text, "x?a?b?c?[2Jd?\xC3\xA4");
}
END_TEST

START_TEST(every_code_has_a_text) {
    for (int code = ANT_OK; code >= ANT_E_STOPPED; code--)
        ck_assert_str_ne(ant_code_text(code), "unknown error");
    ck_assert_str_eq(ant_code_text(ANT_E_MEMORY), "out of memory");
    ck_assert_str_eq(ant_code_text(ANT_E_STOPPED - 1), "unknown error");
    ck_assert_str_eq(ant_code_text(1), "unknown error");
    ck_assert_str_eq(ant_code_text(INT_MIN), "unknown error");
}
END_TEST

static void keep_warning(void *data, const char *text) {
    strcpy(data, text);
}

START_TEST(warnings_go_to_the_user) {
    char heard[64] = "";
    ant_context c = {.warn = keep_warning, .warn_data = heard};
    ant__warn(&c, "%d rows", 3);
    ck_assert_str_eq(heard, "3 rows");
    c.warn = NULL;
    ant__warn(&c, "%d rows", 4);
    ck_assert_str_eq(heard, "3 rows");
}
END_TEST

ANT_TEST_MAIN("memory", {sizes_do_not_overflow}, {numbers_are_aligned_with_slack},
              {arena_keeps_everything}, {contexts_go_back}, {budgets_are_shared},
              {lists_grow_or_say_no}, {print_tells_when_memory_is_out}, {first_error_stays},
              {long_errors_are_cut}, {errors_are_one_line}, {every_code_has_a_text},
              {warnings_go_to_the_user})
