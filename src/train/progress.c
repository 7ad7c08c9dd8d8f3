/* Progress of a fit as text: Keras's bar on a terminal, a line an epoch elsewhere. */
#include "core/clock.h"
#include "train/callback.h"
#include <math.h>
#include <string.h>
#include <unistd.h>

enum { BAR = 20, TEXT = 2048 };

/* Where the text goes; of a user's own class, or of ProgbarLogger. */
typedef struct progress_class {
    ant_callback_class cls; /* first */
    ant_progress_options o;
} progress_class;

typedef struct progress {
    const ant_progress_options *to; /* NULL: stderr */
    bool plain;
    double begun, shown, first; /* times: of the epoch, of the last bar, after the first step */
    int64_t seen;
    int width; /* of what is on the line now, in columns */
} progress;

/* A text that is built piece by piece and never overflows. */
typedef struct text {
    char at[TEXT];
    size_t n;
    int columns; /* what of it can be seen */
} text;

static void put(text *t, const char *piece, int columns) {
    size_t n = strlen(piece);
    if (t->n + n >= sizeof t->at)
        return;
    memcpy(t->at + t->n, piece, n + 1);
    t->n += n;
    t->columns += columns;
}

static void say(text *t, const char *piece) {
    put(t, piece, (int)strlen(piece));
}

static void flush(const progress *s, const text *t) {
    FILE *file = s->to && s->to->file ? s->to->file : stderr;
    if (s->to && s->to->write) {
        s->to->write(s->to->data, t->at);
        return;
    }
    fputs(t->at, file);
    (void)fflush(file);
}

/* --- pieces --- */
static void say_number(text *t, double x) {
    char out[32];
    snprintf(out, sizeof out, fabs(x) > 1e-3 || x == 0 ? "%.4f" : "%.4e", x);
    say(t, out);
}

static void say_logs(text *t, const ant_logs *logs) {
    for (int k = 0; k < ant_log_count(logs); k++) {
        say(t, " - ");
        say(t, ant_log_name(logs, k));
        say(t, ": ");
        say_number(t, ant_log_at(logs, k));
    }
}

static double step_time(progress *s, double at) {
    if (s->seen == 1)
        s->first = at;
    if (s->seen > 1 && s->first > 0)
        return (at - s->first) / (double)(s->seen - 1);
    return s->seen > 0 ? (at - s->begun) / (double)s->seen : 0;
}

static void say_step_time(text *t, double x) {
    char out[32];
    bool seconds = x >= 1 || x == 0, milli = x >= 1e-3;
    snprintf(out, sizeof out, " %.0f%s/step",
             seconds ? x
             : milli ? x * 1e3
                     : x * 1e6,
             seconds ? "s"
             : milli ? "ms"
                     : "us");
    say(t, out);
}

static void say_left(text *t, double x) {
    char out[64];
    int64_t s = (int64_t)x;
    if (s > 3600)
        snprintf(out, sizeof out, "%lld:%02d:%02d", (long long)(s / 3600), (int)(s / 60 % 60),
                 (int)(s % 60));
    else if (s > 60)
        snprintf(out, sizeof out, "%d:%02d", (int)(s / 60), (int)(s % 60));
    else
        snprintf(out, sizeof out, "%ds", (int)s);
    say(t, out);
}

static void say_count(text *t, const ant_callback_use *u, int64_t seen) {
    char out[64];
    int digits = snprintf(NULL, 0, "%lld", (long long)u->fit->steps);
    if (u->fit->steps > 0)
        snprintf(out, sizeof out, "%*lld/%lld", digits, (long long)seen, (long long)u->fit->steps);
    else
        snprintf(out, sizeof out, "%7lld/Unknown", (long long)seen);
    say(t, out);
}

static void say_bar(text *t, const ant_callback_use *u, int64_t seen) {
    int done = u->fit->steps > 0 ? (int)(BAR * seen / u->fit->steps) : 0;
    put(t, "\033[1m", 0);
    say_count(t, u, seen);
    put(t, "\033[0m \033[32m", 1);
    for (int k = 0; k < BAR; k++) {
        if (k == done)
            put(t, "\033[0m\033[37m", 0);
        put(t, "━", 1);
    }
    put(t, "\033[0m ", 1);
}

/* --- hooks --- */
static bool is_plain(const ant_progress_options *o) {
    if (o && o->plain != ANT_NONE)
        return o->plain != 0;
    if (o && o->write)
        return true;
    return isatty(fileno(o && o->file ? o->file : stderr)) == 0;
}

static int begin(ant_callback_use *u) {
    progress *s = u->state;
    const ant_progbar_logger_options *said = u->part.options;
    if (said == NULL)
        s->to = &((const progress_class *)u->part.cls->impl)->o;
    s->plain = (said && said->plain) || is_plain(s->to);
    return 0;
}

static int epoch_begin(ant_callback_use *u, int epoch) {
    progress *s = u->state;
    char line[64];
    text t = {.n = 0};
    s->begun = ant__seconds();
    s->shown = s->first = 0;
    s->seen = 0;
    s->width = 0;
    snprintf(line, sizeof line, "Epoch %d/%d\n", epoch + 1, u->fit->epochs);
    say(&t, line);
    if (!s->plain && u->fit->epochs > 1)
        flush(s, &t);
    return 0;
}

static void show_bar(ant_callback_use *u, const ant_logs *logs, bool end) {
    progress *s = u->state;
    text t = {.n = 0};
    double at = ant__seconds(), each = step_time(s, at);
    char elapsed[32];
    put(&t, "\r", 0);
    say_bar(&t, u, s->seen);
    put(&t, "\033[1m", 0);
    snprintf(elapsed, sizeof elapsed, "%.0fs", at - s->begun);
    if (end || u->fit->steps <= 0)
        say(&t, elapsed);
    else
        say_left(&t, each * (double)(u->fit->steps - s->seen));
    put(&t, "\033[0m", 0);
    say_step_time(&t, each);
    say_logs(&t, logs);
    int width = t.columns;
    for (int k = width; k < s->width; k++) /* wipe what was longer */
        put(&t, " ", 1);
    put(&t, end ? "\n" : "", 0);
    s->width = width;
    s->shown = at;
    flush(s, &t);
}

static int batch_end(ant_callback_use *u, int64_t batch, const ant_logs *logs) {
    progress *s = u->state;
    s->seen = batch + 1;
    if (s->seen == 1)
        step_time(s, ant__seconds());
    if (!s->plain && ant__seconds() - s->shown > 0.05)
        show_bar(u, logs, false);
    return 0;
}

static void show_line(ant_callback_use *u, int epoch, const ant_logs *logs) {
    progress *s = u->state;
    text t = {.n = 0};
    char head[64];
    double at = ant__seconds();
    snprintf(head, sizeof head, "Epoch %d/%d - %.0fs -", epoch + 1, u->fit->epochs, at - s->begun);
    say(&t, head);
    say_step_time(&t, step_time(s, at));
    say_logs(&t, logs);
    say(&t, "\n");
    flush(s, &t);
}

static int epoch_end(ant_callback_use *u, int epoch, ant_logs *logs) {
    progress *s = u->state;
    if (s->plain)
        show_line(u, epoch, logs);
    else
        show_bar(u, logs, true);
    return 0;
}

static bool wants_metrics(const ant_callback_use *u) {
    return !((const progress *)u->state)->plain;
}

/* --- making --- */
static const ant_callback_class progress_callback = {.state = sizeof(progress),
                                                     .train_begin = begin,
                                                     .epoch_begin = epoch_begin,
                                                     .batch_end = batch_end,
                                                     .epoch_end = epoch_end,
                                                     .wants_metrics = wants_metrics};

const char *ant_progress_(const ant_progress_options *o, size_t size, const char *file, int line) {
    progress_class c = {.cls = progress_callback, .o = {.plain = ANT_NONE}};
    if (o->graph == NULL)
        return "!";
    const char *wrong = ant__struct_take(&c.o, offsetof(ant_progress_options, ant_end), o, size);
    if (wrong) {
        ant__fail(&o->graph->context.error, ANT_E_OPTION, "%s:%d: progress: %s", file, line, wrong);
        return "!";
    }
    return ant__callback_register(o->graph, NULL, &c.cls, sizeof c, file, line);
}

static const ant_row progbar_logger_rows[] = {
    ANT__ROW(progbar_logger, plain, "whether it is lines even on a terminal"),
    ANT__PART_ROWS(progbar_logger)};
static const ant_class classes[] = {
    ANT__CLASS(ProgbarLogger, progbar_logger, PROGBAR_LOGGER, ANT_CALLBACK, &progress_callback),
};
const ant_family ant__progress_family = ANT__FAMILY("progress", classes);
