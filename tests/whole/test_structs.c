/* The structs of options behind the macros: one positional option too many, and a program that was
 * built with a newer library, are refused wherever there is such a struct. */
#include "support.h"
#include <antler/antler.h>
#include <string.h>

static ant_graph *graph;

static ant_model *small_model(void) {
    ant_node *x = ant_input(graph, {3});
    return ant_model_new(graph, ANT_NODES(x), ANT_NODES(ant_call(ant_dense(graph, 2), x)));
}

static void expect(const char *text) {
    ck_assert_int_eq(ant_status(graph), ANT_E_OPTION);
    ck_assert_msg(strstr(ant_error(graph), text), "'%s' lacks '%s'", ant_error(graph), text);
    ant_graph_free(graph);
    graph = NULL;
}

static void expect_of(ant_model *m, const char *text) {
    ck_assert_msg(strstr(ant_model_error(m), text), "'%s' lacks '%s'", ant_model_error(m), text);
}

/* What a call makes of a struct with ant_end set, and of one that is eight bytes too long. */
#define REFUSED(TYPE, CALL, ...)                                                                   \
    do {                                                                                           \
        struct {                                                                                   \
            TYPE o;                                                                                \
            char more[16];                                                                         \
        } said = {.o = {__VA_ARGS__, .ant_end = 1}};                                               \
        const TYPE *o = &said.o;                                                                   \
        size_t size = offsetof(TYPE, ant_end);                                                     \
        CALL;                                                                                      \
        expect("one positional option too many");                                                  \
        graph = ant_graph_new(.seed = 1);                                                          \
        said.o = (TYPE){__VA_ARGS__};                                                              \
        size += 8;                                                                                 \
        CALL;                                                                                      \
        expect("built with a newer Antler");                                                       \
        graph = ant_graph_new(.seed = 1);                                                          \
    } while (0)

static int64_t read_nothing(void *data, const int64_t *index, int64_t n, ant_rows *out) {
    (void)data, (void)index, (void)n, (void)out;
    return 0;
}

START_TEST(structs_of_graphs) {
    graph = ant_graph_new(.seed = 1);
    REFUSED(ant_input_options, ant_input_(o, size, "here.c", 1), .graph = graph, .shape = {3});
    REFUSED(ant_model_options, ant_model_new_(o, size, "here.c", 1), .graph = graph);
    REFUSED(ant_load_options, ant_load_(o, size, "here.c", 1), .graph = graph, .path = "no.keras");
    REFUSED(ant_data_options, ant_data_new_(o, size, "here.c", 1), .graph = graph,
            .read = read_nothing);
    REFUSED(ant_callback_options, ant_callback_(o, size, "here.c", 1), .graph = graph, .name = "c");
    REFUSED(ant_progress_options, ant_progress_(o, size, "here.c", 1), .graph = graph);
    REFUSED(ant_custom_options, ant_custom_layer_(o, size, "here.c", 1), .graph = graph,
            .layer_class = "Own");
    REFUSED(ant_layer_twin, ant_register_layer_class_(o, size), .graph = graph, .name = "Own");
    REFUSED(ant_call_options, ant_call_(o, size, "here.c", 1), .layer = ant_dense(graph, 2),
            .in = {ant_input(graph, {3})});
    REFUSED(ant_apply_options, ant_apply_(o, size, "here.c", 1), ANT_OPERATION_NONE, .op = "exp",
            .in = {ant_input(graph, {3})});
    ant_graph_free(graph);
}
END_TEST

START_TEST(structs_of_models) {
    const float x[3] = {0};
    float y[2];
    graph = ant_graph_new(.seed = 1);
    ant_model *m = small_model();
    ck_assert(ant_load_weights(m, "no.safetensors", true, 1) == ANT_E_OPTION);
    expect_of(m, "load_weights: one positional option too many");
    ant_predict_options p = {ANT_PREDICT_DEFAULTS, .model = m, .x = ant_array(x, 1, 3),
                             .out = ant_array(y, 1, 2)};
    p.ant_end = 1;
    ck_assert(ant_predict_(&p, offsetof(ant_predict_options, ant_end)) == ANT_E_OPTION);
    expect_of(m, "predict: one positional option too many");
    ck_assert(ant_predict_(&p, sizeof p + 8) == ANT_E_OPTION);
    expect_of(m, "predict: the program was built with a newer Antler");
    ant_compile_options c = {ANT_COMPILE_DEFAULTS, .model = m, .loss = {"mse"}, .ant_end = 1};
    ck_assert(ant_compile_(&c, offsetof(ant_compile_options, ant_end), "here.c", 1) ==
              ANT_E_OPTION);
    expect_of(m, "compile: one positional option too many");
    ant_graph_free(graph);
}
END_TEST

START_TEST(a_graph_of_one_option_too_many) {
    ant_graph_options o = {.seed = 1, .ant_end = 1};
    graph = ant_graph_new_(&o, offsetof(ant_graph_options, ant_end));
    expect("ant_graph_new: one positional option too many");
}
END_TEST

ANT_TEST_MAIN("structs", {structs_of_graphs}, {structs_of_models}, {a_graph_of_one_option_too_many})
