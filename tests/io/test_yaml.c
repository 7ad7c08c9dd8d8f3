/* YAML: what is read into trees, what is refused, and that what is written reads back the same. */
#include "hostile.h"
#include "io/yaml_tree.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static ant_context context;

static ant_tree *parse(const char *text, size_t size) {
    ant__arena_free(&context.arena);
    context = (ant_context){0};
    return ant__yaml_parse(&context, "f.yaml", text, size, NULL);
}

static const char *scalar_of(const char *text) {
    ant_tree *t = parse(text, strlen(text));
    ck_assert_msg(t != NULL, "%s", context.error.text);
    ck_assert_msg(t->first != NULL && t->first->text != NULL, "%s", text);
    return t->first->text;
}

START_TEST(words_stay_words) {
    static const char *const words[] = {"no",   "~",    "null", "1e-3", "0o17", "017",   "1_000",
                                        "0x1F", ".inf", "1:30", "+1",   "0.10", "1e999", "yes"};
    char text[64];
    snprintf(text, sizeof text, "a: %s\n", words[_i]);
    ck_assert_str_eq(scalar_of(text), words[_i]);
    ck_assert_int_eq(parse(text, strlen(text))->first->kind, ANT__WORD);
}
END_TEST

START_TEST(places_are_kept) {
    static const char text[] = "a: 1\nb:\n  - x\n  - {c: Dense(3)}\n";
    ant_tree *t = parse(text, sizeof text - 1);
    ck_assert_msg(t != NULL, "%s", context.error.text);
    const ant_tree *c = ant__tree_get(t, "b")->last->first;
    ck_assert_int_eq(c->line, 4);
    ck_assert_int_eq(c->column, 9);
    ck_assert_str_eq(c->text, "Dense(3)");
}
END_TEST

static const refused_text refused[] = {
    REFUSE("", "f.yaml: the file is empty"),
    REFUSE("# only a comment\n", "empty"),
    REFUSE("a: &x 1\n", "f.yaml:1:4: anchors"),
    REFUSE("a: &x [1]\nb: *x\n", "anchors"),
    REFUSE("&a [*a]", "anchors"),
    REFUSE("a: *x\n", "anchors"),
    REFUSE("a: !!python/object:os.system ls\n", "tags"),
    REFUSE("a: !!binary aGk=\n", "tags"),
    REFUSE("a: !local x\n", "tags"),
    REFUSE("a: !<tag:x> y\n", "tags"),
    REFUSE("a: !!map {}\n", "tags"),
    REFUSE("%TAG ! tag:x,2000:\n---\na: 1\n", "directives"),
    REFUSE("a: 1\n---\nb: 2\n", "more than one document"),
    REFUSE("a: 1\na: 2\n", "f.yaml:2:4: 'a' is said twice"),
    REFUSE("a: 1\n\"a\": 2\n", "said twice"),
    REFUSE("{a: 1, b: 2, a: 3}", "said twice"),
    REFUSE("? [a]\n: 1\n", "a key must be a text"),
    REFUSE("a: \"x\\0y\"\n", "zero byte"),
    REFUSE("a: \"unterminated\n", "f.yaml:"),
    REFUSE("a:\n\t- tab\n", "f.yaml:"),
    REFUSE("a: [1, 2\n", "f.yaml:"),
    REFUSE("a: \xFF\n", "f.yaml:"),
    REFUSE("a: \xC0\x80\n", "f.yaml:"),
    REFUSE("a: \xED\xA0\x80\n", "f.yaml:"),
    REFUSE("a: \x01\n", "f.yaml:"),
    REFUSE("\xFF\xFE"
           "a\0:\0",
           "f.yaml:"),
    REFUSE("a: 1\0b: 2", "f.yaml:"),
    REFUSE("a: }{", "f.yaml:"),
};

START_TEST(refuses) {
    ck_assert(!parse(refused[_i].text, refused[_i].size));
    ck_assert_msg(strstr(context.error.text, refused[_i].because) != NULL, "%s",
                  context.error.text);
}
END_TEST

/* Nested 64 deep and no deeper; and never slowly, whatever is repeated. */
START_TEST(depth_ends) {
    char text[512];
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    ck_assert(parse(text, 128));
    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    ck_assert(!parse(text, 130));
    ck_assert_ptr_nonnull(strstr(context.error.text, "deeper"));
}
END_TEST

START_TEST(bombs_end_soon) {
    static const char *const patterns[] = {"[",   "{a: ", "- ",     "? ",    "[[],", "&a ",
                                           "!t ", "--- ", "\"a\" ", "{a: [", "- - ", "a: "};
    enum { TIMES = 100000 };
    size_t n = strlen(patterns[_i]);
    char *text = malloc(TIMES * n);
    ck_assert(text);
    for (size_t k = 0; k < TIMES; k++)
        memcpy(text + k * n, patterns[_i], n);
    clock_t start = clock();
    parse(text, TIMES * n);
    ck_assert_msg(clock() - start < 3 * CLOCKS_PER_SEC, "'%s' takes long", patterns[_i]);
    free(text);
}
END_TEST

START_TEST(many_keys_are_linear) {
    ant_buffer b = {0};
    for (int k = 0; k < 100000; k++)
        ant__put_format(&b, "k%d: 1\n", k);
    clock_t start = clock();
    ck_assert(parse(b.at, b.size));
    ck_assert(clock() - start < 5 * CLOCKS_PER_SEC);
    ant__buffer_free(&b);
}
END_TEST

START_TEST(cuts_and_flips) {
    static const char file[] = "model:\n  Sequential:\n    - Input: {shape: [4]}\n    - \"Dense(3, "
                               "relu)\"\n  name: 'x\xC3\xA4'\nfit: {epochs: 3} # end\n";
    static const char changes[] = {1, 2, 4, 8, 16, 32, 64, (char)128, (char)255};
    char copy[sizeof file];
    for (size_t n = 0; n < sizeof file; n++)
        parse(file, n);
    for (size_t at = 0; at + 1 < sizeof file; at++)
        for (size_t k = 0; k < sizeof changes; k++) {
            memcpy(copy, file, sizeof file);
            copy[at] ^= changes[k];
            ant_tree *t = parse(copy, sizeof file - 1);
            ck_assert((t == NULL) == (context.error.code != 0));
        }
}
END_TEST

static const char *const texts[] = {
    "a",        "two words", "with: colon", "#hash",  "- dash", "[x]",      "{x}",  "it's",
    "\"q\"",    "",          " lead",       "trail ", "a,b",    "\xC3\xA4", "x\ny", "~",
    "@at",      "%p",        "!bang",       "&amp",   "*star",  "|",        ">",    "a\tb",
    "\\back\\", "?",         "key: [v",     "'",
};

/* Every text as a value, a key and an entry: written, read, written again. */
START_TEST(texts_round_trip) {
    const char *s = texts[_i];
    ant_buffer first = {0}, second = {0};
    parse("a: 1", 4);
    ant_tree *map = ant__tree_new(&context, ANT__MAP, NULL, NULL);
    ant_tree *list = ant__tree_new(&context, ANT__ITEMS, s, NULL);
    ant__tree_add(list, ant__tree_new(&context, ANT__WORD, NULL, s));
    ant__tree_add(list, ant__tree_new(&context, ANT__QUOTED, NULL, s));
    ant__tree_add(map, list);
    ck_assert(!ant__yaml_put(&first, map));
    ant_context other = {0};
    ant_tree *again = ant__yaml_parse(&other, "f", first.at, first.size, NULL);
    ck_assert_msg(again != NULL, "%s in\n%s", other.error.text, first.at);
    ck_assert_str_eq(again->first->key, s);
    ck_assert_str_eq(again->first->first->text, s);
    ck_assert_str_eq(again->first->last->text, s);
    ck_assert_int_eq(again->first->last->kind, ANT__QUOTED);
    again->first->first->kind = ANT__WORD;
    ck_assert(!ant__yaml_put(&second, again));
    ck_assert_str_eq(first.at, second.at);
    ant__buffer_free(&first);
    ant__buffer_free(&second);
    ant__arena_free(&other.arena);
}
END_TEST

static int round_trip_once(void *text) {
    ant_context c = {0};
    ant_buffer b = {0};
    ant_tree *t = ant__yaml_parse(&c, "f", text, strlen(text), NULL);
    int code = t ? ant__yaml_put(&b, t) : c.error.code;
    ant__buffer_free(&b);
    ant__arena_free(&c.arena);
    return code;
}

START_TEST(memory_may_fail) {
    memory_fail_each(round_trip_once, (void *)(uintptr_t) "a: [1, 2]\nb: {c: 'd', e: f(x)}\n");
}
END_TEST

ANT_TEST_MAIN("yaml", ANT_LOOP(words_stay_words, 14), {places_are_kept, 0},
              ANT_LOOP(refuses, (int)(sizeof refused / sizeof *refused)), {depth_ends, 0},
              ANT_LOOP(bombs_end_soon, 12), {many_keys_are_linear, 0}, {cuts_and_flips, 0},
              ANT_LOOP(texts_round_trip, (int)(sizeof texts / sizeof *texts)), {memory_may_fail, 0})
