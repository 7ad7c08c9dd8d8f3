/* Rows of a table as inputs and targets: columns, windows, scales, classes, sequences, test
 * rows. */
#include "hostile.h"
#include "io/recipe.h"
#include "io/yaml_tree.h"
#include "support.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ant_context context;
static ant_recipe recipe;
static ant_table table;
static ant_array x[ANT_MAX_PORTS], y[ANT_MAX_PORTS];
static int64_t rows[64], n;

static void start(void) {
    ant__arena_free(&context.arena);
    context = (ant_context){0};
}

static int read_recipe(const char *yaml) {
    ant_tree *t = ant__yaml_parse(&context, "e.yaml", yaml, strlen(yaml), NULL);
    return t ? ant__recipe_read(&context, "e.yaml", t, &recipe) : context.error.code;
}

static int read_table(const char *csv) {
    size_t size = strlen(csv);
    ant_bytes b = {(unsigned char *)ant__arena_bytes(&context.arena, csv, size), size};
    return ant__csv_parse(&context, "t.csv", b, NULL, &table);
}

static int make(const char *yaml, const char *csv, ant_rows_of which) {
    start();
    if (read_recipe(yaml) || read_table(csv) || ant__recipe_fit(&context, &recipe, &table))
        return context.error.code;
    n = ant__recipe_rows(&recipe, &table, which, rows);
    return ant__recipe_arrays(&context, &recipe, &table, rows, n, x, y);
}

static void expect(const char *yaml, const char *csv, ant_rows_of which) {
    ck_assert_msg(!make(yaml, csv, which), "%s", context.error.text);
}

static void expect_floats(const ant_array *a, int count, const float *values) {
    ck_assert_int_eq(a->dtype, ANT_FLOAT32);
    for (int k = 0; k < count; k++)
        ck_assert_msg(fabsf(((float *)a->data)[k] - values[k]) < 1e-6f, "number %d is %g, not %g",
                      k, (double)((float *)a->data)[k], (double)values[k]);
}
#define FLOATS(a, ...)                                                                             \
    expect_floats(a, (int)(sizeof((float[]){__VA_ARGS__}) / sizeof(float)), (float[]){__VA_ARGS__})

static void expect_ints(const ant_array *a, int count, const int *values) {
    ck_assert_int_eq(a->dtype, ANT_INT32);
    for (int k = 0; k < count; k++)
        ck_assert_int_eq(((int *)a->data)[k], values[k]);
}
#define INTS_ARE(a, ...)                                                                           \
    expect_ints(a, (int)(sizeof((int[]){__VA_ARGS__}) / sizeof(int)), (int[]){__VA_ARGS__})

#define SERIES "t,v,w\n0,0,10\n1,1,11\n2,4,12\n3,9,13\n4,16,14\n5,25,15\n"

START_TEST(columns) {
    expect("x: {columns: 'p*'}\ny: {column: c}", "p1,c,p2\n1,0,2\n3,1,4\n", ANT__ALL_ROWS);
    ck_assert_int_eq(x[0].shape[1], 2);
    FLOATS(&x[0], 1, 2, 3, 4);
    INTS_ARE(&y[0], 0, 1);
    expect("y: c", "p1,c,p2\n1,0.5,2\n3,1,4\n", ANT__ALL_ROWS);
    FLOATS(&x[0], 1, 2, 3, 4);
    FLOATS(&y[0], 0.5, 1);
    expect("x: [p2, '?1']\ny: c", "p1,c,p2\n1,0,2\n3,1,4\n", ANT__ALL_ROWS);
    FLOATS(&x[0], 2, 1, 4, 3);
    expect("x: {a: {columns: p1}, b: {column: p2}}\ny: {k: {column: c}}", "p1,c,p2\n1,0,2\n3,1,4\n",
           ANT__ALL_ROWS);
    ck_assert_str_eq(x[1].name, "b");
    FLOATS(&x[1], 2, 4);
    ck_assert_str_eq(y[0].name, "k");
}
END_TEST

START_TEST(windows) {
    expect("x: {columns: [v, w], window: 2}\ny: {column: v}", SERIES, ANT__ALL_ROWS);
    ck_assert_int_eq(n, 4);
    ck_assert_int_eq(x[0].axes, 3);
    ck_assert_int_eq(x[0].shape[1], 2);
    FLOATS(&x[0], 0, 10, 1, 11, 1, 11, 4, 12);
    INTS_ARE(&y[0], 4, 9, 16, 25);
    expect("x: {columns: v, window: 2, ahead: 3}\ny: {column: v}", SERIES, ANT__ALL_ROWS);
    ck_assert_int_eq(n, 2);
    FLOATS(&x[0], 0, 1, 1, 4);
    INTS_ARE(&y[0], 16, 25);
    /* The test rows go by the target's row; an input without a window is that row itself. */
    expect("x: {past: {columns: v, window: 2}, now: {column: w}}\ny: v\ntest: {from: 4}", SERIES,
           ANT__TEST_ROWS);
    ck_assert_int_eq(n, 2);
    FLOATS(&x[0], 4, 9, 9, 16);
    FLOATS(&x[1], 14, 15);
}
END_TEST

START_TEST(test_rows) {
    expect("x: v\ny: w\ntest: {every: 3, from: 1}", SERIES, ANT__TEST_ROWS);
    FLOATS(&x[0], 1, 16);
    expect("x: v\ny: w\ntest: {every: 3, from: 1}", SERIES, ANT__TRAIN_ROWS);
    FLOATS(&x[0], 0, 4, 9, 25);
    expect("x: v\ny: w\ntest: {last: 0.5}", SERIES, ANT__TEST_ROWS);
    FLOATS(&x[0], 9, 16, 25);
    expect("x: v\ny: w\ntest: {from: 5}", SERIES, ANT__TEST_ROWS);
    FLOATS(&x[0], 25);
}
END_TEST

/* Mean 3.5 and deviation 3.5 of 0, 1, 4, 9; 16 and 25 are test rows and do not count. */
START_TEST(scales) {
    expect("x: {column: v, scale: standard}\ny: {column: v, scale: range}\ntest: {from: 4}", SERIES,
           ANT__ALL_ROWS);
    float deviation = sqrtf((12.25f + 6.25f + .25f + 30.25f) / 4);
    FLOATS(&x[0], -3.5f / deviation, -2.5f / deviation, .5f / deviation);
    FLOATS(&y[0], 0, 1.f / 9, 4.f / 9, 1, 16.f / 9, 25.f / 9);
    ck_assert_double_eq(ant__port_unit(&recipe.y[0], 0), 9);
    ant__port_unscale(&recipe.y[0], &y[0], 1);
    FLOATS(&y[0], 0, 1, 4, 9, 16, 25);
    /* A column that never changes becomes zeros, not NaN. */
    expect("x: {column: a, scale: standard}\ny: b", "a,b\n7,1\n7,2\n", ANT__ALL_ROWS);
    FLOATS(&x[0], 0, 0);
}
END_TEST

#define WORDS "text,kind\nAb,cat\nba,dog\nc,ant\nabc,cat\n"

START_TEST(classes) {
    expect("x: {column: kind}\ny: {column: kind}", WORDS, ANT__ALL_ROWS);
    INTS_ARE(&y[0], 1, 2, 0, 1);
    FLOATS(&x[0], 1, 2, 0, 1);
    ck_assert_str_eq(recipe.y[0].classes[0].data[2], "dog");
    expect("x: {column: kind}\ny: {column: kind, classes: [dog, cat, ant]}", WORDS, ANT__ALL_ROWS);
    INTS_ARE(&y[0], 1, 0, 2, 1);
}
END_TEST

START_TEST(sequences) {
    expect("x: {column: text, sequence: {length: 2, of: characters}}\ny: kind", WORDS,
           ANT__ALL_ROWS);
    /* A a b c */
    INTS_ARE(&x[0], 1, 3, 3, 2, 4, 0, 2, 3);
    expect("x: {column: text, sequence: {of: words}}\ny: kind",
           "text,kind\n\"The cat, the Dog\",1\nno dog,0\n", ANT__ALL_ROWS);
    /* cat dog no the */
    ck_assert_int_eq(x[0].shape[1], 4);
    INTS_ARE(&x[0], 4, 1, 4, 2, 3, 2, 0, 0);
}
END_TEST

/* What was fitted is kept as YAML and used on tables that lack the targets. */
START_TEST(kept_and_used_again) {
    ant_buffer first = {0}, second = {0};
    expect("file: here.csv\n"
           "x: {a: {columns: 'v*', window: 2, scale: standard}, "
           "b: {column: s, sequence: {of: words}}}\n"
           "y: {k: {column: k}, z: {column: v, scale: range}}\ntest: {from: 3}",
           "v,k,s\n1,no,a b\n2,yes,b\n4,no,c\n5,yes,a\n", ANT__ALL_ROWS);
    ck_assert(!ant__yaml_put(&first, ant__recipe_tree(&context, &recipe)));
    ck_assert_msg(!strstr(first.at, "here.csv") && !strstr(first.at, "test"), "%s", first.at);
    char *kept = strdup(first.at);
    start();
    ck_assert_msg(!read_recipe(kept), "%s", context.error.text);
    ck_assert(recipe.fitted);
    ck_assert(!ant__yaml_put(&second, ant__recipe_tree(&context, &recipe)));
    ck_assert_str_eq(second.at, kept);
    ck_assert(!read_table("v,s\n1,zzz b\n4,c\n2,b\n"));
    n = ant__recipe_rows(&recipe, &table, ANT__ALL_ROWS, rows);
    ck_assert_int_eq(n, 1);
    ck_assert_msg(!ant__recipe_arrays(&context, &recipe, &table, rows, n, x, NULL), "%s",
                  context.error.text);
    INTS_ARE(&x[1], 2, 0);
    free(kept);
    ant__buffer_free(&first);
    ant__buffer_free(&second);
}
END_TEST

static const struct {
    const char *yaml, *csv, *because;
} refused[] = {
    {"x: {colums: a}\ny: b", "a,b\n1,2\n", "no option 'colums', did you mean 'columns'?"},
    {"x: {}\ny: b", "a,b\n1,2\n", "expected 'column:' or 'columns:'"},
    {"x: {columns: a, windw: 2}\ny: b", "a,b\n1,2\n", "no option 'windw', did you mean 'window'?"},
    {"x: {columns: a, window: 0}\ny: b", "a,b\n1,2\n", "window"},
    {"x: {columns: a, scale: strange}\ny: b", "a,b\n1,2\n", "scale"},
    {"x: {columns: a, column: b}\ny: b", "a,b\n1,2\n", "both said"},
    {"x: {columns: a, sequence: {of: letters}}\ny: b", "a,b\n1,2\n", "of"},
    {"x: {columns: a, sequence: {}, scale: range}\ny: b", "a,b\n1,2\n", "neither window nor scale"},
    {"x: a\ny: {column: b, window: 2}", "a,b\n1,2\n", "a target has neither"},
    {"x: a\ny: b\ntest: {every: 1}", "a,b\n1,2\n", "every"},
    {"x: a\ny: b\ntest: {every: 5, from: 5}", "a,b\n1,2\n", "from must be below every"},
    {"x: a\ny: b\ntest: {last: 0.2, from: 3}", "a,b\n1,2\n", "test: expected"},
    {"x: a\ny: b\ntest: {}", "a,b\n1,2\n", "test: expected"},
    {"x: a\ny: b\nfiel: c", "a,b\n1,2\n", "no key 'fiel', did you mean 'file'?"},
    {"x: aa\ny: b", "aaa,b\n1,2\n", "e.yaml:1:4: t.csv has no column 'aa', did you mean 'aaa'?"},
    {"x: 'q*'\ny: b", "a,b\n1,2\n", "no column 'q*'"},
    {"x: a\ny: b", "1,2\n3,4\n", "its first line has numbers"},
    {"y: b", "b\n1\n", "no columns but the targets"},
    {"x: a\ny: b", "a,b\n1,2\n1,x\n", "t.csv:3:3: column 'b': expected a finite number, found 'x'"},
    {"x: a\ny: b", "a,b\n1,2\n,3\n",
     "t.csv:3:1: column 'a': expected a number, the cell is missing"},
    {"x: {column: a, scale: range}\ny: b", "a,b\nx,2\n", "is text and cannot be scaled"},
    {"x: {columns: a, window: 2}\ny: b", "a,b\n1,2\n3,4\n", "leave none to train on"},
    {"x: a\ny: b\ntest: {from: 0}", "a,b\n1,2\n", "leave none to train on"},
    {"x: {columns: [a, b], sequence: {}}\ny: b", "a,b\nx,y\n", "one column, here are 2"},
    {"x: a\ny: b\ntest: {every: 2, from: 1}", "a,b\n1,cat\n2,cow\n",
     "t.csv:3: column 'b': 'cow' is none of the 1 classes of the training rows"},
};

START_TEST(refuses) {
    ck_assert_msg(make(refused[_i].yaml, refused[_i].csv, ANT__ALL_ROWS), "'%s' was taken",
                  refused[_i].because);
    ck_assert_msg(strstr(context.error.text, refused[_i].because) != NULL, "%s",
                  context.error.text);
}
END_TEST

static int make_once(void *unused) {
    (void)unused;
    int code = make("x: {a: {columns: 'v*', window: 2, scale: standard}, "
                    "b: {column: s, sequence: {of: words}}}\n"
                    "y: {k: {column: k}, z: {column: v, scale: range}}",
                    "v,k,s\n1,no,a b\n2,yes,b\n4,no,c\n5,yes,a\n", ANT__ALL_ROWS);
    ant__arena_free(&context.arena);
    context.arena = (ant_arena){0};
    return code;
}

START_TEST(memory_may_fail) {
    start();
    memory_fail_each(make_once, NULL);
}
END_TEST

ANT_TEST_MAIN("recipe", {columns, 0}, {windows, 0}, {test_rows, 0}, {scales, 0}, {classes, 0},
              {sequences, 0}, {kept_and_used_again, 0},
              ANT_LOOP(refuses, (int)(sizeof refused / sizeof *refused)), {memory_may_fail, 0})
