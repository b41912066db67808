/* setting_list.h -- settings whose value is a list of quoted names: as SQL, element by element. */
#ifndef GPM_SETTING_LIST_H
#define GPM_SETTING_LIST_H

struct buf;
struct db;
struct err;

bool setting_is_list(const char *name);

/* setting_add_list(db, name, value, out, e): VALUE, as the catalog keeps it, appended as what stands behind SET … TO: each element
 * one literal.  1; 0 when it is no such list, and nothing of OUT may be used; -1.  Who may set something for himself may
 * have written VALUE: nothing of it ever stands outside a literal. */
int setting_add_list(struct db *, const char *name, const char *value, struct buf *out, struct err *) GPM_NODISCARD;

#endif
