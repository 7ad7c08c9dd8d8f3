#include "train/action.h"
#include <string.h>

const void *ant__take_struct(ant_model *m, const ant_action_struct *known, void *room,
                             const void *said, size_t size) {
    const char *wrong = ant__struct_wrong(known->size, said, size);
    if (wrong) {
        ant__model_fail(m, ANT_E_OPTION, "%s: %s", known->what, wrong);
        return NULL;
    }
    if (size == known->size)
        return said;
    memcpy(room, known->defaults, known->size);
    return memcpy(room, said, size);
}

int ant__build_for(ant_model *m, const ant_array *list) {
    int n;
    const ant_model_body *b = ant__body(m);
    int shape[ANT_MAX_AXES] = {0};
    if (b->n_in > 0)
        return 0;
    const ant_array *x = ant__arrays_of(list, &n);
    if (x != list && ant__arrays_check(m, "input", list, &ant__body(m)->error))
        return b->error.code;
    if (x->axes < 2 || x->axes > ANT_MAX_AXES)
        return ant__model_fail(m, ANT_E_SHAPE,
                               "has no input shape, and data of %d axes does not give it", x->axes);
    for (int k = 1; k < x->axes; k++) {
        if (x->shape[k] < 1 || x->shape[k] > INT_MAX)
            return ant__model_fail(m, ANT_E_SHAPE, "axis %d of the data has size %lld", k,
                                   (long long)x->shape[k]);
        shape[k - 1] = (int)x->shape[k];
    }
    return ant_build(m, shape);
}

int64_t ant__batch_size(int said, int steps, int64_t rows) {
    if (said != ANT_NONE)
        return said;
    if (steps == ANT_NONE || rows < 1)
        return 32;
    return (rows + steps - 1) / steps;
}

int ant__session_arrays(ant_session *s, const ant_feed_arrays *a, ant_floats class_weight) {
    s->feed.class_weight = class_weight;
    return ant__feed_arrays(&s->feed, a);
}
