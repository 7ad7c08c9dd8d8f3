/* Callbacks that write files: CSVLogger, ModelCheckpoint, Checkpoints. */
#include "antler/files.h"
#include "io/csv.h"
#include "io/model_file.h"
#include "train/callback.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- CSVLogger --- */
typedef struct csv_logger {
    int fd; /* plus 1, so that zero means closed */
    bool header;
    char **keys; /* in the order of the columns, once they are known */
    int n_keys;
} csv_logger;

static int csv_begin(ant_callback_use *u) {
    const ant_csv_logger_options *o = u->part.options;
    csv_logger *s = u->state;
    struct stat old;
    if (!o->filename || strlen(o->separator) != 1)
        return ant__fail(u->fit->error, ANT_E_OPTION,
                         "CSVLogger: expected a filename, and one character as separator");
    int fd =
        open(o->filename, O_WRONLY | O_CREAT | O_CLOEXEC | (o->append ? O_APPEND : O_TRUNC), 0666);
    if (fd < 0 || fstat(fd, &old))
        return ant__file_fail(u->fit->error, o->filename, "write", errno);
    s->fd = fd + 1;
    s->header = !old.st_size;
    return 0;
}

static int by_text(const void *a, const void *b) {
    char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

static char *copy_text(const char *before, const char *text) {
    size_t n = strlen(before), k = strlen(text);
    char *copy = ant__alloc(n + k + 1);
    if (copy) {
        memcpy(copy, before, n);
        memcpy(copy + n, text, k);
    }
    return copy;
}

/* The names of the first epoch's numbers, sorted; those of a validation that may come later. */
static int csv_keys(ant_callback_use *u, const ant_logs *logs) {
    csv_logger *s = u->state;
    int n = ant_log_count(logs);
    bool validated = false;
    s->keys = ant__alloc_array(2 * (size_t)n + 1, sizeof *s->keys);
    if (!s->keys)
        return ant__fail_memory(u->fit->error);
    for (int k = 0; k < n; k++) {
        validated |= !strncmp(ant_log_name(logs, k), "val_", 4);
        if (!(s->keys[s->n_keys++] = copy_text("", ant_log_name(logs, k))))
            return ant__fail_memory(u->fit->error);
    }
    qsort(s->keys, (size_t)n, sizeof *s->keys, by_text);
    for (int k = 0; k < n && !validated; k++)
        if (!(s->keys[s->n_keys++] = copy_text("val_", s->keys[k])))
            return ant__fail_memory(u->fit->error);
    return 0;
}

static void put_header(ant_buffer *b, const csv_logger *s, const char *separator) {
    ant__put(b, "epoch");
    for (int k = 0; k < s->n_keys; k++) {
        ant__put(b, separator);
        ant__csv_put(b, s->keys[k]);
    }
    ant__put(b, "\r\n");
}

static void put_row(ant_buffer *b, const csv_logger *s, const char *separator, int epoch,
                    const ant_logs *logs) {
    ant__put_format(b, "%d", epoch);
    for (int k = 0; k < s->n_keys; k++) {
        const ant_log_entry *entry = ant__logs_find(logs, s->keys[k]);
        ant__put(b, separator);
        if (entry)
            ant__put_number(b, entry->value);
        else
            ant__put(b, "NA");
    }
    ant__put(b, "\r\n");
}

static int csv_epoch(ant_callback_use *u, int epoch, ant_logs *logs) {
    const ant_csv_logger_options *o = u->part.options;
    csv_logger *s = u->state;
    ant_buffer b = {0};
    if (!s->keys && csv_keys(u, logs))
        return u->fit->error->code;
    if (s->header)
        put_header(&b, s, o->separator);
    s->header = false;
    put_row(&b, s, o->separator, epoch, logs);
    ant_replacement file = {.path = o->filename, .fd = s->fd - 1};
    int code = b.failed ? ant__fail_memory(u->fit->error)
                        : ant__replace_write(u->fit->error, &file, b.at, b.size);
    ant__buffer_free(&b);
    return code;
}

static void csv_free(ant_callback_use *u) {
    csv_logger *s = u->state;
    if (s->fd)
        close(s->fd - 1);
    for (int k = 0; k < s->n_keys; k++)
        ant__free(s->keys[k]);
    ant__free(s->keys);
}

/* --- ModelCheckpoint --- */
typedef struct model_checkpoint {
    ant_monitor monitor;
    int64_t batches;
    int epoch;
} model_checkpoint;

static int checkpoint_begin(ant_callback_use *u) {
    const ant_model_checkpoint_options *o = u->part.options;
    model_checkpoint *s = u->state;
    if (!o->filepath)
        return ant__fail(u->fit->error, ANT_E_OPTION, "ModelCheckpoint: filepath is missing");
    ant__monitor_start(&s->monitor, u, o->monitor, o->mode, 0);
    if (o->initial_value_threshold != ANT_NONE)
        s->monitor.best = o->initial_value_threshold;
    return 0;
}

/* What stands between { and }: a name, and how its number is written. */
typedef struct placeholder {
    char name[64], form[16]; /* "val_loss", ".2f" */
} placeholder;

static bool read_placeholder(const char *from, size_t n, placeholder *p) {
    const char *colon = memchr(from, ':', n);
    size_t name = colon ? (size_t)(colon - from) : n, form = colon ? n - name - 1 : 0;
    if (!name || name >= sizeof p->name || form >= sizeof p->form)
        return false;
    memcpy(p->name, from, name);
    memcpy(p->form, from + name + 1, form);
    p->name[name] = p->form[form] = 0;
    return true;
}

/* Python's "d" with a width, and ".2f": digits only, so that the text is a safe format. */
static bool put_formatted(ant_buffer *b, const char *form, double x) {
    char *end;
    bool zero = form[0] == '0';
    long width = strtol(form, &end, 10), digits = 0;
    if (!*form) {
        ant__put_number(b, x);
        return true;
    }
    if (*end == 'd' && !end[1] && width >= 0 && width < 32) {
        ant__put_format(b, zero ? "%0*lld" : "%*lld", (int)width, (long long)x);
        return true;
    }
    if (*end == '.')
        digits = strtol(end + 1, &end, 10);
    if ((*end != 'f' && *end != 'e') || end[1] || width < 0 || width > 31 || digits < 0 ||
        digits > 31)
        return false;
    ant__put_format(b, *end == 'f' ? "%*.*f" : "%*.*e", (int)width, (int)digits, x);
    return true;
}

static int put_placeholder(ant_callback_use *u, ant_buffer *b, const placeholder *p, int epoch,
                           const ant_logs *logs) {
    const ant_log_entry *entry = ant__logs_find(logs, p->name);
    bool is_epoch = !strcmp(p->name, "epoch");
    if (!is_epoch && !entry)
        return ant__fail(u->fit->error, ANT_E_OPTION,
                         "ModelCheckpoint: filepath: the logs have no '%s'", p->name);
    if (!put_formatted(b, p->form, is_epoch ? epoch + 1 : entry->value))
        return ant__fail(u->fit->error, ANT_E_OPTION,
                         "ModelCheckpoint: filepath: '%s' is no form for a number: 02d or .2f",
                         p->form);
    return 0;
}

static int put_path(ant_callback_use *u, ant_buffer *b, const char *at, int epoch,
                    const ant_logs *logs) {
    placeholder p;
    for (const char *close; *at; at = close + 1) {
        size_t plain = strcspn(at, "{");
        ant__put_bytes(b, at, plain);
        at += plain;
        if (!*at)
            break;
        close = strchr(at, '}');
        if (!close || !read_placeholder(at + 1, (size_t)(close - at - 1), &p))
            return ant__fail(u->fit->error, ANT_E_OPTION,
                             "ModelCheckpoint: filepath: expected {name} or {name:02d} at '%.40s'",
                             at);
        int code = put_placeholder(u, b, &p, epoch, logs);
        if (code)
            return code;
    }
    return b->failed ? ant__fail_memory(u->fit->error) : 0;
}

static int checkpoint_save(ant_callback_use *u, int epoch, const ant_logs *logs) {
    const ant_model_checkpoint_options *o = u->part.options;
    ant_model *m = u->fit->model;
    ant_buffer path = {0};
    int code = put_path(u, &path, o->filepath, epoch, logs);
    if (!code && (o->save_weights_only ? ant_save_weights : ant_save)(m, path.at))
        code = ant__fail(u->fit->error, ant__body(m)->error.code, "%s", ant_model_error(m));
    ant__buffer_free(&path);
    return code;
}

static int checkpoint_maybe(ant_callback_use *u, int epoch, const ant_logs *logs) {
    const ant_model_checkpoint_options *o = u->part.options;
    model_checkpoint *s = u->state;
    double x;
    if (o->save_best_only) {
        if (!ant__monitor_read(&s->monitor, u, logs, &x) ||
            !ant__monitor_better(&s->monitor, x, s->monitor.best))
            return 0;
        s->monitor.best = x;
    }
    return checkpoint_save(u, epoch, logs);
}

static int checkpoint_epoch_begin(ant_callback_use *u, int epoch) {
    model_checkpoint *s = u->state;
    s->epoch = epoch;
    return 0;
}

static int checkpoint_batch(ant_callback_use *u, int64_t batch, const ant_logs *logs) {
    const ant_model_checkpoint_options *o = u->part.options;
    model_checkpoint *s = u->state;
    (void)batch;
    if (o->save_freq == ANT_NONE || ++s->batches % o->save_freq)
        return 0;
    return checkpoint_maybe(u, s->epoch, logs);
}

static int checkpoint_epoch(ant_callback_use *u, int epoch, ant_logs *logs) {
    const ant_model_checkpoint_options *o = u->part.options;
    return o->save_freq == ANT_NONE ? checkpoint_maybe(u, epoch, logs) : 0;
}

/* --- Checkpoints: epoch-000012.safetensors after 12 epochs --- */
static const char prefix[] = "epoch-";

/* The number of epochs in a file's name; -1: not one of these files. */
static int epochs_of(const char *name) {
    char *end;
    if (strncmp(name, prefix, strlen(prefix)) || name[strlen(prefix)] < '0' ||
        name[strlen(prefix)] > '9')
        return -1;
    long n = strtol(name + strlen(prefix), &end, 10);
    return !strcmp(end, ".safetensors") && n < INT_MAX ? (int)n : -1;
}

/* The largest number below `below`; -1: none, -2: the folder cannot be read. */
static int newest(const char *folder, int below) {
    DIR *d = opendir(folder);
    int best = -1;
    if (!d)
        return -2;
    for (struct dirent *f; (f = readdir(d));) {
        int n = epochs_of(f->d_name);
        best = n > best && n < below ? n : best;
    }
    closedir(d);
    return best;
}

static const char *checkpoint_path(ant_context *c, const char *folder, int epochs) {
    return ant__print(c, "%s/%s%06d.safetensors", folder, prefix, epochs);
}

static void remove_old(ant_context *c, const ant_checkpoints_options *o, int epochs) {
    int n = epochs + 1;
    for (int kept = 0; (n = newest(o->folder, n)) >= 0; kept++) {
        const char *path = kept >= o->keep ? checkpoint_path(c, o->folder, n) : NULL;
        if (path)
            unlink(path);
    }
}

static int folder_begin(ant_callback_use *u) {
    const ant_checkpoints_options *o = u->part.options;
    if (!o->folder)
        return ant__fail(u->fit->error, ANT_E_OPTION, "Checkpoints: folder is missing");
    if (mkdir(o->folder, 0777) && errno != EEXIST)
        return ant__file_fail(u->fit->error, o->folder, "make the folder", errno);
    return 0;
}

static int folder_epoch(ant_callback_use *u, int epoch, ant_logs *logs) {
    const ant_checkpoints_options *o = u->part.options;
    ant_context c = {0};
    (void)logs;
    const char *path = checkpoint_path(&c, o->folder, epoch + 1);
    int code = path ? ant__state_write(&c, u->fit->model, path, ANT__WEIGHTS_AND_OPTIMIZER, NULL, 0)
                    : c.error.code;
    if (code)
        ant__fail(u->fit->error, code, "%s", c.error.text);
    else
        remove_old(&c, o, epoch + 1);
    ant__arena_free(&c.arena);
    return code;
}

static int resume(ant_context *c, ant_model *m, const char *folder) {
    int epochs = newest(folder, INT_MAX);
    if (epochs == -2 && errno != ENOENT)
        return ant__file_fail(&c->error, folder, "read", errno);
    if (epochs < 0)
        return 0;
    const char *path = checkpoint_path(c, folder, epochs);
    int code =
        path ? ant__state_read(c, m, path, ANT__WEIGHTS_AND_OPTIMIZER, false) : c->error.code;
    return code ? code : epochs;
}

int ant_resume(ant_model *m, const char *folder) {
    int code = ant__action_begin(m);
    if (!code)
        code = ant__settle(m);
    if (code)
        return code;
    ant_context c = ant__context_fork(ant__layer_graph(m));
    int epochs = resume(&c, m, folder);
    code = ant__model_take_error(m, &c.error);
    ant__arena_free(&c.arena);
    return code ? code : epochs;
}

/* --- classes --- */
static const ant_row csv_logger_rows[] = {
    ANT__ROW(csv_logger, filename, "where the rows go"),
    ANT__ROW(csv_logger, separator, "between cells"),
    ANT__ROW(csv_logger, append, "to what is there"),
    ANT__PART_ROWS(csv_logger),
};
static const ant_row model_checkpoint_rows[] = {
    ANT__ROW(model_checkpoint, filepath, "where models go, with {epoch:02d} and the like"),
    ANT__ROW(model_checkpoint, monitor, "the number that tells which is better"),
    ANT__ROW(model_checkpoint, verbose, "whether to tell", .refuse = "nothing is printed here"),
    ANT__ROW(model_checkpoint, save_best_only, "only when the number got better"),
    ANT__ROW(model_checkpoint, save_weights_only, "not the whole model"),
    ANT__ROW(model_checkpoint, mode, "which way is better", .words = "auto min max"),
    ANT__ROW(model_checkpoint, save_freq, "after so many batches", ANT__AT_LEAST(1),
             .none_word = "epoch"),
    ANT__ROW(model_checkpoint, initial_value_threshold, "what the first must be better than"),
    ANT__PART_ROWS(model_checkpoint),
};
static const ant_row checkpoints_rows[] = {
    ANT__ROW(checkpoints, folder, "where they go"),
    ANT__ROW(checkpoints, keep, "how many are kept", ANT__AT_LEAST(1)),
    ANT__PART_ROWS(checkpoints),
};

static const ant_callback_class csv_class = {.state = sizeof(csv_logger),
                                             .train_begin = csv_begin,
                                             .epoch_end = csv_epoch,
                                             .free = csv_free};
static const ant_callback_class checkpoint_class = {.state = sizeof(model_checkpoint),
                                                    .train_begin = checkpoint_begin,
                                                    .epoch_begin = checkpoint_epoch_begin,
                                                    .batch_end = checkpoint_batch,
                                                    .epoch_end = checkpoint_epoch};
static const ant_callback_class folder_class = {.train_begin = folder_begin,
                                                .epoch_end = folder_epoch};
static const ant_class classes[] = {
    ANT__CLASS(CSVLogger, csv_logger, CSV_LOGGER, ANT_CALLBACK, &csv_class),
    ANT__CLASS(ModelCheckpoint, model_checkpoint, MODEL_CHECKPOINT, ANT_CALLBACK,
               &checkpoint_class),
    ANT__CLASS(Checkpoints, checkpoints, CHECKPOINTS, ANT_CALLBACK, &folder_class),
};
const ant_family ant__file_callback_family = ANT__FAMILY("callbacks that write files", classes);
