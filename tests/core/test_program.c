/* Programs: writing, lowering, running; variables and their commits. */
#include "core/program/inside.h"
#include "gradient_check.h"
#include "support.h"
#include <math.h>
#include <string.h>

/* --- a network of two layers --- */
static ant_value *dense(ant_program *p, ant_value *x, ant_value *w, ant_value *b) {
    return ant_op_add(p, ant_op_matmul(p, x, w, false, false), b);
}

static ant_value *network(ant_program *p, check_case *c) {
    ant_value *h = dense(p, check_read(p, c, 0), check_read(p, c, 1), check_read(p, c, 2));
    h = c->number == 0 ? ant_op_tanh(p, h)
        : c->number == 1
            ? ant_op_relu(p, h)
            : ant_op_mul(p, ant_op_sigmoid(p, h), ant_op_exp(p, ant_op_scale(p, h, 0.3)));
    return check_loss(p, dense(p, h, check_read(p, c, 3), check_read(p, c, 4)));
}

START_TEST(gradients_of_a_network) {
    const ant_dims dims[] = {ANT__DIMS(6, 4), ANT__DIMS(4, 5), ANT__DIMS(5), ANT__DIMS(5, 3),
                             ANT__DIMS(3)};
    check_case c = {.name = "network", .write = network, .n = 5, .number = _i};
    check_gradient_of(&c, dims);
}
END_TEST

ANT_TEST_MAIN("program", ANT_LOOP(gradients_of_a_network, 3))
