/* JSON: what is read into trees, what is refused, and that what is written reads back the same. */
#include "hostile.h"
#include "io/json.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static ant_context context;

/* The text in a block of its own, so that a sanitizer sees every byte too many. */
static ant_tree *parse(const char *text, size_t size) {
    ant__arena_free(&context.arena);
    context = (ant_context){0};
    char *copy = malloc(size);
    ck_assert(copy || !size);
    if (size)
        memcpy(copy, text, size);
    ant_tree *t = ant__json_parse(&context, NULL, "f.json", copy, size, NULL);
    free(copy);
    return t;
}

static const ant_tree *parsed(const char *text) {
    const ant_tree *t = parse(text, strlen(text));
    ck_assert_msg(t != NULL, "%s: %s", text, context.error.text);
    return t;
}

/* --- in --- */
static const struct {
    const char *text, *value;
    ant_tree_kind kind;
} scalars[] = {
    {"null", "null", ANT__WORD},
    {" true ", "true", ANT__WORD},
    {"false\n", "false", ANT__WORD},
    {"0", "0", ANT__WORD},
    {"-0.0", "-0.0", ANT__WORD},
    {"0.0010000000474974513", "0.0010000000474974513", ANT__WORD},
    {"1e-07", "1e-07", ANT__WORD},
    {"12345678901234567890123", "12345678901234567890123", ANT__WORD},
    {"1E+5", "1E+5", ANT__WORD},
    {"NaN", "nan", ANT__WORD},
    {"Infinity", "inf", ANT__WORD},
    {"-Infinity", "-inf", ANT__WORD},
    {"\"null\"", "null", ANT__QUOTED},
    {"\"\"", "", ANT__QUOTED},
    {"\"a\\\"b\\\\c\\/d\\b\\f\\n\\r\\t\"", "a\"b\\c/d\b\f\n\r\t", ANT__QUOTED},
    {"\"\\u00e4\\u20AC\\ud83d\\ude00\\u0041\"", "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\x41",
     ANT__QUOTED},
    {"\"\xC3\xA4\"", "\xC3\xA4", ANT__QUOTED},
};

START_TEST(scalars_are_read) {
    const ant_tree *t = parsed(scalars[_i].text);
    ck_assert_str_eq(t->text, scalars[_i].value);
    ck_assert_int_eq(t->kind, scalars[_i].kind);
}
END_TEST

START_TEST(structures_are_read) {
    const ant_tree *t = parsed("{\"a\": [1, {}, []],\n  \"b\": {\"c\": null}}");
    const ant_tree *a = ant__tree_get(t, "a"), *c = ant__tree_get(ant__tree_get(t, "b"), "c");
    ck_assert_int_eq(t->kind, ANT__MAP);
    ck_assert_int_eq(ant__tree_count(a), 3);
    ck_assert_int_eq(a->kind, ANT__ITEMS);
    ck_assert_int_eq(a->first->next->kind, ANT__MAP);
    ck_assert_int_eq(a->last->kind, ANT__ITEMS);
    ck_assert_str_eq(c->text, "null");
    ck_assert_int_eq(c->line, 2);
    ck_assert_int_eq(c->column, 14);
}
END_TEST

static const refused_text refused[] = {
    REFUSE("", "f.json:1:1: expected a value, found the end"),
    REFUSE("{", "expected a name in quotes"),
    REFUSE("[1", "f.json:1:3: expected ',' or ']', found the end"),
    REFUSE("[1,]", "expected a value, found ']'"),
    REFUSE("{\"a\": 1,}", "f.json:1:9: expected a name in quotes, found '}'"),
    REFUSE("{\"a\" 1}", "expected ':'"),
    REFUSE("{a: 1}", "a name in quotes"),
    REFUSE("{1: 1}", "a name in quotes"),
    REFUSE("[1 2]", "expected ',' or ']', found '2]'"),
    REFUSE("1 2", "expected nothing after the value, found '2'"),
    REFUSE("{}{}", "nothing after"),
    REFUSE("{}\0", "nothing after the value, found the byte 0x00"),
    REFUSE("'a'", "expected a value, found"),
    REFUSE("// no\n1", "expected a value"),
    REFUSE("01", "nothing after"),
    REFUSE("+1", "expected a value"),
    REFUSE(".5", "expected a value"),
    REFUSE("1.", "expected a value"),
    REFUSE("1e", "expected a value"),
    REFUSE("-", "expected a value"),
    REFUSE("0x1F", "nothing after"),
    REFUSE("nul", "expected a value"),
    REFUSE("nan", "expected a value"),
    REFUSE("\"a", "a quote is not closed"),
    REFUSE("\"a\\", "an escape"),
    REFUSE("\"a\\\"", "a quote is not closed"),
    REFUSE("\"\\x41\"", "an escape"),
    REFUSE("\"\\u12\"", "four hexadecimal digits"),
    REFUSE("\"\\u123g\"", "four hexadecimal digits"),
    REFUSE("\"\\u0000\"", "a zero character"),
    REFUSE("\"a\0b\"", "a control character"),
    REFUSE("\"a\nb\"", "a control character"),
    REFUSE("\"\\ud800\"", "half a character"),
    REFUSE("\"\\ud800\\u0041\"", "half a character"),
    REFUSE("\"\\udc00\"", "half a character"),
    REFUSE("\"\xFF\"", "f.json:1:2: a byte that is not UTF-8"),
    REFUSE("\"\xED\xA0\x80\"", "not UTF-8"),
    REFUSE("\"\xC0\x80\"", "not UTF-8"),
    REFUSE("\xEF\xBB\xBF{}", "the byte 0xef"),
    REFUSE("{\"a\": 1, \"b\": 2, \"a\": 3}", "'a' stands twice"),
    REFUSE("{\"a\": 1, \"\\u0061\": 3}", "'a' stands twice"),
    REFUSE("[{\"\": 1, \"\": 3}]", "f.json:1:2: '' stands twice"),
};

START_TEST(others_are_refused) {
    const char *because = refused[_i].because;
    ck_assert_msg(!parse(refused[_i].text, refused[_i].size), "'%s' was read; expected '%s'",
                  refused[_i].text, because);
    ck_assert_msg(strstr(context.error.text, because) != NULL, "'%s' does not say '%s'",
                  context.error.text, because);
    ck_assert(!strchr(context.error.text, '\n'));
}
END_TEST

/* n times `part`, between two ends. */
static char *repeated(const char *begin, const char *part, const char *end, int n) {
    char *text = malloc(strlen(begin) + strlen(end) + strlen(part) * (size_t)n + 1), *at = text;
    ck_assert(text);
    at = stpcpy(at, begin);
    for (int k = 0; k < n; k++)
        at = stpcpy(at, part);
    stpcpy(at, end);
    return text;
}

static void bomb(const char *begin, const char *part, const char *end, int n, const char *because) {
    char *text = repeated(begin, part, end, n);
    clock_t from = clock();
    ck_assert(!parse(text, strlen(text)));
    ck_assert_msg(strstr(context.error.text, because) != NULL, "%s", context.error.text);
    ck_assert_int_eq(context.error.code, ANT_E_LIMIT);
    ck_assert_msg(clock() - from < 2 * CLOCKS_PER_SEC, "%s", part);
    free(text);
}

START_TEST(bombs_are_refused) {
    bomb("", "[", "", 100000, "deeper");
    bomb("", "{\"a\":", "", 100000, "deeper");
    bomb("", "[{\"a\":", "", 100000, "deeper");
    bomb("[", "0,", "0]", 1000000, "more values");
    bomb("\"", "a", "\"", (1 << 20) + 1, "a text is longer");
    bomb("", "1", "", (1 << 20) + 1, "a number is longer");
    bomb("\"", "abcdefghijklmnopqrstuvwxyz", "\"", 3 << 20, "of JSON; at most");
}
END_TEST

START_TEST(many_names_take_no_quadratic_time) {
    enum { N = 200000 };
    char *text = malloc(32 * N), *at = text;
    ck_assert(text);
    for (int k = 0; k < N; k++)
        at += sprintf(at, "%s\"name%d\":%d", k ? "," : "{", k, k);
    strcpy(at, "}");
    clock_t from = clock();
    ck_assert_msg(parse(text, strlen(text)) != NULL, "%s", context.error.text);
    ck_assert(clock() - from < 2 * CLOCKS_PER_SEC);
    free(text);
}
END_TEST

static const char sample[] = "{\"module\": \"keras\", \"a\": [1, -2.5e-3, null, true, NaN], "
                             "\"b\": {\"\\u00e4\": \"\\ud83d\\ude00\\n\", \"c\": []}}";

START_TEST(damage_is_survived) {
    char copy[sizeof sample];
    for (size_t n = 0; n < sizeof sample - 1; n++)
        ck_assert(!parse(sample, n));
    for (size_t at = 0; at < sizeof sample - 1; at++)
        for (int x = 0; x < 256; x++) {
            memcpy(copy, sample, sizeof sample);
            copy[at] = (char)x;
            ck_assert(!parse(copy, sizeof sample - 1) == (context.error.code != 0));
        }
}
END_TEST

/* --- out --- */
static const char *written(const ant_tree *t) {
    static char text[1024];
    ant_buffer b = {0};
    ck_assert_int_eq(ant__json_put(&b, t), 0);
    snprintf(text, sizeof text, "%s", b.at);
    ant__buffer_free(&b);
    return text;
}

START_TEST(what_is_written_is_what_was_read) {
    ck_assert_str_eq(written(parsed(sample)), sample);
    ck_assert_str_eq(written(parsed("{}")), "{}");
    ck_assert_str_eq(written(parsed("[ [ ] , \"\\u0001/\\\\\\\"\" , -Infinity ]")),
                     "[[], \"\\u0001/\\\\\\\"\", -Infinity]");
}
END_TEST

static const struct {
    const char *word, *text;
} words[] = {{"1", "1"},     {"1.50", "1.50"}, {"inf", "Infinity"}, {"nan", "NaN"},
             {"+5", "5"},    {".5", "0.5"},    {"1e-05", "1e-05"},  {"relu", "\"relu\""},
             {"-", "\"-\""}, {"07", "7"},      {"", "\"\""},        {"\xFFz", "\"\\ufffdz\""}};

START_TEST(words_are_written_as_what_they_are) {
    const ant_tree t = {.kind = ANT__WORD, .text = words[_i].word};
    ck_assert_str_eq(written(&t), words[_i].text);
}
END_TEST

/* --- memory --- */
static int read_once(void *data) {
    ant_context c = {0};
    bool read = ant__json_parse(&c, NULL, "f.json", sample, sizeof sample - 1, NULL) != NULL;
    int code = c.error.code;
    (void)data;
    ck_assert(read == !code);
    ant__arena_free(&c.arena);
    return code;
}

START_TEST(memory_may_fail) {
    memory_fail_each(read_once, NULL);
}
END_TEST

enum {
    SCALARS = sizeof scalars / sizeof *scalars,
    REFUSED = sizeof refused / sizeof *refused,
    WORDS = sizeof words / sizeof *words
};
/* Texts outlive the values that they stood in; a copy outlives both. */
START_TEST(texts_outlive_values) {
    const char *text = "{\"a\": [\"b\", 1.5, \"b\"], \"c\": \"d\"}";
    ant_context c = {0}, other = {0};
    ant_arena nodes = {0};
    ant_tree *t = ant__json_parse(&c, &nodes, "f.json", text, strlen(text), NULL);
    ck_assert(t);
    const char *b = t->first->first->text, *number = t->first->first->next->text;
    ck_assert_ptr_eq(t->first->last->text, b);
    ant_tree *copy = ant__tree_copy(&other, t);
    ant__arena_free(&nodes);
    ck_assert_str_eq(b, "b");
    ck_assert_str_eq(number, "1.5");
    ant__arena_free(&c.arena);
    ant_buffer out = {0};
    ck_assert(copy && !ant__json_put(&out, copy));
    ck_assert_str_eq(out.at, text);
    ck_assert_int_eq(copy->last->column, 29);
    ant__buffer_free(&out);
    ant__arena_free(&other.arena);
}
END_TEST

/* A text that was unescaped is no other one's, whatever their bytes have in common: of 2,000 pairs
 * like "\\\\n" and "\\n" many meet in the table of known texts. */
START_TEST(escapes_are_read_wherever_they_stand) {
    ant_buffer in = {0};
    ant__put(&in, "[0");
    for (int k = 0; k < 2000; k++)
        ant__put_format(&in, ", \"%d\\\\n\", \"%d\\n\"", k, k);
    ant__put(&in, "]");
    const ant_tree *t = parsed(in.at)->first->next;
    char one[16], two[16];
    for (int k = 0; k < 2000; k++, t = t->next->next) {
        snprintf(one, sizeof one, "%d\\n", k);
        snprintf(two, sizeof two, "%d\n", k);
        ck_assert_str_eq(t->text, one);
        ck_assert_str_eq(t->next->text, two);
    }
    ant__buffer_free(&in);
    ant__arena_free(&context.arena);
}
END_TEST

ANT_TEST_MAIN("json", ANT_LOOP(scalars_are_read, SCALARS), {structures_are_read, 0},
              ANT_LOOP(others_are_refused, REFUSED), {bombs_are_refused, 0},
              {many_names_take_no_quadratic_time, 0}, {damage_is_survived, 0},
              {what_is_written_is_what_was_read, 0},
              ANT_LOOP(words_are_written_as_what_they_are, WORDS), {texts_outlive_values, 0},
              {escapes_are_read_wherever_they_stand, 0}, {memory_may_fail, 0})
