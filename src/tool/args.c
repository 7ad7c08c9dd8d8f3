/* Reading the command line: one table of options, typed, with "did you mean". */
#include "core/text/tree.h"
#include "tool/tool.h"
#include <math.h>
#include <string.h>

typedef enum option_kind { FLAG, TEXT, WHOLE, REAL, TEXTS } option_kind;

typedef struct option_row {
    const char *name;
    const char *value; /* as help shows it */
    option_kind kind;
    size_t offset;
    double min, max;
    const char *help;
} option_row;

#define AT(f) offsetof(tool_args, f)
static const option_row option_rows[] = {
    {"data", "FILE", TEXT, AT(data), 0, 0,
     "rows: csv, npz, npy or idx, in place of the file's own"},
    {"target", "COLUMN,…", TEXT, AT(target), 0, 0,
     "columns of a csv file that are to be predicted; of arrays: their file"},
    {"validation-data", "FILE", TEXT, AT(validation_data), 0, 0, "rows to watch while training"},
    {"validation-split", "F", REAL, AT(validation_split), 0, 1, "share of the rows, from the end"},
    {"epochs", "N", WHOLE, AT(epochs), 1, INT_MAX, "passes over the rows"},
    {"batch-size", "N", WHOLE, AT(batch_size), 1, INT_MAX, "rows per step"},
    {"no-shuffle", NULL, FLAG, AT(no_shuffle), 0, 0, "keep the order of the rows"},
    {"seed", "N", WHOLE, AT(seed), INT_MIN + 2.0, INT_MAX, "of all random numbers"},
    {"threads", "N", WHOLE, AT(threads), 1, 1024, "threads to run on; changes no result"},
    {"fast", NULL, FLAG, AT(fast), 0, 0, "convolutions may give up digits for speed"},
    {"optimizer", "O", TEXT, AT(optimizer), 0, 0, "as adam or 'Adam(learning_rate=0.01)'"},
    {"learning-rate", "R", REAL, AT(learning_rate), 0, INFINITY, "of the optimizer"},
    {"loss", "L", TEXT, AT(loss), 0, 0, "as mse"},
    {"metrics", "M,…", TEXT, AT(metrics), 0, 0, "as accuracy,mae"},
    {"class-weight", "auto", TEXT, AT(class_weight), 0, 0, "rare classes count for more"},
    {"log", "FILE", TEXT, AT(log), 0, 0, "csv: a row per epoch, or one of the results"},
    {"checkpoint", "DIR", TEXT, AT(checkpoint), 0, 0, "save there after every epoch"},
    {"resume", NULL, FLAG, AT(resume), 0, 0, "go on from the newest checkpoint"},
    {"set", "PATH=VALUE", TEXTS, AT(set), 0, 0, "in place of what the file says: fit.epochs=3"},
    {"dry-run", NULL, FLAG, AT(dry_run), 0, 0, "check everything, train nothing"},
    {"output", "FILE", TEXT, AT(output), 0, 0, "where the result goes"},
    {"weights", "FILE", TEXT, AT(weights), 0, 0, "weights for a model that has none"},
    {"input", "FILE", TEXT, AT(input), 0, 0, "rows to predict: csv, npy, npz or idx"},
    {"layer", "NAME", TEXT, AT(layer), 0, 0, "an inner layer's output"},
    {"history", "LOG.csv", TEXT, AT(history), 0, 0, "curves of a log that train wrote"},
    {"confusion", NULL, FLAG, AT(confusion), 0, 0, "also which class was taken for which"},
    {"train", NULL, FLAG, AT(train), 0, 0, "a training step in place of a prediction"},
    {"columns", "N", WHOLE, AT(columns), 40, 400, "width of the table"},
    {"progress", NULL, FLAG, AT(progress), 0, 0, "bars even when nobody is looking"},
    {"json", NULL, FLAG, AT(json), 0, 0, "one JSON object in place of lines"},
    {"quiet", NULL, FLAG, AT(quiet), 0, 0, "say nothing but results and errors"},
    {"help", NULL, FLAG, AT(help), 0, 0, "this text"},
    {"version", NULL, FLAG, AT(version), 0, 0, "the version"},
};
enum { OPTIONS = sizeof option_rows / sizeof *option_rows };
static const char everywhere[] = "quiet help version ";

/* --- looking up --- */
static bool listed(const char *names, const char *name) {
    size_t n = strlen(name);
    for (const char *at = names; (at = strstr(at, name)); at += n)
        if ((at == names || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
            return true;
    return false;
}

static bool takes(const tool_command *c, const char *option) {
    return listed(everywhere, option) || (c && listed(c->options, option));
}

static const option_row *row_named(const char *name, size_t n) {
    for (int i = 0; i < OPTIONS; i++)
        if (strlen(option_rows[i].name) == n && !strncmp(option_rows[i].name, name, n))
            return &option_rows[i];
    return NULL;
}

static const option_row *short_row(char letter) {
    static const char *const names[] = {"help", "quiet", "output", "version"};
    for (int i = 0; i < 4; i++)
        if ((i < 3 ? names[i][0] : 'V') == letter)
            return row_named(names[i], strlen(names[i]));
    return NULL;
}

static int unknown_option(const tool_command *c, const char *name, size_t n) {
    const char *names[OPTIONS], *near;
    char said[64];
    int count = 0;
    snprintf(said, sizeof said, "%.*s", (int)n, name);
    for (int i = 0; i < OPTIONS; i++)
        if (takes(c, option_rows[i].name))
            names[count++] = option_rows[i].name;
    near = ant__nearest(said, names, count);
    return tool_usage("%s%sno option '--%s'%s%s%s", c ? c->name : "", c ? ": " : "", said,
                      near ? ", did you mean '--" : "", near ? near : "", near ? "'?" : "");
}

static int unknown_command(const char *name) {
    const char *names[16], *near;
    int n = 0;
    for (const tool_command *c = tool_commands; c->name; c++)
        names[n++] = c->name;
    near = ant__nearest(name, names, n);
    return tool_usage("no command '%s'%s%s%s (see 'antler --help')", name,
                      near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* --- values --- */
static int set_number(tool_args *a, const option_row *row, const char *value) {
    double x;
    bool good = ant__number_read(value, &x) && x >= row->min && x <= row->max;
    if (row->kind == WHOLE && (!good || x != floor(x)))
        return tool_usage("--%s is '%s', expected a whole number from %.0f to %.0f", row->name,
                          value, row->min, row->max);
    if (!good)
        return tool_usage("--%s is '%s', expected a number from %g to %g", row->name, value,
                          row->min, row->max);
    if (row->kind == WHOLE)
        *(int *)(void *)((char *)a + row->offset) = (int)x;
    else
        *(double *)(void *)((char *)a + row->offset) = x;
    return 0;
}

static int set_value(tool_args *a, const option_row *row, const char *value) {
    char *field = (char *)a + row->offset;
    if (row->kind == WHOLE || row->kind == REAL)
        return set_number(a, row, value);
    if (row->kind == TEXT)
        *(const char **)(void *)field = value;
    else if (a->n_sets == TOOL_SETS)
        return tool_usage("--set is said more than %d times", TOOL_SETS);
    else
        a->set[a->n_sets++] = value;
    return 0;
}

/* An option word and, where it takes one, its value; *at moves on. */
static int read_option(tool_args *a, int argc, char **argv, int *at) {
    const char *word = argv[*at], *name = word + 2, *equals = strchr(word, '=');
    size_t n = equals ? (size_t)(equals - name) : strlen(name);
    const option_row *row = word[1] != '-' ? short_row(word[1]) : row_named(name, n);
    if (word[1] != '-' && (!row || word[2]))
        return tool_usage("no option '%s'", word);
    if (!row || !takes(a->command, row->name))
        return unknown_option(a->command, row ? row->name : name, row ? strlen(row->name) : n);
    if (row->kind == FLAG) {
        *(bool *)((char *)a + row->offset) = true;
        return equals ? tool_usage("--%s takes no value", row->name) : 0;
    }
    if (equals)
        return set_value(a, row, equals + 1);
    if (*at + 1 >= argc)
        return tool_usage("--%s needs a value: %s", row->name, row->value);
    return set_value(a, row, argv[++*at]);
}

static int read_operand(tool_args *a, const char *word) {
    if (!a->command) {
        for (const tool_command *c = tool_commands; c->name; c++)
            if (!strcmp(c->name, word))
                a->command = c;
        return a->command ? 0 : unknown_command(word);
    }
    if (a->n_operands == a->command->max_operands)
        return tool_usage("%s: unexpected '%s': usage: antler %s %s", a->command->name, word,
                          a->command->name, a->command->operands);
    a->operand[a->n_operands++] = word;
    return 0;
}

static int check_operands(const tool_args *a) {
    const tool_command *c = a->command;
    if (a->help || a->version)
        return 0;
    if (!c)
        return tool_usage("a command is missing (see 'antler --help')");
    if (a->n_operands < c->min_operands)
        return tool_usage("%s: usage: antler %s %s", c->name, c->name, c->operands);
    return 0;
}

int tool_read_args(int argc, char **argv, tool_args *out) {
    bool only_operands = false;
    int code = 0;
    *out = (tool_args){.validation_split = ANT_NONE,
                       .learning_rate = ANT_NONE,
                       .epochs = ANT_NONE,
                       .batch_size = ANT_NONE,
                       .seed = ANT_NONE,
                       .threads = ANT_NONE,
                       .columns = ANT_NONE};
    for (int i = 1; i < argc && !code; i++) {
        bool option = !only_operands && argv[i][0] == '-' && argv[i][1];
        if (option && !strcmp(argv[i], "--"))
            only_operands = true;
        else if (option)
            code = read_option(out, argc, argv, &i);
        else
            code = read_operand(out, argv[i]);
    }
    return code ? code : check_operands(out);
}

/* --- help --- */
static void print_options(const tool_command *c) {
    for (int i = 0; i < OPTIONS; i++) {
        const option_row *row = &option_rows[i];
        char left[40];
        if (!takes(c, row->name))
            continue;
        snprintf(left, sizeof left, "--%s %s", row->name, row->value ? row->value : "");
        printf("  %-28s %s\n", left, row->help);
    }
}

static void print_examples(const char *lines) {
    for (const char *at = lines; *at; at = strchr(at, '\n') + 1)
        printf("  %.*s\n", (int)(strchr(at, '\n') - at), at);
}

static const char files[] =
    "\nModels are read from .yaml (with weights beside it in .safetensors), .safetensors, .keras "
    "and\n"
    "Keras's .h5, told apart by what is in them, and written as .safetensors, .keras or .yaml.\n"
    "Weights alone are read from .safetensors, .weights.h5 or any model with weights.\n";

void tool_print_help(const tool_command *command) {
    if (command) {
        printf("Examples:\n");
        print_examples(command->examples);
        printf("\nantler %s %s: %s\n\nOptions:\n", command->name, command->operands, command->does);
        print_options(command);
        if (takes(command, "weights"))
            fputs(files, stdout);
        return;
    }
    printf("Examples:\n");
    for (const tool_command *c = tool_commands; c->name; c++)
        printf("  %.*s\n", (int)strcspn(c->examples, "\n"), c->examples);
    printf("\nantler COMMAND …: neural networks, trained and run. Commands:\n");
    for (const tool_command *c = tool_commands; c->name; c++)
        printf("  %-10s %s\n", c->name, c->does);
    printf("\n'antler COMMAND --help' tells more of each. Everywhere:\n");
    print_options(NULL);
}
