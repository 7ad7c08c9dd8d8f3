/* Memory that convolutions need for themselves, in entries and from shapes only: ops say how much,
 * kernels cut it up in the same way. */
#ifndef ANT_CORE_KERNELS_CONV_SIZE_H
#define ANT_CORE_KERNELS_CONV_SIZE_H
#include "core/kernels/gemm_size.h"

enum {
    ANT__CONV_ROWS = 16,    /* rows of the result that are made at once */
    ANT__CONV_DEPTH = 1024, /* map entries that a kernel's gradient sums up at once, about */
    ANT__CONV_ALIGN = 32    /* parts begin at multiples of so many entries */
};

static inline int64_t ant__conv_align(int64_t entries) {
    return (entries + ANT__CONV_ALIGN - 1) / ANT__CONV_ALIGN * ANT__CONV_ALIGN;
}

/* From row to row of a copied image: never a multiple of 4 KiB, or rows fight for one cache set. */
static inline int64_t ant__conv_pitch(int64_t columns, int64_t channels) {
    int64_t pitch = ant__conv_align(columns * channels);
    return pitch % 512 == 0 ? pitch + ANT__CONV_ALIGN / 2 : pitch;
}

/* --- Winograd's method, `side` results across at once: a plane for each entry of a transformed
 * tile --- */

static inline int64_t ant__winograd_entries(int64_t side) {
    return (side + 2) * (side + 2);
}

/* From tile to tile of a plane of so many channels: no power of two, as planes are read
 * together. */
static inline int64_t ant__winograd_pitch(int64_t channels) {
    return ant__conv_align(channels) + ANT__CONV_ALIGN / 2;
}

/* Tiles at once: as many as leave the planes of both sides in a cache, of small tiles half of
 * it; whole tiles of the products (winograd_product.h). */
static inline int64_t ant__winograd_tiles(int64_t side, int64_t in, int64_t out) {
    enum { TOGETHER = 1 << 15, MOST = 60, LEAST = 12 };
    int64_t pitches = ant__winograd_pitch(in) + ant__winograd_pitch(out);
    int64_t fit = TOGETHER * side / (ant__winograd_entries(side) * pitches);
    return fit > MOST ? MOST : fit < LEAST ? LEAST : fit / 4 * 4;
}

/* From plane to plane: some lines more than a multiple of 4 KiB, or a tile's entries, which are
 * written and read together, fight for few cache sets. */
static inline int64_t ant__winograd_plane(int64_t tiles, int64_t channels) {
    enum { PAGE = 1024, SHIFT = 80 };
    int64_t size = tiles * ant__winograd_pitch(channels);
    return (size - SHIFT + PAGE - 1) / PAGE * PAGE + SHIFT;
}

/* Entries of the planes of both sides. */
static inline int64_t ant__winograd_planes(int64_t side, int64_t tiles, int64_t in, int64_t out) {
    return ant__winograd_entries(side) *
           (ant__winograd_plane(tiles, in) + ant__winograd_plane(tiles, out));
}

/* Sums for so many channels of one plane: rows of whole panels of filters. */
static inline int64_t ant__winograd_sums(int64_t channels, int64_t filters) {
    return channels * ant__gemm_packed(1, filters);
}

/* A zero-extended piece of an image with so many tiles across. */
static inline int64_t ant__winograd_view(int64_t side, int64_t across, int64_t channels) {
    return ant__conv_align((ANT__CONV_ROWS + 2) * ant__conv_pitch(side * across + 2, channels));
}

/* Rows of the map in one piece of a kernel's gradient. */
static inline int64_t ant__conv_piece(int64_t rows, int64_t columns) {
    int64_t piece = columns > 0 ? ANT__CONV_DEPTH / columns : rows;
    return piece < 1 ? 1 : piece < rows ? piece : rows;
}
#endif
