/* Matrices turned block by block in registers: 8 x 8 where a vector holds eight numbers, else 4 x
 * 4. */
#include "core/kernels/turn.h"
#include "core/kernels/simd.h"

#if ANT__VECTOR_BYTES > 16 && !ANT__DOUBLE
enum { BLOCK = 8 };

/* Pairs of rows, then pairs of pairs, then halves change places. */
static void turn_block(R *to, int64_t to_row, const R *from, int64_t from_row) {
    __m256 a[8], b[8];
    UNROLL
    for (int i = 0; i < 8; i++)
        a[i] = _mm256_loadu_ps(from + i * from_row);
    UNROLL
    for (int i = 0; i < 8; i += 2) {
        b[i] = _mm256_unpacklo_ps(a[i], a[i + 1]);
        b[i + 1] = _mm256_unpackhi_ps(a[i], a[i + 1]);
    }
    UNROLL
    for (int i = 0; i < 8; i += 4) {
        a[i] = _mm256_shuffle_ps(b[i], b[i + 2], 0x44);
        a[i + 1] = _mm256_shuffle_ps(b[i], b[i + 2], 0xee);
        a[i + 2] = _mm256_shuffle_ps(b[i + 1], b[i + 3], 0x44);
        a[i + 3] = _mm256_shuffle_ps(b[i + 1], b[i + 3], 0xee);
    }
    UNROLL
    for (int i = 0; i < 4; i++) {
        _mm256_storeu_ps(to + i * to_row, _mm256_permute2f128_ps(a[i], a[i + 4], 0x20));
        _mm256_storeu_ps(to + (i + 4) * to_row, _mm256_permute2f128_ps(a[i], a[i + 4], 0x31));
    }
}
#else
enum { BLOCK = 4 };

static void turn_block(R *to, int64_t to_row, const R *from, int64_t from_row) {
    quad a[4], b[4];
    for (int i = 0; i < 4; i++)
        memcpy(&a[i], from + i * from_row, sizeof a[i]);
    b[0] = SHUFFLE(a[0], a[1], 0, 4, 1, 5);
    b[1] = SHUFFLE(a[0], a[1], 2, 6, 3, 7);
    b[2] = SHUFFLE(a[2], a[3], 0, 4, 1, 5);
    b[3] = SHUFFLE(a[2], a[3], 2, 6, 3, 7);
    a[0] = SHUFFLE(b[0], b[2], 0, 1, 4, 5);
    a[1] = SHUFFLE(b[0], b[2], 2, 3, 6, 7);
    a[2] = SHUFFLE(b[1], b[3], 0, 1, 4, 5);
    a[3] = SHUFFLE(b[1], b[3], 2, 3, 6, 7);
    for (int i = 0; i < 4; i++)
        memcpy(to + i * to_row, &a[i], sizeof a[i]);
}
#endif

static void turn_entries(R *to, int64_t to_row, const R *from, int64_t from_row, int64_t rows,
                         int64_t columns) {
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            to[j * to_row + i] = from[i * from_row + j];
}

/* The last block of a line: a part of it may have been turned before, which does no harm. */
static int64_t clamp(int64_t i, int64_t size) {
    return i < size - BLOCK ? i : size - BLOCK;
}

void K(turn)(R *to, int64_t to_row, const R *from, int64_t from_row, int64_t rows,
             int64_t columns) {
    if (rows < BLOCK || columns < BLOCK) {
        turn_entries(to, to_row, from, from_row, rows, columns);
        return;
    }
    for (int64_t r = 0; r < rows; r += BLOCK) {
        const int64_t i = clamp(r, rows);
        for (int64_t c = 0; c < columns; c += BLOCK) {
            const int64_t j = clamp(c, columns);
            turn_block(to + j * to_row + i, to_row, from + i * from_row + j, from_row);
        }
    }
}
