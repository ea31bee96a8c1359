/* hash_test.c - published check values, and the machine's instruction against the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "common/base/hash.h"

/* RFC 3720, appendix B.4, and the check value of the catalogues. */
static void
published_values(void **state)
{
    uint8_t bytes[32] = {0};

    (void)state;
    assert_true(fr_crc32c(0, "123456789", 9) == 0xe3069283);
    assert_true(fr_crc32c(0, bytes, 32) == 0x8a9136aa);
    memset(bytes, 0xff, 32);
    assert_true(fr_crc32c(0, bytes, 32) == 0x62a8ab43);
    for (int i = 0; i < 32; i++)
        bytes[i] = i;
    assert_true(fr_crc32c(0, bytes, 32) == 0x46dd794e);
    assert_true(fr_crc32c_by_table(0, bytes, 32) == 0x46dd794e);
    assert_true(fr_crc32c(7, NULL, 0) == 7);
}

#define DATA_SIZE 20000

static void
instruction_and_table_agree(void **state)
{
    unsigned seed = (unsigned)time(NULL);
    uint8_t *data = malloc(DATA_SIZE);

    (void)state;
    print_message("seed %u\n", seed);
    srand(seed);
    for (size_t i = 0; i < DATA_SIZE; i++)
        data[i] = rand();
    for (int round = 0; round < 3000; round++) {
        size_t start = rand() % 64;
        size_t size = rand() % (round % 2 ? 1000 : DATA_SIZE - start);
        uint32_t crc = (uint32_t)rand() << 8;

        assert_true(fr_crc32c(crc, data + start, size) ==
                    fr_crc32c_by_table(crc, data + start, size));
    }
    free(data);
}

static void
parts_fed_one_after_the_other_give_the_whole(void **state)
{
    uint8_t data[7000];

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = i * 31 >> 3;
    for (size_t cut = 0; cut < sizeof(data); cut += 97)
        assert_true(fr_crc32c(fr_crc32c(0, data, cut), data + cut, sizeof(data) - cut) ==
                    fr_crc32c(0, data, sizeof(data)));
}

static void
a_chain_depends_on_each_of_its_parts(void **state)
{
    uint64_t chain = fr_chain(1, 2, 3);

    (void)state;
    assert_true(chain == fr_chain(1, 2, 3));
    assert_true(chain != fr_chain(0, 2, 3));
    assert_true(chain != fr_chain(1, 3, 3));
    assert_true(chain != fr_chain(1, 2, 4));
}

/* Sequential names are what tables hold; a power-of-two table uses the low bits only. */
static void
low_bits_of_the_hash_spread(void **state)
{
    int filled[1024] = {0}, fullest = 0;

    (void)state;
    for (uint64_t i = 0; i < 16 * 1024; i++) {
        int *bucket = &filled[fr_hash(&i, sizeof(i)) % 1024];

        if (++*bucket > fullest)
            fullest = *bucket;
    }
    assert_in_range(fullest, 17, 45); /* of 16 on average; fair dice reach about 33 */
}

static void
the_hash_sees_every_byte_and_the_size(void **state)
{
    uint8_t data[24] = {0};
    uint64_t before;

    (void)state;
    for (size_t size = 0; size < sizeof(data); size++) {
        assert_true(fr_hash(data, size) != fr_hash(data, size + 1));
        before = fr_hash(data, size + 1);
        data[size] ^= 0x80;
        assert_true(fr_hash(data, size + 1) != before);
        data[size] ^= 0x80;
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_values),
        cmocka_unit_test(instruction_and_table_agree),
        cmocka_unit_test(parts_fed_one_after_the_other_give_the_whole),
        cmocka_unit_test(a_chain_depends_on_each_of_its_parts),
        cmocka_unit_test(low_bits_of_the_hash_spread),
        cmocka_unit_test(the_hash_sees_every_byte_and_the_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
