/* store_words.h -- words for tests of stores: objects that are texts, lists that are one line. */
#ifndef GPM_STORE_WORDS_H
#define GPM_STORE_WORDS_H

#include "buf.h"
#include "err.h"
#include "store.h"

__attribute__((unused)) static int
put(struct store *s, const char *key, const char *text, struct err *e)
{
	struct store_body body = { text, -1, strlen(text) };

	return store_put(s, key, &body, e);
}

__attribute__((unused)) static int
create(struct store *s, const char *key, const char *text, struct err *e)
{
	struct store_body body = { text, -1, strlen(text) };

	return store_create(s, key, &body, e);
}

/* The object's text, "(absent)" or "(error)". */
__attribute__((unused)) static const char *
get(struct store *s, const char *key)
{
	static char text[4096];
	struct buf b;
	struct err e;
	int rc;

	buf_init(&b, sizeof(text) - 1);
	rc = store_get_buf(s, key, &b, &e);
	snprintf(text, sizeof(text), "%.*s", (int)b.len, b.len > 0 ? b.data : "");
	buf_release(&b);
	return rc > 0 ? text : rc == 0 ? "(absent)" : "(error)";
}

__attribute__((unused)) static int
collect(void *ctx, const char *key, bool is_folder, const struct store_object *o, struct err *e)
{
	if (is_folder != (key[strlen(key) - 1] == '/'))
		return err_set(e, ERR_FAILED, "'%s': folders end with a slash", key);
	text_printf(ctx, "%s=%d%s ", key, (int)o->size, o->strange ? "?" : "");
	return 0;
}

/* "key=size key=size ", with '?' behind what is strange. */
__attribute__((unused)) static const char *
list(struct store *s, const char *prefix, int flags)
{
	static char text[8192];
	struct buf b;
	struct err e;

	text_init(&b);
	if (store_list(s, prefix, flags, collect, &b, &e) < 0)
		snprintf(text, sizeof(text), "(error) %s", e.text);
	else
		snprintf(text, sizeof(text), "%s", text_str(&b));
	buf_release(&b);
	return text;
}

__attribute__((unused)) static int
remove_listed(void *ctx, const char *key, bool is_folder, const struct store_object *o, struct err *e)
{
	(void)o;
	return is_folder ? 0 : store_remove(ctx, key, e) < 0 ? -1 : 0;
}

__attribute__((unused)) static int
stop_listing(void *ctx, const char *key, bool is_folder, const struct store_object *o, struct err *e)
{
	int *seen = ctx;

	(void)key;
	(void)is_folder;
	(void)o;
	++*seen;
	return err_set(e, ERR_STOPPED, "enough");
}

__attribute__((unused)) static int
add_text(void *ctx, const void *data, size_t len, struct err *e)
{
	return buf_add(ctx, data, len, e);
}

__attribute__((unused)) static int
refuse(void *ctx, const void *data, size_t len, struct err *e)
{
	(void)ctx;
	(void)data;
	(void)len;
	return err_set(e, ERR_LIMIT, "no more");
}

#endif
