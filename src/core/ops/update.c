#include "core/ops/update.h"
#include "core/kernels/gemm_size.h"
#include "core/kernels/update.h"
#include "core/ops/matmul.h"
#include "core/program/inside.h"

enum { RATE = ANT__ADAM_RATE, DECAY, SCALARS };
enum { W = ANT__ADAM_W, G, M, V, INPUTS, OUTPUTS = ANT__ADAM_OUTPUTS };
enum { BETA_1, BETA_2, EPSILON };

static int infer(ant_op *o) {
    static const int from[OUTPUTS] = {W, M, V};
    for (int k = 0; k < o->n_out; k++) {
        const ant_value *like = o->in[SCALARS + k / OUTPUTS * INPUTS + from[k % OUTPUTS]];
        o->out[k]->dtype = like->dtype;
        o->out[k]->dims = like->dims;
    }
    return 0;
}

static void put_rule(const ant_op *o, ant_nums *n) {
    ant__num_real(n, 1 - o->attrs.f[BETA_1]);
    ant__num_real(n, 1 - o->attrs.f[BETA_2]);
    ant__num_real(n, o->attrs.f[EPSILON]);
}

/* In the order of enum ant_adam_number. */
static int64_t prep(const ant_op *o, ant_nums *n) {
    int64_t total = 0;
    put_rule(o, n);
    ant__num_int(n, o->n_out / OUTPUTS);
    for (int k = 0; k < o->n_out; k += OUTPUTS) {
        int64_t count = ant__dims_count(&o->out[k]->dims);
        ant__num_int(n, count);
        total += count;
    }
    return total > ANT__ADAM_CELL ? (total + ANT__ADAM_CELL - 1) / ANT__ADAM_CELL : 1;
}

/* Entry by entry, each written after it was read. */
static bool inplace(const ant_op *o, int out, int in) {
    static const int over[OUTPUTS] = {W, M, V};
    (void)o;
    return in == SCALARS + out / OUTPUTS * INPUTS + over[out % OUTPUTS];
}

const ant_op_class ant__adam_class = {
    .name = "adam", .infer = infer, .kernel = ANT__K_adam, .prep = prep, .inplace = inplace};

/* --- with the product that gives the gradient --- */

/* Of the gradient, whatever axes the weight has. */
static int64_t all_rows(const ant_op *o) {
    return o->in[ANT__DENSE_ADAM_A]->dims.dim[1];
}

static int64_t columns_of(const ant_op *o) {
    return ant__dims_count(&o->out[0]->dims) / all_rows(o);
}

static bool is_packed(const ant_op *o) {
    return o->attrs.i[ANT__MATMUL_PARTS] & ANT__MATMUL_PACKED;
}

/* Panels are further away, so each serves some rows more; threads get equal shares. */
static int64_t many_rows(const ant_op *o) {
    enum { LEAST_ROWS = 32, MOST_ROWS = 64, PARTS = 8 };
    const int64_t rows = all_rows(o),
                  eighths = (rows + MOST_ROWS * PARTS - 1) / (MOST_ROWS * PARTS);
    const int64_t even = (rows + eighths * PARTS - 1) / (eighths * PARTS);
    return even > LEAST_ROWS ? even : LEAST_ROWS;
}

/* Is the gradient never written, as each tile of it is taken while it is in registers? Where the
 * weight's rows are long, a narrow tile's few lines of them would fight for one place of the
 * cache. */
static bool in_tiles(const ant_op *o) {
    const int vector = ant__kernels()->vector_bytes;
    return vector > 16 && (vector == 64 || !is_packed(o)) &&
           columns_of(o) % ANT__GEMM_TOGETHER == 0;
}

/* Whole tiles, and an even number of about equal shares. */
static int64_t rows_in_tiles(const ant_op *o) {
    enum { TILE = ANT__DENSE_ADAM_TILE, MOST_ROWS = 8 * TILE };
    const int64_t rows = all_rows(o), parts = 2 * ((rows + 2 * MOST_ROWS - 1) / (2 * MOST_ROWS));
    return (rows + parts * TILE - 1) / (parts * TILE) * TILE;
}

/* Few, so that all parts stay in the nearest cache, and threads get equal shares. */
static int64_t rows_of(const ant_op *o) {
    if (is_packed(o))
        return many_rows(o);
    if (in_tiles(o))
        return rows_in_tiles(o);
    const int64_t tile = ANT__GEMM_TILE_ROWS(ant__kernels()->vector_bytes);
    const int64_t tiles = ANT__ADAM_CELL / 2 / (tile * columns_of(o));
    return tile * (tiles > 1 ? tiles : 1);
}

static int64_t cells_of(const ant_op *o) {
    return (all_rows(o) + rows_of(o) - 1) / rows_of(o);
}

/* Entries: rows of the gradient where they are written, and of a where they are copied. */
static int64_t cell_workspace(const ant_op *o) {
    const int64_t k = o->in[ANT__DENSE_ADAM_A]->dims.dim[0], rows = rows_of(o);
    const int64_t apart = all_rows(o) * (int64_t)ant__dtype_size(o->out[0]->dtype);
    return (in_tiles(o) ? 0 : ant__gemm_copy(rows, columns_of(o))) +
           (ant__gemm_fights_down(apart, k) ? ant__gemm_copy(rows, k) : 0);
}

/* In the order of enum ant_dense_adam_number. */
static int64_t prep_dense(const ant_op *o, ant_nums *n) {
    put_rule(o, n);
    ant__num_int(n, all_rows(o));
    ant__num_int(n, columns_of(o));
    ant__num_int(n, o->in[ANT__DENSE_ADAM_A]->dims.dim[0]);
    ant__num_int(n, is_packed(o));
    ant__num_int(n, in_tiles(o));
    ant__num_int(n, rows_of(o));
    ant__num_int(n, cell_workspace(o));
    return cells_of(o);
}

static size_t workspace_dense(const ant_op *o) {
    return (size_t)(cells_of(o) * cell_workspace(o)) * ant__dtype_size(o->out[0]->dtype);
}

static bool inplace_dense(const ant_op *o, int out, int in) {
    (void)o;
    return in == ANT__DENSE_ADAM_W + out;
}

const ant_op_class ant__dense_adam_class = {.name = "dense_adam",
                                            .kernel = ANT__K_dense_adam,
                                            .prep = prep_dense,
                                            .workspace = workspace_dense,
                                            .inplace = inplace_dense};

bool ant__adam(ant_program *p, ant_adam_item *item, int n, ant_value *rate, ant_value *decay,
               double beta_1, double beta_2, double epsilon) {
    ant_value **in = ant__program_alloc(p, (size_t)n * INPUTS + SCALARS, sizeof *in);
    if (!in)
        return false;
    in[RATE] = rate;
    in[DECAY] = decay;
    for (int i = 0; i < n; i++) {
        ant_value **at = in + SCALARS + (ptrdiff_t)i * INPUTS;
        at[W] = item[i].w, at[G] = item[i].g, at[M] = item[i].m, at[V] = item[i].v;
    }
    const ant_attrs attrs = {.f = {beta_1, beta_2, epsilon}};
    ant_value *first =
        ant__emit(p, &ant__adam_class, &attrs, in, SCALARS + n * INPUTS, n * OUTPUTS);
    for (int i = 0; i < n && first; i++) {
        item[i].w = ant__result(first, i * OUTPUTS);
        item[i].m = ant__result(first, i * OUTPUTS + 1);
        item[i].v = ant__result(first, i * OUTPUTS + 2);
    }
    return first != NULL;
}
