/* The functions of math.h that take one number: X(name). Included several times, without a
 * guard. */
X(exp)
X(expm1)
X(log)
X(log1p)
X(tanh)
X(sigmoid)
X(softplus)
X(erf)
