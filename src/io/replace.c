/* Replacing a file: written beside, synced, renamed. */
#include "io/file.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_LINKS = 40, MOST_TRIES = 100 };
/* A temporary file is called ".<name>.<process>.<try>.antler-part". */
static const char ending[] = ".antler-part";

static char *join(const char *a, size_t n, const char *b) {
    size_t k = strlen(b);
    char *s = ant__alloc(n + k + 1);
    if (s) {
        memcpy(s, a, n);
        memcpy(s + n, b, k);
    }
    return s;
}

static size_t folder_length(const char *path) {
    return (size_t)(ant__file_name(path) - path);
}

/* What a symbolic link says, as a path from here; NULL when out of memory. */
static char *link_target(const char *path, const char *says) {
    return *says == '/' ? join("", 0, says) : join(path, folder_length(path), says);
}

/* Follows symbolic links, dangling ones too: the file that they mean is replaced, not the link. */
static int follow_links(ant_fault *e, const char *path, char **out) {
    char *at = join("", 0, path), says[4096];
    for (int k = 0; at; k++) {
        ssize_t n = readlink(at, says, sizeof says - 1);
        if (n < 0) {
            *out = at;
            return 0;
        }
        says[n] = 0;
        char *next = k < MOST_LINKS ? link_target(at, says) : NULL;
        ant__free(at);
        if (k == MOST_LINKS)
            return ant__file_fail(e, path, "write", ELOOP);
        at = next;
    }
    return ant__fail_memory(e);
}

/* The folder of a file, opened to be listed or synced; -1 when that cannot be. */
static int open_folder(const char *target) {
    char folder[4096];
    size_t n = folder_length(target);
    if (n + 2 > sizeof folder)
        return -1;
    memcpy(folder, target, n);
    memcpy(folder + n, ".", 2);
    return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Removes what killed processes left of this file: their number is in the name. */
static void sweep(const char *target) {
    const char *name = ant__file_name(target);
    int folder = open_folder(target);
    DIR *d = folder >= 0 ? fdopendir(folder) : NULL;
    if (!d) {
        if (folder >= 0)
            close(folder);
        return;
    }
    size_t n = strlen(name);
    for (struct dirent *f; (f = readdir(d));) {
        const char *s = f->d_name;
        if (s[0] != '.' || strncmp(s + 1, name, n) || s[n + 1] != '.')
            continue;
        char *end;
        long process = strtol(s + n + 2, &end, 10);
        if (*end != '.' || !ant__file_ends(s, ending) || process <= 0)
            continue;
        if (kill((pid_t)process, 0) && errno == ESRCH)
            unlinkat(dirfd(d), s, 0);
    }
    closedir(d);
}

static char *beside_name(const char *target, int k) {
    const char *name = ant__file_name(target);
    size_t room = strlen(target) + 64;
    char *s = ant__alloc(room);
    if (s)
        snprintf(s, room, "%.*s.%s.%ld.%d%s", (int)folder_length(target), target, name,
                 (long)getpid(), k, ending);
    return s;
}

static int open_beside(ant_fault *e, ant_replacement *r) {
    for (int k = 0; k < MOST_TRIES; k++) {
        r->beside = beside_name(r->target, k);
        if (!r->beside)
            return ant__fail_memory(e);
        r->fd = open(r->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (r->fd >= 0)
            return 0;
        ant__free(r->beside);
        r->beside = NULL;
        if (errno != EEXIST)
            break;
    }
    return ant__file_fail(e, r->path, "write", errno);
}

static int open_directly(ant_fault *e, ant_replacement *r) {
    ant__free(r->target);
    r->target = NULL;
    r->fd = open(r->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    return r->fd < 0 ? ant__file_fail(e, r->path, "write", errno) : 0;
}

/* An old file keeps its permissions; one that may not be written is not replaced either. */
static int begin_regular(ant_fault *e, ant_replacement *r, const struct stat *old) {
    if (old && access(r->target, W_OK))
        return ant__file_fail(e, r->path, "write", errno);
    sweep(r->target);
    if (open_beside(e, r))
        return e->code;
    if (old && fchmod(r->fd, old->st_mode & 0777))
        return ant__file_fail(e, r->path, "write", errno);
    return 0;
}

static int begin_target(ant_fault *e, ant_replacement *r) {
    struct stat s;
    if (follow_links(e, r->path, &r->target))
        return e->code;
    bool there = !stat(r->target, &s);
    if (there && S_ISDIR(s.st_mode))
        return ant__file_fail(e, r->path, "write", EISDIR);
    if (there && !S_ISREG(s.st_mode))
        return open_directly(e, r);
    return begin_regular(e, r, there ? &s : NULL);
}

int ant__replace_begin(ant_fault *e, ant_replacement *r, const char *path) {
    *r = (ant_replacement){.path = path, .fd = -1};
    if (!strcmp(path, "-")) {
        r->path = "standard output";
        r->fd = STDOUT_FILENO;
        return 0;
    }
    int code = *path ? begin_target(e, r) : ant__file_fail(e, "''", "write", ENOENT);
    if (code)
        ant__replace_cancel(r);
    return code;
}

int ant__replace_write(ant_fault *e, ant_replacement *r, const void *data, size_t size) {
    const char *at = data;
    while (size) {
        ssize_t n = write(r->fd, at, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ant__file_fail(e, r->path, "write", errno);
        at += n;
        size -= (size_t)n;
    }
    return 0;
}

static int close_file(ant_replacement *r) {
    int fd = r->fd;
    r->fd = -1;
    return fd > STDERR_FILENO ? close(fd) : 0;
}

/* The new name is safe only once its folder is on the disk; a folder that cannot be opened or
 * synced (some network file systems) is no reason to call the file lost. */
static void sync_folder(const char *target) {
    int fd = open_folder(target);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

int ant__replace_commit(ant_fault *e, ant_replacement *r) {
    int number = 0;
    if (r->target && fsync(r->fd))
        number = errno;
    if (close_file(r) && !number)
        number = errno;
    if (r->target && !number && rename(r->beside, r->target))
        number = errno;
    if (number) {
        ant__file_fail(e, r->path, "write", number);
    } else if (r->target) {
        sync_folder(r->target);
        ant__free(r->beside);
        r->beside = NULL;
    }
    ant__replace_cancel(r);
    return e->code;
}

void ant__replace_cancel(ant_replacement *r) {
    if (r->fd >= 0)
        close_file(r);
    if (r->beside)
        unlink(r->beside);
    ant__free(r->beside);
    ant__free(r->target);
    r->beside = r->target = NULL;
}

int ant__file_writable(ant_context *c, const char *path) {
    ant_replacement r;
    if (!ant__replace_begin(&c->error, &r, path))
        ant__replace_cancel(&r);
    return c->error.code;
}

int ant__file_write(ant_fault *e, const char *path, const void *data, size_t size) {
    ant_replacement r;
    if (ant__replace_begin(e, &r, path))
        return e->code;
    if (ant__replace_write(e, &r, data, size)) {
        ant__replace_cancel(&r);
        return e->code;
    }
    return ant__replace_commit(e, &r);
}
