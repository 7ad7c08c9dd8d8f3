/* Zip: the directory, and every member. */
#include "fuzz.h"
#include "io/zip.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    ant_context c = {0};
    ant_zip z;
    fuzz_budget(fuzz_promise(size));
    int code = ant__zip_open(&c, "file", bytes, size, NULL, &z);
    fuzz_budget(0);
    fuzz_check_error(&c.error);
    fuzz_expect(code == c.error.code, "another code than the error's");
    for (int k = 0; !code && k < z.n; k++) {
        unsigned char *out;
        fuzz_use(z.members[k].name, strlen(z.members[k].name));
        if (!ant__zip_extract(&c, &z, &z.members[k], &out))
            fuzz_use(out, (size_t)z.members[k].size);
        fuzz_check_error(&c.error);
        ant__error_clear(&c.error);
    }
    ant__arena_free(&c.arena);
    return 0;
}
