/* no_icu_data.c - an ICU data library without any data, for the container image.
 *
 * The symbol is what ICU looks for; the head says "common data, format 1, empty table" (the layout
 * is documented in ICU's udata headers: head size, magic 0xda27, UDataInfo, then the count of
 * entries).  Whatever asks for a locale's data is told that there is none.
 */
#include <stdint.h>

const struct {
    uint16_t head_size;
    uint8_t magic1, magic2;
    uint16_t info_size, reserved;
    uint8_t big_endian, charset_ascii, char_size, reserved2;
    uint8_t format[4], format_version[4], data_version[4];
    uint32_t padding[2];
    uint32_t count, reserved3;
} icudt72_dat __attribute__((aligned(16))) = {
    .head_size = 32,
    .magic1 = 0xda,
    .magic2 = 0x27,
    .info_size = 20,
    .char_size = 2,
    .format = {'T', 'o', 'C', 'P'},
    .format_version = {1},
    .data_version = {72, 1},
};
