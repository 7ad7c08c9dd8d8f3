/* An experiment's rows: from its data section, csv, npz or npy into arrays for the model. */
#include "antler/data.h"
#include "graph/graph.h"
#include "io/array.h"
#include "io/experiment.h"
#include "train/train.h"
#include <string.h>

static ant_context *context_of(const ant_experiment *e) {
    return &e->graph->context;
}

/* --- csv without a recipe: all columns but the targets are inputs --- */
static ant_tree *list_of(ant_context *c, const char *key, const char *names) {
    ant_tree *list = ant__tree_new(c, ANT__ITEMS, key, NULL);
    for (const char *at = names; list && *at;) {
        size_t n = strcspn(at, ",");
        const char *name = ant__arena_bytes(&c->arena, at, n);
        ant_tree *x = name ? ant__tree_new(c, ANT__QUOTED, NULL, name) : NULL;
        if (!x)
            return NULL;
        ant__tree_add(list, x);
        at += n + (at[n] == ',');
    }
    return list;
}

/* What the data section says under a key, for another one beside it. */
static void keep(ant_experiment *e, const char *key, ant_tree *out) {
    const ant_tree *data = e->tree ? ant__tree_get(e->tree, "data") : NULL;
    const ant_tree *said = data && data->kind == ANT__MAP ? ant__tree_get(data, key) : NULL;
    ant_tree *copy = said && out ? ant__tree_new(context_of(e), said->kind, key, NULL) : NULL;
    if (!copy)
        return;
    *copy = *said;
    copy->next = NULL;
    ant__tree_add(out, copy);
}

/* {y: {columns: [a, b]}}, or with several outputs {y: {out_1: {columns: [a]}, …}}. */
static ant_tree *targets_tree(ant_experiment *e, const char *targets) {
    ant_context *c = context_of(e);
    ant_tree *top = ant__tree_new(c, ANT__MAP, NULL, NULL),
             *y = ant__tree_new(c, ANT__MAP, "y", NULL);
    ant_tree *all = list_of(c, "columns", targets);
    int n = ant_model_outputs(e->model), k = 0;
    if (!top || !y || !all)
        return NULL;
    ant__tree_add(top, y);
    if (n == 1 || ant__tree_count(all) != n) {
        ant__tree_add(y, all);
        return top;
    }
    for (ant_tree *x = all->first; x; x = x->next, k++) {
        ant_tree *port = ant__tree_new(c, ANT__MAP, ant_output_name(e->model, k), NULL);
        ant_tree *column = ant__tree_new(c, ANT__QUOTED, "column", x->text);
        if (!port || !column)
            return NULL;
        ant__tree_add(port, column);
        ant__tree_add(y, port);
    }
    return top;
}

static int make_recipe(ant_experiment *e, const char *path, const char *targets, bool want) {
    ant_context *c = context_of(e);
    if (want && !targets)
        return ant__fail(&c->error, ANT_E_DATA,
                         "%s: which columns are the targets? (--target COLUMN,…)", path);
    ant_tree *t = targets ? targets_tree(e, targets) : ant__tree_new(c, ANT__MAP, NULL, NULL);
    if (!e->recipe || !e->recipe->arrays)
        keep(e, "x", t);
    keep(e, "test", t);
    if (c->error.code)
        return c->error.code;
    e->recipe = t ? ant__arena_alloc(&c->arena, sizeof *e->recipe) : NULL;
    return e->recipe ? ant__recipe_read(c, path, t, e->recipe) : ant__fail_memory(&c->error);
}

/* --- csv --- */
static int read_table(ant_experiment *e, const char *path, ant_table *t) {
    return ant__csv_read(context_of(e), path, NULL, t);
}

/* What the recipe takes from training rows comes from the experiment's own file, unless it is being
 * trained on other data. */
static int fit_recipe(ant_experiment *e, const ant_table *given, ant_rows_of which) {
    ant_context *c = context_of(e);
    ant_table own;
    if (e->recipe->fitted)
        return 0;
    if (which == ANT__TRAIN_ROWS || !e->recipe->file)
        return ant__recipe_fit(c, e->recipe, given);
    const char *path = ant__experiment_path(e, e->recipe->file);
    if (!path || read_table(e, path, &own))
        return c->error.code;
    return ant__recipe_fit(c, e->recipe, &own);
}

/* Ports by name, or by order where the model has as many. */
static void name_arrays(ant_array *a, int n) {
    for (int k = 0; k < n; k++)
        if (n == 1)
            a[k].name = NULL;
}

static int csv_rows(ant_experiment *e, const char *path, const char *targets, ant_rows_of which,
                    bool want, ant_rowset *out) {
    ant_context *c = context_of(e);
    ant_table t;
    bool none = !e->recipe || (want && !e->recipe->n_y);
    if ((none || targets) && make_recipe(e, path, targets, want))
        return c->error.code;
    if (read_table(e, path, &t) || fit_recipe(e, &t, which))
        return c->error.code;
    int64_t *rows = ant__arena_array(&c->arena, (size_t)t.rows + 1, sizeof *rows);
    if (!rows)
        return ant__fail_memory(&c->error);
    out->rows = ant__recipe_rows(e->recipe, &t, which, rows);
    if (!out->rows)
        return ant__fail(&c->error, ANT_E_DATA, "%s: there are no such rows among its %lld", path,
                         (long long)t.rows);
    if (ant__recipe_arrays(c, e->recipe, &t, rows, out->rows, out->x, want ? out->y : NULL))
        return c->error.code;
    name_arrays(out->x, e->recipe->n_x ? e->recipe->n_x : 1);
    name_arrays(out->y, e->recipe->n_y);
    return 0;
}

/* --- arrays --- */
static ant_arrays *hold(ant_experiment *e, const char *path) {
    ant_context *c = context_of(e);
    ant_arrays *d = ant_arrays_new();
    if (!d || !ANT__PUSH(&e->held, d)) {
        ant_arrays_free(d);
        ant__fail_memory(&c->error);
        return NULL;
    }
    int code = ant_arrays_read(d, path);
    if (code)
        ant__fail(&c->error, code, "%s", ant_arrays_error(d));
    return code ? NULL : d;
}

/* The only array of a file. */
static int only_array(ant_experiment *e, const char *path, ant_array *out) {
    const ant_arrays *d = path ? hold(e, path) : NULL;
    if (!d)
        return context_of(e)->error.code;
    if (ant_arrays_count(d) != 1)
        return ant__fail(&context_of(e)->error, ANT_E_DATA, "%s: %d arrays, expected one", path,
                         ant_arrays_count(d));
    *out = ant_arrays_at(d, 0);
    return 0;
}

/* The rows `index` of an array, copied. */
static int take_rows(ant_experiment *e, const int64_t *index, int64_t n, ant_array *a) {
    ant_context *c = context_of(e);
    ant_dims dims = {.rank = a->axes};
    ant_array taken = *a;
    size_t bytes;
    memcpy(dims.dim, a->shape, sizeof dims.dim);
    dims.dim[0] = taken.shape[0] = n;
    memset(taken.strides, 0, sizeof taken.strides);
    taken.swapped = false;
    if (!ant__dims_bytes(&dims, a->dtype, &bytes) ||
        !(taken.data = ant__arena_alloc(&c->arena, bytes + 1)))
        return ant__fail_memory(&c->error);
    int code = ant_take(taken, *a, index, n);
    if (code)
        return ant__fail(&c->error, code, "rows of an array of %s: %s", ant__dtype_name(a->dtype),
                         ant_code_text(code));
    *a = taken;
    return 0;
}

/* Rows for training or evaluation only, where the data section tells them apart. */
static int split_rows(ant_experiment *e, const char *path, ant_rows_of which, ant_rowset *out) {
    ant_context *c = context_of(e);
    ant_array *const lists[] = {out->x, out->y, out->sample_weight};
    int64_t all = out->rows, n = 0;
    if (!e->recipe || !e->recipe->has_test || which == ANT__ALL_ROWS)
        return 0;
    int64_t *index = ant__arena_array(&c->arena, (size_t)all + 1, sizeof *index);
    if (!index)
        return ant__fail_memory(&c->error);
    for (int64_t row = 0; row < all; row++)
        if (ant__recipe_wants(e->recipe, which, all, row))
            index[n++] = row;
    if (!n)
        return ant__fail(&c->error, ANT_E_DATA, "%s: there are no such rows among its %lld", path,
                         (long long)all);
    for (int l = 0; l < 3; l++)
        for (int k = 0; k < ANT_MAX_PORTS && lists[l][k].axes; k++)
            if (take_rows(e, index, n, &lists[l][k]))
                return c->error.code;
    out->rows = n;
    return 0;
}

static int check_rows(ant_experiment *e, const char *path, int64_t rows, const ant_array *a) {
    if (a->shape[0] == rows)
        return 0;
    return ant__fail(&context_of(e)->error, ANT_E_SHAPE, "%s: %lld rows, the first input has %lld",
                     path, (long long)a->shape[0], (long long)rows);
}

/* From the files that the data section names for each port. */
static int file_arrays(ant_experiment *e, const ant_port *ports, int n, bool test, ant_rowset *rows,
                       ant_array *out) {
    for (int k = 0; k < n; k++) {
        const char *said = test && ports[k].o.test ? ports[k].o.test : ports[k].o.file;
        const char *path = ant__experiment_path(e, said);
        if (only_array(e, path, &out[k]))
            return context_of(e)->error.code;
        out[k].name = ports[k].name;
        rows->rows = rows->x[0].shape[0];
        if (check_rows(e, path, rows->rows, &out[k]))
            return context_of(e)->error.code;
    }
    return 0;
}

static int port_rows(ant_experiment *e, ant_rows_of which, bool want, ant_rowset *out) {
    const ant_recipe *r = e->recipe;
    bool test = which == ANT__TEST_ROWS;
    int code = file_arrays(e, r->x, r->n_x, test, out, out->x);
    if (!code && want)
        code = file_arrays(e, r->y, r->n_y, test, out, out->y);
    if (!code && test && !r->has_test && !r->x[0].o.test)
        code = ant__fail(&context_of(e)->error, ANT_E_DATA,
                         "%s: there are no rows to evaluate on: "
                         "no 'test:' among its data",
                         e->path);
    return code ? code : split_rows(e, r->x[0].o.file, which, out);
}

/* The arrays `key` (a single port) or `key/NAME`; in files for prediction also NAME alone. */
static int named_arrays(ant_experiment *e, const ant_arrays *d, const char *key, int n,
                        const char *(*name)(ant_model *m, int k), bool bare, ant_array *out) {
    for (int k = 0; k < n; k++) {
        const char *own = name(e->model, k), *path = ant__print(context_of(e), "%s/%s", key, own);
        if (!path)
            return context_of(e)->error.code;
        out[k] = ant_arrays_named(d, path);
        if (!out[k].axes && n == 1)
            out[k] = ant_arrays_named(d, key);
        if (!out[k].axes && bare)
            out[k] = ant_arrays_named(d, own);
        out[k].name = n == 1 || !out[k].axes ? NULL : own;
    }
    return 0;
}

static int missing_array(ant_experiment *e, const char *path, const char *key, const char *own) {
    return ant__fail(&context_of(e)->error, ANT_E_DATA, "%s: no array '%s' or '%s/%s'", path, key,
                     key, own);
}

/* Of a file with one array; its targets are the only array of another file. */
static int file_targets(ant_experiment *e, const char *targets, ant_rowset *out) {
    if (only_array(e, targets, &out->y[0]))
        return context_of(e)->error.code;
    out->y[0].name = NULL;
    return check_rows(e, targets, out->rows, &out->y[0]);
}

static int npz_rows(ant_experiment *e, const char *path, const char *targets, bool want,
                    ant_rowset *out) {
    ant_arrays *d = hold(e, path);
    int n_in = ant_model_inputs(e->model), n_out = ant_model_outputs(e->model);
    n_in = n_in ? n_in : 1; /* a Sequential that data will build */
    n_out = n_out ? n_out : 1;
    bool alone = !want || targets;
    if (!d || named_arrays(e, d, "x", n_in, ant_input_name, alone, out->x))
        return context_of(e)->error.code;
    if (ant_arrays_count(d) == 1 && n_in == 1 && alone && !out->x[0].axes)
        out->x[0] = ant_arrays_at(d, 0);
    out->x[0].name = n_in == 1 ? NULL : out->x[0].name;
    for (int k = 0; k < n_in; k++)
        if (!out->x[k].axes)
            return missing_array(e, path, "x", ant_input_name(e->model, k));
    out->rows = out->x[0].shape[0];
    if (!want)
        return 0;
    if (targets)
        return file_targets(e, targets, out);
    if (named_arrays(e, d, "y", n_out, ant_output_name, false, out->y) ||
        named_arrays(e, d, "sample_weight", n_out, ant_output_name, false, out->sample_weight))
        return context_of(e)->error.code;
    return out->y[0].axes || n_out > 1 ? 0
                                       : missing_array(e, path, "y", ant_output_name(e->model, 0));
}

/* --- a Sequential that has no shape yet gets its data's --- */
static int build_from(ant_experiment *e, const ant_array *x) {
    int shape[ANT_MAX_AXES] = {0};
    if (ant_model_inputs(e->model) || !x->axes)
        return 0;
    for (int i = 1; i < x->axes; i++)
        shape[i - 1] = (int)x->shape[i];
    if (ant_build(e->model, shape))
        return ant__fail(&context_of(e)->error, ANT_E_SHAPE, "%s", ant_model_error(e->model));
    return 0;
}

static int array_rows(ant_experiment *e, const char *path, const char *targets, ant_rows_of which,
                      bool want, ant_rowset *out) {
    int code = npz_rows(e, path, targets, want, out);
    return code ? code : split_rows(e, path, which, out);
}

static int any_rows(ant_experiment *e, const char *data, const char *targets, ant_rows_of which,
                    bool want, ant_rowset *out) {
    if (!data && e->recipe && e->recipe->arrays)
        return port_rows(e, which, want, out);
    const char *path = data ? data : ant__experiment_path(e, e->recipe->file);
    if (!path)
        return context_of(e)->error.code;
    return (ant__arrays_are(path) ? array_rows : csv_rows)(e, path, targets, which, want, out);
}

int ant__experiment_rows(ant_experiment *e, const char *data, const char *targets,
                         ant_rows_of which, bool want_targets, ant_rowset *out) {
    *out = (ant_rowset){.rows = 0};
    if (!data && !(e->recipe && (e->recipe->file || e->recipe->arrays)))
        return ant__fail(&context_of(e)->error, ANT_E_DATA, "%s: it names no data: say --data FILE",
                         e->path);
    int code = any_rows(e, data, targets, which, want_targets, out);
    if (!code)
        code = build_from(e, &out->x[0]);
    return !code && e->waiting ? ant__experiment_weights(e, e->waiting) : code;
}
