/* Time. */
#ifndef ANT_CORE_CLOCK_H
#define ANT_CORE_CLOCK_H

/* Seconds since some moment, by a clock that never goes back. */
double ant__seconds(void);
/* The median of n times, at least one; sorts them. An interrupted one says nothing, and nor does a
 * lucky one. */
double ant__median(double *seconds, int n);
#endif
