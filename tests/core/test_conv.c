/* Convolution and pooling as ops: gradients against finite differences, gradients of gradients,
 * shapes, and what is refused. */
#include "core/ops/ops.h"
#include "core/pool.h"
#include "gradient_check.h"
#include "runner.h"
#include "support.h"
#include <math.h>
#include <string.h>

typedef struct conv_case {
    ant_dims x, kernel;
    int groups;
    ant_window window;
} conv_case;

static const conv_case cases[] = {
    {{4, {2, 5, 4, 2}}, {4, {3, 3, 2, 3}}, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}},
    {{4, {2, 6, 5, 3}}, {4, {2, 3, 3, 2}}, 1, {{2, 3}, {2, 2}, {1, 1}, ANT__SAME}},
    {{4, {1, 7, 6, 2}}, {4, {3, 2, 2, 2}}, 1, {{3, 2}, {1, 1}, {2, 3}, ANT__VALID}},
    {{4, {2, 4, 4, 4}}, {4, {3, 3, 2, 6}}, 2, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}},
    {{4, {2, 1, 7, 2}}, {4, {1, 3, 2, 2}}, 1, {{1, 3}, {1, 1}, {1, 2}, ANT__CAUSAL}},
    {{4, {3, 5, 5, 1}}, {4, {2, 2, 1, 2}}, 1, {{2, 2}, {3, 3}, {1, 1}, ANT__VALID}},
    {{4, {9, 2, 2, 3}}, {4, {1, 1, 3, 2}}, 1, {{1, 1}, {1, 1}, {1, 1}, ANT__VALID}},
    {{4, {3, 7, 7, 48}}, {4, {3, 3, 48, 50}}, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}},
};
enum { CASES = sizeof cases / sizeof *cases };

static ant_value *conv(ant_program *p, check_case *c) {
    const conv_case *k = &cases[c->number];
    return ant__op_conv2d(p, check_read(p, c, 0), check_read(p, c, 1), check_read(p, c, 2),
                          &k->window, k->groups);
}

static ant_value *conv_loss(ant_program *p, check_case *c) {
    return check_loss(p, conv(p, c));
}

/* The relu becomes part of the convolution where passes are on. */
static ant_value *conv_relu_loss(ant_program *p, check_case *c) {
    return check_loss(p, ant_op_relu(p, conv(p, c)));
}

/* By Winograd's method with large tiles where it fits. */
static ant_value *conv_fast_loss(ant_program *p, check_case *c) {
    ant__program_set_fast(p, true);
    return conv_loss(p, c);
}

/* A loss of the gradients: its own gradient is the second one of the convolution. */
static ant_value *conv_gradient_loss(ant_program *p, check_case *c) {
    ant_value *x[] = {check_read(p, c, 0), check_read(p, c, 1)}, *dx[2];
    ant_value *loss = conv_loss(p, c);
    if (ant_op_gradient(p, &loss, NULL, 1, x, dx, 2))
        return NULL;
    return ant_op_add(p, check_loss(p, dx[0]), check_loss(p, dx[1]));
}

static void check(check_writer *write, const char *name, int number) {
    const conv_case *k = &cases[number];
    ant_dims dims[] = {k->x, k->kernel, ANT__DIMS(k->kernel.dim[3])};
    check_case c = {.name = name, .write = write, .n = 3, .number = number};
    c.tolerance = 1e-5;
    c.float_tolerance = 5e-3;
    c.high = k->kernel.dim[2] > 8 ? 0.1 : 1; /* so that sums of many stay small */
    c.low = -c.high;
    check_gradient_of(&c, dims);
}

START_TEST(conv_gradients) {
    check(conv_loss, "conv2d", _i);
    check(conv_relu_loss, "relu of conv2d", _i);
    check(conv_fast_loss, "fast conv2d", _i);
}
END_TEST

START_TEST(conv_second_gradients) {
    check(conv_gradient_loss, "gradient of conv2d", _i);
}
END_TEST

/* --- depthwise --- */

static const struct {
    ant_dims x, kernel;
    ant_window window;
} apart[] = {
    {{4, {2, 5, 4, 2}}, {4, {3, 3, 2, 1}}, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}},
    {{4, {2, 6, 5, 3}}, {4, {2, 3, 3, 2}}, {{2, 3}, {2, 2}, {1, 1}, ANT__SAME}},
    {{4, {1, 7, 6, 2}}, {4, {3, 2, 2, 3}}, {{3, 2}, {1, 1}, {2, 3}, ANT__VALID}},
    {{4, {2, 1, 7, 33}}, {4, {1, 3, 33, 1}}, {{1, 3}, {1, 2}, {1, 1}, ANT__CAUSAL}},
    {{4, {2, 5, 4, 17}}, {4, {3, 3, 17, 1}}, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}},
};
enum { APART = sizeof apart / sizeof *apart };

static ant_value *depthwise(ant_program *p, check_case *c) {
    return ant__op_depthwise(p, check_read(p, c, 0), check_read(p, c, 1), check_read(p, c, 2),
                             &apart[c->number].window);
}

static ant_value *depthwise_loss(ant_program *p, check_case *c) {
    return check_loss(p, depthwise(p, c));
}

static ant_value *depthwise_relu_loss(ant_program *p, check_case *c) {
    return check_loss(p, ant_op_relu(p, depthwise(p, c)));
}

static ant_value *depthwise_gradient_loss(ant_program *p, check_case *c) {
    ant_value *x[] = {check_read(p, c, 0), check_read(p, c, 1)}, *dx[2];
    ant_value *loss = depthwise_loss(p, c);
    if (ant_op_gradient(p, &loss, NULL, 1, x, dx, 2))
        return NULL;
    return ant_op_add(p, check_loss(p, dx[0]), check_loss(p, dx[1]));
}

START_TEST(depthwise_gradients) {
    static check_writer *const writers[] = {depthwise_loss, depthwise_relu_loss,
                                            depthwise_gradient_loss};
    const ant_dims *kernel = &apart[_i].kernel;
    ant_dims dims[] = {apart[_i].x, *kernel, ANT__DIMS(kernel->dim[2] * kernel->dim[3])};
    for (int k = 0; k < 3; k++) {
        check_case c = {.name = "depthwise", .write = writers[k], .n = 3, .number = _i};
        c.tolerance = 1e-5;
        c.float_tolerance = 5e-3;
        check_gradient_of(&c, dims);
    }
}
END_TEST

/* --- pooling --- */

typedef struct pool_case {
    ant_dims x;
    ant_window window;
} pool_case;

static const pool_case pools[] = {
    {{4, {2, 4, 6, 3}}, {{2, 2}, {2, 2}, {1, 1}, ANT__VALID}},
    {{4, {2, 5, 4, 2}}, {{3, 2}, {1, 1}, {1, 1}, ANT__SAME}},
    {{4, {1, 7, 7, 2}}, {{3, 3}, {2, 2}, {1, 1}, ANT__SAME}},
    {{4, {1, 1, 9, 70}}, {{1, 3}, {1, 2}, {1, 1}, ANT__VALID}},
};
enum { POOLS = sizeof pools / sizeof *pools };

static ant_value *max_pool(ant_program *p, check_case *c) {
    return check_loss(p, ant__op_max_pool(p, check_read(p, c, 0), &pools[c->number].window));
}

static ant_value *average_pool(ant_program *p, check_case *c) {
    return check_loss(p, ant__op_average_pool(p, check_read(p, c, 0), &pools[c->number].window));
}

static ant_value *gradient_loss(ant_program *p, check_case *c, check_writer *write) {
    ant_value *x[] = {check_read(p, c, 0)}, *dx[1], *loss = write(p, c);
    return ant_op_gradient(p, &loss, NULL, 1, x, dx, 1) ? NULL : check_loss(p, dx[0]);
}

static ant_value *max_pool_twice(ant_program *p, check_case *c) {
    return gradient_loss(p, c, max_pool);
}

static ant_value *average_pool_twice(ant_program *p, check_case *c) {
    return gradient_loss(p, c, average_pool);
}

START_TEST(pool_gradients) {
    static check_writer *const writers[] = {max_pool, average_pool, max_pool_twice,
                                            average_pool_twice};
    for (int k = 0; k < 4; k++) {
        check_case c = {.name = "pooling", .write = writers[k], .n = 1, .number = _i};
        c.tolerance = 1e-5;
        check_gradient_of(&c, &pools[_i].x);
    }
}
END_TEST

/* --- what is refused --- */

static void is_refused(ant_program *p, const ant_value *v, const char *words) {
    ck_assert_ptr_null(v);
    ck_assert_int_eq(ant__program_error(p)->code, ANT_E_SHAPE);
    ck_assert_msg(strstr(ant__program_error(p)->text, words) != NULL, "%s",
                  ant__program_error(p)->text);
    ant__program_free(p);
}

static ant_value *input(ant_program *p, ant_dims dims) {
    return ant__input(p, ANT_FLOAT32, &dims);
}

START_TEST(misfits_are_refused) {
    ant_window w = {{3, 3}, {1, 1}, {1, 1}, ANT__VALID}, huge = w;
    ant_program *p = ant__program_new(ANT_FLOAT32);
    is_refused(p,
               ant__op_conv2d(p, input(p, ANT__DIMS(-1, 2, 9, 3)), input(p, ANT__DIMS(3, 3, 3, 4)),
                              NULL, &w, 1),
               "does not fit into the input (None, 2, 9, 3)");
    p = ant__program_new(ANT_FLOAT32);
    is_refused(p,
               ant__op_conv2d(p, input(p, ANT__DIMS(-1, 9, 9, 5)), input(p, ANT__DIMS(3, 3, 3, 4)),
                              NULL, &w, 1),
               "the kernel (3, 3, 3, 4) in 1 groups does not fit the input (None, 9, 9, 5)");
    p = ant__program_new(ANT_FLOAT32);
    is_refused(p, ant__op_max_pool(p, input(p, ANT__DIMS(-1, 9, 5)), &w), "must be (N, H, W, C)");
    p = ant__program_new(ANT_FLOAT32);
    huge.dilation[0] = (int64_t)1 << 31;
    huge.padding = ANT__SAME;
    is_refused(p,
               ant__op_conv2d(p, input(p, ANT__DIMS(1, 9, 9, 3)), input(p, ANT__DIMS(3, 3, 3, 4)),
                              NULL, &huge, 1),
               "too large");
}
END_TEST

/* Sizes are Keras's, and unknown where the input's are. */
START_TEST(sizes_of_results) {
    static const struct {
        ant_padding padding;
        int64_t n, size, stride, dilation, want, before;
    } rows[] = {
        {ANT__VALID, 7, 3, 1, 1, 5, 0},  {ANT__VALID, 7, 3, 2, 1, 3, 0},
        {ANT__VALID, 7, 3, 1, 3, 1, 0},  {ANT__VALID, 2, 3, 1, 1, 0, 0},
        {ANT__SAME, 7, 3, 1, 1, 7, 1},   {ANT__SAME, 6, 3, 2, 1, 3, 0},
        {ANT__SAME, 7, 2, 2, 1, 4, 0},   {ANT__SAME, 10, 5, 3, 1, 4, 2},
        {ANT__SAME, 9, 1, 4, 1, 3, 0},   {ANT__CAUSAL, 6, 2, 2, 1, 3, 1},
        {ANT__CAUSAL, 8, 3, 1, 2, 8, 4}, {ANT__VALID, -1, 3, 1, 1, -1, 0},
        {ANT__SAME, 5, 9, 1, 1, 5, 4},   {ANT__SAME, 1, 2, 5, 1, 1, 0},
    };
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        ant_window w = {
            {rows[k].size, 1}, {rows[k].stride, 1}, {rows[k].dilation, 1}, rows[k].padding};
        ck_assert_int_eq(ant__window_count(&w, 0, rows[k].n), rows[k].want);
        if (rows[k].want > 0)
            ck_assert_int_eq(ant__window_before(&w, 0, rows[k].n), rows[k].before);
    }
}
END_TEST

ANT_TEST_MAIN("conv", ANT_LOOP(conv_gradients, CASES), ANT_LOOP(conv_second_gradients, CASES),
              ANT_LOOP(depthwise_gradients, APART), ANT_LOOP(pool_gradients, POOLS),
              {misfits_are_refused}, {sizes_of_results})
