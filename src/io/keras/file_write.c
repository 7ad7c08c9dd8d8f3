/* .keras: a zip archive of three stored members. .weights.h5: the last of them alone. */
#include "io/keras/write.h"
#include "io/zip.h"
#include <time.h>

/* The release whose layout is written. */
static const char keras_version[] = "3.15.1";

static ant_tree *metadata(ant_context *c, const ant_model *m) {
    char date[32];
    time_t now = time(NULL);
    struct tm local;
    ant_tree *t = ant__keras_map(c);
    if (!localtime_r(&now, &local) || !strftime(date, sizeof date, "%Y-%m-%d@%H:%M:%S", &local))
        date[0] = 0;
    ant__keras_put(t, "keras_version", ant__keras_text(c, keras_version));
    ant__keras_put(t, "date_saved", ant__keras_text(c, ant__arena_text(&c->arena, date)));
    ant__keras_put(t, "antler", ant__keras_notes(c, m));
    return c->error.code ? NULL : t;
}

/* Everything is ready before the file is begun. */
typedef struct members {
    ant_buffer metadata, config, weights;
} members;

static int put_json(ant_context *c, ant_buffer *out, const ant_tree *t) {
    if (!t)
        return c->error.code;
    return ant__json_put(out, t) ? ant__fail_memory(&c->error) : 0;
}

static int put_weights(ant_context *c, ant_model *m, ant_state_of what, ant_buffer *out) {
    const ant_hdf5_node *root = ant__keras_weights_tree(c, m, what);
    return root ? ant__hdf5_write(c, root, out) : c->error.code;
}

static int make_members(ant_context *c, ant_model *m, members *out) {
    int code = put_json(c, &out->config, ant__keras_config_write(c, m));
    if (!code)
        code = put_json(c, &out->metadata, metadata(c, m));
    return code ? code : put_weights(c, m, ANT__WEIGHTS_AND_OPTIMIZER, &out->weights);
}

static int write_archive(ant_fault *e, const char *path, const members *all) {
    ant_replacement file;
    if (ant__replace_begin(e, &file, path))
        return e->code;
    ant_zip_writer w = {.error = e, .file = &file};
    const struct {
        const char *name;
        const ant_buffer *content;
    } list[] = {{"metadata.json", &all->metadata},
                {"config.json", &all->config},
                {ant__keras_weights_member, &all->weights}};
    int code = 0;
    for (size_t k = 0; k < sizeof list / sizeof *list && !code; k++)
        code = ant__zip_add(&w, list[k].name, list[k].content->at, list[k].content->size, NULL, 0);
    code = ant__zip_end(&w);
    if (!code)
        return ant__replace_commit(e, &file);
    ant__replace_cancel(&file);
    return code;
}

int ant__keras_save(ant_context *c, ant_model *m, const char *path) {
    members all = {0};
    int code = ant__keras_masks_check(c, m);
    if (!code)
        code = make_members(c, m, &all);
    if (!code)
        code = write_archive(&c->error, path, &all);
    ant__buffer_free(&all.metadata);
    ant__buffer_free(&all.config);
    ant__buffer_free(&all.weights);
    return code;
}

int ant__keras_save_weights(ant_context *c, ant_model *m, const char *path) {
    ant_buffer b = {0};
    int code = put_weights(c, m, ANT__WEIGHTS, &b);
    if (!code)
        code = ant__file_write(&c->error, path, b.at, b.size);
    ant__buffer_free(&b);
    return code;
}
