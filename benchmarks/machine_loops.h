/* The loops of machine.c for one instruction set: LOOP(name) names them, TARGET says the set, BYTES
 * are those of a vector. Included once for each set, so without a guard. */

TARGET static double LOOP(flops)(void) {
    typedef float vec __attribute__((vector_size(BYTES)));
    vec sum[CHAINS] = {{0}}, factor = {0}, term = {0};
    factor += 0.5f, term += 1;
    for (int k = 0; k < CHAINS; k++) /* all unlike each other, or one would do for all */
        sum[k] += (float)k;
    const long long start = nanoseconds();
    for (int turn = 0; turn < TURNS; turn++) {
        UNROLL
        for (int k = 0; k < CHAINS; k++)
            sum[k] = sum[k] * factor + term;
    }
    const double seconds = 1e-9 * (double)(nanoseconds() - start);
    for (int k = 1; k < CHAINS; k++)
        sum[0] += sum[k];
    sink = sum[0][0];
    return 2.0 * TURNS * CHAINS * (BYTES / 4.0) / seconds;
}

/* Reads `bytes`, a multiple of 8 vectors. */
TARGET static void LOOP(read)(const char *at, size_t bytes) {
    typedef float vec __attribute__((vector_size(BYTES)));
    vec sum[8] = {{0}};
    for (const char *end = at + bytes; at < end; at += 8 * BYTES) {
        UNROLL
        for (int k = 0; k < 8; k++)
            sum[k] += *(const vec *)(const void *)(at + k * BYTES);
    }
    for (int k = 1; k < 8; k++)
        sum[0] += sum[k];
    sink = sum[0][0];
}
