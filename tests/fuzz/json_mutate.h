/* Changes to a text of JSON that mostly leave it JSON, so that a reader gets past its parser. */
#ifndef ANT_TESTS_FUZZ_JSON_MUTATE_H
#define ANT_TESTS_FUZZ_JSON_MUTATE_H
#include <stddef.h>
#include <stdint.h>

/* Changes the text in place, once; its new size, at most `most`. `seed` says which change. */
size_t fuzz_json_mutate(char *text, size_t size, size_t most, unsigned seed);
/* One value of the text becomes one of `other`. */
size_t fuzz_json_cross(char *text, size_t size, size_t most, const char *other, size_t other_size,
                       unsigned seed);
#endif
