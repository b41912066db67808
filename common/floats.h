/* floats.h -- numbers rewritten in one form, whatever server printed them (row digest v1).
 *
 * Greenplum 6 prints float8 with up to 18 digits, PostgreSQL 12 and later the shortest text that
 * reads back the same.  In a field of a flagged column every number is therefore rewritten, and what is none.  The
 * rule works on the field's bytes as they stand in the record, quotes and escapes included:
 *
 *   word byte  A-Z, a-z, 0-9, '_', '.', or any byte from 0x80 up
 *   number     ( D+ | D+ '.' D* | '.' D+ ) ( [eE] [+-]? D+ )?          D is 0-9
 *
 * 1. Go from left to right.  Look at each word byte that is the field's first byte or stands after
 *    a byte that is no word byte.  Take the longest number that starts there.
 * 2. If there is one, and the field ends behind it or the next byte is no word byte, it is a
 *    number token; the search goes on behind it.  If not, the search goes on at the next byte that
 *    is no word byte.  (So x1, 1.2.3 and 1e5x hold no token; x1e-5 holds 5.)
 * 3. A '+' or '-' right before the number belongs to the token when the byte before that sign is
 *    neither a word byte nor '+' nor '-', or when the sign is the field's first byte.  Any other
 *    sign stays where it is.  (2024-01-02 holds the tokens 2024, 01 and 02.)
 * 4. A token of more than 64 bytes, its sign counted, stays as it is.
 * 5. Without its sign, the token is read as the float4 (kind 4) or float8 (kind 8), IEEE binary32
 *    or binary64, that is nearest to the decimal number it spells, ties to even, rounded once.
 *    A token that reads as infinity stays as it is.
 * 6. Any other token is replaced by
 *        [-]d[.ddd]e[-]x
 *    '-' exactly when '-' belongs to the token.  The digits are those of the decimal with P
 *    significant digits that is nearest to the value (its exact value, ties to even: what
 *    printf("%.*e", P - 1, value) shows) for the smallest P at which that decimal reads back as
 *    the same value; trailing zeros left out, and the point when nothing follows it.  x is the
 *    power of ten without leading zeros or '+'.  Zero is 0e0.
 *
 * 7. A word is a run of word bytes as long as it can be, looked at as in rule 1, that is no number token.  Whatever the case of
 *    its letters, the word nan becomes NaN, without the sign that belongs to it by rule 3; inf and infinity become Infinity,
 *    without a '+'.  (point and its like print nan, -nan and inf before PostgreSQL 12, NaN and Infinity since.)
 *
 * All that is rewritten depends on the value and the sign alone.  The result is a fixed point:
 * rewritten again it stays the same. */
#ifndef GPM_FLOATS_H
#define GPM_FLOATS_H

/* floats_canonical(to, field, len, room, kind): write the field's bytes at TO, numbers rewritten; return
 * where they end.  KIND is 4 or 8.  TO has room for FLOATS_MAX(len) bytes, the last of them for use
 * meanwhile.  ROOM bytes from FIELD on can be read, LEN of them or more: with 80 it is quicker. */
#define FLOATS_MAX(len) (3 * (len) + 64)
char *floats_canonical(char *to, const char *field, size_t len, size_t room, int kind);

#endif
