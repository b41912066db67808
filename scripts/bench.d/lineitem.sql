-- lineitem.sql -- a table like TPC-H's lineitem: :rows rows, the same ones every time.
-- A comment is a piece of one of 100,000 lines of words, too many for a compressor's window to hold.
set work_mem = '64MB';

create temporary table line as
	select n, string_agg((array['carefully', 'quickly', 'furiously', 'ironic', 'final', 'regular', 'special', 'pending',
		'express', 'bold', 'even', 'silent', 'packages', 'requests', 'accounts', 'deposits', 'foxes', 'ideas', 'theodolites',
		'pinto', 'beans', 'instructions', 'dependencies', 'excuses', 'platelets', 'asymptotes', 'courts', 'dolphins',
		'sleep', 'wake', 'haggle', 'nag', 'cajole', 'detect', 'integrate', 'about the', 'across the', 'above the',
		'according to', 'among', 'blithely', 'slyly'])[1 + (hashint8extended(n, w) & 1023) % 42], ' ' order by w) as words
	from generate_series(0, 99999) n, generate_series(1, 12) w group by n;
analyze line;

create table lineitem (
	l_orderkey bigint not null,
	l_partkey bigint not null,
	l_suppkey int not null,
	l_linenumber int not null,
	l_quantity numeric(15,2) not null,
	l_extendedprice numeric(15,2) not null,
	l_discount numeric(15,2) not null,
	l_tax numeric(15,2) not null,
	l_returnflag char(1) not null,
	l_linestatus char(1) not null,
	l_shipdate date not null,
	l_commitdate date not null,
	l_receiptdate date not null,
	l_shipinstruct char(25) not null,
	l_shipmode char(10) not null,
	l_comment varchar(44) not null
);

insert into lineitem
	select i / 4 / 8 * 32 + i / 4 % 8, 1 + a % 200000, 1 + b % 10000, 1 + i % 4,
		1 + c % 50, (1 + c % 50) * (90000 + a % 110000) / 100.0, (d % 11) / 100.0, (e % 9) / 100.0,
		case when day > 1263 then 'N' when f % 2 = 0 then 'R' else 'A' end, case when day > 1263 then 'O' else 'F' end,
		date '1992-01-02' + day, date '1992-01-02' + day + (e % 121)::int - 60, date '1992-01-02' + day + 1 + (d % 30)::int,
		(array['DELIVER IN PERSON', 'COLLECT COD', 'NONE', 'TAKE BACK RETURN'])[1 + f % 4],
		(array['REG AIR', 'AIR', 'RAIL', 'SHIP', 'TRUCK', 'MAIL', 'FOB'])[1 + g % 7],
		substr(words, 1 + (g % 20)::int, 10 + (f % 34)::int)
	from (select i, a, b, a >> 24 & 65535 as c, a >> 40 & 65535 as d, b >> 24 & 65535 as e, b >> 40 & 65535 as f,
			c >> 24 & 65535 as g, (c >> 40 & 65535)::int % 2526 as day, c % 100000 as n
		from (select i, hashint8extended(i, 1) & 9223372036854775807 as a, hashint8extended(i, 2) & 9223372036854775807 as b,
				hashint8extended(i, 3) & 9223372036854775807 as c
			from generate_series(1::bigint, :rows) i offset 0) hashes offset 0) numbers
	join line using (n);
vacuum (analyze) lineitem;
