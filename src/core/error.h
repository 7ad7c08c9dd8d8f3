/* Errors: a code and one line that says what, where and what was expected. The first is kept. */
#ifndef ANT_CORE_ERROR_H
#define ANT_CORE_ERROR_H
#include "antler/types.h"

enum { ANT__ERROR_SIZE = 1024 };
typedef struct ant_fault {
    int code; /* 0: none */
    char text[ANT__ERROR_SIZE];
} ant_fault;

/* Keeps the first error; returns its code, so that `return ant__fail(…)` ends a function. Control
 * characters become '?'. */
int ant__fail(ant_fault *e, int code, const char *format, ...) ANT__FORMAT(3, 4);
int ant__fail_memory(ant_fault *e);
/* Puts "file:line: " or "layer: " before a text that is there already. */
void ant__error_before(ant_fault *e, const char *format, ...) ANT__FORMAT(2, 3);
void ant__error_clear(ant_fault *e);
/* Takes over the error of work that had a fault of its own, unless there is one. */
void ant__fault_move(ant_fault *to, const ant_fault *from);
#endif
