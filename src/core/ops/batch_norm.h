/* Batch normalization's classes, and what the passes do with them. */
#ifndef ANT_CORE_OPS_BATCH_NORM_H
#define ANT_CORE_OPS_BATCH_NORM_H
#include "core/program/inside.h"

/* normalize_spans: normalize's result added up over spans of rows of equal length, as many as the
 * result has rows; made by the passes. */
extern const ant_op_class ant__normalize_class, ant__normalize_spans_class,
    ant__normalize_sums_class, ant__normalize_back_class;

/* Can normalize_sums and normalize_back read a dy of these dims, which broadcasts to x? */
bool ant__normalize_takes(const ant_op *o, const ant_dims *dy);
/* The same op, whose dy is `before` where 0 < gate < limit, else 0 (gate NULL: everywhere), without
 * its outputs. A gate that is x normalized is not read, but computed. NULL: out of memory. */
ant_op *ant__normalize_from(const ant_op *o, ant_value *before, ant_value *gate, double limit);
#endif
