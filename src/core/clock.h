/* Time. */
#ifndef ANT_CORE_CLOCK_H
#define ANT_CORE_CLOCK_H

/* Seconds since some moment, by a clock that never goes back. */
double ant__seconds(void);
#endif
