/* Options from text, back into text, copied and checked; parts; classes. */
#include "core/options/field.h"
#include "core/random.h"
#include "demo.h"
#include "support.h"
#include <string.h>

/* What a graph is to this floor. */
struct ant_graph {
    ant_context context;
};

static const ant_class *box(void) {
    return ant__class_find(NULL, ANT_LAYER, "Box");
}

static ant_box_options *box_said(ant_context *c, const char *text) {
    ant_tree *t = ant__text_parse(c, text, 0, 0);
    if (!t)
        return NULL;
    ant_box_options *o = ant__options_copy(c, box(), box()->defaults, box()->size);
    if (!o || ant__options_set(c, box(), o, t, NULL) || ant__options_check(c, box(), o))
        return NULL;
    return o;
}

/* --- text into options and back --- */
static const struct {
    const char *said, *written;
} good[] = {
    {"Box(3)", "Box(units=3)"},
    {"Box(units=3, use_bias=true, rate=0.5, mode=valid, size=1)", "Box(units=3)"},
    {"Box(3, relu, no, 1e-1)", "Box(units=3, activation=relu, use_bias=false, rate=0.1)"},
    {"Box(3, RELU)", "Box(units=3, activation=relu)"},
    {"Box(3, 'LeakySlope(slope = 2e-1)')", "Box(units=3, activation=leaky_slope)"},
    {"Box(3, leaky_slope(0.30))", "Box(units=3, activation=LeakySlope(slope=0.3))"},
    {"Box(3, none)", "Box(units=3)"},
    {"Box(1e3)", "Box(units=1000)"},
    {"Box(3, size=(2, 3))", "Box(units=3, size=[2, 3])"},
    {"Box(3, extent=((1, 2), (3, 4)))", "Box(units=3, size=[1, 2, 3, 4])"},
    {"Box(3, mode=same, verbose=bar, seed=7)", "Box(units=3, mode=same, verbose=bar, seed=7)"},
    {"Box(3, verbose=2, seed=auto)", "Box(units=3, verbose=lines)"},
    {"Box(3, target=(4, none, -1))", "Box(units=3, target=[4, none, none])"},
    {"Box(3, target=5)", "Box(units=3, target=[5])"},
    {"Box(3, factor=0.25)", "Box(units=3, factor=0.25)"},
    {"Box(3, factor=[-0.5, 1])", "Box(units=3, factor=[-0.5, 1])"},
    {"Box(3, axes=[1, -2], weights=[0.1, 1e-9], words=[a, 'b c', none, ''])",
     "Box(units=3, axes=[1, -2], weights=[0.1, 1e-09], words=[a, \"b c\", \"none\", \"\"])"},
    {"Box(3, limits=[high=2, low=0.5])", "Box(units=3, limits=[low=0.5, high=2])"},
    {"Box(3, limits=[middle=1, low=none])", "Box(units=3, limits=[middle=1])"},
    {"Box(3, axes=4)", "Box(units=3, axes=[4])"},
    {"Box(3, parts=[relu, LeakySlope(1)])", "Box(units=3, parts=[relu, LeakySlope(slope=1)])"},
    {"Box(3, parts=relu)", "Box(units=3, parts=[relu])"},
    {"Box(3, learning_rate=1)", "Box(units=3, learning_rate=1)"},
    {"Box(3, learning_rate=tpd(2, name=d))",
     "Box(units=3, learning_rate=ThePolyDecay(start=2, name=d))"},
    {"Box(3, name=\"none\", trainable=False)", "Box(units=3, name=\"none\", trainable=false)"},
    {"Box(3, name='a, b', input_shape=[none, 3])",
     "Box(units=3, name=\"a, b\", input_shape=[none, 3])"},
    {"Box(3, axes='[1, 2]')", "Box(units=3, axes=[1, 2])"},
};
enum { GOOD = sizeof good / sizeof *good };

START_TEST(options_come_back) {
    ant_context c = {.seed = 0};
    ant_box_options *o = box_said(&c, good[_i].said);
    ck_assert_msg(o, "%s", c.error.text);
    const char *text = ant__tree_text(&c, ant__options_tree(&c, box(), o, NULL));
    ck_assert_str_eq(text, good[_i].written);
    o = box_said(&c, text);
    ck_assert_str_eq(ant__tree_text(&c, ant__options_tree(&c, box(), o, NULL)), text);
    ant__arena_free(&c.arena);
}
END_TEST

static const struct {
    const char *said, *error;
} bad[] = {
    {"Box()", "Box: units is missing"},
    {"Box(0)", "Box: units is 0, must be at least 1"},
    {"Box(2.5)", "Box: units is 2.5, expected a whole number"},
    {"Box(99999999999)", "Box: units is 99999999999, expected a whole number"},
    {"Box(-2147483648)", "Box: units is -2147483648, expected a whole number"},
    {"Box(none)", "Box: units cannot be none"},
    {"Box('3')", "Box: units is \"3\", expected a whole number"},
    {"Box(3, 4)", "Box: activation: no activation '4'; one of your own is registered by "
                  "ant_register_activation"},
    {"Box(3, rleu)", "Box: activation: no activation 'rleu', did you mean 'relu'?"},
    {"Box(3, me)", "Box: activation: 'me' is a loss, not an activation"},
    {"Box(3, !)", "Box: activation: this activation could not be made"},
    {"Box(3, [relu])", "Box: activation: expected activation by its name"},
    {"Box(3, relu(1))", "Box: activation: relu takes no options"},
    {"Box(3, LeakySlope(-1))", "Box: activation: LeakySlope: slope is -1, must be at least 0"},
    {"Box(3, LeakySlope(slop=1))",
     "Box: activation: LeakySlope: no option 'slop', did you mean 'slope'?"},
    {"Box(3, use_bias=maybe)", "Box: use_bias is maybe, expected true or false"},
    {"Box(3, use_bias=none)", "Box: use_bias cannot be none"},
    {"Box(3, rate=1.5)", "Box: rate is 1.5, must be between 0 and 1"},
    {"Box(3, rate=nan)", "Box: rate is nan, must be between 0 and 1"},
    {"Box(3, rate=x)", "Box: rate is x, expected a number"},
    {"Box(3, size=0)", "Box: size is 0, must be at least 1"},
    {"Box(3, size=[1, 0])", "Box: size is 0, must be at least 1"},
    {"Box(3, size=[1, 2, 3, 4, 5, 6, 7])",
     "Box: size is [1, 2, 3, 4, 5, 6, 7], expected a whole number or one per axis"},
    {"Box(3, mode=full)", "Box: mode is 'full', must be one of: valid same"},
    {"Box(3, verbose=3)", "Box: verbose is 3, must be one of: silent bar lines"},
    {"Box(3, verbose=loud)", "Box: verbose is loud, expected a whole number"},
    {"Box(3, target=[1, 0])",
     "Box: target is [1, 0], expected a shape: at most 7 sizes, none is 0"},
    {"Box(3, target=[1, 2, 3, 4, 5, 6, 7, 8])",
     "Box: target is [1, 2, 3, 4, 5, 6, 7, 8], expected a shape: at most 7 sizes, none is 0"},
    {"Box(3, target=[1, -2])",
     "Box: target must be at most 7 sizes of at least 1, or ANT_ANY where unknown"},
    {"Box(3, factor=[0, 2])", "Box: factor is 2, must be between -1 and 1"},
    {"Box(3, factor=[0])", "Box: factor is [0], expected a number or [low, high]"},
    {"Box(3, weights=[1, 0])", "Box: weights is 0, must be above 0"},
    {"Box(3, weights=[1, x])", "Box: weights is [1, x], expected a list"},
    {"Box(3, learning_rate=0)", "Box: learning_rate is 0, must be above 0"},
    {"Box(3, learning_rate=tpd())", "Box: learning_rate: ThePolyDecay: start is missing"},
    {"Box(3, learning_rate=relu)", "Box: learning_rate: 'relu' is an activation, not a schedule"},
    {"Box(3, lora_rank=4)", "Box: lora_rank: not built yet"},
    {"Box(3, unit=4)", "Box: no option 'unit', did you mean 'units'?"},
    {"Box(3, kernel=4)", "Box: no option 'kernel'"},
    {"Box(3, units=4)", "Box: units is said twice"},
    {"Box(3, parts=[relu, relu, relu, relu, relu, relu, relu, relu, relu, relu, relu, relu, relu,"
     " relu, relu, relu])",
     "Box: parts has more than 15 entries"},
};
enum { BAD = sizeof bad / sizeof *bad };

START_TEST(errors_say_what_is_wrong) {
    ant_context c = {.seed = 0};
    ck_assert_ptr_null(box_said(&c, bad[_i].said));
    ck_assert_int_eq(c.error.code, ANT_E_OPTION);
    ck_assert_str_eq(c.error.text, bad[_i].error);
    ant__arena_free(&c.arena);
}
END_TEST

START_TEST(too_many_places) {
    ant_context c = {.seed = 0};
    const ant_class *decay = ant__class_find(NULL, ANT_SCHEDULE, "tpd");
    ck_assert_str_eq(ant__part_text(&c, ANT_SCHEDULE, "tpd(1, 2, a, b)"), "!");
    ck_assert_str_eq(c.error.text, "ThePolyDecay: takes at most 3 options");
    ck_assert_int_eq(decay->rows_n, 3);
    ant__arena_free(&c.arena);
}
END_TEST

START_TEST(errors_in_files_have_places) {
    ant_context c = {.seed = 0};
    ant_box_options *o = ant__options_copy(&c, box(), box()->defaults, box()->size);
    ant_tree value = {.kind = ANT__WORD, .text = "LeakySlope(slope=-1)", .line = 4, .column = 17};
    value.key = "activation";
    ant_tree map = {.kind = ANT__MAP, .first = &value, .last = &value};
    ck_assert_int_eq(ant__options_set(&c, box(), o, &map, NULL), ANT_E_OPTION);
    ck_assert_str_eq(c.error.text, "4:17: LeakySlope: slope is -1, must be at least 0");
    ant__arena_free(&c.arena);
}
END_TEST

static int say_and_write(void *data) {
    ant_context c = {.seed = 0};
    ant_box_options *o = box_said(&c, good[*(int *)data].said);
    ant_tree *t = o ? ant__options_tree(&c, box(), o, NULL) : NULL;
    const char *text = t ? ant__tree_text(&c, t) : NULL;
    int code = c.error.code;
    ck_assert(!text == (code != 0));
    ck_assert(!code || code == ANT_E_MEMORY);
    ant__arena_free(&c.arena);
    return code;
}

/* Damaged texts are read or refused, and what is read can be written again. */
START_TEST(damaged_texts) {
    static const char letters[] = "()[]=,\"'\\ .-0123456789enoaxu!~\n\t\x80";
    for (uint64_t draw = 0; draw < 400; draw++) {
        ant_context c = {.seed = 0};
        char text[256];
        strcpy(text, good[_i].said);
        for (uint64_t k = 0; k <= draw % 4; k++) {
            uint32_t w[4];
            ant__philox(draw, (uint64_t)_i, k, w);
            text[w[0] % strlen(text)] = letters[w[1] % (sizeof letters - 1)];
        }
        ant_box_options *o = box_said(&c, text);
        ck_assert_msg(!o == (c.error.code == ANT_E_OPTION), "%s: %s", text, c.error.text);
        if (o) {
            const char *said = ant__tree_text(&c, ant__options_tree(&c, box(), o, NULL));
            ant_box_options *again = box_said(&c, said);
            ck_assert_msg(again, "%s becomes %s: %s", text, said, c.error.text);
            ck_assert_str_eq(ant__tree_text(&c, ant__options_tree(&c, box(), again, NULL)), said);
        }
        ant__arena_free(&c.arena);
    }
}
END_TEST

START_TEST(memory_may_fail) {
    memory_fail_each(say_and_write, &_i);
}
END_TEST

START_TEST(one_option_from_the_command_line) {
    ant_context c = {.seed = 0};
    ant_box_options *o = box_said(&c, "Box(3)");
    ck_assert_int_eq(ant__option_set_text(&c, box(), o, "size", "(2, 3)"), 0);
    ck_assert_int_eq(ant__size_at(o->size, 1), 3);
    ck_assert_int_eq(ant__option_set_text(&c, box(), o, "name", "a (b"), 0);
    ck_assert_str_eq(o->name, "a (b");
    ck_assert_int_eq(ant__option_set_text(&c, box(), o, "activation", "leaky_slope(1)"), 0);
    ck_assert_str_eq(o->activation, "LeakySlope(slope=1)");
    ck_assert_int_eq(ant__option_set_text(&c, box(), o, "learning_rate", "tpd(1)"), 0);
    ck_assert_str_eq(o->schedule, "ThePolyDecay(start=1)");
    ck_assert_int_eq(ant__option_set_text(&c, box(), o, "learning_rate", "0.5"), 0);
    ck_assert_ptr_null(o->schedule);
    ck_assert_double_eq(o->learning_rate, 0.5);
    ck_assert_int_eq(ant__option_set_text(&c, box(), o, "rate", "much"), ANT_E_OPTION);
    ant__arena_free(&c.arena);
}
END_TEST

/* --- structs --- */
START_TEST(structs_are_copied_deeply) {
    ant_context c = {.seed = 0};
    char name[] = "hidden";
    int axes[] = {1, 2};
    const char *words[] = {name, "b"};
    ant_box_options o = {ANT_BOX_DEFAULTS,  .units = 2,          .name = name,
                         .axes = {2, axes}, .words = {2, words}, .parts = {"RELU"}};
    ant_box_options *copy = ant__options_take(&c, box(), &o, box()->size);
    ck_assert_msg(copy, "%s", c.error.text);
    name[0] = axes[0] = 0;
    words[1] = NULL;
    ck_assert_str_eq(copy->name, "hidden");
    ck_assert_str_eq(copy->words.data[0], "hidden");
    ck_assert_str_eq(copy->words.data[1], "b");
    ck_assert_int_eq(copy->axes.data[0], 1);
    ck_assert_str_eq(copy->parts[0], "relu");
    ant__arena_free(&c.arena);
}
END_TEST

START_TEST(older_structs_get_defaults) {
    ant_context c = {.seed = 0};
    ant_box_options o = {.units = 2, .rate = 0.25};
    memset((char *)&o + offsetof(ant_box_options, size), 0,
           sizeof o - offsetof(ant_box_options, size));
    ant_box_options *copy = ant__options_take(&c, box(), &o, offsetof(ant_box_options, size));
    ck_assert_msg(copy, "%s", c.error.text);
    ck_assert_double_eq(copy->rate, 0.25);
    ck_assert_str_eq(copy->mode, "valid");
    ck_assert_int_eq(copy->seed, ANT_NONE);
    ck_assert_ptr_null(ant__options_take(&c, box(), &o, box()->size + 8));
    ck_assert_str_eq(c.error.text, "Box: the program was built with a newer Antler");
    ant__arena_free(&c.arena);
}
END_TEST

START_TEST(guards) {
    ant_context c = {.seed = 0};
    ant_box_options o = {ANT_BOX_DEFAULTS, .units = 2, .ant_end = 1};
    ck_assert_ptr_null(ant__options_take(&c, box(), &o, box()->size));
    ck_assert_str_eq(c.error.text, "Box: one positional option too many");
    ant__error_clear(&c.error);
    o = (ant_box_options){ANT_BOX_DEFAULTS, .units = 2, .input_shape = {4, 0, 2}};
    ck_assert_ptr_null(ant__options_take(&c, box(), &o, box()->size));
    ck_assert_str_eq(c.error.text, "Box: input_shape must be at most 7 sizes of at least 1, or "
                                   "ANT_ANY where unknown");
    ant__error_clear(&c.error);
    o = (ant_box_options){ANT_BOX_DEFAULTS, .units = 2, .axes = {-1, NULL}};
    ck_assert_ptr_null(ant__options_take(&c, box(), &o, box()->size));
    ck_assert_str_eq(c.error.text, "Box: axes is a list of -1 entries");
    ant__error_clear(&c.error);
    o = (ant_box_options){ANT_BOX_DEFAULTS, .units = 2};
    for (int k = 0; k < ANT_MAX_LIST; k++)
        o.parts[k] = "relu";
    ck_assert_ptr_null(ant__options_take(&c, box(), &o, box()->size));
    ck_assert_str_eq(c.error.text, "Box: parts has more than 15 entries");
    ant__error_clear(&c.error);
    o = (ant_box_options){ANT_BOX_DEFAULTS, .units = 2, .activation = "!"};
    ck_assert_ptr_null(ant__options_take(&c, box(), &o, box()->size));
    ant__arena_free(&c.arena);
}
END_TEST

START_TEST(defaults_for_other_languages) {
    ant_box_options o;
    memset(&o, 255, sizeof o);
    ck_assert_int_eq(ant_options_init(ANT_LAYER, "Box", &o, offsetof(ant_box_options, ant_end)), 0);
    ck_assert_int_eq(o.units, ANT_REQUIRED);
    ck_assert_int_eq(o.ant_end, 0);
    ck_assert_str_eq(o.mode, "valid");
    ck_assert_int_eq(ant_options_init(ANT_LAYER, "Bx", &o, 8), ANT_E_OPTION);
    ck_assert_int_eq(ant_options_init(ANT_LOSS, "Box", &o, 8), ANT_E_OPTION);
    ck_assert_int_eq(ant_options_init(ANT_LAYER, "Box", &o, 4096), ANT_E_OPTION);
}
END_TEST

START_TEST(sizes_pack) {
    ant_size s;
    for (int n = 1; n <= 7; n++) {
        int x[7] = {1, -2, 3, 0, -5, 6, 7};
        ck_assert(ant__size_pack(&s, x, n) == (n <= 6 && n != 5));
        for (int k = 0; k < n && n <= 6 && n != 5; k++)
            ck_assert_int_eq(ant__size_at(s, k), x[k]);
    }
    ck_assert(!ant__size_pack(&s, (int[]){1, 512, 3, 4, 5, 6}, 6));
    ck_assert(ant__size_pack(&s, (int[]){INT_MAX / 4, INT_MIN / 4}, 2));
    ck_assert_int_eq(ant__size_at(ANT_SIZE(7, -8, 9), 1), -8);
    ck_assert_int_eq(ant__size_count(ANT_SIZE(7, -8, 9)), 3);
    ck_assert_int_eq(ant__size_count(-3), 0);
    ck_assert_int_eq(ant__size_at(-3, 5), -3);
}
END_TEST

/* --- parts --- */
START_TEST(parts_are_texts) {
    ant_graph g = {.context = {.seed = 0}};
    ck_assert_str_eq(ant_slope(&g, 0.3), "LeakySlope(slope=0.3)");
    ck_assert_str_eq(ant_slope(&g), "leaky_slope");
    ck_assert_str_eq(ant_decay(&g, 1e-4, .name = "d"), "ThePolyDecay(start=0.0001, name=d)");
    ck_assert_int_eq(g.context.error.code, 0);
    ck_assert_str_eq(ant_slope(NULL), "!");
    ck_assert_str_eq(ant_part_new(ANT_SCHEDULE, "ThePolyDecay",
                                  &(ant_decay_options){ANT_DECAY_DEFAULTS, .graph = &g},
                                  offsetof(ant_decay_options, ant_end), "demo.c", 12),
                     "!");
    ck_assert_str_eq(g.context.error.text, "demo.c:12: ThePolyDecay: start is missing");
    ck_assert_str_eq(ant_slope(&g, -1), "!");
    ck_assert_str_eq(g.context.error.text, "demo.c:12: ThePolyDecay: start is missing");
    ant__error_clear(&g.context.error);
    ck_assert_str_eq(ant_part_new(ANT_SCHEDULE, "Cosine", &(ant_decay_options){.graph = &g},
                                  offsetof(ant_decay_options, ant_end), "demo.c", 13),
                     "!");
    ck_assert_str_eq(g.context.error.text, "demo.c:13: no schedule 'Cosine'");
    ant__arena_free(&g.context.arena);
}
END_TEST

START_TEST(parts_are_canonical) {
    ant_context c = {.seed = 0};
    ck_assert_str_eq(ant__part_text(&c, ANT_SCHEDULE, "TPD( 3,steps = 10 )"),
                     "ThePolyDecay(start=3)");
    ck_assert_str_eq(ant__part_text(&c, ANT_METRIC, "me"), "me");
    ck_assert_str_eq(ant__part_text(&c, ANT_LOSS, "me"), "mean_error");
    ck_assert_str_eq(ant__part_text(&c, ANT_LOSS, "Mean_Error"), "mean_error");
    ck_assert_int_eq(c.error.code, 0);
    ck_assert_str_eq(ant__part_text(&c, ANT_SCHEDULE, "tpd"), "!");
    ck_assert_str_eq(c.error.text, "ThePolyDecay: start is missing");
    ant__arena_free(&c.arena);
}
END_TEST

START_TEST(parts_are_read) {
    ant_context c = {.seed = 0};
    ant_part part;
    ck_assert(ant__part_read(&c, ANT_ACTIVATION, "LeakySlope(slope=0.3)", &part));
    ck_assert_double_eq(((const ant_slope_options *)part.options)->slope, 0.3);
    ck_assert(ant__part_read(&c, ANT_ACTIVATION, "leaky_slope", &part));
    ck_assert_double_eq(((const ant_slope_options *)part.options)->slope, 0.2);
    ck_assert(ant__part_read(&c, ANT_ACTIVATION, "relu", &part));
    ck_assert_str_eq(part.cls->name, "relu");
    ck_assert_ptr_null(part.options);
    ck_assert(!ant__part_read(&c, ANT_ACTIVATION, "!", &part));
    ck_assert_str_eq(c.error.text, "this activation could not be made");
    ant__arena_free(&c.arena);
}
END_TEST

START_TEST(users_classes) {
    ant_context c = {.seed = 0};
    char name[] = "myShape";
    const ant_class mine = {.name = name, .kind = ANT_ACTIVATION};
    ck_assert_int_eq(ant__class_register(&c, &mine), 0);
    name[0] = 'x';
    ck_assert_str_eq(ant__part_text(&c, ANT_ACTIVATION, "my_shape"), "myShape");
    ck_assert_int_eq(ant__class_register(&c, &mine), 0);
    static const char *const names[] = {"relu", "Re_Lu", "my shape", "", "3", "inf", "a(b", "!"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        ant__error_clear(&c.error);
        ant_class other = {.name = names[k], .kind = ANT_ACTIVATION};
        ck_assert_int_eq(ant__class_register(&c, &other), ANT_E_OPTION);
    }
    ant_class layer = {.name = "relu", .kind = ANT_LAYER};
    ant__error_clear(&c.error);
    ck_assert_int_eq(ant__class_register(&c, &layer), 0);
    ck_assert_ptr_null(ant__class_find(NULL, ANT_LAYER, "relu"));
    ck_assert_ptr_null(ant__class_find(NULL, ANT_LAYER, "box"));
    ck_assert_ptr_eq(ant__class_find(NULL, ANT_LAYER, "Crate"), box());
    ant__arena_free(&c.arena);
}
END_TEST

ANT_TEST_MAIN("options", ANT_LOOP(options_come_back, GOOD), ANT_LOOP(errors_say_what_is_wrong, BAD),
              {too_many_places}, {errors_in_files_have_places}, ANT_LOOP(damaged_texts, GOOD),
              ANT_LOOP(memory_may_fail, GOOD), {one_option_from_the_command_line},
              {structs_are_copied_deeply}, {older_structs_get_defaults}, {guards},
              {defaults_for_other_languages}, {sizes_pack}, {parts_are_texts},
              {parts_are_canonical}, {parts_are_read}, {users_classes})
