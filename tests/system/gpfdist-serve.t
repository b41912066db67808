#!/usr/bin/env bash
# Goal of this test: the dealer gives every row once, to segments (tests/segment_reader.py) of one scan only; whatever ends
# short is an error to them: damage, segments that vanish, statements that end early; its memory and connections
# are bounded; gpfdists lets in only whom it should.  The rules are in tests/serve_rules.py.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/certificates.sh"
python3 "$tests_dir/serve_rules.py" "$build_dir/tests/unit/deal-probe" "$TEST_DIR"
