/* antler info: this build and processor, or what a file is. */
#include "core/kernels/gemm_blis.h"
#include "core/kernels/kernel.h"
#include "core/pool.h"
#include "tool/tool.h"

static const char *compiler(void) {
#if defined __clang__
    return "clang " __clang_version__;
#elif defined __GNUC__
    return "gcc " __VERSION__;
#else
    return "unknown";
#endif
}

static void print_pair(bool json, bool *first, const char *name, const char *value) {
    if (!json) {
        printf("%s: %s\n", name, value);
        return;
    }
    printf("%s\"%s\": ", *first ? "{" : ", ", name);
    tool_json_text(stdout, value);
    *first = false;
}

static int about_build(const tool_args *a) {
    const ant_kernel_set *set = ant__kernels();
    ant_limits limits = {ANT_LIMITS_DEFAULTS};
    char threads[16], vector[32], text[128];
    bool first = true;
    snprintf(threads, sizeof threads, "%d", a->threads == ANT_NONE ? ant__cores() : a->threads);
    snprintf(vector, sizeof vector, "%d bits", 8 * set->vector_bytes);
    snprintf(text, sizeof text, "depth %d, values %d, columns %d, tensors %d", limits.depth,
             limits.nodes, limits.columns, limits.tensors);
    print_pair(a->json, &first, "version", ant_version());
    print_pair(a->json, &first, "compiler", compiler());
    print_pair(a->json, &first, "kernels", set->name);
    print_pair(a->json, &first, "vectors", vector);
    print_pair(a->json, &first, "blis", ant__blis_arch());
    print_pair(a->json, &first, "threads", threads);
    print_pair(a->json, &first, "limits", text);
    if (a->json)
        printf("}\n");
    return 0;
}

static int about_file(const char *path) {
    ant_context c = {0};
    ant_buffer text = {0};
    int code = ant__file_describe(&c, path, &text);
    if (text.at)
        fputs(text.at, stdout);
    if (code)
        code = tool_fail("%s", c.error.text);
    ant__buffer_free(&text);
    ant__arena_free(&c.arena);
    return code;
}

int tool_info(const tool_args *a) {
    return a->n_operands ? about_file(a->operand[0]) : about_build(a);
}
