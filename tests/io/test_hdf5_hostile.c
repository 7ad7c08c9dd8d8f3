/* HDF5 as an enemy would write it: files made by hand, each with one lie about superblocks, links,
 * headers, types or shapes. About values: test_hdf5_values.c; what h5py can be made to write:
 * test_hdf5_files.c; what takes time or memory: test_hdf5_limits.c. */
#include "hdf5_make.h"
#include "hdf5_walk.h"
#include "hostile.h"
#include "support.h"
#include <stdlib.h>
#include <string.h>

/* --- superblocks --- */
static ant_buffer old_file(void) {
    static const float x[2] = {1, 2};
    ant_context c = {0};
    ant_buffer b = {0};
    ant_hdf5_node *root = ant__hdf5_group(&c, NULL, NULL);
    ant__hdf5_dataset(&c, root, "x", ant_array(x, 2));
    ck_assert(!ant__hdf5_write(&c, root, &b));
    ant__arena_free(&c.arena);
    return b;
}

static const struct superblock_lie {
    size_t at;
    unsigned char byte;
    const char *because;
} superblock_lies[] = {
    {8, 4, "superblock 4; 0 to 3 are known"},
    {9, 1, "a version in the superblock is not known"},
    {13, 4, "addresses of 4 bytes and lengths of 8; both must have 8"},
    {14, 2, "addresses of 8 bytes and lengths of 2; both must have 8"},
    {16, 0, "would have no room"},
    {24, 8, "its base address is 8, but it begins at byte 0"},
    {41, 1, "it should have"},
    {41, 9, "it should have"},
    {48, 0, "it needs a driver, so that it may be spread over files"},
    {71, 1, "lies outside the file"},
    {64, 1, "expected an object's header"},
};

START_TEST(superblocks) {
    const struct superblock_lie *lie = &superblock_lies[_i];
    ant_buffer b = old_file();
    b.at[lie->at] = (char)lie->byte;
    hostile_use(hdf5_read);
    hostile_refused(b.at, b.size, lie->because);
    ant__buffer_free(&b);
}
END_TEST

START_TEST(new_superblocks) {
    maker m;
    make_begin(&m);
    make_group(&m);
    make_end(&m, make_object(&m));
    hostile_use(hdf5_read);
    ck_assert(!hdf5_read(m.file.at, m.file.size));
    m.file.at[44] ^= 1;
    hostile_refused(m.file.at, m.file.size, "the checksum of the superblock is wrong");
    m.file.at[44] ^= 1;
    hostile_refused(m.file.at, m.file.size - 1, "it should have");
    m.file.at[11] = 1;
    m.file.size = 44;
    make_seal(&m.file);
    hostile_refused(m.file.at, m.file.size, "whoever wrote it has not closed it");
    ant__buffer_free(&m.file);
    hostile_refused("\x89HDF\r\n\x1a\n", 8, "lies outside the file");
}
END_TEST

/* --- links --- */
static void refuse_name(const char *name, size_t n) {
    ant_buffer b = {0};
    maker m;
    make_begin(&m);
    make_group(&m);
    uint64_t member = make_object(&m);
    make_group(&m);
    ant__put_bytes(&b, "\1\0", 2);
    put_byte(&b, (int)n);
    ant__put_bytes(&b, name, n);
    ant__put_u64(&b, member);
    make_message(&m, 0x06, 0, &b);
    make_refused(&m, make_object(&m),
                 "the name of a member is empty, no UTF-8, too long, or a path");
}

START_TEST(names) {
    refuse_name("", 0);
    refuse_name(".", 1);
    refuse_name("..", 2);
    refuse_name("/", 1);
    refuse_name("a/b", 3);
    refuse_name("../x", 4);
    refuse_name("a\0b", 3);
    refuse_name("\xFF", 1);
}
END_TEST

START_TEST(links) {
    maker m;
    make_begin(&m); /* two of a name */
    make_group(&m);
    uint64_t a = make_object(&m);
    make_group(&m);
    uint64_t b = make_object(&m);
    make_group(&m);
    make_link(&m, "same", a);
    make_link(&m, "same", b);
    make_refused(&m, make_object(&m), "it has two members 'same'");

    make_begin(&m); /* one object under two names, which its reference count hides */
    make_group(&m);
    a = make_object(&m);
    make_group(&m);
    make_link(&m, "a", a);
    make_link(&m, "b", a);
    make_refused(&m, make_object(&m),
                 "'/', at byte 48: its member 'b' is something else too (a hard link?)");

    make_begin(&m); /* a group in itself; the header of the root is the first object */
    make_group(&m);
    make_link(&m, "again", 48);
    make_refused(&m, make_object(&m), "'/', at byte 48: its member 'again' is something else too");

    make_begin(&m);
    make_group(&m);
    make_link(&m, "far", UINT64_C(1) << 40);
    make_refused(&m, make_object(&m), "'far' at address 1099511627776 lies outside the file");

    make_begin(&m);
    make_group(&m);
    a = make_object(&m);
    make_link(&m, "x", a);
    make_refused(&m, make_object(&m), "it has links, yet no link info");
}
END_TEST

/* --- headers --- */
static void refuse_message(int type, int flags, const char *because) {
    ant_buffer b = {0};
    maker m;
    make_begin(&m);
    ant__put_bytes(&b, "\0\0\0\0\0\0\0\0", 8);
    make_message(&m, type, flags, &b);
    make_group(&m);
    make_refused(&m, make_object(&m), because);
}

START_TEST(messages) {
    refuse_message(0x09, 0, "a header message of type 9 is not known");
    refuse_message(0x40, 0, "a header message of type 64 is not known");
    refuse_message(0x03, 2, "it has a committed datatype, which is not read here");
    refuse_message(0x01, 2, "it has a shared message, which is not read here");
    refuse_message(0x07, 0, "it has data in other files, which is not read here");
    refuse_message(0x0F, 0, "it has a table of shared messages, which is not read here");
    refuse_message(0x14, 0, "it has a driver");
    refuse_message(0x13, 0, "it has B-tree sizes, which is not read here");
    refuse_message(0x16, 0, "it has 0 names (hard links); only one is read");
    refuse_message(0x10, 0, "a continuation of its header is too short");
    refuse_message(0x11, 0, "it is a group in two ways");
    refuse_message(0x02, 0, "a link info stands twice in its header");
    refuse_message(0x03, 0, "it is a group and a dataset at once");
}
END_TEST

START_TEST(headers) {
    ant_buffer b = {0};
    maker m;
    make_begin(&m); /* a continuation that is the header itself */
    ant__put_u64(&b, 48);
    ant__put_u64(&b, 20);
    make_message(&m, 0x10, 0, &b);
    make_group(&m);
    make_refused(&m, make_object(&m), "a continuation of its header overlaps something else");

    make_begin(&m);
    ant__put_u64(&b, 48);
    ant__put_u64(&b, UINT64_MAX - 40);
    make_message(&m, 0x10, 0, &b);
    make_refused(&m, make_object(&m), "lies outside the file");

    make_begin(&m);
    make_refused(&m, make_object(&m), "it is neither a group nor a dataset");

    make_begin(&m);
    make_float(&m);
    make_refused(&m, make_root(&m), "'/x', at byte");

    make_begin(&m);
    make_group(&m);
    uint64_t root = make_object(&m);
    m.file.at[m.file.size - 1] ^= 1;
    make_refused(&m, root, "the checksum of an object's header is wrong");
}
END_TEST

/* --- types --- */
static void refuse_type(const char *type, size_t n, const char *because) {
    ant_buffer b = {0};
    maker m;
    make_begin(&m);
    ant__put_bytes(&b, type, n);
    make_message(&m, 0x03, 0, &b);
    make_space(&m, 0, NULL);
    make_contiguous(&m, 48, 4);
    make_refused(&m, make_root(&m), because);
}

START_TEST(types) {
    refuse_type("\x10\0\0\0\0\0\0\0\0\0\0\0", 12, "an integer of 0 bytes: no type has none");
    refuse_type("\x10\0\0\0\3\0\0\0\0\0\x18\0", 12, "an integer of 3 bytes: not one of C's");
    refuse_type("\x10\0\0\0\4\0\0\0\x8\0\x18\0", 12, "an integer of 4 bytes: not one of C's");
    refuse_type("\x10\0\0\0\0\0\0\x80\0\0\0\0", 12, "an integer of 2147483648 bytes");
    refuse_type("\x11\x20\x1f\0\4\0\0\0\0\0\x20\0\x17\x8\0\x17\x7e\0\0\0", 20, "not one of IEEE's");
    refuse_type("\x11\x60\x1f\0\4\0\0\0\0\0\x20\0\x17\x8\0\x17\x7f\0\0\0", 20, "not one of IEEE's");
    refuse_type("\x11\x20\x1f\0\4\0\0\0\0\0\x20\0", 12, "not one of IEEE's");
    refuse_type("\x13\5\0\0\4\0\0\0", 8, "a text of 4 bytes: padded or coded in a way");
    refuse_type("\x13\0\0\0\0\0\0\x80", 8, "its shape takes 2147483648 bytes, it has 4");
    refuse_type("\x13\0\0\0\0\0\0\0", 8, "a text of 0 bytes: no type has none");
    refuse_type("\x1F\0\0\0\4\0\0\0", 8, "a type that is not known of 4 bytes");
    refuse_type("\xF0\0\0\0\4\0\0\0\0\0\x20\0", 12, "a datatype is damaged, or of a version");
    refuse_type("\x10\0\0", 3, "a datatype is damaged, or of a version");
    refuse_type("\x18\2\0\0\1\0\0\0\x18\2\0\0\1\0\0\0\x18\2\0\0\1\0\0\0", 24, "the bool of h5py");
}
END_TEST

/* --- shapes --- */
static void refuse_shape(int rank, const uint64_t *shape, const char *because) {
    maker m;
    make_begin(&m);
    make_float(&m);
    make_space(&m, rank, shape);
    make_contiguous(&m, 48, 4);
    make_refused(&m, make_root(&m), because);
}

START_TEST(shapes) {
    refuse_shape(1, (uint64_t[]){UINT64_MAX}, "its shape is larger than any memory");
    refuse_shape(1, (uint64_t[]){UINT64_C(1) << 62}, "its shape is larger than any memory");
    refuse_shape(2, (uint64_t[]){UINT64_C(1) << 32, UINT64_C(1) << 32}, "larger than any memory");
    refuse_shape(3, (uint64_t[]){UINT64_C(1) << 32, UINT64_C(1) << 32, 0},
                 "its shape takes 0 bytes");
    refuse_shape(1, (uint64_t[]){2}, "its shape takes 8 bytes, it has 4");
    refuse_shape(1, (uint64_t[]){0}, "its shape takes 0 bytes, it has 4");
    refuse_shape(9, (uint64_t[9]){1, 1, 1, 1, 1, 1, 1, 1, 1}, "it has 9 axes; at most 8 are read");
    refuse_shape(33, (uint64_t[33]){1}, "its dataspace is damaged");
}
END_TEST

START_TEST(dataspaces) {
    static const struct {
        const char *bytes;
        size_t n;
        const char *because;
    } lies[] = {
        {"\2\1\0\1\1\0\0\0", 8, "its dataspace is too short"},
        {"\2\1\1\1\2\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0", 20, "larger than it can ever be"},
        {"\2\1\0\0\1\0\0\0\0\0\0\0", 12, "its dataspace is damaged"},
        {"\2\0\0\3", 4, "its dataspace is damaged"},
        {"\3\0\0\0", 4, "its dataspace is damaged"},
        {"\1\1\2\0\0\0\0\0\1\0\0\0\0\0\0\0", 16, "its dataspace is damaged"},
    };
    for (size_t k = 0; k < sizeof lies / sizeof *lies; k++) {
        ant_buffer b = {0};
        maker m;
        make_begin(&m);
        make_float(&m);
        ant__put_bytes(&b, lies[k].bytes, lies[k].n);
        make_message(&m, 0x01, 0, &b);
        make_contiguous(&m, 48, 4);
        make_refused(&m, make_root(&m), lies[k].because);
    }
}
END_TEST

#define COUNT(rows) (int)(sizeof(rows) / sizeof *(rows))
ANT_TEST_MAIN("hdf5_hostile", ANT_LOOP(superblocks, COUNT(superblock_lies)), {new_superblocks, 0},
              {names, 0}, {links, 0}, {messages, 0}, {headers, 0}, {types, 0}, {shapes, 0},
              {dataspaces, 0})
