/* Every option has its row: built with -fpack-struct, together with the sources of all classes, so
 * that there is no padding in which a forgotten field could hide. Every byte of every options
 * struct behind the graph must belong to exactly one row; common options before it too, but for
 * their room. An action's struct holds more: what only C can say (models, arrays) has no row. Only
 * tables are read: nothing of the library is called. */
#include "core/options/class.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

static void complain(const ant_class *cls, const char *what, size_t at) {
    printf("%s: %s at byte %zu of %zu\n", cls->name, what, at, cls->size);
    failures++;
}

static void cover(const ant_class *cls, unsigned char *bytes, const char *name, size_t offset,
                  size_t size) {
    if (offset + size > cls->size) {
        complain(cls, name, offset);
        return;
    }
    for (size_t i = offset; i < offset + size; i++)
        if (bytes[i]++)
            complain(cls, "two rows", i);
}

/* Where the options common to all classes of this kind end and the graph stands. */
static size_t room_of(const ant_class *cls) {
    struct {
        ANT_LAYER_OPTIONS;
    } * layer;
    struct {
        ANT_PART_OPTIONS;
    } * part;
    return cls->kind == ANT_LAYER ? sizeof layer->ant_room : sizeof part->ant_room;
}

static void check_common(const ant_class *cls) {
    static const char *const common[] = {"name", "dtype", "activity_regularizer", "trainable",
                                         "input_shape"};
    for (int k = 0; k < (cls->kind == ANT_LAYER ? 5 : 1); k++) {
        bool there = false;
        for (int i = 0; i < cls->rows_n; i++)
            there = there || !strcmp(cls->rows[i].name, common[k]);
        if (!there)
            complain(cls, common[k], 0);
    }
}

static void check(const ant_class *cls) {
    bool action = cls->kind == ANT_ACTION;
    size_t room = action ? cls->size : room_of(cls);
    unsigned char *bytes = calloc(cls->size, 1);
    if (!action)
        cover(cls, bytes, "graph", room, sizeof(ant_graph *));
    for (int i = 0; i < cls->rows_n; i++) {
        const ant_row *r = &cls->rows[i];
        cover(cls, bytes, r->name, r->offset, r->size);
        if (r->also)
            cover(cls, bytes, r->name, r->also, sizeof(char *));
    }
    for (size_t i = room; i < cls->size; i++)
        if (!bytes[i])
            complain(cls, "no row", i);
    if (!action)
        check_common(cls);
    free(bytes);
}

int main(void) {
    int classes = 0;
    for (const ant_family *const *f = ant__families; *f; f++)
        for (int k = 0; k < (*f)->n; k++)
            if ((*f)->classes[k].defaults && (*f)->classes[k].rows_n) {
                check(&(*f)->classes[k]);
                classes++;
            }
    printf("%d classes with options, %d failures\n", classes, failures);
    return failures || !classes ? EXIT_FAILURE : EXIT_SUCCESS;
}
