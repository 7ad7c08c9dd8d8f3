/* antler summary, antler convert. */
#include "graph/graph.h"
#include "io/model_file.h"
#include "tool/tool.h"
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int columns_of(const tool_args *a) {
    struct winsize w;
    if (a->columns != ANT_NONE)
        return a->columns;
    if (isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) && w.ws_col >= 40)
        return w.ws_col < 120 ? w.ws_col : 120;
    return 80;
}

static void print_shape(const ant_layer_use *use) {
    printf("[");
    for (int i = 0; i < use->out[0]->dims.rank; i++) {
        int64_t size = use->out[0]->dims.dim[i];
        printf(size < 0 ? "%snull" : "%s%lld", i ? ", " : "", (long long)size);
    }
    printf("]");
}

static void print_layer(ant_model *m, ant_layer *l, bool first) {
    printf("%s\n  {\"name\": ", first ? "" : ",");
    tool_json_text(stdout, ant__name_of(&ant__body(m)->layers, l));
    printf(", \"class\": ");
    tool_json_text(stdout, l->cls->name);
    ant_node *node = ant_layer_node(m, ant__name_of(&ant__body(m)->layers, l), 0);
    if (node && node->use) {
        printf(", \"output_shape\": ");
        print_shape(node->use);
    }
    printf(", \"parameters\": %lld}", (long long)ant_parameter_count(l, false));
}

static void print_json(ant_model *m) {
    printf("{\"name\": ");
    tool_json_text(stdout, ant_name(m));
    printf(", \"layers\": [");
    for (int k = 0; k < ant_layer_count(m); k++)
        print_layer(m, ant_layer_at(m, k), k == 0);
    printf("],\n \"parameters\": %lld, \"trainable\": %lld}\n",
           (long long)ant_parameter_count(m, false), (long long)ant_parameter_count(m, true));
}

static int summarize(const tool_args *a, ant_experiment *e) {
    char *text = ant_summary_text(e->model, columns_of(a));
    if (!text)
        return tool_model_failed(e->graph, e->model);
    if (a->json)
        print_json(e->model);
    else
        fputs(text, stdout);
    ant_free(text);
    return 0;
}

int tool_summary(const tool_args *a) {
    return tool_with_model(a, ANT__COMPILE_OR_WARN, summarize);
}

/* --- convert --- */
static int convert(const tool_args *a, ant_experiment *e) {
    ant_fault f = {0};
    if (ant__model_path_check(&f, a->operand[1]))
        return tool_usage("convert: %s", f.text);
    if (ant__experiment_save(e, a->operand[1]))
        return tool_model_failed(e->graph, e->model);
    return 0;
}

int tool_convert(const tool_args *a) {
    return tool_with_model(a, ANT__COMPILE, convert);
}
