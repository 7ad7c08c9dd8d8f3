/* Files appear whole or not at all. */
#include "hostile.h"
#include "io/file.h"
#include "support.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static ant_fault error;

static void write_text(const char *path, const char *text) {
    ant__error_clear(&error);
    ck_assert_msg(!ant__file_write(&error, path, text, strlen(text)), "%s", error.text);
}

static void expect_content(const char *path, const char *text) {
    size_t n;
    char *s = scratch_read(path, &n);
    ck_assert_msg(n == strlen(text) && !memcmp(s, text, n), "%s holds %zu bytes", path, n);
    free(s);
}

static void expect_refused(const char *path, const char *because) {
    ant__error_clear(&error);
    ck_assert_int_eq(ant__file_write(&error, path, "x", 1), ANT_E_FILE);
    ck_assert_msg(strstr(error.text, because) != NULL, "%s", error.text);
}

START_TEST(writes_and_replaces) {
    scratch_begin();
    const char *path = scratch_path("a.txt");
    write_text(path, "one");
    expect_content(path, "one");
    write_text(path, "other");
    expect_content(path, "other");
    ck_assert_int_eq(scratch_count(), 1);
    scratch_end();
}
END_TEST

START_TEST(keeps_permissions) {
    scratch_begin();
    const char *path = scratch_path("p.txt");
    struct stat s;
    scratch_write(path, "old", 3);
    chmod(path, 0640);
    write_text(path, "new");
    ck_assert(!stat(path, &s));
    ck_assert_int_eq(s.st_mode & 0777, 0640);
    scratch_end();
}
END_TEST

START_TEST(follows_links) {
    scratch_begin();
    const char *target = scratch_path("target"), *link = scratch_path("link");
    struct stat s;
    ck_assert(!symlink("target", link));
    write_text(link, "through a dangling link");
    expect_content(target, "through a dangling link");
    write_text(link, "again");
    expect_content(target, "again");
    ck_assert(!lstat(link, &s) && S_ISLNK(s.st_mode));
    const char *loop = scratch_path("loop");
    ck_assert(!symlink("loop", loop));
    expect_refused(loop, "loop");
    scratch_end();
}
END_TEST

START_TEST(refuses_what_cannot_be) {
    scratch_begin();
    expect_refused("/dev/full", "No space left");
    expect_refused("/nowhere/at/all", "No such file");
    expect_refused(scratch_path("."), "directory");
    expect_refused("", "No such file");
    expect_refused("/proc/nothing", "cannot write");
    scratch_end();
}
END_TEST

/* A file size limit stands for a full disk. */
START_TEST(full_disk_leaves_the_old_file) {
    scratch_begin();
    const char *path = scratch_path("full");
    static char large[1 << 16];
    write_text(path, "old");
    int before = scratch_count();
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit old, tiny;
    ck_assert(!getrlimit(RLIMIT_FSIZE, &old));
    tiny = old;
    tiny.rlim_cur = 4096;
    ck_assert(!setrlimit(RLIMIT_FSIZE, &tiny));
    ant__error_clear(&error);
    int code = ant__file_write(&error, path, large, sizeof large);
    setrlimit(RLIMIT_FSIZE, &old);
    ck_assert_int_eq(code, ANT_E_FILE);
    expect_content(path, "old");
    ck_assert_int_eq(scratch_count(), before);
    scratch_end();
}
END_TEST

/* A child writes over and over and is killed at some moment: the file is one of its versions. */
START_TEST(kill_leaves_a_whole_file) {
    scratch_begin();
    const char *path = scratch_path("killed");
    static char versions[2][1 << 16];
    memset(versions[0], 'a', sizeof versions[0]);
    memset(versions[1], 'b', sizeof versions[1]);
    ant__error_clear(&error);
    ck_assert(!ant__file_write(&error, path, versions[0], sizeof versions[0]));
    for (int round = 0; round < 30; round++) {
        pid_t child = fork();
        if (!child)
            for (int k = 0;; k++)
                ant__file_write(&error, path, versions[k & 1], sizeof versions[0]);
        nanosleep(&(struct timespec){.tv_nsec = 500000 * (1 + round % 7)}, NULL);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        size_t n;
        char *s = scratch_read(path, &n);
        ck_assert_uint_eq(n, sizeof versions[0]);
        ck_assert(!memcmp(s, versions[s[0] == 'b'], n));
        free(s);
    }
    int before = scratch_count();
    write_text(path, "swept");
    ck_assert_int_le(scratch_count(), before);
    write_text(path, "swept");
    ck_assert_int_eq(scratch_count(), 1);
    scratch_end();
}
END_TEST

START_TEST(reads_whole_files) {
    scratch_begin();
    ant_bytes b;
    const char *path = scratch_path("r");
    scratch_write(path, "12345", 5);
    ant__error_clear(&error);
    ck_assert(!ant__file_read(&error, path, 0, NULL, &b));
    ck_assert_uint_eq(b.size, 5);
    ck_assert_str_eq((char *)b.at, "12345");
    ant__free(b.at);
    ck_assert(!ant__file_read(&error, path, 5, NULL, &b));
    ant__free(b.at);
    ck_assert_int_eq(ant__file_read(&error, path, 4, NULL, &b), ANT_E_LIMIT);
    scratch_end();
}
END_TEST

START_TEST(endless_files_end) {
    ant_limits limits = {ANT_LIMITS_DEFAULTS};
    ant_bytes b;
    limits.stream_bytes = 1 << 20;
    ant__error_clear(&error);
    ck_assert_int_eq(ant__file_read(&error, "/dev/zero", 0, &limits, &b), ANT_E_LIMIT);
    ant__error_clear(&error);
    ck_assert_int_eq(ant__file_read(&error, "/tmp", 0, &limits, &b), ANT_E_FILE);
    ck_assert_ptr_nonnull(strstr(error.text, "directory"));
    ant__error_clear(&error);
    ck_assert_int_eq(ant__file_read(&error, "/no/such", 0, &limits, &b), ANT_E_FILE);
}
END_TEST

static int write_once(void *path) {
    ant__error_clear(&error);
    return ant__file_write(&error, path, "x", 1);
}

START_TEST(memory_may_fail) {
    scratch_begin();
    memory_fail_each(write_once, (void *)(uintptr_t)scratch_path("memory"));
    ck_assert_int_eq(scratch_count(), 1);
    scratch_end();
}
END_TEST

ANT_TEST_MAIN("replace", {writes_and_replaces, 0}, {keeps_permissions, 0}, {follows_links, 0},
              {refuses_what_cannot_be, 0}, {full_disk_leaves_the_old_file, 0},
              {kill_leaves_a_whole_file, 0}, {reads_whole_files, 0}, {endless_files_end, 0},
              {memory_may_fail, 0})
