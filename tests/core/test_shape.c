/* Types and shapes. */
#include "core/shape.h"
#include "support.h"
#include <string.h>

START_TEST(types_have_names_and_sizes) {
    for (int t = ANT_FLOAT32; t <= ANT_TEXT; t++)
        ck_assert_int_eq(ant__dtype_named(ant__dtype_name(t)), t);
    ck_assert_uint_eq(ant__dtype_size(ANT_FLOAT16), 2);
    ck_assert_uint_eq(ant__dtype_size(ANT_TEXT), 0);
    ck_assert_uint_eq(ant__dtype_size(99), 0);
    ck_assert_uint_eq(ant__dtype_size(-1), 0);
    ck_assert_int_eq(ant__dtype_named("float8"), 0);
    ck_assert(ant__dtype_real(ANT_FLOAT64) && !ant__dtype_real(ANT_INT32));
}
END_TEST

START_TEST(counts_do_not_overflow) {
    ant_dims a = ANT__DIMS(4, 5, 6), huge = ANT__DIMS(INT64_MAX / 2, 3), open = ANT__DIMS(-1, 3);
    size_t bytes;
    ck_assert_int_eq(ant__dims_count(&a), 120);
    ck_assert_int_eq(ant__dims_span(&a, 1, 2), 5);
    ck_assert_int_eq(ant__dims_count(&huge), -1);
    ck_assert_int_eq(ant__dims_count(&open), -1);
    ck_assert_int_eq(ant__dims_count(&ANT__SCALAR), 1);
    ck_assert(!ant__dims_bytes(&huge, ANT_FLOAT32, &bytes));
    huge = ANT__DIMS(INT64_MAX / 2, 2);
    ck_assert(!ant__dims_bytes(&huge, ANT_FLOAT64, &bytes));
    ck_assert(ant__dims_bytes(&a, ANT_FLOAT64, &bytes) && bytes == 960);
    huge = ANT__DIMS(0, INT64_MAX, INT64_MAX);
    ck_assert_int_eq(ant__dims_count(&huge), 0);
    ck_assert(ant__dims_known(&a) && !ant__dims_known(&open));
}
END_TEST

START_TEST(strides_are_row_major) {
    ant_dims a = ANT__DIMS(4, 5, 6);
    int64_t s[3];
    ant__dims_strides(&a, s);
    ck_assert(s[0] == 30 && s[1] == 6 && s[2] == 1);
}
END_TEST

static const struct {
    ant_dims a, b, out;
    bool fits;
} pairs[] = {
    {{2, {3, 4}}, {1, {4}}, {2, {3, 4}}, true},
    {{1, {4}}, {2, {3, 1}}, {2, {3, 4}}, true},
    {{0, {0}}, {3, {2, 3, 4}}, {3, {2, 3, 4}}, true},
    {{2, {-1, 4}}, {2, {1, 4}}, {2, {-1, 4}}, true},
    {{2, {1, 4}}, {2, {-1, 4}}, {2, {-1, 4}}, true},
    {{2, {-1, 4}}, {2, {7, 1}}, {2, {7, 4}}, true},
    {{2, {7, 4}}, {2, {-1, 4}}, {2, {7, 4}}, true},
    {{2, {1, 0}}, {2, {5, 1}}, {2, {5, 0}}, true},
    {{2, {3, 4}}, {1, {3}}, {2, {3, 4}}, false},
    {{1, {0}}, {1, {2}}, {1, {0}}, false},
};

START_TEST(broadcasting_is_numpys) {
    ant_dims a = pairs[_i].a;
    ck_assert(ant__dims_broadcast(&a, &pairs[_i].b) == pairs[_i].fits);
    ck_assert(ant__dims_equal(&a, pairs[_i].fits ? &pairs[_i].out : &pairs[_i].a));
}
END_TEST

START_TEST(axes_count_from_both_ends) {
    ck_assert_int_eq(ant__axis(-1, 3), 2);
    ck_assert_int_eq(ant__axis(0, 3), 0);
    ck_assert_int_eq(ant__axis(3, 3), -1);
    ck_assert_int_eq(ant__axis(-4, 3), -1);
    ck_assert_int_eq(ant__axis(0, 0), -1);
}
END_TEST

START_TEST(shapes_become_dims_and_text) {
    char text[ANT__DIMS_TEXT];
    ant_dims a = ant__dims_of_shape((ant_shape){60, 3}, -1);
    ck_assert_str_eq(ant__dims_text(&a, text), "(None, 60, 3)");
    a = ant__dims_of_shape((ant_shape){0}, 32);
    ck_assert_str_eq(ant__dims_text(&a, text), "(32,)");
    ck_assert_str_eq(ant__dims_text(&ANT__SCALAR, text), "()");
    a = (ant_dims){.rank = 8};
    for (int k = 0; k < 8; k++)
        a.dim[k] = INT64_MAX;
    ck_assert_uint_eq(strlen(ant__dims_text(&a, text)), 8 * 19 + 7 * 2 + 2);
}
END_TEST

ANT_TEST_MAIN("shape", {types_have_names_and_sizes}, {counts_do_not_overflow},
              {strides_are_row_major}, ANT_LOOP(broadcasting_is_numpys, 10),
              {axes_count_from_both_ends}, {shapes_become_dims_and_text})
