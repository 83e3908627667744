# SPDX-License-Identifier: Apache-2.0
# SQLite's shell prints what Debian's does, and each reads the other's files.
export BATS_TEST_TIMEOUT=300
load ../lib

SQLITE=$ROOT/build/tests/sqlite3/sqlite3

# fill ROWS: statements that make a database of so many inserts, and ask it
fill() {
	echo 'PRAGMA cache_size = 1000; BEGIN;'
	echo 'CREATE TABLE part(id INTEGER PRIMARY KEY, name TEXT, size INT,
		note BLOB);'
	echo 'CREATE INDEX part_size ON part(size, name);'
	seq 1 "$1" | awk '{ x = (x * 69069 + $1) % 1048573
		printf "INSERT INTO part VALUES(%d, \x27%s %d\x27, %d, ",
			$1, substr("the job moves on", x % 13 + 1), x % 997, x
		print (x % 7 ? "x\x27" sprintf("%08x", x) "\x27" : "NULL") ");"
	}'
	cat <<-'E'
		COMMIT;
		SELECT count(*), sum(size), min(name), max(name) FROM part;
		SELECT name, count(*) AS n, printf('%.6f', avg(size)) FROM part GROUP BY name
			ORDER BY n DESC, name LIMIT 20;
		SELECT a.id, b.id, hex(a.note) FROM part a JOIN part b
			ON a.size = b.size AND a.id < b.id
			ORDER BY a.id, b.id LIMIT 20;
		UPDATE part SET size = size * 3 % 1009 WHERE name LIKE '%mov%';
		DELETE FROM part WHERE id % 5 = 0;
		WITH RECURSIVE f(n, a, b) AS (SELECT 1, 1, 1 UNION ALL
			SELECT n + 1, b, a + b FROM f WHERE n < 80)
			SELECT group_concat(a, ' ') FROM f;
		SELECT name, size, rank() OVER (ORDER BY size DESC, id)
			FROM part WHERE size > 1000 ORDER BY 3 LIMIT 10;
		SELECT json_group_array(json_object('id', id, 'size', size))
			FROM (SELECT * FROM part ORDER BY size, id LIMIT 5);
		SELECT printf('%.3f', sum(size) / 7.0), printf('%.2f', avg(id))
			FROM part;
		SELECT upper(name), length(note) FROM part
			WHERE size BETWEEN 10 AND 12 ORDER BY id LIMIT 20;
		SELECT 1 / 0, 'no such' FROM part LIMIT 1;
		VACUUM;
		PRAGMA integrity_check;
	E
}

@test "100,000 inserts and queries with three moves, as Debian's" {
	fill 100000 > input
	mkdir tmp # VACUUM of a large file takes a temporary one
	/usr/bin/sqlite3 native.db < input > expected
	hexo_run --count --volume "$PWD/vol:/vol" --volume "$PWD/tmp:/tmp" \
		"$SQLITE" /vol/count.db
	cat stderr
	[ "$status" = 0 ]
	diff expected stdout
	hexo_run --isa x86-64 --local $(hops_at 3 "$(figure .polls)") \
		--volume "$PWD/vol:/vol" --volume "$PWD/tmp:/tmp" \
		"$SQLITE" /vol/moved.db
	cat stderr
	[ "$status" = 0 ]
	hops_done 3
	ran_on aarch64 x86-64
	diff expected stdout
	/usr/bin/sqlite3 vol/moved.db 'PRAGMA integrity_check'
	cmp <(/usr/bin/sqlite3 vol/moved.db .dump) \
		<(/usr/bin/sqlite3 native.db .dump)
}

@test "a database of Debian's is read, changed and rolled back" {
	fill 2000 | /usr/bin/sqlite3 vol/job.db > /dev/null
	/usr/bin/sqlite3 vol/job.db .dump > before
	cat > input <<-'E'
		BEGIN;
		DELETE FROM part WHERE id < 1500;
		INSERT INTO part VALUES(1, 'gone', 1, NULL);
		ROLLBACK;
		.dump
	E
	hexo_run --volume "$PWD/vol:/vol" "$SQLITE" /vol/job.db
	[ "$status" = 0 ]
	cmp stdout before
	[ ! -e vol/job.db-journal ]
}

@test "errors have Debian's text and status" {
	local r=0
	printf '.bail on\nSELECT 1;\nSELECT * FROM nothing;\n' > input
	/usr/bin/sqlite3 < input > expected 2> expected-stderr || r=$?
	hexo_run "$SQLITE"
	[ "$status" = "$r" ]
	diff expected stdout
	diff expected-stderr stderr
}
