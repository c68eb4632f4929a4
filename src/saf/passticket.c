/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/passticket.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/buf.h"
#include "base/secret.h"

enum { NAME = 8, ROUNDS = 6, WORD = 3, TIME_BYTES = 6 };

/* What both algorithms start from: the names in EBCDIC, upper case, padded with blanks, and their plain
 * lengths. */
struct subject {
    unsigned char user[NAME], appl[NAME];
    size_t user_len;
};

static int ebcdic_of(char c)
{
    c = sp_upper(c);
    if (c >= 'A' && c <= 'I')
        return 0xC1 + (c - 'A');
    if (c >= 'J' && c <= 'R')
        return 0xD1 + (c - 'J');
    if (c >= 'S' && c <= 'Z')
        return 0xE2 + (c - 'S');
    if (c >= '0' && c <= '9')
        return 0xF0 + (c - '0');
    if (c == '#')
        return 0x7B;
    if (c == '@')
        return 0x7C;
    return c == '$' ? 0x5B : -1;
}

static enum sp_status put_name(const char *what, struct sp_str name, unsigned char ret_ebcdic[NAME],
                               struct sp_error *err)
{
    if (name.len < 1 || name.len > NAME)
        return sp_error_set(err, SP_EINVAL, NULL, "the %s of a PassTicket has 1 to 8 characters", what);
    memset(ret_ebcdic, 0x40, NAME);
    for (size_t i = 0; i < name.len; i++) {
        int byte = ebcdic_of(name.ptr[i]);
        if (byte < 0)
            return sp_error_set(err, SP_EINVAL, NULL,
                                "the %s of a PassTicket is made of A-Z, 0-9, #, $ and @", what);
        ret_ebcdic[i] = (unsigned char)byte;
    }
    return SP_OK;
}

static enum sp_status put_subject(const struct sp_passticket_key *key, struct sp_str user, struct sp_str appl,
                                  struct subject *ret_subject, struct sp_error *err)
{
    bool legacy = key->kind == SP_PASSTICKET_LEGACY;
    if (legacy ? key->len != SP_PASSTICKET_LEGACY_KEY_LEN
               : key->len < SP_PASSTICKET_HMAC_KEY_MIN || key->len > SP_PASSTICKET_HMAC_KEY_MAX)
        return sp_error_set(err, SP_EINVAL, NULL, "a PassTicket key has %s bytes, this one %zu",
                            legacy ? "8" : "32 to 256", key->len);
    ret_subject->user_len = user.len;
    enum sp_status status = put_name("user id", user, ret_subject->user, err);
    return status ? status : put_name("application name", appl, ret_subject->appl, err);
}

/* ---- legacy: DES ---- */

/* Output bit i is input bit table[i], 1 being the most significant. Each table is its own inverse. */
static const unsigned char permutations[ROUNDS][16] = {
    {10, 2, 12, 4, 14, 6, 16, 8, 9, 1, 11, 3, 13, 5, 15, 7},
    {1, 10, 3, 12, 13, 16, 7, 15, 9, 2, 11, 4, 5, 14, 8, 6},
    {3, 10, 1, 12, 13, 16, 9, 15, 7, 2, 14, 4, 5, 11, 8, 6},
    {10, 4, 12, 2, 14, 8, 16, 6, 9, 1, 13, 3, 11, 5, 15, 7},
    {4, 10, 12, 1, 8, 16, 14, 5, 9, 2, 13, 3, 11, 7, 15, 6},
    {1, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2},
};

static uint16_t permute(int round, uint16_t in)
{
    uint16_t out = 0;
    for (int i = 0; i < 16; i++)
        out = (uint16_t)(out << 1 | (in >> (16 - permutations[round][i]) & 1));
    return out;
}

/* Single DES is triple DES with one key three times; the latter is in OpenSSL's default provider. */
static EVP_CIPHER_CTX *des_new(const unsigned char key[SP_PASSTICKET_LEGACY_KEY_LEN])
{
    unsigned char triple[3 * SP_PASSTICKET_LEGACY_KEY_LEN];
    for (int i = 0; i < 3; i++)
        memcpy(triple + i * 8, key, 8);
    EVP_CIPHER_CTX *des = EVP_CIPHER_CTX_new();
    if (des && (EVP_EncryptInit_ex(des, EVP_des_ede3_ecb(), NULL, triple, NULL) != 1 ||
                EVP_CIPHER_CTX_set_padding(des, 0) != 1)) {
        EVP_CIPHER_CTX_free(des);
        des = NULL;
    }
    sp_secret_wipe(triple, sizeof triple);
    return des;
}

static bool des_block(EVP_CIPHER_CTX *des, const unsigned char in[8], unsigned char out[8])
{
    int len = 0;
    return EVP_EncryptUpdate(des, out, &len, in, 8) == 1 && len == 8;
}

/* First two bytes of DES(right, then the padding of this round). */
static bool time_coder_word(EVP_CIPHER_CTX *des, const struct subject *s, int round, uint16_t right,
                            uint16_t *ret_word)
{
    unsigned char pad[12], block[8], out[8];
    memset(pad, 0x55, sizeof pad);
    memcpy(pad, s->user, s->user_len);
    sp_put_u16(block, right);
    memcpy(block + 2, round % 2 == 0 ? pad : pad + 6, 6);
    if (!des_block(des, block, out))
        return false;
    *ret_word = sp_get_u16(out);
    return true;
}

static bool time_coder(EVP_CIPHER_CTX *des, const struct subject *s, uint32_t in, bool backwards,
                       uint32_t *ret_out)
{
    uint16_t left = (uint16_t)(in >> 16), right = (uint16_t)in, word;
    for (int n = 0; n < ROUNDS; n++) {
        if (backwards) {
            int round = ROUNDS - 1 - n;
            uint16_t mixed = permute(round, right);
            if (!time_coder_word(des, s, round, left, &word))
                return false;
            right = left;
            left = mixed ^ word;
        } else {
            if (!time_coder_word(des, s, n, right, &word))
                return false;
            uint16_t mixed = permute(n, left ^ word);
            left = right;
            right = mixed;
        }
    }
    *ret_out = (uint32_t)left << 16 | right;
    return true;
}

/* R3: left half of DES(DES(user) xor application). */
static bool user_word(EVP_CIPHER_CTX *des, const struct subject *s, uint32_t *ret_word)
{
    unsigned char block[8];
    if (!des_block(des, s->user, block))
        return false;
    for (int i = 0; i < NAME; i++)
        block[i] ^= s->appl[i];
    if (!des_block(des, block, block))
        return false;
    *ret_word = sp_get_u32(block);
    return true;
}

static const char legacy_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/* The six bits of character k start two bits before bit 4k, wrapping round the 32. */
static unsigned six_bits(uint32_t word, unsigned k)
{
    uint64_t twice = (uint64_t)word << 32 | word;
    return (unsigned)(twice >> (64 - (30 + 4 * k) - 6)) & 63;
}

/* Find the word whose groups of six bits give these characters. Neighbours overlap by two bits, so each
 * character's two candidates (v and v + 36) are tried from the left and dropped where they do not meet. */
static bool untranslate(struct sp_str ticket, uint32_t *ret_word)
{
    unsigned value[SP_PASSTICKET_LEN];
    for (unsigned k = 0; k < SP_PASSTICKET_LEN; k++) {
        const char *hit = memchr(legacy_alphabet, sp_upper(ticket.ptr[k]), 36);
        if (!hit)
            return false;
        value[k] = (unsigned)(hit - legacy_alphabet);
    }
    for (unsigned choice = 0; choice < 1u << SP_PASSTICKET_LEN; choice++) {
        unsigned six[SP_PASSTICKET_LEN];
        bool fits = true;
        for (unsigned k = 0; k < SP_PASSTICKET_LEN && fits; k++) {
            six[k] = value[k] + (choice >> k & 1 ? 36 : 0);
            fits = six[k] < 64 && (k == 0 || (six[k - 1] & 3) == six[k] >> 4);
        }
        if (!fits || (six[7] & 3) != six[0] >> 4)
            continue;
        uint32_t word = 0;
        for (unsigned k = 0; k < SP_PASSTICKET_LEN; k++)
            word = word << 4 | (six[k] & 15);
        *ret_word = word;
        return true;
    }
    return false;
}

static enum sp_status library_failed(struct sp_error *err)
{
    return sp_error_set(err, SP_EINTERNAL, NULL,
                        "the cryptographic library failed while working on a PassTicket");
}

static enum sp_status legacy_make(const struct sp_passticket_key *key, const struct subject *s,
                                  int64_t seconds, char ret_ticket[SP_PASSTICKET_LEN + 1],
                                  struct sp_error *err)
{
    uint32_t base, coded;
    EVP_CIPHER_CTX *des = des_new(key->bytes);
    bool ok = des && user_word(des, s, &base) && time_coder(des, s, base ^ (uint32_t)seconds, false, &coded);
    EVP_CIPHER_CTX_free(des);
    if (!ok)
        return library_failed(err);
    for (unsigned k = 0; k < SP_PASSTICKET_LEN; k++)
        ret_ticket[k] = legacy_alphabet[six_bits(coded, k) % 36];
    ret_ticket[SP_PASSTICKET_LEN] = '\0';
    return SP_OK;
}

static enum sp_status legacy_time(const struct sp_passticket_key *key, const struct subject *s,
                                  struct sp_str ticket, int64_t *ret_seconds, struct sp_error *err)
{
    uint32_t coded, base, mixed;
    if (!untranslate(ticket, &coded))
        return sp_error_set(err, SP_EINVAL, NULL, "the text is not a PassTicket");
    EVP_CIPHER_CTX *des = des_new(key->bytes);
    bool ok = des && user_word(des, s, &base) && time_coder(des, s, coded, true, &mixed);
    EVP_CIPHER_CTX_free(des);
    if (!ok)
        return library_failed(err);
    *ret_seconds = (int64_t)(base ^ mixed);
    return SP_OK;
}

/* ---- enhanced: HMAC-SHA-512 ---- */

static const char enhanced_alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";

static bool hmac(const struct sp_passticket_key *key, const unsigned char *message, size_t len,
                 unsigned char out[EVP_MAX_MD_SIZE])
{
    return HMAC(EVP_sha512(), key->bytes, (int)key->len, message, len, out, NULL) != NULL;
}

/* First bytes of HMAC(key, half, round, user, application). */
static bool round_word(const struct sp_passticket_key *key, const struct subject *s,
                       const unsigned char half[WORD], int round, unsigned char ret_word[WORD])
{
    unsigned char message[WORD + 1 + 2 * NAME], out[EVP_MAX_MD_SIZE];
    memcpy(message, half, WORD);
    message[WORD] = (unsigned char)round;
    memcpy(message + WORD + 1, s->user, NAME);
    memcpy(message + WORD + 1 + NAME, s->appl, NAME);
    if (!hmac(key, message, sizeof message, out))
        return false;
    memcpy(ret_word, out, WORD);
    return true;
}

static bool subject_mask(const struct sp_passticket_key *key, const struct subject *s,
                         unsigned char ret_mask[TIME_BYTES])
{
    unsigned char message[2 * NAME], out[EVP_MAX_MD_SIZE];
    memcpy(message, s->user, NAME);
    memcpy(message + NAME, s->appl, NAME);
    if (!hmac(key, message, sizeof message, out))
        return false;
    memcpy(ret_mask, out, TIME_BYTES);
    return true;
}

static enum sp_status enhanced_make(const struct sp_passticket_key *key, const struct subject *s,
                                    int64_t seconds, char ret_ticket[SP_PASSTICKET_LEN + 1],
                                    struct sp_error *err)
{
    unsigned char block[TIME_BYTES], word[WORD];
    if (!subject_mask(key, s, block))
        return library_failed(err);
    for (int i = 0; i < TIME_BYTES; i++)
        block[i] ^= (unsigned char)(seconds >> 8 * (TIME_BYTES - 1 - i));
    unsigned char *left = block, *right = block + WORD;
    for (int n = 1; n <= ROUNDS; n++) {
        if (!round_word(key, s, right, n, word))
            return library_failed(err);
        for (int i = 0; i < WORD; i++)
            word[i] ^= left[i];
        if (key->kind == SP_PASSTICKET_UPPER && n % 2)
            word[0] &= 1;
        memcpy(left, right, WORD);
        memcpy(right, word, WORD);
    }
    uint64_t value = 0;
    for (int i = 0; i < TIME_BYTES; i++)
        value = value << 8 | block[i];
    unsigned base = key->kind == SP_PASSTICKET_UPPER ? 36 : 64;
    for (int k = SP_PASSTICKET_LEN - 1; k >= 0; k--, value /= base)
        ret_ticket[k] = enhanced_alphabet[value % base];
    ret_ticket[SP_PASSTICKET_LEN] = '\0';
    return SP_OK;
}

static bool enhanced_value(enum sp_passticket_kind kind, struct sp_str ticket, uint64_t *ret_value)
{
    unsigned base = kind == SP_PASSTICKET_UPPER ? 36 : 64;
    uint64_t value = 0;
    for (size_t k = 0; k < ticket.len; k++) {
        const char *hit = ticket.ptr[k] ? memchr(enhanced_alphabet, ticket.ptr[k], base) : NULL;
        if (!hit)
            return false;
        value = value * base + (uint64_t)(hit - enhanced_alphabet);
    }
    *ret_value = value;
    return kind != SP_PASSTICKET_UPPER || value < (uint64_t)1 << 41;
}

static enum sp_status enhanced_time(const struct sp_passticket_key *key, const struct subject *s,
                                    struct sp_str ticket, int64_t *ret_seconds, struct sp_error *err)
{
    uint64_t value;
    if (!enhanced_value(key->kind, ticket, &value))
        return sp_error_set(err, SP_EINVAL, NULL, "the text is not a PassTicket");
    unsigned char mask[TIME_BYTES], block[8], word[WORD];
    if (!subject_mask(key, s, mask))
        return library_failed(err);
    sp_put_u64(block, value << 16);
    unsigned char *left = block, *right = block + WORD;
    for (int n = ROUNDS; n >= 1; n--) {
        if (!round_word(key, s, left, n, word))
            return library_failed(err);
        for (int i = 0; i < WORD; i++)
            word[i] ^= right[i];
        /* An odd round of UPPER kept only the lowest bit of the first byte: what was lost is known, because
         * an even round's half begins with seven zero bits and a time begins with sixteen. */
        if (key->kind == SP_PASSTICKET_UPPER && n % 2)
            word[0] = (unsigned char)((word[0] & 1) | (n == 1 ? mask[0] & 0xFE : 0));
        memcpy(right, left, WORD);
        memcpy(left, word, WORD);
    }
    int64_t seconds = 0;
    for (int i = 0; i < TIME_BYTES; i++)
        seconds = seconds << 8 | (block[i] ^ mask[i]);
    *ret_seconds = seconds;
    return SP_OK;
}

enum sp_status sp_passticket_make(const struct sp_passticket_key *key, struct sp_str user, struct sp_str appl,
                                  int64_t seconds, char ret_ticket[SP_PASSTICKET_LEN + 1],
                                  struct sp_error *err)
{
    struct subject subject;
    enum sp_status status = put_subject(key, user, appl, &subject, err);
    if (status)
        return status;
    bool legacy = key->kind == SP_PASSTICKET_LEGACY;
    if (seconds < 0 || seconds >= (int64_t)1 << (legacy ? 32 : 40))
        return sp_error_set(err, SP_EINVAL, NULL, "the time %lld is out of range for a PassTicket",
                            (long long)seconds);
    return legacy ? legacy_make(key, &subject, seconds, ret_ticket, err)
                  : enhanced_make(key, &subject, seconds, ret_ticket, err);
}

enum sp_status sp_passticket_time(const struct sp_passticket_key *key, struct sp_str user, struct sp_str appl,
                                  struct sp_str ticket, int64_t *ret_seconds, struct sp_error *err)
{
    struct subject subject;
    enum sp_status status = put_subject(key, user, appl, &subject, err);
    if (status)
        return status;
    if (ticket.len != SP_PASSTICKET_LEN)
        return sp_error_set(err, SP_EINVAL, NULL, "the text is not a PassTicket");
    return key->kind == SP_PASSTICKET_LEGACY ? legacy_time(key, &subject, ticket, ret_seconds, err)
                                             : enhanced_time(key, &subject, ticket, ret_seconds, err);
}
