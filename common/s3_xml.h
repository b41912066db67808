/* s3_xml.h -- the XML that S3 servers answer with: errors, and pages of a list.  It comes from outside
 * and is hostile: a DOCTYPE is refused, and what is kept has a bound. */
#ifndef GPM_S3_XML_H
#define GPM_S3_XML_H

struct err;

struct s3_error {
	char code[64];        /* "NoSuchKey"; "" when there was none */
	char message[400];    /* for people, cut */
	char request_id[96];
};

/* s3_xml_error(data, len, out): is it an <Error>?  *OUT is emptied first.  Never fails: what cannot be
 * read is no error element. */
bool s3_xml_error(const void *data, size_t len, struct s3_error *out);

struct s3_entry {
	char *key;        /* decoded; ends with '/' when IS_FOLDER */
	bool is_folder;   /* a common prefix */
	uint64_t size;
};

/* A page of ListObjectsV2, or of the first ListObjects. */
struct s3_page {
	struct s3_entry *entries; /* in the server's order */
	size_t n, room;
	bool truncated;
	char *token;              /* of the next page, or NULL; of the first ListObjects the key to go on after */
};

/* s3_xml_page(data, len, second, out, e): -1 when it is no ListBucketResult, or a broken one.  SECOND: of ListObjectsV2. */
int s3_xml_page(const void *data, size_t len, bool second, struct s3_page *out, struct err *) GPM_NODISCARD;
void s3_page_release(struct s3_page *);

#endif
