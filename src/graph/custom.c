/* Users' own layers and activations: classes and functions under a name. */
#include "graph/custom.h"
#include <math.h>
#include <string.h>

/* --- options: a twin's rows, those of every layer, and the name that Keras's files have --- */
typedef struct ant_plain_options {
    ANT_LAYER_OPTIONS;
    char ant_end;
} ant_plain_options;
#define ANT_PLAIN_DEFAULTS ANT_LAYER_DEFAULTS

static const ant_row plain_rows[] = {ANT__LAYER_ROWS(plain)};
enum { PLAIN_ROWS = sizeof plain_rows / sizeof *plain_rows };

static ant_row row_of(const ant_option *o) {
    bool open = o->max <= o->min && (o->min != 0 || o->above);
    return (ant_row){.name = o->name,
                     .offset = o->offset,
                     .size = o->size,
                     .field = o->field,
                     .min = o->min,
                     .max = open ? INFINITY : o->max,
                     .above = o->above,
                     .none = o->none,
                     .part = o->part,
                     .words = o->words,
                     .help = o->help};
}

static bool is_taken(const ant_class *cls, const char *name) {
    return ant__row_find(cls, name) || ant__word_among("graph registered_name", name, false);
}

static int check_row(ant_context *c, const ant_class *cls, const ant_row *row, size_t size) {
    if (!row->name || !*row->name || is_taken(cls, row->name))
        return ant__fail(&c->error, ANT_E_OPTION, "%s: an option cannot be named '%s' here",
                         cls->name, row->name ? row->name : "");
    if (row->offset < offsetof(ant_plain_options, ant_end) || row->size > size ||
        row->offset > size - row->size)
        return ant__fail(&c->error, ANT_E_OPTION, "%s: option '%s' does not lie in its struct",
                         cls->name, row->name);
    return 0;
}

/* Behind the user's struct, where no program sees it: the name in Keras's files. */
static ant_row name_row(size_t offset) {
    return (ant_row){.name = "registered_name",
                     .offset = offset,
                     .size = sizeof(const char *),
                     .field = ANT__STRING,
                     .help = "package and class in Keras's files"};
}

static int take_rows(ant_context *c, const ant_layer_twin *t, ant_class *cls) {
    ant_row *rows =
        ant__arena_array(&c->arena, (size_t)t->n_options + PLAIN_ROWS + 1, sizeof *rows);
    if (!rows)
        return ant__fail_memory(&c->error);
    memcpy(rows, plain_rows, sizeof plain_rows);
    cls->rows = rows; /* the common ones alone, while names are compared */
    cls->rows_n = PLAIN_ROWS;
    for (int k = 0; k < t->n_options; k++) {
        rows[cls->rows_n] = row_of(&t->options[k]);
        if (check_row(c, cls, &rows[cls->rows_n], t->size))
            return c->error.code;
        cls->rows_n++;
    }
    memmove(rows, rows + PLAIN_ROWS, sizeof *rows * (size_t)t->n_options);
    memcpy(rows + t->n_options, plain_rows, sizeof plain_rows);
    rows[cls->rows_n++] = name_row(cls->size - sizeof(const char *));
    return 0;
}

static int take_defaults(ant_context *c, const ant_layer_twin *t, ant_class *cls,
                         const char *name) {
    char *defaults = ant__arena_alloc(&c->arena, cls->size + 1);
    if (!defaults)
        return ant__fail_memory(&c->error);
    memcpy(defaults, t->defaults, t->size);
    memcpy(defaults + cls->size - sizeof name, &name, sizeof name);
    cls->defaults = defaults;
    cls->defaults = ant__options_copy(c, cls, defaults, cls->size); /* parts made canonical */
    return cls->defaults ? 0 : c->error.code;
}

/* --- classes --- */
static const char *wrong_with(const ant_layer_twin *t) {
    if (!t->name)
        return "it has no name";
    if (!t->call)
        return "it has no call";
    if (t->size < offsetof(ant_plain_options, ant_end) || !t->defaults)
        return "its options do not begin with ANT_LAYER_OPTIONS";
    if (t->inputs_min < 0 || t->inputs_max < t->inputs_min || t->inputs_max >= ANT_MAX_PORTS)
        return "inputs_min and inputs_max are no range within 0 and 15";
    if (t->outputs < 0 || t->outputs >= ANT_MAX_PORTS)
        return "its outputs are not within 1 and 15";
    return NULL;
}

static int refuse_twin(const ant_layer_twin *t, const char *wrong) {
    return ant__fail(&t->graph->context.error, ANT_E_OPTION,
                     "a layer class of the program, '%s': %s", t->name ? t->name : "", wrong);
}

static const char *behind_package(const char *name) {
    const char *mark = strrchr(name, '>');
    return mark ? mark + 1 : name;
}

/* "my>Residual" is found by both names. */
static int register_class(ant_graph *g, const ant_custom_class *custom) {
    ant_context *c = &g->context;
    const ant_layer_twin *t = &custom->twin;
    ant_custom_class *impl = ant__arena_alloc(&c->arena, sizeof *impl);
    const char *whole = ant__arena_text(&c->arena, t->name);
    const char *arguments = t->arguments ? ant__arena_text(&c->arena, t->arguments) : NULL;
    if (!impl || !whole || (t->arguments && !arguments))
        return ant__fail_memory(&c->error);
    *impl = *custom;
    impl->base.arguments = arguments;
    ant_class cls = {.name = behind_package(whole), .kind = ANT_LAYER, .impl = impl};
    cls.alias = cls.name == whole ? NULL : whole;
    cls.size = (t->size + 2 * sizeof whole) / sizeof whole * sizeof whole;
    int code = take_rows(c, t, &cls);
    if (!code)
        code = take_defaults(c, t, &cls, whole);
    return code ? code : ant__class_register(c, &cls);
}

int ant_register_layer_class_(const ant_layer_twin *t, size_t size) {
    static const ant_plain_options plain = {ANT_PLAIN_DEFAULTS};
    ant_layer_twin own = {0};
    const char *wrong = ant__struct_take(&own, offsetof(ant_layer_twin, ant_end), t, size);
    if (!own.graph)
        return ANT_E_MEMORY;
    if (!own.size && !own.defaults && !own.n_options) {
        own.size = offsetof(ant_plain_options, ant_end);
        own.defaults = &plain;
    }
    wrong = wrong ? wrong : wrong_with(&own);
    if (wrong)
        return refuse_twin(&own, wrong);
    ant_custom_class custom = {.twin = own};
    custom.base = (ant_layer_class){.outputs = ant__own_outputs,
                                    .build = ant__own_build,
                                    .call = ant__own_write,
                                    .mask = own.supports_masking ? ANT__MASK_OWN : ANT__MASK_DROP,
                                    .inputs_min = own.inputs_min,
                                    .inputs_max = own.inputs_max};
    return register_class(own.graph, &custom);
}

/* --- layers that are one function --- */
static int call(ant_layer_call *c) {
    const ant_custom_class *custom = c->layer->cls->impl;
    c->out[0] = custom->write(c->program, custom->data, c->in);
    return 0;
}

int ant_register_layer(ant_graph *g, const char *name, ant_node_write_fn *write, const void *data) {
    static const ant_plain_options plain = {ANT_PLAIN_DEFAULTS};
    ant_custom_class custom = {.write = write, .data = data};
    if (!g)
        return ANT_E_MEMORY;
    custom.base = (ant_layer_class){
        .call = call, .mask = ANT__MASK_PASS, .inputs_min = 1, .inputs_max = ANT_MAX_PORTS - 1};
    custom.twin = (ant_layer_twin){
        .name = name, .size = offsetof(ant_plain_options, ant_end), .defaults = &plain};
    return register_class(g, &custom);
}

ant_layer *ant_custom_layer_(const ant_custom_options *o, size_t size, const char *file, int line) {
    ant_plain_options plain = {ANT_PLAIN_DEFAULTS};
    ant_graph *g = o->graph;
    if (!g)
        return ant__dead_layer();
    const char *wrong = ant__struct_wrong(offsetof(ant_custom_options, ant_end), o, size);
    if (wrong) {
        bool had = g->context.error.code != 0;
        ant__fail(&g->context.error, ANT_E_OPTION, "%s: %s", o->layer_class, wrong);
        ant__blame(&g->context, had, file, line);
        return ant__dead_layer();
    }
    memcpy(&plain, o, offsetof(ant_plain_options, ant_end));
    return ant_layer_new(o->layer_class, &plain, offsetof(ant_plain_options, ant_end), file, line);
}

/* --- activations --- */
typedef struct ant_custom_activation {
    ant_writer_class base; /* first: the class's impl */
    ant_node_write_fn *write;
    const void *data;
} ant_custom_activation;

static ant_value *write_activation(ant_program *p, const ant_part *part, ant_value *x) {
    const ant_custom_activation *custom = part->cls->impl;
    return custom->write(p, custom->data, (ant_value *const[]){x, NULL});
}

int ant_register_activation(ant_graph *g, const char *name, ant_node_write_fn *write,
                            const void *data) {
    if (!g)
        return ANT_E_MEMORY;
    ant_custom_activation *impl = ant__arena_alloc(&g->context.arena, sizeof *impl);
    if (!impl)
        return ant__fail_memory(&g->context.error);
    *impl = (ant_custom_activation){{write_activation}, write, data};
    ant_class cls = {.name = name, .kind = ANT_ACTIVATION, .impl = impl};
    return ant__class_register(&g->context, &cls);
}
