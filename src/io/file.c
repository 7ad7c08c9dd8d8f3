/* Reading whole files. */
#include "io/file.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST_ROOM = 64 * 1024 };

const ant_limits *ant__limits(const ant_limits *limits) {
    static const ant_limits defaults = {ANT_LIMITS_DEFAULTS};
    return limits ? limits : &defaults;
}

ant_budget ant__reading_budget(size_t file_size) {
    enum { FREE = 16 << 20, KEPT_BACK = 1 << 20 };
    return (ant_budget){.left = file_size + FREE - KEPT_BACK};
}

void ant__budget_tell(ant_fault *e, const ant_budget *b, const char *path, size_t file_size) {
    if (!b->spent || e->code != ANT_E_MEMORY)
        return;
    ant__error_clear(e);
    ant__fail(
        e, ANT_E_LIMIT,
        "%s: to read it takes more memory than twice its %zu bytes and 16 MB, all that a file "
        "may take beside its weights",
        path, file_size);
}

int ant__file_fail(ant_fault *e, const char *path, const char *doing, int number) {
    char why[128];
    if (strerror_r(number, why, sizeof why))
        why[0] = 0;
    return ant__fail(e, ANT_E_FILE, "%s: cannot %s: %s", path, doing, why);
}

const char *ant__file_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool ant__file_ends(const char *path, const char *ending) {
    size_t n = strlen(path), k = strlen(ending);
    return n > k && !strcasecmp(path + n - k, ending);
}

static ssize_t read_some(int fd, void *at, size_t size) {
    const size_t most = (size_t)1 << 30;
    ssize_t n;
    do
        n = read(fd, at, size < most ? size : most);
    while (n < 0 && errno == EINTR);
    return n;
}

static bool make_room(ant_bytes *b, size_t room) {
    unsigned char *more = room < SIZE_MAX ? ant__resize(b->at, room + 1, 1) : NULL;
    if (!more)
        return false;
    b->at = more;
    return true;
}

/* Reads to the end, with room for `room` bytes at first and `limit` at most. */
static int read_all(ant_fault *e, const char *path, int fd, size_t room, size_t limit,
                    ant_bytes *out) {
    if (!make_room(out, room))
        return ant__fail_memory(e);
    for (;;) {
        ssize_t n = read_some(fd, out->at + out->size, room + 1 - out->size);
        if (n < 0)
            return ant__file_fail(e, path, "read", errno);
        if (!n)
            break;
        out->size += (size_t)n;
        if (out->size > limit)
            return ant__fail(e, ANT_E_LIMIT, "%s: more than %zu bytes", path, limit);
        if (out->size <= room)
            continue;
        room = room > SIZE_MAX / 2 ? SIZE_MAX - 1 : 2 * room;
        if (!make_room(out, room))
            return ant__fail_memory(e);
    }
    out->at[out->size] = 0;
    return 0;
}

static int read_open(ant_fault *e, const char *path, int fd, int64_t limit,
                     const ant_limits *limits, ant_bytes *out) {
    struct stat s;
    if (fstat(fd, &s))
        return ant__file_fail(e, path, "read", errno);
    if (S_ISDIR(s.st_mode))
        return ant__file_fail(e, path, "read", EISDIR);
    bool regular = S_ISREG(s.st_mode);
    if (!limit)
        limit = regular ? INT64_MAX - 1 : limits->stream_bytes;
    if (regular && s.st_size > limit)
        return ant__fail(e, ANT_E_LIMIT, "%s: %lld bytes, at most %lld are read", path,
                         (long long)s.st_size, (long long)limit);
    size_t room = regular && s.st_size > 0 ? (size_t)s.st_size : FIRST_ROOM;
    return read_all(e, path, fd, room, (size_t)limit, out);
}

int ant__file_read(ant_fault *e, const char *path, int64_t limit, const ant_limits *limits,
                   ant_bytes *out) {
    *out = (ant_bytes){0};
    bool standard = !strcmp(path, "-");
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ant__file_fail(e, path, "read", errno);
    int code =
        read_open(e, standard ? "standard input" : path, fd, limit, ant__limits(limits), out);
    if (!standard)
        close(fd);
    if (code) {
        ant__free(out->at);
        *out = (ant_bytes){0};
    }
    return code;
}

size_t ant__file_first(const char *path, unsigned char *out, size_t size) {
    struct stat s;
    if (!strcmp(path, "-") || stat(path, &s) || !S_ISREG(s.st_mode))
        return 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read_some(fd, out, size);
    if (fd >= 0)
        close(fd);
    return n > 0 ? (size_t)n : 0;
}
