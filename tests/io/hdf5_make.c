/* HDF5 files made by hand. */
#include "hdf5_make.h"
#include "hdf5_walk.h"
#include "support.h"
#include <stdlib.h>
#include <string.h>

void put_byte(ant_buffer *b, int x) {
    const unsigned char byte = (unsigned char)x;
    ant__put_bytes(b, &byte, 1);
}

void make_seal(ant_buffer *b) {
    ant__put_u32(b, ant__hdf5_hash((unsigned char *)b->at, b->size, ANT__HDF5_NO_HOLE));
}

/* --- the file --- */
enum { SUPERBLOCK = 48 };

void make_begin(maker *m) {
    static const char zeros[SUPERBLOCK];
    *m = (maker){0};
    ant__put_bytes(&m->file, zeros, SUPERBLOCK);
}

void make_end(maker *m, uint64_t root) {
    ant_buffer b = {0};
    ant__put_bytes(&b, "\x89HDF\r\n\x1a\n\2\x8\x8\0", 12);
    ant__put_u64(&b, 0);
    ant__put_u64(&b, UINT64_MAX);
    ant__put_u64(&b, m->file.size);
    ant__put_u64(&b, root);
    make_seal(&b);
    ck_assert(!b.failed && !m->file.failed && b.size == SUPERBLOCK);
    memcpy(m->file.at, b.at, SUPERBLOCK);
    ant__buffer_free(&b);
    ant__buffer_free(&m->messages);
}

void make_refused(maker *m, uint64_t root, const char *because) {
    make_end(m, root);
    const char *error = hdf5_read(m->file.at, m->file.size);
    ck_assert_msg(error != NULL, "it was read; expected '%s'", because);
    ck_assert_msg(strstr(error, because) != NULL, "'%s' does not say '%s'", error, because);
    ant__buffer_free(&m->file);
}

void make_accepted(maker *m, uint64_t root) {
    make_end(m, root);
    const char *error = hdf5_read(m->file.at, m->file.size);
    ck_assert_msg(error == NULL, "%s", error);
    ant__buffer_free(&m->file);
}

uint64_t make_bytes(maker *m, const void *bytes, size_t size) {
    uint64_t address = m->file.size;
    ant__put_bytes(&m->file, bytes, size);
    return address;
}

/* --- headers --- */
uint64_t make_object(maker *m) {
    ant_buffer b = {0};
    ant__put_bytes(&b, "OHDR\2\2", 6); /* the size takes four bytes */
    ant__put_u32(&b, m->messages.size);
    ant__put_bytes(&b, m->messages.at, m->messages.size);
    make_seal(&b);
    uint64_t address = make_bytes(m, b.at, b.size);
    ant__buffer_free(&b);
    ant__buffer_free(&m->messages);
    return address;
}

void make_message(maker *m, int type, int flags, ant_buffer *body) {
    put_byte(&m->messages, type);
    ant__put_u16(&m->messages, (unsigned)body->size);
    put_byte(&m->messages, flags);
    ant__put_bytes(&m->messages, body->at, body->size);
    ant__buffer_free(body);
}

void make_link(maker *m, const char *name, uint64_t address) {
    ant_buffer b = {0};
    ant__put_bytes(&b, "\1\2", 2); /* the length of the name takes four bytes */
    ant__put_u32(&b, strlen(name));
    ant__put(&b, name);
    ant__put_u64(&b, address);
    make_message(m, 0x06, 0, &b);
}

void make_group(maker *m) {
    ant_buffer b = {0};
    ant__put_bytes(&b, "\0\0", 2);
    ant__put_u64(&b, UINT64_MAX);
    ant__put_u64(&b, UINT64_MAX);
    make_message(m, 0x02, 0, &b);
}

uint64_t make_root(maker *m) {
    uint64_t x = make_object(m);
    make_group(m);
    make_link(m, "x", x);
    return make_object(m);
}

/* --- datasets --- */
void make_float(maker *m) {
    ant_buffer b = {0};
    ant__put_bytes(&b, "\x11\x20\x1f\0\4\0\0\0\0\0\x20\0\x17\x8\0\x17\x7f\0\0\0", 20);
    make_message(m, 0x03, 0, &b);
}

static void put_space(ant_buffer *b, int rank, const uint64_t *shape) {
    put_byte(b, 2);
    put_byte(b, rank);
    put_byte(b, 0);
    put_byte(b, rank > 0);
    for (int k = 0; k < rank; k++)
        ant__put_u64(b, shape[k]);
}

void make_space(maker *m, int rank, const uint64_t *shape) {
    ant_buffer b = {0};
    put_space(&b, rank, shape);
    make_message(m, 0x01, 0, &b);
}

void make_contiguous(maker *m, uint64_t address, uint64_t size) {
    ant_buffer b = {0};
    ant__put_bytes(&b, "\3\1", 2);
    ant__put_u64(&b, address);
    ant__put_u64(&b, size);
    make_message(m, 0x08, 0, &b);
}

/* --- attributes --- */
static void put_attribute(maker *m, const char *name, const char *type, size_t type_size,
                          uint64_t n, const void *bytes, size_t size) {
    ant_buffer b = {0}, space = {0};
    put_space(&space, 1, &n);
    ant__put_bytes(&b, "\3\0", 2);
    ant__put_u16(&b, (unsigned)strlen(name) + 1);
    ant__put_u16(&b, (unsigned)type_size);
    ant__put_u16(&b, (unsigned)space.size);
    put_byte(&b, 1);
    ant__put_bytes(&b, name, strlen(name) + 1);
    ant__put_bytes(&b, type, type_size);
    ant__put_bytes(&b, space.at, space.size);
    ant__put_bytes(&b, bytes, size);
    ant__buffer_free(&space);
    make_message(m, 0x0C, 0, &b);
}

void make_attribute(maker *m, const char *name, const void *bytes, size_t n) {
    put_attribute(m, name, "\x10\x8\0\0\1\0\0\0\0\0\x8\0", 12, n, bytes, n);
}

void make_texts(maker *m, const char *name, const ant_buffer *references, uint64_t n) {
    put_attribute(m, name, "\x19\1\1\0\x10\0\0\0\x10\0\0\0\1\0\0\0\0\0\x8\0", 20, n, references->at,
                  references->size);
}
