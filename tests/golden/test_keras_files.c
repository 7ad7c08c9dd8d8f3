/* Files that real Keras wrote (tests/golden/keras_files.py): each must be read, predict the same,
 * come back from safetensors and YAML with the same bits, and go on training with the same
 * losses. */
#include "antler/antler.h"
#include "core/options/option.h"
#include "golden.h"
#include "graph/graph.h"
#include "support.h"
#include "twins.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_FILES = 400, PATH = 512 };
/* Of float32, and of models that are float64 throughout. */
static const double rtol[] = {1e-5, 1e-11}, rtol_loss[] = {1e-4, 1e-9};

static char names[MOST_FILES][256];
static int count;

static int by_name(const void *a, const void *b) {
    return strcmp(a, b);
}

static void list_files(void) {
    DIR *d = opendir(GOLDEN_KERAS);
    for (struct dirent *f; d && (f = readdir(d));) {
        const char *dot = strrchr(f->d_name, '.');
        if (dot && (!strcmp(dot, ".keras") || !strcmp(dot, ".h5")) && count < MOST_FILES)
            snprintf(names[count++], sizeof *names, "%s", f->d_name);
    }
    if (d)
        closedir(d);
    qsort(names, (size_t)count, sizeof *names, by_name);
}

/* --- a model and its numbers --- */
typedef struct bench {
    const char *name;
    ant_graph *graph;
    ant_model *model;
    ant_arrays *golden;
    ant_array x[ANT_MAX_PORTS], y[ANT_MAX_PORTS], want[ANT_MAX_PORTS], got[ANT_MAX_PORTS];
    int n_out;
} bench;

static ant_array named(const bench *b, const char *group, const char *name) {
    char key[PATH];
    snprintf(key, sizeof key, "%s/%s", group, name);
    return ant_arrays_named(b->golden, key);
}

static ant_array numbered(const bench *b, const char *group, int k) {
    char number[16];
    snprintf(number, sizeof number, "%d", k);
    return named(b, group, number);
}

static bool is_wide(const bench *b) {
    return b->want[0].dtype == ANT_FLOAT64;
}

static size_t bytes_of(const ant_array *a) {
    size_t n = ant__dtype_size(a->dtype);
    for (int k = 0; k < a->axes; k++)
        n *= (size_t)a->shape[k];
    return n;
}

static int64_t size_of(const ant_array *a) {
    int64_t n = 1;
    for (int k = 0; k < a->axes; k++)
        n *= a->shape[k];
    return n;
}

static void open_model(bench *b, const char *path) {
    b->graph = ant_graph_new(.threads = 2);
    ck_assert_int_eq(twins_register(b->graph), 0);
    b->model = ant_load(b->graph, path);
    ck_assert_msg(!ant_status(b->graph), "%s", ant_error(b->graph));
}

static void open_golden(bench *b) {
    char path[PATH];
    const char *dot = strrchr(b->name, '.');
    snprintf(path, sizeof path, "%s/%.*s.npz", GOLDEN_KERAS, (int)(dot - b->name), b->name);
    b->golden = ant_arrays_new();
    ck_assert_msg(!ant_arrays_read(b->golden, path), "%s", ant_arrays_error(b->golden));
    snprintf(path, sizeof path, "%s/%s", GOLDEN_KERAS, b->name);
    open_model(b, path);
    int n = ant_model_inputs(b->model);
    for (int k = 0; k < n; k++) {
        const char *name = ant_input_name(b->model, k);
        b->x[k] = named(b, "in", name);
        ck_assert_msg(b->x[k].axes > 0, "%s: no numbers for input '%s'", b->name, name);
    }
    for (b->n_out = 0; numbered(b, "out", b->n_out).axes; b->n_out++)
        b->want[b->n_out] = numbered(b, "out", b->n_out);
    ck_assert_int_eq(b->n_out, ant_model_outputs(b->model));
}

static void close_model(bench *b) {
    for (int k = 0; k < b->n_out; k++)
        free(b->got[k].data);
    ant_graph_free(b->graph);
}

static void predict(bench *b) {
    ant_predict_options o = {ANT_PREDICT_DEFAULTS, .model = b->model};
    o.x[0] = ant_several(b->x, ant_model_inputs(b->model));
    o.out[0] = ant_several(b->got, b->n_out);
    for (int k = 0; k < b->n_out; k++) {
        b->got[k] = b->want[k];
        b->got[k].name = NULL;
        memset(b->got[k].strides, 0, sizeof b->got[k].strides);
        b->got[k].data = calloc(bytes_of(&b->got[k]) + 1, 1);
    }
    for (int k = 0; k < ANT_MAX_PORTS; k++)
        b->x[k].name = NULL;
    ck_assert_msg(!ant_predict_(&o, offsetof(ant_predict_options, ant_end)), "%s: %s", b->name,
                  ant_model_error(b->model));
}

static double number(const ant_array *a, int64_t i) {
    ck_assert(a->dtype == ANT_FLOAT32 || a->dtype == ANT_FLOAT64);
    return a->dtype == ANT_FLOAT64 ? ((const double *)a->data)[i]
                                   : (double)((const float *)a->data)[i];
}

static void compare(const bench *b, int k) {
    int64_t n = size_of(&b->want[k]);
    double largest = 0;
    for (int64_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(number(&b->want[k], i)));
    for (int64_t i = 0; i < n; i++) {
        double got = number(&b->got[k], i), want = number(&b->want[k], i);
        ck_assert_msg(fabs(got - want) <= rtol[is_wide(b)] * (fabs(want) + largest),
                      "%s: output %d ('%s'), entry %lld: %.17g, Keras has %.17g", b->name, k,
                      ant_output_name(b->model, k), (long long)i, got, want);
    }
}

/* --- saved and loaded --- */
static void expect_same_structure(const bench *b, const char *what, const ant_tree *want,
                                  const ant_tree *got) {
    ant_context c = {0};
    ck_assert_msg(!want == !got, "%s: the structure of its %s is lost", b->name, what);
    if (want)
        ck_assert_str_eq(ant__tree_text(&c, want), ant__tree_text(&c, got));
    ant__arena_free(&c.arena);
}

static void comes_back(const bench *b, const char *ending) {
    char path[PATH], folder[] = "/tmp/antler-keras-XXXXXX";
    ck_assert(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/model%s", folder, ending);
    ck_assert_msg(!ant_save(b->model, path), "%s: %s", b->name, ant_model_error(b->model));
    bench again = *b;
    open_model(&again, path);
    predict(&again);
    for (int k = 0; k < b->n_out; k++)
        ck_assert_msg(!memcmp(again.got[k].data, b->got[k].data, bytes_of(&b->got[k])),
                      "%s: output %d has other bits after %s", b->name, k, ending);
    const ant_model_body *x = ant__body(b->model), *y = ant__body(again.model);
    expect_same_structure(b, "inputs", x->in_structure, y->in_structure);
    expect_same_structure(b, "outputs", x->out_structure, y->out_structure);
    close_model(&again);
    unlink(path);
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    unlink(path);
    ck_assert(!rmdir(folder));
}

/* --- training goes on --- */
/* Each step is a fit of its own, as in Keras: where it ends, averaged weights take their place. */
static void train_on(bench *b) {
    ant_array loss = ant_arrays_named(b->golden, "loss");
    ant_fit_options o = {ANT_FIT_DEFAULTS, .model = b->model};
    o.shuffle = false;
    for (int k = 0; k < ant_model_inputs(b->model); k++) {
        b->x[k] = named(b, "x", ant_input_name(b->model, k));
        b->x[k].name = NULL;
    }
    for (int k = 0; k < b->n_out; k++) {
        b->y[k] = numbered(b, "y", k);
        b->y[k].name = NULL;
    }
    o.x[0] = ant_several(b->x, ant_model_inputs(b->model));
    o.y[0] = ant_several(b->y, b->n_out);
    for (int64_t step = 0; loss.axes && step < loss.shape[0]; step++) {
        ck_assert_msg(!ant_fit_(&o, offsetof(ant_fit_options, ant_end)), "%s: %s", b->name,
                      ant_model_error(b->model));
        double want = ((const double *)loss.data)[step];
        double got = ant_log(ant_results(b->model), "loss");
        ck_assert_msg(fabs(got - want) <= rtol_loss[is_wide(b)] * fabs(want),
                      "%s: the loss of step %d is %.12g, in Keras %.12g", b->name, (int)step, got,
                      want);
    }
}

/* Keras 3 wrote these but cannot read them (a layer in two models), or it lost the word for what
 * Keras 2 computed (a steeper hard_sigmoid). */
static bool is_beyond_keras(const char *name) {
    static const char *const files[] = {
        "nested_twice.keras",        "old_class_model.h5",     "old_graph.h5",
        "old_recurrent.h5",          "old_v3.keras",           "shared_before_model.keras",
        "shared_behind_model.keras", "shared_in_models.keras", "shared_in_wrapper.keras"};
    for (size_t k = 0; k < sizeof files / sizeof *files; k++)
        if (!strcmp(files[k], name))
            return true;
    return false;
}

static void is_refused(const bench *b) {
    ck_assert_msg(ant_save(b->model, "/tmp/antler-no-such-file.keras") != 0, "%s", b->name);
    ck_assert_msg(strstr(ant_model_error(b->model), "Keras's files") != NULL, "%s: %s", b->name,
                  ant_model_error(b->model));
}

START_TEST(file_of_keras) {
    bench b = {.name = names[_i]};
    open_golden(&b);
    predict(&b);
    for (int k = 0; k < b.n_out; k++)
        compare(&b, k);
    comes_back(&b, ".safetensors");
    comes_back(&b, ".yaml");
    if (is_beyond_keras(b.name))
        is_refused(&b);
    else
        comes_back(&b, ".keras");
    train_on(&b);
    close_model(&b);
    ant_arrays_free(b.golden);
}
END_TEST

START_TEST(there_are_files) {
    ck_assert_int_gt(count, 50);
}
END_TEST

/* --- every class of layers stands in a .keras file --- */
/* Keras has no layers of these names: recorded operations, and models, stand there instead. */
static bool is_exempt(const ant_class *cls) {
    return cls->kind != ANT_LAYER ||
           ant__word_among("InputLayer Functional Sequential Operation", cls->name, false);
}

static void note_classes(ant_names *seen, const char *name) {
    char path[PATH];
    snprintf(path, sizeof path, "%s/%s", GOLDEN_KERAS, name);
    ant_graph *g = ant_graph_new(.threads = 1);
    ck_assert_int_eq(twins_register(g), 0);
    ant_load(g, path, .compile = false);
    ck_assert_msg(!ant_status(g), "%s", ant_error(g));
    for (const ant_layer *l = g->context.layers; l; l = l->next)
        if (ant__names_place(seen, l->cls) < 0)
            ck_assert(ant__names_add(seen, l->cls, NULL));
    ant_graph_free(g);
}

START_TEST(every_class_stands_in_a_file) {
    ant_names seen = {0};
    for (int k = 0; k < count; k++)
        if (strstr(names[k], ".keras"))
            note_classes(&seen, names[k]);
    for (int i = 0; ant__families[i]; i++)
        for (int k = 0; k < ant__families[i]->n; k++) {
            const ant_class *cls = &ant__families[i]->classes[k];
            ck_assert_msg(is_exempt(cls) || ant__names_place(&seen, cls) >= 0,
                          "layer %s: in no .keras file: it needs a case in keras_files.py",
                          cls->name);
        }
    ant__names_free(&seen);
}
END_TEST

/* --- how Keras nests inputs and outputs --- */
static const struct {
    const char *file, *in, *out;
} nested[] = {
    {"dicts.keras", "[p=p, q=q[1]]", "[o=subtract[3], n=p[2], l=[dense, q[1]]]"},
};

START_TEST(structures_are_kept) {
    ant_context c = {0};
    bench b = {.name = nested[_i].file};
    open_golden(&b);
    ck_assert_str_eq(ant__tree_text(&c, ant__body(b.model)->in_structure), nested[_i].in);
    ck_assert_str_eq(ant__tree_text(&c, ant__body(b.model)->out_structure), nested[_i].out);
    const ant_model_body *copy = ant__body(ant_clone(b.model, b.graph, true));
    ck_assert_str_eq(ant__tree_text(&c, copy->in_structure), nested[_i].in);
    ck_assert_str_eq(ant__tree_text(&c, copy->out_structure), nested[_i].out);
    ant__arena_free(&c.arena);
    close_model(&b);
    ant_arrays_free(b.golden);
}
END_TEST

int main(void) {
    list_files();
    const test_entry entries[] = {{there_are_files, 0},
                                  {every_class_stands_in_a_file, 0},
                                  ANT_LOOP(file_of_keras, count),
                                  ANT_LOOP(structures_are_kept, sizeof nested / sizeof *nested)};
    return test_run("keras_files", entries, 4);
}
