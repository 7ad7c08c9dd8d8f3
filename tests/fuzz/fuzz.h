/* What the fuzz targets share: a budget of memory, and how a target says what went wrong.
 *
 * Each target is a libFuzzer program (meson option `fuzz`; `scripts/fuzz` builds and runs them).
 * The build checks no checksums, so that mutations get past them. A target reads the bytes as the
 * library would, uses all that came out, and frees it; crashes, sanitizers' reports, leaks, more
 * memory than the budget and an error without a text are findings. */
#ifndef ANT_TESTS_FUZZ_H
#define ANT_TESTS_FUZZ_H
#include "core/context.h"
#include <stddef.h>
#include <stdint.h>

/* From now on at most `bytes` may be alive at once; 0: any number. Ends the program when there are
 * more. */
void fuzz_budget(size_t bytes);
/* What every reader promises: twice the size of the file and 16 MB. */
size_t fuzz_promise(size_t size);
/* An error has a text of one line, and text means an error. */
void fuzz_check_error(const ant_fault *e);
/* Ends the program unless `good`. */
void fuzz_expect(bool good, const char *what);
/* Adds up bytes, so that a sanitizer sees each of them read. */
void fuzz_use(const void *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
#endif
