/* One row per kernel: X(name) is K(name) in one of this folder's files, and ANT__K_name in ops.
 * Sorted by file. Included several times, so without a guard. */
X(matmul)
X(softmax)
