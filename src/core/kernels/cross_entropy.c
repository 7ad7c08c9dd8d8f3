/* Cross-entropy of softmax(logits) and of sigmoid(logits), with their gradients. */
#include "core/kernels/lines.h"
#include "core/kernels/math.h"
#include "core/kernels/simd.h"
#include "core/kernels/softmax.h"
#include "core/program/program.h"

/* Pointers of softmax_cross_entropy: logits, targets | loss (rows), probabilities | report.
 * Pointers of its gradient: probabilities, targets, dloss (rows) | dlogits.
 * Where it goes back too: logits, targets | loss, probabilities, dlogits, total | report. */
typedef struct batch {
    int64_t rows, classes, label_bytes;
    const void *targets;
} batch;

static batch batch_of(const ant_num *n, const void *targets) {
    return (batch){n[ANT__CROSS_ENTROPY_ROWS].i, n[ANT__CROSS_ENTROPY_CLASSES].i,
                   n[ANT__CROSS_ENTROPY_LABEL_BYTES].i, targets};
}

static int64_t label_of(const batch *s, int64_t row) {
    return s->label_bytes == 8 ? ((const int64_t *)s->targets)[row]
                               : ((const int32_t *)s->targets)[row];
}

static bool inside(const batch *s, int64_t label) {
    return label >= 0 && label < s->classes;
}

/* By the largest as an unsigned number: a loop without branches. */
static bool all_inside(const batch *s) {
    const uint32_t *narrow = s->targets;
    const uint64_t *wide = s->targets;
    uint32_t most = 0;
    uint64_t wide_most = 0;
    for (int64_t row = 0; s->label_bytes == 4 && row < s->rows; row++)
        most = narrow[row] > most ? narrow[row] : most;
    for (int64_t row = 0; s->label_bytes == 8 && row < s->rows; row++)
        wide_most = wide[row] > wide_most ? wide[row] : wide_most;
    return most < (uint64_t)s->classes && wide_most < (uint64_t)s->classes;
}

/* The first cell looks at all labels, so that the report has one writer. */
static void check_labels(const batch *s, ant_report *report) {
    if (s->rows == 0 || all_inside(s))
        return;
    for (int64_t row = 0; s->label_bytes && row < s->rows && !report->code; row++)
        if (!inside(s, label_of(s, row)))
            *report = (ant_report){ANT_E_DATA, label_of(s, row), s->classes, "label"};
}

/* -log of the probability of each target class, from logits: no probability is rounded to 0. */
static R loss_of(const batch *s, const R *x, R top, R log_sum, int64_t row) {
    R sum = 0;
    if (s->label_bytes) {
        int64_t label = label_of(s, row);
        return inside(s, label) ? log_sum - (x[label] - top) : 0;
    }
    const R *target = (const R *)s->targets + row * s->classes;
    for (int64_t j = 0; j < s->classes; j++)
        sum += target[j] * (log_sum - (x[j] - top));
    return sum;
}

/* Rows [from, from + rows) of the batch, whose numbers are at x and p. */
static void forward(const batch *s, R *loss, R *p, const R *x, int64_t from, int64_t rows) {
    R top[LINE_GROUP], sum[LINE_GROUP], log_sum[LINE_GROUP];
    K(softmax_rows)(p, top, sum, x, rows, s->classes);
    for (int l = 0; l < LINE_GROUP; l++)
        log_sum[l] = log_1(sum[l]);
    for (int64_t r = 0; loss && r < rows; r++)
        loss[r] = loss_of(s, x + r * s->classes, top[r], log_sum[r], from + r);
}

/* dlogits = (p * sum of targets - targets) * dloss; dx may lie over p. */
static void backward_dense(R *dx, const R *p, const R *target, R dloss, int64_t classes) {
    R weight = 0;
    for (int64_t j = 0; j < classes; j++)
        weight += target[j];
    for (int64_t j = 0; j < classes; j++)
        dx[j] = (p[j] * weight - target[j]) * dloss;
}

/* A label is a target of 1. */
static void backward_sparse(R *dx, const R *p, int64_t label, R dloss, int64_t classes) {
    const R right = p[label];
    for (int64_t j = 0; j < classes; j++)
        dx[j] = p[j] * dloss;
    dx[label] = (right - 1) * dloss;
}

static void backward(const batch *s, R *dx, const R *p, R dloss, int64_t row) {
    const int64_t n = s->classes;
    if (!s->label_bytes)
        backward_dense(dx, p, (const R *)s->targets + row * n, dloss, n);
    else if (inside(s, label_of(s, row)))
        backward_sparse(dx, p, label_of(s, row), dloss, n);
}

void K(softmax_cross_entropy_grad)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    const batch s = batch_of(n, at[1]);
    const int64_t block = n[ANT__CROSS_ENTROPY_BLOCK].i;
    const int64_t end = to * block < s.rows ? to * block : s.rows;
    const R *p = at[0], *dloss = at[2];
    for (int64_t r = from * block; r < end; r++)
        backward(&s, (R *)at[3] + r * s.classes, p + r * s.classes, dloss[r], r);
}

/* --- both in one, for the same dloss in every row --- */
/* A group of rows: what is read and what becomes of them; p NULL: nobody wants it. */
typedef struct group {
    const R *x;
    R *loss, *p, *dx;
    int64_t from, rows;
} group;

/* The labels of a group, a lane each; one outside is no class's. */
static void labels_of(R_int *label, const batch *s, const group *g) {
    memset(label, 0, LINE_GROUP * sizeof *label);
    if (s->label_bytes == sizeof *label) {
        memcpy(label, (const R_int *)s->targets + g->from, (size_t)g->rows * sizeof *label);
        return;
    }
    for (int64_t r = 0; r < g->rows; r++) {
        const int64_t wanted = label_of(s, g->from + r);
        label[r] = inside(s, wanted) ? (R_int)wanted : -1;
    }
}

/* The entry of each row's label. */
static void pick(R *picked, const R *turned, const R_int *label, int64_t classes) {
    for (int l = 0; l < LINE_GROUP; l += LANES) {
        vec_int wanted;
        vec found = vec_load(turned + l);
        memcpy(&wanted, label + l, sizeof wanted);
        for (int64_t j = 1; j < classes; j++)
            found = vec_select(wanted == (R_int)j, vec_load(turned + j * LINE_GROUP + l), found);
        vec_store(picked + l, found);
    }
}

/* From probabilities. */
static void turned_gradient(R *turned, const R_int *label, R dloss, int64_t classes) {
    const vec one = vec_all(1);
    for (int l = 0; l < LINE_GROUP; l += LANES) {
        vec_int wanted;
        memcpy(&wanted, label + l, sizeof wanted);
        for (int64_t j = 0; j < classes; j++) {
            R *at = turned + j * LINE_GROUP + l;
            const vec p = vec_load(at);
            vec_store(at, vec_select(wanted == (R_int)j, p - one, p) * dloss);
        }
    }
}

/* Short rows with labels: turned once, and all is done before they are turned back. */
static void train_turned(const batch *s, const group *g, R dloss) {
    R turned[LINE_TURNED], top[LINE_GROUP], sum[LINE_GROUP], right[LINE_GROUP];
    R_int label[LINE_GROUP];
    labels_of(label, s, g);
    K(turn_rows)(turned, g->x, g->rows, s->classes);
    pick(right, turned, label, s->classes);
    K(softmax_lanes)(turned, top, sum, turned, s->classes, LINE_GROUP);
    for (int l = 0; l < LINE_GROUP; l++)
        right[l] = log_1(sum[l]) - (right[l] - top[l]);
    memcpy(g->loss, right, (size_t)g->rows * sizeof *right);
    if (g->p)
        K(turn_rows_back)(g->p, turned, g->rows, s->classes);
    turned_gradient(turned, label, dloss, s->classes);
    K(turn_rows_back)(g->dx, turned, g->rows, s->classes);
}

static void train_rows(const batch *s, const group *g, R dloss) {
    R *p = g->p ? g->p : g->dx;
    forward(s, g->loss, p, g->x, g->from, g->rows);
    for (int64_t r = 0; r < g->rows; r++)
        backward(s, g->dx + r * s->classes, p + r * s->classes, dloss, g->from + r);
}

static void add_losses(R *total, const R *loss, int64_t rows) {
    if (rows == LINE_GROUP)
        for (int l = 0; l < LINE_GROUP; l++)
            total[l] += loss[l];
    else
        for (int64_t l = 0; l < rows; l++)
            total[l] += loss[l];
}

/* Lanes are joined by halves: the sum's order depends on nothing but the number of rows. */
static R total_of(R *lane) {
    for (int half = LINE_GROUP / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++)
            lane[l] += lane[l + half];
    return lane[0];
}

static void run_both(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    const batch s = batch_of(n, at[1]);
    const int64_t block = n[ANT__CROSS_ENTROPY_BLOCK].i, classes = s.classes;
    const int64_t end = to * block < s.rows ? to * block : s.rows;
    const R dloss = (R)n[ANT__CROSS_ENTROPY_DLOSS].f, factor = (R)n[ANT__CROSS_ENTROPY_FACTOR].f;
    R total[LINE_GROUP] = {0}, loss[LINE_GROUP];
    if (from == 0)
        check_labels(&s, at[6]);
    for (int64_t r = from * block; r < end; r += LINE_GROUP) {
        const group g = {(const R *)at[0] + r * classes,
                         at[2] ? (R *)at[2] + r : loss,
                         at[3] ? (R *)at[3] + r * classes : NULL,
                         (R *)at[4] + r * classes,
                         r,
                         end - r < LINE_GROUP ? end - r : LINE_GROUP};
        if (s.label_bytes && classes <= LINE_SHORT)
            train_turned(&s, &g, dloss);
        else
            train_rows(&s, &g, dloss);
        add_losses(total, g.loss, g.rows);
    }
    if (at[5])
        *(R *)at[5] = total_of(total) * factor;
}

static void run_forward(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    const batch s = batch_of(n, at[1]);
    const int64_t block = n[ANT__CROSS_ENTROPY_BLOCK].i;
    const int64_t end = to * block < s.rows ? to * block : s.rows;
    if (from == 0)
        check_labels(&s, at[4]);
    for (int64_t r = from * block; s.classes > 0 && r < end; r += LINE_GROUP) {
        R *loss = at[2] ? (R *)at[2] + r : NULL, *p = at[3] ? (R *)at[3] + r * s.classes : NULL;
        forward(&s, loss, p, (const R *)at[0] + r * s.classes, r,
                end - r < LINE_GROUP ? end - r : LINE_GROUP);
    }
}

void K(softmax_cross_entropy)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    if (n[ANT__CROSS_ENTROPY_BACK].i)
        run_both(at, n, from, to);
    else
        run_forward(at, n, from, to);
}

/* --- sigmoid --- */
/* x: logits, z: targets; max(x, 0) - x z + log(1 + e^-|x|) */
void K(sigmoid_cross_entropy)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    const int64_t block = n[ANT__CROSS_ENTROPY_BLOCK].i, rows = n[ANT__CROSS_ENTROPY_ROWS].i;
    const int64_t end = to * block < rows ? to * block : rows;
    const R *x = at[0], *z = at[1];
    R *y = at[2];
    for (int64_t i = from * block; i < end; i++)
        y[i] = ((x[i] > 0 ? x[i] : 0) - x[i] * z[i]) + log1p_finite(exp_1(x[i] < 0 ? x[i] : -x[i]));
}
