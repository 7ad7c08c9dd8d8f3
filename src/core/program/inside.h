/* Inside a program: what building it, the passes and running it share. */
#ifndef ANT_CORE_PROGRAM_INSIDE_H
#define ANT_CORE_PROGRAM_INSIDE_H
#include "core/program/program.h"

/* What passes know of a value; each field is one pass's own and says nothing after it. */
struct ant_value_pass {
    ant_value *adjoint; /* gradient: the sum of what has come back so far */
    ant_value *mirror;  /* scan's gradient: the value as the backward body sees it */
    ant_value *alias;   /* simplify: another value that this one equals */
    int uses;           /* simplify: by live ops and as what the program gives */
    ant_value *home;    /* plan: the old value that it is committed over */
    int place;          /* plan: where its memory is, an index into places … */
    size_t offset;      /* … and how many bytes from the place's start */
};

/* A variable as a program sees it: the value it began with and the one it has now. */
typedef struct ant_cell {
    ant_variable *variable;
    ant_value *old, *now;
} ant_cell;

/* How values enter a scan's body: `in` is the body's own input, `outer` what it is outside. A carry
 * has the value `next` after a step. */
typedef struct ant_port {
    ant_value *in, *outer, *next;
} ant_port;

/* A committed value that could not be written where it belongs: copied when the program ends. */
typedef struct ant_commit {
    ant_value *from, *to;
} ant_commit;

/* One call of a kernel. */
typedef struct ant_instruction {
    ant_kernel *kernel;
    void **at;
    const ant_num *nums;
    int64_t cells;
    const char *name;
} ant_instruction;

/* An op that depends on weights only (passes/keep.c): run before the program when their versions,
 * added up, are not what they were. */
typedef struct ant_kept {
    const ant_op *op;
    ant_kernel *kernel;
    void **at;
    const ant_num *nums;
    int64_t cells;
    ANT__LIST(ant_variable *) sources;
    bool ready;
    uint64_t versions;
} ant_kept;

/* A pointer of an instruction that lies in a place: patched when the place is bound. */
typedef struct ant_slot {
    void **at;
    size_t offset;
    int place;
} ant_slot;

/* Memory that is bound as a whole. Its slots are slots[first_slot] and on, up to those of the next
 * place. */
typedef struct ant_place {
    const void *pointer;
    const ant_variable *variable; /* whose memory it is; NULL: not a variable's */
    int first_slot;
} ant_place;
enum {
    ANT__PLACE_NONE = -1, /* nobody uses it: NULL for the kernel */
    ANT__PLACE_FIXED = -2 /* a constant: its pointer never changes */
};
enum { ANT__ARENA_PLACE = 0 };

/* What a program and the bodies of its scans have in common; freed with the outermost program. */
typedef struct ant_shared {
    ant_fault error;
    ant_arena arena;              /* ops, values and constants */
    ANT__LIST(ant_program *) all; /* the outermost first */
    ant_report report;            /* of the run under way */
    struct ant_pool *pool;
    bool fast; /* the last digits may go */
    bool shapes_only;
} ant_shared;

struct ant_program {
    ant_shared *shared;
    ant_program *parent; /* of a scan's body */
    int real;
    ANT__LIST(ant_op *) ops;
    ANT__LIST(ant_value *) values;
    ANT__LIST(ant_value *) inputs;
    ANT__LIST(ant_value *) outputs;
    ANT__LIST(ant_cell) cells;
    int *cell_table; /* open addressing by variable: index of its cell + 1 */
    int cell_room;
    ant_value *counter; /* of random numbers; bodies make theirs when first asked */

    /* of a scan's body */
    ANT__LIST(ant_port) carries;
    ANT__LIST(ant_port) sequences;
    ANT__LIST(ant_port) captures;
    ANT__LIST(ant_value *) stacked; /* NULL: nobody uses it */
    ant_value *step;
    int64_t steps;
    bool reverse, ended;
    size_t carry_bytes; /* memory of all carries, before the body's arena */
    size_t *workspace;  /* plan: by op, its workspace's offset in the arena */

    /* lowered */
    bool lowered;
    ANT__LIST(ant_kept) kept;
    ANT__LIST(ant_variable *) written; /* versioned ones that a run writes */
    ANT__LIST(ant_commit) commits;
    ANT__LIST(ant_instruction) code;
    ANT__LIST(ant_place) places; /* one more at the end, for first_slot */
    ANT__LIST(ant_slot) slots;   /* sorted by place */
    size_t arena_bytes;
    ant_pace pace;
};

/* What a core takes in one run for what threads may share, about; once the instructions are
 * there. */
double ant__shared_seconds(const ant_program *p);

/* --- values and ops --- */
ant_program *ant__program_within(ant_program *parent);
ant_value *ant__value_new(ant_program *p, ant_value_kind kind, int dtype, const ant_dims *dims);
/* Not yet in the program's list; its outputs have no dims yet. */
ant_op *ant__op_new(ant_program *p, const ant_op_class *cls, const ant_attrs *attrs, int n_in,
                    int n_out);
/* The same without output values: `out` has room for n_out. */
ant_op *ant__op_bare(ant_program *p, const ant_op_class *cls, const ant_attrs *attrs, int n_in,
                     int n_out);
/* A constant with zeroed memory of its own. */
ant_value *ant__constant_new(ant_program *p, int dtype, const ant_dims *dims);
/* Memory that lives as long as the program, for a kernel's numbers: 64-byte aligned with slack. */
void *ant__program_numbers(ant_program *p, size_t bytes);
void *ant__program_alloc(ant_program *p, size_t count, size_t size);
/* The value as p sees it: itself, or what it is captured as. NULL after an error. */
ant_value *ant__local(ant_program *p, ant_value *v);
/* True when nothing more can be written. */
bool ant__program_dead(const ant_program *p);
int ant__program_fail_memory(ant_program *p);
/* The counter of random numbers, mixed with the steps of the scans around; NULL after an error. */
ant_value *ant__program_counter(ant_program *p);
/* Bytes of a value with all sizes known. */
size_t ant__value_bytes(const ant_value *v);

/* --- scans --- */
extern const ant_op_class ant__scan_class;
/* One more stacked output of a scan that is written already. */
ant_value *ant__scan_residual(ant_op *scan, ant_value *v);
void ant__scan_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx);
/* Is there a gradient through carry i? Not through assigned variables. */
bool ant__scan_flows(const ant_program *body, int i);
size_t ant__scan_workspace(const ant_op *o);
ant_kernel ant__scan_kernel;

/* --- code --- */
/* Writes the instructions of a planned program. 0 or the error. */
int ant__program_assemble(ant_program *p);
/* The function for an op: by the processor and by its types. */
ant_kernel *ant__op_kernel(const ant_op *o);
void ant__place_bind(ant_program *p, int place, const void *pointer);
/* at + bytes; NULL (an empty arena, an empty value) stays NULL. */
static inline void *ant__at(const void *at, size_t bytes) {
    return at ? (char *)(uintptr_t)at + bytes : NULL;
}
#endif
