/* seal.c - tokens under a secret that only this service knows. */
#include "common/token/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common/token/base64.h"

#define KEY_SIZE 32
#define MAC_FULL_SIZE crypto_auth_hmacsha256_BYTES

/* ---- the secret's file ---- */

static enum fr_error
read_key(int fd, unsigned char key[KEY_SIZE])
{
    unsigned char more;
    struct stat status;

    if (fstat(fd, &status) != 0)
        return FR_IO;
    if ((status.st_mode & 077) != 0)
        return FR_DENIED;
    if (read(fd, key, KEY_SIZE) != KEY_SIZE || read(fd, &more, 1) != 0)
        return FR_CORRUPT;
    return FR_OK;
}

static bool
sync_directory(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0)
        close(fd);
    return good;
}

/* Under another name first: a crash leaves no half secret, and of two processes the first one wins.
 */
static enum fr_error
make_key(const char *dir, const char *path)
{
    unsigned char key[KEY_SIZE];
    char fresh[640];
    enum fr_error err = FR_IO;
    int fd;

    snprintf(fresh, sizeof(fresh), "%s.new.%ld", path, (long)getpid());
    fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return FR_IO;
    randombytes_buf(key, sizeof(key));
    if (write(fd, key, sizeof(key)) == (ssize_t)sizeof(key) && fsync(fd) == 0 &&
        (link(fresh, path) == 0 || errno == EEXIST) && sync_directory(dir))
        err = FR_OK;
    sodium_memzero(key, sizeof(key));
    close(fd);
    unlink(fresh);
    return err;
}

enum fr_error
fr_seal_open(const char *dir, const char *name, struct fr_seal *out)
{
    unsigned char key[KEY_SIZE];
    char path[600];
    enum fr_error err = FR_IO;
    int fd;

    if (sodium_init() < 0 ||
        (size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path))
        return FR_IO;
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) {
        err = make_key(dir, path);
        if (err != FR_OK)
            return err;
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    }
    if (fd < 0)
        return FR_IO;
    err = read_key(fd, key);
    close(fd);
    if (err == FR_OK)
        fr_seal_init(out, key, sizeof(key));
    sodium_memzero(key, sizeof(key));
    return err;
}

/* ---- tokens ---- */

/* The key goes through the hash once, here; each token starts from a copy of that state. */
void
fr_seal_init(struct fr_seal *seal, const void *key, size_t key_size)
{
    crypto_auth_hmacsha256_init(&seal->keyed, key, key_size);
}

static void
make_mac(const struct fr_seal *seal, const char *purpose, const void *payload, size_t size,
         unsigned char mac[MAC_FULL_SIZE])
{
    crypto_auth_hmacsha256_state state = seal->keyed;

    crypto_auth_hmacsha256_update(&state, (const unsigned char *)purpose, strlen(purpose) + 1);
    crypto_auth_hmacsha256_update(&state, payload, size);
    crypto_auth_hmacsha256_final(&state, mac);
}

void
fr_seal_write(const struct fr_seal *seal, const char *purpose, struct fr_slice payload, char *text)
{
    unsigned char bytes[FR_SEAL_PAYLOAD_MAX + FR_SEAL_MAC_SIZE], mac[MAC_FULL_SIZE];

    fr_assert(payload.size <= FR_SEAL_PAYLOAD_MAX);
    memcpy(bytes, payload.data, payload.size);
    make_mac(seal, purpose, bytes, payload.size, mac);
    memcpy(bytes + payload.size, mac, FR_SEAL_MAC_SIZE);
    sodium_bin2base64(text, FR_SEAL_TEXT_SIZE(payload.size), bytes, payload.size + FR_SEAL_MAC_SIZE,
                      BASE64);
}

enum fr_error
fr_seal_read(const struct fr_seal *seal, const char *purpose, struct fr_slice text, void *payload,
             size_t payload_size)
{
    unsigned char bytes[FR_SEAL_PAYLOAD_MAX + FR_SEAL_MAC_SIZE], mac[MAC_FULL_SIZE];
    size_t size;

    if (payload_size > FR_SEAL_PAYLOAD_MAX || text.size != FR_SEAL_TEXT_SIZE(payload_size) - 1 ||
        !base64_decode(text.data, text.size, bytes, sizeof(bytes), &size) ||
        size != payload_size + FR_SEAL_MAC_SIZE)
        return FR_INVALID;
    make_mac(seal, purpose, bytes, payload_size, mac);
    if (sodium_memcmp(bytes + payload_size, mac, FR_SEAL_MAC_SIZE) != 0)
        return FR_INVALID;
    memcpy(payload, bytes, payload_size);
    return FR_OK;
}
