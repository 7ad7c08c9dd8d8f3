/* The passes from a written program to one that can run; each works on one program, bodies of its
 * scans among it, and can be switched off. Order: simplify, norms, deep, losses, updates, epilogue,
 * fuse, keep, plan. They return 0 or the program's error. */
#ifndef ANT_CORE_PASSES_H
#define ANT_CORE_PASSES_H
#include "core/program/inside.h"

/* Follows aliases, folds constants, merges equal ops, drops what nobody uses. Without
 * ANT__SIMPLIFY only the last, which the other passes count on. */
int ant__simplify(ant_program *p, int passes);
/* Normalizations by weights go into the kernels before them. Uses are counted. */
int ant__fold_norms(ant_program *p);
/* Products with large weights that are trained are made in pieces. Uses are counted. */
int ant__cut_deep(ant_program *p);
/* A loss, its gradient and its mean become one op. Uses are counted. */
int ant__join_losses(ant_program *p);
/* Adam takes the products in that give large weights' gradients. Uses are counted. */
int ant__join_updates(ant_program *p);
/* Products take their bias and relu in. Uses are counted. */
int ant__epilogue(ant_program *p);
/* The op that makes v, when v is only made for one other; else NULL. */
ant_op *ant__only_maker(const ant_value *v);
/* Elementwise ops become ops of class `fused`, with ANT__FUSE chains of them one. */
int ant__fuse(ant_program *p, int passes);
/* Chains that take the same steps to results that no op reads become one op. Part of ant__fuse. */
int ant__join_alike(ant_program *p);
/* Takes what depends on weights only out of the outermost program, and packs weights for
 * products. */
int ant__keep(ant_program *p);
/* A constant, or a weight that the program does not write: the same in every run until its version
 * changes. */
bool ant__is_settled(const ant_program *p, ant_value *v);
/* Notes which weights the program writes. */
int ant__note_written(ant_program *p);
/* Gives every value its memory: place and offset. Without ANT__PLAN none is shared. */
int ant__plan(ant_program *p, int passes);

/* Calls f on every value that the program gives to the outside: outputs, what is assigned, next
 * values of carries, stacked ones. f may replace it. */
typedef void ant_root_fn(void *data, ant_value **v);
void ant__each_root(ant_program *p, ant_root_fn *f, void *data);
/* Counts uses, marks dead ops and takes them and their values out of the program. */
void ant__drop_dead(ant_program *p);
/* Takes ops that are marked dead out of the program's list, and numbers the others. */
void ant__close_ranks(ant_program *p);
/* Computes an op whose inputs are constants, now; its outputs become constants. */
bool ant__fold(ant_op *o);
/* A table of ops that were seen; gives an earlier op that computes the same, or NULL. */
typedef struct ant_seen {
    int *table;
    int room;
} ant_seen;
bool ant__seen_new(ant_seen *s, ant_program *p);
ant_op *ant__seen_equal(ant_seen *s, ant_program *p, ant_op *o);
/* Gives each constant of one entry the first equal one as alias. */
void ant__merge_constants(ant_seen *s, ant_program *p);
void ant__seen_free(ant_seen *s);

/* A max pooling whose map's other readers are its gradient and a gate joins the convolution before
 * it, with an output more; else nothing happens. false: out of memory. */
bool ant__note_winners(ant_op *pool);

/* The kernel's gradient of a convolution takes the pool_spread before it in, where nothing else
 * reads that but a sum; else nothing happens. false: out of memory. */
bool ant__join_spread(ant_op *spread);

/* Moves the ops of a scan's body that give the same in every step before the scan, which is op `at`
 * of its program; gives how many. */
int ant__hoist(ant_op *scan, int at);
/* The ops from `first` on, which were added at the end, go before the one at `at`. */
bool ant__bring_forward(ant_program *p, int at, int first);
/* The same, and they stand in for op `at`, which is dead then: they end with the op that makes y,
 * the op's only result from now on. false: out of memory. */
bool ant__stand_in(ant_program *p, int at, int first, ant_value *y);

extern const ant_op_class ant__fused_class, ant__copy_class;
/* A fused op of these members, whose last is the one that it stands for. NULL: out of memory. */
ant_op *ant__fused_op(ant_op *const *member, int n, ant_value *const *in, int n_in);
/* Joins steps whose result only the next one reads: fewer passes over a tile, the same numbers. */
struct ant_fused;
void ant__join_pairs(struct ant_fused *fused);
/* The value whose memory v lies in (itself unless its op is a view). */
ant_value *ant__base(ant_value *v);
/* Gives each committed value memory of its own, by copies where it has none. 0 or the error. */
int ant__own_commits(ant_program *p);

/* --- plan --- */
/* A piece of memory: of a value and its views, or an op's workspace. Times are indices of ops. */
typedef struct ant_storage {
    size_t size;
    int first, last; /* written first and read last; first -1: nobody writes it in this program */
    int place;       /* ANT__PLACE_NONE until it has one */
    int into;        /* the storage that this one is part of; -1: none */
    size_t offset;
} ant_storage;
/* Offsets in the arena for all storages without a place; gives them ANT__ARENA_PLACE. Returns the
 * arena's bytes, SIZE_MAX when out of memory. shared: storages of different times may overlap. */
size_t ant__offsets(ant_storage *s, int n, int ops, bool shared);
#endif
