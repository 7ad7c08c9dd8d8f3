/* Values that stand in the text: numbers, nested lists, with a type before them where it
 * matters. */
#include "layers/operation/operation.h"
#include <math.h>
#include <string.h>

typedef struct reader {
    ant_context *c;
    const char *text, *at;
    ant_constant *out;
    int64_t room;
    bool real, bools; /* a number with a point; true or false, was among them */
} reader;

static int wrong(reader *r, const char *what) {
    return ant__fail(&r->c->error, ANT_E_OPTION, "constants: '%.60s%s': %s", r->text,
                     strlen(r->text) > 60 ? "…" : "", what);
}

static void blanks(reader *r) {
    r->at += strspn(r->at, " \n\t");
}

/* The next character is this one: steps over it. */
static bool comes(reader *r, char c) {
    blanks(r);
    bool yes = *r->at == c;
    r->at += yes;
    return yes;
}

/* --- numbers --- */
static bool push(reader *r, int64_t n, double x) {
    ant_constant *out = r->out;
    if (n == r->room) {
        int64_t room = r->room ? 4 * r->room : 4;
        double *more = ant__arena_array(&r->c->arena, (size_t)room, sizeof *more);
        if (!more)
            return false;
        if (n)
            memcpy(more, out->numbers, (size_t)n * sizeof *more);
        out->numbers = more;
        r->room = room;
    }
    out->numbers[n] = x;
    return true;
}

static bool is_word(const char *at, size_t n, const char *word) {
    return n == strlen(word) && !memcmp(at, word, n);
}

static int number(reader *r, int64_t *n) {
    char text[64];
    double x;
    size_t length = strcspn(r->at, ",]) \n\t");
    bool yes = is_word(r->at, length, "true");
    if (yes || is_word(r->at, length, "false")) {
        r->bools = true;
        x = yes;
    } else {
        if (length >= sizeof text)
            return wrong(r, "a number is too long");
        memcpy(text, r->at, length);
        text[length] = 0;
        if (!ant__number_read(text, &x))
            return wrong(r, "expected a number or a list of numbers");
        r->real |= strpbrk(text, ".eEin") != NULL;
    }
    r->at += length;
    return push(r, (*n)++, x) ? 0 : ant__fail_memory(&r->c->error);
}

/* --- lists --- */
/* The first list of a level tells its length, the others must have the same. */
static int list(reader *r, int depth, int64_t *n) {
    ant_dims *dims = &r->out->dims;
    int64_t length = 0;
    int code = 0;
    blanks(r);
    if (*r->at != '[')
        return depth == dims->rank ? number(r, n) : wrong(r, "lists of unequal depth");
    r->at++;
    bool first = depth == dims->rank && *n == 0;
    if (depth == ANT_MAX_AXES || (depth == dims->rank && !first))
        return wrong(r, depth == ANT_MAX_AXES ? "more than 8 axes" : "lists of unequal depth");
    dims->rank += first;
    bool more = !comes(r, ']');
    for (; !code && more; length++) {
        code = list(r, depth + 1, n);
        more = !code && comes(r, ',');
        if (!code && !more && !comes(r, ']'))
            return wrong(r, "a list is not closed");
    }
    if (!code && !first && length != dims->dim[depth])
        return wrong(r, "lists of unequal length");
    dims->dim[depth] = length;
    return code;
}

/* int32( … ): 0 where no type is said. */
static int type_before(reader *r) {
    static const int types[] = {ANT_FLOAT32, ANT_FLOAT64, ANT_INT32, ANT_INT64, ANT_BOOL};
    blanks(r);
    size_t length = strcspn(r->at, "([,");
    for (size_t k = 0; k < sizeof types / sizeof *types && r->at[length] == '('; k++)
        if (is_word(r->at, length, ant__dtype_name(types[k]))) {
            r->at += length + 1;
            return types[k];
        }
    return 0;
}

int ant__constant_read(ant_context *c, const char *text, ant_constant *out) {
    reader r = {.c = c, .text = text, .at = strchr(text, '='), .out = out};
    *out = (ant_constant){.of = text};
    if (!r.at || r.at == text)
        return wrong(&r, "expected name=value");
    out->of_length = (int)strcspn(text, " =");
    r.at++;
    blanks(&r);
    out->none = !strcmp(r.at, "none");
    if (out->none)
        return 0;
    out->dtype = type_before(&r);
    int64_t n = 0;
    int code = list(&r, 0, &n);
    if (code)
        return code;
    if (out->dtype && !comes(&r, ')'))
        return wrong(&r, "a type is not closed");
    blanks(&r);
    if (*r.at)
        return wrong(&r, "something follows the value");
    out->weak = !out->dtype && !out->dims.rank && !r.bools;
    if (!out->dtype)
        out->dtype = r.real ? ANT_FLOAT32 : r.bools ? ANT_BOOL : ANT_INT32;
    return 0;
}
