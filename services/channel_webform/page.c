/* page.c - the ticket page, and the page that says what went wrong. */
#include "services/channel_webform/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
write_escaped(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        case '\'':
            fputs("&#39;", out);
            break;
        default:
            fputc(*text, out);
        }
    }
}

static void
write_head(FILE *out, const char *title)
{
    fputs("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"robots\" content=\"noindex\">\n<title>",
          out);
    write_escaped(out, title);
    fputs("</title>\n<style>\n"
          ":root { color-scheme: light dark; }\n"
          "body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; "
          "padding: 0 1rem; }\n"
          "article { border: 1px solid #8886; border-radius: .5rem; padding: .75rem 1rem; "
          "margin: 1rem 0; }\n"
          "article p { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0 0 .5rem; }\n"
          "footer, .notice { font-size: .9rem; opacity: .75; }\n"
          "</style>\n<main>\n<h1>",
          out);
    write_escaped(out, title);
    fputs("</h1>\n", out);
}

static const char *
member(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

/* "2027-03-14T09:26:53.589793Z" as people read it: "2027-03-14 09:26 UTC". */
static void
write_time(FILE *out, const char *rfc3339)
{
    fprintf(out, "<time datetime=\"%s\">%.10s %.5s UTC</time>", rfc3339, rfc3339,
            strlen(rfc3339) > 11 ? rfc3339 + 11 : "");
}

static void
write_answer(FILE *out, const json_t *answer)
{
    const char *author = member(answer, "author");

    fputs(json_is_true(json_object_get(answer, "notice")) ? "<article class=\"notice\">\n<p>"
                                                          : "<article>\n<p>",
          out);
    write_escaped(out, member(answer, "text"));
    fputs("</p>\n<footer>", out);
    write_escaped(out, author);
    fputs(author[0] == '\0' ? "" : ", ", out);
    write_time(out, member(answer, "at"));
    fputs("</footer>\n</article>\n", out);
}

char *
webform_page_ticket(const json_t *ticket, const char *brand_title)
{
    const json_t *answers = json_object_get(ticket, "answers");
    char *text = NULL;
    size_t size = 0, i;
    FILE *out = open_memstream(&text, &size);
    json_t *answer;

    if (out == NULL)
        return NULL;
    write_head(out, brand_title[0] == '\0' ? "Your message" : brand_title);
    fputs("<p>We received your message on ", out);
    write_time(out, member(ticket, "received"));
    fputs(json_array_size(answers) == 0 ? ".</p>\n<p>There is no answer yet. Keep this page's "
                                          "address: the answer will be here.</p>\n"
                                        : ".</p>\n",
          out);
    json_array_foreach((json_t *)answers, i, answer) write_answer(out, answer);
    fputs("<p><a href=\"\">Look again</a></p>\n</main>\n</html>\n", out);
    return fclose(out) == 0 ? text : NULL;
}

char *
webform_page_error(const char *title, const char *message)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return NULL;
    write_head(out, title);
    fputs("<p>", out);
    write_escaped(out, message);
    fputs("</p>\n<p>Please go back and try again; what you wrote should still be there.</p>\n"
          "</main>\n</html>\n",
          out);
    return fclose(out) == 0 ? text : NULL;
}
