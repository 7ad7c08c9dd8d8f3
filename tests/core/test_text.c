/* Numbers, names and the grammar of parts. */
#include "core/random.h"
#include "core/text/tree.h"
#include "support.h"
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- numbers --- */
static uint64_t bits_of(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double of_bits(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* As Python's repr writes them. */
static const struct {
    double x;
    const char *text;
} numbers[] = {
    {0, "0"},
    {-0.0, "-0"},
    {1, "1"},
    {-3, "-3"},
    {0.1, "0.1"},
    {0.01, "0.01"},
    {1e-4, "0.0001"},
    {1e-5, "1e-05"},
    {1.5e-7, "1.5e-07"},
    {123456, "123456"},
    {123.456, "123.456"},
    {1e15, "1000000000000000"},
    {1e16, "1e+16"},
    {9007199254740993.0, "9007199254740992"},
    {1e22, "1e+22"},
    {1e23, "1e+23"},
    {5e-324, "5e-324"},
    {1.7976931348623157e308, "1.7976931348623157e+308"},
    {2.2250738585072014e-308, "2.2250738585072014e-308"},
    {2.225073858507201e-308, "2.225073858507201e-308"},
    {0x1p-44, "5.684341886080802e-14"}, /* uneven gaps beside a power of two */
    {9.999999999999997e22, "9.999999999999997e+22"},
    {0.30000000000000004, "0.30000000000000004"},
    {2.0 / 3, "0.6666666666666666"},
    {INFINITY, "inf"},
    {-INFINITY, "-inf"},
};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

START_TEST(numbers_are_written_shortest) {
    char text[ANT__NUMBER_TEXT];
    ck_assert_str_eq(ant__number_text(numbers[_i].x, text), numbers[_i].text);
    double back;
    ck_assert(ant__number_read(text, &back));
    ck_assert_uint_eq(bits_of(back), bits_of(numbers[_i].x));
}
END_TEST

START_TEST(any_bits_come_back) {
    int wrong = 0;
    for (uint64_t i = 0; i < 20000; i++) {
        uint32_t w[4];
        ant__philox(1, 2, i, w);
        uint64_t bits = (uint64_t)w[1] << 32 | w[0];
        if (i % 3 == 0)
            bits &= 0x800fffffffffffff; /* denormals */
        if (i % 3 == 1)
            bits &= 0xfff0000000000001 | bits << 40; /* few digits, edges of powers */
        double x = of_bits(bits), back;
        char text[ANT__NUMBER_TEXT];
        if (isnan(x))
            continue;
        wrong += !ant__number_read(ant__number_text(x, text), &back) || bits_of(back) != bits;
        wrong += strtod(text, NULL) != x;
    }
    ck_assert_int_eq(wrong, 0);
}
END_TEST

START_TEST(floats_get_their_shortest_number) {
    int wrong = 0;
    ck_assert_double_eq(ant__number_of_float((double)0.001F), 0.001);
    ck_assert_double_eq(ant__number_of_float((double)3e-45F), 3e-45);
    ck_assert_double_eq(ant__number_of_float((double)3.4028235e38F), 3.4028235e38);
    ck_assert_double_eq(ant__number_of_float(0.1), 0.1); /* no float */
    for (uint64_t i = 0; i < 20000; i++) {
        uint32_t w[4];
        char text[ANT__NUMBER_TEXT], nine[64];
        ant__philox(5, 6, i, w);
        float x, back;
        if (i % 3 == 0)
            w[0] &= 0x807fffff; /* denormals */
        if (i % 3 == 1)
            w[0] &= 0xff800001; /* edges of powers */
        memcpy(&x, w, sizeof x);
        if (isnan(x) || isinf(x))
            continue;
        back = (float)ant__number_of_float((double)x);
        wrong += memcmp(&x, &back, sizeof x) != 0;
        ant__number_text(ant__number_of_float((double)x), text);
        snprintf(nine, sizeof nine, "%.8e", (double)x);
        wrong +=
            strspn(text, "-.0123456789") > strlen(nine) && !strchr(text, 'e') && fabsf(x) < 1e9F;
        wrong += strtof(text, NULL) != x;
    }
    ck_assert_int_eq(wrong, 0);
}
END_TEST

/* Random decimal texts against the C library, which is exact. */
START_TEST(decimals_are_read_as_by_strtod) {
    int wrong = 0;
    for (uint64_t i = 0; i < 20000; i++) {
        uint32_t w[4];
        ant__philox(3, 4, i, w);
        char text[64];
        snprintf(text, sizeof text, "%u%09u.%u%ue%d", w[0], w[1] % 1000000000, w[2], w[3],
                 (int)(w[0] % 700) - 350);
        double x;
        wrong += !ant__number_read(text, &x) || bits_of(x) != bits_of(strtod(text, NULL));
        snprintf(text, sizeof text, "%u.%ue%d", w[0] % 1000, w[1] % 100000, (int)(w[2] % 40) - 20);
        wrong += !ant__number_read(text, &x) || bits_of(x) != bits_of(strtod(text, NULL));
    }
    ck_assert_int_eq(wrong, 0);
}
END_TEST

static const char *const hard[] = {
    "2.2250738585072011e-308",
    "2.2250738585072012e-308",
    "1.7976931348623158e308",
    "1.7976931348623159e308",
    "2.4703282292062327e-324",
    "2.4703282292062328e-324",
    "2.47032822920623272e-324",
    "9007199254740993",
    "9007199254740992.99999999999999999999999999",
    "9007199254740993.00000000000000000000000001",
    "1e400",
    "1e-400",
    "0.000000000000000000000000000000000000001e330",
    "0e999999999999",
    "00000000000000000000000000000000000000000000000000001",
    "1e-99999999999999999999",
    "123456789012345678901234567890",
};

START_TEST(hard_decimals) {
    double x;
    ck_assert(ant__number_read(hard[_i], &x));
    ck_assert_uint_eq(bits_of(x), bits_of(strtod(hard[_i], NULL)));
}
END_TEST

/* Exactly half between two doubles in 768 digits, then a digit more than that. */
START_TEST(ties_are_seen_to_the_last_digit) {
    char text[2200];
    snprintf(text, sizeof text, "%.1074f", 0x1p-1074); /* exact: 0.000…4940… */
    double x;
    ck_assert(ant__number_read(text, &x) && x == 0x1p-1074);
    snprintf(text, sizeof text, "%.1073f", 0x1.8p-1022); /* many digits of a normal number */
    ck_assert(ant__number_read(text, &x));
    ck_assert_uint_eq(bits_of(x), bits_of(strtod(text, NULL)));
    memset(text, '0', 2000);
    memcpy(text, "9007199254740993.", 17);
    strcpy(text + 2000, "1");
    ck_assert(ant__number_read(text, &x) && x == 9007199254740994.0);
    text[2000] = 0;
    ck_assert(ant__number_read(text, &x) && x == 9007199254740992.0);
}
END_TEST

START_TEST(what_is_no_number) {
    static const char *const bad[] = {"",     "-",   ".",    "e5",   "1e",  "1e+", "1.2.3",
                                      "1x",   " 1",  "1 ",   "0x1",  "--1", "+-1", "infx",
                                      "in_f", "1_0", "nanx", "1e5.", "1,5", "one"};
    static const char *const good[] = {"1.",  ".5",       "+3",   "-.5e-3",
                                       "INF", "Infinity", ".inf", "NaN"};
    double x;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!ant__number_read(bad[i], &x), "%s", bad[i]);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ck_assert_msg(ant__number_read(good[i], &x), "%s", good[i]);
    ck_assert(ant__number_read("nan", &x) && isnan(x));
    ck_assert(ant__number_read("-inf", &x) && x == -INFINITY);
}
END_TEST

START_TEST(whole_numbers) {
    int64_t x;
    ck_assert(ant__whole_read("-9223372036854775808", &x) && x == INT64_MIN);
    ck_assert(ant__whole_read("+9223372036854775807", &x) && x == INT64_MAX);
    ck_assert(ant__whole_read("007", &x) && x == 7);
    static const char *const bad[] = {"",
                                      "-",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "99999999999999999999",
                                      "1.0",
                                      "1e3",
                                      " 1",
                                      "1 "};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!ant__whole_read(bad[i], &x), "%s", bad[i]);
}
END_TEST

START_TEST(locale_changes_nothing) {
    char text[ANT__NUMBER_TEXT];
    double x;
    if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "fr_FR.UTF-8"))
        return; /* no such locale on this machine: the routines call nothing that reads it */
    ck_assert_str_eq(ant__number_text(0.5, text), "0.5");
    ck_assert(ant__number_read("0.5", &x) && x == 0.5);
    setlocale(LC_ALL, "C");
}
END_TEST

/* --- names --- */
static const char *const snakes[][2] = {
    {"Dense", "dense"},
    {"BatchNormalization", "batch_normalization"},
    {"LSTMCell", "lstm_cell"},
    {"LSTM", "lstm"},
    {"Conv2D", "conv2d"},
    {"Conv2DTranspose", "conv2d_transpose"},
    {"MaxPooling2D", "max_pooling2d"},
    {"PReLU", "p_re_lu"},
    {"L1L2", "l1l2"},
    {"GlorotUniform", "glorot_uniform"},
    {"relu", "relu"},
    {"", ""},
};
enum { SNAKES = sizeof snakes / sizeof *snakes };

START_TEST(names_become_snakes) {
    ant_context c = {.seed = 0};
    ck_assert_str_eq(ant__snake(&c, snakes[_i][0]), snakes[_i][1]);
    ant__arena_free(&c.arena);
}
END_TEST

START_TEST(names_that_are_the_same) {
    ck_assert(ant__same_name("GlorotUniform", "glorot_uniform"));
    ck_assert(ant__same_name("_a_", "A"));
    ck_assert(!ant__same_name("glorot", "glorot_uniform"));
    ck_assert(!ant__same_name("", "a"));
    ck_assert(ant__word_among("mse MSE loss", "loss", false));
    ck_assert(!ant__word_among("mse MSE loss", "los", false));
    ck_assert(!ant__word_among("mse MSE loss", "Mse", false));
    ck_assert(ant__word_among("mse", "Mse", true));
    ck_assert(!ant__word_among(NULL, "x", false));
    ck_assert(!ant__word_among("a b", "", false));
}
END_TEST

START_TEST(nearest_word) {
    static const char *const words[] = {"units", "activation", "use_bias"};
    ck_assert_str_eq(ant__nearest("unit", words, 3), "units");
    ck_assert_str_eq(ant__nearest("Activtion", words, 3), "activation");
    ck_assert_ptr_null(ant__nearest("kernel", words, 3));
    ck_assert_ptr_null(ant__nearest("x", words, 0));
    char giant[500];
    memset(giant, 'u', sizeof giant - 1);
    giant[sizeof giant - 1] = 0;
    ck_assert_ptr_null(ant__nearest(giant, words, 3));
}
END_TEST

/* --- the grammar --- */
static const struct {
    const char *said, *written;
} texts[] = {
    {"relu", "relu"},
    {" relu ", "relu"},
    {"1e-3", "1e-3"},
    {"Dense(64,relu)", "Dense(64, relu)"},
    {"Dense( 64 , activation = relu )", "Dense(64, activation=relu)"},
    {"Dense(64,)", "Dense(64)"},
    {"f()", "f()"},
    {"f(g(h(1)))", "f(g(h(1)))"},
    {"(3, 5)", "[3, 5]"},
    {"[]", "[]"},
    {"[[1, 2], [3]]", "[[1, 2], [3]]"},
    {"[a=1, b=x]", "[a=1, b=x]"},
    {"h[2]", "h[2]"},
    {"lstm(x)[1]", "lstm(x)[1]"},
    {"'it''s'", NULL},
    {"\"a \\\"b\\\" \\\\ \\n\"", "\"a \\\"b\\\" \\\\ \\n\""},
    {"'single'", "\"single\""},
    {"f(\"a b\"=1)", "f(\"a b\"=1)"},
    {"join(memory(past), season(calendar), mode=same)",
     "join(memory(past), season(calendar), mode=same)"},
    {"", NULL},
    {"f(", NULL},
    {"f(1", NULL},
    {"f(1 2)", NULL},
    {"f)", NULL},
    {"f(1))", NULL},
    {"[1, 2", NULL},
    {"(1]", NULL},
    {"a b", NULL},
    {"f(=1)", NULL},
    {"f(x=)", NULL},
    {"f(g(1)=2)", NULL},
    {"f(x[1]=2)", NULL},
    {"h[", NULL},
    {"h[]", NULL},
    {"h[x]", NULL},
    {"h[-1]", NULL},
    {"h[99999999999999999999]", NULL},
    {"\"open", NULL},
    {"f(,)", NULL},
    {",", NULL},
};
enum { TEXTS = sizeof texts / sizeof *texts };

static int parse_and_write(void *data) {
    int k = *(int *)data;
    ant_context c = {.seed = 0};
    ant_tree *t = ant__text_parse(&c, texts[k].said, 0, 0);
    const char *text = t ? ant__tree_text(&c, t) : NULL;
    if (text)
        ck_assert_str_eq(text, texts[k].written);
    int code = c.error.code;
    ck_assert(!text == (code != 0));
    if (code && code != ANT_E_MEMORY)
        ck_assert_ptr_null(texts[k].written);
    ant__arena_free(&c.arena);
    return code == ANT_E_MEMORY ? code : 0;
}

START_TEST(texts_parse_and_come_back) {
    memory_fail_each(parse_and_write, &_i);
    if (!texts[_i].written)
        return;
    ant_context c = {.seed = 0};
    ant_tree *t = ant__text_parse(&c, texts[_i].written, 0, 0);
    ck_assert_str_eq(ant__tree_text(&c, t), texts[_i].written);
    ant__arena_free(&c.arena);
}
END_TEST

START_TEST(depth_is_limited) {
    char text[3000];
    for (int depth = 60; depth < 70; depth++) {
        ant_context c = {.seed = 0};
        for (int k = 0; k < depth; k++)
            memcpy(text + 2 * k, "f(", 2);
        memset(text + 2 * depth, ')', (size_t)depth);
        text[3 * depth] = 0;
        ck_assert(!ant__text_parse(&c, text, 0, 0) == (depth > ANT__TREE_DEPTH));
        ant__arena_free(&c.arena);
    }
}
END_TEST

START_TEST(errors_have_places) {
    ant_context c = {.seed = 0};
    ck_assert_ptr_null(ant__text_parse(&c, "Dense(64, relu", 3, 9));
    ck_assert_str_eq(c.error.text, "3:23: expected ',' or ')' at the end of 'Dense(64, relu'");
    ant__error_clear(&c.error);
    ant_tree *t = ant__text_parse(&c, "f(a, b=g(1))", 7, 1);
    ck_assert_int_eq(t->first->column, 3);
    ck_assert_int_eq(ant__tree_get(t, "b")->column, 8);
    ck_assert_int_eq(ant__tree_get(t, "b")->line, 7);
    ck_assert_ptr_null(ant__tree_get(t, "a"));
    ck_assert_int_eq(ant__tree_count(t), 2);
    ant__arena_free(&c.arena);
}
END_TEST

START_TEST(maps_and_scalars_expand) {
    ant_context c = {.seed = 0};
    ant_tree *map = ant__tree_new(&c, ANT__MAP, "layer", NULL);
    ant_tree *options = ant__tree_new(&c, ANT__MAP, "Dense", NULL);
    ant__tree_add(map, options);
    ant__tree_add(options, ant__tree_new(&c, ANT__WORD, "units", "3"));
    ant_tree *call = ant__tree_expand(&c, map);
    ck_assert_str_eq(ant__tree_text(&c, call), "Dense(units=3)");
    ck_assert_str_eq(call->key, "layer");
    ant_tree scalar = {.kind = ANT__QUOTED, .text = "Dense(units=3)", .line = 2, .column = 5};
    call = ant__tree_expand(&c, &scalar);
    ck_assert_int_eq(call->kind, ANT__CALL);
    ck_assert_int_eq(call->column, 6);
    options->kind = ANT__WORD;
    options->text = "three";
    ck_assert_ptr_null(ant__tree_expand(&c, map));
    ck_assert_str_eq(c.error.text, "Dense: expected options as {name: value}");
    ant__arena_free(&c.arena);
}
END_TEST

ANT_TEST_MAIN("text", ANT_LOOP(numbers_are_written_shortest, NUMBERS), {any_bits_come_back},
              {floats_get_their_shortest_number}, {decimals_are_read_as_by_strtod},
              ANT_LOOP(hard_decimals, 17), {ties_are_seen_to_the_last_digit}, {what_is_no_number},
              {whole_numbers}, {locale_changes_nothing}, ANT_LOOP(names_become_snakes, SNAKES),
              {names_that_are_the_same}, {nearest_word}, ANT_LOOP(texts_parse_and_come_back, TEXTS),
              {depth_is_limited}, {errors_have_places}, {maps_and_scalars_expand})
