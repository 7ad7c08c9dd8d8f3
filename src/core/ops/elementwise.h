/* Gradient rules of the elementwise ops (elementwise_gradient.c), named by their classes. */
#ifndef ANT_CORE_OPS_ELEMENTWISE_H
#define ANT_CORE_OPS_ELEMENTWISE_H
#include "core/ops/fine.h"

ant_gradient_rule ant__add_gradient, ant__sub_gradient, ant__mul_gradient, ant__div_gradient,
    ant__mod_gradient, ant__pow_gradient, ant__maximum_gradient, ant__minimum_gradient,
    ant__atan2_gradient;
ant_gradient_rule ant__neg_gradient, ant__abs_gradient, ant__square_gradient, ant__sqrt_gradient,
    ant__rsqrt_gradient, ant__reciprocal_gradient, ant__exp_gradient, ant__expm1_gradient,
    ant__log_gradient, ant__log1p_gradient, ant__sin_gradient, ant__cos_gradient, ant__tan_gradient,
    ant__asin_gradient, ant__acos_gradient, ant__atan_gradient, ant__sinh_gradient,
    ant__cosh_gradient, ant__tanh_gradient, ant__asinh_gradient, ant__acosh_gradient,
    ant__atanh_gradient, ant__sigmoid_gradient, ant__softplus_gradient, ant__erf_gradient,
    ant__erfc_gradient, ant__erfinv_gradient, ant__relu_gradient;
ant_gradient_rule ant__scale_gradient, ant__shift_gradient, ant__clip_gradient, ant__where_gradient,
    ant__gate_gradient, ant__bound_gradient, ant__within_gradient, ant__cast_gradient,
    ant__broadcast_gradient;
#endif
