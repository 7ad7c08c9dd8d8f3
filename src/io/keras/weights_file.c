/* Weights, and the optimizer's state, out of whole files: .weights.h5, or .keras around it. */
#include "io/keras/keras.h"
#include "io/zip.h"
#include <string.h>

const char ant__keras_weights_member[] = "model.weights.h5";

bool ant__keras_is_weights(const unsigned char *bytes, size_t size) {
    return ant__hdf5_is(bytes, size) || ant__zip_is(bytes, size);
}

/* The HDF5 file inside an archive, unpacked. */
static int unpack(ant_context *c, const char *path, const unsigned char **bytes, size_t *size) {
    ant_zip z;
    unsigned char *out;
    if (ant__zip_open(c, path, *bytes, *size, NULL, &z))
        return c->error.code;
    for (int k = 0; k < z.n; k++) {
        const ant_member *m = &z.members[k];
        if (strcmp(m->name, ant__keras_weights_member) != 0)
            continue;
        *size = (size_t)m->size;
        int code = ant__zip_extract(c, &z, m, &out);
        *bytes = out;
        return code;
    }
    return ant__fail(&c->error, ANT_E_FORMAT, "%s: no member %s", path, ant__keras_weights_member);
}

int ant__keras_state_read(ant_context *c, ant_model *m, const char *path,
                          const unsigned char *bytes, size_t size, ant_state_of what,
                          bool skip_mismatch) {
    ant_hdf5_node *root;
    int code = ant__zip_is(bytes, size) ? unpack(c, path, &bytes, &size) : 0;
    if (!code)
        code = ant__hdf5_parse(c, path, bytes, size, NULL, &root);
    if (!code)
        code = ant__keras_weights_take(c, m, path, root, skip_mismatch);
    if (!code && what == ANT__WEIGHTS_AND_OPTIMIZER)
        code = ant__keras_optimizer_take(c, m, path, root);
    return code;
}
