/*
 * SipHash-2-4 (Aumasson and Bernstein, 2012): two rounds for each eight bytes, four at
 * the end. It is fast enough for short names. A peer without the key cannot choose
 * names that share a bucket.
 */
#include "protocol/hash.h"

#include <endian.h>

struct sip {
	uint64_t a, b, c, d;
};

static uint64_t hash_rotate(uint64_t word, unsigned by)
{
	return word << by | word >> (64 - by);
}

static void sip_rounds(struct sip *sip, int count)
{
	for (int i = 0; i < count; i++) {
		sip->a += sip->b;
		sip->c += sip->d;
		sip->b = hash_rotate(sip->b, 13) ^ sip->a;
		sip->d = hash_rotate(sip->d, 16) ^ sip->c;
		sip->a = hash_rotate(sip->a, 32);
		sip->c += sip->b;
		sip->a += sip->d;
		sip->b = hash_rotate(sip->b, 17) ^ sip->c;
		sip->d = hash_rotate(sip->d, 21) ^ sip->a;
		sip->c = hash_rotate(sip->c, 32);
	}
}

static void sip_word(struct sip *sip, uint64_t word)
{
	sip->d ^= word;
	sip_rounds(sip, 2);
	sip->a ^= word;
}

/* Little-endian on every machine. */
static uint64_t hash_word_at(const char *data)
{
	uint64_t word;

	memcpy(&word, data, sizeof(word));
	return le64toh(word);
}

/* The bytes behind the last whole word: fewer than eight. */
static uint64_t hash_tail(struct slice bytes)
{
	const size_t len = bytes.len % 8;
	uint64_t word = 0;

	if (len > 0 && bytes.len > sizeof(word))
		return hash_word_at(bytes.data + bytes.len - 8) >> (8 * (8 - len));
	for (size_t i = 0; i < len; i++)
		word |= (uint64_t)(unsigned char)bytes.data[i] << (8 * i);
	return word;
}

uint64_t hash_slice(const struct hash_key *key, struct slice bytes)
{
	struct sip sip = {
		.a = key->low ^ 0x736f6d6570736575,
		.b = key->high ^ 0x646f72616e646f6d,
		.c = key->low ^ 0x6c7967656e657261,
		.d = key->high ^ 0x7465646279746573,
	};
	size_t whole = bytes.len - bytes.len % 8;

	for (size_t at = 0; at < whole; at += 8)
		sip_word(&sip, hash_word_at(bytes.data + at));
	sip_word(&sip, hash_tail(bytes) | (uint64_t)bytes.len << 56);

	sip.c ^= 0xff;
	sip_rounds(&sip, 4);
	return sip.a ^ sip.b ^ sip.c ^ sip.d;
}
