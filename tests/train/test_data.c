/* Data helpers, and arrays of every type, byte order and stride on their way into a model. */
#include "core/array.h"
#include "trainer.h"

START_TEST(classes) {
    const int labels[] = {2, 0, 1, 2};
    float out[4][3];
    int64_t bad = -1;
    ck_assert_int_eq(ant_class_count(labels, 4), 3);
    ck_assert_int_eq(ant_class_count(labels, 0), 0);
    ck_assert_int_eq(ant_one_hot(&out[0][0], labels, 4, 3, NULL), 0);
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 3; k++)
            ck_assert(out[i][k] == (float)(labels[i] == k));
    ck_assert_int_eq(ant_one_hot(&out[0][0], labels, 4, 2, &bad), ANT_E_DATA);
    ck_assert_int_eq(bad, 0);
    ck_assert_int_eq(ant_one_hot(&out[0][0], labels, 4, 0, NULL), ANT_E_OPTION);
}
END_TEST

START_TEST(padding) {
    const int a[] = {1, 2, 3}, b[] = {4}, *const all[] = {a, b, NULL};
    const int64_t counts[] = {3, 1, 0};
    static const struct {
        ant_pad_options o;
        int want[3][2];
    } rows[] = {{{.length = 2}, {{2, 3}, {0, 4}, {0, 0}}},
                {{.length = 2, .post = true}, {{2, 3}, {4, 0}, {0, 0}}},
                {{.length = 2, .truncate_post = true}, {{1, 2}, {0, 4}, {0, 0}}},
                {{.length = 2, .post = true, .value = 9}, {{2, 3}, {4, 9}, {9, 9}}}};
    for (size_t r = 0; r < 4; r++) {
        int out[3][2];
        ck_assert_int_eq(
            ant_pad_sequences_(ant_array(&out[0][0], 3, 2), all, counts, 3, &rows[r].o), 0);
        ck_assert_mem_eq(out, rows[r].want, sizeof out);
    }
    float real[3][4];
    ck_assert_int_eq(ant_pad_sequences(ant_array(&real[0][0], 3, 4), all, counts, 3, .length = 4),
                     0);
    ck_assert(real[0][0] == 0 && real[0][3] == 3);
    ck_assert_int_eq(ant_longest(counts, 3), 3);
    ck_assert_int_eq(ant_pad_sequences(ant_array(&real[0][0], 3, 4), all, counts, 3, .length = 5),
                     ANT_E_SHAPE);
    ck_assert_int_eq(ant_pad_sequences(ant_array(&real[0][0], 3, 4), all, counts, 3, .length = 0),
                     ANT_E_OPTION);
    int out[3][2];
    ck_assert_int_eq(ant_pad_sequences(ant_array(&out[0][0], 3, 2), all, counts, 3, .length = 2,
                                       .value = (double)NAN),
                     ANT_E_OPTION);
}
END_TEST

START_TEST(windows) {
    short series[7][2], out[3][2][2];
    for (short i = 0; i < 7; i++)
        series[i][0] = i, series[i][1] = (short)(10 * i);
    ant_window_options o = {.length = 2, .stride = 2, .rate = 2};
    ck_assert_int_eq(ant_window_count(7, &o), 3);
    ck_assert_int_eq(
        ant_windows(ant_array(&out[0][0][0], 3, 2, 2), ant_array(&series[0][0], 7, 2), &o), 0);
    ck_assert(out[0][0][0] == 0 && out[0][1][0] == 2 && out[2][0][1] == 40 && out[2][1][1] == 60);
    o.end = 6;
    ck_assert_int_eq(ant_window_count(7, &o), 2);
    ck_assert_int_eq(
        ant_windows(ant_array(&out[0][0][0], 3, 2, 2), ant_array(&series[0][0], 7, 2), &o),
        ANT_E_SHAPE);
    o.end = 8;
    ck_assert_int_eq(ant_window_count(7, &o), ANT_E_OPTION);
    ck_assert_int_eq(ant_window_count(3, &(ant_window_options){.length = 4}), 0);
    ck_assert_int_eq(ant_window_count(3, &(ant_window_options){.length = 0}), ANT_E_OPTION);
}
END_TEST

START_TEST(splits) {
    int64_t train[10], test[10], counts[2];
    int labels[10] = {0, 0, 0, 0, 0, 0, 1, 1, 2, 0};
    ck_assert_int_eq(ant_split_every(train, test, counts, 10, 5, 4), 0);
    ck_assert(counts[0] == 8 && counts[1] == 2 && test[0] == 4 && test[1] == 9 && train[4] == 5);
    ck_assert_int_eq(ant_split_tail(train, test, counts, 10, 0.25), 0);
    ck_assert(counts[0] == 7 && counts[1] == 3 && test[0] == 7 && train[6] == 6);
    ck_assert_int_eq(ant_split_stratified(train, test, counts, labels, 10, 0.3, 1), 0);
    int seen[3] = {0};
    for (int64_t k = 0; k < counts[1]; k++)
        seen[labels[test[k]]]++;
    ck_assert(counts[0] + counts[1] == 10 && seen[0] == 2 && seen[1] == 1 && seen[2] == 0);
    ck_assert_int_eq(ant_split_every(train, test, counts, 10, 0, 0), ANT_E_OPTION);
    ck_assert_int_eq(ant_split_tail(train, test, counts, 10, (double)NAN), ANT_E_OPTION);
    labels[3] = -1;
    ck_assert_int_eq(ant_split_stratified(train, test, counts, labels, 10, 0.3, 1), ANT_E_DATA);
}
END_TEST

START_TEST(taking_rows) {
    double all[4][2] = {{0, 1}, {2, 3}, {4, 5}, {6, 7}}, out[3][2];
    const int64_t index[] = {3, 0, 3};
    ck_assert_int_eq(ant_take(ant_array(&out[0][0], 3, 2), ant_array(&all[0][0], 4, 2), index, 3),
                     0);
    ck_assert(out[0][1] == 7 && out[1][0] == 0 && out[2][0] == 6);
    ck_assert_int_eq(ant_take(ant_array(&out[0][0], 3, 2), ant_array(&all[0][0], 3, 2), index, 3),
                     ANT_E_DATA);
    ck_assert_int_eq(ant_take(ant_array(&out[0][0], 2, 2), ant_array(&all[0][0], 4, 2), index, 3),
                     ANT_E_SHAPE);
}
END_TEST

static void swap(void *p, size_t size, size_t n) {
    unsigned char *x = p;
    for (size_t i = 0; i < n; i++, x += size)
        for (size_t a = 0, b = size - 1; a < b; a++, b--) {
            unsigned char t = x[a];
            x[a] = x[b];
            x[b] = t;
        }
}

/* Every pattern of bits survives, NaNs of float32 and large uint64 too; only bool knows just two.
 * The array's columns lie `gap` numbers apart. */
static void takes_every_type(int dtype, size_t size, bool swapped, int64_t gap) {
    unsigned char from[5 * 2 * 2 * 8], want[4 * 2 * 8], out[sizeof want + 8];
    const int64_t index[] = {4, 1, 1, 0};
    for (size_t i = 0; i < sizeof from; i++)
        from[i] = (unsigned char)(dtype == ANT_BOOL ? i % 3 == 0 : 255 - 89 * i);
    int64_t step = (int64_t)size * gap;
    ant_array rows = {from, dtype, 2, {5, 2}, {2 * step, step}, NULL, swapped};
    for (int i = 0; i < 8; i++)
        memcpy(want + (size_t)i * size, from + (2 * index[i / 2] + i % 2) * step, size);
    if (swapped)
        swap(want, size, 8);
    memset(out, 0xa5, sizeof out);
    ck_assert_int_eq(ant_take((ant_array){out, dtype, 2, {4, 2}}, rows, index, 4), 0);
    ck_assert_mem_eq(out, want, 8 * size);
    ck_assert_int_eq(out[8 * size], 0xa5);

    for (int i = 0; i < 8; i++)
        memcpy(want + (size_t)i * size, from + (2 * (i / 4 + i / 2 % 2) + i % 2) * step, size);
    if (swapped)
        swap(want, size, 8);
    ant_window_options o = {.length = 2, .end = 3};
    memset(out, 0xa5, sizeof out);
    ck_assert_int_eq(ant_windows((ant_array){out, dtype, 3, {2, 2, 2}}, rows, &o), 0);
    ck_assert_mem_eq(out, want, 8 * size);
    ck_assert_int_eq(out[8 * size], 0xa5);
}

START_TEST(rows_of_every_type) {
    static const struct {
        int dtype;
        size_t size;
    } types[] = {{ANT_INT8, 1},    {ANT_UINT8, 1},   {ANT_BOOL, 1},   {ANT_INT16, 2},
                 {ANT_UINT16, 2},  {ANT_FLOAT16, 2}, {ANT_INT32, 4},  {ANT_UINT32, 4},
                 {ANT_FLOAT32, 4}, {ANT_INT64, 8},   {ANT_UINT64, 8}, {ANT_FLOAT64, 8}};
    for (size_t k = 0; k < sizeof types / sizeof *types; k++)
        for (int swapped = 0; swapped < 2; swapped++)
            for (int64_t gap = 1; gap < 3; gap++)
                takes_every_type(types[k].dtype, types[k].size, swapped, gap);
    /* Outputs have the machine's order. */
    float x[2][2] = {{0}}, out[2][2];
    ant_array a = ant_array(&x[0][0], 2, 2), b = ant_array(&out[0][0], 2, 2);
    b.swapped = true;
    ck_assert_int_eq(ant_take(b, a, (const int64_t[]){0, 1}, 2), ANT_E_SHAPE);
}
END_TEST

/* --- arrays into a model that gives back what it gets --- */
static ant_model *echo(ant_graph *g) {
    ant_node *x = ant_input(g, {2});
    return ant_model_new(g, ANT_NODES(x), ANT_NODES(ant_call(ant_identity(g), x)));
}

static void gives(ant_array in, const float want[3][2]) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = echo(g);
    float out[3][2];
    went_well(m, ant_predict(m, in, ant_array(&out[0][0], 3, 2), .batch_size = 2));
    ck_assert_mem_eq(out, want, sizeof out);
    ant_graph_free(g);
}

START_TEST(types) {
    const float want[3][2] = {{0, 1}, {2, 3}, {100, 5}};
    signed char i8[3][2] = {{0, 1}, {2, 3}, {100, 5}};
    unsigned char u8[3][2] = {{0, 1}, {2, 3}, {100, 5}};
    short i16[3][2] = {{0, 1}, {2, 3}, {100, 5}};
    unsigned short u16[3][2] = {{0, 1}, {2, 3}, {100, 5}};
    int i32[3][2] = {{0, 1}, {2, 3}, {100, 5}};
    unsigned u32[3][2] = {{0, 1}, {2, 3}, {100, 5}};
    int64_t i64[3][2] = {{0, 1}, {2, 3}, {100, 5}};
    uint64_t u64[3][2] = {{0, 1}, {2, 3}, {100, 5}};
    double f64[3][2] = {{0, 1}, {2, 3}, {100, 5}};
    unsigned short half[3][2] = {{0, 0x3c00}, {0x4000, 0x4200}, {0x5640, 0x4500}};
    gives(ant_array(&i8[0][0], 3, 2), want);
    gives(ant_array(&u8[0][0], 3, 2), want);
    gives(ant_array(&i16[0][0], 3, 2), want);
    gives(ant_array(&u16[0][0], 3, 2), want);
    gives(ant_array(&i32[0][0], 3, 2), want);
    gives(ant_array(&u32[0][0], 3, 2), want);
    gives(ant_array(&i64[0][0], 3, 2), want);
    gives(ant_array(&u64[0][0], 3, 2), want);
    gives(ant_array(&f64[0][0], 3, 2), want);
    ant_array a = ant_array(&half[0][0], 3, 2);
    a.dtype = ANT_FLOAT16;
    gives(a, want);
}
END_TEST

START_TEST(other_byte_order_and_strides) {
    const float want[3][2] = {{0, 1}, {2, 3}, {100, 5}};
    double f64[3][2] = {{0, 1}, {2, 3}, {100, 5}};
    float columns[2][3] = {{0, 2, 100}, {1, 3, 5}}, backwards[3][2] = {{100, 5}, {2, 3}, {0, 1}};
    ant_array a = ant_array(&f64[0][0], 3, 2);
    swap(f64, 8, 6);
    a.swapped = true;
    gives(a, want);
    unsigned short half[3][2] = {{0, 0x3c00}, {0x4000, 0x4200}, {0x5640, 0x4500}};
    swap(half, 2, 6);
    a = ant_array(&half[0][0], 3, 2);
    a.dtype = ANT_FLOAT16;
    a.swapped = true;
    gives(a, want);
    a = ant_array(&columns[0][0], 3, 2); /* Fortran's order */
    a.strides[0] = sizeof(float);
    a.strides[1] = 3 * sizeof(float);
    gives(a, want);
    a = ant_array(&backwards[2][0], 3, 2);
    a.strides[0] = -(int64_t)sizeof backwards[0];
    a.strides[1] = sizeof(float);
    gives(a, want);
    struct __attribute__((packed)) {
        char flag;
        float x[2];
    } packed[3] = {{1, {0, 1}}, {1, {2, 3}}, {1, {100, 5}}};
    a = ant_array(&f64[0][0], 3, 2);
    a.data = (char *)packed + 1;
    a.dtype = ANT_FLOAT32;
    a.strides[0] = sizeof packed[0];
    a.strides[1] = sizeof(float);
    gives(a, want);
}
END_TEST

/* Rows that are as they must be are not copied. */
START_TEST(rows_where_they_lie) {
    float x[4][2] = {{0}};
    int64_t order[] = {1, 0};
    ant_array a = ant_array(&x[0][0], 4, 2), b = a;
    ant_rows_wanted rows = {.first = 1, .count = 2}, shuffled = {.order = order, .count = 2};
    ck_assert_ptr_eq(ant__array_view(&a, &rows, ANT_FLOAT32), x[1]);
    ck_assert_ptr_null(ant__array_view(&a, &rows, ANT_FLOAT64));
    ck_assert_ptr_null(ant__array_view(&a, &shuffled, ANT_FLOAT32));
    b.swapped = true;
    ck_assert_ptr_null(ant__array_view(&b, &rows, ANT_FLOAT32));
    b = ant_array(&x[0][0], 4, 1);
    b.strides[0] = sizeof x[0];
    b.strides[1] = sizeof(float);
    ck_assert_ptr_null(ant__array_view(&b, &rows, ANT_FLOAT32));
    b = ant_array(&x[0][0], 3, 2);
    b.data = (char *)x + 1;
    ck_assert_ptr_null(ant__array_view(&b, &rows, ANT_FLOAT32));
    bool flags[2] = {0};
    b = ant_array(flags, 2, 1);
    rows.first = 0;
    ck_assert_ptr_null(ant__array_view(&b, &rows, ANT_BOOL));
}
END_TEST

/* Predictions may go where the rows are. */
START_TEST(over_its_own_rows) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = ant_sequential(g, ant_dense(g, 3, "tanh", .input_shape = {3}));
    float x[5][3], apart[5][3];
    ramp(&x[0][0], 15, 0.2);
    ant_array a = ant_array(&x[0][0], 5, 3);
    went_well(m, ant_predict(m, a, ant_array(&apart[0][0], 5, 3), .batch_size = 2));
    went_well(m, ant_predict(m, a, a, .batch_size = 2));
    ck_assert_mem_eq(x, apart, sizeof x);
    ant_graph_free(g);
}
END_TEST

ANT_TEST_MAIN("data", {classes}, {padding}, {windows}, {splits}, {taking_rows},
              {rows_of_every_type}, {types}, {other_byte_order_and_strides}, {rows_where_they_lie},
              {over_its_own_rows})
