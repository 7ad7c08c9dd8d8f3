/* Matrices turned block by block in registers: 8 x 8 where a vector holds eight numbers, else 4 x
 * 4. */
#include "core/kernels/turn.h"
#include "core/kernels/simd.h"

#if ANT__VECTOR_BYTES > 16 && !ANT__DOUBLE
enum { BLOCK = 8 };

/* Four numbers of a row, and of the fourth row after it. */
ALWAYS_INLINE __m256 rows_of(const R *from, int64_t from_row) {
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(from)),
                                _mm_loadu_ps(from + 4 * from_row), 1);
}

/* Pairs of rows, then pairs of pairs; halves are put together as they are read. */
static void turn_block(R *to, int64_t to_row, const R *from, int64_t from_row) {
    UNROLL
    for (int j = 0; j < 8; j += 4) {
        __m256 a[4], b[4];
        UNROLL
        for (int i = 0; i < 4; i++)
            a[i] = rows_of(from + i * from_row + j, from_row);
        UNROLL
        for (int i = 0; i < 4; i += 2) {
            b[i] = _mm256_unpacklo_ps(a[i], a[i + 1]);
            b[i + 1] = _mm256_unpackhi_ps(a[i], a[i + 1]);
        }
        R *at = to + j * to_row;
        _mm256_storeu_ps(at, _mm256_shuffle_ps(b[0], b[2], 0x44));
        _mm256_storeu_ps(at + to_row, _mm256_shuffle_ps(b[0], b[2], 0xee));
        _mm256_storeu_ps(at + 2 * to_row, _mm256_shuffle_ps(b[1], b[3], 0x44));
        _mm256_storeu_ps(at + 3 * to_row, _mm256_shuffle_ps(b[1], b[3], 0xee));
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

/* Block by block along those lines that lie far apart: few of them are under way at once, for each
 * is on a page of its own. */
void K(turn)(R *to, int64_t to_row, const R *from, int64_t from_row, int64_t rows,
             int64_t columns) {
    if (rows < BLOCK || columns < BLOCK) {
        turn_entries(to, to_row, from, from_row, rows, columns);
        return;
    }
    const bool far = to_row > from_row;
    const int64_t outer = far ? columns : rows, inner = far ? rows : columns;
    for (int64_t o = 0; o < outer; o += BLOCK) {
        const int64_t at = clamp(o, outer);
        for (int64_t k = 0; k < inner; k += BLOCK) {
            const int64_t next = clamp(k, inner), i = far ? next : at, j = far ? at : next;
            turn_block(to + j * to_row + i, to_row, from + i * from_row + j, from_row);
        }
    }
}
