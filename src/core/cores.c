/* How many cores this process may use: its affinity mask, and the quotas of its control groups. */
#define _GNU_SOURCE
#include "core/pool.h"
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
enum { PATH_ROOM = 4096, LINE_ROOM = 1024, MASKS = 16 };

static long cores_of_affinity(void) {
    cpu_set_t masks[MASKS]; /* 16 x 1024 processors */
    if (sched_getaffinity(0, sizeof masks, masks) != 0)
        return sysconf(_SC_NPROCESSORS_ONLN);
    return CPU_COUNT_S(sizeof masks, masks);
}

/* Reads the first line of a file; false when there is none. */
static bool first_line(const char *path, char line[LINE_ROOM]) {
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    bool found = fgets(line, LINE_ROOM, f) != NULL;
    (void)fclose(f); /* it was only read */
    return found;
}

/* Whole cores for a quota of microseconds per period, rounded up; 0: no limit. */
static long cores_of_quota(long quota, long period) {
    return quota > 0 && period > 0 ? (quota + period - 1) / period : 0;
}

/* A quota is "max 100000" or "150000 100000" in one file (version 2), or the two numbers in a file
 * each (version 1). */
static long cores_of_group(const char *folder, bool unified) {
    char path[PATH_ROOM], line[LINE_ROOM], *rest;
    const char *name = unified ? "cpu.max" : "cpu.cfs_quota_us";
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path ||
        !first_line(path, line))
        return 0;
    long quota = strtol(line, &rest, 10);
    if (unified)
        return cores_of_quota(quota, strtol(rest, NULL, 10));
    if (snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder) >= (int)sizeof path ||
        !first_line(path, line))
        return 0;
    return cores_of_quota(quota, strtol(line, NULL, 10));
}

static long stricter(long a, long b) {
    if (a == 0 || b == 0)
        return a + b;
    return a < b ? a : b;
}

/* The strictest quota of the group `path` under `mount` and all groups above it. */
static long cores_of_groups(const char *mount, const char *path, bool unified) {
    char folder[PATH_ROOM];
    size_t root = strlen(mount);
    if (snprintf(folder, sizeof folder, "%s%s", mount, path) >= (int)sizeof folder)
        return 0;
    long cores = 0;
    for (size_t end = strlen(folder); end >= root; end--) {
        if (folder[end] != '/' && folder[end] != 0)
            continue;
        folder[end] = 0;
        cores = stricter(cores, cores_of_group(folder, unified));
    }
    return cores;
}

/* One line of /proc/self/cgroup: "4:cpu,cpuacct:/path" (version 1) or "0::/path" (version 2). */
static long cores_of_line(char *line) {
    char *list = strchr(line, ':'), *path = list ? strchr(list + 1, ':') : NULL;
    if (!path)
        return 0;
    *path++ = 0;
    path[strcspn(path, "\n")] = 0;
    if (list[1] == 0)
        return cores_of_groups("/sys/fs/cgroup", path, true);
    for (char *next, *name = list + 1; name; name = next) {
        next = strchr(name, ',');
        if (next)
            *next++ = 0;
        if (strcmp(name, "cpu") == 0)
            return cores_of_groups("/sys/fs/cgroup/cpu", path, false);
    }
    return 0;
}

static long cores_of_quotas(void) {
    FILE *f = fopen("/proc/self/cgroup", "re");
    char line[LINE_ROOM];
    long cores = 0;
    while (f && fgets(line, sizeof line, f))
        cores = stricter(cores, cores_of_line(line));
    if (f)
        (void)fclose(f);
    return cores;
}

int ant__cores(void) {
    long cores = stricter(cores_of_affinity(), cores_of_quotas());
    return cores > 0 ? (int)cores : 1;
}
#else
int ant__cores(void) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (int)cores : 1;
}
#endif
