/* Programs: straight lists of ops over typed values, in single-assignment form.
 *
 * A value is a temporary (in the arena), a constant, an input, or what a variable holds. An op
 * class holds side by side its shape rule, what its kernel needs, and its gradient rule, which
 * again only writes ops. Passes (src/core/passes) make a written program into instructions:
 * simplify -> fuse -> plan; ant__program_run is a loop over them.
 *
 * Old and new: read(v) gives a variable's value as the program has it by then, assign(v, x) makes
 * x that value for later reads; the last is committed when the program ends, in place when no read
 * of the old one comes after, else by a copy. Assigned variables carry no gradient.
 */
#ifndef ANT_CORE_PROGRAM_H
#define ANT_CORE_PROGRAM_H
#include "antler/ops.h"
#include "core/context.h"
#include "core/kernels/kernel.h"
#include "core/program/pace.h"
#include "core/shape.h"

/* Numbers that outlive runs. Owned by a layer (weights), a compiled model (slots, totals) or a
 * run (states); a program only borrows it. */
typedef struct ant_variable {
    const char *name;
    int dtype;
    ant_dims dims;
    void *data;
    bool versioned;   /* a weight: every write to it counts in … */
    uint64_t version; /* … this, also those of programs */
} ant_variable;

typedef enum ant_value_kind { ANT__TEMP, ANT__CONST, ANT__INPUT, ANT__VARIABLE } ant_value_kind;
typedef struct ant_op ant_op;
typedef struct ant_op_class ant_op_class;

struct ant_value {
    ant_program *program;
    int id; /* its place among the program's values; order never depends on pointers */
    ant_value_kind kind;
    int dtype;
    ant_dims dims;
    ant_op *from; /* the op that makes it; NULL for the other kinds */
    void *data;   /* of a constant */
    ant_variable *variable;
    struct ant_value_pass *pass; /* what the passes know of it */
    bool needs;                  /* during the gradient pass: a gradient is wanted */
};

typedef struct ant_attrs {
    int64_t i[2 * ANT_MAX_AXES + 4];
    double f[4];
} ant_attrs;

struct ant_op {
    const ant_op_class *cls;
    ant_program *program;
    int n_in, n_out;
    ant_value **in, **out; /* an output that nobody uses is NULL for the kernel */
    ant_attrs attrs;
    ant_program *body;             /* of a scan */
    const struct ant_fused *fused; /* of a fused elementwise chain (passes/fuse.c) */
    int index;                     /* its place in the program */
    bool dead;
};

struct ant_op_class {
    const char *name;
    /* Sets dtype and dims of the outputs (dims may be unknown in scratch programs); 0, or the error
     * told by ant__op_fail. */
    int (*infer)(ant_op *o);
    /* The kernel's row (kernels/kernel.h); its type is the first real type among outputs, then
     * inputs; float64 where there is none, so that ints stay exact. 0: no kernel (views). */
    int kernel;
    /* Pushes what the kernel reads beside pointers and returns into how many cells the work may be
     * cut: from shapes only, never from the number of threads; at least 1. All sizes are known. */
    int64_t (*prep)(const ant_op *o, ant_nums *n);
    /* dy[k] is NULL where output k has no gradient; sets dx[k] where in[k]->needs. NULL: an op
     * without gradient, refused by name (unless `constant`). */
    void (*grad)(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx);
    /* Rules of its own for the simplify pass: may change the op's inputs and attributes (not what
     * it computes); gives the value that output 0 equals, or NULL. */
    ant_value *(*simplify)(ant_op *o);
    /* May output `out` take over the memory of input `in`? NULL: no. */
    bool (*inplace)(const ant_op *o, int out, int in);
    /* Bytes of scratch memory, from shapes only; its pointer comes after the outputs'. NULL:
     * none. */
    size_t (*workspace)(const ant_op *o);
    int elementwise; /* code in kernels/elementwise.h; 0: not elementwise */
    int relu;        /* 1 + the attribute (i) that has it cut negative results; 0: it cannot */
    int limit;       /* 1 + the attribute (f) of the largest result where it cuts; 0: it has none */
    bool view;       /* the output is input 0's memory (reshape) */
    bool constant;   /* its gradient is zero by definition (comparison, argmax, stop_gradient) */
    bool reports;    /* the kernel gets an ant_report * as its last pointer */
    bool impure;     /* never merged or folded (random numbers) */
};

/* --- building (errors are kept in the outermost program) --- */
/* real: ANT_FLOAT32 or ANT_FLOAT64. NULL when out of memory. */
ant_program *ant__program_new(int real);
void ant__program_free(ant_program *p);
int ant__program_real(const ant_program *p);
/* It never runs: constants that are computed need no numbers, which a few words can make many. */
void ant__program_set_shapes_only(ant_program *p);
bool ant__program_shapes_only(const ant_program *p);
/* Speed may cost digits: to be said before anything is written. For a program and its scans. */
void ant__program_set_fast(ant_program *p, bool fast);
bool ant__program_fast(const ant_program *p);
ant_fault *ant__program_error(ant_program *p);
/* Nothing in it, or in its scans, draws random numbers or assigns a variable. */
bool ant__program_pure(const ant_program *p);
int ant__op_fail(const ant_op *o, const char *format, ...) ANT__FORMAT(2, 3); /* "matmul: …" */

/* Writes an op; inputs of outer programs are captured. NULL after an error, else output 0. */
ant_value *ant__emit(ant_program *p, const ant_op_class *cls, const ant_attrs *attrs,
                     ant_value *const *in, int n_in, int n_out);
ant_value *ant__result(ant_value *first, int k); /* output k of the op that made `first` */

ant_value *ant__input(ant_program *p, int dtype,
                      const ant_dims *dims);   /* in order of declaration */
int ant__output(ant_program *p, ant_value *v); /* its number; kept alive and readable after a run */
ant_value *ant__read(ant_program *p, ant_variable *v);
void ant__assign(ant_program *p, ant_variable *v, ant_value *x);
/* Uniform numbers in [0, 1), or standard normal ones: key = seed and path, counter = the step. The
 * counter is a variable (int64, scalar) given once; scans mix their step in. */
void ant__set_counter(ant_program *p, ant_value *counter);
ant_value *ant__random_uniform(ant_program *p, const ant_dims *dims, uint64_t key);
ant_value *ant__random_normal(ant_program *p, const ant_dims *dims, uint64_t key);
/* Sum over the axes along which `dims` was broadcast to v: what gradient rules need. */
ant_value *ant__sum_to(ant_program *p, ant_value *v, const ant_dims *dims);
ant_value *ant__reshape_to(ant_program *p, ant_value *v, const ant_dims *dims);
ant_value *ant__broadcast_to(ant_program *p, ant_value *v, const ant_dims *dims);
ant_value *ant__zeros(ant_program *p, const ant_dims *dims);

/* --- scan: the only control flow --- */
/* body = begin; sequences, carries and outputs are declared in it; end writes the op. Sequences are
 * time-major. Outer values used inside are captured by themselves; a variable assigned inside is
 * lifted to a carry. */
ant_program *ant__scan_begin(ant_program *p, int64_t steps, bool reverse);
ant_value *ant__scan_step(ant_program *body);                   /* int64 scalar: 0, 1, … */
ant_value *ant__scan_sequence(ant_program *body, ant_value *s); /* (T, …) -> (…) */
ant_value *ant__scan_carry(ant_program *body, ant_value *start);
void ant__scan_next(ant_program *body, ant_value *carry, ant_value *next);
int ant__scan_collect(ant_program *body, ant_value *v); /* stacked output's number */
ant_op *ant__scan_end(ant_program *body);               /* NULL after an error */
ant_value *ant__scan_last(ant_op *scan, int carry);     /* a carry after the last step */
ant_value *ant__scan_stacked(ant_op *scan, int k);      /* (T, …) */

/* --- lowering and running --- */
enum {
    ANT__SIMPLIFY = 1, /* fold, merge equals, drop dead ops, transposes into products, hoist */
    ANT__FUSE = 2,     /* elementwise chains, epilogues */
    ANT__PLAN = 4,     /* share memory, run in place */
    ANT__KEEP = 8,     /* what depends on weights only is computed once per version of them */
    ANT__ALL_PASSES = 15
};
int ant__program_lower(ant_program *p, int passes);
size_t ant__program_arena(const ant_program *p); /* bytes it needs, after lowering */
/* Pointers patched into the instructions; the arena is 64-byte aligned with 128 bytes of slack.
 * Inputs may lie anywhere that their type may: nothing is read behind their end. */
void ant__program_bind_arena(ant_program *p, void *arena);
void ant__program_bind_input(ant_program *p, int k, const void *data);
/* Variables may move (states that grow, weights that are replaced): binds them all anew. */
void ant__program_bind_variables(ant_program *p);
const void *ant__program_output(const ant_program *p, int k);
const ant_value *ant__program_output_value(const ant_program *p, int k);
/* The hot path: a loop over instructions. 0 or what a kernel reported, which ends the run:
 * variables may have been assigned by then or not. pool NULL: this thread. */
typedef struct ant_report {
    int code;             /* 0, or ANT_E_DATA: written by a kernel at most once a run */
    int64_t value, limit; /* "index 7 is outside [0, 5)" */
    const char *what;
} ant_report;
struct ant_pool;
int ant__program_run(ant_program *p, struct ant_pool *pool, ant_report *report);

/* --- looking at it: for `profile`, tests and benchmarks --- */
int ant__program_instructions(const ant_program *p);
const char *ant__program_instruction_name(const ant_program *p, int k);
/* What instruction k moves and does, from shapes: bytes of its inputs and outputs, operations on
 * reals, and functions such as exp. Products, convolutions and recurrent layers are counted; of
 * others, one operation per result and step of a fused chain. */
typedef struct ant_cost {
    double bytes, operations, exponentials;
} ant_cost;
ant_cost ant__program_cost(const ant_program *p, int k);
/* Whether its runs are shared among threads: for who runs it again and again. */
ant_pace *ant__program_pace(ant_program *p);
/* As ant__program_run; seconds[k] becomes what instruction k took. */
int ant__program_run_timed(ant_program *p, struct ant_pool *pool, ant_report *report,
                           double *seconds);
#endif
