/* Weights, and the optimizer's state, out of whole files: .weights.h5, or .keras around it. */
#include "io/keras/keras.h"
#include "io/zip.h"

const char ant__keras_weights_member[] = "model.weights.h5";

bool ant__keras_is_weights(const unsigned char *bytes, size_t size) {
    return ant__hdf5_is(bytes, size) || ant__zip_is(bytes, size);
}

/* A packed file may be as large as the model's numbers, three of an optimizer for each of them, and
 * what the budget bears beside. */
int ant__keras_unpack(ant_context *c, const ant_zip *z, const ant_member *m, uint64_t numbers,
                      int real, const unsigned char **bytes) {
    ant_budget *budget = c->arena.budget;
    const uint64_t expected = 4 * ant__dtype_size(real) * numbers;
    const size_t more = m->size > expected ? (size_t)(m->size - expected) : 0;
    if (ant__zip_packed(m) && !ant__budget_take(budget, more))
        return ant__fail(&c->error, ANT_E_LIMIT,
                         "%s: %s: %llu bytes out of %llu, for a model of %llu numbers", z->path,
                         m->name, (unsigned long long)m->size, (unsigned long long)m->packed,
                         (unsigned long long)numbers);
    c->arena.budget = NULL;
    int code = ant__zip_view(c, z, m, bytes);
    c->arena.budget = budget;
    return code;
}

/* The HDF5 file inside an archive. */
static int unpack(ant_context *c, ant_model *m, const char *path, const unsigned char **bytes,
                  size_t *size) {
    ant_zip z;
    if (ant__zip_open(c, path, *bytes, *size, NULL, &z))
        return c->error.code;
    const ant_member *member = ant__zip_find(&z, ant__keras_weights_member);
    if (!member)
        return ant__fail(&c->error, ANT_E_FORMAT, "%s: no member %s", path,
                         ant__keras_weights_member);
    *size = (size_t)member->size;
    return ant__keras_unpack(c, &z, member, (uint64_t)ant_parameter_count(m, false),
                             ant__real_type(m->context), bytes);
}

/* In files of Keras 2, layers are told apart by their places, as Keras does, or by their names
 * where some may be missing. */
static int take_legacy(ant_context *c, ant_model *m, const char *path, const ant_hdf5_node *root,
                       ant_state_of what, bool skip) {
    int code = ant__keras_legacy_weights_take(c, m, path, root, skip, skip);
    if (code || what != ANT__WEIGHTS_AND_OPTIMIZER)
        return code;
    return ant__keras_legacy_optimizer_take(c, m, path, root);
}

int ant__keras_state_read(ant_context *c, ant_model *m, const char *path,
                          const unsigned char *bytes, size_t size, ant_state_of what,
                          bool skip_mismatch) {
    ant_hdf5_node *root;
    int code = ant__zip_is(bytes, size) ? unpack(c, m, path, &bytes, &size) : 0;
    if (!code)
        code = ant__hdf5_parse(c, path, bytes, size, NULL, &root);
    if (!code && ant__keras_legacy_weights_are(root))
        return take_legacy(c, m, path, root, what, skip_mismatch);
    if (!code)
        code = ant__keras_weights_take(c, m, path, root,
                                       skip_mismatch ? ANT__TAKE_FITS : ANT__TAKE_ALL);
    if (!code && what == ANT__WEIGHTS_AND_OPTIMIZER)
        code = ant__keras_optimizer_take(c, m, path, root);
    return code;
}
