/* store_s3_list.c -- listing a bucket by ListObjectsV2, one page of at most 1,000 keys in memory.  A server that is as old
 * as Signature V2 may not know that: there by the first ListObjects, whose pages go on after a key.
 *
 * The server sorts keys bytewise and so do the pages here, after objects and common prefixes are put
 * together.  A strange key is sorted by its name as it is listed only within its page. */
#include "prelude.h"

#include "err.h"
#include "s3_xml.h"
#include "stop.h"
#include "store_s3.h"

#define PAGE_BODY ((size_t)32 << 20) /* 1,000 keys of 1,024 bytes, encoded, are some 4 MB */

struct item {
	char *key; /* as it is listed */
	const char *raw;
	bool is_folder;
	struct store_object object;
};

static int
compare(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int by_key = strcmp(x->key, y->key);

	return by_key != 0 ? by_key : strcmp(x->raw, y->raw);
}

/* RAW is without the store's prefix. */
static void
make_item(struct item *item, const char *raw, const struct s3_entry *entry)
{
	size_t len = strlen(raw);
	bool encoded, slash = !entry->is_folder && len > 0 && raw[len - 1] == '/';
	char *name = mem_strn(raw, entry->is_folder || slash ? len - 1 : len), *shown;
	struct err ignored;

	shown = store_key_encode(name, &encoded);
	item->raw = raw;
	item->is_folder = entry->is_folder;
	item->object.size = entry->size;
	item->object.strange = slash || store_key_check(name, &ignored) < 0;
	/* An object that a console made to look like a folder. */
	item->key = mem_printf("%s%s", shown, slash ? "%2F" : entry->is_folder ? "/" : "");
	free(shown);
	free(name);
}

static int
deliver_page(const struct s3_store *s, const struct s3_page *page, store_list_fn *fn, void *ctx, struct err *e)
{
	struct item *items = mem_array(page->n, sizeof(*items));
	size_t prefix_len = strlen(s->prefix), n = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < page->n; i++) {
		const char *key = page->entries[i].key;

		if (strncmp(key, s->prefix, prefix_len) != 0)
			rc = err_set(e, ERR_FAILED, "the server lists keys that do not begin with what was asked for");
		else if (key[prefix_len] != '\0') /* else it stands for the store itself */
			make_item(&items[n++], key + prefix_len, &page->entries[i]);
	}
	if (n > 0)
		qsort(items, n, sizeof(*items), compare);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = fn(ctx, items[i].key, items[i].is_folder, &items[i].object, e);
	for (size_t i = 0; i < n; i++)
		free(items[i].key);
	free(items);
	return rc;
}

/* The page that TOKEN names, the first one without. */
static int
get_page(struct s3_store *s, const char *prefix, int flags, const char *token, struct s3_page *page,
    struct err *e)
{
	struct s3_call call = { .verb = "list", .method = "GET", .limit = PAGE_BODY };
	char *full = mem_printf("%s%s", s->prefix, prefix);
	struct s3_http_response r;
	struct err broken;
	int rc;

	if (s->v2 == NULL)
		call.query[call.n_query++] = (struct s3_pair){ "list-type", "2" };
	call.query[call.n_query++] = (struct s3_pair){ "encoding-type", "url" };
	call.query[call.n_query++] = (struct s3_pair){ "prefix", full };
	if ((flags & STORE_LIST_RECURSIVE) == 0)
		call.query[call.n_query++] = (struct s3_pair){ "delimiter", "/" };
	if (token != NULL)
		call.query[call.n_query++] = (struct s3_pair){ s->v2 == NULL ? "continuation-token" : "marker", token };
	rc = s3_call(s, &call, &r, e) < 0 ? -1 : 0;
	if (rc == 0 && r.body_cut)
		rc = s3_wrong(s, &call, &r, ERR_FAILED, e, "a page of the list is too long");
	else if (rc == 0 && s3_xml_page(r.body.data, r.body.len, s->v2 == NULL, page, &broken) < 0)
		rc = s3_wrong(s, &call, &r, ERR_FAILED, e, "%s", broken.text);
	s3_http_release(&r);
	free(full);
	return rc;
}

int
store_s3_list(struct store *store, const char *prefix, int flags, store_list_fn *fn, void *ctx,
    struct err *e)
{
	struct s3_store *s = (struct s3_store *)store;
	char *token = NULL;
	bool more = true;
	int rc = 0;

	while (rc == 0 && more) {
		struct s3_page page;

		if ((rc = stop_check(e)) < 0 || (rc = get_page(s, prefix, flags, token, &page, e)) < 0)
			break;
		rc = deliver_page(s, &page, fn, ctx, e);
		more = page.truncated;
		if (rc == 0 && more && token != NULL && strcmp(token, page.token) == 0)
			rc = err_set(e, ERR_FAILED, "the server repeats a page of the list without end");
		free(token);
		token = page.token;
		page.token = NULL;
		s3_page_release(&page);
	}
	free(token);
	return rc;
}
