/* Matrix products of the last two axes; the axes before them broadcast. */
#include "core/ops/matmul.h"
#include "core/kernels/gemm_size.h"
#include "core/ops/fine.h"

/* --- shapes --- */

/* Sizes of one product: op(a) is (m, k), op(b) is (k, n). */
typedef struct sizes {
    int64_t m, n, k;
    bool ta, tb;
} sizes;

static int64_t from_end(const ant_value *v, int axis) {
    return v->dims.dim[v->dims.rank - axis];
}

static sizes sizes_of(const ant_op *o) {
    sizes s = {.ta = o->attrs.i[ANT__MATMUL_TA], .tb = o->attrs.i[ANT__MATMUL_TB]};
    s.m = from_end(o->in[0], s.ta ? 1 : 2);
    s.k = from_end(o->in[0], s.ta ? 2 : 1);
    s.n = o->attrs.i[ANT__MATMUL_PARTS] & ANT__MATMUL_PACKED ? from_end(o->out[0], 1)
                                                             : from_end(o->in[1], s.tb ? 2 : 1);
    return s;
}

static ant_dims lead_of(const ant_value *v) {
    ant_dims lead = v->dims;
    lead.rank -= 2;
    return lead;
}

static int misfit(const ant_op *o, const char *what) {
    char a[ANT__DIMS_TEXT], b[ANT__DIMS_TEXT];
    return ant__op_fail(o, "%s: shapes %s%s and %s%s", what, ant__dims_text(&o->in[0]->dims, a),
                        o->attrs.i[ANT__MATMUL_TA] ? " transposed" : "",
                        ant__dims_text(&o->in[1]->dims, b),
                        o->attrs.i[ANT__MATMUL_TB] ? " transposed" : "");
}

static int check_operands(const ant_op *o) {
    const ant_value *a = o->in[0], *b = o->in[1];
    if (a->dims.rank < 2 || b->dims.rank < 2)
        return misfit(o, "both values need at least two axes");
    if (!ant__dtype_real(a->dtype) || a->dtype != b->dtype)
        return ant__op_fail(o, "values of types %s and %s, must be real and the same",
                            ant__dtype_name(a->dtype), ant__dtype_name(b->dtype));
    return 0;
}

static int infer_matmul(ant_op *o) {
    int code = check_operands(o);
    if (code)
        return code;
    sizes s = sizes_of(o);
    int64_t rows_of_b = from_end(o->in[1], s.tb ? 1 : 2);
    if (s.k >= 0 && rows_of_b >= 0 && s.k != rows_of_b)
        return misfit(o, "inner sizes differ");
    ant_dims dims = lead_of(o->in[0]), lead = lead_of(o->in[1]);
    if (!ant__dims_broadcast(&dims, &lead))
        return misfit(o, "leading axes do not broadcast");
    dims.dim[dims.rank++] = s.m;
    dims.dim[dims.rank++] = s.n;
    o->out[0]->dtype = o->in[0]->dtype;
    o->out[0]->dims = dims;
    return 0;
}

static int64_t pieces_of(const ant_op *o) {
    return o->cls == &ant__matmul_pieces_class ? o->attrs.i[ANT__MATMUL_PIECES] : 1;
}

static int infer_pieces(ant_op *o) {
    const sizes s = sizes_of(o);
    o->out[0]->dtype = o->in[0]->dtype;
    o->out[0]->dims = (ant_dims){.rank = 3, .dim = {pieces_of(o), s.m, s.n}};
    return 0;
}

/* --- the plan of the work --- */

/* All products of an op as the kernel gets them: `lead` are the leading axes that are left, with
 * the strides of both operands (0 where one repeats). */
typedef struct plan {
    sizes s;
    ant_dims lead;
    int64_t a_stride[ANT_MAX_AXES], b_stride[ANT_MAX_AXES];
    int64_t block_rows, block_columns, cells;
    int64_t span;            /* rows that become one; 0: each stays */
    bool packed;             /* b is panels */
    bool wide;               /* numbers have eight bytes */
    bool a_fights, b_fights; /* for the cache, rows of what is read down its columns */
} plan;

/* Strides of v's leading axes, as seen from the broadcast ones. */
static void lead_strides(int64_t *stride, const ant_value *v, const ant_dims *lead) {
    int64_t step = from_end(v, 1) * from_end(v, 2);
    int ahead = lead->rank - (v->dims.rank - 2);
    for (int axis = lead->rank - 1; axis >= 0; axis--) {
        int64_t size = axis < ahead ? 1 : v->dims.dim[axis - ahead];
        stride[axis] = size == 1 ? 0 : step;
        step *= size;
    }
}

/* One matrix b for all of a: the matrices of a below each other are one tall matrix. */
static void merge_rows(plan *p, const ant_op *o) {
    ant_dims of_a = lead_of(o->in[0]), of_b = lead_of(o->in[1]);
    if (p->s.ta || ant__dims_count(&of_b) != 1 ||
        ant__dims_count(&of_a) != ant__dims_count(&p->lead))
        return;
    p->s.m *= ant__dims_count(&p->lead);
    p->lead.rank = 0;
}

/* The first axis of the result are pieces of k. */
static void take_pieces(plan *p, int64_t pieces) {
    if (pieces == 1)
        return;
    p->s.k /= pieces;
    p->a_stride[0] = p->s.k;
    p->b_stride[0] = p->s.k * p->s.n;
}

static int64_t blocks(int64_t size, int64_t block) {
    return block > 0 ? (size + block - 1) / block : 0;
}

static int64_t between(int64_t x, int64_t low, int64_t high) {
    return x < low ? low : x > high ? high : x;
}

enum { MOST_CELLS = 64 };

/* Cells worth about a quarter of a million operations: a few microseconds. */
static int64_t wanted_cells(const plan *p, int64_t most) {
    enum { CELL_COST = 250000 };
    double cost = 2.0 * (double)p->s.m * (double)p->s.n * (double)p->s.k;
    return cost / CELL_COST < (double)most ? (int64_t)(cost / CELL_COST) : most;
}

/* Columns that a kernel multiplies at once. */
static int64_t columns_together(const plan *p) {
    return ant__kernels()->vector_bytes == 64 && !p->wide ? ANT__GEMM_TOGETHER : ANT__GEMM_WIDEST;
}

/* Whole panels of columns for each of `parts` cells, and whole tiles of rows. */
static void cut_columns(plan *p, int64_t parts) {
    const int64_t together = columns_together(p), panels = blocks(p->s.n, together);
    p->block_columns = together * between(blocks(panels, parts), 1, panels);
}

static void cut_rows(plan *p, int64_t parts) {
    const int64_t tile = ANT__GEMM_TILE_ROWS(ant__kernels()->vector_bytes);
    const int64_t tiles = blocks(p->s.m, tile);
    p->block_rows = tile * between(blocks(tiles, parts), 1, tiles);
}

/* Baseline kernels are helped by BLIS, which copies what it needs. */
static bool has_wide_kernels(void) {
    return ant__kernels()->vector_bytes > 16;
}

/* Does each cell copy its panels of b? */
static bool copies_panels(const plan *p) {
    return has_wide_kernels() && !p->packed && (p->s.tb || !ant__gemm_in_place(p->s.m));
}

/* How many times columns are cut by rows, too. A panel that is copied should serve many rows. */
static int64_t row_parts(const plan *p, int64_t wanted, int64_t columns, int64_t most) {
    enum { ENOUGH_CELLS = 16, MANY_ROWS = 512 };
    if (columns >= ENOUGH_CELLS)
        return 1;
    const int64_t few = blocks(ENOUGH_CELLS, columns), many = p->s.m / MANY_ROWS;
    const int64_t parts = copies_panels(p) ? (few > many ? few : many) : most;
    return between(parts, 1, between(wanted / columns, 1, most));
}

/* Columns are cut first, as each panel of b is then read by one cell only. But a kernel's gradient
 * is cut by rows, as the optimizer cuts what is in memory one after the other: a thread that made
 * some rows of it will most likely read the same. Of such parts there are few, as each reads all of
 * b. Where b's rows fight, its panels are copied for as many rows as may be. */
static void cut(plan *p) {
    enum { ROW_PARTS = 8 };
    const int64_t least = p->b_fights ? 128 : 32;
    const bool by_rows = p->s.ta && (p->a_fights || !p->b_fights);
    const int64_t batches = ant__dims_count(&p->lead);
    const int64_t most = between(MOST_CELLS / between(batches, 1, MOST_CELLS), 1, MOST_CELLS);
    const int64_t wanted = between(wanted_cells(p, most), 1, most);
    const int64_t few = by_rows && !p->a_fights ? between(ROW_PARTS, 1, wanted) : wanted;
    const int64_t rows = between(blocks(p->s.m, least), 1, few);
    cut_columns(p, p->a_fights ? 1 : by_rows ? wanted / rows : wanted);
    const int64_t columns = between(blocks(p->s.n, p->block_columns), 1, wanted);
    cut_rows(p, by_rows ? rows : row_parts(p, wanted, columns, rows));
    p->cells = batches * blocks(p->s.n, p->block_columns) * blocks(p->s.m, p->block_rows);
}

/* A cell is a span, or some columns of one. */
static void cut_spans(plan *p) {
    const int64_t spans = p->s.m / p->span;
    const int64_t wanted = wanted_cells(p, MOST_CELLS) / between(spans, 1, MOST_CELLS);
    cut_columns(p, between(wanted, 1, MOST_CELLS));
    p->block_rows = between(p->span, 1, ANT__MATMUL_TOGETHER);
    p->cells = spans * blocks(p->s.n, p->block_columns);
}

static void note_fights(plan *p, int64_t size) {
    const bool down = has_wide_kernels() && p->s.ta;
    p->a_fights = down && ant__gemm_fights_down(p->s.m * size, p->s.k);
    p->b_fights = down && !p->s.tb && ant__gemm_fights(p->s.n * size, p->s.k);
}

static plan plan_of(const ant_op *o) {
    const bool summed = o->cls == &ant__dense_sum_class;
    plan p = {.s = sizes_of(o), .lead = lead_of(summed ? o->in[0] : o->out[0])};
    p.span = summed ? o->attrs.i[ANT__MATMUL_SUMMED] : 0;
    p.wide = ant__dtype_size(o->in[0]->dtype) == 8;
    p.packed = o->attrs.i[ANT__MATMUL_PARTS] & ANT__MATMUL_PACKED;
    lead_strides(p.a_stride, o->in[0], &p.lead);
    lead_strides(p.b_stride, o->in[1], &p.lead);
    merge_rows(&p, o);
    take_pieces(&p, pieces_of(o));
    note_fights(&p, (int64_t)ant__dtype_size(o->in[0]->dtype));
    if (ant__dims_count(&p.lead) == 0)
        p.s.m = 0;
    if (p.span > 0)
        cut_spans(&p);
    else
        cut(&p);
    return p;
}

bool ant__matmul_is_one(const ant_op *o) {
    return plan_of(o).lead.rank == 0;
}

int ant__matmul_input(const ant_op *o, int part) {
    int at = 2;
    for (int before = 1; before < part; before *= 2)
        at += (o->attrs.i[ANT__MATMUL_PARTS] & before) != 0 && before != ANT__MATMUL_SUMS;
    return at;
}

/* One product whose b is copied in every run: it is transposed, rows are many, or its rows fight
 * for the same lines of the cache. */
bool ant__matmul_wants_panels(const ant_op *o) {
    const plan p = plan_of(o);
    const int64_t row = p.s.n * (int64_t)ant__dtype_size(o->in[1]->dtype);
    const bool fights = !p.s.tb && ant__gemm_fights(row, p.s.k);
    return has_wide_kernels() && p.lead.rank == 0 && p.s.m > 0 && p.s.n > 1 && p.s.k > 0 &&
           (fights || (p.s.m > 1 && copies_panels(&p)));
}

/* Entries of a cell's workspace: the product's own, and rows that are added up. */
static int64_t cell_workspace(const plan *p) {
    const bool in_place = has_wide_kernels() && !p->s.tb && p->s.k > 0 &&
                          ant__gemm_in_place(p->block_rows < p->s.m ? p->block_rows : p->s.m);
    return (p->packed || in_place ? 0 : ant__gemm_workspace(p->s.k)) +
           (p->a_fights ? ant__gemm_copy(p->block_rows, p->s.k) : 0) +
           (p->span > 0 ? ANT__MATMUL_TOGETHER * ANT__GEMM_WIDEST : 0);
}

/* How much of k is multiplied at once. The gradient of a kernel sums over all rows of a batch, both
 * operands read down their columns: a few of these rows at a time stay in a cache that is near. */
static int64_t depth_of(const ant_op *o, const plan *p) {
    enum { NEAR = 1 << 17, LEAST = 256, MANY = 4 }; /* entries of both operands, rows, pieces */
    const sizes *s = &p->s;
    const int64_t fit = s->m > 0 && s->n > 0 ? NEAR / (s->m + s->n) : 0;
    const bool down =
        s->ta && !s->tb && p->lead.rank == 0 && !o->attrs.i[ANT__MATMUL_PARTS] && p->span == 0;
    return down && fit >= LEAST && s->k >= MANY * fit ? fit : s->k;
}

/* In the order of enum ant_matmul_number. */
static int64_t prep(const ant_op *o, ant_nums *n) {
    plan p = plan_of(o);
    int64_t a_columns = from_end(o->in[0], 1), b_columns = from_end(o->in[1], 1);
    const int64_t number[] = {
        p.s.m,
        p.s.n,
        p.s.k,
        p.s.ta ? 1 : a_columns,
        p.s.ta ? a_columns : 1,
        p.s.tb ? 1 : b_columns,
        p.s.tb ? b_columns : 1,
        o->attrs.i[ANT__MATMUL_PARTS],
        ant__gemm_activation(o->attrs.i[ANT__MATMUL_RELU], o->attrs.f[ANT__MATMUL_LIMIT]),
        p.block_rows,
        p.block_columns,
        p.cells > 0 ? p.cells : 1,
        cell_workspace(&p),
        p.span,
        depth_of(o, &p)};
    _Static_assert(sizeof number / sizeof *number == ANT__MATMUL_MOST, "one for each");
    for (int i = 0; i < ANT__MATMUL_MOST; i++)
        ant__num_int(n, number[i]);
    ant__num_real(n, o->attrs.f[ANT__MATMUL_LIMIT]);
    ant__num_int(n, p.lead.rank);
    for (int axis = 0; axis < p.lead.rank; axis++) {
        ant__num_int(n, p.lead.dim[axis]);
        ant__num_int(n, p.a_stride[axis]);
        ant__num_int(n, p.b_stride[axis]);
    }
    return p.cells > 0 ? p.cells : 1;
}

/* A panel of b for each cell. */
static size_t workspace(const ant_op *o) {
    plan p = plan_of(o);
    return (size_t)(p.cells * cell_workspace(&p)) * ant__dtype_size(o->out[0]->dtype);
}

/* Each entry of a rest or a gate is read before the entry of the result is written, and never
 * again. */
static bool over_part(const ant_op *o, int out, int in) {
    const int64_t parts = o->attrs.i[ANT__MATMUL_PARTS];
    return out == 0 &&
           ((parts & ANT__MATMUL_REST && in == ant__matmul_input(o, ANT__MATMUL_REST)) ||
            (parts & ANT__MATMUL_GATE && in == ant__matmul_input(o, ANT__MATMUL_GATE)));
}

/* --- simplify: a transpose of the last two axes is only another stride --- */

static bool swaps_last_two(const ant_op *o) {
    const int rank = o->in[0]->dims.rank;
    for (int k = 0; k < rank - 2; k++)
        if (o->attrs.i[k] != k)
            return false;
    return rank >= 2 && o->attrs.i[rank - 1] == rank - 2;
}

static ant_value *take_transposes(ant_op *o) {
    for (int k = 0; k < 2; k++) {
        const ant_op *from = o->in[k]->from;
        if (!from || from->cls != &ant__transpose_class || !swaps_last_two(from))
            continue;
        o->in[k] = from->in[0];
        o->attrs.i[k == 0 ? ANT__MATMUL_TA : ANT__MATMUL_TB] ^= 1;
    }
    return NULL;
}

/* --- the gradient: products again --- */

/* v as one matrix: its last axis stays. */
static ant_value *as_matrix(ant_program *p, ant_value *v) {
    ant_dims flat = {.rank = 2, .dim = {ant__dims_span(&v->dims, 0, v->dims.rank - 1)}};
    flat.dim[1] = v->dims.dim[v->dims.rank - 1];
    return ant__reshape_to(p, v, &flat);
}

static ant_value *gradient_of_a(ant_program *p, const ant_op *o, ant_value *dy) {
    bool ta = o->attrs.i[ANT__MATMUL_TA], tb = o->attrs.i[ANT__MATMUL_TB];
    ant_value *b = o->in[1];
    ant_value *dx = ta ? ant_op_matmul(p, b, dy, tb, true) : ant_op_matmul(p, dy, b, false, !tb);
    return ant__sum_to(p, dx, &o->in[0]->dims);
}

/* Where one matrix b met many of a, the sum over them is the inner axis of one tall product. */
static ant_value *gradient_of_b(ant_program *p, const ant_op *o, ant_value *dy) {
    bool ta = o->attrs.i[ANT__MATMUL_TA], tb = o->attrs.i[ANT__MATMUL_TB];
    ant_value *a = o->in[0];
    if (!ta && o->in[1]->dims.rank == 2 && a->dims.rank > 2) {
        a = as_matrix(p, a);
        dy = as_matrix(p, dy);
    }
    ant_value *dx = tb ? ant_op_matmul(p, dy, a, true, ta) : ant_op_matmul(p, a, dy, !ta, false);
    return ant__sum_to(p, dx, &o->in[1]->dims);
}

static void gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    if (!dy[0])
        return;
    if (o->in[0]->needs)
        dx[0] = gradient_of_a(p, o, dy[0]);
    if (o->in[1]->needs)
        dx[1] = gradient_of_b(p, o, dy[0]);
}

const ant_op_class ant__matmul_class = {.name = "matmul",
                                        .infer = infer_matmul,
                                        .kernel = ANT__K_matmul,
                                        .prep = prep,
                                        .workspace = workspace,
                                        .simplify = take_transposes,
                                        .grad = gradient};

const ant_op_class ant__dense_class = {.name = "dense",
                                       .relu = ANT__MATMUL_RELU + 1,
                                       .limit = ANT__MATMUL_LIMIT + 1,
                                       .kernel = ANT__K_matmul,
                                       .prep = prep,
                                       .inplace = over_part,
                                       .workspace = workspace};

const ant_op_class ant__dense_sum_class = {
    .name = "dense_sum", .kernel = ANT__K_matmul, .prep = prep, .workspace = workspace};

const ant_op_class ant__matmul_pieces_class = {.name = "matmul_pieces",
                                               .infer = infer_pieces,
                                               .kernel = ANT__K_matmul,
                                               .prep = prep,
                                               .workspace = workspace};

ant_value *ant_op_matmul(ant_program *p, ant_value *a, ant_value *b, bool ta, bool tb) {
    ant_value *in[] = {a, b};
    return ant__emit(p, &ant__matmul_class, &(ant_attrs){.i = {ta, tb}}, in, 2, 1);
}
