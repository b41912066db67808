-- many.sql -- :tables small tables of some hundred rows, the same ones every time.
select format('create table small_%1$s (id bigint primary key, name text not null, amount numeric(15,2), day date);
	insert into small_%1$s select i, md5((i * %1$s)::text), (i * %1$s %% 9999) / 100.0, date ''2024-01-01'' + (i %% 365)::int
		from generate_series(1, %2$s) i', n, 50 + n % 200)
	from generate_series(1, :tables) n \gexec
vacuum (analyze);
