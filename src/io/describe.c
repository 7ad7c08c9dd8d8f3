/* What a file is and what is in it, as `antler info FILE` shows it. */
#include "antler/train.h"
#include "io/array.h"
#include "io/csv.h"
#include "io/experiment.h"
#include "io/gzip.h"
#include "io/hdf5/hdf5.h"
#include "io/idx.h"
#include "io/keras/keras.h"
#include "io/model_file.h"
#include "io/npy.h"
#include "io/zip.h"
#include <string.h>

enum { SHOWN = 20 };

typedef struct teller {
    ant_context *c;
    const char *path;
    ant_bytes bytes;
    ant_buffer *out;
} teller;

static void put_arrays(ant_buffer *b, const ant_arrays *d) {
    char text[ANT__DIMS_TEXT];
    int n = ant_arrays_count(d);
    for (int k = 0; k < n && k < SHOWN; k++) {
        ant_array a = ant_arrays_at(d, k);
        ant_dims dims = {.rank = a.axes};
        memcpy(dims.dim, a.shape, sizeof dims.dim);
        ant__put_format(b, "  %s%s%s %s\n", a.name ? a.name : "", a.name ? ": " : "",
                        ant__dtype_name(a.dtype), ant__dims_text(&dims, text));
    }
    if (n > SHOWN)
        ant__put_format(b, "  … and %d more\n", n - SHOWN);
}

static int tell_arrays(teller *t, const char *kind) {
    ant_arrays *d = ant_arrays_new();
    int code = d ? ant_arrays_read(d, t->path) : ant__fail_memory(&t->c->error);
    if (d && code)
        ant__fail(&t->c->error, code, "%s", ant_arrays_error(d));
    if (!code) {
        ant__put_format(t->out, "%s, %d array%s\n", kind, ant_arrays_count(d),
                        ant_arrays_count(d) == 1 ? "" : "s");
        put_arrays(t->out, d);
    }
    ant_arrays_free(d);
    return code;
}

static int tell_table(teller *t) {
    ant_table table;
    if (ant__csv_read(t->c, t->path, NULL, &table))
        return t->c->error.code;
    ant__put_format(t->out, "csv, %lld rows, %d columns\n", (long long)table.rows, table.n);
    for (int k = 0; k < table.n && k < SHOWN; k++) {
        const ant_column *x = &table.columns[k];
        ant__put_format(t->out, "  %s: %s%s\n", x->name, x->is_text ? "text" : "numbers",
                        x->missing.line ? ", some missing"
                        : x->wrong.line ? ", some wrong"
                                        : "");
    }
    if (table.n > SHOWN)
        ant__put_format(t->out, "  … and %d more\n", table.n - SHOWN);
    return 0;
}

static void put_model(teller *t, const char *kind, const ant_experiment *e) {
    ant_model *m = e->model;
    ant__put_format(t->out, "%s, model '%s' (%s)\n", kind, ant_name(m), m->cls->name);
    ant__put_format(t->out, "  layers: %d\n", ant_layer_count(m));
    ant__put_format(t->out, "  parameters: %lld\n", (long long)ant_parameter_count(m, false));
    for (int k = 0; k < ant_model_inputs(m); k++)
        ant__put_format(t->out, "  input: %s\n", ant_input_name(m, k));
    for (int k = 0; k < ant_model_outputs(m); k++)
        ant__put_format(t->out, "  output: %s\n", ant_output_name(m, k));
    ant__put_format(t->out, "  weights: %s\n", e->has_weights ? "trained" : "none yet");
    if (ant_iterations(m))
        ant__put_format(t->out, "  steps trained: %lld\n", (long long)ant_iterations(m));
    if (e->recipe)
        ant__put_format(t->out, "  data: %s\n",
                        e->recipe->file ? e->recipe->file : "how rows become inputs");
}

static void put_warning(void *data, const char *text) {
    ant__put_format(data, "  warning: %s\n", text);
}

static int tell_model(teller *t, const char *kind) {
    ant_experiment e;
    ant_buffer warnings = {0};
    ant_graph *g = ant_graph_new(.threads = 1, .warn = put_warning, .warn_data = &warnings);
    if (!g)
        return ant__fail_memory(&t->c->error);
    ant__free(t->bytes.at); /* it is read again */
    t->bytes.at = NULL;
    int code = ant__experiment_open(g, t->path, ANT__COMPILE_OR_WARN, NULL, NULL, 0, &e);
    if (code)
        ant__fail(&t->c->error, code, "%s", ant_error(g));
    else
        put_model(t, kind, &e);
    if (!code && warnings.at)
        ant__put(t->out, warnings.at);
    t->out->failed |= warnings.failed;
    ant__buffer_free(&warnings);
    ant__experiment_close(&e);
    ant_graph_free(g);
    return code;
}

static int tell_tensors(teller *t) {
    ant_safetensors s;
    if (ant__safetensors_parse(t->c, t->path, t->bytes.at, t->bytes.size, NULL, &s))
        return t->c->error.code;
    return ant__safetensors_note(&s, "config") ? tell_model(t, "Antler model (safetensors)")
                                               : tell_arrays(t, "safetensors");
}

static bool is_yaml(const char *path) {
    return ant__file_ends(path, ".yaml") || ant__file_ends(path, ".yml");
}

static int tell(teller *t) {
    const unsigned char *at = t->bytes.at;
    size_t size = t->bytes.size;
    if (!size)
        return ant__fail(&t->c->error, ANT_E_FORMAT, "%s: the file is empty", t->path);
    if (ant__npy_is(at, size))
        return tell_arrays(t, "npy");
    if (ant__keras_is(at, size))
        return tell_model(t, "Keras model (.keras)");
    if (ant__keras_legacy_is(at, size))
        return tell_model(t, "Keras model (.h5)");
    if (ant__zip_is(at, size))
        return tell_arrays(t, "npz");
    if (ant__safetensors_is(at, size) || ant__file_ends(t->path, ".safetensors"))
        return tell_tensors(t);
    if (ant__hdf5_is(at, size))
        return tell_arrays(t, "HDF5");
    if (ant__gzip_is(at, size))
        return tell_arrays(t, ant__idx_named(t->path) ? "idx, packed by gzip" : "packed by gzip");
    if (ant__idx_is(at, size) || ant__idx_named(t->path))
        return tell_arrays(t, "idx");
    return is_yaml(t->path) ? tell_model(t, "YAML") : tell_table(t);
}

int ant__file_describe(ant_context *c, const char *path, ant_buffer *out) {
    teller t = {.c = c, .path = path, .out = out};
    if (ant__file_read(&c->error, path, 0, NULL, &t.bytes))
        return c->error.code;
    int code = tell(&t);
    ant__free(t.bytes.at);
    return code ? code : out->failed ? ant__fail_memory(&c->error) : 0;
}
