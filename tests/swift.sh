# shellcheck shell=bash
# swift.sh -- another S3 server for system tests: OpenStack Swift with its s3api, one of each kind of server, on 127.0.0.1
# and below $TEST_DIR.  Its code has nothing in common with Ceph's; it checks signatures more strictly, and knows no
# conditional puts.  Comes after lib.sh.
#
#   swift_up       start it, with an account and the bucket "test"; skip_all without swift
#   swift_down     stop it; at the end of the file this happens by itself
#   swift_env      export AWS_* and GPM_ENDPOINT_URL for it
#
# Needs the packages swift-proxy, swift-account, swift-container, swift-object and memcached (on Debian:
# --no-install-recommends); scripts/check does not install them.

swift_dir=$TEST_DIR/swift
swift_access=TESTACCOUNT:pusher
swift_secret=testSecretKey/with+Slash00000000000000001
PATH=$PATH:/usr/sbin:/sbin

swift_env() {
	export AWS_ACCESS_KEY_ID=$swift_access AWS_SECRET_ACCESS_KEY=$swift_secret AWS_REGION=us-east-1
	GPM_ENDPOINT_URL=http://127.0.0.1:$(cat "$swift_dir/port.proxy")
	export AWS_EC2_METADATA_DISABLED=true GPM_ENDPOINT_URL
	unset AWS_SESSION_TOKEN AWS_PROFILE AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_CA_BUNDLE
}

# The workers of a server end with it; another process that has got its number by now is left alone.
swift_down() {
	local name pid

	for name in proxy object container account memcached; do
		pid=$(cat "$swift_dir/run/$name.pid" 2>/dev/null) || continue
		rm -f "$swift_dir/run/$name.pid"
		if tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -e "$swift_dir" -e "memcached -l 127.0.0.1 -p $(cat "$swift_dir/port.memcached")"; then
			kill "$pid"
			while [ -d "/proc/$pid" ] && ! grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null; do
				sleep 0.05
			done
		fi
	done
}
at_end swift_down

# swift_server NAME PIPELINE: a server's configuration, and its ring with the one device that there is.
swift_server() {
	local name=$1 port

	port=$(cat "$swift_dir/port.$name")
	cat >"$swift_dir/etc/$name-server.conf" <<-CONF
		[DEFAULT]
		bind_ip = 127.0.0.1
		bind_port = $port
		user = $swift_user
		swift_dir = $swift_dir/etc
		devices = $swift_dir/srv
		mount_check = false
		workers = 1
		log_level = WARNING
		fallocate_reserve = 0
		disable_fallocate = true
		[pipeline:main]
		pipeline = $name-server
		[app:$name-server]
		use = egg:swift#$name
	CONF
	(cd "$swift_dir/etc" && swift-ring-builder "$name.builder" create 2 1 0 &&
		swift-ring-builder "$name.builder" add "r1z1-127.0.0.1:$port/d1" 1 && swift-ring-builder "$name.builder" rebalance) || true
}

swift_proxy() {
	cat >"$swift_dir/etc/proxy-server.conf" <<-CONF
		[DEFAULT]
		bind_ip = 127.0.0.1
		bind_port = $(cat "$swift_dir/port.proxy")
		user = $swift_user
		swift_dir = $swift_dir/etc
		workers = 2
		log_level = WARNING
		[pipeline:main]
		pipeline = catch_errors gatekeeper healthcheck cache listing_formats bulk s3api tempauth copy slo dlo versioned_writes symlink proxy-server
		[app:proxy-server]
		use = egg:swift#proxy
		account_autocreate = true
		[filter:cache]
		use = egg:swift#memcache
		memcache_servers = 127.0.0.1:$(cat "$swift_dir/port.memcached")
		[filter:s3api]
		use = egg:swift#s3api
		location = us-east-1
		storage_domain = s3.localhost
		check_bucket_owner = false
		force_swift_request_proxy_log = false
		[filter:tempauth]
		use = egg:swift#tempauth
		user_${swift_access/:/_} = $swift_secret .admin
	CONF
	for name in catch_errors gatekeeper healthcheck listing_formats bulk copy slo dlo symlink; do
		printf '[filter:%s]\nuse = egg:swift#%s\n' "$name" "$name"
	done >>"$swift_dir/etc/proxy-server.conf"
	printf '[filter:versioned_writes]\nuse = egg:swift#versioned_writes\nallow_object_versioning = true\n' >>"$swift_dir/etc/proxy-server.conf"
}

swift_start() { # NAME COMMAND…
	local name=$1

	shift
	(cd / && exec setsid "$@") >"$swift_dir/log/$name" 2>&1 </dev/null &
	echo $! >"$swift_dir/run/$name.pid"
}

swift_make() {
	local name

	mkdir -p "$swift_dir"/{etc,srv/d1,run,log}
	for name in proxy account container object memcached; do
		free_port >"$swift_dir/port.$name"
	done
	swift_user=$(id -un)
	if [ "$swift_user" = root ]; then
		swift_user=swift
	fi
	printf '%s\n' '[swift-hash]' 'swift_hash_path_suffix = test' '[storage-policy:0]' 'name = first' 'default = yes' \
		>"$swift_dir/etc/swift.conf"
	for name in account container object; do
		swift_server "$name"
	done
	swift_proxy
	if [ "$swift_user" = swift ]; then
		chown -R swift:swift "$swift_dir/etc" "$swift_dir/srv"
	fi
}

# The servers are started by the shell itself, not by one in between, so that they are its own to end.
swift_up() {
	local name i

	for name in swift-proxy-server swift-account-server swift-container-server swift-object-server swift-ring-builder memcached curl; do
		if ! command -v "$name" >/dev/null; then
			skip_all "$name is not installed"
		fi
	done
	swift_make >"$TEST_DIR/swift.log" 2>&1
	if [ "$swift_user" = swift ]; then
		swift_start memcached memcached -l 127.0.0.1 -p "$(cat "$swift_dir/port.memcached")" -m 64 -u nobody
	else
		swift_start memcached memcached -l 127.0.0.1 -p "$(cat "$swift_dir/port.memcached")" -m 64
	fi
	for name in account container object proxy; do
		swift_start "$name" "swift-$name-server" "$swift_dir/etc/$name-server.conf"
	done
	swift_env
	for i in $(seq 600); do
		if curl -fs -o /dev/null "$GPM_ENDPOINT_URL/healthcheck"; then
			break
		fi
		sleep 0.05
	done
	for i in 1 2 3; do # buckets are made by whom asks for one with the signature of V2
		if [ "$(swift_make_bucket)" = 200 ]; then
			return
		fi
		sleep 1
	done
	echo "# swift does not answer"
	tail -n 5 "$swift_dir"/log/* "$TEST_DIR/swift.log" | comment
	exit 1
}

swift_make_bucket() {
	local date signature

	date=$(date -R)
	signature=$(printf 'PUT\n\n\n%s\n/test' "$date" | openssl dgst -sha1 -hmac "$swift_secret" -binary | base64)
	curl -s -o "$TEST_DIR/s3.out" -w '%{http_code}\n' -X PUT -H "Date: $date" -H "Content-Type:" \
		-H "Authorization: AWS $swift_access:$signature" "$GPM_ENDPOINT_URL/test"
}
