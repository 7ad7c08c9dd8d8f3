/* How layers and parts stand in .keras files: as real Keras read it when the lines were written
 * (tests/golden/keras_configs.py), to the last byte. */
#include "io/config.h"
#include "io/keras/keras.h"
#include "support.h"
#include <dirent.h>
#include <stdio.h>
#include <string.h>

static const char folder[] = GOLDEN_DATA "/keras_configs";

static void put_file(ant_buffer *all, const char *name) {
    char path[512], block[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    ck_assert_msg(f != NULL, "%s: cannot be read", path);
    for (size_t n; (n = fread(block, 1, sizeof block, f));)
        ant__put_bytes(all, block, n);
    fclose(f);
}

/* The lines of all families. */
static char *read_all(void) {
    ant_buffer all = {0};
    DIR *d = opendir(folder);
    ck_assert_msg(d != NULL, "%s: cannot be read", folder);
    for (const struct dirent *e; (e = readdir(d));)
        if (strstr(e->d_name, ".txt"))
            put_file(&all, e->d_name);
    closedir(d);
    return ant__buffer_take(&all);
}

static const char *json_of(ant_buffer *b, const ant_tree *t) {
    ck_assert(t != NULL && !ant__json_put(b, t));
    return b->at;
}

static void expect_same(const ant_tree *mine, const ant_tree *keras) {
    ant_buffer a = {0}, b = {0};
    ck_assert_str_eq(json_of(&a, mine), json_of(&b, keras));
    ant__buffer_free(&a);
    ant__buffer_free(&b);
}

/* {"model": …, "entry": what stands for the layer 'l'} */
static void check_layer(ant_graph *g, ant_tree *line, const ant_tree *entry) {
    ant_model *m = ant__model_read(g, "line", ant__tree_get(line, "model"));
    ck_assert_msg(m != NULL, "%s", ant_error(g));
    ant_tree *t = ant__keras_config_write(&g->context, m);
    ck_assert_msg(t != NULL, "%s", ant_error(g));
    const ant_tree *list = ant__tree_get(ant__tree_get(t, "config"), "layers"), *x = list->first;
    while (x && strcmp(ant__tree_get(x, "name")->text, "l") != 0)
        x = x->next;
    expect_same(x, entry);
}

static int kind_of(const char *option) {
    static const struct {
        const char *option;
        int kind;
    } kinds[] = {{"kernel_initializer", ANT_INITIALIZER},
                 {"kernel_regularizer", ANT_REGULARIZER},
                 {"kernel_constraint", ANT_CONSTRAINT},
                 {"activation", ANT_ACTIVATION},
                 {"optimizer", ANT_OPTIMIZER},
                 {"loss", ANT_LOSS},
                 {"metrics", ANT_METRIC}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (!strcmp(kinds[k].option, option))
            return kinds[k].kind;
    return 0;
}

/* {"kind": "loss", "text": "mse", "said": "mean_squared_error"} */
static void check_part(ant_graph *g, const ant_tree *line) {
    ant_context *c = &g->context;
    int kind = kind_of(ant__tree_get(line, "kind")->text);
    const char *text = ant__part_text(c, kind, ant__tree_get(line, "text")->text);
    ck_assert_msg(!ant_status(g), "%s", ant_error(g));
    expect_same(ant__keras_part_write(c, kind, text), ant__tree_get(line, "said"));
}

START_TEST(as_keras_read_them) {
    char *all = read_all();
    int lines = 0;
    for (char *s = strtok(all, "\n"); s; s = strtok(NULL, "\n"), lines++) {
        ant_graph *g = ant_graph_new(.seed = 1, .threads = 1);
        ant_tree *line = ant__json_parse(&g->context, NULL, "line", s, strlen(s), NULL);
        ck_assert_msg(line != NULL, "%s", ant_error(g));
        const ant_tree *entry = ant__tree_get(line, "entry");
        if (entry)
            check_layer(g, line, entry);
        else
            check_part(g, line);
        ant_graph_free(g);
    }
    ck_assert_int_gt(lines, 100);
    ant__free(all);
}
END_TEST

static bool is_refused(const ant_class *cls);

/* What files do not hold, or hold in their own way. */
static bool is_exempt(const ant_class *cls) {
    return cls->kind == ANT_CALLBACK || cls->kind == ANT_ACTION ||
           (cls->kind == ANT_LAYER &&
            ant__word_among("InputLayer Functional Sequential Operation", cls->name, false));
}

static bool stands_in(const char *all, const ant_class *cls) {
    char as_class[128], as_text[128];
    snprintf(as_class, sizeof as_class, "\"class_name\": \"%s\"", cls->name);
    snprintf(as_text, sizeof as_text, "\"text\": \"%s\"", cls->name);
    return strstr(all, as_class) || strstr(all, as_text);
}

/* Parts that are said by a word alone. */
static bool is_said(const char *all, const ant_class *cls) {
    ant_context c = {0};
    char text[128];
    snprintf(text, sizeof text, "\"said\": \"%s\"", ant__part_text(&c, cls->kind, cls->name));
    bool found = strstr(all, text) != NULL;
    snprintf(text, sizeof text, "\"said\": \"%s\"", ant__snake(&c, cls->name));
    found |= strstr(all, text) != NULL;
    ant__arena_free(&c.arena);
    return found;
}

START_TEST(every_class_has_a_line) {
    char *all = read_all();
    for (int i = 0; ant__families[i]; i++)
        for (int k = 0; k < ant__families[i]->n; k++) {
            const ant_class *cls = &ant__families[i]->classes[k];
            ck_assert_msg(is_exempt(cls) || stands_in(all, cls) || is_said(all, cls) ||
                              is_refused(cls),
                          "%s %s: no line in %s: run tests/golden/keras_configs.py",
                          ant__kind_name(cls->kind), cls->name, folder);
        }
    ant__free(all);
}
END_TEST

/* What Keras has no word for is refused by name. */
static const struct {
    int kind;
    const char *text, *told;
} refused[] = {
    {ANT_ACTIVATION, "gelu(approximate=true)", "no word for the activation gelu"},
    {ANT_ACTIVATION, "threshold(0.5, 0)", "no word for the activation threshold"},
    {ANT_LOSS, "Crossentropy(reduction=sum)", "no word for the loss Crossentropy"},
    {ANT_METRIC, "crossentropy", "no word for the metric crossentropy"},
    {ANT_METRIC, "BinaryCrossentropy(axis=1)", "BinaryCrossentropy: Keras's has no option axis"},
};

static bool is_refused(const ant_class *cls) {
    for (size_t k = 0; k < sizeof refused / sizeof *refused; k++)
        if (refused[k].kind == cls->kind && strlen(cls->name) == strcspn(refused[k].text, "(") &&
            !strncmp(refused[k].text, cls->name, strlen(cls->name)))
            return true;
    return false;
}

START_TEST(what_keras_cannot_say) {
    ant_context c = {0};
    const char *text = ant__part_text(&c, refused[_i].kind, refused[_i].text);
    ck_assert_msg(!c.error.code, "%s", c.error.text);
    ck_assert_ptr_null(ant__keras_part_write(&c, refused[_i].kind, text));
    ck_assert_int_eq(c.error.code, ANT_E_OPTION);
    ck_assert_msg(strstr(c.error.text, refused[_i].told) != NULL, "%s", c.error.text);
    ant__arena_free(&c.arena);
}
END_TEST

ANT_TEST_MAIN("keras configs", {as_keras_read_them}, {every_class_has_a_line},
              ANT_LOOP(what_keras_cannot_say, sizeof refused / sizeof *refused))
