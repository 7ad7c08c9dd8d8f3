/* Pairs of steps: where a step's result is read by one later step only, and both together are a
 * step of their own, one pass over the tile does for two. */
#include "core/kernels/elementwise.h"
#include "core/passes/passes.h"

/* `second` reads `first` as its operand 0 or 1 (EITHER where the order does not matter). The joint
 * step has first's operands, then second's other one. */
enum { LEFT, RIGHT, EITHER };
typedef struct pair {
    int first, second, side, joint;
    int operands; /* of first */
} pair;

static const pair pairs[] = {
    {ANT__E_sub, ANT__E_scale, LEFT, ANT__E_sub_scale, 2},
    {ANT__E_sub_scale, ANT__E_add, EITHER, ANT__E_lerp, 2},
    {ANT__E_square, ANT__E_sub, LEFT, ANT__E_square_sub, 1},
    {ANT__E_square_sub, ANT__E_scale, LEFT, ANT__E_square_sub_scale, 2},
    {ANT__E_square_sub_scale, ANT__E_add, EITHER, ANT__E_square_lerp, 2},
    {ANT__E_sqrt, ANT__E_shift, LEFT, ANT__E_sqrt_shift, 1},
    {ANT__E_scale, ANT__E_add, EITHER, ANT__E_scale_add, 1},
    {ANT__E_scale, ANT__E_sub, RIGHT, ANT__E_scale_from, 1},
    {ANT__E_mul, ANT__E_add, EITHER, ANT__E_mul_add, 2},
    {ANT__E_mul, ANT__E_sub, RIGHT, ANT__E_mul_from, 2},
    {ANT__E_mul, ANT__E_mul, EITHER, ANT__E_mul_mul, 2},
    {ANT__E_div, ANT__E_sub, RIGHT, ANT__E_div_from, 2},
};

static bool one_operand(int code) {
    return code == ANT__E_scale || code == ANT__E_shift;
}

/* How many operands read register r; a step's unused operands repeat its first. */
static int reads(const ant_fused_step *s, int r) {
    return (s->a == r) + (s->b == r && s->b != s->a) + (s->c == r && s->c != s->a && s->c != s->b);
}

static int readers(const ant_fused *f, int r) {
    int n = 0;
    for (int s = 0; s < f->n_steps; s++)
        n += f->step[s].code ? reads(&f->step[s], r) : 0;
    return n;
}

static const pair *find(const ant_fused_step *first, const ant_fused_step *second, int r) {
    for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++) {
        const pair *p = &pairs[k];
        bool left = second->a == r && (one_operand(second->code) || second->b != r);
        bool right = second->b == r && second->a != r;
        if (p->first == first->code && p->second == second->code &&
            ((left && p->side != RIGHT) || (right && p->side != LEFT)))
            return p;
    }
    return NULL;
}

/* The step `second` takes over what `first` does, which is no step any more. */
static void join(ant_fused_step *first, ant_fused_step *second, const pair *p, int r) {
    int other = second->a == r ? second->b : second->a;
    bool numbered = one_operand(second->code);
    second->code = p->joint;
    second->a = first->a;
    second->b = p->operands == 2 ? first->b : numbered ? first->a : other;
    second->c = p->operands == 2 && !numbered ? other : second->a;
    second->f = numbered ? second->f : first->f;
    first->code = ANT__E_none;
}

/* Takes the steps that are none out; registers of those behind move up. */
static void close_ranks(ant_fused *f) {
    int at[ANT__E_STEPS], n = 0;
    for (int s = 0; s < f->n_steps; s++) {
        ant_fused_step step = f->step[s];
        at[s] = n;
        if (!step.code)
            continue;
        int *operand[] = {&step.a, &step.b, &step.c};
        for (int k = 0; k < 3; k++)
            if (*operand[k] >= f->n_in)
                *operand[k] = f->n_in + at[*operand[k] - f->n_in];
        f->step[n++] = step;
    }
    f->n_steps = n;
}

static void try_join(ant_fused *f, int s) {
    ant_fused_step *second = &f->step[s];
    for (int k = 0; k < 2; k++) {
        int r = k ? second->b : second->a;
        ant_fused_step *first = r >= f->n_in ? &f->step[r - f->n_in] : NULL;
        const pair *p =
            first && first->output < 0 && readers(f, r) == 1 ? find(first, second, r) : NULL;
        if (p) {
            join(first, second, p, r);
            return;
        }
    }
}

void ant__join_pairs(ant_fused *fused) {
    for (int s = 0; s < fused->n_steps; s++)
        try_join(fused, s);
    close_ranks(fused);
}
