/* Archives, and what loading them says. */
#include "keras_make.h"
#include "antler/antler.h"
#include "hostile.h"
#include "io/zip.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char metadata[] = "{\"keras_version\": \"3.15.1\", \"date_saved\": \"x\"}";

const char *archive(const part *parts, int n) {
    const char *path = scratch_path("m.keras");
    ant_fault e = {0};
    ant_replacement file;
    ck_assert(!ant__replace_begin(&e, &file, path));
    ant_zip_writer w = {.error = &e, .file = &file};
    for (int k = 0; k < n; k++) {
        size_t size = parts[k].size ? parts[k].size : strlen(parts[k].text);
        ck_assert(!ant__zip_add(&w, parts[k].name, parts[k].text, size, NULL, 0));
    }
    ck_assert(!ant__zip_end(&w));
    ck_assert(!ant__replace_commit(&e, &file));
    return path;
}

char *quoted(const char *text) {
    char *copy = malloc(strlen(text) + 1), *to = copy;
    ck_assert(copy);
    while ((*to = *text++))
        if (*to++ == '\'')
            to[-1] = '"';
    return copy;
}

const char *with_config(const char *config) {
    const part parts[] = {{"metadata.json", metadata, 0},
                          {"config.json", config, 0},
                          {"model.weights.h5", "nothing", 0}};
    return archive(parts, 3);
}

char warning[1024];

void note_warning(void *data, const char *text) {
    (void)data;
    snprintf(warning, sizeof warning, "%s", text);
}

const char *error_of(const char *path) {
    static char text[2048];
    ant_graph *g = ant_graph_new(.threads = 1, .warn = note_warning);
    *warning = 0;
    ant_load(g, path);
    snprintf(text, sizeof text, "%s", ant_error(g));
    ck_assert(!strchr(text, '\n'));
    ant_graph_free(g);
    return text;
}
