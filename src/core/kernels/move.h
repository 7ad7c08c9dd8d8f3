/* What moving ops tell their kernel: a box of numbers goes from one array into another.
 *
 * The box's axes are walked in the output's order; each has a size and a stride, in entries, in
 * the input and in the output. The first axis is cut into cells. */
#ifndef ANT_CORE_KERNELS_MOVE_H
#define ANT_CORE_KERNELS_MOVE_H

enum ant_move_number {
    ANT__MOVE_BYTES, /* of one entry: 1, 4 or 8 */
    ANT__MOVE_FROM,  /* first entry in the input … */
    ANT__MOVE_TO,    /* … and in the output */
    ANT__MOVE_CELL,  /* lines of the first axis in a cell */
    ANT__MOVE_AXES,  /* then for each its size, the input's and the output's stride */
    ANT__MOVE_AXIS
};
#endif
