# shellcheck shell=bash
# rgw.sh -- an S3 server for system tests: Ceph's gateway with one monitor and one disk in memory, all on
# 127.0.0.1 and below $TEST_DIR.  Comes after lib.sh.
#
#   rgw_up                    start it, with a user and the bucket "test"; skip_all without radosgw
#   rgw_down                  stop it; at the end of the file this happens by itself
#   rgw_freeze                the gateway stands still: it takes connections but reads nothing
#   rgw_kill, rgw_start       the gateway alone dies as in a crash; starts again on the same port
#   rgw_port                  where it listens
#   s3_env                    export AWS_* and GPM_ENDPOINT_URL for it
#   s3 METHOD /BUCKET[/KEY] [FILE]   a signed request by curl; the status is printed, the body goes to
#                             $TEST_DIR/s3.out
#   s3_keys PREFIX            the keys of the bucket "test" below it, one a line (at most 1000)
#
# Needs the packages radosgw, ceph-mon, ceph-osd (on Debian: --no-install-recommends) and curl.

rgw_dir=$TEST_DIR/rgw
rgw_access=TESTACCESSKEY0000001
rgw_secret=testSecretKey/with+Slash00000000000000001
PATH=$PATH:/usr/sbin:/sbin

rgw_port() {
	cat "$rgw_dir/port"
}

# A daemon by its pid file; another process that has got its number by now is left alone.  A bare
# "return" would, in a trap, give the status of before the trap.
rgw_pid() {
	local pid

	pid=$(cat "$rgw_dir/run/$1.pid" 2>/dev/null) || return 1
	tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$rgw_dir" || return 1
	echo "$pid"
}

# rgw_end NAME: as a crash would, and wait until it is gone.
rgw_end() {
	local pid i

	pid=$(rgw_pid "$1") || return 0
	kill -KILL "$pid"
	for i in $(seq 200); do
		if [ ! -d "/proc/$pid" ] || grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null; then
			break
		fi
		sleep 0.05
	done
	rm -f "$rgw_dir/run/$1.pid"
}

rgw_down() {
	if [ -d "$rgw_dir/run" ]; then
		rgw_end client.rgw # it may be frozen: only SIGKILL ends it
		rgw_end osd.0
		rgw_end mon.a
	fi
}

at_end rgw_down

rgw_answers() {
	curl -fs -o "$rgw_dir/answer" "http://127.0.0.1:$(rgw_port)/"
}

rgw_start() {
	local i

	radosgw -c "$rgw_dir/ceph.conf" -n client.rgw >>"$rgw_dir/log/start" 2>&1 || return
	for i in $(seq 600); do
		if rgw_answers; then
			return
		fi
		sleep 0.05
	done
	echo "# the gateway did not answer (try $i)"
	return 1
}

rgw_freeze() {
	kill -STOP "$(rgw_pid client.rgw)"
}

rgw_kill() {
	rgw_end client.rgw
}

s3_env() {
	export AWS_ACCESS_KEY_ID=$rgw_access AWS_SECRET_ACCESS_KEY=$rgw_secret AWS_REGION=us-east-1
	GPM_ENDPOINT_URL=http://127.0.0.1:$(rgw_port)
	export AWS_EC2_METADATA_DISABLED=true GPM_ENDPOINT_URL
	unset AWS_SESSION_TOKEN AWS_PROFILE AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_CA_BUNDLE
}

# Version 2 of the signature: a dozen lines, and nothing in common with what is tested.
s3() {
	local date signature

	date=$(date -R)
	signature=$(printf '%s\n\n\n%s\n%s' "$1" "$date" "$2" |
		openssl dgst -sha1 -hmac "$rgw_secret" -binary | base64)
	curl -s -o "$TEST_DIR/s3.out" -w '%{http_code}\n' -X "$1" --path-as-is -H "Date: $date" \
		-H "Content-Type:" -H "Authorization: AWS $rgw_access:$signature" ${3:+--data-binary "@$3"} \
		"http://127.0.0.1:$(rgw_port)$2"
}

s3_keys() {
	local date signature

	date=$(date -R)
	signature=$(printf 'GET\n\n\n%s\n/test/' "$date" | openssl dgst -sha1 -hmac "$rgw_secret" -binary | base64)
	curl -s -H "Date: $date" -H "Authorization: AWS $rgw_access:$signature" -G --data-urlencode "prefix=$1" \
		"http://127.0.0.1:$(rgw_port)/test/" | grep -o '<Key>[^<]*' | sed 's/<Key>//'
}

# A monitor that votes at once; without that the start takes ten seconds.  cephx has to be on.  The
# gateway must not wait to join small packets: each would take 40 ms.
rgw_conf() {
	cat <<CONF
[global]
fsid = $1
mon_host = [v2:127.0.0.1:$3,v1:127.0.0.1:$4]
public_network = 127.0.0.0/8
keyring = $rgw_dir/keyring
run_dir = $rgw_dir/run
admin_socket = $rgw_dir/run/\$name.asok
pid_file = $rgw_dir/run/\$name.pid
log_file = $rgw_dir/log/\$name.log
crash_dir = $rgw_dir/log
auth_allow_insecure_global_id_reclaim = false
paxos_propose_interval = 0.02
paxos_min_wait = 0.01
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_pool_default_pgp_num = 8
osd_pool_default_pg_autoscale_mode = off
rgw_rados_pool_pg_num_min = 8
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
[mon]
mon_data = $rgw_dir/mon
mon_cluster_log_file = $rgw_dir/log/cluster.log
mon_data_avail_crit = 1
mon_data_avail_warn = 2
[osd]
osd_data = $rgw_dir/osd0
osd_objectstore = memstore
osd_memory_target = 1073741824
memstore_device_bytes = 8589934592
memstore_page_set = false
[client.rgw]
rgw_frontends = beast endpoint=127.0.0.1:$2 tcp_nodelay=1
rgw_dns_name = localhost
rgw_thread_pool_size = 64
CONF
}

# Everything up to the gateway itself.
rgw_make() {
	local conf=$rgw_dir/ceph.conf fsid osd mon_v1 mon_v2 name

	set -e
	fsid=$(cat /proc/sys/kernel/random/uuid)
	osd=$(cat /proc/sys/kernel/random/uuid)
	mon_v2=$(free_port)
	mon_v1=$(free_port)
	mkdir -p "$rgw_dir/mon" "$rgw_dir/osd0" "$rgw_dir/run" "$rgw_dir/log"
	rgw_conf "$fsid" "$(rgw_port)" "$mon_v2" "$mon_v1" >"$conf"
	ceph-authtool -C "$rgw_dir/keyring" --gen-key -n mon. --cap mon 'allow *'
	for name in client.admin client.rgw osd.0; do
		ceph-authtool "$rgw_dir/keyring" --gen-key -n "$name" --cap mon 'allow *' --cap osd 'allow *'
	done
	monmaptool --create --clobber --addv a "[v2:127.0.0.1:$mon_v2,v1:127.0.0.1:$mon_v1]" --fsid "$fsid" "$rgw_dir/monmap"
	ceph-mon -c "$conf" -i a --mkfs --monmap "$rgw_dir/monmap" --keyring "$rgw_dir/keyring"
	ceph-mon -c "$conf" -i a
	ceph -c "$conf" osd new "$osd"
	ceph-osd -c "$conf" -i 0 --mkfs --osd-uuid "$osd"
	ceph-osd -c "$conf" -i 0
	radosgw-admin -c "$conf" user create --uid=test --display-name=test \
		--access-key="$rgw_access" --secret="$rgw_secret"
}

rgw_up() {
	local program try

	for program in radosgw ceph-mon ceph-osd radosgw-admin curl openssl; do
		if ! command -v "$program" >/dev/null; then
			skip_all "$program is not installed"
		fi
	done
	for try in 1 2 3; do
		mkdir -p "$rgw_dir"
		free_port >"$rgw_dir/port"
		if (rgw_make) >"$TEST_DIR/rgw.log" 2>&1 && rgw_start && [ "$(s3 PUT /test)" = 200 ]; then
			return
		fi
		echo "# the gateway: try $try failed"
		comment <"$TEST_DIR/rgw.log"
		rgw_down
		rm -rf "$rgw_dir"
	done
	exit 1
}
