-- A table whose names are meant to break out of whatever they stand in: SQL, psql, a shell.
create table "; drop table public.zero;-- $gpm$ \ :x :'x' %s
\! touch pwned" ("a'b""" int, "\! touch pwned" text, "E'\'" text, "`touch pwned`" int);
insert into "; drop table public.zero;-- $gpm$ \ :x :'x' %s
\! touch pwned" values (1, '\.', '', 1), (2, E'x\n\\.\ny', null, null);
