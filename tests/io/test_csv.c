/* csv: what RFC 4180 allows, and what nobody should. */
#include "hostile.h"
#include "io/csv.h"
#include "support.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ant_context context;
static ant_table table;

static int parse(const char *text, size_t size) {
    ant__arena_free(&context.arena);
    context = (ant_context){0};
    ant_bytes b = {(unsigned char *)ant__arena_bytes(&context.arena, text, size), size};
    return ant__csv_parse(&context, "t.csv", b, NULL, &table);
}

static void expect(const char *text, int columns, int64_t rows) {
    ck_assert_msg(!parse(text, strlen(text)), "%s", context.error.text);
    ck_assert_int_eq(table.n, columns);
    ck_assert_int_eq(table.rows, rows);
}

static const ant_column *column(const char *name) {
    const ant_column *x = ant__table_column(&table, name);
    ck_assert_msg(x != NULL, "no column '%s'", name);
    return x;
}

static void expect_numbers(const char *name, int n, const double *values) {
    const ant_column *x = column(name);
    ck_assert_msg(!ant__column_check(&context, &table, x, true), "%s", context.error.text);
    ck_assert(!x->is_text);
    for (int k = 0; k < n; k++)
        ck_assert_double_eq(x->numbers[k], values[k]);
}
#define NUMBERS(name, ...)                                                                         \
    expect_numbers(name, (int)(sizeof((double[]){__VA_ARGS__}) / sizeof(double)),                  \
                   (double[]){__VA_ARGS__})

static void expect_text(const char *name, int row, const char *text) {
    const ant_column *x = column(name);
    ck_assert(x->is_text);
    ck_assert_str_eq(x->texts[row], text);
}

START_TEST(plain) {
    expect("a,b\n1,2\n3,4\n", 2, 2);
    NUMBERS("a", 1, 3);
    NUMBERS("b", 2, 4);
}
END_TEST

START_TEST(line_ends) {
    static const char *const files[] = {"a,b\r\n1,2\r\n3,4\r\n", "a,b\r1,2\r3,4\r", "a,b\n1,2\n3,4",
                                        "a,b\r\n1,2\n\n3,4\r\r\n\n",
                                        "\xEF\xBB\xBF\na,b\n1,2\n3,4\n"};
    expect(files[_i], 2, 2);
    NUMBERS("a", 1, 3);
    NUMBERS("b", 2, 4);
}
END_TEST

START_TEST(quotes) {
    expect("\"a\",\"b,c\"\n\"say \"\"hi\"\"\",1\n\"two\nlines\", 2 \n\"\"\"\",3\n", 2, 3);
    expect_text("a", 0, "say \"hi\"");
    expect_text("a", 1, "two\nlines");
    expect_text("a", 2, "\"");
    NUMBERS("b,c", 1, 2, 3);
}
END_TEST

START_TEST(numbers_have_no_locale) {
    expect("a,b\n1e-3,-0\n.5,+2\n1e308,5e-324\n", 2, 3);
    NUMBERS("a", 1e-3, .5, 1e308);
    NUMBERS("b", 0, 2, 5e-324);
    expect("a,b\n\"1,5\",x\n", 2, 1);
    expect_text("a", 0, "1,5");
}
END_TEST

START_TEST(first_line_of_numbers) {
    expect("1,2,3\n4,5,6\n", 3, 2);
    ck_assert(table.unnamed);
    NUMBERS("2", 3, 6);
    expect("1,x\n4,5\n", 2, 1);
    ck_assert(!table.unnamed);
}
END_TEST

START_TEST(one_column) {
    expect("a\n1\n2\n\n\n", 1, 2);
    NUMBERS("a", 1, 2);
    expect("a\n1\n\n2\n", 1, 3);
    ck_assert_int_eq(ant__column_check(&context, &table, column("a"), true), ANT_E_DATA);
    ck_assert_str_eq(context.error.text,
                     "t.csv:3:1: column 'a': expected a number, the cell is missing (empty)");
}
END_TEST

static void expect_bad(const char *text, const char *name, const char *error) {
    ck_assert_msg(!parse(text, strlen(text)), "%s", context.error.text);
    ck_assert_int_eq(ant__column_check(&context, &table, column(name), true), ANT_E_DATA);
    ck_assert_str_eq(context.error.text, error);
}

/* Cells that are wrong are told only where their column is asked for. */
START_TEST(wrong_cells) {
    const char *file = "a,b,c\n1,2,x\n7,nan,y\n8,\"zw\nei\",\n9,inf,z\n";
    expect_bad(file, "b", "t.csv:3:3: column 'b': expected a number, the cell is missing (nan)");
    expect_bad(file, "c", "t.csv:5:5: column 'c': expected text, the cell is missing (empty)");
    expect_bad("a,b\n1,2\n1,0x10\n", "b",
               "t.csv:3:3: column 'b': expected a finite number, found '0x10'");
    expect_bad("a,b\n1,2\n1,1e999\n", "b",
               "t.csv:3:3: column 'b': expected a finite number, found '1e999'");
    expect_bad("a,b\n1,2\n1,1 2\n", "b",
               "t.csv:3:3: column 'b': expected a finite number, found '1 2'");
    expect_bad("a,b\nNA,2\nnull,3\n", "a",
               "t.csv:2:1: column 'a': expected a number, the cell is missing (NA)");
    expect(file, 3, 4);
    NUMBERS("a", 1, 7, 8, 9);
}
END_TEST

static const refused_text refused[] = {
    REFUSE("", "empty"),
    REFUSE("\n\n\n", "empty"),
    REFUSE("\xEF\xBB\xBF", "empty"),
    REFUSE("\xFF\xFE"
           "a\0,\0",
           "UTF-16"),
    REFUSE("a,b\n1,\0", "t.csv:2:3: a zero byte"),
    REFUSE("a,b\n1,\xE4\n", "t.csv:2:3: not UTF-8"),
    REFUSE("a,b\n1,\xC0\x80\n", "not UTF-8"),
    REFUSE("a,b\n1,\xED\xA0\x80\n", "not UTF-8"),
    REFUSE("a,b\n1\n", "t.csv:2: 1 cells, the first line has 2"),
    REFUSE("a,b\n1,2\n1,2,\n", "t.csv:3: more than 2 cells"),
    REFUSE("a,b\n\"1,2\n", "t.csv:2:1: a quote is opened"),
    REFUSE("a,b\n1,\"x\"y\n", "t.csv:2:6: expected ','"),
    REFUSE("a,b\n1,x\"y\"\n", "t.csv:2:4: a quote inside a cell"),
    REFUSE("a,b,a\n1,2,3\n", "two columns are called 'a'"),
};

START_TEST(refuses) {
    ck_assert_int_eq(parse(refused[_i].text, refused[_i].size), ANT_E_FORMAT);
    ck_assert_msg(strstr(context.error.text, refused[_i].because) != NULL, "%s",
                  context.error.text);
}
END_TEST

START_TEST(cuts_and_flips) {
    static const char file[] = "\xEF\xBB\xBF"
                               "a,\"b\"\"c\"\r\n1,x\xC3\xA4\n\"2\",\"y\nz\"\n3,\n";
    for (size_t n = 0; n < sizeof file; n++)
        hostile_read(file, n);
    hostile_flips(file, sizeof file - 1);
}
END_TEST

START_TEST(limits_hold) {
    ant_limits limits = {ANT_LIMITS_DEFAULTS};
    ant_bytes b;
    char text[] = "a,b,c\n1,22,3\n";
    limits.columns = 2;
    ant__error_clear(&context.error);
    b = (ant_bytes){(unsigned char *)text, strlen(text)};
    ck_assert_int_ne(ant__csv_parse(&context, "t", b, &limits, &table), 0);
    limits.columns = 3;
    limits.string_bytes = 1;
    ant__error_clear(&context.error);
    ck_assert_int_ne(ant__csv_parse(&context, "t", b, &limits, &table), 0);
    ck_assert_ptr_nonnull(strstr(context.error.text, "t:2:3: a cell is longer"));
}
END_TEST

START_TEST(cells_out) {
    ant_buffer b = {0};
    ant__csv_put(&b, "plain");
    ant__put(&b, ",");
    ant__csv_put(&b, "a \"b\", c\n");
    ant__put(&b, ",");
    ant__csv_put(&b, " x");
    ck_assert_str_eq(b.at, "plain,\"a \"\"b\"\", c\n\",\" x\"");
    ant__buffer_free(&b);
}
END_TEST

static int parse_once(void *data) {
    ant_context c = {0};
    ant_table t;
    scratch_write(data, "a,b\n1,x\n2,y\n", 12);
    int code = ant__csv_read(&c, data, NULL, &t);
    ant__arena_free(&c.arena);
    return code;
}

START_TEST(memory_may_fail) {
    scratch_begin();
    memory_fail_each(parse_once, (void *)(uintptr_t)scratch_path("m.csv"));
    scratch_end();
}
END_TEST

/* Twice the columns must not take four times as long; the limit is far above what it takes. */
START_TEST(wide_tables) {
    enum { COLUMNS = 50000 };
    ant_buffer b = {0};
    for (int line = 0; line < 2; line++)
        for (int k = 0; k < COLUMNS; k++)
            ant__put_format(&b, "%s%d%s", line ? "" : "c", k, k + 1 < COLUMNS ? "," : "\n");
    expect(b.at, COLUMNS, 1);
    ant__buffer_free(&b);
}
END_TEST

ANT_TEST_MAIN("csv", {plain, 0}, ANT_LOOP(line_ends, 5), {quotes, 0}, {numbers_have_no_locale, 0},
              {first_line_of_numbers, 0}, {one_column, 0}, {wrong_cells, 0},
              ANT_LOOP(refuses, (int)(sizeof refused / sizeof *refused)), {cuts_and_flips, 0},
              {limits_hold, 0}, {cells_out, 0}, {memory_may_fail, 0}, {wide_tables, 0})
