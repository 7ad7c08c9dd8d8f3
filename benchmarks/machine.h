/* What this machine can do at most, measured in registers and caches: what floors are made of. */
#ifndef ANT_BENCH_MACHINE_H
#define ANT_BENCH_MACHINE_H

/* With vectors of so many bytes, as the kernels use. */
double machine_flops(int vector_bytes);                       /* per second, one core */
double machine_bandwidth(int vector_bytes, double footprint); /* bytes read per second */
double machine_exponentials(void);                            /* of Antler's own exp, per second */
#endif
