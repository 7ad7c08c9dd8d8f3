/* Weights, and the optimizer's state, out of whole files: .weights.h5, or .keras around it. */
#include "io/keras/keras.h"
#include "io/zip.h"

const char ant__keras_weights_member[] = "model.weights.h5";

bool ant__keras_is_weights(const unsigned char *bytes, size_t size) {
    return ant__hdf5_is(bytes, size) || ant__zip_is(bytes, size);
}

/* The HDF5 file inside an archive. */
static int unpack(ant_context *c, const char *path, const unsigned char **bytes, size_t *size) {
    ant_zip z;
    if (ant__zip_open(c, path, *bytes, *size, NULL, &z))
        return c->error.code;
    const ant_member *m = ant__zip_find(&z, ant__keras_weights_member);
    if (!m)
        return ant__fail(&c->error, ANT_E_FORMAT, "%s: no member %s", path,
                         ant__keras_weights_member);
    *size = (size_t)m->size;
    return ant__zip_view(c, &z, m, bytes);
}

/* In files of Keras 2, layers are told apart by their places, as Keras does, or by their names where
 * some may be missing. */
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
    int code = ant__zip_is(bytes, size) ? unpack(c, path, &bytes, &size) : 0;
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
