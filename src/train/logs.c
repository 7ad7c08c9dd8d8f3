#include "train/logs.h"
#include <math.h>
#include <string.h>

static const ant_logs no_logs;

/* --- logs --- */
const ant_log_entry *ant__logs_find(const ant_logs *l, const char *name) {
    for (int k = 0; l && name && k < l->entries.n; k++)
        if (strcmp(l->entries.at[k].name, name) == 0)
            return &l->entries.at[k];
    return NULL;
}

bool ant__logs_set(ant_logs *l, const char *name, double value) {
    ant_log_entry *e = (ant_log_entry *)(uintptr_t)ant__logs_find(l, name);
    if (e) {
        e->value = value;
        return true;
    }
    return ANT__PUSH(&l->entries, (ant_log_entry){name, value});
}

void ant__logs_clear(ant_logs *l) {
    l->entries.n = 0;
}

void ant__logs_free(ant_logs *l) {
    ant__free(l->entries.at);
    *l = (ant_logs){0};
}

double ant_log(const ant_logs *l, const char *name) {
    const ant_log_entry *e = ant__logs_find(l, name);
    return e ? e->value : (double)NAN;
}

int ant_log_count(const ant_logs *l) {
    return l ? l->entries.n : 0;
}

static const ant_log_entry *entry_at(const ant_logs *l, int k) {
    return k >= 0 && k < ant_log_count(l) ? &l->entries.at[k] : NULL;
}

const char *ant_log_name(const ant_logs *l, int k) {
    const ant_log_entry *e = entry_at(l, k);
    return e ? e->name : "";
}

double ant_log_at(const ant_logs *l, int k) {
    const ant_log_entry *e = entry_at(l, k);
    return e ? e->value : (double)NAN;
}

/* --- history --- */
bool ant__history_add(ant_history *h, int epoch, const ant_logs *logs) {
    ant_epoch e = {.epoch = epoch};
    bool good = true;
    for (int k = 0; k < logs->entries.n && good; k++)
        good = ANT__PUSH(&e.logs.entries, logs->entries.at[k]);
    good = good && ANT__PUSH(&h->epochs, e);
    if (!good)
        ant__logs_free(&e.logs);
    return good;
}

void ant__history_free(ant_history *h) {
    for (int k = 0; k < h->epochs.n; k++)
        ant__logs_free(&h->epochs.at[k].logs);
    ant__free(h->epochs.at);
    *h = (ant_history){0};
}

int ant_history_epochs(const ant_history *h) {
    return h ? h->epochs.n : 0;
}

static const ant_epoch *epoch_at(const ant_history *h, int k) {
    return k >= 0 && k < ant_history_epochs(h) ? &h->epochs.at[k] : NULL;
}

int ant_history_epoch(const ant_history *h, int k) {
    const ant_epoch *e = epoch_at(h, k);
    return e ? e->epoch : -1;
}

const ant_logs *ant_history_logs(const ant_history *h, int k) {
    const ant_epoch *e = epoch_at(h, k);
    return e ? &e->logs : &no_logs;
}

double ant_history_value(const ant_history *h, int k, const char *name) {
    return ant_log(ant_history_logs(h, k), name);
}
