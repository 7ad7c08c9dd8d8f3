/* Learning curves: a panel per metric, training in blue, validation in orange. */
#include "tool/curves.h"
#include "tool/tool.h"
#include <math.h>
#include <string.h>

enum { WIDTH = 480, HEIGHT = 260, LEFT = 64, RIGHT = 16, TOP = 32, BOTTOM = 36, TICKS = 5 };

/* A panel: one log key and, where there is one, its validation. */
typedef struct panel {
    const char *name;
    ant_array curve[2];
    double low, high;
    int64_t epochs;
    int y; /* where it begins in the picture */
} panel;

static double value_at(const ant_array *a, int64_t i) {
    return ((const double *)a->data)[i];
}

static bool is_curve(const ant_array *a) {
    return a->dtype == ANT_FLOAT64 && a->axes == 1 && a->name && strcmp(a->name, "epoch") &&
           strncmp(a->name, "val_", 4);
}

static panel panel_of(const ant_arrays *log, const ant_array *a) {
    char val[256];
    snprintf(val, sizeof val, "val_%.250s", a->name);
    panel p = {.name = a->name, .low = INFINITY, .high = -INFINITY, .epochs = a->shape[0]};
    p.curve[0] = *a;
    p.curve[1] = ant_arrays_named(log, val);
    for (int k = 0; k < 2; k++)
        for (int64_t i = 0; p.curve[k].axes && i < p.epochs; i++) {
            double x = value_at(&p.curve[k], i);
            if (isfinite(x)) {
                p.low = fmin(p.low, x);
                p.high = fmax(p.high, x);
            }
        }
    if (!(p.high > p.low)) {
        p.low = isfinite(p.low) ? p.low - 0.5 : 0;
        p.high = p.low + 1;
    }
    return p;
}

static double x_of(const panel *p, int64_t i) {
    double span = WIDTH - LEFT - RIGHT;
    return LEFT + (p->epochs > 1 ? span * (double)i / (double)(p->epochs - 1) : span / 2);
}

static double y_of(const panel *p, double v) {
    return p->y + TOP + (HEIGHT - TOP - BOTTOM) * (p->high - v) / (p->high - p->low);
}

static void put_escaped(ant_buffer *b, const char *text) {
    for (; *text; text++)
        if (*text == '<' || *text == '>' || *text == '&')
            ant__put_format(b, "&#%d;", *text);
        else
            ant__put_format(b, "%c", *text);
}

static void put_axes(ant_buffer *b, const panel *p) {
    ant__put_format(b, "<text x=\"%d\" y=\"%d\" font-weight=\"bold\">", LEFT, p->y + 20);
    put_escaped(b, p->name);
    ant__put(b, "</text>\n");
    for (int k = 0; k < TICKS; k++) {
        double v = p->low + (p->high - p->low) * k / (TICKS - 1), y = y_of(p, v);
        ant__put_format(b,
                        "<path d=\"M%d %.1fH%d\" stroke=\"#ddd\"/><text x=\"%d\" y=\"%.1f\" "
                        "text-anchor=\"end\">%.4g</text>\n",
                        LEFT, y, WIDTH - RIGHT, LEFT - 6, y + 4, v);
    }
    ant__put_format(b,
                    "<text x=\"%d\" y=\"%d\">0</text><text x=\"%d\" y=\"%d\" "
                    "text-anchor=\"end\">epoch %lld</text>\n",
                    LEFT, p->y + HEIGHT - 14, WIDTH - RIGHT, p->y + HEIGHT - 14,
                    (long long)(p->epochs - 1));
}

static void put_curve(ant_buffer *b, const panel *p, int k) {
    static const char *const colour[] = {"#1f77b4", "#ff7f0e"}, *const title[] = {"train", "val"};
    const char *move = "M";
    if (!p->curve[k].axes)
        return;
    ant__put(b, "<path fill=\"none\" stroke-width=\"2\" d=\"");
    for (int64_t i = 0; i < p->epochs; i++) {
        double v = value_at(&p->curve[k], i);
        if (isfinite(v)) {
            ant__put_format(b, "%s%.1f %.1f", move, x_of(p, i), y_of(p, v));
            move = "L";
        } else {
            move = "M";
        }
    }
    ant__put_format(
        b, "\" stroke=\"%s\"/><text x=\"%d\" y=\"%d\" text-anchor=\"end\" fill=\"%s\">%s</text>\n",
        colour[k], WIDTH - RIGHT - 50 * (1 - k), p->y + 20, colour[k], title[k]);
}

int tool_curves(const ant_arrays *log, const char *path, ant_buffer *svg) {
    int panels = 0;
    for (int k = 0; k < ant_arrays_count(log); k++) {
        ant_array a = ant_arrays_at(log, k);
        panels += is_curve(&a);
    }
    if (!panels)
        return tool_fail("%s: expected a log of 'antler train --log': no column of numbers", path);
    ant__put_format(svg,
                    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                    "font-family=\"sans-serif\" font-size=\"12\">\n"
                    "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
                    WIDTH, panels * HEIGHT);
    for (int k = 0, n = 0; k < ant_arrays_count(log); k++) {
        ant_array a = ant_arrays_at(log, k);
        if (!is_curve(&a))
            continue;
        panel p = panel_of(log, &a);
        p.y = HEIGHT * n++;
        put_axes(svg, &p);
        put_curve(svg, &p, 0);
        put_curve(svg, &p, 1);
    }
    ant__put(svg, "</svg>\n");
    return 0;
}
