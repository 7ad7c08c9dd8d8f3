/* What was measured of a program, as a table or as JSON: for `antler profile` and antler-bench. */
#ifndef ANT_TOOL_PROFILE_TABLE_H
#define ANT_TOOL_PROFILE_TABLE_H
#include "graph/graph.h"

double profile_seconds(const ant_measure *m); /* of one run */
void profile_print_table(const ant_measure *m);
void profile_print_json(const ant_measure *m);
#endif
