/* picture.c - the run over time as one SVG: waits by class, agents busy, service level. */
#include <math.h>
#include <string.h>

#include "services/routing/simulate/report.h"

#define WIDTH 960
#define LEFT 64
#define RIGHT 940
#define PANEL 190 /* height of one panel with its title */
#define TOP 56    /* of the first panel's plot */
#define TALL 130  /* of a plot */

struct panel {
    const char *title;
    double top; /* of its plot */
    double max; /* of its scale */
};

/* Colours that are told apart by those who see few (Okabe and Ito, 2008). */
static const char *const colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                      "#e69f00", "#56b4e9", "#6b6b00"};
#define COLOUR_COUNT (sizeof(colours) / sizeof(colours[0]))

typedef double value_fn(const struct sim_bin *bin);

static double
mean_wait(const struct sim_bin *bin)
{
    return bin->done > 0 ? bin->wait_s / bin->done : NAN;
}

static double
mean_busy(const struct sim_bin *bin)
{
    return bin->time_s > 0 ? bin->busy_s / bin->time_s : NAN;
}

static double
mean_present(const struct sim_bin *bin)
{
    return bin->time_s > 0 ? bin->present_s / bin->time_s : NAN;
}

static double
service_level(const struct sim_bin *bin)
{
    return bin->done > 0 ? 100 * bin->within / bin->done : NAN;
}

static const struct sim_bin *
bins_of(const struct sim_series *series, size_t class_index)
{
    return series->bins + class_index * SIM_BIN_MAX;
}

/* A round number, not below the value, whose quarters are not too crooked. */
static double
round_up(double value)
{
    static const double steps[] = {1, 1.2, 1.6, 2, 3, 4, 6, 8, 10};
    double power = pow(10, floor(log10(value > 1e-9 ? value : 1)));

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        if (value <= steps[i] * power)
            return steps[i] * power;
    return 10 * power;
}

static double
greatest(const struct sim_series *series, size_t class_count, value_fn *value)
{
    double max = 0;

    for (size_t c = 0; c < class_count; c++)
        for (size_t i = 0; i < series->used; i++) {
            double here = value(&bins_of(series, c)[i]);

            if (here > max)
                max = here;
        }
    return round_up(max);
}

static double
x_of(const struct sim_series *series, size_t bin)
{
    return LEFT + (double)(RIGHT - LEFT) * ((double)bin + 0.5) / (double)series->used;
}

static void
draw_text(FILE *out, double x, double y, const char *anchor, const char *text)
{
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    for (; *text != '\0'; text++)
        if (*text == '<' || *text == '>' || *text == '&')
            fprintf(out, "&#%d;", *text);
        else
            fputc(*text, out);
    fprintf(out, "</text>\n");
}

/* Between marks, so that there are at most twelve of them. */
static double
mark_every(double hours)
{
    static const double steps[] = {.25, .5, 1, 2, 3, 6, 12, 24, 48, 72, 168, 336, 720, 1440, 8760};
    size_t i = 0;

    while (i + 1 < sizeof(steps) / sizeof(steps[0]) && hours / steps[i] > 12)
        i++;
    return steps[i];
}

static void
draw_times(FILE *out, const struct sim_series *series, const struct panel *panel)
{
    double hours = (double)series->width_us * (double)series->used / 3600e6;
    double every = mark_every(hours);
    double unit = every >= 24 ? 24 : 1;

    for (double at = 0; at <= hours; at += every) {
        double x = LEFT + (RIGHT - LEFT) * at / hours;
        bool last = at + every > hours;
        char text[32];

        snprintf(text, sizeof(text), "%g%s", at / unit, !last ? "" : unit > 1 ? " days" : " h");
        fprintf(out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"grid\"/>\n", x,
                panel->top + TALL, x, panel->top + TALL + 4);
        draw_text(out, x, panel->top + TALL + 17, "middle", text);
    }
}

static void
draw_frame(FILE *out, const struct sim_series *series, const struct panel *panel)
{
    draw_text(out, LEFT, panel->top - 10, "start", panel->title);
    for (int i = 0; i <= 4; i++) {
        double y = panel->top + TALL - TALL * i / 4.0;
        char text[32];

        fprintf(out, "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" class=\"grid\"/>\n", LEFT,
                y, RIGHT, y);
        snprintf(text, sizeof(text), "%g", panel->max * i / 4);
        draw_text(out, LEFT - 6, y + 4, "end", text);
    }
    draw_times(out, series, panel);
}

static void
draw_line(FILE *out, const struct sim_series *series, size_t class_index, const struct panel *panel,
          value_fn *value, const char *colour, const char *dash)
{
    bool down = false;

    fprintf(out,
            "<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.6\" stroke-dasharray=\"%s\" d=\"",
            colour, dash);
    for (size_t i = 0; i < series->used; i++) {
        double here = value(&bins_of(series, class_index)[i]);

        if (!isnan(here))
            fprintf(out, "%c%.1f %.1f", down ? 'L' : 'M', x_of(series, i),
                    panel->top + TALL - TALL * fmin(here / panel->max, 1));
        down = !isnan(here);
    }
    fprintf(out, "\"/>\n");
}

static void
draw_key(FILE *out, double x, double y, const char *colour, const char *dash, const char *text)
{
    fprintf(out,
            "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" "
            "stroke-width=\"2\" stroke-dasharray=\"%s\"/>\n",
            x, y - 4, x + 18, y - 4, colour, dash);
    draw_text(out, x + 22, y, "start", text);
}

static void
draw_head(FILE *out, const struct sim_scenario *scenario, int height)
{
    char title[256];

    fprintf(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" "
        "font-family=\"system-ui, sans-serif\" font-size=\"12\">\n"
        "<style>.grid{stroke:#8884;stroke-width:1} text{fill:#333} svg{background:#fff}\n"
        "@media (prefers-color-scheme: dark){text{fill:#ddd} svg{background:#1b1b1b}}</style>\n",
        WIDTH, height);
    fprintf(out, "<title>waits, agents and service level over time</title>\n");
    snprintf(title, sizeof(title), "%s, seed %lld", scenario->path,
             (long long)scenario->config->seed);
    draw_text(out, LEFT, 20, "start", title);
}

static void
draw_classes(FILE *out, const struct sim_scenario *scenario, const struct sim_series *series,
             const struct panel *panel, value_fn *value)
{
    draw_frame(out, series, panel);
    for (size_t c = scenario->class_count == 1 ? 0 : 1;
         c < (scenario->class_count == 1 ? 1 : scenario->class_count + 1); c++) {
        const char *name = scenario->classes[c == 0 ? 0 : c - 1].config->name;

        draw_line(out, series, c, panel, value, colours[c % COLOUR_COUNT], "none");
        if (c < 7)
            draw_key(out, 380 + (double)((c == 0 ? 1 : c) - 1) * 92, panel->top - 10,
                     colours[c % COLOUR_COUNT], "none", name);
    }
}

void
sim_report_svg(const struct sim_scenario *scenario, const struct sim_result *result, FILE *out)
{
    const struct sim_series *series = &result->series;
    char level[64];
    struct panel waits = {"mean wait of those who came then, seconds", TOP, 0};
    struct panel agents = {"agents", TOP + PANEL, 0};
    struct panel within = {level, TOP + 2 * PANEL, 100};

    snprintf(level, sizeof(level), "served within %.0f s, %%",
             (double)scenario->config->within.us / 1e6);
    waits.max = greatest(series, scenario->class_count + 1, mean_wait);
    agents.max = greatest(series, 1, mean_present);
    draw_head(out, scenario, TOP + 3 * PANEL);
    draw_classes(out, scenario, series, &waits, mean_wait);
    draw_frame(out, series, &agents);
    draw_line(out, series, 0, &agents, mean_present, colours[3], "5 3");
    draw_line(out, series, 0, &agents, mean_busy, colours[0], "none");
    draw_key(out, 380, agents.top - 10, colours[0], "none", "busy");
    draw_key(out, 472, agents.top - 10, colours[3], "5 3", "present");
    draw_classes(out, scenario, series, &within, service_level);
    fprintf(out, "</svg>\n");
}
