// The same from C++17: the macros cannot work there, plain structs and functions do.
#include <antler/antler.h>

static ant_layer *dense(ant_graph *g, int units) {
    ant_dense_options o;
    ant_options_init(ANT_LAYER, "Dense", &o, offsetof(ant_dense_options, ant_end));
    o.graph = g;
    o.units = units;
    o.input_shape[0] = 2;
    return ant_layer_new("Dense", &o, offsetof(ant_dense_options, ant_end), __FILE__, __LINE__);
}

int main() {
    ant_graph_options options = {};
    ant_graph *g = ant_graph_new_(&options, offsetof(ant_graph_options, ant_end));
    ant_layer *layers[] = {dense(g, 3), dense(g, 1), nullptr};
    ant_model *m = ant_sequential_(g, layers, "from_cpp", __FILE__, __LINE__);
    bool good = ant_layer_count(m) == 2 && ant_parameter_count(m, false) == 13 && !ant_status(g);
    ant_graph_free(g);
    return !good;
}
