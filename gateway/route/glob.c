/*
 * A glob is the part before the first '*', the part after the last one, and the pieces
 * between. The two parts are compared at the ends of the text. Each piece is searched
 * in what is left: its leftmost match leaves the most text for the others.
 */
#include "gateway/route/glob.h"

#include <string.h>

static bool glob_is_wildcard(char byte)
{
	return byte == '*' || byte == '?';
}

bool glob_is(struct slice text)
{
	return slice_find(text, '*') < text.len || slice_find(text, '?') < text.len;
}

struct slice glob_front(struct slice glob)
{
	size_t len = 0;

	while (len < glob.len && !glob_is_wildcard(glob.data[len]))
		len++;
	return slice_first(glob, len);
}

struct slice glob_back(struct slice glob)
{
	size_t at = glob.len;

	while (at > 0 && !glob_is_wildcard(glob.data[at - 1]))
		at--;
	return slice_from(glob, at);
}

static bool glob_is_continuation(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Takes equal characters off both fronts, up to a '*'. False at a difference. */
static bool glob_take_front(struct slice *glob, struct slice *text)
{
	while (glob->len > 0 && glob->data[0] != '*') {
		size_t len = 1;

		if (text->len == 0)
			return false;
		if (glob->data[0] == '?') {
			while (len < text->len && glob_is_continuation(text->data[len]))
				len++;
		} else if (glob->data[0] != text->data[0]) {
			return false;
		}
		*glob = slice_from(*glob, 1);
		*text = slice_from(*text, len);
	}
	return true;
}

/* The same at the ends. The glob has a '*'. */
static bool glob_take_end(struct slice *glob, struct slice *text)
{
	for (; glob->data[glob->len - 1] != '*'; glob->len--) {
		if (text->len == 0)
			return false;
		char byte = text->data[--text->len];

		if (glob->data[glob->len - 1] == '?') {
			while (glob_is_continuation(byte) && text->len > 0)
				byte = text->data[--text->len];
		} else if (glob->data[glob->len - 1] != byte) {
			return false;
		}
	}
	return true;
}

/* Finds a piece that stands between two '*', and moves after it. */
static bool glob_take_piece(struct slice piece, struct slice *text)
{
	const char *found;

	if (piece.len == 0)
		return true;
	if (slice_find(piece, '?') == piece.len) {
		found = memmem(text->data, text->len, piece.data, piece.len);
		if (found != NULL)
			*text = slice_from(
				*text, (size_t)(found - text->data) + piece.len);
		return found != NULL;
	}
	for (size_t at = 0; at < text->len; at++) {
		struct slice glob = piece, rest = slice_from(*text, at);

		/* A '?' takes a whole character, so nothing begins within one. */
		if (!glob_is_continuation(text->data[at]) &&
			glob_take_front(&glob, &rest)) {
			*text = rest;
			return true;
		}
	}
	return false;
}

bool glob_matches(struct slice glob, struct slice text)
{
	if (!glob_take_front(&glob, &text))
		return false;
	if (glob.len == 0)
		return text.len == 0;
	if (!glob_take_end(&glob, &text))
		return false;
	while (glob.len > 0) {
		struct slice behind = slice_from(glob, 1);
		struct slice piece = slice_first(behind, slice_find(behind, '*'));

		if (!glob_take_piece(piece, &text))
			return false;
		glob = slice_from(behind, piece.len);
	}
	return true;
}
