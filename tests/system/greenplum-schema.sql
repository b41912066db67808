-- What a schema of Greenplum 6 holds that other servers take in another form, or not at all; beside greenplum.sql.
create schema x;
set search_path = x;
create table p_int (a int, n int) distributed by (a) partition by range (n)
	(partition low end (0), partition a start (0) exclusive end (10) inclusive, partition b start (11) end (21) every (5), partition high start (21));
insert into p_int select i, i from unnest(array[-5, 1, 10, 11, 16, 20, 21, 1000]) i;
create table p_date (a int, d date) distributed by (a) partition by range (d)
	(start (date '2024-01-01') exclusive end (date '2024-01-31') inclusive every (interval '10 days'), default partition rest);
insert into p_date select i, date '2024-01-02' + i from generate_series(-20, 40) i;
create table p_float (a int, f float8) distributed by (a) partition by range (f)
	(partition one start (0) inclusive end (0.1) inclusive, partition two start (0.1) exclusive end (7.25) exclusive);
insert into p_float values (1, 0), (2, 0.1), (3, 0.1000000001), (4, 7);
create table p_num (a int, f numeric(12,2), g numeric) distributed by (a) partition by range (f)
	(partition one start (0) end (1.5) inclusive, partition two start (1.5) exclusive end (99));
insert into p_num values (1, 0), (2, 1.5), (3, 1.51), (4, 98.99);
create table p_text (a int, t text) distributed by (a) partition by range (t)
	(partition one start ('a') end ('m') inclusive, partition two start ('m') exclusive end ('z') exclusive);
insert into p_text values (1, 'a'), (2, 'm'), (3, 'ma'), (4, 'it''s');
create table p_ts (a int, t timestamp) distributed by (a) partition by range (t)
	(partition one start (timestamp '2024-01-01') end (timestamp '2024-02-01') inclusive, partition two start (timestamp '2024-02-01') exclusive end (timestamp '2024-03-01'));
insert into p_ts values (1, '2024-02-01'), (2, '2024-02-01 00:00:00.000001');
create table p_list (a int, b text, c int) distributed by (a) partition by list (b)
	(partition one values ('a', 'b', null), partition two values ('it''s', E'back\\slash'), default partition rest);
insert into p_list values (1, 'a', 1), (2, null, 2), (3, 'it''s', 3), (4, E'back\\slash', 4), (5, 'q', 5);
create table p_lmulti (a int, b text, c int) distributed by (a) partition by list (b, c) (partition one values (('a', 1), ('b', 2)), partition two values (('c', 3)));
insert into p_lmulti values (1, 'a', 1), (2, 'c', 3);
create table p_sub3 (a int, y int, r text, m int) with (appendonly=true, orientation=column, compresstype=zlib) distributed by (a)
	partition by range (y) subpartition by list (r) subpartition template (subpartition eu values ('eu'), default subpartition other)
	subpartition by range (m) subpartition template (start (1) end (4) every (1), default subpartition rest)
	(start (2023) end (2025) every (1), default partition outlying);
insert into p_sub3 select i, 2022 + i % 4, case when i % 2 = 0 then 'eu' else 'asia' end, i % 6 from generate_series(1, 100) i;
create table "P Odd" ("Key ""q""" int, "when" date) with (fillfactor=70) distributed by ("Key ""q""") partition by list ("Key ""q""") (partition "a b" values (1), default partition "Re""st");
insert into "P Odd" values (1, '2024-01-01'), (7, null);
create index "P Odd idx" on "P Odd" ("when");
create index p_int_idx on p_int (n);
alter table p_int add constraint p_int_key unique (a, n);
comment on table p_int is 'partitioned by n';
create table t_old (a int, b abstime, c reltime, d tinterval, u text) distributed by (a);
insert into t_old values (1, '2024-01-01 00:00:00+00', '1 day', '["2024-01-01 00:00:00+00" "2024-01-02 00:00:00+00"]', 'x');
create table t_oids (a int) with (oids=true) distributed by (a);
insert into t_oids values (1);
create table t_zstd0 (a int, b text encoding (compresstype=zstd, compresslevel=1)) with (appendonly=true, orientation=column) distributed randomly;
insert into t_zstd0 values (1, 'b');
create table t_serial (a serial, b text default 'distributed by (a)') distributed by (a);
insert into t_serial (b) values (default);
create table t_repl (a int, b text) with (appendonly=true) distributed replicated;
create view v_parts as select * from pg_partitions;
create view v_storage as select relname, relstorage from pg_class;
create view v_ok as select a, n from p_int where n > 0;
create function f_sql(a int) returns int language sql immutable contains sql as $$ select $1 + 1 $$;
create function f_everywhere() returns setof int language sql execute on all segments as $$ select 1 $$;
create function f_master() returns setof int language plpgsql reads sql data execute on master as $$ begin return next 1; end $$;
create function f_c() returns trigger as '$libdir/timetravel', 'timetravel' language c;
create external table e_in (n int) location ('gpfdist://host.invalid:8080/x.csv') format 'csv';
comment on table e_in is 'outside';
create writable external web table e_out (n int) execute 'cat >/dev/null' format 'csv' distributed by (n);
create view v_ext as select * from e_in;
create table p_ext (a int, d date) distributed by (a) partition by range (d) (partition a start (date '2023-01-01') end (date '2023-02-01'), partition b start (date '2023-02-01') end (date '2023-03-01'));
create external table e_part (a int, d date) location ('gpfdist://host.invalid:8080/z.csv') format 'csv';
alter table p_ext exchange partition a with table e_part without validation;
insert into p_ext values (1, '2023-02-02');
create type t_enc as (a int);
grant select on all tables in schema x to public;
