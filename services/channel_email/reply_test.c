/* reply_test.c - the reply, and nothing but the reply, in many languages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include "services/channel_email/reply.h"
#include "services/channel_email/signature.h"

/* The line that each of these programs and languages puts above a quote. */
/* clang-format off */
static const char *const attributions[] = {
    "On Mon, 3 Aug 2026 at 10:12, Shop <help@shop.example> wrote:",
    "On 3 Aug 2026, at 10:12, Shop wrote:",
    "On Mon, 3 Aug 2026 at 10:12, The Very Long Name of Our Shop and\nits Partners <help@shop.example>\nwrote:",
    "On 08/03/2026 10:12 AM, Shop wrote:",
    "Am 03.08.2026 10:12 schrieb \"Shop\" <help@shop.example\n>:",
    "Am 03.08.2026 um 10:12 schrieb Shop:",
    "Am Mo., 3. Aug. 2026 um 10:12 Uhr schrieb Shop <help@shop.example>:",
    "Shop <help@shop.example> schrieb am Mo., 3. Aug. 2026 um 10:12 Uhr:",
    "Le lun. 3 août 2026 à 10:12, Shop <help@shop.example> a écrit :",
    "Le 03/08/2026 à 10:12, Shop a écrit :",
    "El lun, 3 ago 2026 a las 10:12, Shop (<help@shop.example>) escribió:",
    "Il giorno lun 3 ago 2026 alle ore 10:12 Shop <help@shop.example> ha scritto:",
    "Op ma 3 aug. 2026 om 10:12 schreef Shop <help@shop.example>:",
    "Op 3 aug. 2026 om 10:12 heeft Shop <help@shop.example> het volgende geschreven:",
    "Em seg., 3 de ago. de 2026 às 10:12, Shop <help@shop.example> escreveu:",
    "Den mån 3 aug. 2026 kl 10:12 skrev Shop <help@shop.example>:",
    "Den man. 3. aug. 2026 kl. 10.12 skrev Shop <help@shop.example>:",
    "man. 3. aug. 2026 kl. 10:12 skrev Shop <help@shop.example>:",
    "ma 3. elok. 2026 klo 10.12 Shop (help@shop.example) kirjoitti:",
    "W dniu 03.08.2026 o 10:12, Shop pisze:",
    "pon., 3 sie 2026 o 10:12 Shop <help@shop.example> napisał(a):",
    "po 3. 8. 2026 v 10:12 odesílatel Shop <help@shop.example> napsal:",
    "Shop <help@shop.example> ezt írta (időpont: 2026. aug. 3., H, 10:12):",
    "În lun., 3 aug. 2026 la 10:12, Shop <help@shop.example> a scris:",
    "пн, 3 авг. 2026 г. в 10:12, Shop <help@shop.example>:",
    "3 августа 2026 г., 10:12, Shop пишет:",
    "03.08.2026 10:12, Shop написал:",
    "пн, 3 серп. 2026 р. о 10:12 Shop <help@shop.example> пише:",
    "Στις Δευ 3 Αυγ 2026 στις 10:12 π.μ., ο χρήστης Shop <help@shop.example> έγραψε:",
    "Shop <help@shop.example>, 3 Ağu 2026 Pzt, 10:12 tarihinde şunu yazdı:",
    "Shop <help@shop.example> 于2026年8月3日周一 10:12写道：",
    "2026年8月3日(月) 10:12 Shop <help@shop.example>:",
    "2026년 8월 3일 (월) 오전 10:12, Shop <help@shop.example>님이 작성:",
    "Vào Th 2, 3 thg 8, 2026 vào lúc 10:12 Shop <help@shop.example> đã viết:",
    "\xe2\x80\xab" "בתאריך יום ב׳, 3 באוג׳ 2026 ב-10:12 מאת Shop " "\xe2\x80\x8f" "<help@shop.example" "\xe2\x80\xac" ">" "\xe2\x80\x8f" " כתב:",
    "2026-08-03 10:12 GMT+02:00 Shop <help@shop.example>:",
};

/* The copied header of each, two lines to tell them apart. */
static const char *const headers[] = {
    "From: Shop <help@shop.example>\nSent: Monday, August 3, 2026 10:12 AM\nTo: Ann\nSubject: Your order",
    "________________________________\nFrom: Shop <help@shop.example>\nSent: Monday, August 3, 2026 10:12 AM\nTo: Ann\nSubject: Your order",
    "*From:* Shop [mailto:help@shop.example]\n*Sent:* Monday\n*To:* Ann\n*Subject:* Your order",
    "-----Original Message-----\nFrom: Shop\nSent: Monday\nTo: Ann\nSubject: Your order",
    "Von: Shop <help@shop.example>\nGesendet: Montag, 3. August 2026 10:12\nAn: Ann\nBetreff: Ihre Bestellung",
    "-----Ursprüngliche Nachricht-----\nVon: Shop\nGesendet: Montag\nAn: Ann\nBetreff: Ihre Bestellung",
    "De : Shop <help@shop.example>\nEnvoyé : lundi 3 août 2026 10:12\nÀ : Ann\nObjet : Votre commande",
    "De: Shop <help@shop.example>\nEnviado el: lunes, 3 de agosto de 2026\nPara: Ann\nAsunto: Su pedido",
    "Da: Shop <help@shop.example>\nInviato: lunedì 3 agosto 2026\nA: Ann\nOggetto: Ordine",
    "Van: Shop <help@shop.example>\nVerzonden: maandag 3 augustus 2026\nAan: Ann\nOnderwerp: Bestelling",
    "De: Shop <help@shop.example>\nEnviada em: segunda-feira\nPara: Ann\nAssunto: Pedido",
    "Fra: Shop <help@shop.example>\nSendt: mandag 3. august 2026\nTil: Ann\nEmne: Ordre",
    "Från: Shop <help@shop.example>\nSkickat: den 3 augusti 2026\nTill: Ann\nÄmne: Order",
    "Lähettäjä: Shop\nLähetetty: maanantai\nVastaanottaja: Ann\nAihe: Tilaus",
    "Od: Shop <help@shop.example>\nWysłano: poniedziałek\nDo: Ann\nTemat: Zamówienie",
    "Od: Shop\nOdesláno: pondělí\nKomu: Ann\nPředmět: Objednávka",
    "Feladó: Shop\nKüldve: hétfő\nCímzett: Ann\nTárgy: Rendelés",
    "De la: Shop\nTrimis: luni\nCătre: Ann\nSubiect: Comanda",
    "От: Shop <help@shop.example>\nОтправлено: 3 августа 2026 г. 10:12\nКому: Ann\nТема: Заказ",
    "Від: Shop\nНадіслано: понеділок\nКому: Ann\nТема: Замовлення",
    "Kimden: Shop\nGönderildi: Pazartesi\nKime: Ann\nKonu: Sipariş",
    "Από: Shop\nΣτάλθηκε: Δευτέρα\nΠρος: Ann\nΘέμα: Παραγγελία",
    "发件人: Shop\n发送时间: 2026年8月3日\n收件人: Ann\n主题: 订单",
    "差出人: Shop\n送信日時: 2026年8月3日\n宛先: Ann\n件名: 注文",
    "보낸 사람: Shop\n보낸 날짜: 2026년 8월 3일\n받는 사람: Ann\n제목: 주문",
};

struct trimming {
    const char *claim, *text, *visible;
};

static const struct trimming cases[] = {
    { "nothing to fold", "My jacket is green.\n\nIt should be red.", "My jacket is green.\n\nIt should be red." },
    { "a signature", "It is red now.\n\n-- \nAnn Adams\n+49 30 1234", "It is red now." },
    { "a signature with its blank lost", "It is red now.\n\n--\nAnn Adams", "It is red now." },
    { "a mobile signature", "It is red now.\n\nSent from my iPhone", "It is red now." },
    { "a mobile signature above a quote", "It is red.\n\nVon meinem iPhone gesendet\n\n> Am 03.08.2026 um 10:12 schrieb Shop:\n> Is it?", "It is red." },
    { "sent from, in the middle", "Hello,\n\nSent from my phone were three mails.\n\nWhere are they?", "Hello,\n\nSent from my phone were three mails.\n\nWhere are they?" },
    { "sent from, said by a person", "Sent from my shop on Monday, and still not here.\nWhere is it?", "Sent from my shop on Monday, and still not here.\nWhere is it?" },
    { "the answer below the quote", "On 3 Aug 2026, at 10:12, Shop wrote:\n> Is it red?\n\nNo, it is green.", "No, it is green." },
    { "answers between the quotes stay with them", "On 3 Aug 2026, at 10:12, Shop wrote:\n> Is it red?\nNo.\n> Is it large?\nYes.", "> Is it red?\nNo.\n> Is it large?\nYes." },
    { "a greeting and answers between the quotes", "Dear shop,\n\nOn 3 Aug 2026, at 10:12, Shop wrote:\n> Is it red?\n\nNo.\n\n> Is it large?\n\nYes.\n\nAnn", "Dear shop,\n\n> Is it red?\n\nNo.\n\n> Is it large?\n\nYes.\n\nAnn" },
    { "only a quote is shown whole", "> Is it red?", "> Is it red?" },
    { "a forwarded mail and nothing else", "---------- Forwarded message ---------\nFrom: Shop <help@shop.example>\nDate: Mon, 3 Aug 2026\nSubject: x\nTo: ann@mail.example\n\nIt is red.", "It is red." },
    { "a forwarded mail below a question", "What is this?\n\n---------- Forwarded message ---------\nFrom: Shop <help@shop.example>\nDate: Mon, 3 Aug 2026\nSubject: x\nTo: ann@mail.example\n\nIt is red.", "What is this?" },
    { "a word with a colon is not a copied header", "From: the beginning I wanted red.\nNow it is green.", "From: the beginning I wanted red.\nNow it is green." },
    { "I wrote, said by a person", "As I wrote:\n\nthe jacket is green.", "As I wrote:\n\nthe jacket is green." },
    { "a list with dashes is not a signature", "I ordered\n- a jacket\n- a hat\n\nand got nothing.", "I ordered\n- a jacket\n- a hat\n\nand got nothing." },
    { "a long text below a row of dashes stays", "First part of it all.\n----------\nThe second part is a lot longer than any signature would be, because it tells what happened.\nAnd on it goes with more of the same, line after line, until everything has been told.\nOn the third day nothing came, and on the fourth nothing either, so I called you again.\nNobody could say where the parcel was, although the number was right and the address, too.\nOn the fifth day I wrote to you, and on the sixth and seventh, and got no answer at all.\nOn the eighth day the parcel came, and it was the wrong one, green where it should be red.\nOn the ninth day I sent it back, and now I wait for my money, which is why I write again.\nPlease tell me when it will be with me, because I need it for the rent that is due soon.\nMany thanks for reading all of this.", NULL },
    { "a mail with nothing but a signature mark", "--\nAnn", "--\nAnn" },
    { "a line of ours that says where to write", "It is red.\n\n##- Please type your reply above this line -##\nYour request has been received.", "It is red." },
    { "a quote broken in two on the way", "No.\n\nOn 3 Aug 2026, at 10:12, Shop wrote:\n> This is a line that was long enough to be broken by some server on\nthe way\n> to the customer.", "No." },
    { "nothing", "", "" },
    { "blank lines", "\n\n \n", "" },
};
/* clang-format on */

static struct fr_arena *arena;

static const char *
visible(const char *text)
{
    struct email_reply reply;

    assert_int_equal(email_reply_trim(arena, text, &reply), FR_OK);
    return reply.visible;
}

/* With marks, without marks, and twice: what is above stays, what is below goes. */
static unsigned
check_attribution(const char *line)
{
    static const char *const above[] = {"No, it is green.\n\n", "No, it is green.\n\n",
                                        "No, it is green.\n"};
    static const char *const below[] = {"\n\n> Is it red?\n> Ann, please answer.\n",
                                        "\n> Is it red?\n>\n> Shop\n\n", "\n\nIs it red?\n\nShop"};
    unsigned wrong = 0;

    for (size_t i = 0; i < sizeof(above) / sizeof(above[0]); i++) {
        char text[2048];
        const char *found;

        snprintf(text, sizeof(text), "%s%s%s", above[i], line, below[i]);
        found = visible(text);
        if (strcmp(found, "No, it is green.") != 0) {
            print_error("shape %zu of [%s] gave [%s]\n", i, line, found);
            wrong++;
        }
    }
    return wrong;
}

static void
quotes_go_in_every_language(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(attributions) / sizeof(attributions[0]); i++)
        wrong += check_attribution(attributions[i]);
    assert_int_equal(wrong, 0);
}

static void
copied_headers_go_in_every_language(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        char text[2048];

        snprintf(text, sizeof(text), "No, it is green.\n\n%s\n\nIs it red?\n", headers[i]);
        if (strcmp(visible(text), "No, it is green.") != 0) {
            print_error("[%s] gave [%s]\n", headers[i], visible(text));
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static void
replies_are_found(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *found = visible(cases[i].text);
        const char *expected = cases[i].visible == NULL ? cases[i].text : cases[i].visible;

        if (strcmp(found, expected) != 0) {
            print_error("%s: [%s]\n", cases[i].claim, found);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static void
what_was_folded_as_signature_is_kept(void **state)
{
    struct email_reply reply;

    (void)state;
    email_reply_trim(arena, "It is red.\n\n-- \nAnn Adams\n+49 30 1234", &reply);
    assert_string_equal(reply.signature, "-- \nAnn Adams\n+49 30 1234");
    email_reply_trim(arena, "It is red.", &reply);
    assert_null(reply.signature);
}

static void
signature_that_mails_have_in_common(void **state)
{
    const char *texts[] = {
        "It is green.\n\nBest wishes\nAnn Adams\n12 High Street\nLondon",
        "Still green.\n\nCan you help?\n\nBest wishes\nAnn Adams  \n12 High Street\nLondon\n",
        "Something else altogether.",
    };
    const char *short_ones[] = {"It is green.\n\nBye\nAnn", "It is red.\n\nBye\nAnn"};
    const char *common = email_signature_common(arena, texts, 2);

    (void)state;
    assert_string_equal(common, "Best wishes\nAnn Adams\n12 High Street\nLondon");
    assert_string_equal(email_signature_common(arena, texts, 3), common);
    assert_ptr_equal(email_signature_at(texts[1], common), strstr(texts[1], "Best"));
    assert_null(email_signature_at(texts[2], common));
    assert_null(email_signature_common(arena, short_ones, 2)); /* a greeting is not a signature */
    assert_null(email_signature_common(arena, texts, 1));
    assert_null(email_signature_common(arena, texts + 1, 2));
}

static int
setup(void **state)
{
    (void)state;
    arena = fr_arena_new(65536, 64 * 1024 * 1024);
    return arena == NULL;
}

static int
teardown(void **state)
{
    (void)state;
    fr_arena_free(&arena);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_go_in_every_language),
        cmocka_unit_test(copied_headers_go_in_every_language),
        cmocka_unit_test(replies_are_found),
        cmocka_unit_test(what_was_folded_as_signature_is_kept),
        cmocka_unit_test(signature_that_mails_have_in_common),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
