/* Adam's update of many weights. */
#include "core/kernels/adam.h"

/* Fewer than LANES entries. */
static void update_part(const adam *a, const adam_places *p, int64_t i, int64_t n) {
    adam_line x = {vec_load_part(p->w + i, n), vec_load_part(p->g + i, n),
                   vec_load_part(p->m + i, n), vec_load_part(p->v + i, n)};
    x = updated(x, a);
    vec_store_part(p->new_w + i, x.w, n);
    vec_store_part(p->new_m + i, x.m, n);
    vec_store_part(p->new_v + i, x.v, n);
}

/* Reads two lines before it writes the two ahead of them: where arrays begin at nearly the same
 * place of a page, a processor takes a line to read for one that was just written elsewhere, and
 * waits for its root and its quotient. Shorter vectors do not wait that long, and have no registers
 * to spare. Gives where it ends. */
static int64_t update_pairs(const adam *a, const adam_places *p, int64_t i, int64_t to) {
    enum { PAIR = 2 * LANES };
    if (ANT__VECTOR_BYTES < 64 || to - i < PAIR)
        return i;
    adam_line x = read_line(p, i), y = read_line(p, i + LANES);
    for (; to - i >= 2 * PAIR; i += PAIR) {
        const adam_line next_x = read_line(p, i + PAIR), next_y = read_line(p, i + PAIR + LANES);
        write_line(p, updated(x, a), i);
        write_line(p, updated(y, a), i + LANES);
        x = next_x;
        y = next_y;
    }
    write_line(p, updated(x, a), i);
    write_line(p, updated(y, a), i + LANES);
    return i + PAIR;
}

/* One weight's entries [from, to). */
void K(adam_update)(const adam *a, const adam_places *p, int64_t from, int64_t to) {
    int64_t i = update_pairs(a, p, from, to);
    for (; to - i >= LANES; i += LANES)
        write_line(p, updated(read_line(p, i), a), i);
    if (i < to)
        update_part(a, p, i, to - i);
}

static int64_t between(int64_t x, int64_t low, int64_t high) {
    return x < low ? low : x > high ? high : x;
}

void K(adam)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    const adam a = adam_of(at, n);
    const int64_t weights = n[ANT__ADAM_WEIGHTS].i;
    void *const *in = at + 2, *const *out = in + 4 * weights;
    from *= ANT__ADAM_CELL, to *= ANT__ADAM_CELL;
    for (int64_t k = 0, first = 0; k < weights && first < to; k++, in += 4, out += 3) {
        const int64_t count = n[ANT__ADAM_COUNTS + k].i;
        const adam_places p = {in[0], in[1], in[2], in[3], out[0], out[1], out[2]};
        if (first + count > from)
            K(adam_update)(&a, &p, between(from - first, 0, count), between(to - first, 0, count));
        first += count;
    }
}
