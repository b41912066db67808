#!/usr/bin/env bash
# Goal of this test: the receiver takes every body once and whole, from segments (tests/segment_sim.py) that
# resend, stall, break off, come twice or are none; its memory and connections are bounded; gpfdists lets in
# only whom it should.  The rules are in tests/receive_rules.py.
. "$(dirname "$0")/../lib.sh"
probe=$build_dir/tests/unit/receive-probe
export TMPDIR=$TEST_DIR/tmp
mkdir "$TMPDIR"

. "$(dirname "$0")/certificates.sh"
python3 "$tests_dir/receive_rules.py" "$probe" "$TEST_DIR"
