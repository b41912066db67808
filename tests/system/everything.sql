-- Everything that a PostgreSQL database can hold and that a migration must carry: types, names, kinds of
-- tables and of other objects.  For everything.t, which makes the roles, the tablespaces and many small tables.

set client_min_messages = error;
create extension citext;
create extension hstore;
create extension ltree;
create extension cube;
create extension seg;
create extension isn;
create extension intarray;
create extension pg_trgm;
create extension btree_gist;
create extension file_fdw;

-- types: NULLs, values at the ends of their ranges, types in types
create domain posint as int check (value > 0);
create domain fdom as float8;
create domain odd as posint not null default 7 constraint "odd; of course" check (value % 2 = 1);
create type comp as (a int, b float4, c text);
create type outer_comp as (x comp, y comp[], z posint);
create type mood as enum ('sad', 'ok', 'it''s', 'a,b', '', 'ü "quoted"');
create type frange as range (subtype = float8);
create table types(a posint, b comp, c mood[], d int4range, e frange, f comp[], g fdom, h json, i jsonb, j xml, k inet,
	l bit(5), m varbit, n money, o interval, p timetz, q uuid, r tsvector, s point, t path, u polygon, v circle, w line,
	x bytea, y numeric, z char(10), aa "char", ab name, ac oid, ad int2vector, ae macaddr, af pg_lsn, ag int8multirange,
	ah text[][], ai date, aj timestamp, ak timestamptz);
insert into types select i, row(i, i/3.0, 'a"b,(c)')::comp, array['ok','sad']::mood[], int4range(1,i+1),
	frange(i/7.0, i/7.0+1), array[row(1,0.1,null)::comp], i/3.0, '{"a": 1.50}', '{"a": 1.50, "b":null}', '<a>1</a>',
	'10.0.0.1/8', B'10101', B'1', i*1.5::numeric::money, '1 year -3 days 04:05:06.7', '12:34:56+02', gen_random_uuid(),
	'a:1 b:2', point(i,1.0/i), '[(1,2),(3,4.5)]', '((0,0),(1,1.1),(2,0))', '<(1,2),3.3>', '{1,2,3}',
	decode('00ff0a','hex'), 1e100, 'pad', 'c', 'nam', 12345, '1 2 3', '08:00:2b:01:02:03', '0/16B3748',
	'{[1,5),[10,20)}', '{{a,NULL},{"c,d","e\"f"}}', 'infinity', '-infinity', '2024-02-29 12:00:00+05'
	from generate_series(1,50) i;
insert into types default values;
insert into types(ai, aj, y) values ('0044-03-15 BC', '4713-01-01 00:00:00 BC', 'NaN'), (null, null, '-Infinity');
create table more_types(n int, cidr cidr, mac macaddr8, box box, lseg lseg, jsonpath jsonpath, tsquery tsquery, xid xid,
	xid8 xid8, tid tid, snapshot pg_snapshot, vector oidvector, cursor refcursor, class regclass, type regtype,
	proc regprocedure, role regrole, short_time time(3), whole_stamp timestamptz(0), years interval year to month,
	exact numeric(20,5), small smallint, bits varbit(9), dates daterange, stamps tstzrange[], nums nummultirange,
	composites outer_comp[], odd odd, mood mood, domains posint[], names name[], chars "char"[], padded char(3)[]);
insert into more_types values
	(1, '10.1.0.0/16', '08:00:2b:01:02:03:04:05', '(1,2),(0.1,0.2)', '[(1,2),(3,4)]', '$.a[*] ? (@.b > 1)',
	'''a b'' & !c:*A', '4294967295', '18446744073709551615', '(7,8)', '10:20:10,14,15', '1 2', 'c', 'types', 'text[]',
	'lower(text)', 'shop_owner', '23:59:59.9994', '9999-12-31 23:59:59+00', '1 year 2 mons', '-99999.99999', -32768,
	B'101', '[2024-01-01,)', '{"[2024-01-01 00:00:00+00,infinity)",empty}', '{(,1],[2.50,3)}',
	array[row(row(1, 1e-45, '"('), array[row(null, 'NaN', '')::comp, null], 3)::outer_comp, null], 9, 'it''s',
	'{1,NULL}', '{"a b",""}', '{a,""}', '{a,abc}'),
	(2, '::/0', null, null, null, 'strict $', '', '0', '0', '(0,0)', '1:1:', '', '', '0', '0', '0', '0', '24:00:00',
	'-infinity', '-178000000 years', 'NaN', 32767, '', 'empty', '{}', '{}', '{}', 1, '', '{}', '{}', '{}', '{}');
create table arrays(a int[], b text[], c float8[], d timestamptz[], e bytea[]);
insert into arrays values
	('[2:3]={1,2}', '[0:1][-1:0]={{a,NULL},{"NULL",""}}', '{{1.1,NULL},{NaN,-Infinity}}',
	'{infinity,"2024-01-01 00:00:00+00"}', array['\x00', '\x', null]::bytea[]),
	('{}', array['{}', 'a\b', '"', ',', ' '], '[5:5]={5e-324}', '{}', '{}'),
	('{{{1},{2}},{{3},{4}}}', array[E'a\nb', E'\r', E'\t', '\N', '\.'], null, null, null);
create table floats(a float8, b float4, c float8[], d point);
insert into floats select ('x' || substr(md5(i::text), 1, 8))::bit(32)::int * power(10::float8, i % 580 - 290),
	('x' || substr(md5(i::text), 1, 8))::bit(32)::int * power(10::float8, i % 60 - 32), array[i / 3.0, null],
	point(i / 7.0, -i) from generate_series(1, 2000) i;
insert into floats values (1.7976931348623157e308, 3.4028235e38, '{2.2250738585072014e-308,5e-324}', '(1e-310,NaN)'),
	('-0', '-0', '{NaN,Infinity,-Infinity}', '(Infinity,-0)'), ('NaN', 'NaN', null, null);
create table texts(n serial, t text);
insert into texts(t) values (null), (''), (' '), ('NULL'), ('\N'), ('\.'), ('"'), ('""'), (','), (E'\n'), (E'\r\n'),
	(E'\r'), (E'\t'), (E'a\n\\.\nb'), (E'\\.\n'), ('"quoted"'), ('a,b'), (E'\x01\x02\x7f\x1b'),
	(U&'\FEFF\200B\+10FFFF'), ('é' || U&'e\0301'), (repeat(E'"\n,', 30000)), (repeat('ü', 100000));
insert into texts(t) select chr(i) || E'\\' || chr(i) from generate_series(1, 300) i;
create table bytes(b bytea);
insert into bytes select decode(lpad(to_hex(i), 2, '0'), 'hex') from generate_series(0, 255) i;
insert into bytes values (null), (''), (decode(repeat('00ff', 100000), 'hex'));
create table jsons(h json, i jsonb);
insert into jsons values ('{"b":1, "a" : 2, "b":3}', '{"b":1, "a":2, "b":3}'), ('[1e400, 1.000, -0]', '[1e40, 1.000, -0]'),
	('"\u0000 \ud83d\ude00"', '"\ud83d\ude00"'), (E'{\n"x":\r\n[]}', 'null'), (null, '""');
create table xmls(x xml);
insert into xmls values ('<a b="&quot;">x</a>'), ('text and <b/>, no document'), (''), ('<?xml version="1.0"?><a>é</a>'), (null);
create table extension_types(a citext, b hstore, c ltree, d lquery, e cube, f seg, g isbn13, h query_int, i ltree[]);
insert into extension_types values
	('AbC', 'a=>1, b=>NULL, "x y"=>"\"", ""=>""', 'Top.Science', 'Top.*{1,2}.!a@', '(1,2.5),(3,4)', '1.50 .. 2',
	'978-3-16-148410-0', '1&(2|!3)', '{a.b,""}'), (null, '', '', null, '(1)', '<3', null, null, null);
create table big(a text);
insert into big values (repeat('x', 50000000)), (null), ('');

-- tables without columns, with 800, with dropped ones, of a type, with a generated column only; kinds of storage
create table zero();
insert into zero default values;
insert into zero default values;
do $$ declare s text := 'create table wide(';
	begin for i in 1..800 loop s := s || case when i>1 then ',' else '' end || 'c'||i||' int'; end loop; execute s||')'; end $$;
insert into wide(c1,c800) values (1,800),(null,null);
create table dropped(a int, b int, c int);
alter table dropped drop column b;
insert into dropped values (1,3);
create table all_dropped(a int);
insert into all_dropped values (1), (2);
alter table all_dropped drop column a;
create type person as (name text, age int);
create table persons of person (name primary key, age with options default 3);
insert into persons(name) values ('x'), ('y');
create table only_generated(a text generated always as ('made') stored);
insert into only_generated default values;
insert into only_generated default values;
create table one_column(a text);
insert into one_column values (null), (''), ('x'), (null), ('\.'), (E'\n');
create table empty(a int primary key, b text);
create unlogged table unl(a int primary key, s serial);
insert into unl values (1);
create table options(a text, b text) with (fillfactor = 70, autovacuum_enabled = off, toast.autovacuum_enabled = off);
alter table options alter a set storage external, alter a set compression pglz, alter a set statistics 7,
	alter b set (n_distinct = -0.5), replica identity full;
insert into options values ('a', 'b');
create access method heap2 type table handler heap_tableam_handler;
create table of_heap2(a int) using heap2;
insert into of_heap2 values (1);

-- identity and generated columns
create table ident(id int generated always as identity, d int generated by default as identity (start -100 increment -3),
	g int generated always as (id_src * 2) stored, id_src int, t text);
insert into ident(id_src, t) select i, 'x' || i from generate_series(1,100) i;
insert into ident(id, d, id_src) overriding system value values (1000, -1000, 5);

-- inheritance: each table has rows of its own
create table parent(a int primary key, b text constraint not_bad check (b <> 'bad') no inherit);
create table child(c int) inherits (parent);
create table other_parent(z int, a int);
create table grandchild(b text default 'inherited', z int) inherits (child, other_parent);
insert into parent values (1, 'p');
insert into child values (2, 'c', 3), (2, 'c', 3);
insert into grandchild(a, b, c, z) values (4, 'g', 5, 6);
insert into other_parent values (7, 8);

-- partitions: list, range, hash, two levels, default; in another schema, with another order of columns
create schema elsewhere;
create table lists(a int, b text) partition by list (b);
create table l1 partition of lists for values in ('a') partition by range (a);
create table l1a partition of l1 for values from (0) to (10);
create table l1b partition of l1 default;
create table ldef partition of lists default;
insert into lists values (1, 'a'), (100, 'a'), (3, 'z'), (4, null);
create table hashes(gone int, id bigint, v text) partition by hash (id);
create table hash0 partition of hashes for values with (modulus 2, remainder 0);
create table elsewhere.hash1(v text, extra int, id bigint);
alter table hashes drop column gone, add primary key (id);
alter table elsewhere.hash1 drop column extra, alter id set not null;
alter table hashes attach partition elsewhere.hash1 for values with (modulus 2, remainder 1);
insert into hashes(id, v) select i, 'v' || i from generate_series(1, 200) i;
create table ranges(day date, n int, check (n > 0)) partition by range (day, n);
create table ranges_low partition of ranges for values from (minvalue, minvalue) to ('2024-01-01', 5);
create table ranges_high partition of ranges for values from ('2024-01-01', 5) to (maxvalue, maxvalue);
insert into ranges select date '2023-12-30' + i, i from generate_series(1, 9) i;
create table no_partitions(a int) partition by list (a);
create index on ranges(n);
create index on only hashes(v);

-- names of tables, columns and schemas
create table "UPPER"(a int);
create table "Upper"(a int);
insert into "Upper" values (1);
create table upper(a int, "A" int, "a " int, " a" int);
insert into upper values (1, 2, 3, 4);
create table "sel""ect"("from" int, "a.b" text, "ünï" text, "%s" text, " sp " text, "new
line" int, "back\slash" int, "tab	" int, "$1" int, "'" int, "--" int, "/*" int, ";" int, "{""json"": [1]}" int);
insert into "sel""ect" values (1, 'x', 'y', 'z', 'w', 1, 2, 3, 4, 5, 6, 7, 8, 9);
create table "table"("column" int, "user" int, "null" int, "default" int, tableoid_ int);
insert into "table" values (1, 2, 3, 4, 5);
create table "a/b"(a int);
create table ".."(a int);
create table "."(a int);
create table " both "(a int);
create table "both"(a int);
create table "%n%s%%2F"(a int);
create table "back\slash\\n"(a int);
create table "new
line
\restrict x
\."(a int);
create table "it's $$ $tag$ -- no /* comment; drop"(a int);
create table "*?[a-z]|(x)"(a int);
create table "~user $HOME `id`"(a int);
do $do$ declare t text; begin foreach t in array array['UPPER', 'a/b', '..', '.', ' both ', 'both', '%n%s%%2F', 'back\slash\\n',
	E'new\nline\n\\restrict x\n\\.', 'it''s $$ $tag$ -- no /* comment; drop', '*?[a-z]|(x)', '~user $HOME `id`']
	loop execute format('insert into %I values (%s)', t, length(t)); end loop; end $do$;
create table "日本語テーブル名日本語テーブル名日本語テー"("列" text);
insert into "日本語テーブル名日本語テーブル名日本語テー" values ('値');
create schema "日本語スキーマ名日本語スキーマ名日本語";
create table "日本語スキーマ名日本語スキーマ名日本語"."日本語テーブル名日本語テーブル名日本語テー"(a int);
insert into "日本語スキーマ名日本語スキーマ名日本語"."日本語テーブル名日本語テーブル名日本語テー" values (1);
create schema " Sch""ema.with %2E/../
newline";
create table " Sch""ema.with %2E/../
newline"." Tab""le "(a serial, b mood);
insert into " Sch""ema.with %2E/../
newline"." Tab""le "(b) values ('ok');
create table x23456789_123456789_123456789_123456789_123456789_123456789_123(x23456789_123456789_123456789_123456789_123456789_123456789_123 int);
insert into x23456789_123456789_123456789_123456789_123456789_123456789_123 values (1);

-- sequences: alone, owned, not yet called
create sequence s1 as smallint start 5;
create sequence s2 increment -1 minvalue -9223372036854775808 maxvalue 100 start 1 cycle cache 7;
select nextval('s2'), nextval('s2');
create sequence "Weird ""Seq";
create sequence owned_by_hand owned by child.c;
select setval('owned_by_hand', 9223372036854775807);
create unlogged sequence unlogged_seq;

-- constraints and indexes
create table cycle_a(id int primary key, b int, unique (b) deferrable initially deferred);
create table cycle_b(id int primary key, a int references cycle_a deferrable);
alter table cycle_a add foreign key (b) references cycle_b on delete set null, add constraint self foreign key (b) references cycle_a;
begin;
alter table cycle_a disable trigger all;
insert into cycle_a values (1, 1);
insert into cycle_b values (1, 1);
alter table cycle_a enable trigger all;
commit;
create table to_partitioned(id bigint references hashes);
insert into to_partitioned values (7);
create table not_valid(a int, b int, during tstzrange, exclude using gist (a with =, during with &&) deferrable);
insert into not_valid values (-1, 12345, '[2024-01-01,2024-01-02)'), (-1, null, '[2024-01-02,2024-01-03)');
alter table not_valid add constraint positive check (a > 0) not valid, add foreign key (b) references empty not valid;
alter domain posint add constraint below_million check (value < 1000000) not valid;
create table indexed(id int generated always as identity, t text, j jsonb, v tsvector, k int[], c citext, p point);
insert into indexed(t, j, v, k, c, p) select 'word' || i, jsonb_build_object('n', i), to_tsvector('simple', 'w' || i), array[i],
	'C' || i, point(i, i) from generate_series(1, 50) i;
create unique index on indexed(id) include (t) where id > 10;
create index "expr; index" on indexed(lower(t) desc nulls last, (id % 7)) with (fillfactor = 50);
create index on indexed using gin (j jsonb_path_ops);
create index on indexed using gin (t gin_trgm_ops, v) with (fastupdate = off);
create index on indexed using gist (p);
create index on indexed using spgist (t);
create index on indexed using brin (id) with (pages_per_range = 4);
create index on indexed using hash (c);
create unique index clustered on indexed(id, k) nulls not distinct;
alter table indexed cluster on clustered;
alter index "expr; index" alter column 2 set statistics 99;
create statistics st (ndistinct, dependencies, mcv) on id, t from indexed;
create statistics "st; expr" on (id % 3), (lower(t)) from indexed;
alter statistics st set statistics 42;

-- functions, operators, casts, aggregates
create function tf() returns trigger language plpgsql as $$begin raise exception 'fired'; end$$;
create function tf_quiet() returns trigger language plpgsql as 'begin return new; end';
create function sql_twice(a int default 3, variadic b text[] default '{"a;b"}') returns int language sql immutable strict parallel safe
	cost 7 set search_path to public, "a b" as 'select $1 * 2; ';
create function atomic(a int) returns table(x int, y text) language sql stable security definer begin atomic
	insert into empty values ($1, 'begin; end') on conflict do nothing;
	select case when a > 0 then case a when 1 then 1 else 2 end else 0 end as x, text 'x;' as y from empty; end;
create procedure proc(inout a int) language plpgsql as $body$ begin a := a + 1; commit; /* $$ ; */ end $body$;
create function "odd name(); --"("in" int, out "out" int) language sql return "in" + 1;
create function last_value_of(text, text) returns text language sql immutable as 'select coalesce($2, $1)';
create aggregate last_text(text) (sfunc = last_value_of, stype = text, initcond = '''');
create function same_length(text, text) returns boolean language sql immutable as 'select length($1) = length($2)';
create operator <~> (leftarg = text, rightarg = text, function = same_length, commutator = <~>, restrict = eqsel);
create function mood_to_int(mood) returns int language sql immutable as 'select 1';
create cast (mood as int) with function mood_to_int(mood) as assignment;
create operator family fam using hash;
create operator class cls for type posint using hash family fam as operator 1 = (int4, int4), function 1 hashint4(int4);
create collation german from "C";
create collation "und-ci" (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
create table collated(a text collate german, b text collate "und-ci" unique);
insert into collated values ('ä', 'Ä'), ('b', 'B');
create text search dictionary dict (template = simple, stopwords = 'english', accept = false);
create text search configuration config (copy = simple);
alter text search configuration config alter mapping for word with dict, simple;
create conversion conv for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;

-- triggers, rules, policies: none of them acts on the rows that are loaded
create table trig(a int);
insert into trig values (1);
create trigger tr before insert on trig for each row execute function tf();
alter table trig enable always trigger tr;
create trigger "tr; disabled" after update on trig referencing new table as n for each statement when (pg_trigger_depth() < 3) execute function tf();
alter table trig disable trigger "tr; disabled";
create trigger on_replica before insert on trig for each row execute function tf();
alter table trig enable replica trigger on_replica;
create constraint trigger con after insert on trig deferrable initially deferred for each row execute function tf();
create trigger on_partitions before insert on lists for each row execute function tf();
create rule ru as on insert to "UPPER" do also (select 1; select 2);
create rule nothing as on insert to dropped do instead nothing;
create table rls(a int);
insert into rls values (1), (2);
alter table rls enable row level security, force row level security;
create policy p on rls for select to public using (a > 1);
create policy "p; q" on rls as restrictive for insert to shop_owner with check (a > 0);
create function ddl() returns event_trigger language plpgsql as $$begin
	if tg_tag in ('CREATE TABLE', 'CREATE SCHEMA') then raise exception 'no % here', tg_tag; end if; end$$;
create event trigger no_tables on ddl_command_start execute function ddl();
create event trigger off on sql_drop when tag in ('DROP TABLE') execute function ddl();
alter event trigger off disable;
alter event trigger no_tables disable; -- turned on at the end

-- views
create view v1 as select a, b from lists where a > 0 with cascaded check option;
create view v2 with (security_barrier, security_invoker) as select *, 'x;y' as "v;" from v1;
create recursive view v3(n) as select 1 union all select n + 1 from v3 where n < 5;
create view v_trigger as select 1 as a;
create trigger instead instead of insert on v_trigger for each row execute function tf();
alter view v1 alter a set default 5;
create view circle_a as select 1 as x;
create view circle_b as select x from circle_a;
create materialized view mv1 as select b, count(*) from v2 group by b;
create unique index on mv1(b);
create materialized view mv2 as select max(count) from mv1;
create materialized view mvx as select 1 as a with no data;

-- other servers' rows
create server fs foreign data wrapper file_fdw;
create foreign table ft(a text) server fs options (filename '/etc/hostname');
create foreign data wrapper no_wrapper;
create server far type 'x' version '1' foreign data wrapper no_wrapper options (host 'it''s; "x"');
create user mapping for shop_owner server far options (password 'it''s');
create table mixed(a int, b text) partition by list (a);
create table mixed1 partition of mixed for values in (1);
create foreign table mixed2 partition of mixed for values in (2) server fs options (filename '/dev/null');
insert into mixed values (1, 'x');
create publication pub for table parent (a) where (a > 0) with (publish = 'insert');
create publication pub_schema for tables in schema elsewhere;
create subscription sub connection 'host=nowhere.invalid password=x' publication pub with (connect = false, slot_name = none, enabled = false);

-- owners, rights, comments
alter table parent owner to shop_owner;
alter schema elsewhere owner to "Role ""with"" quote";
alter type comp owner to shop_owner;
alter procedure proc(int) owner to shop_owner;
alter view v2 owner to shop_owner;
grant all on parent to reader with grant option;
set role reader;
grant select on parent to clerk;
reset role;
grant select (a, "A"), update (a) on upper to reader, public;
grant usage on schema elsewhere to reader;
grant usage, select on sequence s1 to clerk;
grant execute on function atomic(int) to clerk;
revoke execute on function sql_twice(int, text[]) from public;
grant usage on type mood to clerk;
grant usage on foreign server fs to clerk;
revoke all on dropped from postgres;
grant select on dropped to public;
alter default privileges for role shop_owner in schema elsewhere grant select on tables to reader;
alter default privileges for role shop_owner revoke execute on functions from public;
comment on table parent is E'it''s; a "comment" $$ -- really\n\\restrict x\n\\. /*';
comment on column parent.a is 'é';
comment on schema elsewhere is 'x';
comment on function atomic(int) is 'x';
comment on constraint not_bad on parent is 'x';
comment on trigger tr on trig is 'x';
comment on rule ru on "UPPER" is 'x';
comment on index clustered is 'x';
comment on sequence s1 is 'x';
comment on type mood is 'x';
comment on domain odd is 'x';
comment on extension citext is 'mine';
comment on policy p on rls is 'x';
comment on event trigger off is 'x';
comment on operator <~> (text, text) is 'x';
comment on statistics st is 'x';
comment on materialized view mv1 is 'x';
comment on publication pub is 'x';

-- tablespaces
create table in_space(a int primary key) tablespace "Space ""one";
insert into in_space values (1);
create table index_in_space(a int, unique (a) using index tablespace two) partition by range (a) tablespace two;
create table index_in_space1 partition of index_in_space default tablespace "Space ""one";
insert into index_in_space values (2);
create table after_space(a int);
create index on after_space(a) tablespace two;
create materialized view mv_in_space tablespace two as select 1 as a;

alter event trigger no_tables enable;
