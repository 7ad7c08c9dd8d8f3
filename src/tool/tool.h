/* The command line inside: what the words of a command are read into, and what commands share. */
#ifndef ANT_TOOL_TOOL_H
#define ANT_TOOL_TOOL_H
#include "antler/antler.h"
#include "core/context.h"
#include "io/experiment.h"
#include <stdio.h>

/* What a process ends with. */
enum { TOOL_OK = 0, TOOL_FAILED = 1, TOOL_USAGE = 2, TOOL_INTERRUPTED = 130 };

enum { TOOL_OPERANDS = 2, TOOL_SETS = 64 };

typedef struct tool_command tool_command;

/* All options of all commands; one that was not said is NULL, false or ANT_NONE. */
typedef struct tool_args {
    const tool_command *command;
    const char *operand[TOOL_OPERANDS];
    int n_operands;
    bool help, version, quiet, json, progress;
    const char *data, *validation_data, *input, *output, *weights, *target, *layer, *history;
    const char *optimizer, *loss, *metrics, *class_weight, *log, *checkpoint;
    double validation_split, learning_rate;
    int epochs, batch_size, seed, threads, columns;
    bool no_shuffle, resume, dry_run, confusion, train, fast;
    const char *set[TOOL_SETS];
    int n_sets;
} tool_args;

struct tool_command {
    const char *name;
    const char *operands; /* as help shows them: "MODEL --input IN" */
    int min_operands, max_operands;
    const char *does;     /* one line */
    const char *examples; /* lines */
    const char *options;  /* names of the options it takes, separated by spaces */
    int (*run)(const tool_args *a);
};

extern const tool_command tool_commands[]; /* a NULL name ends it */

/* --- reading the command line --- */
/* 0, or TOOL_USAGE after a line on standard error. */
int tool_read_args(int argc, char **argv, tool_args *out);
void tool_print_help(const tool_command *command); /* NULL: of the whole command */

/* --- saying what went wrong --- */
/* "antler: …" on standard error; returns TOOL_FAILED (or TOOL_USAGE). */
int tool_fail(const char *format, ...) ANT__FORMAT(1, 2);
int tool_usage(const char *format, ...) ANT__FORMAT(1, 2);
void tool_warn(void *data, const char *text); /* for graphs */
/* The first error of a graph or of an action on a model. */
int tool_model_failed(const ant_graph *g, const ant_model *m);

/* --- models --- */
/* Opens the first operand with --weights and what the options say in place of the file, calls the
 * body and frees all. `how`: whether what the file says of training must be known here. */
typedef int tool_body(const tool_args *a, ant_experiment *e);
int tool_with_model(const tool_args *a, ant_compiling how, tool_body *body);
/* Its weights, where neither the file nor --weights gave them: those of `output:`. */
int tool_need_weights(ant_experiment *e);
/* Where a trained model goes: --output (a may be NULL), output:, or beside the file. In the graph's
 * memory; NULL when out of memory. */
const char *tool_output(const tool_args *a, const ant_experiment *e);

/* --- showing --- */
bool tool_bars(const tool_args *a);             /* progress bars: a terminal, or --progress */
void tool_json_text(FILE *f, const char *text); /* quoted and escaped */
/* "name": value, … of logs, as lines or as one JSON object. */
void tool_print_logs(const tool_args *a, const ant_logs *logs);
/* Writes a whole file or nothing; "-" is standard output. */
int tool_write_text(const char *path, const char *text);

/* --- Ctrl-C --- */
void tool_catch_interrupt(void);
bool tool_interrupted(void);

/* --- commands --- */
int tool_train(const tool_args *a);
int tool_evaluate(const tool_args *a);
int tool_predict(const tool_args *a);
int tool_summary(const tool_args *a);
int tool_plot(const tool_args *a);
int tool_profile(const tool_args *a);
int tool_convert(const tool_args *a);
int tool_info(const tool_args *a);
#endif
